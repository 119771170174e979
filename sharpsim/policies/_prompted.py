"""The base class of policies whose prompts are sequences of tokens (n-gram, GRU, transformer).

A prompt is a row of tokens with padding. A policy is determined by its parameters and a few sizes, so that it can be stored in a file.
"""

import abc
from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from sharpsim import _checks
from sharpsim._arguments import FLAG, arrays
from sharpsim.policies._sequence import SequencePolicy
from sharpsim.policies._tokens import check_end_token

PADDING = -1
"""The entry that fills a prompt after its tokens."""


class PromptedPolicy(SequencePolicy):
    """pi(y | x) for prompts made of tokens: an int array [prompt_length], tokens first, then `PADDING`. `encode` makes such an array.

    Prompts have an alphabet of their own with `prompt_vocabulary_size` tokens. Where that is None, they share the responses' alphabet.
    The constructor checks and stores the sizes that all such policies have. It raises `ValueError` for sizes below 1 and for an end token
    outside the vocabulary.
    """

    vocabulary_size: int = eqx.field(static=True)
    horizon: int = eqx.field(static=True)
    prompt_length: int = eqx.field(static=True)
    prompt_vocabulary_size: int | None = eqx.field(static=True)
    begin_token: int = eqx.field(static=True)
    end_token: int | None = eqx.field(static=True)

    def __init__(
        self, *, vocabulary_size: int, horizon: int, prompt_length: int, prompt_vocabulary_size: int | None, end_token: int | None
    ):
        size = checked_sizes(vocabulary_size=vocabulary_size, horizon=horizon, prompt_length=prompt_length)
        check_end_token(end_token, vocabulary_size)
        if prompt_vocabulary_size is not None:
            prompt_vocabulary_size = _checks.static_count("prompt_vocabulary_size", prompt_vocabulary_size)
        self.vocabulary_size, self.horizon, self.prompt_length = size["vocabulary_size"], size["horizon"], size["prompt_length"]
        self.prompt_vocabulary_size = prompt_vocabulary_size
        self.begin_token, self.end_token = self.vocabulary_size, end_token

    @property
    @abc.abstractmethod
    def config(self) -> dict[str, Any]:
        """The sizes that, together with the parameters, determine the policy: `sizes` and those of the kind. Numbers and None only."""

    @property
    def sizes(self) -> dict[str, Any]:
        """The sizes that all kinds of prompted policies have."""
        names = ("vocabulary_size", "horizon", "prompt_length", "prompt_vocabulary_size", "end_token")
        return {name: getattr(self, name) for name in names}

    @property
    def prompt_tokens(self) -> int:
        """The size of the prompts' alphabet."""
        return self.vocabulary_size if self.prompt_vocabulary_size is None else self.prompt_vocabulary_size

    @property
    def symbols(self) -> int:
        """The number of symbols that the policy reads: response tokens 0..V-1, the begin token V, then a separate prompt alphabet."""
        return self.vocabulary_size + 1 + (0 if self.prompt_vocabulary_size is None else self.prompt_vocabulary_size)

    @property
    def prompt_shape(self) -> tuple[int, ...]:
        """As `encode` makes it."""
        return (self.prompt_length,)

    def encode(self, tokens: Sequence[int]) -> np.ndarray:
        """The prompt with these tokens, int32 [prompt_length].

        Raises `ValueError` for more than `prompt_length` tokens or tokens outside 0..prompt_tokens - 1.
        """
        given = _checks.as_array(tokens)
        if given.ndim != 1 or len(given) > self.prompt_length:
            raise ValueError(f"`tokens` must be at most {self.prompt_length} integers; got {_checks.shown(tokens)}.")
        if given.size:
            _checks.indices("tokens", tokens, self.prompt_tokens)
        prompt = np.full(self.prompt_length, PADDING, dtype=np.int32)
        prompt[: len(given)] = given
        return prompt

    def check_prompts(self, prompts: Any) -> None:
        """Raise `ValueError` for prompts that `encode` cannot have made. Traced values are not checked."""
        if _checks.is_traced(prompts):
            return
        given = _checks.as_array(prompts)
        if given.shape[-1:] != (self.prompt_length,) or given.dtype.kind not in "iu":
            raise ValueError(f"`prompts` must be made by `encode`: integers [{self.prompt_length}]; got {given.dtype} {given.shape}.")
        if (given < PADDING).any() or (given >= self.prompt_tokens).any():
            raise ValueError(f"`prompts` must hold tokens in 0..{self.prompt_tokens - 1}; got {given.min()}..{given.max()}.")
        if ((given[..., :-1] == PADDING) & (given[..., 1:] != PADDING)).any():
            raise ValueError(f"`prompts` must hold its padding ({PADDING}) last, as `encode` makes it; got {given.tolist()}.")

    def prompt_symbols(self, prompt: Any) -> tuple[jax.Array, jax.Array]:
        """The symbols of a prompt, int32 [prompt_length], and a mask of those that are not padding."""
        self.check_prompt(prompt)
        tokens = jnp.asarray(prompt, jnp.int32)
        real = tokens != PADDING
        return jnp.where(real, tokens + (0 if self.prompt_vocabulary_size is None else self.vocabulary_size + 1), 0), real

    def read_symbols(self, tokens: jax.Array, ended_before: jax.Array) -> jax.Array:
        """The symbol read before each token of a response, int32 [horizon]: the begin token, then the response without its last token."""
        if not _checks.is_traced(ended_before):
            arrays(FLAG, "horizon").check("ended_before", ended_before, {"horizon": (self.horizon, "tokens")})
        self._check_response("tokens", tokens)
        known = tokens if self.end_token is None else jnp.where(ended_before, self.end_token, tokens)
        return jnp.concatenate([jnp.asarray([self.begin_token], jnp.int32), known[:-1]])


def checked_sizes(**sizes: Any) -> dict[str, int]:
    """The named sizes as ints. Raises `ValueError` for anything but whole numbers of at least 1."""
    return {name: _checks.static_count(name, value) for name, value in sizes.items()}


def require_finite(policy: Any) -> None:
    """Raise `ValueError`, with the parameter's name, for a policy with a parameter that is NaN or infinite. Traced ones are not checked."""
    for path, leaf in jax.tree_util.tree_leaves_with_path(policy):
        if eqx.is_inexact_array(leaf) and not _checks.is_traced(leaf) and not np.isfinite(np.asarray(leaf)).all():
            raise ValueError(f"`policy` must have finite parameters; got NaN or infinity in {jax.tree_util.keystr(path).lstrip('.')}.")
