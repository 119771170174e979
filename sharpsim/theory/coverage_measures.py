"""Measures of coverage, and the draws that each of them promises: for best of N, for rejection sampling, for a normaliser.

How well a base covers a target can be summed up in several numbers (`sharpsim.coverage`). Call this module to turn such a number into a
number of draws, and to compare that with the exact need. A mean (C_cov, chi-square) can be infinite where few draws suffice; the need that
the whole tail (the coverage profile) gives is right up to a logarithm, if eps may change by a constant factor.

Statement. Let w = pi/base, Cov_M = P_pi[w >= M], E_M = sum (pi - M base)_+ and ICov_M = E_pi min(w, M). Then

    E_M <= Cov_M <= ICov_M / M <= C_pi / M,        Cov_M <= E_cM / (1 - c) for 0 < c < 1                            (measures)

Best of N on prompts whose mode has mass P*: its miss is E_x(1-P*)^N, and for every threshold a in (0, 1]

    P_x[P* <= a] (1-a)^N  <=  E_x(1-P*)^N  <=  P_x[P* < a] + (1-a)^N                                                (profile)
    E_x(1-P*)^N  <=  (C-1)/(v-1) (1-1/v)^N,  C = Cbar_cov, v = max(C, N);  at most C/(e N)                          (mean)

Rejection sampling of pi from base accepts a draw with probability min(w/M, 1); where all N draws are refused, the last is kept. Its law has

    total variation to pi  <=  E_x[ E_M(x) + (1 - A_M(x)/M)^N ],   A_M = 1 - E_M                                    (rejection)

A target known up to its normaliser Z, one constant for all prompts: a draw is a prompt and a response of base, with the known ratio Z w. In
each of k groups average min(Z w, tau) over m draws, and take the median of the k averages. With M = tau/Z it is

    within a factor 1 +- eps of Z with probability 1 - delta,
    for k >= 8 log(1/delta), odd, and m >= 16 M/(9 eps), if ICov_M/M <= eps/4                                      (normaliser)

The level tau = Z M has to be chosen without knowing Z. For one Z for each prompt take each prompt by itself.

Heavy tails. For P* ~ Beta(a, b): Cbar_cov = (a+b-1)/(a-1), infinite for a <= 1, while E(1-P*)^N = B(a, b+N)/B(a, b), about N^-a.

Assumptions. A1 (`cut`): ICov_M/M <= eps/4, of (normaliser). The others assume nothing.

Symbols. M: cut; w: pi/base; P*: mode_masses; N, m: draws, per_group; k: groups; a: threshold.

Source. Block and Shetty, COLT 2026, up to constants; the constants are proved here. `measures`, `profile` and `mean`: elementary, ours.

Printed. Orders of magnitude only: M log(1/delta)/eps draws for the normaliser, M log(1/eps) for rejection.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import optimize, special

from sharpsim._arguments import MODERATE, checked
from sharpsim.theory._common import Statement, as_float
from sharpsim.theory._normaliser import checks, normaliser_cut, normaliser_draws, normaliser_miss
from sharpsim.theory._rejection import rejection_bound, rejection_distance, rejection_law

MOST = 2**60
"""Needs above this are given as infinite."""


@checked
def miss(mode_masses: Any, prompt_weights: Any, *, draws: Any) -> Any:
    """E_x(1 - P*(x))^N, the probability that none of N draws is the mode, exactly; in [0, 1), shape of `draws`.

    `mode_masses` P* are [prompts]. Raises `ValueError` for masses outside (0, 1] and draws that are not whole or below 1.
    """
    masses, weights, N = _given(mode_masses, prompt_weights, draws)
    return as_float(_none(masses, N) @ weights)


@checked
def miss_bound(mode_masses: Any, prompt_weights: Any, *, draws: Any) -> Any:
    """**Upper** bound on `miss` from the profile: the least over thresholds a of P_x[P* < a] + (1-a)^N; in [0, 1], shape of `draws`."""
    masses, weights, N = _given(mode_masses, prompt_weights, draws)
    order = np.argsort(masses)
    below = np.append(0.0, np.cumsum(weights[order])[:-1])
    return as_float(np.minimum((below + _none(masses[order], N)).min(axis=-1), 1.0))


@checked
def miss_lower_bound(mode_masses: Any, prompt_weights: Any, *, draws: Any) -> Any:
    """**Lower** bound on `miss` from the profile: the largest over thresholds a of P_x[P* <= a] (1-a)^N; in [0, 1), shape of `draws`."""
    masses, weights, N = _given(mode_masses, prompt_weights, draws)
    order = np.argsort(masses)
    return as_float((np.cumsum(weights[order]) * _none(masses[order], N)).max(axis=-1))


@checked
def miss_bound_by_mean(*, coverage: Any, draws: Any) -> Any:
    """**Upper** bound on `miss` from the mean C = Cbar_cov: (C-1)/(v-1) (1-1/v)^N with v = max(C, N); in [0, 1], 1 at C = inf.

    It is sharp for every C and N: attained by prompts with P* = 1 and P* = 1/v whose mean inverse is C. Arrays broadcast.
    """
    N, C = np.asarray(draws, dtype=np.float64), np.maximum(np.asarray(coverage, dtype=np.float64), 1.0)
    v = np.maximum(C, N)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(v > C, (C - 1) / (v - 1), 1.0)
        return as_float(share * np.where(v > 1, np.exp(N * np.log1p(-1 / v)), 0.0))


def _given(mode_masses: Any, prompt_weights: Any, draws: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    masses = np.minimum(np.asarray(mode_masses, dtype=np.float64), 1.0)
    return masses, np.asarray(prompt_weights, dtype=np.float64), np.asarray(draws, dtype=np.float64)[..., None]


def _none(masses: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """(1-P)^N."""
    with np.errstate(divide="ignore"):
        return np.exp(draws * np.log1p(-masses))


@checked
def draws_needed(value: Callable[[int], float], *, eps: float) -> float:
    """The least N with value(N) <= eps, by doubling and bisection; inf above 2^60.

    `value` is a non-increasing function of N, such as `lambda N: miss(masses, weights, draws=N)` or one of its bounds. Of another, such as
    `normaliser_miss`, the N that is found meets eps, but may not be the least, and a larger N may fail.
    """
    high = 1
    while value(high) > eps:
        high *= 2
        if high > MOST:
            return math.inf
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if value(middle) <= eps else (middle, high)
    return float(high)


@checked(a=MODERATE, b=MODERATE)
def beta_coverage(*, a: float, b: float) -> float:
    """Cbar_cov = (a+b-1)/(a-1) of mode masses P* ~ Beta(a, b); inf for a <= 1."""
    return (a + b - 1) / (a - 1) if a > 1 else math.inf


@checked(a=MODERATE, b=MODERATE)
def beta_miss(*, a: float, b: float, draws: Any) -> Any:
    """E(1-P*)^N = B(a, b+N)/B(a, b) for P* ~ Beta(a, b): about Gamma(a+b)/Gamma(b) N^-a; in (0, 1), shape of `draws`."""
    a, b, N, steps = float(a), float(b), np.asarray(draws, dtype=np.float64), np.arange(100.0)
    if max(a, b) <= 100:
        return as_float(np.exp(special.betaln(a, b + N) - special.betaln(a, b)))
    # A hundred steps of the recurrence, and from there Stirling's series of the four Gamma functions: no two large terms cancel.
    near = np.log1p(a / (b + steps) * (N[..., None] / (a + b + N[..., None] + steps))).sum(axis=-1)
    b, s = b + 100, a + b + 100
    far = (b - 0.5) * np.log1p(a / b * (N / (s + N))) - a * np.log1p(N / s) - N * np.log1p(a / (b + N))
    return as_float(np.exp(far - near + (_stirling(b + N) - _stirling(b)) + (_stirling(s) - _stirling(s + N))))


def _stirling(x: Any) -> Any:
    """log Gamma(x) - (x - 1/2) log x + x - log(2 pi)/2 for x >= 100."""
    y = 1 / x
    return y * (1 / 12 - y * y * (1 / 360 - y * y / 1260))


@checked(a=MODERATE, b=MODERATE)
def beta_miss_bound(*, a: float, b: float, draws: int) -> float:
    """**Upper** bound on `beta_miss` from the profile I_t(a, b): the least of I_t(a, b) + (1-t)^N that a search finds; at most 1.

    Every threshold t gives a bound. Searched are those from e^-3/N up: where most masses are smaller, a smaller t may give less.
    """

    def at(log_t: float) -> float:
        return float(special.betainc(a, b, math.exp(log_t)) + math.exp(draws * math.log1p(-math.exp(log_t))))

    grid = np.linspace(-math.log(draws) - 3, -1e-6, 200)
    best = grid[int(np.argmin([at(t) for t in grid]))]
    found: Any = optimize.minimize_scalar(at, bounds=(best - 1, min(best + 1, -1e-6)), method="bounded")
    return min(1.0, at(best), float(found.fun))


_SOURCE = "Block and Shetty, COLT 2026, up to constants; constants ours"
_OURS = "ours"


def _statement(label: str, claim: str, side: Any, source: str = _OURS) -> Statement:
    return Statement("coverage_measures", label, claim, side, symbols={"M": "cut", "N": "draws", "P*": "mode_masses"}, source=source)


STATEMENTS = (
    _statement("Coverage measures", "E_M <= Cov_M <= ICov_M/M <= C_pi/M", "upper", _SOURCE),
    _statement("Coverage measures (reverse)", "Cov_M <= E_cM/(1-c)", "upper"),
    _statement("Best of N by coverage (profile)", "miss of best of N <= P_x[P* < a] + (1-a)^N", "upper"),
    _statement("Best of N by coverage (profile, below)", "miss of best of N >= P_x[P* <= a] (1-a)^N", "lower"),
    _statement("Best of N by coverage (mean)", "miss of best of N <= (C-1)/(v-1) (1-1/v)^N, v = max(C, N)", "upper"),
    _statement("Rejection sampling", "total variation to the target <= E_M + (1 - A_M/M)^N", "upper", _SOURCE),
    _statement("Normaliser", "a median of truncated means is within 1 +- eps", "upper", _SOURCE),
    _statement("Heavy tails", "P* ~ Beta(a, b): infinite Cbar_cov for a <= 1, miss of best of N about N^-a", "identity"),
)

__all__ = [
    "MOST", "STATEMENTS", "beta_coverage", "beta_miss", "beta_miss_bound", "checks", "draws_needed", "miss", "miss_bound",
    "miss_bound_by_mean", "miss_lower_bound", "normaliser_cut", "normaliser_draws", "normaliser_miss", "rejection_bound",
    "rejection_distance", "rejection_law",
]  # fmt: skip
