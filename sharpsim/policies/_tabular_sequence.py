"""Sequence policies given by an explicit next-token distribution for every prefix: any distribution over short sequences."""

from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from sharpsim import _checks
from sharpsim._arguments import ARRAYS, checked
from sharpsim._precision import as_jax
from sharpsim.policies._sequence import SequencePolicy
from sharpsim.policies._tokens import check_end_token, check_prompt_indices, check_step


class TabularSequencePolicy(SequencePolicy):
    """pi(y | x) with an explicit log pi(y_h | x, y_<h) for every prefix: any distribution over V^H.

    `conditionals[h]` is an array [prompts, V, ..., V] with h + 1 axes of size V: the h tokens before, then the next one.
    Entries are natural logs. Every row (last axis) sums to one, also after prefixes that cannot occur or have ended; those rows are never
    read.
    A prompt is an integer in 0..prompts - 1.

    Raises `ValueError` for no conditionals, shapes that do not fit together, rows that hold NaN or do not sum to one, or an
    end token outside the vocabulary.
    """

    nodes: jax.Array
    """The rows of all prefixes, [prompts, 1 + V + ... + V^(H-1), V]: prefixes that continue that of row i have rows iV + 1 .. iV + V."""
    vocabulary_size: int = eqx.field(static=True)
    horizon: int = eqx.field(static=True)
    begin_token: int = eqx.field(static=True)
    end_token: int | None = eqx.field(static=True)

    @checked
    def __init__(self, conditionals: Sequence[Any], *, end_token: int | None = None):
        shape = np.shape(conditionals[0])
        if len(shape) != 2:
            raise ValueError(f"`conditionals[0]` must have shape [prompts, V]; got {shape}.")
        prompts, size = shape
        for h, table in enumerate(conditionals):
            if np.shape(table) != (prompts, *[size] * (h + 1)):
                raise ValueError(f"`conditionals[{h}]` must have shape {(prompts, *[size] * (h + 1))}; got {np.shape(table)}.")
            _checks.rows(f"conditionals[{h}]", table)
        check_end_token(end_token, size)
        self.nodes = jnp.concatenate([as_jax(table).reshape(prompts, -1, size) for table in conditionals], axis=1)
        self.vocabulary_size = size
        self.horizon = len(conditionals)
        self.begin_token = size
        self.end_token = end_token

    @classmethod
    @checked(conditionals=ARRAYS)
    def from_probs(cls, conditionals: Sequence[Any], *, end_token: int | None = None) -> "TabularSequencePolicy":
        """The policy with these probabilities, in the shapes of `conditionals`."""
        tables = [_checks.probabilities(f"conditionals[{h}]", table) for h, table in enumerate(conditionals)]
        with np.errstate(divide="ignore"):
            return cls([np.log(table) for table in tables], end_token=end_token)

    @property
    def prompts(self) -> int:
        """The number of prompts."""
        return self.nodes.shape[0]

    @property
    def prompt_shape(self) -> tuple[int, ...]:
        """A prompt is a number."""
        return ()

    def check_prompts(self, prompts: Any) -> None:
        check_prompt_indices(prompts, self.prompts)

    def start(self, prompt: Any) -> Any:
        self.check_prompt(prompt)
        return jnp.asarray(prompt, jnp.int32), jnp.asarray(-1, jnp.int32)

    def step(self, state: Any, token: Any) -> tuple[Any, jax.Array]:
        check_step(self, state, token)
        prompt, node = state
        node = jnp.where(node < 0, 0, node * self.vocabulary_size + 1 + token).astype(jnp.int32)
        return (prompt, node), self.nodes[prompt, node]
