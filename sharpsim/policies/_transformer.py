"""A small decoder-only transformer over token prompts.

The prompt is a prefix of the sequence. `step` attends to cached keys and values; log-likelihoods of given responses are computed for all
tokens at once.
"""

from typing import Any, ClassVar, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp

from sharpsim import _checks
from sharpsim._arguments import checked
from sharpsim.policies._prompted import PromptedPolicy, checked_sizes
from sharpsim.policies._tokens import check_step

HIDDEN = 4
"""Width of the feed-forward layers, as a multiple of the model's width."""


class Cache(NamedTuple):
    """Keys and values of one layer: [heads, prompt_length, d] for the prompt and [heads, horizon, d] for the response so far."""

    prompt_keys: jax.Array
    prompt_values: jax.Array
    keys: jax.Array
    values: jax.Array


class State(NamedTuple):
    """The state of decoding: where the prompt is not padding, a cache for each layer, and the number of steps taken."""

    real: jax.Array
    layers: tuple[Cache, ...]
    depth: jax.Array


def _normalised(x: jax.Array, scale: jax.Array) -> jax.Array:
    return x * jax.lax.rsqrt(jnp.mean(x * x, axis=-1, keepdims=True) + 1e-6) * scale


class Block(eqx.Module):
    """An attention layer and a feed-forward layer, each with a residual connection and normalisation of its input."""

    attention_scale: jax.Array
    query_key_value: jax.Array
    attention_out: jax.Array
    feed_scale: jax.Array
    feed_in: jax.Array
    feed_out: jax.Array
    heads: int = eqx.field(static=True)

    def __init__(self, width: int, heads: int, layers: int, *, key: jax.Array):
        keys = jax.random.split(key, 4)

        def matrix(number: int, rows: int, columns: int, gain: float = 1.0) -> jax.Array:
            return jax.random.normal(keys[number], (rows, columns), jnp.float32) * (gain / rows**0.5)

        # What is added to the stream starts small, so that depth does not blow it up.
        gain = (2 * layers) ** -0.5
        self.attention_scale = self.feed_scale = jnp.ones(width, jnp.float32)
        self.query_key_value = matrix(0, width, 3 * width)
        self.attention_out = matrix(1, width, width, gain)
        self.feed_in = matrix(2, width, HIDDEN * width)
        self.feed_out = matrix(3, HIDDEN * width, width, gain)
        self.heads = heads

    def project(self, x: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
        """Queries (already scaled), keys and values of tokens [..., width], each [..., heads, d]."""
        width = x.shape[-1]
        mixed = _normalised(x, self.attention_scale) @ self.query_key_value
        queries, keys, values = jnp.split(mixed.reshape(*x.shape[:-1], 3 * self.heads, width // self.heads), 3, axis=-2)
        return queries * (width // self.heads) ** -0.5, keys, values

    def finish(self, x: jax.Array, attended: jax.Array) -> jax.Array:
        """The residual stream after the block, given the attention's output [..., heads, d]."""
        x = x + attended.reshape(x.shape) @ self.attention_out
        return x + jax.nn.gelu(_normalised(x, self.feed_scale) @ self.feed_in) @ self.feed_out


class TransformerPolicy(PromptedPolicy):
    """pi(y_h | x, y_<h) by causal self-attention over the prompt, a begin token and the response so far.

    Layers normalise their input; positions are learned; the activation is GELU; parameters are float32. The response's positions begin
    after `prompt_length`, however short the prompt. Padding is never attended to.

    Raises `ValueError` for sizes below 1, a width that the heads do not divide, or an end token outside the vocabulary.
    """

    last_layer: ClassVar[tuple[str, ...]] = ("out",)
    embedding: jax.Array
    """[symbols, width]: response tokens, the begin token, then prompt tokens where they have an alphabet of their own."""
    position: jax.Array
    """[prompt_length + horizon, width]."""
    blocks: tuple[Block, ...]
    out_scale: jax.Array
    out: jax.Array
    """[width, vocabulary_size]."""

    @checked
    def __init__(
        self,
        *,
        vocabulary_size: int,
        horizon: int,
        prompt_length: int,
        prompt_vocabulary_size: int | None = None,
        end_token: int | None = None,
        layers: int,
        width: int,
        heads: int,
        key: jax.Array,
    ):
        super().__init__(
            vocabulary_size=vocabulary_size,
            horizon=horizon,
            prompt_length=prompt_length,
            prompt_vocabulary_size=prompt_vocabulary_size,
            end_token=end_token,
        )
        layers, width, heads = checked_sizes(layers=layers, width=width, heads=heads).values()
        positions = self.prompt_length + self.horizon
        _checks.affordable_counts(
            4.0 * (self.symbols + positions + self.vocabulary_size + (4 + 2 * HIDDEN) * width * layers) * width,
            vocabulary_size=self.vocabulary_size,
            prompt_vocabulary_size=self.prompt_tokens,
            prompt_length=self.prompt_length,
            horizon=self.horizon,
            layers=layers,
            width=width,
        )
        if width % heads:
            raise ValueError(f"`width` must be a multiple of `heads`, {heads}; got {width}.")
        keys = jax.random.split(key, layers + 3)
        self.embedding = jax.random.normal(keys[0], (self.symbols, width), jnp.float32) * 0.5
        self.position = jax.random.normal(keys[1], (positions, width), jnp.float32) * 0.5
        self.blocks = tuple(Block(width, heads, layers, key=own) for own in keys[3:])
        self.out_scale = jnp.ones(width, jnp.float32)
        self.out = jax.random.normal(keys[2], (width, self.vocabulary_size), jnp.float32) * (0.5 / width**0.5)

    @property
    def config(self) -> dict[str, Any]:
        """The sizes it was built with."""
        return self.sizes | {"layers": len(self.blocks), "width": self.embedding.shape[1], "heads": self.blocks[0].heads}

    @property
    def step_axes(self) -> tuple[int, ...]:
        """Keys and values of the response, in each layer's cache."""
        return (-1, *len(self.blocks) * (-1, -1, 1, 1), -1)

    @property
    def examples_at_once(self) -> int:
        """Few, as all tokens of an example are computed at once: 64 examples of width 64 take 0.7 of the time if it is 8 at a time."""
        return 8

    def start(self, prompt: Any) -> State:
        symbols, real = self.prompt_symbols(prompt)
        keys, values = self._read(self.embedding[symbols] + self.position[: self.prompt_length], real)[1]
        empty = jnp.zeros((self.blocks[0].heads, self.horizon, keys[0].shape[-1]), keys[0].dtype)
        layers = tuple(Cache(k.swapaxes(0, 1), v.swapaxes(0, 1), empty, empty) for k, v in zip(keys, values, strict=True))
        return State(real, layers, jnp.asarray(0, jnp.int32))

    def step(self, state: Any, token: Any) -> tuple[State, jax.Array]:
        check_step(self, state, token)
        depth = state.depth
        x = self.embedding[token] + self.position[self.prompt_length + depth]
        reached = jnp.arange(self.horizon) <= depth
        layers = []
        for block, cache in zip(self.blocks, state.layers, strict=True):
            query, key, value = block.project(x)
            keys = jax.lax.dynamic_update_slice_in_dim(cache.keys, key[:, None], depth, axis=1)
            values = jax.lax.dynamic_update_slice_in_dim(cache.values, value[:, None], depth, axis=1)
            # Two products, not one over a joined cache: draws that share a prompt share its half.
            on_prompt = jnp.where(state.real, jnp.einsum("hd,htd->ht", query, cache.prompt_keys), -jnp.inf)
            on_response = jnp.where(reached, jnp.einsum("hd,htd->ht", query, keys), -jnp.inf)
            # The token attends to itself, so the largest of the response's is finite.
            top = jax.lax.stop_gradient(jnp.maximum(on_prompt.max(axis=-1), on_response.max(axis=-1)))[:, None]
            on_prompt, on_response = jnp.exp(on_prompt - top), jnp.exp(on_response - top)
            attended = jnp.einsum("ht,htd->hd", on_prompt, cache.prompt_values) + jnp.einsum("ht,htd->hd", on_response, values)
            x = block.finish(x, attended / (on_prompt.sum(axis=-1) + on_response.sum(axis=-1))[:, None])
            layers.append(cache._replace(keys=keys, values=values))
        return State(state.real, tuple(layers), depth + 1), self._next(x)

    def next_log_probs(self, prompt: Any, tokens: jax.Array, ended_before: jax.Array) -> jax.Array:
        """log pi(. | x, y_<h) for every position of a response, [horizon, vocabulary_size], computed at once and without a cache."""
        symbols, real = self.prompt_symbols(prompt)
        joined = jnp.concatenate([symbols, self.read_symbols(tokens, ended_before)])
        real = jnp.concatenate([real, jnp.ones(self.horizon, bool)])
        return self._next(self._read(self.embedding[joined] + self.position, real, self.prompt_length)[0])

    def _token_log_probs(self, prompt: Any, tokens: jax.Array, ended_before: jax.Array) -> jax.Array:
        chosen = jnp.where(ended_before, 0, tokens)
        log_probs = jnp.take_along_axis(self.next_log_probs(prompt, tokens, ended_before), chosen[:, None], axis=1)[:, 0]
        return jnp.where(ended_before, 0.0, log_probs)

    def _read(self, x: jax.Array, real: jax.Array, first: int = 0) -> tuple[jax.Array, tuple[list[jax.Array], list[jax.Array]]]:
        """The residual stream [tokens, width] after all blocks, and the keys and values [tokens, heads, d] of each block.

        The stream is that of the tokens from number `first` on: after the last block nobody reads the others'.
        """
        places = jnp.arange(len(x))
        # Padding attends to itself, so that nothing is divided by zero; nobody attends to padding.
        seen = (places[:, None] >= places) & real | (places[:, None] == places)
        all_keys, all_values = [], []
        for block in self.blocks:
            queries, keys, values = block.project(x)
            if block is self.blocks[-1]:
                x, queries, seen = x[first:], queries[first:], seen[first:]
            weights = jax.nn.softmax(jnp.where(seen, jnp.einsum("qhd,khd->hqk", queries, keys), -jnp.inf), axis=-1)
            x = block.finish(x, jnp.einsum("hqk,khd->qhd", weights, values))
            all_keys.append(keys)
            all_values.append(values)
        return x, (all_keys, all_values)

    def _next(self, x: jax.Array) -> jax.Array:
        return jax.nn.log_softmax(_normalised(x, self.out_scale) @ self.out, axis=-1)
