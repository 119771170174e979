"""Exact intervals of measured frequencies: what a dot in a figure carries."""

from typing import Any

import numpy as np

from sharpsim import _checks


def clopper_pearson(successes: Any, trials: Any, level: float = 0.95) -> tuple[Any, Any]:
    """The Clopper-Pearson interval (low, high) of a binomial probability, each end in [0, 1]; arrays broadcast, scalars give floats.

    Covers the truth with probability at least `level`, whatever the truth: each end is the value at which a count as extreme as the
    one seen has probability (1 - level)/2. No success gives low = 0, all successes high = 1.

    Raises `ValueError` for counts that are not whole, successes outside 0..trials, trials below 1, level outside (0, 1).
    """
    # Not at the top: listing the experiments should not wait for scipy.
    from scipy.special import betaincinv

    _checks.count("successes", successes, 0)
    _checks.count("trials", trials, 1)
    _checks.in_open_unit("level", level)
    k, n = np.broadcast_arrays(np.asarray(successes, dtype=np.float64), np.asarray(trials, dtype=np.float64))
    if (k > n).any():
        raise ValueError(f"`successes` must be at most `trials`; got {successes!r} of {trials!r}.")
    tail = (1 - level) / 2
    low = np.where(k > 0, betaincinv(np.maximum(k, 1), n - k + 1, tail), 0.0)
    high = np.where(k < n, betaincinv(k + 1, np.maximum(n - k, 1), 1 - tail), 1.0)
    return (float(low), float(high)) if low.ndim == 0 else (low, high)
