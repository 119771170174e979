"""Guessing the secret label of a hard prompt: the error of the best guess after k draws, for every k at once."""

import math
from functools import lru_cache

import numpy as np

from sharpsim.laws import binomial_window, occupancy_means

FLOOR = 1e-30
"""Errors below this are taken for zero."""


def guess_errors(labels: int, draws: int) -> np.ndarray:
    """e(0..K), K >= draws: e(k) = (1 - 2/M)^k E[1 - 1/(M - Occ_k)], Occ_k the distinct labels seen among the M-1 that are not the secret.

    One banded pass; absolute truncation below 1e-28. Read-only, since it is kept for the next call.
    """
    # Rounded up, so that neighbouring requests share one pass.
    steps = max(0, math.ceil(math.log(max(draws, 1) / 64, 1.25)))
    return _guess_errors(int(labels), math.ceil(64 * 1.25**steps))


@lru_cache(maxsize=512)
def _guess_errors(labels: int, draws: int) -> np.ndarray:
    unseen = labels - np.arange(labels)
    table = occupancy_means(1 - 1 / unseen, draws=draws, survival=1 - 2 / labels, floor=FLOOR).means
    table.flags.writeable = False
    return table


def guess_errors_ceiling(labels: int, draws: int) -> np.ndarray:
    """Upper bound on e(0..draws) without a pass: 1/(M - Occ) is convex, so its mean is at least 1/(M - E Occ_k) (Jensen)."""
    k = np.arange(draws + 1, dtype=np.float64)
    unseen = 1 + (labels - 1) * np.exp(k * math.log1p(-1 / (labels - 1)))
    return np.exp(k * math.log1p(-2 / labels)) * (1 - 1 / unseen)


def mean_error(table: np.ndarray, *, visits: int, chance: float, each: int = 1) -> float:
    """E[e(each Bin(visits, chance))] from a table of e, zero beyond its end."""
    k, probability = binomial_window(visits, chance)
    k = k * each
    inside = k < len(table)
    return float(probability[inside] @ table[k[inside]])


def last_draw(visits: int, chance: float) -> int:
    """Above this a Bin(visits, chance) has no probability that counts."""
    return int(binomial_window(visits, chance)[0][-1])
