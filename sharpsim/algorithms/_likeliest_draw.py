"""The likeliest of N draws for each of many prompts, without finishing the draws that cannot be it."""

from collections.abc import Iterator
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from sharpsim.decoding import Samples, sample_many
from sharpsim.policies import SequencePolicy, checked_prompts, inverse_cdf, start_many, step_many, unchanged_by_step

LANES = 64
"""Prompts searched together: few enough for their states to stay in the cache."""
SLOT_BYTES = 2**28
"""The most memory, in bytes, that the draws of these prompts may take."""
DEAR = 8
"""So many steps of `sample_many` cost as much as one here, where states are copied and draws compared."""


def likeliest_draws(policy: SequencePolicy, prompts: Any, *, draws: int, key: jax.Array) -> np.ndarray:
    """`best_responses(sample_many(policy, prompts, draws=draws, key=key))`, int32 [n, horizon], most often at a small part of its cost.

    The draws are the same, each with its own uniform numbers. The log-probability of a prefix only falls as it is continued, so that
    best-first search over the drawn prefixes proves the likeliest draw: of those left, the likeliest prefix is continued, for all draws
    that share it, until a complete response is likelier than all of them. The more probable the likeliest draw, the fewer steps. Where the
    first prompts take too many, all draws are finished instead. Rounding differs, as steps are batched otherwise.

    Raises `ValueError` for prompts that the policy does not accept, and a policy that gives NaN.
    """
    prompts = checked_prompts(policy, prompts)
    pilot, steps = _searched(policy, prompts[:LANES], draws, key)
    if DEAR * steps > len(pilot) * draws * policy.horizon:
        return best_responses(sample_many(policy, prompts, draws=draws, key=key))
    rest = [_searched(policy, prompts[LANES:], draws, key, LANES)[0]] if len(prompts) > LANES else []
    return np.concatenate([pilot, *rest])


def best_responses(drawn: Samples) -> np.ndarray:
    """Of each prompt's draws the likeliest (ties to the first drawn), int32 [n, horizon]."""
    return drawn.responses[np.arange(len(drawn.responses)), drawn.log_probs.argmax(axis=1)]


def _searched(policy: SequencePolicy, prompts: np.ndarray, draws: int, key: jax.Array, first: int = 0) -> tuple[np.ndarray, int]:
    """The likeliest draw for each prompt, of which the first has the number `first`, and the number of steps taken."""
    n, horizon, end = len(prompts), policy.horizon, policy.end_token
    state = jax.eval_shape(policy.start, prompts[0])
    leaves, of_prompt = jax.tree.leaves(state), unchanged_by_step(policy, prompts[0])
    size = sum(leaf.size * leaf.dtype.itemsize for leaf, kept in zip(leaves, of_prompt, strict=True) if not kept)
    lanes = max(1, min(LANES, SLOT_BYTES // (draws * (size + 32 * horizon))))
    waiting, found, steps = _waiting(policy, prompts, draws, key, first, lanes), np.empty((n, horizon), np.int32), 0
    # Draws with the same tokens so far are one group, named by its first draw; the state before their last token has its slot.
    slots = [np.empty((lanes, 1 if kept else draws, *leaf.shape), leaf.dtype) for leaf, kept in zip(leaves, of_prompt, strict=True)]
    slot_of = [0 if kept else 1 for kept in of_prompt]
    number, uniforms = np.full(lanes, -1), np.empty((lanes, draws, horizon))
    group, depth = np.zeros((lanes, draws), np.int64), np.zeros((lanes, draws), np.int64)
    totals, ended = np.zeros((lanes, draws)), np.zeros((lanes, draws), bool)
    tokens, every = np.zeros((lanes, draws, horizon), np.int32), np.arange(draws)

    def load(lane: int) -> None:
        number[lane], states, uniforms[lane] = next(waiting, (-1, None, 0.0))
        group[lane], depth[lane], totals[lane], ended[lane], tokens[lane] = 0, 0, 0.0, number[lane] < 0, end or 0
        for slot, leaf in zip(slots, states or (), strict=bool(states)):
            slot[lane, 0] = leaf

    for lane in range(lanes):
        load(lane)
    while True:
        best, top = (np.where(side, totals, -np.inf).max(axis=1) for side in (ended, ~ended))
        # Equally likely prefixes are continued too: of equals the first drawn is kept.
        for lane in np.flatnonzero((best > top) & (number >= 0)).tolist():
            found[number[lane]] = tokens[lane, np.where(ended[lane], totals[lane], -np.inf).argmax()]
            load(lane)
            best[lane] = -np.inf
        active = np.flatnonzero(number >= 0)
        if not active.size:
            return found, steps
        steps += len(active)
        chosen = np.where(ended, -np.inf, totals).argmax(axis=1)
        at = np.arange(lanes), chosen
        slot, reached = group[at], depth[at]
        before = np.where(reached > 0, tokens[(*at, reached - 1)], policy.begin_token).astype(np.int32)
        states = jax.tree.unflatten(jax.tree.structure(state), [leaf[at[0], slot * k] for leaf, k in zip(slots, slot_of, strict=True)])
        after, log_probs = step_many(policy, states, before)
        drawn, gains = map(np.asarray, _drawn(log_probs, uniforms[at[0], :, np.minimum(reached, horizon - 1)]))
        row, draw = np.nonzero((group == slot[:, None]) & ~ended & (number >= 0)[:, None])
        token = drawn[row, draw]
        totals[row, draw] += gains[row, draw]
        if np.isnan(totals).any():
            raise ValueError("`policy.step` must return log-probabilities; got NaN.")
        tokens[row, draw, reached[row]] = token
        depth[row, draw] += 1
        ended[row, draw] = depth[row, draw] == horizon
        if end is not None:
            ended[row, draw] |= token == end
        heads = np.full((lanes, policy.vocabulary_size), draws)
        np.minimum.at(heads, (row, token), draw)
        group[row, draw] = heads[row, token]
        kept = (group == every) & ~ended & (totals >= best[:, None])
        row, draw = (part[kept[row, draw]] for part in (row, draw))
        for leaf, new, k in zip(slots, jax.tree.leaves(after), slot_of, strict=True):
            if k:
                leaf[row, draw] = np.asarray(new)[row]


def _waiting(
    policy: SequencePolicy, prompts: np.ndarray, draws: int, key: jax.Array, first: int, batch: int
) -> Iterator[tuple[int, list[np.ndarray], np.ndarray]]:
    """Each prompt's place, the leaves of its first state, and its draws' uniform numbers [draws, horizon]."""
    for begin in range(0, len(prompts), batch):
        rows = np.minimum(np.arange(begin, begin + batch), len(prompts) - 1)
        leaves = [np.asarray(leaf) for leaf in jax.tree.leaves(start_many(policy, prompts[rows]))]
        uniforms = np.asarray(_uniforms(key, first + rows, draws, policy.horizon))
        for i in range(min(batch, len(prompts) - begin)):
            yield begin + i, [leaf[i] for leaf in leaves], uniforms[i]


@eqx.filter_jit
def _uniforms(key: jax.Array, rows: Any, draws: int, horizon: int) -> jax.Array:
    """Those of `sample_many`, [rows, draws, horizon]."""

    def one(row: Any, column: Any) -> jax.Array:
        return jax.random.uniform(jax.random.fold_in(jax.random.fold_in(key, row), column), (horizon,), dtype=float)

    return jax.vmap(jax.vmap(one, (None, 0)), (0, None))(rows, jnp.arange(draws))


@jax.jit
def _drawn(log_probs: jax.Array, uniforms: Any) -> tuple[jax.Array, jax.Array]:
    """For log-probabilities [lanes, V] and uniforms [lanes, draws] the tokens that each draw goes on with, and their log-probabilities."""
    tokens = jax.vmap(jax.vmap(inverse_cdf, (None, 0)))(log_probs, uniforms)
    return tokens, jnp.take_along_axis(log_probs, tokens, axis=1).astype(float)
