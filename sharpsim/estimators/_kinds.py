"""The kinds of arguments that only estimators have."""

import math
from dataclasses import replace
from typing import Any

import numpy as np

from sharpsim import _checks
from sharpsim._arguments import FINITE, REAL, UNIT, arrays, at_least, count, several
from sharpsim._kind import Is, Kind

SIZES = several(count())
WHOLE = Kind("whole numbers", lambda x: (abs(x) < 2**63) & (x % 1 == 0))
CODES = arrays(WHOLE, "...", "draws")
TRUTHS = Kind("true or false", lambda x: (x == 0) | (x == 1), ("...", "draws"), "biuf")
FINITE_DRAWS, LENGTHS = arrays(FINITE, "...", "draws"), arrays(at_least(1), "...", "draws")
SCORES = Kind("finite and at least 0", lambda x: (x >= -1e-9) & (x < math.inf), ("prompts",))
ESTIMATES = arrays(FINITE, "prompts", "seeds")
SHARES = arrays(UNIT, "...", "prompts")
EDGES = Kind(
    "finite and ascending, at least two of them", lambda x: (abs(x) < math.inf) & (len(x) > 1) & np.all(np.diff(x) > 0), ("edges",)
)
SEVERAL_SEEDS = replace(FINITE, axes=("seeds",), then=_checks.two)
FLOOR = Kind("at most 0", lambda x: x <= 0)


def _are_labels(array: Any) -> bool:
    return array.dtype.kind != "O" or all(isinstance(entry, str) for entry in array.flat)


LABELS = Kind("whole numbers or texts, one for each", _are_labels, ("prompts",), "iuUSO")


def _are_stages(value: Any) -> bool:
    try:
        parts = [np.asarray(part) for part in value]
    except (TypeError, ValueError):
        return False
    return all(part.dtype.kind in "biuf" and part.ndim == 1 and not np.isinf(part).any() for part in parts)


STAGES = Is("[prompts, replicates], or a sequence of arrays, of finite numbers", _are_stages)


def _are_bounds(value: Any) -> bool:
    try:
        low, high = value
        for end in (low, high):
            REAL.check("", end, {}, single=True)
        return -math.inf < low < high < math.inf
    except (TypeError, ValueError):
        return False


BOUNDS = Is("two finite numbers, the smaller first", _are_bounds)
