"""Estimating the normaliser of a target that is known up to a constant: the median of truncated means. `coverage_measures` exports it."""

import math
from typing import Any

from scipy import optimize, stats

from sharpsim import coverage
from sharpsim._arguments import MODERATE, SHARE, Kind, checked, count

_MODERATE_UNIT = Kind("in (0, 1), at least 1e-100", lambda x: (x >= 1e-100) & (x < 1))


@checked(cut=MODERATE, eps=_MODERATE_UNIT)
def normaliser_draws(*, cut: float, eps: float, delta: float) -> tuple[int, int]:
    """(k, m): groups, and draws of each, with which the median of truncated means is within a factor 1 +- eps of Z with
    probability 1 - delta.

    k = 8 log(1/delta) and m = 16 M/(9 eps), rounded up, k odd. It assumes ICov_M/M <= eps/4 (`checks`).
    """
    groups = math.ceil(8 * math.log(1 / delta))
    return groups + 1 - groups % 2, math.ceil(16 * cut / (9 * eps))


@checked
def normaliser_cut(log_target: Any, log_base: Any, prompt_weights: Any, *, eps: float) -> float:
    """The least M with ICov_M/M <= eps/4, from above within 1e-9; inf above e^700, or where base lacks eps/4 of the target or more."""

    def over(log_cut: float) -> float:
        cut = math.exp(log_cut)
        return float(coverage.integrated_coverage(log_target, log_base, prompt_weights, cut=cut)) / cut - eps / 4

    high = 1.0
    while over(high) > 0:
        if high >= 700:
            return math.inf
        high = min(2 * high, 700.0)
    # Below M = 1 the ratio is above 1 - M: no smaller cut will do.
    root: Any = optimize.brentq(over, -1.0, high, xtol=1e-10)
    # The search may end on the side that fails.
    step = 2.0**-52
    while over(root) > 0:
        root, step = min(root + step, high), 2 * step
    return math.exp(root)


@checked(mass=SHARE, cut=MODERATE, per_group=count(1, 2**53), groups=count(1, 2**31 - 1))
def normaliser_miss(*, mass: float, cut: float, per_group: int, groups: int, eps: float) -> float:
    """P[the median of truncated means is not within 1 +- eps], Z = 1, exactly, of a target that is one response of base mass P; in [0, 1].

    A group's mean is min(1/P, M) times a binomial frequency. For an even number of groups the upper median is taken.
    """
    scale = min(1 / mass, cut) / per_group
    # A frequency at the edge is within, whichever way the edge was rounded.
    low = float(stats.binom.cdf(min(math.ceil((1 - eps) / scale * (1 - 1e-12)) - 1, per_group), per_group, mass))
    high = float(stats.binom.sf(min(math.floor((1 + eps) / scale * (1 + 1e-12)), per_group), per_group, mass))
    return float(stats.binom.sf(groups // 2, groups, low) + stats.binom.sf((groups - 1) // 2, groups, high))


@checked
def checks(log_target: Any, log_base: Any, prompt_weights: Any, *, cut: float, eps: float) -> dict[str, float]:
    """Signed slack of the assumption of `normaliser_draws`: `cut`: eps/4 - ICov_M/M."""
    return {"cut": eps / 4 - float(coverage.integrated_coverage(log_target, log_base, prompt_weights, cut=cut)) / cut}
