"""A small recurrent policy over token prompts: an encoder and a decoder of gated recurrent units (GRU)."""

from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp

from sharpsim import _checks
from sharpsim._arguments import checked
from sharpsim.policies._prompted import PromptedPolicy, checked_sizes
from sharpsim.policies._tokens import check_step


class GRUCell(eqx.Module):
    """A gated recurrent unit with reset, update and candidate gates stacked in that order (PyTorch's convention)."""

    weight_input: jax.Array
    weight_hidden: jax.Array
    bias_input: jax.Array
    bias_hidden: jax.Array

    @classmethod
    def random(cls, embedding: int, hidden: int, *, key: jax.Array) -> "GRUCell":
        """Float32 parameters, uniform within 1/sqrt(hidden) of zero (PyTorch's start)."""
        shapes = ((3 * hidden, embedding), (3 * hidden, hidden), (3 * hidden,), (3 * hidden,))
        bound, keys = hidden**-0.5, jax.random.split(key, len(shapes))
        return cls(*(jax.random.uniform(own, shape, jnp.float32, -bound, bound) for own, shape in zip(keys, shapes, strict=True)))

    def inputs(self, embeddings: jax.Array) -> jax.Array:
        """The contribution of each embedding to the gates, [tokens, 3 hidden]."""
        return embeddings @ self.weight_input.T + self.bias_input

    def __call__(self, from_input: jax.Array, hidden: jax.Array) -> jax.Array:
        size = hidden.shape[-1]
        from_hidden = self.weight_hidden @ hidden + self.bias_hidden
        reset, update = jnp.split(jax.nn.sigmoid(from_input[: 2 * size] + from_hidden[: 2 * size]), 2)
        candidate = jnp.tanh(from_input[2 * size :] + reset * from_hidden[2 * size :])
        return (1 - update) * candidate + update * hidden


class GRUPolicy(PromptedPolicy):
    """pi(y_h | x, y_<h): one GRU reads the prompt; another starts from its final hidden state [hidden] and writes the response.

    Parameters are float32. Padding is not read. Raises `ValueError` for sizes below 1 or an end token outside the vocabulary.
    """

    last_layer: ClassVar[tuple[str, ...]] = ("out", "out_bias")
    embedding: jax.Array
    """[symbols, width]: response tokens, the begin token, then prompt tokens where they have an alphabet of their own."""
    encoder: GRUCell
    decoder: GRUCell
    out: jax.Array
    """[vocabulary_size, hidden]."""
    out_bias: jax.Array

    @checked
    def __init__(
        self,
        *,
        vocabulary_size: int,
        horizon: int,
        prompt_length: int,
        prompt_vocabulary_size: int | None = None,
        end_token: int | None = None,
        width: int,
        hidden: int,
        key: jax.Array,
    ):
        super().__init__(
            vocabulary_size=vocabulary_size,
            horizon=horizon,
            prompt_length=prompt_length,
            prompt_vocabulary_size=prompt_vocabulary_size,
            end_token=end_token,
        )
        width, hidden = checked_sizes(width=width, hidden=hidden).values()
        size = 4.0 * (self.symbols * width + 6 * hidden * (width + hidden) + self.vocabulary_size * hidden)
        _checks.affordable_counts(
            size, vocabulary_size=self.vocabulary_size, prompt_vocabulary_size=self.prompt_tokens, width=width, hidden=hidden
        )
        embedding, encoder, decoder, out = jax.random.split(key, 4)
        self.embedding = jax.random.normal(embedding, (self.symbols, width), jnp.float32)
        self.encoder = GRUCell.random(width, hidden, key=encoder)
        self.decoder = GRUCell.random(width, hidden, key=decoder)
        bound = hidden**-0.5
        self.out = jax.random.uniform(out, (self.vocabulary_size, hidden), jnp.float32, -bound, bound)
        self.out_bias = jnp.zeros(self.vocabulary_size, jnp.float32)

    @property
    def config(self) -> dict[str, Any]:
        """The sizes it was built with."""
        return self.sizes | {"width": self.embedding.shape[1], "hidden": self.out.shape[1]}

    def start(self, prompt: Any) -> jax.Array:
        symbols, real = self.prompt_symbols(prompt)

        def read(hidden: jax.Array, at: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, None]:
            from_input, counts = at
            return jnp.where(counts, self.encoder(from_input, hidden), hidden), None

        from_inputs = self.encoder.inputs(self.embedding[symbols])
        return jax.lax.scan(read, jnp.zeros(self.out.shape[1], self.out.dtype), (from_inputs, real))[0]

    def step(self, state: Any, token: Any) -> tuple[jax.Array, jax.Array]:
        check_step(self, state, token)
        # For every token at once: no prompt takes part, so a batch shares the product, and it is cheaper than one per row.
        hidden = self.decoder(self.decoder.inputs(self.embedding[: self.vocabulary_size + 1])[token], state)
        return hidden, jax.nn.log_softmax(self.out @ hidden + self.out_bias)
