"""The probability that one favoured label wins a vote, when all other labels are equally likely.

The vote is the mode of categorical counts, with ties broken uniformly. It is the estimate of SFT-Sharpening on a hard prompt of the lower
bounds' family, so `theory.sft` and `theory.sft_adaptive` need it for their exact risks.
"""

import math
from functools import lru_cache

import numpy as np

from sharpsim._arguments import UNIT, checked, count
from sharpsim.laws._binomial import binomial_window

LARGEST = 1024
"""The most votes for which the law is computed. More votes are allowed only where the favoured label loses with probability below 1e-17."""


@lru_cache(maxsize=32)
def _tie_table(labels: int, size: int) -> np.ndarray:
    """T[k, r] = E[1{max <= k} / (1 + #{cells at k})] for r balls thrown uniformly on labels - 1 cells; k <= size/2, r <= size.

    With Poisson weights e_k(z) = sum_{i<=k} z^i lam^i e^-lam / i!, the numbers at r are the coefficients of
    sum_i e_k^i e_{k-1}^(cells-i) / labels over those of exp: every term is positive, so nothing cancels.
    """
    cells, half = labels - 1, size // 2 + 1
    rate = max(size / 2, 1.0)
    lam = rate / cells
    index = np.arange(size + 1)
    log_factorial = np.concatenate([[0.0], np.cumsum(np.log(np.maximum(index[1:], 1)))])
    cell_weight = np.exp(index * math.log(lam) - lam - log_factorial)
    total_weight = np.exp(index * math.log(rate) - rate - log_factorial)
    table = np.empty((half, size + 1))
    for k in range(half):
        upto, below = np.where(index <= k, cell_weight, 0.0), np.where(index < k, cell_weight, 0.0)
        table[k] = _mixed_powers(upto, below, labels) / (labels * total_weight)
    return table


def _mixed_powers(x: np.ndarray, y: np.ndarray, count: int) -> np.ndarray:
    """sum_{i < count} x^i y^(count-1-i) for truncated power series, by doubling: S_2m = S_m (x^m + y^m), S_{m+1} = x S_m + y^m."""

    def times(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.convolve(a, b)[: len(x)]

    one = np.zeros_like(x)
    one[0] = 1.0
    total, x_power, y_power = np.zeros_like(x), one, one
    for bit in bin(count)[2:]:
        total = times(total, x_power + y_power)
        x_power, y_power = times(x_power, x_power), times(y_power, y_power)
        if bit == "1":
            total = times(total, x) + y_power
            x_power, y_power = times(x_power, x), times(y_power, y)
    return total


@checked(labels=count(2, 2**53), votes=count(0, 2**53), mass=UNIT)
def plurality(*, votes: np.ndarray, labels: int, mass: float) -> np.ndarray:
    """P[the favoured label is the mode of c votes, ties broken uniformly] for each c in `votes`; shape of `votes`.

    Each vote falls on the favoured label with probability `mass`, else uniformly on one of the `labels` - 1 others. The value is
    1/labels at c = 0. Exact to about 1e-13, as all terms are positive.

    Raises `ValueError` for labels below 2, mass outside [0, 1] and votes above 1,024 where the answer is not 1 to 1e-17.
    """
    votes = np.asarray(votes, dtype=np.int64)
    # Chernoff: one given other label reaches the favoured one with probability at most (1 - gap)^c.
    other = (1 - mass) / (labels - 1)
    gap = (math.sqrt(mass) - math.sqrt(other)) ** 2 if mass > other else 0.0
    certain = math.inf if gap == 0 else (1.0 if gap >= 1 else (math.log(labels) + 39.2) / -math.log1p(-gap))
    open_votes = votes[votes < certain]
    result = np.ones(votes.shape)
    if open_votes.size == 0:
        return result
    largest = int(open_votes.max())
    if largest > LARGEST:
        raise ValueError(f"`votes` must be at most {LARGEST} where the vote is open; got {largest} at mass {mass:.3g} of {labels} labels.")
    table = _tie_table(int(labels), max(8, 1 << max(largest - 1, 1).bit_length()))
    by_count = np.array([_wins(c, mass, table) for c in range(largest + 1)])
    result[votes < certain] = by_count[open_votes]
    return result


def _wins(c: int, mass: float, table: np.ndarray) -> float:
    k, probability = binomial_window(c, mass)
    # Up to half of the votes the others decide; beyond, the favoured label has won.
    is_open = 2 * k <= c
    decided = np.where(is_open, table[np.where(is_open, k, 0), np.where(is_open, c - k, 0)], 1.0)
    return float(probability @ decided)
