"""Weights that turn sorted draws into the mean over all subsets of them, for unbiased estimates of what best of N gives."""

from collections.abc import Sequence

import numpy as np

from sharpsim import _checks
from sharpsim._arguments import checked


@checked
def subsample_weights(*, total: int, draws: int) -> np.ndarray:
    """w_i = C(total-1-i, N-1)/C(total, N), i = 0..total-1: the probability that draw i is the best of a random subset of size N.

    The `total` draws are sorted by reward, best first; N is `draws`. So sum_i w_i f(i) is the mean of f(best of N) over all subsets of
    size N (a U-statistic), an unbiased estimate of its expectation. Raises `ValueError` for draws outside 1..total.
    """
    if draws > total:
        raise ValueError(f"`draws` must be at most `total`, {total}; got {draws}.")
    _checks.affordable("total", total, size=40.0 * total)
    return weight_columns(int(total), [draws])[:, 0]


def weight_columns(total: int, sizes: Sequence[int] | np.ndarray) -> np.ndarray:
    """The weights of `subsample_weights` for each size, `[total, sizes]`: w_0 = N/total, w_{i+1} = w_i (total-N-i)/(total-1-i)."""
    N, before = np.asarray(sizes, dtype=np.float64), np.arange(1, total, dtype=np.float64)[:, None] - 1
    ratios = np.maximum(total - N - before, 0.0) / (total - 1 - before)
    return np.cumprod(np.vstack([N / total, ratios]), axis=0)
