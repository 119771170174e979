"""Best of N in balls: the exact law with ties, its divergence and win rate, and the bounds on them (theory.best_of_n; section 3, Prop C.1).

A level is the set of responses of one reward. F and F- are the masses at most and below a level, f its own; sums of masses are exact.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from flint import arb, fmpq

from sharpsim.certified._exact import Log, ball, between, log_share, numbers, power_of_complement, refuse, settled, whole, x_log_x
from sharpsim.certified._rows import Row, row_of

__all__ = [
    "kl", "kl_bound", "law", "mean_miss", "miss", "miss_bound", "row", "samples_needed", "win_rate", "win_rate_bound",
]  # fmt: skip


class Level(NamedTuple):
    """The responses of one reward, and the mass of lower, equal and higher rewards in the row's units."""

    responses: list[int]
    below: Any
    level: Any
    above: Any


def levels(row: Any, reward: Any = None) -> list[Level]:
    """The levels of the responses with mass, by rising reward; without rewards, those of the probabilities themselves."""
    row = row_of("row", row)
    keys = row.keys if reward is None else rewards(reward, len(row))
    units = row.units()
    groups: dict[Any, list[int]] = {}
    for y, weight in enumerate(row.weights):
        if weight:
            groups.setdefault(keys[y], []).append(y)
    found, below, total = [], 0, sum(units)
    order = sorted(groups)
    sums = [sum(units[y] for y in groups[key]) for key in order]
    higher = [0]
    for level in reversed(sums[1:]):
        higher.append(higher[-1] + level)
    exact = isinstance(total, int)
    for key, level, above in zip(order, sums, reversed(higher), strict=True):
        found.append(Level(groups[key], below, level, total - below - level if exact else above))
        below = below + level
    return found


def rewards(reward: Any, size: int) -> Sequence[fmpq]:
    """One exact number for each response."""
    exact = numbers("reward", reward, f"one number for each of the {size} responses of `row`")
    if len(exact) != size:
        raise refuse("reward", f"one number for each of the {size} responses of `row`", reward)
    return exact


def gains(found: Sequence[Level], N: int) -> list[arb]:
    """P[best of N in the level] = F^N - F-^N = F^N (1 - (1 - f/F)^N), for each level."""
    if N == 1:
        return [arb(one.level) / arb(one.below + one.level + one.above) for one in found]
    return [_gain(one, N) for one in found]


def _gain(one: Level, N: int) -> arb:
    new = arb(1) if arb(one.below).is_zero() else -(log_share(one.below, one.level) * N).expm1()
    return (log_share(one.below + one.level, one.above) * N).exp() * new


def law(row: Any, reward: Any = None, *, N: Any) -> list[arb]:
    """pi_N(y) = (F^N - F-^N) base(y)/f for each response; ties in reward go to the first drawn. Section 3."""
    row, N = row_of("row", row), whole("N", N)
    out, units = [arb(0)] * len(row), row.units()
    found = levels(row, reward)
    for one, gain in zip(found, gains(found, N), strict=True):
        for y in one.responses:
            out[y] = gain * units[y] / one.level
    return out


def kl(row: Any, reward: Any = None, *, N: Any) -> arb:
    """KL(pi_N || base) = sum over levels of (F^N - F-^N) log((F^N - F-^N)/f), nats; the exact 0 at N = 1."""
    row, N = row_of("row", row), whole("N", N)
    found = levels(row, reward)
    if N == 1:
        return arb(0)
    total = arb(sum(row.units()))
    ratios = [(arb(one.level) / total, gain) for one, gain in zip(found, gains(found, N), strict=True)]
    return sum((f * x_log_x(gain / f) for f, gain in ratios), arb(0))


def kl_bound(*, N: Any) -> arb:
    """log N - (N-1)/N >= KL(pi_N || base), in nats; the exact 0 at N = 1 (ours)."""
    N = whole("N", N)
    return arb(N).log() - arb(fmpq(N - 1, N))


def win_rate(row: Any, reward: Any = None, *, N: Any, tie_credit: Any) -> Any:
    """P[best of N has more reward than a base draw] + tie_credit P[as much] = sum over levels of (F^N - F-^N)(F- + tie_credit f).

    A rational at N = 1 for rational rows, else a ball.
    """
    row, N, credit = row_of("row", row), whole("N", N), between("tie_credit", tie_credit, 0, 1, closed="low high")
    found = levels(row, reward)
    units = sum(row.units())
    if N == 1 and isinstance(units, int):
        return sum((fmpq(one.level, units) * (one.below + credit * one.level) / units for one in found), fmpq(0))
    beaten = [(arb(one.below) + arb(credit) * one.level) / units for one in found]
    return sum((gain * below for gain, below in zip(gains(found, N), beaten, strict=True)), arb(0))


def win_rate_bound(*, N: Any) -> fmpq:
    """N/(N+1): above the win rate with ties counted half, below it with ties counted won (ours)."""
    N = whole("N", N)
    return fmpq(N, N + 1)


def miss(row: Any, *, N: Any, slack: Any = 0) -> arb:
    """(1 - base(Y*_g))^N, the probability that best of N returns no response of Y*_g; the exact 0 where nothing is outside."""
    row, N, g = row_of("row", row), whole("N", N), between("slack", slack, 0, 1, closed="low")
    outside = row.outside(g)
    if not any(row.weights[y] for y in outside):
        return arb(0)
    units = row.units()
    return (log_share(sum(units[y] for y in outside), sum(units[y] for y in row.maximal(g))) * N).exp()


def mean_miss(mode_masses: Any, *, N: Any) -> arb:
    """The mean over prompts of (1 - P*)^N, from the modes' masses, each an exact number in (0, 1]; 5 microseconds a prompt."""
    N = whole("N", N)
    values = mode_masses.tolist() if hasattr(mode_masses, "tolist") else mode_masses
    if not isinstance(values, (list, tuple)) or not values:
        raise refuse("mode_masses", "numbers in (0, 1]", mode_masses)
    total = arb(0)
    for mass in values:
        if not (isinstance(mass, (float, fmpq)) and 0 < mass <= 1):
            mass = between("mode_masses", mass, 0, 1, closed="high")
        total += power_of_complement(arb(mass), N)
    return total / len(values)


def miss_bound(*, covered_mass: Any, N: Any) -> arb:
    """exp(-N p) >= (1-p)^N (Prop C.1)."""
    return (-(whole("N", N) * arb(between("covered_mass", covered_mass, 0, 1, closed="high")))).exp()


def samples_needed(*, covered_mass: Any, rho: Any) -> int:
    """ceil(log(1/rho)/p), the N of Prop C.1 at which (1-p)^N <= rho."""
    p, rho = between("covered_mass", covered_mass, 0, 1, closed="high"), between("rho", rho, 0, 1)
    if p < fmpq(1, 10**300):
        raise refuse("covered_mass", "at least 1e-300", covered_mass)
    return int(settled(lambda: (ball(Log(1 / rho)) / arb(p)).ceil().unique_fmpz(), "a number of draws"))


def row(row: Any, reward: Any = None, *, N: Any) -> Row:
    """pi_N as an exact row, for small N: its integers have about N times as many digits as the base's."""
    base, N = row_of("row", row), whole("N", N, 1, 1000)
    out = [fmpq(0)] * len(base)
    for one in levels(base, reward):
        gain = fmpq(one.below + one.level, base.total) ** N - fmpq(one.below, base.total) ** N
        for y in one.responses:
            out[y] = gain * base.weights[y] / one.level
    return row_of("row", out)
