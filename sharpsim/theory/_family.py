"""The exact risk of SFT-Sharpening, fixed or adaptive, in the two settings that can be solved: all tables, and the hard family.

In the first setting the class holds all tabular policies; in the second it is the hard family H(d, M, D) of the lower bounds. `sft` and
`sft_adaptive` are the public modules that use these functions.
"""

import math
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from scipy import special

from sharpsim import _checks
from sharpsim.laws import SURE, binomial_window, plurality_miss
from sharpsim.theory._common import hellinger, round_up

SMALL_MEAN = 1e-5
"""A mean below this is computed with the whole lower tail of the binomial, of which it may consist."""


def mean_over_binomial(n: int, p: float, value: Callable[[np.ndarray], np.ndarray]) -> Any:
    """E[value(Bin(n, p))] along the last axis of `value`, which is in [0, 1] and falls with the count; with its digits down to 1e-290."""
    k, probability = binomial_window(n, p)
    _checks.affordable("n", n, seconds=2e-5 * len(k))
    mean = value(k) @ probability
    if np.min(mean) >= SMALL_MEAN:
        return mean
    k, probability = binomial_window(n, p, lower=1e-300)
    return value(k) @ probability


def least_failing(counts: Any, delta: float) -> np.ndarray:
    """The least m of c counts with m/c >= delta, the number of misses at which a prompt fails; 0 at c = 0. Whole floats.

    Decided as float division does, which rounds m/c correctly: 27 of 90 are 0.3, and 2 of 10^10 + 1 are needed at delta = 1e-10.
    """
    c = np.asarray(counts, dtype=np.float64)
    least = np.floor(delta * c) + 2
    for _ in range(3):
        least = np.where((least - 1) / np.maximum(c, 1.0) >= delta, least - 1, least)
    return np.where(c > 0, np.maximum(least, 1.0), 0.0)


def failing_chance(counts: np.ndarray, miss: Any, *, delta: float) -> Any:
    """P[Bin(c, miss) >= `least_failing`] for each c; 1 at c = 0. `miss` broadcasts."""
    needed = least_failing(counts, delta)
    # An incomplete beta function, exact for misses far below the rounding of 1 - miss.
    return np.where(needed > 0, special.betainc(np.maximum(needed, 1), np.maximum(counts - needed + 1, 1e-300), miss), 1.0)


def saturated_risk(miss: Any, prompt_weights: Any, *, n: int, delta: float) -> float:
    """E[P_x[empirical law of the kept responses has mass <= 1 - delta on Y*]] over n pairs, `miss` = P[kept outside Y*] by prompt.

    sum_x mu(x) sum_c P[Bin(n, mu(x)) = c] P[Bin(c, miss_x) >= delta c]; a prompt without pairs counts as failed.
    """
    _checks.in_open_unit("delta", delta)
    total = 0.0
    for weight, outside in zip(np.asarray(prompt_weights, float), np.asarray(miss, float), strict=True):
        if weight == 0:
            continue
        total += weight * float(mean_over_binomial(n, min(float(weight), 1.0), partial(failing_chance, miss=outside, delta=delta)))
    return total


def fill(miss: Any, prompt_weights: Any, *, delta: float, error: float) -> float:
    """The largest mass of failing prompts that a total squared Hellinger error allows, cheapest prompts first."""
    _checks.in_open_unit("delta", delta)
    _checks.no_nan("miss", miss)
    _checks.no_nan("error", error)
    return afford(np.where(miss < delta, hellinger(delta, np.minimum(miss, delta)), 0.0), prompt_weights, budget=error)


def afford(price: Any, prompt_weights: Any, *, budget: float) -> float:
    """max{ sum mu_x t_x : 0 <= t <= 1, sum mu_x price_x t_x <= budget }, cheapest prompts first; rounded up, at most 1. Refuses NaN."""
    _checks.no_nan("price", price)
    _checks.no_nan("budget", budget)
    _checks.prompt_weights(prompt_weights, len(price))
    order = np.argsort(price)
    weights, price = np.asarray(prompt_weights, float)[order], np.asarray(price, float)[order]
    spent = np.concatenate([[0.0], np.cumsum(weights * price)[:-1]])
    room = np.maximum(budget - spent, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(price > 0, np.minimum(1.0, room / (weights * price)), 1.0)
    return min(1.0, float(round_up(np.sum(np.where(weights > 0, weights * share, 0.0)))))


class Family(NamedTuple):
    """The hard family's parameters: d hard prompts, M labels, hard mass D."""

    hard_prompts: int
    labels: int
    hard_mass: float


def family(hard_prompts: int, labels: int, hard_mass: float) -> Family:
    """Parameters of H(d, M, D)."""
    return Family(int(hard_prompts), int(labels), float(hard_mass))


def family_miss(labels: int, draws: float) -> float:
    """(1 - 2/M)^k: k draws of a hard prompt's responses without the secret. The nearest float where M^k has at most 30,000 bits."""
    if draws * math.log2(labels) > 30_000:
        return math.exp(draws * math.log1p(-2 / labels))
    return (labels - 2) ** int(draws) / labels ** int(draws)


class PluralityRisk:
    """Risk on the family of the estimate "mode of the kept labels" when each kept label is not the secret with probability `miss`.

    A hard prompt fails where miss >= delta (the class's law at the right secret is not sharpened) or the mode is not the secret.
    """

    def __init__(self, parameters: Family, miss: float, delta: float):
        self.parameters, self.miss, self.dull = parameters, miss, miss >= delta
        self._losses: dict[float, np.ndarray] = {}

    def __call__(self, n: int) -> float:
        """The risk with n prompts: D E[P[mode is not the secret]] over Bin(n, D/d) votes. Relative precision, down to 1e-290."""
        d, _, mass = self.parameters
        if self.dull:
            return mass
        negligible = SURE
        while True:
            risk = float(mean_over_binomial(n, mass / d, partial(self._losing, negligible=negligible)))
            # What counted as 0 must not show in the risk.
            if negligible <= 1e-14 * risk or negligible <= 1e-300:
                return mass * risk
            negligible = max(negligible**2, 1e-300)

    def _losing(self, votes: np.ndarray, *, negligible: float) -> np.ndarray:
        known = self._losses.get(negligible, np.zeros(0))
        if len(known) <= votes[-1]:
            _checks.affordable("n", votes[-1], size=80.0 * float(votes[-1]))
            every = np.arange(2 * int(votes[-1]) + 1)
            known = plurality_miss(votes=every, labels=self.parameters.labels, miss=self.miss, negligible=negligible)
            self._losses[negligible] = known
        return known[votes]


class Cheapest(NamedTuple):
    """The least expected number of samples found, at which n and which setting (N, or the stopping parameter), and the risk there."""

    samples: float
    n: int
    setting: float
    risk: float


def cheapest(options: Iterable[tuple[float, float, PluralityRisk]], *, eps: float) -> Cheapest:
    """The least n * cost over `options` (setting, cost per prompt, risk), settings in order of non-increasing miss.

    Exact over the options. The n that an option needs never grows from one option to the next, so one pass over n serves all of them. The
    pass ends when even the smallest possible n (miss = 0) costs more than the best found.
    """
    best: Cheapest | None = None
    n: int | None = None
    floor: int | None = None
    for setting, cost, risk in options:
        if risk.dull:
            continue
        if floor is None:
            perfect = PluralityRisk(risk.parameters, 0.0, 0.5)
            floor = least_prompts(perfect, eps, 1)
        if best is not None and floor * cost >= best.samples:
            break
        n = least_prompts(risk, eps, floor) if n is None else n
        while n > floor and risk(n - 1) <= eps:
            n -= 1
        if best is None or n * cost < best.samples:
            best = Cheapest(n * cost, n, setting, risk(n))
    if best is None:
        raise ValueError("`eps` cannot be reached: no option keeps less than delta of its labels wrong.")
    return best


def least_prompts(risk: PluralityRisk, eps: float, start: int = 1) -> int:
    """The least n >= start at which the risk, which falls with n, is at most eps.

    Raises `ValueError` where no n is enough, because the class's own law is not sharpened at the right secret.
    """
    if risk.dull and risk.parameters.hard_mass > eps:
        raise ValueError(f"`eps` = {eps!r} cannot be reached: the kept label is wrong with probability {risk.miss:.4g}, not below delta.")
    if risk(start) <= eps:
        return start
    high = start
    while risk(high) > eps:
        high *= 2
    return least_count(risk, eps, low=high // 2, high=high)


def least_count(risk: Callable[[int], float], eps: float, *, low: int, high: int) -> int:
    """The least whole number in (low, high] at which a falling `risk` is at most eps, given risk(low) > eps >= risk(high).

    Uses false position on log risk, which is nearly linear in the number of samples, with the Illinois rule: an end that is kept twice
    has its value halved.
    """

    def height(count: int) -> float:
        return math.log(max(risk(count), 1e-300) / eps)

    above, below, moved = height(low), height(high), 0
    while high - low > 1:
        share = above / (above - below) if above > below else 0.5
        middle = min(max(low + round((high - low) * share), low + 1), high - 1)
        value = height(middle)
        if value > 0:
            low, above, below, moved = middle, value, below / 2 if moved > 0 else below, 1
        else:
            high, below, above, moved = middle, value, above / 2 if moved < 0 else above, -1
    return high
