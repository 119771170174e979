"""Sampling at a temperature T: every next-token distribution is raised to the power 1/T and normalised.

This differs from the tilted distribution of whole responses, pi^(1/T), which is normalised once.
"""

from typing import Any

import jax
import jax.numpy as jnp

from sharpsim._arguments import ANYTHING, checked
from sharpsim.decoding._reshaped import ReshapedPolicy
from sharpsim.policies import SequencePolicy


class TemperedPolicy(ReshapedPolicy):
    """pi_T(y | x) = prod_h pi(y_h | x, y_<h)^(1/T) / Z_h(x, y_<h): every next-token law at temperature T.

    T = 1 is the policy itself; T -> 0 tends to greedy decoding (ties uniform), T -> infinity to uniform tokens on the support.
    Unlike pi^(1/T), which sharpens whole responses, it normalises token by token.
    """

    temperature: jax.Array

    @checked
    def __init__(self, policy: SequencePolicy, *, temperature: Any):
        self.policy = policy
        self.temperature = jnp.asarray(temperature, dtype=float)

    def reshape(self, log_probs: jax.Array) -> jax.Array:
        """The log-probabilities divided by the temperature and normalised again."""
        self._check_logits(log_probs)
        # The largest goes first: divided by a tiny temperature it would overflow.
        scaled = (log_probs - jnp.max(log_probs)) / self.temperature.astype(log_probs.dtype)
        return jax.nn.log_softmax(scaled)


@checked(prompt=ANYTHING)
def sample_tempered(policy: SequencePolicy, prompt: Any, *, temperature: Any, key: jax.Array) -> jax.Array:
    """One response from the policy at `temperature` > 0 (see `TemperedPolicy`), int32 [horizon].

    Raises `ValueError` for a temperature that is not positive and finite.
    """
    return TemperedPolicy(policy, temperature=temperature).sample(prompt, key=key)
