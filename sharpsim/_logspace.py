"""Arithmetic on log-probabilities, for NumPy and JAX arrays alike.

Each function works in the array namespace of its arguments, and keeps full relative precision near log 0 and log 1. Units are nats.
"""

import math
from functools import partial
from typing import Any, NamedTuple

import numpy as np

LOG_HALF = -math.log(2.0)


def namespace(*arrays: Any) -> Any:
    """The array namespace of the arguments: JAX's if any of them is a JAX array, otherwise NumPy's."""
    found = [a.__array_namespace__() for a in arrays if hasattr(a, "__array_namespace__")]
    return next((xp for xp in found if xp is not np), np)


def as_arrays(*arrays: Any) -> tuple[Any, ...]:
    """The namespace, and the arguments as arrays in it. Arguments that are not arrays become float64."""
    xp = namespace(*arrays)
    made = (a if hasattr(a, "__array_namespace__") else np.asarray(a, dtype=np.float64) for a in arrays)
    return (xp, *(xp.asarray(a) for a in made))


def log1mexp(x: Any, xp: Any) -> Any:
    """log(1 - exp(x)) for x <= 0; -inf at 0 and 0 at -inf."""
    near, inside = x > LOG_HALF, x < 0
    # Each branch gets arguments of its own side only, so that gradients of the other cannot be NaN; log 0 is written down.
    from_above = xp.log(-xp.expm1(xp.where(near & inside, x, -1.0)))
    from_below = xp.log1p(-xp.exp(xp.where(near, -1.0, x)))
    return xp.where(inside, xp.where(near, from_above, from_below), -xp.inf)


def log1mexp_of_log(v: Any, xp: Any) -> Any:
    """log(1 - exp(-exp(v))) for any v: v itself where exp(v) is too small for its digits, 0 as v -> inf, -inf at -inf."""
    small = v < -37.0
    with np.errstate(over="ignore"):
        direct = log1mexp(-xp.exp(xp.where(small, 0.0, v)), xp)
    return xp.where(small, v, direct)


def logaddexp(x: Any, y: Any, xp: Any) -> Any:
    """log(exp(x) + exp(y)), with finite derivatives where both are -inf (those of `jax.numpy.logaddexp` are NaN)."""
    if xp is np:
        return np.logaddexp(x, y)
    top, low = xp.maximum(x, y), xp.minimum(x, y)
    return top + xp.log1p(xp.exp(low - xp.where(top > -xp.inf, top, 0.0)))


def logsumexp(x: Any, xp: Any, axis: int = -1) -> Any:
    """log of the sum of exp(x) along `axis`; -inf for a row of -inf, +inf where an entry is +inf."""
    top = xp.max(x, axis=axis, keepdims=True)
    top = xp.where(xp.isfinite(top), top, 0.0)
    with np.errstate(over="ignore"):
        total = xp.sum(xp.exp(x - top), axis=axis)
    # log 0 is written down, not computed: its derivative is infinite.
    log_total = xp.where(total > 0, xp.log(xp.where(total > 0, total, 1.0)), -xp.inf)
    return log_total + xp.squeeze(top, axis=axis)


def running(x: Any, combine: Any, start: float, xp: Any, *, same: Any = None) -> Any:
    """Running `combine` (associative, with neutral element `start`) along the last axis, by doubling.

    It takes ceil(log2 n) rounds, so the rounding error grows with log n and not with n. `same` holds labels, equal ones side by side;
    where it is given, the running value restarts wherever the label changes.
    """
    total, step = x, 1
    while step < x.shape[-1]:
        before = _shifted(total, step, start, xp)
        if same is not None:
            joined = same[..., step:] == same[..., :-step]
            joined = xp.concat([xp.zeros((*joined.shape[:-1], step), dtype=bool), joined], axis=-1)
            before = xp.where(joined, before, start)
            # What has nothing to add from this far has nothing to add from further away.
            if xp is np and (before == start).all():
                break
        total = combine(total, before)
        step *= 2
    return total


def _shifted(x: Any, step: int, fill: float, xp: Any) -> Any:
    return xp.concat([xp.full((*x.shape[:-1], step), fill, dtype=x.dtype), x[..., :-step]], axis=-1)


def cumulative_logsumexp(x: Any, xp: Any) -> Any:
    """log of the running sum of exp(x) along the last axis.

    A running sum of probabilities would lose masses below 1e-308, and digits of small masses added to large ones.
    """
    return running(x, partial(logaddexp, xp=xp), -xp.inf, xp)


def log_fraction(part: Any, rest: Any, xp: Any) -> Any:
    """log(p / (p + r)) from log p and log r, with full relative precision at both ends; -inf where p = 0."""
    empty = part == -xp.inf
    odds_against = rest - xp.where(empty, 0.0, part)
    return xp.where(empty, -xp.inf, -logaddexp(xp.zeros_like(odds_against), odds_against, xp))


def log_missed_power(part: Any, rest: Any, count: Any, xp: Any) -> Any:
    """log(1 - (p / (p + r))^N) from log p, log r and N, also where r/p is below the smallest float; -inf where r = 0, 0 where p = 0."""
    direct = log1mexp(count * log_fraction(part, rest, xp), xp)
    empty = (part == -xp.inf) | (rest == -xp.inf)
    log_odds = xp.where(empty, 0.0, rest) - xp.where(empty, 0.0, part)
    # -log(p / (p + r)) is r/p to the last digit there, and its logarithm has the digits that the number itself would lose.
    tiny = log_odds < math.log(float(np.finfo(np.dtype(log_odds.dtype)).tiny)) + 18
    return xp.where(tiny, log1mexp_of_log(xp.log(count) + log_odds, xp), direct)


class LevelMasses(NamedTuple):
    """For each entry, the log mass of the entries with a smaller, an equal and a larger key, along the last axis."""

    below: Any
    level: Any
    above: Any


def level_masses(sorted_log_probs: Any, sorted_keys: Any, xp: Any) -> LevelMasses:
    """The masses below, at and above each level. A level is a run of equal `sorted_keys` (ascending along the last axis)."""
    inside = running(sorted_log_probs, partial(logaddexp, xp=xp), -xp.inf, xp, same=sorted_keys)
    flipped, flipped_keys = xp.flip(sorted_log_probs, axis=-1), xp.flip(sorted_keys, axis=-1)
    later = xp.flip(running(flipped, partial(logaddexp, xp=xp), -xp.inf, xp, same=flipped_keys), axis=-1)
    ends = xp.full((*later.shape[:-1], 1), -xp.inf, dtype=later.dtype)
    next_is_same = sorted_keys[..., 1:] == sorted_keys[..., :-1]
    rest = xp.concat([xp.where(next_is_same, later[..., 1:], -xp.inf), ends], axis=-1)
    above = xp.flip(_strictly_before(flipped, flipped_keys, xp), axis=-1)
    return LevelMasses(_strictly_before(sorted_log_probs, sorted_keys, xp), logaddexp(inside, rest, xp), above)


def _strictly_before(log_probs: Any, keys: Any, xp: Any) -> Any:
    return before_level(cumulative_logsumexp(log_probs, xp), keys, xp)


def before_level(running_total: Any, keys: Any, xp: Any) -> Any:
    """For each entry, the running total just before its level of sorted `keys` begins; -inf for the first level.

    `running_total` must be non-decreasing along the last axis.
    """
    first = xp.concat([xp.ones((*keys.shape[:-1], 1), dtype=bool), keys[..., 1:] != keys[..., :-1]], axis=-1)
    before = xp.where(first, _shifted(running_total, 1, -xp.inf, xp), -xp.inf)
    return np.maximum.accumulate(before, axis=-1) if xp is np else running(before, xp.maximum, -xp.inf, xp)


def relative_entropy(policy: Any, base: Any, xp: Any) -> Any:
    """sum p log(p/q) along the last axis of two laws' log-probabilities, nats; inf where the second lacks mass that the first has.

    Each summand p (u - 1 - log u), u = q/p, is non-negative, so that a small divergence keeps its digits.
    """
    mass, base_mass = xp.exp(policy), xp.exp(base)
    has_mass = mass > 0
    gap = xp.where(has_mass, xp.where(has_mass, base, 0.0) - xp.where(has_mass, policy, 0.0), 0.0)
    near = xp.abs(gap) < 1.0
    close = xp.where(near, gap, 0.0)
    summands = xp.where(near, mass * (xp.expm1(close) - close), base_mass - mass - mass * xp.where(near, 0.0, gap))
    outside = xp.sum(xp.where(has_mass, 0.0, base_mass), axis=-1)
    return xp.sum(xp.where(has_mass, summands, 0.0), axis=-1) + outside


def normalise(log_probs: Any, xp: Any) -> Any:
    """Log-probabilities with each row normalised, so that its probabilities sum to one."""
    return log_probs - logsumexp(log_probs, xp)[..., None]
