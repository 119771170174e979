"""Worked solutions of unit 5."""

import math

import numpy as np
from scipy.stats import binom


def two_errors(log_class_size: float, n: int, N: int, delta: float, rho: float, coverage: float) -> tuple[float, float]:
    """More prompts reduce the first error only, more responses a prompt the second only."""
    prompts = (12 + 8 * math.sqrt(2)) * (log_class_size + math.log(1 / rho)) / (delta * n)
    responses = coverage * math.log(2 / delta) / N
    return prompts, responses


def largest_constant(r: float) -> float:
    """(1 - sqrt r)^2: the first square of h is exactly (1 - sqrt r)^2 a, the second is at least 0 and of order a^2 as a -> 0."""
    return (1 - math.sqrt(r)) ** 2


def best_split(p: np.ndarray, weights: np.ndarray, m: int, delta: float) -> tuple[int, int]:
    """Try every N, each with the largest n that it leaves: the risk is not monotone in N at fixed cost."""

    def risk(n: int, N: int) -> float:
        total = 0.0
        for hit, weight in zip(1 - (1 - p) ** N, weights, strict=True):
            count = np.arange(n + 1)
            # The guard keeps a whole (1 - delta) c from being rounded down.
            fails = binom.cdf(np.floor((1 - delta) * count + 1e-9), count, hit)
            total += weight * float(np.sum(binom.pmf(count, n, weight) * np.where(count == 0, 1.0, fails)))
        return total

    options = [(m // N, N) for N in range(1, m + 1)]
    return min(options, key=lambda option: risk(*option))
