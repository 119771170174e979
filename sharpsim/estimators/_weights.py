"""Weights of sorted draws that average over all subsets of them."""

import math

import numpy as np

from sharpsim import _checks


def subsample_weights(*, total: int, draws: int) -> np.ndarray:
    """Of `total` draws sorted by reward, best first, w_i = C(total-1-i, N-1)/C(total, N): the chance that number i is the best of N.

    sum_i w_i f(i) is the mean of f(best of N) over all subsets of size N: unbiased. Raises `ValueError` for draws outside 1..total.
    """
    total, draws = _checks.static_count("total", total), _checks.static_count("draws", draws)
    if draws > total:
        raise ValueError(f"`draws` must be at most `total`, {total}; got {draws}.")
    return np.array([math.comb(total - 1 - i, draws - 1) / math.comb(total, draws) for i in range(total)])
