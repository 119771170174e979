"""The probability that one favoured label wins a vote, when all other labels are equally likely.

The vote is the mode of categorical counts, with ties broken uniformly. It is the estimate of SFT-Sharpening on a hard prompt of the lower
bounds' family, so `theory.sft` and `theory.sft_adaptive` need it for their exact risks.
"""

import math
from functools import lru_cache

import numpy as np

from sharpsim._arguments import OPEN_UNIT, UNIT, checked, count

LARGEST = 1024
"""The most votes for which the law is computed. More votes are allowed only where the favoured label loses with probability below 1e-17."""
SURE = 1e-17
"""A probability of losing that may count as 0."""


@lru_cache(maxsize=32)
def _losing_table(labels: int, size: int) -> np.ndarray:
    """L[k, r] = 1 - E[1{max <= k} / (1 + #{cells at k})] for r balls thrown uniformly on labels - 1 cells; k <= size/2, r <= size.

    With Poisson weights e_k(z) = sum_{i<=k} z^i lam^i e^-lam / i! and e = e_inf, the numbers at r are the coefficients of
    e^cells - sum_i e_k^i e_{k-1}^(cells-i) / labels over those of e^cells, in a form whose terms are all positive: nothing cancels.
    """
    cells, half = labels - 1, size // 2 + 1
    rate = max(size / 2, 1.0)
    lam = rate / cells
    table = np.empty((half, size + 1))
    for k in range(half):
        table[k] = _shortfall(_poisson(lam, size), k, labels, lam) / (labels * _poisson(rate, size))
    return table


@lru_cache(maxsize=512)
def _poisson(mean: float, size: int) -> np.ndarray:
    """Poisson probabilities of 0..size."""
    return math.exp(-mean) * np.cumprod(np.concatenate([[1.0], mean / np.arange(1, size + 1)]))


def _shortfall(e: np.ndarray, k: int, count: int, lam: float) -> np.ndarray:
    """count e^(count-1) - sum_{i < count} x^i y^(count-1-i) for truncated power series, x and y being e up to z^k and up to z^(k-1).

    By doubling. With L_m the value at count = m, X_m = e^m - x^m and Y_m = e^m - y^m, all with coefficients that are not negative:
    L_2m = m e^(m-1) (X_m + Y_m) + L_m (x^m + y^m), X_2m = X_m (e^m + x^m), L_{m+1} = m e^(m-1) X_1 + x L_m + Y_m,
    X_{m+1} = e X_m + x^m X_1. Powers of e are Poisson probabilities too.
    """
    size, index = len(e) - 1, np.arange(len(e))

    def times(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.convolve(a, b)[: size + 1]

    x, y = np.where(index <= k, e, 0.0), np.where(index < k, e, 0.0)
    without_x, without_y = e - x, e - y
    # At m = 1.
    short, x_power, y_power, x_short, y_short = np.zeros_like(e), x, y, without_x, without_y
    m = 1
    for bit in bin(count)[3:]:
        short = times(m * _poisson((m - 1) * lam, size), x_short + y_short) + times(short, x_power + y_power)
        power = _poisson(m * lam, size)
        x_short, y_short = times(x_short, power + x_power), times(y_short, power + y_power)
        x_power, y_power = times(x_power, x_power), times(y_power, y_power)
        m *= 2
        if bit == "1":
            short = times(m * _poisson((m - 1) * lam, size), without_x) + times(short, x) + y_short
            x_short, y_short = times(e, x_short) + times(x_power, without_x), times(e, y_short) + times(y_power, without_y)
            x_power, y_power = times(x_power, x), times(y_power, y)
            m += 1
    return short


@checked(labels=count(2, 2**53), votes=count(0, 2**53), mass=UNIT)
def plurality(*, votes: np.ndarray, labels: int, mass: float) -> np.ndarray:
    """P[the favoured label is the mode of c votes, ties broken uniformly] for each c in `votes`; shape of `votes`.

    Each vote falls on the favoured label with probability `mass`, else uniformly on one of the `labels` - 1 others. The value is
    1/labels at c = 0. `plurality_miss` is the complement, with the digits that this one loses near 1.

    Raises `ValueError` for labels below 2, mass outside [0, 1] and votes above 1,024 where the answer is not 1 to 1e-17.
    """
    return 1 - plurality_miss(votes=votes, labels=labels, miss=1 - mass)


@checked(labels=count(2, 2**53), votes=count(0, 2**53), miss=UNIT, negligible=OPEN_UNIT)
def plurality_miss(*, votes: np.ndarray, labels: int, miss: float, negligible: float = SURE) -> np.ndarray:
    """P[the favoured label is not the mode of c votes], 1 minus `plurality`, for each c in `votes`; shape of `votes`.

    `miss` is the probability that a vote falls on another label. Relative error about 1e-12, down to 1e-300, as all terms are
    positive. Values that are certain to be below `negligible` may be returned as 0, and so is any below 1e-17 at more than 1,024 votes.

    Raises `ValueError` for labels below 2, miss outside [0, 1] and votes above 1,024 where the answer is not below 1e-17.
    """
    votes = np.asarray(votes, dtype=np.int64)
    # Chernoff: one given other label reaches the favoured one with probability at most (1 - (sqrt(mass) - sqrt(other))^2)^c.
    other = miss / (labels - 1)
    base = min(1.0, miss - other + 2 * math.sqrt((1 - miss) * other)) if 1 - miss > other else 1.0

    def certain(below: float) -> float:
        """The votes from which on the loss is below this: at least 1, as no votes decide nothing."""
        return math.inf if base == 1 else max(1.0, math.log(below / labels) / math.log(base)) if base > 0 else 1.0

    is_open = votes < (certain(negligible) if certain(SURE) > LARGEST else min(certain(negligible), LARGEST + 1))
    result = np.zeros(votes.shape)
    if not is_open.any():
        return result
    largest = int(votes[is_open].max())
    if largest > LARGEST:
        raise ValueError(f"`votes` must be at most {LARGEST} where the vote is open; got {largest} at miss {miss:.3g} of {labels} labels.")
    weights = _log_weights(int(labels), max(8, 1 << max(largest - 1, 1).bit_length()))[: largest + 1, : largest // 2 + 1]
    result[is_open] = _losses(weights, miss)[votes[is_open]]
    return result


@lru_cache(maxsize=32)
def _log_weights(labels: int, size: int) -> np.ndarray:
    """log C(c, k) L[k, c - k] at [c, k] for c <= size and k <= size/2; -inf for k > c/2, where the favoured label cannot lose.

    L is `_losing_table`. By Pascal's rule the relative error of a binomial coefficient is at most c roundings.
    """
    table, half = _losing_table(labels, size), size // 2 + 1
    weights, row = np.full((size + 1, half), -np.inf), np.zeros(half)
    row[0] = 1.0
    for c in range(size + 1):
        may_lose = np.arange(c // 2 + 1)
        with np.errstate(divide="ignore"):
            weights[c, may_lose] = np.log(row[may_lose]) + np.log(table[may_lose, c - may_lose])
        row[1:] += row[:-1]
    return weights


def _losses(log_weights: np.ndarray, miss: float) -> np.ndarray:
    """sum_k C(c, k) L[k, c - k] (1 - miss)^k miss^(c - k) for each c."""
    counts, own = np.arange(log_weights.shape[0])[:, None], np.arange(log_weights.shape[1])
    if miss in (0, 1):
        # Either no vote falls on another label, and only c = 0 is lost, or all do.
        return np.where(miss == 1, np.exp(log_weights[:, 0]), np.where(counts[:, 0] == 0, np.exp(log_weights[0, 0]), 0.0))
    return np.exp(log_weights + (counts - own) * math.log(miss) + own * math.log1p(-miss)).sum(axis=1)
