"""Hypothesis strategies: policies, with ties, holes, extreme masses or a margin; prompt weights; policies over sequences.

Shapes are arguments, not drawn, so that a jitted function under test compiles once.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from sharpsim import _checks
from sharpsim._arguments import POSITIVE, checked, count
from sharpsim._logspace import normalise

MOST = 4096
"""Rows, and entries of a row, of what is generated: Hypothesis draws no more."""
SIZE, SEVERAL = count(1, MOST), count(2, MOST)


def _weights(responses: int, ties: bool, zeros: bool, extreme: bool) -> SearchStrategy[list[float]]:
    """Unnormalised log-masses of one row, at least one of them finite."""
    lowest = -690.0 if extreme else -12.0
    finite = st.floats(lowest, 0.0)
    if ties:
        # Few distinct values, so that equal masses are the rule.
        finite = st.sampled_from([0.0, -1.0, -2.0, -27.6 if extreme else -3.0])
    entry = st.one_of(finite, st.just(-np.inf)) if zeros else finite
    return st.lists(entry, min_size=responses, max_size=responses).filter(lambda row: max(row) > -np.inf)


@checked(prompts=SIZE, responses=SIZE)
@st.composite
def log_prob_tables(
    draw: Callable[..., Any], *, prompts: int, responses: int, ties: bool = False, zeros: bool = False, extreme: bool = False
) -> np.ndarray:
    """Tables `[prompts, responses]` of natural log-probabilities, float64, each row divided by its sum.

    `ties`: masses from a few values, so that rows have several maximisers. `zeros`: some responses without mass. `extreme`: masses
    down to 1e-300, and modes within 1e-12 of 1. Raises `ValueError` for counts below 1.
    """
    rows = [draw(_weights(responses, ties, zeros, extreme)) for _ in range(prompts)]
    return normalise(np.array(rows), np)


@checked(prompts=SIZE)
@st.composite
def prompt_weights(draw: Callable[..., Any], *, prompts: int, zeros: bool = True) -> np.ndarray:
    """Prompt distributions `[prompts]`, float64; with `zeros`, some prompts have no weight (never all)."""
    entry = st.floats(1e-3, 1.0)
    if zeros:
        entry = st.one_of(entry, st.just(0.0))
    weights = np.array(draw(st.lists(entry, min_size=prompts, max_size=prompts).filter(lambda row: max(row) > 0)))
    return weights / weights.sum()


@checked(prompts=SIZE, responses=SEVERAL, margin=POSITIVE)
@st.composite
def policies_with_margin(draw: Callable[..., Any], *, prompts: int, responses: int, margin: float) -> np.ndarray:
    """Tables with one maximiser a row and P*(x) >= (1 + margin) pi(y|x) for every other y (Assumption 4.2); sometimes equality.

    Raises `ValueError` for margin not positive and fewer than two responses.
    """
    rows = np.array([draw(st.lists(st.floats(-8.0, 0.0), min_size=responses, max_size=responses)) for _ in range(prompts)])
    modes = draw(st.lists(st.integers(0, responses - 1), min_size=prompts, max_size=prompts))
    rows[np.arange(prompts), modes] = np.log1p(margin) * (1 + 1e-12)
    return normalise(rows, np)


@checked(prompts=SIZE, vocabulary=SIZE, horizon=SIZE)
@st.composite
def sequence_conditionals(
    draw: Callable[..., Any], *, prompts: int, vocabulary: int, horizon: int, ties: bool = False, zeros: bool = False
) -> list:
    """Explicit conditionals of a policy over sequences: log p(y_h|x, y_<h) of shapes [X, V], [X, V, V], .. up to `horizon`.

    They build a `policies.TabularSequencePolicy`. Raises `ValueError` for counts below 1 and more than 4,096 rows.
    """
    _checks.enumerable(prompts * vocabulary ** (horizon - 1), 4096, "the table of prefixes", "policies.MarkovPolicy")
    row = _weights(vocabulary, ties, zeros, False)
    conditionals = []
    for h in range(horizon):
        shape = (prompts, *([vocabulary] * h))
        rows = [draw(row) for _ in range(int(np.prod(shape)))]
        conditionals.append(normalise(np.array(rows), np).reshape(*shape, vocabulary))
    return conditionals
