"""The exact risk of SFT-Sharpening, fixed or adaptive, in the two settings that can be solved: all tables, and the hard family.

In the first setting the class holds all tabular policies; in the second it is the hard family H(d, M, D) of the lower bounds. `sft` and
`sft_adaptive` are the public modules that use these functions.
"""

import math
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np
from scipy import special

from sharpsim import _checks
from sharpsim.laws import binomial_window, plurality
from sharpsim.theory._common import hellinger, round_up

GUARD = 1e-9
"""Counts within this of the edge (1 - delta) c fail: floats misplace the edge (delta = 0.3, c = 90)."""


def saturated_risk(miss: Any, prompt_weights: Any, *, n: int, delta: float) -> float:
    """E[P_x[empirical law of the kept responses has mass <= 1 - delta on Y*]] over n pairs, `miss` = P[kept outside Y*] by prompt.

    sum_x mu(x) sum_c P[Bin(n, mu(x)) = c] P[Bin(c, miss_x) >= delta c]; a prompt without pairs counts as failed.
    """
    total = 0.0
    for weight, outside in zip(np.asarray(prompt_weights, float), np.asarray(miss, float), strict=True):
        if weight == 0:
            continue
        c, probability = binomial_window(n, min(float(weight), 1.0))
        _checks.affordable("n", n, seconds=2e-5 * len(c))
        needed = np.maximum(np.ceil(delta * c - GUARD), (c > 0).astype(float))
        # P[Bin(c, b) >= m] is an incomplete beta function, exact for misses far below the rounding of 1 - b.
        failing = np.where(needed > 0, special.betainc(np.maximum(needed, 1), np.maximum(c - needed + 1, 1e-300), outside), 1.0)
        total += weight * float(probability @ failing)
    return total


def fill(miss: Any, prompt_weights: Any, *, delta: float, error: float) -> float:
    """The largest mass of failing prompts that a total squared Hellinger error allows, cheapest prompts first."""
    return afford(np.where(miss < delta, hellinger(delta, np.minimum(miss, delta)), 0.0), prompt_weights, budget=error)


def afford(price: Any, prompt_weights: Any, *, budget: float) -> float:
    """max{ sum mu_x t_x : 0 <= t <= 1, sum mu_x price_x t_x <= budget }, cheapest prompts first; rounded up, at most 1."""
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


class PluralityRisk:
    """Risk on the family of the estimate "mode of the kept labels" when each kept label is the secret with probability `hit`.

    A hard prompt fails where hit <= 1 - delta (the class's law at the right secret is not sharpened) or the mode is not the secret.
    """

    def __init__(self, parameters: Family, hit: float, delta: float):
        self.parameters, self.hit = parameters, hit
        self.dull = hit <= 1 - delta + GUARD * min(1.0, delta)
        self._wins = np.zeros(0)

    def __call__(self, n: int) -> float:
        """The risk with n prompts: D E[1 - P[mode = secret]] over Bin(n, D/d) votes."""
        d, labels, mass = self.parameters
        if self.dull:
            return mass
        votes, probability = binomial_window(n, mass / d)
        _checks.affordable("n", n, size=80.0 * float(votes[-1]))
        if len(self._wins) <= votes[-1]:
            self._wins = plurality(votes=np.arange(2 * int(votes[-1]) + 1), labels=labels, mass=self.hit)
        return mass * float(probability @ (1 - self._wins[votes]))


class Cheapest(NamedTuple):
    """The least expected number of samples found, at which n and which setting (N, or the stopping parameter), and the risk there."""

    samples: float
    n: int
    setting: float
    risk: float


def cheapest(options: Iterable[tuple[float, float, PluralityRisk]], *, eps: float) -> Cheapest:
    """The least n * cost over `options` (setting, cost per prompt, risk), settings in order of non-decreasing hit probability.

    Exact over the options. The n that an option needs never grows from one option to the next, so one pass over n serves all of them. The
    pass ends when even the smallest possible n (hit = 1) costs more than the best found.
    """
    best: Cheapest | None = None
    n: int | None = None
    floor: int | None = None
    for setting, cost, risk in options:
        if risk.dull:
            if risk.hit == 1:
                raise ValueError("`delta` must be at least 1e-16 here: a kept label is right with probability 1 up to rounding.")
            continue
        if floor is None:
            perfect = PluralityRisk(risk.parameters, 1.0, 0.5)
            floor = least_prompts(perfect, eps, 1)
        if best is not None and floor * cost >= best.samples:
            break
        n = least_prompts(risk, eps, floor) if n is None else n
        while n > floor and risk(n - 1) <= eps:
            n -= 1
        if best is None or n * cost < best.samples:
            best = Cheapest(n * cost, n, setting, risk(n))
    if best is None:
        raise ValueError("`eps` cannot be reached: no option keeps more than 1 - delta of its labels right.")
    return best


def least_prompts(risk: PluralityRisk, eps: float, start: int = 1) -> int:
    """The least n >= start at which the risk, which falls with n, is at most eps.

    Raises `ValueError` where no n is enough, because the class's own law is not sharpened at the right secret.
    """
    if risk.dull and risk.parameters.hard_mass > eps:
        raise ValueError(
            f"`eps` = {eps!r} cannot be reached: the kept label is right with probability {risk.hit:.4g}, not above 1 - delta."
        )
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
