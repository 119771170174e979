"""Markov policies of order k: the next token depends on the prompt and the last k tokens of the response."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from sharpsim import _checks
from sharpsim._arguments import ROWS, checked
from sharpsim._precision import as_jax
from sharpsim.policies._sequence import SequencePolicy
from sharpsim.policies._tokens import check_end_token, check_prompt_indices, check_step


class MarkovPolicy(SequencePolicy):
    """pi(y | x) = prod_h T_x(y_h | y_{h-k}, ..., y_{h-1}): the next token given the prompt and the last k tokens.

    `log_probs` is an array [prompts, V + 1, ..., V + 1, V] of natural logs with k >= 0 context axes, oldest token first. Index V of
    a context axis stands for "before the first token". Every row (last axis) sums to one, also those of contexts that cannot occur.
    A prompt is an integer in 0..prompts - 1. Responses have `horizon` tokens, or fewer where `end_token` comes first.

    Raises `ValueError` for shapes that do not fit, rows that hold NaN or do not sum to one, a horizon below 1, or an end token
    outside the vocabulary.
    """

    log_probs: jax.Array
    """The tables with their context axes flattened: [prompts, (V + 1)^k, V]."""
    order: int = eqx.field(static=True)
    vocabulary_size: int = eqx.field(static=True)
    horizon: int = eqx.field(static=True)
    begin_token: int = eqx.field(static=True)
    end_token: int | None = eqx.field(static=True)

    @checked(log_probs=ROWS)
    def __init__(self, log_probs: Any, *, horizon: int, end_token: int | None = None):
        shape = np.shape(log_probs)
        if len(shape) < 2 or any(axis != shape[-1] + 1 for axis in shape[1:-1]):
            raise ValueError(f"`log_probs` must have shape [prompts, V + 1, ..., V + 1, V]; got {shape}.")
        check_end_token(end_token, shape[-1])
        self.horizon = _checks.static_count("horizon", horizon)
        self.log_probs = as_jax(log_probs).reshape(shape[0], -1, shape[-1])
        self.order = len(shape) - 2
        self.vocabulary_size = shape[-1]
        self.begin_token = shape[-1]
        self.end_token = end_token

    @classmethod
    def from_probs(cls, probs: Any, *, horizon: int, end_token: int | None = None) -> "MarkovPolicy":
        """The policy with these probabilities, in the shape of `log_probs`."""
        values = _checks.probabilities("probs", probs)
        with np.errstate(divide="ignore"):
            return cls(np.log(values), horizon=horizon, end_token=end_token)

    @property
    def prompts(self) -> int:
        """The number of prompts."""
        return self.log_probs.shape[0]

    @property
    def contexts(self) -> int:
        """The number of contexts, (V + 1)^k. The last one is the context of the first token."""
        return self.log_probs.shape[1]

    @property
    def prompt_shape(self) -> tuple[int, ...]:
        """A prompt is a number."""
        return ()

    def check_prompts(self, prompts: Any) -> None:
        check_prompt_indices(prompts, self.prompts)

    def next_context(self, context: Any, token: Any) -> Any:
        """The context after `token`. A context is the number whose digits in base V + 1 are the last k tokens.

        The initial context, all begin tokens, does not change when a begin token is read.
        """
        _checks.indices("context", context, self.contexts)
        _checks.indices("token", token, self.vocabulary_size + 1)
        # The oldest digit goes before the shift, so that contexts stay below (V + 1)^k and never overflow.
        base = self.vocabulary_size + 1
        return (context % max(self.contexts // base, 1) * base + token) % self.contexts

    def contexts_of(self, prompt: Any) -> tuple[Any, Any, Any]:
        """Log-probabilities [contexts, V] after each context, the context [contexts, V] after each token, and the first context."""
        self.check_prompt(prompt)
        after = self.next_context(np.arange(self.contexts)[:, None], np.arange(self.vocabulary_size)[None, :])
        return self.log_probs[prompt], after, self.contexts - 1

    def start(self, prompt: Any) -> Any:
        self.check_prompt(prompt)
        return jnp.asarray(prompt, jnp.int32), jnp.asarray(self.contexts - 1, jnp.int32)

    def step(self, state: Any, token: Any) -> tuple[Any, jax.Array]:
        check_step(self, state, token)
        prompt, context = state
        context = self.next_context(context, jnp.asarray(token, jnp.int32))
        return (prompt, context), self.log_probs[prompt, context]
