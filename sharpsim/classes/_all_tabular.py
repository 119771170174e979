"""The class of all conditional laws over finitely many prompts and responses."""

import math

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key

from sharpsim import _checks
from sharpsim.classes._counts import Fit, pair_counts
from sharpsim.policies import TabularPolicy


class AllTabular(eqx.Module):
    """Every table of `prompts` laws over `responses` responses; infinite, so `log_size` is inf and Lemma F.1 says nothing.

    `reference` (what the learner knows beforehand) is the law it keeps where it has no data; uniform without it.
    """

    prompts: int = eqx.field(static=True)
    responses: int = eqx.field(static=True)
    reference: TabularPolicy | None = None

    def __init__(self, prompts: int, responses: int, reference: TabularPolicy | None = None):
        self.prompts = _checks.static_count("prompts", prompts)
        self.responses = _checks.static_count("responses", responses)
        if reference is not None and reference.log_probs.shape != (prompts, responses):
            raise ValueError(f"`reference` must be a table [{prompts}, {responses}]; got shape {reference.log_probs.shape}.")
        self.reference = reference

    @property
    def log_size(self) -> float:
        """log|Pi| = inf."""
        return math.inf

    @property
    def shape(self) -> tuple[int, int]:
        """(prompts, responses) of each member's table."""
        return self.prompts, self.responses

    def maximum_likelihood(self, prompts: Int[Array, " n"], responses: Int[Array, "..."], *, key: Key[Array, ""]) -> Fit:
        """The empirical law of the responses to each prompt; `info["seen"]` is how many pairs each prompt had. `key` is unused."""
        del key
        dtype = jnp.zeros(()).dtype if self.reference is None else self.reference.log_probs.dtype
        counts = pair_counts(prompts, responses, self.shape, dtype)
        seen = counts.sum(axis=1, keepdims=True)
        unseen = jnp.full(counts.shape, -math.log(self.responses), dtype) if self.reference is None else self.reference.log_probs
        law = jnp.where(seen > 0, jnp.log(counts) - jnp.log(jnp.maximum(seen, 1.0)), unseen)
        return Fit(TabularPolicy(law), {"seen": seen[:, 0]})

    def maximiser_votes(self, observed: Float[Array, "prompts responses"]) -> Float[Array, "prompts responses"]:
        """1 for the likeliest response seen if some table with these likelihoods has its maximum there, 1/2 for each unseen one that may.

        An unseen response can be a maximiser while the mass left reaches the largest likelihood seen; a seen one while the mass left
        can be spread over the unseen without exceeding it. `observed` holds log-likelihoods of the base, NaN where unseen.
        """
        hidden = jnp.isnan(observed)
        seen = jnp.where(hidden, 0.0, jnp.exp(observed))
        top, left = jnp.max(seen, axis=-1, keepdims=True), 1 - jnp.sum(seen, axis=-1, keepdims=True)
        room = 1e-9 if observed.dtype == jnp.float64 else 1e-5
        leads = ~hidden & (seen == top) & (left <= top * jnp.sum(hidden, axis=-1, keepdims=True) + room)
        return jnp.where(leads, 1.0, jnp.where(hidden & (left >= top - room) & (left > room), 0.5, 0.0)).astype(observed.dtype)
