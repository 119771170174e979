"""A law made of another, next token by next token."""

import abc
from typing import Any

import jax

from sharpsim.policies import SequencePolicy


class ReshapedPolicy(SequencePolicy):
    """The policy whose next-token law is a function of another's, at every prefix: prompts, vocabulary and horizon are the other's."""

    policy: SequencePolicy

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

    @abc.abstractmethod
    def reshape(self, log_probs: jax.Array) -> jax.Array:
        """The new next-token log-probabilities [vocabulary_size], made of the policy's."""

    def check_prompts(self, prompts: Any) -> None:
        """As the policy's."""
        self.policy.check_prompts(prompts)

    def start(self, prompt: Any) -> Any:
        """As the policy's."""
        return self.policy.start(prompt)

    def step(self, state: Any, token: Any) -> tuple[Any, jax.Array]:
        """As the policy's, its log-probabilities reshaped."""
        state, log_probs = self.policy.step(state, token)
        return state, self.reshape(log_probs)
