"""Prompts and draws that SFT-Sharpening needs for the class of all tables, from its exact risk and the modes' masses alone."""

import math
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from sharpsim._arguments import checked
from sharpsim.theory._family import failing_chance, mean_over_binomial

FINE, GRID = 256, 20
"""Number of prompts above which masses are rounded, and how many steps of the grid make a factor e."""
STEPS, LARGEST = 10, 300
"""Values of N that are tried from the least that can do, each a factor 1.25 larger; most pairs for each prompt."""


class Memorised(NamedTuple):
    """Prompts n, draws per prompt N, their product (floats, as they may be astronomical), and the exact risk there."""

    n: float
    N: float
    samples: float
    risk: float


@checked
def risk_of_masses(mode_masses: Any, prompt_weights: Any, *, n: float, N: float, delta: float) -> float:
    """`sft.exact_risk` from base(Y*|x) of each prompt in (0, 1] in place of a table; equal to it, and faster for many prompts.

    Raises `ValueError` for masses outside (0, 1], weights that are no distribution, n or N not whole or below 1, delta outside (0, 1).
    """
    masses, weights = np.asarray(mode_masses, dtype=np.float64), np.asarray(prompt_weights, dtype=np.float64)
    return _risk(_miss(masses, N), weights, n=int(n), delta=delta)


@checked
def least_memorised(mode_masses: Any, prompt_weights: Any, *, eps: float, delta: float) -> Memorised:
    """The cheapest n N at which the exact risk for the class of all tables is at most eps, of about twenty values of N; n to three digits.

    A class of all tables shares nothing between prompts: n grows like the number of prompts. With more than `FINE` prompts, masses are
    rounded down by up to 5%, which errs on the safe side. Errors as `risk_of_masses`, and for eps outside (0, 1).
    """
    masses, weights = np.asarray(mode_masses, dtype=np.float64), np.asarray(prompt_weights, dtype=np.float64)
    if len(masses) > FINE:
        masses = np.exp(np.floor(np.log(masses) * GRID) / GRID)
    starts = [_least_draws(masses, weights, given_up=share * eps, delta=delta) for share in (1.0, 0.5)]
    best = Memorised(math.inf, starts[0], math.inf, math.inf)
    for N in sorted({math.ceil(start * 1.25**step) for start in starts for step in range(STEPS)}):
        limit = min(best.samples / N, LARGEST * len(masses))
        n, risk = _least_prompts(_miss(masses, N), weights, eps=eps, delta=delta, limit=limit)
        if n * N < best.samples:
            best = Memorised(float(n), float(N), float(n) * N, risk)
    return best


def _least_draws(masses: np.ndarray, weights: np.ndarray, *, given_up: float, delta: float) -> float:
    """The least N with (1 - p)^N < delta for all prompts but the hardest ones, of total weight less than `given_up`."""
    order = np.argsort(masses)
    hardest = masses[order][np.searchsorted(np.cumsum(weights[order]), given_up * (1 - 1e-12), side="right").clip(max=len(masses) - 1)]
    return 1.0 if hardest >= 1 else max(1.0, math.floor(math.log(delta) / math.log1p(-hardest)) + 1.0)


def _miss(masses: np.ndarray, N: float) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return np.exp(float(N) * np.log1p(-masses))


def _risk(miss: np.ndarray, weights: np.ndarray, *, n: int, delta: float) -> float:
    """sum_x mu(x) sum_c P[Bin(n, mu(x)) = c] P[Bin(c, miss_x) >= delta c], prompts of one weight and one miss together."""
    total = 0.0
    for weight in np.unique(weights[weights > 0]).tolist():
        outside, times = np.unique(miss[weights == weight], return_counts=True)
        total += weight * float(
            times @ mean_over_binomial(n, min(weight, 1.0), partial(failing_chance, miss=outside[:, None], delta=delta))
        )
    return total


def _least_prompts(miss: np.ndarray, weights: np.ndarray, *, eps: float, delta: float, limit: float) -> tuple[float, float]:
    """The least n, to three digits, with risk at most eps, and the risk; (inf, inf) where n would have to exceed `limit`."""
    low, high = 0, 1
    while (risk := _risk(miss, weights, n=high, delta=delta)) > eps:
        low, high = high, 2 * high
        if low > limit:
            return math.inf, math.inf
    while high - low > max(1, high // 1000):
        middle = (low + high) // 2
        found = _risk(miss, weights, n=middle, delta=delta)
        low, high, risk = (low, middle, found) if found <= eps else (middle, high, risk)
    return high, risk
