"""Confidence intervals of measured frequencies and of means of bounded values, valid at every sample size.

Call `clopper_pearson` for the probability behind a count of successes, `bounded_mean` for the mean of values in a known range.
"""

from typing import Any

import numpy as np

from sharpsim._arguments import POSITIVE, checked, count
from sharpsim.estimators._kinds import SEVERAL_SEEDS


@checked(successes=count(0, 2**53), trials=count(1, 2**53))
def clopper_pearson(successes: Any, trials: Any, level: float = 0.95) -> tuple[Any, Any]:
    """The Clopper-Pearson interval (low, high) of a binomial probability, each end in [0, 1]; arrays broadcast, scalars give floats.

    Covers the truth with probability at least `level`, whatever the truth: each end is the value at which a count as extreme as the
    one seen has probability (1 - level)/2. No success gives low = 0, all successes high = 1.

    Raises `ValueError` for counts that are not whole, successes outside 0..trials, trials below 1, level outside (0, 1).
    """
    # Not at the top: listing the experiments should not wait for scipy.
    from scipy.special import betainccinv, betaincinv

    k, n = np.broadcast_arrays(np.asarray(successes, dtype=np.float64), np.asarray(trials, dtype=np.float64))
    if (k > n).any():
        raise ValueError(f"`successes` must be at most `trials`; got {successes!r} of {trials!r}.")
    tail = (1 - level) / 2
    low = np.where(k > 0, betaincinv(np.maximum(k, 1), n - k + 1, tail), 0.0)
    missed = np.maximum(n - k, 1)
    # Next to 1, 1 - tail keeps too few digits of the tail.
    far = betaincinv(k + 1, missed, 1 - tail) if tail > 1e-9 else betainccinv(k + 1, missed, tail)
    high = np.where(k < n, far, 1.0)
    return (float(low), float(high)) if low.ndim == 0 else (low, high)


@checked(values=SEVERAL_SEEDS, upper=POSITIVE)
def bounded_mean(values: Any, upper: float, level: float = 0.95) -> tuple[float, float, float]:
    """(mean, low, high) of independent values in [0, upper], one per seed: Maurer and Pontil's empirical Bernstein interval.

    Half-width sqrt(2 V log(4/a)/k) + 7 upper log(4/a)/(3 (k-1)), a = 1 - level, V the sample variance: valid at every k, whatever the
    law, so that risks near 0 do not get intervals of length 0.

    Raises `ValueError` for fewer than two values, NaN, values outside [0, upper], level outside (0, 1), upper not positive and finite.
    """
    values = np.asarray(values, dtype=np.float64)
    if values.min() < 0 or values.max() > upper * (1 + 1e-9):
        raise ValueError(f"`values` must be at least two numbers in [0, {upper!r}]; got {values.min()} to {values.max()}.")
    mean, log_term = float(values.mean()), float(np.log(4 / (1 - level)))
    half = np.sqrt(2 * values.var(ddof=1) * log_term / len(values)) + 7 * upper * log_term / (3 * (len(values) - 1))
    return mean, max(0.0, mean - float(half)), min(upper, mean + float(half))
