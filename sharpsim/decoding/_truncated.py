"""Top-k sampling: every next-token distribution is restricted to its k most probable tokens and normalised."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from sharpsim import _checks
from sharpsim._arguments import ANYTHING, checked, count
from sharpsim.decoding._reshaped import ReshapedPolicy
from sharpsim.policies import SequencePolicy


class TopKPolicy(ReshapedPolicy):
    """pi_k(y | x) = prod_h pi(y_h | x, y_<h) 1{y_h in top_k} / pi(top_k | x, y_<h): exactly k tokens, ties to the smaller ones.

    k = 1 is greedy decoding, k >= V the policy itself. `log_prob` is that of the truncated policy, -inf for responses it cannot give.
    """

    k: int = eqx.field(static=True)

    @checked(k=count())
    def __init__(self, policy: SequencePolicy, *, k: int):
        self.policy = policy
        self.k = _checks.static_count("k", k)

    def reshape(self, log_probs: jax.Array) -> jax.Array:
        """The log-probabilities of the k most probable tokens, normalised again; -inf for the rest."""
        self._check_logits(log_probs)
        if self.k >= self.vocabulary_size:
            return log_probs
        edge = jnp.sort(log_probs)[self.vocabulary_size - self.k]
        above, at_edge = log_probs > edge, log_probs == edge
        kept = above | (at_edge & (jnp.cumsum(at_edge) <= self.k - above.sum()))
        return jax.nn.log_softmax(jnp.where(kept, log_probs, -jnp.inf))


@checked(prompt=ANYTHING, k=count())
def sample_top_k(policy: SequencePolicy, prompt: Any, *, k: int, key: jax.Array) -> jax.Array:
    """One response by top-k sampling (see `TopKPolicy`), int32 [horizon]. Raises `ValueError` for k below 1."""
    return TopKPolicy(policy, k=k).sample(prompt, key=key)
