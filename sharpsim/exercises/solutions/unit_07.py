"""Worked solutions of unit 7."""

import math

import numpy as np

from sharpsim import laws


def mean_draws(p: np.ndarray, stop: float) -> float:
    """E[N_s] = 1 + sum over k >= 1 of P[N_s > k], and P[N_s > k] = G(s/k)^k with G(t) the mass of responses below t."""
    total, k = 1.0, 1
    while True:
        going_on = p[k * p < stop].sum() ** k
        if going_on < 1e-16:
            return float(total)
        total += going_on
        k += 1


def slow_to_stop(stop: float) -> np.ndarray:
    """Uniform on K responses: everything is maximal, E[N_s] = ceil(sK), and the bound is sK + 1, so the ratio tends to 1 with K."""
    return np.full(1000, 1 / 1000)


def cheapest_stop(p: np.ndarray, miss: float) -> float:
    """A larger s draws longer on every sequence of draws, so the miss falls and the cost rises: find the least s by bisection."""
    log_p = np.log(p)
    low, high = 1e-9, math.log(1 / miss) + 1
    for _ in range(40):
        middle = (low + high) / 2
        if laws.stopping_time_miss(log_p, stop=middle) <= miss:
            high = middle
        else:
            low = middle
    return high
