"""What an oracle hands out: samples, their likelihoods and what they cost."""

from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Int


class Draws(eqx.Module):
    """Prompts `[n]` (indices), responses `[n, N, ..]`, log-likelihoods `[n, N]` in nats, and the cost in samples, a Python int."""

    prompts: Int[Array, " n"]
    responses: Int[Array, "..."]
    log_probs: Float[Array, "..."]
    cost: int = eqx.field(static=True)


class Batch(eqx.Module):
    """One kept response per prompt: prompts `[n]`, responses `[n, ..]`, log-likelihoods `[n]`, and the cost of all that was drawn.

    The cost is a Python int, or traced where N is.
    """

    prompts: Int[Array, " n"]
    responses: Int[Array, "n ..."]
    log_probs: Float[Array, " n"]
    _static_cost: int | None = eqx.field(static=True)
    _traced_cost: Any

    def __init__(self, prompts: Any, responses: Any, log_probs: Any, cost: Any):
        self.prompts, self.responses, self.log_probs = prompts, responses, log_probs
        self._static_cost, self._traced_cost = (cost, None) if isinstance(cost, int) else (None, cost)

    @property
    def cost(self) -> Any:
        """Samples spent."""
        return self._traced_cost if self._static_cost is None else self._static_cost


class AdaptiveBatch(eqx.Module):
    """One kept response per prompt, and how many draws each took: all arrays `[n]`; `draws` are floats that hold whole numbers."""

    prompts: Int[Array, " n"]
    responses: Int[Array, " n"]
    log_probs: Float[Array, " n"]
    draws: Float[Array, " n"]

    @property
    def cost(self) -> Float[Array, ""]:
        """Samples spent, a random value."""
        return jnp.sum(self.draws)
