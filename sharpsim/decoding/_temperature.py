"""Sampling at a temperature: each next-token law raised to a power, which is not the tilted law of whole responses."""

from typing import Any

import jax
import jax.numpy as jnp

from sharpsim import _checks
from sharpsim.policies._sequence import SequencePolicy


class TemperedPolicy(SequencePolicy):
    """pi_T(y | x) = prod_h pi(y_h | x, y_<h)^(1/T) / Z_h(x, y_<h): every next-token law at temperature T.

    T = 1 is the policy itself; T -> 0 tends to greedy decoding (ties uniform), T -> infinity to uniform tokens on the support.
    Unlike pi^(1/T), which sharpens whole responses, it normalises token by token.
    """

    policy: SequencePolicy
    temperature: jax.Array

    @property
    def vocabulary_size(self) -> int:
        """As the policy's."""
        return self.policy.vocabulary_size

    @property
    def horizon(self) -> int:
        """As the policy's."""
        return self.policy.horizon

    @property
    def begin_token(self) -> int:
        """As the policy's."""
        return self.policy.begin_token

    @property
    def end_token(self) -> int | None:
        """As the policy's."""
        return self.policy.end_token

    def __init__(self, policy: SequencePolicy, *, temperature: Any):
        _checks.positive("temperature", temperature)
        self.policy = policy
        self.temperature = jnp.asarray(temperature, dtype=float)

    def check_prompts(self, prompts: Any) -> None:
        """As the policy's."""
        self.policy.check_prompts(prompts)

    def start(self, prompt: Any) -> Any:
        """As the policy's."""
        return self.policy.start(prompt)

    def step(self, state: Any, token: Any) -> tuple[Any, jax.Array]:
        """As the policy's, the log-probabilities divided by the temperature and normalised again."""
        state, log_probs = self.policy.step(state, token)
        # The largest goes first: divided by a tiny temperature it would overflow.
        scaled = (log_probs - jnp.max(log_probs)) / self.temperature.astype(log_probs.dtype)
        return state, jax.nn.log_softmax(scaled)


def sample_tempered(policy: SequencePolicy, prompt: Any, *, temperature: Any, key: jax.Array) -> jax.Array:
    """One response from the policy at `temperature` > 0 (see `TemperedPolicy`), int32 [horizon].

    Raises `ValueError` for a temperature that is not positive and finite.
    """
    return TemperedPolicy(policy, temperature=temperature).sample(prompt, key=key)
