"""Kinds of the arguments of fits: data of n pairs, and the running sums of optimistic fits."""

from dataclasses import replace

import numpy as np

from sharpsim import _checks
from sharpsim._arguments import FITTED_BETA, LABEL, MEMBERS, arrays
from sharpsim._kind import Kind

INDICES = arrays(LABEL, "pairs")
PAIRS = {"prompts": INDICES, "responses": INDICES}
TARGETS = Kind("finite: a compared response has no mass under the base, or an infinite reward", lambda x: abs(x) < np.inf, ("pairs",))
COMPARED = {"prompts": INDICES, "first": INDICES, "second": INDICES, "targets": TARGETS, "beta": arrays(FITTED_BETA)}
TARGET = Kind("from -1e15 to 1e15", lambda x: abs(x) <= 1e15)
ONE_PAIR = {"prompt": arrays(LABEL), "first": arrays(LABEL), "second": arrays(LABEL), "target": arrays(TARGET), "beta": arrays(FITTED_BETA)}
COUNTS = Kind("non-negative and finite", lambda x: (x >= 0) & (x < np.inf), ("prompts", "responses"))
OBSERVED = Kind("log-likelihoods, at most 0, or NaN where unseen", lambda x: ~(x > 1e-4), ("prompts", "responses"), "f")
ROWS_OF_MEMBERS = replace(MEMBERS, axes=("prompts", "members", "responses"))
BEST = Kind("true for at least one member", lambda x: x.any(axis=-1), ("...", "members"), "b")


def one_pair(prompt: object, first: object, second: object, shape: tuple[int, int]) -> None:
    """Refuse a pair outside `shape`, (prompts, responses)."""
    for name, value, size in (("prompt", prompt, shape[0]), ("first", first, shape[1]), ("second", second, shape[1])):
        _checks.indices(name, value, size)
