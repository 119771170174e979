"""The binomial distribution, restricted to the counts that carry all but about 1e-18 of the mass on either side.

Call it for expectations over Bin(n, p) at any n, in time proportional to sqrt(n p (1 - p)).
"""

import math

import numpy as np

from sharpsim import _checks
from sharpsim._arguments import UNIT, checked, count


@checked(n=count(0), p=UNIT)
def binomial_window(n: int, p: float) -> tuple[np.ndarray, np.ndarray]:
    """(values, probabilities) of Bin(n, p), without the tails that have probability below about 1e-18 on either side.

    Computed from the ratios of neighbouring probabilities and normalised. The relative error is about 1e-15 times the width of the window;
    n may be 1e12 and more.
    """
    if p in (0, 1):
        return np.array([n if p == 1 else 0]), np.ones(1)
    spread = 9.5 * math.sqrt(n * p * (1 - p)) + 50
    _checks.affordable("n", n, seconds=4e-7 * spread, size=80 * spread)
    k = np.arange(max(0, math.floor(n * p - spread)), min(n, math.ceil(n * p + spread)) + 1, dtype=np.float64)
    steps = np.log((n - k[1:] + 1) / k[1:]) + (math.log(p) - math.log1p(-p))
    log_weights = np.concatenate([[0.0], np.cumsum(steps)])
    weights = np.exp(log_weights - log_weights.max())
    return k.astype(np.int64), weights / weights.sum()
