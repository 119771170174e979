"""The same quantities as the library's, to as many digits as mpmath is asked for: plain sums over the definition, in exact order.

A row is what the library sees: exponentials of its floats, divided by their exact sum.
"""

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from math import comb, factorial
from typing import Any

import mpmath as mp
import numpy as np


def row(log_row: Any) -> list[Any]:
    """The probabilities of one row of log-probabilities."""
    mass = [mp.exp(mp.mpf(float(v))) if np.isfinite(v) else mp.mpf(0) for v in log_row]
    total = mp.fsum(mass)
    return [m / total for m in mass]


def inside(p: Sequence[Any], slack: float = 0.0) -> list[bool]:
    """Y*_g of an exact row, with the library's guard of 1e-12."""
    top = max(p)
    return [v == top if slack == 0 else v >= (1 - mp.mpf(slack)) * top * (1 - mp.mpf(10) ** -12) for v in p]


def mode_mass(p: Sequence[Any], slack: float = 0.0) -> Any:
    """p(Y*_g)."""
    return mp.fsum(v for v, best in zip(p, inside(p, slack), strict=True) if best)


def miss(p: Sequence[Any], slack: float = 0.0) -> Any:
    """1 - p(Y*_g), as a sum."""
    return mp.fsum(v for v, best in zip(p, inside(p, slack), strict=True) if not best)


def best_of_n(p: Sequence[Any], reward: Sequence[float], draws: int) -> list[Any]:
    """The law of the best of N."""
    out = []
    for i in range(len(p)):
        at_most: Any = mp.fsum(p[j] for j in range(len(p)) if reward[j] <= reward[i])
        below: Any = mp.fsum(p[j] for j in range(len(p)) if reward[j] < reward[i])
        out.append((at_most**draws - below**draws) * p[i] / (at_most - below) if at_most > below else mp.mpf(0))
    return out


def tilted(p: Sequence[Any], reward: Sequence[float], beta: float) -> list[Any]:
    """base exp(reward / beta), normalised."""
    top = max(mp.mpf(float(r)) for r, m in zip(reward, p, strict=True) if m > 0)
    weight = [m * mp.exp((mp.mpf(float(r)) - top) / mp.mpf(beta)) for m, r in zip(p, reward, strict=True)]
    total = mp.fsum(weight)
    return [w / total for w in weight]


def stopping(log_row: Any, stop: float) -> tuple[Any, list[Any], Any]:
    """(mean, kept law, miss) of the stopping rule, summed segment by segment."""
    p = row(log_row)
    levels = sorted({float(v) for v in log_row if np.isfinite(v)})
    mass = {v: mp.fsum(p[i] for i in range(len(p)) if float(log_row[i]) == v) for v in levels}
    single = {v: next(p[i] for i in range(len(p)) if float(log_row[i]) == v) for v in levels}

    def deadline(v: float) -> Any:
        ratio = mp.mpf(stop) / single[v]
        whole: Any = mp.nint(ratio)
        up: Any = mp.ceil(ratio)
        return max(mp.mpf(1), whole if abs(ratio - whole) <= mp.mpf(10) ** -12 * ratio else up)

    due = {v: deadline(v) for v in levels}

    def alive(k: Any, among: Sequence[float]) -> Any:
        return mp.fsum(mass[v] for v in among if due[v] > k)

    def powers(among: Sequence[float], start: Any) -> Any:
        """sum over k >= start of alive(k)^k."""
        total, at = mp.mpf(0), start
        for end in sorted(set(due.values())):
            if end > at:
                f = alive(at, among)
                total += end - at if f == 1 else (f**at - f**end) / (1 - f)
                at = end
        return total

    mean = 1 + powers(levels, mp.mpf(1))
    kept: dict[float, Any] = {}
    for j, v in enumerate(levels):
        at_most, below = mp.fsum(mass[u] for u in levels[: j + 1]), mp.fsum(mass[u] for u in levels[:j])
        if j + 1 < len(levels) or len(levels) == 1:
            kept[v] = at_most ** due[v] - below ** due[v] + mass[v] * powers(levels, due[v])
    if len(levels) > 1:
        kept[levels[-1]] = 1 - mp.fsum(kept[v] for v in levels[:-1])
    law = [kept[float(v)] * p[i] / mass[float(v)] if np.isfinite(v) else mp.mpf(0) for i, v in enumerate(log_row)]
    return mean, law, mp.fsum(kept[v] for v in levels[:-1])


def binomial(n: int, p: Any, k: int) -> Any:
    """P[Bin(n, p) = k]."""
    return comb(n, k) * mp.mpf(p) ** k * (1 - mp.mpf(p)) ** (n - k)


def saturated_risk(misses: Sequence[Any], weights: Sequence[float], n: int, delta: Fraction) -> Any:
    """E[P_x[m of c kept responses miss, m >= delta c]] for c of n pairs; c = 0 fails. `delta` as the fraction that is meant."""
    total = mp.mpf(0)
    for weight, b in zip(weights, misses, strict=True):
        for c in range(n + 1):
            failing = mp.fsum(binomial(c, b, m) for m in range(c + 1) if m >= delta * c)
            total += mp.mpf(weight) * binomial(n, weight, c) * failing
    return total


@lru_cache(maxsize=4096)
def tie_credit(k: int, balls: int, cells: int) -> Fraction:
    """E[1{max <= k} / (1 + #{cells at k})] for balls thrown on cells, by counting."""
    total = Fraction(0)
    for full in range(cells + 1):
        if full * k <= balls:
            ways = _fillings(k, balls - full * k, cells - full)
            total += Fraction(comb(cells, full), 1 + full) * ways / Fraction(factorial(k)) ** full
    return total * factorial(balls) / Fraction(cells) ** balls


@lru_cache(maxsize=4096)
def _fillings(k: int, balls: int, cells: int) -> Fraction:
    """The coefficient of z^balls in (sum_{i < k} z^i/i!)^cells."""
    if cells == 0:
        return Fraction(int(balls == 0))
    return sum((_fillings(k, balls - i, cells - 1) / factorial(i) for i in range(min(k, balls + 1))), Fraction(0))


def plurality_miss(votes: int, labels: int, miss: Any) -> Any:
    """P[the favoured label is not the mode of the votes, ties uniform]."""
    total = mp.mpf(0)
    for others in range(votes + 1):
        credit = 1 - tie_credit(votes - others, others, labels - 1)
        total += binomial(votes, miss, others) * mp.mpf(credit.numerator) / credit.denominator
    return total


def family_risk(n: int, miss: Any, hard_prompts: int, labels: int, hard_mass: float) -> Any:
    """D E[P[mode is not the secret]] over Bin(n, D/d) votes."""
    chance = mp.mpf(hard_mass) / hard_prompts
    return mp.mpf(hard_mass) * mp.fsum(binomial(n, chance, c) * plurality_miss(c, labels, miss) for c in range(n + 1))
