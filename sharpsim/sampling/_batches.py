"""The answers of an oracle: samples, their log-likelihoods and their cost in samples.

`Draws` holds all responses to each prompt, `Batch` the one kept, and `AdaptiveBatch` the one kept with the number of draws it took.
"""

from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from sharpsim import _checks
from sharpsim._arguments import arrays, checked, count
from sharpsim.sampling._kinds import FLOATS, INDICES, INTEGERS


class Draws(eqx.Module):
    """All N responses to each of n prompts, drawn independently.

    Prompts are indices `[n]`, responses `[n, N, ..]`, log-likelihoods `[n, N]` in nats. The cost in samples is a Python int.
    """

    prompts: Int[Array, " n"]
    responses: Int[Array, "..."]
    log_probs: Float[Array, "..."]
    cost: int = eqx.field(static=True)


class Batch(eqx.Module):
    """The response kept for each of n prompts.

    Prompts are indices `[n]`, responses `[n, ..]`, log-likelihoods `[n]` in nats, NaN where nothing was answered. The cost counts all
    samples drawn, also those not kept; it is a Python int, or traced where N is traced.
    """

    prompts: Int[Array, " n"]
    responses: Int[Array, "n ..."]
    log_probs: Float[Array, " n"]
    _static_cost: int | None = eqx.field(static=True)
    _traced_cost: Any

    # Types and shapes alone: what JAX still computes is not waited for.
    @checked(prompts=INDICES, responses=INTEGERS, log_probs=FLOATS, cost=arrays(count()))
    def __init__(self, prompts: Any, responses: Any, log_probs: Any, cost: Any):
        _checks.same_shape("prompts", prompts, "log_probs", log_probs)
        if responses.shape[:1] != prompts.shape:
            raise ValueError(f"`responses` must hold one response for each of the {len(prompts)} prompts; got shape {responses.shape}.")
        self.prompts, self.responses, self.log_probs = prompts, responses, log_probs
        self._static_cost, self._traced_cost = (cost, None) if isinstance(cost, int) else (None, cost)

    @property
    def cost(self) -> Any:
        """The number of samples drawn."""
        return self._traced_cost if self._static_cost is None else self._static_cost


class AdaptiveBatch(eqx.Module):
    """The response kept for each of n prompts, and the number of draws it took. All arrays are `[n]`; `draws` are whole floats."""

    prompts: Int[Array, " n"]
    responses: Int[Array, " n"]
    log_probs: Float[Array, " n"]
    draws: Float[Array, " n"]

    @property
    def cost(self) -> Float[Array, ""]:
        """The number of samples drawn, a random value."""
        return jnp.sum(self.draws)
