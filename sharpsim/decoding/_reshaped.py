"""Policies that change the next-token distribution of another policy: the base class of temperature and top-k sampling."""

import abc
from typing import Any

import jax

from sharpsim import _checks
from sharpsim._arguments import SCORES, require_concrete
from sharpsim.policies import SequencePolicy


class ReshapedPolicy(SequencePolicy):
    """A policy whose next-token distribution is a function of another policy's, at every prefix. All else is the other policy's."""

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
        """The new next-token log-probabilities [vocabulary_size], given the policy's."""

    @property
    def prompt_shape(self) -> tuple[int, ...] | None:
        """As the policy's."""
        return self.policy.prompt_shape

    def _check_logits(self, log_probs: Any) -> None:
        require_concrete(SCORES, log_probs=log_probs)
        _checks.shape_of("log_probs", log_probs, (self.vocabulary_size,))

    def check_prompts(self, prompts: Any) -> None:
        """As the policy's."""
        self.policy.check_prompts(prompts)

    def start(self, prompt: Any) -> Any:
        """As the policy's."""
        return self.policy.start(prompt)

    @property
    def step_axes(self) -> tuple[int, ...] | None:
        """As the policy's."""
        return self.policy.step_axes

    def step(self, state: Any, token: Any) -> tuple[Any, jax.Array]:
        """As the policy's, its log-probabilities reshaped."""
        state, log_probs = self.policy.step(state, token)
        return state, self.reshape(log_probs)
