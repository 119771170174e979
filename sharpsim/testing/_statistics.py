"""Statistical assertions for tests of samplers, with both error rates stated.

Call `multinomial_test` on counts of draws and the distribution they should have; `sample_size_to_see` gives the number of draws at which
the test detects a given error. The two rates are how often a correct sampler is rejected, and how often a wrong one passes. All tests
use exact binomial tails, not the normal approximation, so they are valid for rare events and small samples.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from sharpsim._arguments import OPEN_UNIT, WEIGHTS, arrays, checked, count, within
from sharpsim.estimators import clopper_pearson


@checked(counts=arrays(count(0, 2**53), "cells"), probs=replace(WEIGHTS, rule="probabilities, one for each cell", axes=("cells",)))
def multinomial_test(counts: Any, probs: Any, *, false_alarm: float = 1e-6) -> bool:
    """Whether `counts` agree with independent draws from `probs`; correct draws are rejected with probability at most `false_alarm`.

    These are two-sided exact binomial tests of each cell, and of the first 1, 2, .. cells together (which detect a shift of mass along an
    order). Each is at level `false_alarm` divided by their number, so the rate holds at any sample size. A positive count in a cell of
    probability 0 rejects.

    Args:
        counts: whole numbers, one axis, not all zero.
        probs: the law, same shape, summing to one.
        false_alarm: in (0, 1).

    Raises `ValueError` for counts that are no such numbers, shapes that differ and probabilities that are no law.
    """
    from scipy.stats import binom

    law, seen = np.asarray(probs, dtype=np.float64), np.asarray(counts, dtype=np.float64)
    if not seen.any():
        raise ValueError(f"`counts` must be counts that are not all 0; got {counts!r}.")
    law = law / law.sum()
    # A running total may round to just above 1.
    chances = np.concatenate([law, np.minimum(np.cumsum(law), 1.0)[:-1]])
    hits, total = np.concatenate([seen, np.cumsum(seen)[:-1]]), seen.sum()
    tails = np.minimum(binom.cdf(hits, total, chances), binom.sf(hits - 1, total, chances))
    return bool(2 * len(hits) * tails.min() >= false_alarm) and not seen[law == 0].any()


def binomial_interval(successes: Any, trials: Any, *, level: float) -> tuple[float, float]:
    """The Clopper-Pearson interval (low, high) of a binomial probability: covers it with probability at least `level`, whatever it is.

    Raises `ValueError` for counts that are not whole, successes outside 0..trials, trials below 1, level outside (0, 1).
    """
    return clopper_pearson(successes, trials, level)


@checked(gap=within(1e-100, 1 - 1e-15), missed=OPEN_UNIT, cells=count(1, 2**53))
def sample_size_to_see(*, gap: float, false_alarm: float, missed: float, cells: int = 2) -> int:
    """The number of draws at which `multinomial_test` rejects when an event's probability is off by `gap`, except at rate `missed`.

    By Hoeffding: with t = sqrt(log(4 cells/false_alarm) / (2 n)) an event that is off by t is rejected (the exact tail is below its
    Hoeffding bound), and a count is within s = sqrt(log(1/missed) / (2 n)) of its mean except at rate `missed`; n is the least with
    t + s <= gap. `cells` is the number of cells of the law (2: an event and the rest). Rare events need fewer draws than this.

    Raises `ValueError` for a gap or rates outside (0, 1) and cells below 1.
    """
    roots = np.sqrt(np.log(4 * cells / false_alarm) / 2) + np.sqrt(np.log(1 / missed) / 2)
    return int(np.ceil((roots / gap) ** 2))
