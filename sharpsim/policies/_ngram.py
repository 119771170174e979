"""Smoothed n-gram policies over token prompts: the next token depends on the last few symbols of prompt and response.

Probabilities are counts, interpolated with those of shorter contexts, so that rare contexts fall back on frequent ones.
"""

from dataclasses import replace
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from sharpsim import _checks
from sharpsim._arguments import ANYTHING, LABEL, POSITIVE, SCORES, arrays, checked
from sharpsim._precision import placed
from sharpsim.policies._prompted import PADDING, PromptedPolicy
from sharpsim.policies._tokens import check_step


class NGramPolicy(PromptedPolicy):
    """pi(y_h | x, y_<h) given the last `order` symbols of x, begin, y_<h:
    p_j(v | c_1..c_j) = (n(c_1..c_j v) + s p_{j-1}(v | c_2..c_j)) / (n(c_1..c_j) + s), with p_{-1} = 1/V.

    `n` counts response tokens in the pairs it was fitted to, and `s` is the strength of the interpolation. A context that was never seen
    has the next-token law of its longest suffix that was seen. The policy is therefore an automaton whose nodes are the contexts seen;
    `from_pairs` builds it.
    Source: MacKay and Peto 1995 (hierarchical Dirichlet language model), with one strength for all orders.
    """

    scores: jax.Array
    """[nodes, vocabulary_size], float32: log-probabilities up to a constant for each node; node 0 is the empty context."""
    next_node: jax.Array
    """int32 [nodes, symbols]: the longest suffix of (context, symbol) that is a node."""
    order: int = eqx.field(static=True)

    @checked(scores=replace(SCORES, axes=("nodes", "V")), next_node=arrays(LABEL, "nodes", "symbols"))
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
        super().__init__(
            vocabulary_size=vocabulary_size,
            horizon=horizon,
            prompt_length=prompt_length,
            prompt_vocabulary_size=prompt_vocabulary_size,
            end_token=end_token,
        )
        self.order = _checks.static_count("order", order, 0)
        _checks.shape_of("scores", scores, (np.shape(next_node)[0], self.vocabulary_size))
        if np.shape(next_node)[1] != self.symbols:
            known = "`vocabulary_size` + 1 + `prompt_vocabulary_size`"
            raise ValueError(f"`next_node` must have {self.symbols} columns, {known}; got shape {np.shape(next_node)}.")
        _checks.indices("next_node", next_node, len(scores))
        self.scores, self.next_node = placed(scores, jnp.float32), placed(next_node, jnp.int32)

    @classmethod
    @checked(prompts=ANYTHING, responses=ANYTHING, strength=POSITIVE)
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
        """The policy fitted to pairs: prompts int [n, prompt_length] with padding last, responses int [n, horizon].

        Raises `ValueError` for arrays of other shapes, tokens out of range, an order below 0 or a strength that is not positive and finite.
        """
        prompts, responses = _checks.as_array(prompts), _checks.as_array(responses)
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
        columns = vocabulary_size + 1 + (prompt_vocabulary_size or 0)
        _checks.affordable_counts(
            8.0 * (vocabulary_size + columns), vocabulary_size=vocabulary_size, prompt_vocabulary_size=prompt_vocabulary_size or 1
        )
        blank = cls(np.zeros((1, vocabulary_size)), np.zeros((1, columns), int), **shape)
        blank.check_prompts(prompts)
        blank.check_responses(responses)
        law, after = _automaton(_context_counts(blank, prompts, responses), blank, float(strength))
        return cls(np.log(law), after, **shape)

    @property
    def config(self) -> dict[str, Any]:
        """The sizes it was built with, and the number of nodes."""
        return {"order": self.order} | self.sizes | {"nodes": len(self.scores)}

    def contexts_of(self, prompt: Any) -> tuple[Any, Any, Any]:
        """Log-probabilities [nodes, V] after each node, the node [nodes, V] after each token, and the node of the first token."""
        self.check_prompt(prompt)
        first = self.next_node[self.start(prompt), self.begin_token]
        return jax.nn.log_softmax(self.scores), self.next_node[:, : self.vocabulary_size], first

    def start(self, prompt: Any) -> jax.Array:
        symbols, real = self.prompt_symbols(prompt)

        def read(node: jax.Array, at: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, None]:
            symbol, counts = at
            return jnp.where(counts, self.next_node[node, symbol], node), None

        return jax.lax.scan(read, jnp.asarray(0, jnp.int32), (symbols, real))[0]

    def step(self, state: Any, token: Any) -> tuple[jax.Array, jax.Array]:
        check_step(self, state, token)
        node = self.next_node[state, token]
        return node, jax.nn.log_softmax(self.scores[node])


def _context_counts(policy: NGramPolicy, prompts: np.ndarray, responses: np.ndarray) -> dict[tuple[int, ...], np.ndarray]:
    """How often each response token followed each context of at most `order` symbols, [V] for each context that was seen."""
    counts: dict[tuple[int, ...], np.ndarray] = {(): np.zeros(policy.vocabulary_size)}
    offset = 0 if policy.prompt_vocabulary_size is None else policy.vocabulary_size + 1
    for prompt, response, length in zip(prompts.tolist(), responses, policy.lengths(responses), strict=True):
        read = [token + offset for token in prompt if token != PADDING] + [policy.begin_token]
        for token in response[:length].tolist():
            for back in range(min(policy.order, len(read)) + 1):
                context = tuple(read[len(read) - back :])
                counts.setdefault(context, np.zeros(policy.vocabulary_size))[token] += 1
            read.append(token)
    return counts


def _automaton(counts: dict[tuple[int, ...], np.ndarray], policy: NGramPolicy, strength: float) -> tuple[np.ndarray, np.ndarray]:
    """The next-token probabilities [nodes, V] at each context, and the node [nodes, symbols] after each symbol."""
    # The beginnings of contexts are nodes too, so that reading on from the longest known ending always finds the next one.
    contexts = sorted({context[:size] for context in counts for size in range(len(context) + 1)}, key=lambda c: (len(c), c))
    number = {context: place for place, context in enumerate(contexts)}
    law = np.empty((len(contexts), policy.vocabulary_size))
    after = np.zeros((len(contexts), policy.symbols), dtype=np.int32)
    for place, context in enumerate(contexts):
        seen = counts.get(context)
        # Endings are shorter, so their laws and transitions are known by now.
        ending = next((number[context[cut:]] for cut in range(1, len(context) + 1) if context[cut:] in number), 0)
        prior = law[ending] if context else np.full(policy.vocabulary_size, 1 / policy.vocabulary_size)
        law[place] = prior if seen is None else (seen + strength * prior) / (seen.sum() + strength)
        # The empty context is its own ending, and its row is still 0, itself.
        after[place] = after[ending]
        if len(context) < policy.order:
            for symbol in range(policy.symbols):
                if (longer := (*context, symbol)) in number:
                    after[place, symbol] = number[longer]
    return law, after
