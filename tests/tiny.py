"""Policies over written prompts so small that every response can be listed: 4 tokens, the last of them the end, and 4 steps."""

import functools
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sharpsim.policies import GRUPolicy, NGramPolicy, SequencePolicy, TransformerPolicy

SIZES = {"vocabulary_size": 4, "horizon": 4, "prompt_length": 3, "end_token": 3}


def pairs(seed: int, n: int = 40, alphabet: int = 4) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    prompts, responses = rng.integers(0, alphabet, (n, 3)), rng.integers(0, 4, (n, 4))
    prompts[np.arange(3) >= rng.integers(0, 4, n)[:, None]] = -1
    return prompts, responses


@functools.cache
def transformer(seed: int = 0, layers: int = 2, **sizes) -> TransformerPolicy:
    policy = eqx.filter_jit(TransformerPolicy)(**(SIZES | sizes), layers=layers, width=8, heads=2, key=jax.random.key(seed))
    # Sharper than at the start of training, so that what the tests see matters.
    return eqx.tree_at(lambda p: p.out, policy, policy.out * 6)


@functools.cache
def gru(seed: int = 0, **sizes) -> GRUPolicy:
    policy = eqx.filter_jit(GRUPolicy)(**(SIZES | sizes), width=3, hidden=5, key=jax.random.key(seed))
    return eqx.tree_at(lambda p: p.out, policy, policy.out * 6)


@functools.cache
def ngram(seed: int = 0, order: int = 2, **sizes) -> NGramPolicy:
    alphabet = sizes.get("prompt_vocabulary_size", 4)
    return NGramPolicy.from_pairs(*pairs(seed, alphabet=alphabet), order=order, strength=0.7, vocabulary_size=4, end_token=3, **sizes)


@eqx.filter_jit
def scores(policy, prompt, response) -> jax.Array:
    """`token_log_probs`, compiled."""
    return policy.token_log_probs(prompt, response)


KINDS = {"transformer": transformer, "gru": gru, "ngram": ngram}
each_kind = pytest.mark.parametrize("build", KINDS.values(), ids=KINDS)


class Free(SequencePolicy):
    """Two tokens of three, every conditional law free: the class of all laws, in logits."""

    last_layer: ClassVar[tuple[str, ...]] = ("logits",)
    logits: jax.Array
    """[prompts, 1 + 3, 3]: the first token's, then the second's after each first."""
    vocabulary_size: int = eqx.field(static=True, default=3)
    horizon: int = eqx.field(static=True, default=2)
    begin_token: int = eqx.field(static=True, default=3)
    end_token: int | None = eqx.field(static=True, default=None)

    def start(self, prompt: Any) -> Any:
        return jnp.asarray(prompt)

    def step(self, state: Any, token: Any) -> tuple[Any, jax.Array]:
        row = jnp.where(token == self.begin_token, 0, token + 1)
        return state, jax.nn.log_softmax(self.logits[state, row])


FREE = Free(jnp.asarray(np.random.default_rng(3).normal(size=(2, 4, 3))))
