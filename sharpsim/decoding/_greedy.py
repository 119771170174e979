"""Greedy decoding and beam search: fast guesses at the most likely response, in one pass over the horizon.

Neither proves its answer. Prop 3.1 says when greedy decoding finds the mode; `most_likely` proves it always.
"""

from typing import Any

import jax
import jax.numpy as jnp

from sharpsim import _checks
from sharpsim._arguments import ANYTHING, checked, count
from sharpsim._program import one_program
from sharpsim.policies import SequencePolicy


@one_program
def _greedy(policy: SequencePolicy, prompt: Any) -> jax.Array:
    def advance(carry: tuple[Any, jax.Array, jax.Array], _: None) -> tuple[Any, jax.Array]:
        state, token, ended = carry
        state, log_probs = policy.step(state, token)
        token = jnp.argmax(log_probs).astype(jnp.int32)
        if policy.end_token is not None:
            token = jnp.where(ended, policy.end_token, token).astype(jnp.int32)
            ended = token == policy.end_token
        return (state, token, ended), token

    begin = (policy.start(prompt), jnp.asarray(policy.begin_token, jnp.int32), jnp.asarray(False))
    return jax.lax.scan(advance, begin, length=policy.horizon)[1]


@one_program
def _beam(policy: SequencePolicy, prompt: Any, *, width: int) -> tuple[jax.Array, jax.Array]:
    size, horizon, end = policy.vocabulary_size, policy.horizon, policy.end_token

    def advance(carry: tuple[Any, jax.Array, jax.Array, jax.Array], depth: jax.Array) -> tuple[Any, None]:
        states, responses, totals, ended = carry
        before = jnp.where(depth == 0, policy.begin_token, responses[:, jnp.maximum(depth - 1, 0)])
        states, log_probs = jax.vmap(policy.step)(states, before)
        if end is not None:
            # An ended response has one continuation, itself: it keeps its place in the beam at its own log-probability.
            log_probs = jnp.where(ended[:, None], jnp.where(jnp.arange(size) == end, 0.0, -jnp.inf), log_probs)
        totals, chosen = jax.lax.top_k((totals[:, None] + log_probs).reshape(-1), width)
        origin, token = chosen // size, (chosen % size).astype(jnp.int32)
        states = jax.tree.map(lambda leaf: leaf[origin], states)
        responses = responses[origin].at[:, depth].set(token)
        return (states, responses, totals, token == end if end is not None else ended[origin]), None

    state = policy.start(prompt)
    states = jax.tree.map(lambda leaf: jnp.broadcast_to(leaf, (width, *jnp.shape(leaf))), state)
    dtype = jax.eval_shape(lambda: policy.step(state, jnp.asarray(policy.begin_token, jnp.int32))[1]).dtype
    totals = jnp.full(width, -jnp.inf, dtype).at[0].set(0.0)
    begin = (states, jnp.zeros((width, horizon), jnp.int32), totals, jnp.zeros(width, bool))
    (_, responses, totals, _), _ = jax.lax.scan(advance, begin, jnp.arange(horizon))
    return responses, totals


@checked(prompt=ANYTHING)
def greedy(policy: SequencePolicy, prompt: Any) -> jax.Array:
    """The response whose every token is the most probable next one (ties to the smallest), int32 [horizon].

    It is the mode wherever the mode's probability exceeds 1/2, and may miss it at or below. Source: Huang et al. 2025,
    arXiv 2412.01951v2, Prop 3.1.
    """
    policy.check_prompt(prompt)
    return _greedy(policy, prompt)


@checked(prompt=ANYTHING, width=count())
def beam(policy: SequencePolicy, prompt: Any, *, width: int) -> tuple[jax.Array, jax.Array]:
    """Beam search: after each token the `width` most probable prefixes are kept, ended ones among them.

    Returns responses int32 [width, horizon] and their log-probabilities [width] in nats, in the policy's precision, descending. Where there
    are fewer than `width` responses, the remaining rows have log-probability -inf and are no responses. The first response is a guess at
    the mode. Raises `ValueError` for a width below 1.
    """
    policy.check_prompt(prompt)
    beams = _checks.static_count("width", width)
    _checks.affordable("width", width, size=8.0 * beams * max(policy.horizon, policy.vocabulary_size))
    return _beam(policy, prompt, width=beams)
