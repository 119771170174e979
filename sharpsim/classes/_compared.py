"""Checks, residuals and ties that all least-squares fits to compared pairs of responses use."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from sharpsim import _checks
from sharpsim._precision import placed

CHUNK = 2**22
"""Residuals held in memory at once."""


def check_pairs(
    prompts: Int[Array, " n"], first: Int[Array, "..."], second: Int[Array, "..."], targets: Float[Array, "..."], shape: tuple[int, int]
) -> tuple[Any, Any, Any, Any]:
    """The pairs as arrays; indices outside `shape` are refused."""
    for name, values, size in (("prompts", prompts, shape[0]), ("first", first, shape[1]), ("second", second, shape[1])):
        _checks.indices(name, values, size)
    return placed(prompts), placed(first), placed(second), placed(targets)


@partial(jax.jit, inline=True)
def squared_residuals(
    log_first: Float[Array, "*batch n"],
    log_second: Float[Array, "*batch n"],
    targets: Float[Array, " n"],
    same: Bool[Array, " n"],
    *,
    beta: Any,
) -> Float[Array, "*batch n"]:
    """( beta (log pi(y) - log pi(y')) - target )^2; inf where pi lacks a compared response, the target's own where y = y'.

    A residual within rounding of its terms is 0, so that members that solve the equations exactly tie exactly.
    """
    lacking = (log_first == -jnp.inf) | (log_second == -jnp.inf)
    terms = [jnp.where(lacking, 0.0, beta * values) for values in (log_first, log_second)]
    residual = jnp.where(same, 0.0, terms[0] - terms[1]) - targets
    room = 16 * jnp.finfo(residual.dtype).eps * (1.0 + jnp.abs(terms[0]) + jnp.abs(terms[1]) + jnp.abs(targets))
    squares = jnp.where(jnp.abs(residual) <= room, 0.0, residual**2)
    return jnp.where(lacking & ~same, jnp.inf, squares)


@partial(jax.jit, inline=True)
def is_least(losses: Float[Array, "*batch members"]) -> Bool[Array, "*batch members"]:
    """Where the losses are least along the last axis, up to the rounding of their sums; relative alone, since 0 is exact."""
    least = jnp.min(losses, axis=-1, keepdims=True)
    tolerance = 1e-10 if losses.dtype == jnp.float64 else 1e-5
    return (losses <= least * (1 + tolerance)) | (losses == least)
