"""The binomial law on the values that matter."""

import math

import numpy as np


def binomial_window(n: int, p: float) -> tuple[np.ndarray, np.ndarray]:
    """The values k and probabilities of Bin(n, p), but for tails below about 1e-18 on either side.

    From ratios of neighbours, normalised: relative error about 1e-15 times the width of the window, n up to 1e12 and beyond.
    """
    if p <= 0 or p >= 1:
        return np.array([n if p >= 1 else 0]), np.ones(1)
    spread = 9.5 * math.sqrt(n * p * (1 - p)) + 50
    k = np.arange(max(0, math.floor(n * p - spread)), min(n, math.ceil(n * p + spread)) + 1, dtype=np.float64)
    steps = np.log((n - k[1:] + 1) / k[1:]) + (math.log(p) - math.log1p(-p))
    log_weights = np.concatenate([[0.0], np.cumsum(steps)])
    weights = np.exp(log_weights - log_weights.max())
    return k.astype(np.int64), weights / weights.sum()
