"""Arithmetic on logarithms of probabilities, in the namespace of the arrays that come in.

Every function takes NumPy or JAX arrays and keeps full relative precision near log 0 and log 1.
"""

import math
from typing import Any

import numpy as np

LOG_HALF = -math.log(2.0)


def namespace(*arrays: Any) -> Any:
    """The array namespace shared by the arguments: JAX's if any of them is a JAX array, else NumPy's."""
    found = [a.__array_namespace__() for a in arrays if hasattr(a, "__array_namespace__")]
    return next((xp for xp in found if xp is not np), np)


def as_arrays(*arrays: Any) -> tuple[Any, ...]:
    """The arguments as arrays of one namespace; what is not an array yet becomes float64."""
    xp = namespace(*arrays)
    made = (a if hasattr(a, "__array_namespace__") else np.asarray(a, dtype=np.float64) for a in arrays)
    return (xp, *(xp.asarray(a) for a in made))


def log1mexp(x: Any, xp: Any) -> Any:
    """log(1 - exp(x)) for x <= 0; -inf at 0 and 0 at -inf."""
    near = x > LOG_HALF
    # Each branch gets arguments of its own side only, so that gradients of the other cannot be NaN.
    with np.errstate(divide="ignore"):
        from_above = xp.log(-xp.expm1(xp.where(near, x, -1.0)))
        from_below = xp.log1p(-xp.exp(xp.where(near, -1.0, x)))
    return xp.where(near, from_above, from_below)


def logsumexp(x: Any, xp: Any, axis: int = -1) -> Any:
    """log of the sum of exp(x) along `axis`; -inf for a row of -inf, +inf where an entry is +inf."""
    top = xp.max(x, axis=axis, keepdims=True)
    top = xp.where(xp.isfinite(top), top, 0.0)
    with np.errstate(divide="ignore", over="ignore"):
        return xp.log(xp.sum(xp.exp(x - top), axis=axis)) + xp.squeeze(top, axis=axis)


def cumulative_logsumexp(x: Any, xp: Any) -> Any:
    """log of the running sum of exp(x) along the last axis, by doubling.

    ceil(log2 n) rounds of logaddexp, so the rounding error is log2(n) units in the last place wherever the sums lie:
    a running sum in probabilities would lose masses below 1e-308 and all digits of small masses behind large ones.
    """
    total, step = x, 1
    while step < x.shape[-1]:
        shifted = xp.concat([xp.full((*x.shape[:-1], step), -xp.inf, dtype=x.dtype), total[..., :-step]], axis=-1)
        total = xp.logaddexp(total, shifted)
        step *= 2
    return total


def normalise(log_probs: Any, xp: Any) -> Any:
    """Rows divided by their exact sum."""
    return log_probs - logsumexp(log_probs, xp)[..., None]
