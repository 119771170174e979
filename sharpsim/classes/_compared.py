"""Checks, residuals and ties that all least-squares fits to compared pairs of responses use."""

from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from sharpsim import _checks

CHUNK = 2**22
"""Residuals held in memory at once."""


def check_pairs(
    prompts: Int[Array, " n"], first: Int[Array, "..."], second: Int[Array, "..."], targets: Float[Array, "..."], shape: tuple[int, int]
) -> None:
    """Refuse no pairs, lengths that differ, indices outside `shape` and targets that are not finite."""
    if prompts.ndim != 1 or prompts.shape[0] == 0:
        raise ValueError(f"`prompts` must hold at least one pair, [n]; got shape {prompts.shape}.")
    for name, values in (("first", first), ("second", second), ("targets", targets)):
        if values.shape != prompts.shape:
            raise ValueError(f"`{name}` must have the shape of `prompts`, {prompts.shape}; got {values.shape}.")
    for name, values, size in (("prompts", prompts, shape[0]), ("first", first, shape[1]), ("second", second, shape[1])):
        if not _checks.is_traced(values) and not ((np.asarray(values) >= 0) & (np.asarray(values) < size)).all():
            raise ValueError(f"`{name}` must be indices from 0 to {size - 1}.")
    if not _checks.is_traced(targets) and not np.isfinite(np.asarray(targets)).all():
        raise ValueError("`targets` must be finite: a compared response has no mass under the base, or an infinite reward.")


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


def is_least(losses: Float[Array, "*batch members"]) -> Bool[Array, "*batch members"]:
    """Where the losses are least along the last axis, up to the rounding of their sums; relative alone, since 0 is exact."""
    least = jnp.min(losses, axis=-1, keepdims=True)
    tolerance = 1e-10 if losses.dtype == jnp.float64 else 1e-5
    return (losses <= least * (1 + tolerance)) | (losses == least)
