"""Smoothed n-gram policies: counts of what followed the last tokens of prompt and response, shorter contexts filling in for rarer ones."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from sharpsim import _checks
from sharpsim.policies._prompted import PADDING, PromptedPolicy, checked_sizes
from sharpsim.policies._tokens import check_end_token


class NGramPolicy(PromptedPolicy):
    """pi(y_h | x, y_<h) given the last `order` symbols of x, begin, y_<h:
    p_j(v | c_1..c_j) = (n(c_1..c_j v) + s p_{j-1}(v | c_2..c_j)) / (n(c_1..c_j) + s), with p_{-1} = 1/V.

    `n` counts response tokens of the pairs it was fitted to, `s` is the strength of the interpolation. A context that was never seen
    has the law of its longest seen ending, so the policy is an automaton whose nodes are the contexts: `from_pairs` makes it.
    Source: MacKay and Peto 1995 (hierarchical Dirichlet language model), with one strength for all orders.
    """

    scores: jax.Array
    """[nodes, vocabulary_size], float32: log-probabilities up to a constant for each node; node 0 is the empty context."""
    next_node: jax.Array
    """int32 [nodes, symbols]: the longest ending of (context, symbol) that is a node."""
    order: int = eqx.field(static=True)
    vocabulary_size: int = eqx.field(static=True)
    horizon: int = eqx.field(static=True)
    prompt_length: int = eqx.field(static=True)
    prompt_vocabulary_size: int | None = eqx.field(static=True)
    begin_token: int = eqx.field(static=True)
    end_token: int | None = eqx.field(static=True)

    def __init__(
        self,
        scores: Any,
        next_node: Any,
        *,
        order: int,
        vocabulary_size: int,
        horizon: int,
        prompt_length: int,
        prompt_vocabulary_size: int | None = None,
        end_token: int | None = None,
    ):
        size = checked_sizes(vocabulary_size=vocabulary_size, horizon=horizon, prompt_length=prompt_length)
        check_end_token(end_token, vocabulary_size)
        self.order = _checks.static_count("order", order, 0)
        self.vocabulary_size, self.horizon, self.prompt_length = size["vocabulary_size"], size["horizon"], size["prompt_length"]
        if prompt_vocabulary_size is not None:
            prompt_vocabulary_size = _checks.static_count("prompt_vocabulary_size", prompt_vocabulary_size)
        self.prompt_vocabulary_size = prompt_vocabulary_size
        self.begin_token, self.end_token = self.vocabulary_size, end_token
        self.scores, self.next_node = jnp.asarray(scores, jnp.float32), jnp.asarray(next_node, jnp.int32)

    @classmethod
    def from_pairs(
        cls,
        prompts: Any,
        responses: Any,
        *,
        order: int,
        strength: Any,
        vocabulary_size: int,
        prompt_vocabulary_size: int | None = None,
        end_token: int | None = None,
    ) -> "NGramPolicy":
        """The policy of these pairs: prompts int [n, prompt_length] with padding last, responses int [n, horizon].

        Raises `ValueError` for arrays of other shapes, tokens out of range, an order below 0 or a strength that is not positive and finite.
        """
        _checks.positive("strength", strength)
        prompts, responses = np.asarray(prompts), np.asarray(responses)
        if prompts.ndim != 2 or responses.ndim != 2 or len(prompts) != len(responses) or len(prompts) == 0:
            raise ValueError(
                f"`prompts` and `responses` must be [n, prompt_length] and [n, horizon]; got {prompts.shape} and {responses.shape}."
            )
        shape: dict[str, Any] = {
            "order": order,
            "vocabulary_size": vocabulary_size,
            "horizon": responses.shape[1],
            "prompt_length": prompts.shape[1],
            "prompt_vocabulary_size": prompt_vocabulary_size,
            "end_token": end_token,
        }
        blank = cls(np.zeros((1, vocabulary_size)), np.zeros((1, 1)), **shape)
        blank.check_prompts(prompts)
        blank.check_responses(responses)
        counts: dict[tuple[int, ...], np.ndarray] = {(): np.zeros(vocabulary_size)}
        offset = 0 if prompt_vocabulary_size is None else vocabulary_size + 1
        for prompt, response, length in zip(prompts.tolist(), responses, blank.lengths(responses), strict=True):
            read = [token + offset for token in prompt if token != PADDING] + [vocabulary_size]
            for token in response[:length].tolist():
                for back in range(order + 1):
                    if back <= len(read):
                        context = tuple(read[len(read) - back :])
                        counts.setdefault(context, np.zeros(vocabulary_size))[token] += 1
                read.append(token)
        # The beginnings of contexts are nodes too, so that reading on from the longest known ending always finds the next one.
        contexts = sorted({context[:size] for context in counts for size in range(len(context) + 1)}, key=lambda c: (len(c), c))
        number = {context: place for place, context in enumerate(contexts)}
        law = np.empty((len(contexts), vocabulary_size))
        after = np.zeros((len(contexts), blank.symbols), dtype=np.int32)
        for place, context in enumerate(contexts):
            seen = counts.get(context)
            # Endings are shorter, so their laws and transitions are known by now.
            ending = next((number[context[cut:]] for cut in range(1, len(context) + 1) if context[cut:] in number), 0)
            prior = law[ending] if context else np.full(vocabulary_size, 1 / vocabulary_size)
            law[place] = prior if seen is None else (seen + float(strength) * prior) / (seen.sum() + float(strength))
            # The empty context is its own ending, and its row is still 0, itself.
            after[place] = after[ending]
            if len(context) < order:
                further = [(symbol, number[longer]) for symbol in range(blank.symbols) if (longer := (*context, symbol)) in number]
                for symbol, node in further:
                    after[place, symbol] = node
        return cls(np.log(law), after, **shape)

    @property
    def config(self) -> dict[str, Any]:
        """The sizes it was built with, and how many nodes it has."""
        names = ("order", "vocabulary_size", "horizon", "prompt_length", "prompt_vocabulary_size", "end_token")
        return {name: getattr(self, name) for name in names} | {"nodes": len(self.scores)}

    @classmethod
    def skeleton(cls, config: dict[str, Any]) -> "NGramPolicy":
        """A policy of this configuration whose arrays are only shapes and dtypes."""
        sizes = {name: value for name, value in config.items() if name != "nodes"}
        columns = config["vocabulary_size"] + 1 + (config["prompt_vocabulary_size"] or 0)
        return eqx.filter_eval_shape(
            lambda: cls(jnp.zeros((config["nodes"], config["vocabulary_size"])), jnp.zeros((config["nodes"], columns)), **sizes)
        )

    def contexts_of(self, prompt: Any) -> tuple[Any, Any, Any]:
        """Log-probabilities [nodes, V] after each node, the node [nodes, V] after each token, and the node of the first token."""
        first = self.next_node[self.start(prompt), self.begin_token]
        return jax.nn.log_softmax(self.scores), self.next_node[:, : self.vocabulary_size], first

    def start(self, prompt: Any) -> jax.Array:
        symbols, real = self.prompt_symbols(prompt)

        def read(node: jax.Array, at: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, None]:
            symbol, counts = at
            return jnp.where(counts, self.next_node[node, symbol], node), None

        return jax.lax.scan(read, jnp.asarray(0, jnp.int32), (symbols, real))[0]

    def step(self, state: Any, token: Any) -> tuple[jax.Array, jax.Array]:
        node = self.next_node[state, token]
        return node, jax.nn.log_softmax(self.scores[node])
