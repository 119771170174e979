"""The error of the best guess of a hard prompt's secret label, after k draws of responses to that prompt, for every k at once.

A prompt of the hard family has M labels, of which one, the secret, is its mode. The exact minimax risk in `limits` is a mean of these
errors over the random number of draws that a prompt receives. The errors come from one pass over the number of distinct labels seen.
"""

import math
from functools import lru_cache

import numpy as np

from sharpsim import _checks
from sharpsim.laws import binomial_window, occupancy_means

FLOOR = 1e-30
"""Errors below this are set to zero."""


def guess_errors(labels: int, draws: int) -> np.ndarray:
    """e(0..K), K >= draws: e(k) = (1 - 2/M)^k E[1 - 1/(M - Occ_k)], Occ_k the distinct labels seen among the M-1 that are not the secret.

    One pass of `laws.occupancy_means`; absolute truncation below 1e-28. The array is read-only, because it is cached for later calls.
    """
    # Rounded up, so that neighbouring requests share one pass.
    steps = max(0, math.ceil(math.log(max(draws, 1) / 64, 1.25)))
    return _guess_errors(int(labels), math.ceil(64 * 1.25**steps))


@lru_cache(maxsize=512)
def _guess_errors(labels: int, draws: int) -> np.ndarray:
    _checks.affordable("labels", labels, seconds=2e-6 * draws, size=40.0 * labels + 8.0 * draws)
    unseen = labels - np.arange(labels)
    table = occupancy_means(1 - 1 / unseen, draws=draws, survival=1 - 2 / labels, floor=FLOOR).means
    table.flags.writeable = False
    return table


def guess_errors_ceiling(labels: int, draws: int) -> np.ndarray:
    """Upper bound on e(0..draws) in closed form: 1/(M - Occ) is convex, so its mean is at least 1/(M - E Occ_k) (Jensen)."""
    k = np.arange(draws + 1, dtype=np.float64)
    others = (labels - 1) * np.exp(k * math.log1p(-1 / (labels - 1)))
    return np.exp(k * math.log1p(-2 / labels)) * (others / (1 + others))


def mean_error(table: np.ndarray, *, visits: int, chance: float, each: int = 1) -> float:
    """E[e(each Bin(visits, chance))] from a table of e; e counts as zero beyond the end of the table."""
    k, probability = binomial_window(visits, chance)
    k = k * each
    inside = k < len(table)
    return float(probability[inside] @ table[k[inside]])


def last_draw(visits: int, chance: float) -> int:
    """The largest count of Bin(visits, chance) that `laws.binomial_window` keeps; larger ones have probability below about 1e-18."""
    return int(binomial_window(visits, chance)[0][-1])
