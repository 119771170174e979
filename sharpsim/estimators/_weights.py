"""Weights that turn sorted draws into the mean over all subsets of them, for unbiased estimates of what best of N gives."""

import math

import numpy as np

from sharpsim import _checks


def subsample_weights(*, total: int, draws: int) -> np.ndarray:
    """w_i = C(total-1-i, N-1)/C(total, N), i = 0..total-1: the probability that draw i is the best of a random subset of size N.

    The `total` draws are sorted by reward, best first; N is `draws`. So sum_i w_i f(i) is the mean of f(best of N) over all subsets of
    size N (a U-statistic), an unbiased estimate of its expectation. Raises `ValueError` for draws outside 1..total.
    """
    total, draws = _checks.static_count("total", total), _checks.static_count("draws", draws)
    if draws > total:
        raise ValueError(f"`draws` must be at most `total`, {total}; got {draws}.")
    return np.array([math.comb(total - 1 - i, draws - 1) / math.comb(total, draws) for i in range(total)])
