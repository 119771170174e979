"""The priority queues of best-first search over prefixes, for many prompts at once.

Queues are NumPy arrays with one row for each lane. A lane is a place in the batch, and holds the search for one prompt. One compiled policy
step of fixed batch size expands the top prefix of all lanes.
"""

from typing import Any

import jax
import numpy as np

from sharpsim.policies import SequencePolicy, start_many, step_many, unchanged_by_step

BLOCK = 64
"""Prefixes whose largest continuation is kept in one number, so that the top of a queue is found without reading all of it."""
STATE_BYTES = 2**31
"""The most memory, in bytes, that the policy states of all lanes may take."""


def start_states(policy: SequencePolicy, prompts: np.ndarray, batch: int) -> list[np.ndarray]:
    """The leaves of the states `policy.start` gives for all prompts [n, ...], computed in batches of size `batch`."""
    blocks = []
    for first in range(0, len(prompts), batch):
        rows = np.arange(first, first + batch) % len(prompts)
        blocks.append([np.asarray(leaf) for leaf in jax.tree.leaves(start_many(policy, prompts[rows]))])
    return [np.concatenate(leaves)[: len(prompts)] for leaves in zip(*blocks, strict=True)]


def affordable_lanes(policy: SequencePolicy, prompt: Any, capacity: int, lanes: int) -> int:
    """The largest number of lanes, at most `lanes`, whose `capacity` states each fit into `STATE_BYTES`."""
    leaves = jax.tree.leaves(jax.eval_shape(policy.start, prompt))
    kept = unchanged_by_step(policy, prompt)
    size = sum(leaf.size * leaf.dtype.itemsize for leaf, of_prompt in zip(leaves, kept, strict=True) if not of_prompt)
    return max(1, min(lanes, STATE_BYTES // max(1, capacity * size)))


def prefixes(policy: SequencePolicy, most: int) -> int:
    """The number of prefixes that a search can expand, 1 + W + ... + W^(H-1) where W tokens do not end a response, or `most` if smaller."""
    words, total = policy.vocabulary_size - (policy.end_token is not None), 0
    for depth in range(policy.horizon):
        if (total := total + words**depth) >= most:
            return most
    return total


class Frontier:
    """The prefixes expanded so far in each of `lanes` lanes, and the prefixes on each lane's queue.

    Expanding a prefix fills the lane's next slot. The slot holds the prefix's state and the log-probabilities of its V continuations
    (float64, summed from the first token on). A continuation is either a complete response (it has the end token, or full length) or a
    prefix. The prefixes on the queue are the finite entries of `children`, so the queue needs no storage of its own. `best` has the
    largest entry of each slot.
    """

    def __init__(self, policy: SequencePolicy, lanes: int, capacity: int, ties: int = 1):
        self.policy = policy
        self.capacity = capacity
        self.ties = ties
        self.batches = sorted({size for size in (16, lanes) if size <= lanes} | ({ties} if ties > 1 else set()))
        size, horizon, blocks = policy.vocabulary_size, policy.horizon, -(-capacity // BLOCK)
        # Filled slot by slot, so memory that is never used is never touched.
        self.states: list[np.ndarray] = []
        self.of_prompt: list[bool] = []
        self.structure: Any = None
        self.children = np.empty((lanes, capacity, size))
        self.ended = np.empty((lanes, capacity))
        self.prefixes = np.empty((lanes, capacity, horizon), dtype=np.int32)
        self.depths = np.empty((lanes, capacity), dtype=np.int32)
        self.best = np.full((lanes, blocks, BLOCK), -np.inf)
        self.best_of_block = np.full((lanes, blocks), -np.inf)
        self.counts = np.zeros(lanes, dtype=np.int64)
        self.incumbents = np.full(lanes, -np.inf)

    def load(self, lane: int, prompt: Any, states: list[np.ndarray], number: int) -> None:
        """Start the search for a prompt in `lane`, with the empty prefix on its queue; the prompt's start state is `states[..][number]`."""
        if not self.states:
            self.structure = jax.tree.structure(jax.eval_shape(self.policy.start, prompt))
            self.of_prompt = unchanged_by_step(self.policy, prompt)
            # What belongs to the prompt (one slot) is not kept again for each prefix.
            slots = [1 if of_prompt else self.capacity for of_prompt in self.of_prompt]
            self.states = [
                np.empty((len(self.counts), size, *leaf.shape[1:]), leaf.dtype) for size, leaf in zip(slots, states, strict=True)
            ]
        for stored, leaf in zip(self.states, states, strict=True):
            stored[lane, 0] = leaf[number]
        self.best[lane] = -np.inf
        self.best_of_block[lane] = -np.inf
        self.counts[lane] = 0
        self.incumbents[lane] = -np.inf

    def top(self, lanes: np.ndarray) -> np.ndarray:
        """The largest log-probability on each lane's queue; -inf where the queue is empty."""
        return np.where(self.counts[lanes] == 0, 0.0, self.best_of_block[lanes].max(axis=1))

    def expand(self, lanes: np.ndarray) -> None:
        """Expand the most probable prefix of each lane, and up to `ties` prefixes in all where others have the same probability."""
        policy, slot = self.policy, self.counts[lanes]
        inner = slot > 0
        parent, token, log_prob = self._pop(lanes, inner)
        if self.ties > len(lanes) and (self.best_of_block[lanes].max(axis=1) == log_prob)[inner].any():
            lanes, slot, inner, parent, token, log_prob = self._join_ties(lanes, slot, inner, parent, token, log_prob)
        each = np.arange(len(lanes))
        depth = np.where(inner, self.depths[lanes, parent] + 1, 0)

        before = [leaf[lanes, 0 if kept else parent] for leaf, kept in zip(self.states, self.of_prompt, strict=True)]
        states, step_log_probs = self._step(before, token)
        rows = log_prob[:, None] + step_log_probs
        if np.isnan(rows).any():
            raise ValueError("`policy.step` must return log-probabilities; got NaN.")
        for stored, leaf, kept in zip(self.states, states, self.of_prompt, strict=True):
            if not kept:
                stored[lanes, slot] = leaf
        prefix = self.prefixes[lanes, parent]
        prefix[each[inner], depth[inner] - 1] = token[inner]
        self.prefixes[lanes, slot] = prefix
        self.depths[lanes, slot] = depth

        last = depth == policy.horizon - 1
        ended = np.full(len(lanes), -np.inf)
        if policy.end_token is not None:
            ended = np.where(last, -np.inf, rows[:, policy.end_token])
            rows[~last, policy.end_token] = -np.inf
        top = rows.max(axis=1)
        self.ended[lanes, slot] = ended
        self.children[lanes, slot] = rows
        np.maximum.at(self.incumbents, lanes, np.where(last, top, ended))
        block = slot // BLOCK
        best = np.where(last, -np.inf, top)
        self.best[lanes, block, slot % BLOCK] = best
        np.maximum.at(self.best_of_block, (lanes, block), best)
        np.add.at(self.counts, lanes, 1)

    def _pop(self, lanes: np.ndarray, inner: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        block = self.best_of_block[lanes].argmax(axis=1)
        within = self.best[lanes, block].argmax(axis=1)
        parent = np.where(inner, block * BLOCK + within, 0)
        token = np.full(len(lanes), self.policy.begin_token, dtype=np.int32)
        log_prob = np.zeros(len(lanes))
        if inner.any():
            lane, from_slot, block, within = lanes[inner], parent[inner], block[inner], within[inner]
            rows = self.children[lane, from_slot]
            each, chosen = np.arange(len(lane)), rows.argmax(axis=1)
            token[inner], log_prob[inner] = chosen, rows[each, chosen]
            self.children[lane, from_slot, chosen] = -np.inf
            rows[each, chosen] = -np.inf
            self.best[lane, block, within] = rows.max(axis=1)
            self.best_of_block[lane, block] = self.best[lane, block].max(axis=1)
        return parent, token, log_prob

    def _join_ties(self, lanes: np.ndarray, slot: np.ndarray, inner: np.ndarray, *popped: np.ndarray) -> tuple[np.ndarray, ...]:
        """The prefixes popped, followed by others on the same queues with exactly the same probability, which are popped too."""
        share, joined = self.ties // len(lanes) - 1, [(lanes, slot, inner, *popped)]
        for lane, count, ready, value in zip(lanes, slot, inner, popped[-1], strict=True):
            room = min(share, self.capacity - int(count) - 1)
            if not ready or room < 1 or self.best_of_block[lane].max() != value:
                continue
            parents = np.flatnonzero(self.best[lane].reshape(-1)[:count] == value)[:room]
            which, token = (found[:room] for found in np.nonzero(self.children[lane, parents] == value))
            self.children[lane, parents[which], token] = -np.inf
            self.best[lane, parents // BLOCK, parents % BLOCK] = self.children[lane, parents].max(axis=1)
            blocks = np.unique(parents // BLOCK)
            self.best_of_block[lane, blocks] = self.best[lane, blocks].max(axis=1)
            number, same = 1 + np.arange(len(which)), np.ones(len(which), dtype=bool)
            joined.append((same * lane, count + number, same, parents[which], token.astype(np.int32), same * value))
        return tuple(np.concatenate(parts) for parts in zip(*joined, strict=True))

    def _step(self, states: list[np.ndarray], tokens: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
        count = len(tokens)
        batch = next((size for size in self.batches if size >= count), count)
        rows = np.arange(batch) % count
        tree = jax.tree.unflatten(self.structure, [leaf[rows] if batch > count else leaf for leaf in states])
        after, log_probs = step_many(self.policy, tree, tokens[rows])
        return [np.asarray(leaf)[:count] for leaf in jax.tree.leaves(after)], np.asarray(log_probs, dtype=np.float64)[:count]

    def complete(self, lane: int, at_least: float) -> tuple[np.ndarray, np.ndarray]:
        """The complete responses found in `lane` with log-probability `at_least` or more (never -inf): [k, horizon] and [k], unsorted."""
        count, end = self.counts[lane], self.policy.end_token
        ended = self.ended[lane, :count]
        slots = np.flatnonzero((ended >= at_least) & (ended > -np.inf))
        responses, log_probs = self.prefixes[lane, slots], ended[slots]
        if end is not None:
            responses[np.arange(self.policy.horizon) >= self.depths[lane, slots][:, None]] = end
        last = np.flatnonzero(self.depths[lane, :count] == self.policy.horizon - 1)
        rows = self.children[lane, last]
        which, token = np.nonzero((rows >= at_least) & (rows > -np.inf))
        full = self.prefixes[lane, last[which]]
        full[:, -1] = token
        return np.concatenate([responses, full]), np.concatenate([log_probs, rows[which, token]])

    def unexpanded(self, lane: int) -> np.ndarray:
        """The log-probabilities of all prefixes on the lane's queue."""
        count = self.counts[lane]
        if count == 0:
            return np.zeros(1)
        left = self.children[lane, :count][self.depths[lane, :count] < self.policy.horizon - 1]
        return left[left > -np.inf]


def in_order(responses: np.ndarray, log_probs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sorted by descending log-probability; ties in lexicographic order of tokens."""
    order = np.lexsort((*responses.T[::-1], -log_probs))
    return responses[order], log_probs[order]
