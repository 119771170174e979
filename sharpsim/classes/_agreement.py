"""Finds the members of a class that agree with observed likelihoods (the version space of noise-free observations)."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float


@partial(jax.jit, inline=True)
def agrees(log_probs: Float[Array, "*batch responses"], observed: Any) -> Bool[Array, "*batch"]:
    """Whether a law has every log-likelihood in `observed`, up to rounding. NaN marks unseen responses; shapes broadcast."""
    tolerance = 1e-9 if log_probs.dtype == jnp.float64 else 1e-4
    close = jnp.isclose(log_probs, observed, rtol=tolerance, atol=tolerance)
    return jnp.all(jnp.isnan(observed) | close, axis=-1)


@partial(jax.jit, inline=True)
def is_maximiser(log_probs: Float[Array, "*batch responses"]) -> Bool[Array, "*batch responses"]:
    """Where a law is largest, exactly."""
    return log_probs == jnp.max(log_probs, axis=-1, keepdims=True)
