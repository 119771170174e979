"""Many draws for each of many prompts, with one policy step for each distinct prefix.

Use it where the policy is peaked, so that many draws share their prefixes; each draw still has uniform numbers of its own. Where draws
rarely share prefixes, `sample_many` is the faster one.
"""

from typing import Any, NamedTuple

import jax
import numpy as np

from sharpsim import _checks
from sharpsim._arguments import ANYTHING, checked
from sharpsim.decoding._states import OF_PROMPT, start_states, storage
from sharpsim.policies import SequencePolicy, checked_prompts, step_many

BATCH = 2048
"""Prefixes stepped in one call."""


class ManyDraws(NamedTuple):
    """Independent draws; each distinct response to a prompt is stored once."""

    responses: np.ndarray
    """int32 [m, horizon]: the distinct responses of all prompts, in order of prompts, padded with the end token."""
    log_probs: np.ndarray
    """float64 [m], nats: step log-probabilities summed from the first token on."""
    prompts: np.ndarray
    """int64 [m]: the index of the prompt that each response belongs to."""
    which: np.ndarray
    """int64 [n, draws]: each draw, as an index into the three arrays above."""


@checked(prompts=ANYTHING)
def draw_many(policy: SequencePolicy, prompts: Any, *, draws: int, key: jax.Array) -> ManyDraws:
    """`draws` independent responses y ~ pi(. | x) for each of the prompts [n, ...], by inverse CDF in float64.

    The distribution is that of `policy.sample`. The cost is one step for each distinct prefix: the more probable the mode, the fewer.
    Raises `ValueError` for draws below 1, prompts that the policy does not accept, and with x64 off (uniform numbers of 23 bits would miss
    rare tokens).
    """
    each = _checks.static_count("draws", draws)
    prompts = checked_prompts(policy, prompts)
    _checks.affordable("draws", draws, size=8.0 * len(prompts) * each)
    if not jax.config.jax_enable_x64:  # pyright: ignore[reportAttributeAccessIssue]
        raise ValueError("`draw_many` needs float64 uniforms: set jax_enable_x64.")
    return _draw(policy, prompts, each, key)


def _draw(policy: SequencePolicy, prompts: np.ndarray, each: int, key: jax.Array) -> ManyDraws:
    n, horizon, size, end = len(prompts), policy.horizon, policy.vocabulary_size, policy.end_token
    state, kinds = storage(policy, prompts[0])
    structure, of_prompt = jax.tree.structure(state), [kind == OF_PROMPT for kind in kinds]
    states = start_states(policy, prompts, min(BATCH, n))
    # A node is a prefix of a prompt; `node` says at which one each draw in `alive` stands.
    owner, totals = np.arange(n), np.zeros(n)
    prefixes, tokens = np.full((n, horizon), end or 0, dtype=np.int32), np.full(n, policy.begin_token, dtype=np.int32)
    alive, node = np.arange(n * each), np.repeat(np.arange(n), each)
    done: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    which, found = np.empty(n * each, dtype=np.int64), 0
    for depth in range(horizon):
        # What a state holds of its prompt is kept once.
        sources = [owner if kept else np.arange(len(tokens)) for kept in of_prompt]
        stepped, log_probs = _step(policy, structure, states, sources, tokens)
        uniforms = np.asarray(jax.random.uniform(jax.random.fold_in(key, depth), (n * each,), dtype=float))[alive]
        token = _inverse(np.exp(log_probs), node, uniforms)
        child, node = np.unique(node * size + token, return_inverse=True)
        parent, tokens = child // size, (child % size).astype(np.int32)
        totals, owner, prefixes = totals[parent] + log_probs[parent, tokens], owner[parent], prefixes[parent]
        prefixes[:, depth] = tokens
        over = np.full(len(child), depth == horizon - 1) if end is None else (tokens == end) | (depth == horizon - 1)
        done.append((prefixes[over], totals[over], owner[over]))
        number = np.where(over, found + np.cumsum(over) - 1, np.cumsum(~over) - 1)
        found += int(over.sum())
        finished = over[node]
        which[alive[finished]] = number[node[finished]]
        alive, node = alive[~finished], number[node[~finished]]
        if not alive.size:
            break
        owner, totals, prefixes, tokens = owner[~over], totals[~over], prefixes[~over], tokens[~over]
        states = [old if kept else new[parent[~over]] for old, new, kept in zip(states, stepped, of_prompt, strict=True)]
    responses, log_probs, owners = (np.concatenate(parts) for parts in zip(*done, strict=True))
    return _by_prompt(responses, log_probs, owners, which.reshape(n, each))


def _by_prompt(responses: np.ndarray, log_probs: np.ndarray, owner: np.ndarray, which: np.ndarray) -> ManyDraws:
    """The distinct responses, found in order of length, sorted by prompt."""
    order = np.argsort(owner, kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return ManyDraws(responses[order], log_probs[order], owner[order], place[which])


def _step(
    policy: SequencePolicy, structure: Any, states: list[np.ndarray], sources: list[np.ndarray], tokens: np.ndarray
) -> tuple[list[np.ndarray], np.ndarray]:
    """The states after the tokens and their next-token log-probabilities; leaf i of the state of row r is `states[i][sources[i][r]]`."""
    after, log_probs = [], []
    for first in range(0, len(tokens), BATCH):
        rows = np.arange(first, min(first + BATCH, len(tokens)))
        # Two shapes only, so that two are compiled.
        batch = 64 if len(rows) <= 64 else BATCH
        padded = rows[np.arange(batch) % len(rows)]
        before = [leaf[source[padded]] for leaf, source in zip(states, sources, strict=True)]
        states_after, rows_log_probs = step_many(policy, jax.tree.unflatten(structure, before), tokens[padded])
        after.append([np.asarray(leaf)[: len(rows)] for leaf in jax.tree.leaves(states_after)])
        log_probs.append(np.asarray(rows_log_probs, dtype=np.float64)[: len(rows)])
    return [np.concatenate(leaves) for leaves in zip(*after, strict=True)], np.concatenate(log_probs)


def _inverse(probs: np.ndarray, node: np.ndarray, uniforms: np.ndarray) -> np.ndarray:
    """Inverse CDF by bisection: for each draw, the first token whose cumulative probability at its node exceeds the uniform number."""
    cumulative = np.cumsum(probs, axis=1)
    total = cumulative[:, -1]
    target = np.minimum(uniforms * total[node], np.nextafter(total, 0)[node])
    low, high = np.zeros(len(node), dtype=np.int64), np.full(len(node), probs.shape[1] - 1)
    while (low < high).any():
        middle = (low + high) // 2
        beyond = cumulative[node, middle] > target
        low, high = np.where(beyond, low, middle + 1), np.where(beyond, middle, high)
    return low
