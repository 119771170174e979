"""The policy states of the prefixes that a search has expanded, and the step on batches of them.

A state is stored in three parts. What belongs to the prompt is kept once a prompt. An array of which each step writes one place (the keys
and values of attention) is kept as the place that the prefix's own step wrote; the other places are read from its ancestors. All else is
kept whole. A batch of prefixes, of any prompts, is gathered into buffers of fixed size, so that one program serves all of a search.
"""

import functools
import math
from typing import Any, NamedTuple

import equinox as eqx
import jax
import numpy as np

from sharpsim.policies import SequencePolicy, start_many, unchanged_by_step

STATE_BYTES = 2**31
"""The most memory, in bytes, that the policy states of all lanes may take."""
OF_PROMPT, WHOLE = -2, -1
"""How an array of the state is stored; from 0 on, the axis of which each step writes one place."""


def start_states(policy: SequencePolicy, prompts: np.ndarray, batch: int) -> list[np.ndarray]:
    """The leaves of the states `policy.start` gives for all prompts [n, ...], computed in batches of size `batch`."""
    blocks = []
    for first in range(0, len(prompts), batch):
        rows = np.arange(first, first + batch) % len(prompts)
        blocks.append([np.asarray(leaf) for leaf in jax.tree.leaves(start_many(policy, prompts[rows]))])
    return [np.concatenate(leaves)[: len(prompts)] for leaves in zip(*blocks, strict=True)]


def apart(policy: SequencePolicy) -> tuple[list[Any], Any]:
    """The arrays of a policy, and all else of it, which can be hashed."""
    arrays, fixed = eqx.partition(policy, lambda leaf: isinstance(leaf, jax.Array | np.ndarray))
    (leaves, structure), (others, rest) = jax.tree.flatten(arrays), jax.tree.flatten(fixed)
    return leaves, (structure, rest, tuple(others))


def together(arrays: list[Any], fixed: Any) -> SequencePolicy:
    """The policy that was taken apart."""
    structure, rest, others = fixed
    return eqx.combine(jax.tree.unflatten(structure, arrays), jax.tree.unflatten(rest, others))


_KNOWN: dict[Any, tuple[Any, tuple[int, ...]]] = {}


def storage(policy: SequencePolicy, prompt: Any) -> tuple[Any, tuple[int, ...]]:
    """The shapes of a state, and how each of its leaves is stored. Both are traced once for each policy structure, like a program."""
    arrays, fixed = apart(policy)
    shape = np.shape(prompt), np.asarray(prompt).dtype, jax.config.jax_enable_x64  # pyright: ignore[reportAttributeAccessIssue]
    key = fixed, tuple((leaf.shape, leaf.dtype) for leaf in arrays), shape
    if key not in _KNOWN:
        state = jax.eval_shape(policy.start, prompt)
        kept = unchanged_by_step(policy, prompt)
        axes = policy.step_axes or (WHOLE,) * len(kept)
        _KNOWN[key] = state, tuple(OF_PROMPT if unchanged else axis for unchanged, axis in zip(kept, axes, strict=True))
    return _KNOWN[key]


def affordable_lanes(policy: SequencePolicy, prompt: Any, capacity: int, lanes: int) -> int:
    """The largest number of lanes, at most `lanes`, whose `capacity` states each fit into `STATE_BYTES`."""
    state, kinds = storage(policy, prompt)
    size = sum(math.prod(_stored(leaf.shape, kind)) * leaf.dtype.itemsize for leaf, kind in zip(jax.tree.leaves(state), kinds, strict=True))
    return max(1, min(lanes, STATE_BYTES // max(1, capacity * size)))


def _stored(shape: tuple[int, ...], kind: int) -> tuple[int, ...]:
    """The shape of what is stored for each prefix."""
    return (0,) if kind == OF_PROMPT else shape[:kind] + shape[kind + 1 :] if kind >= 0 else shape


class Batch(NamedTuple):
    """Prefixes to expand; places are indices into the store. A prefix of depth d has d tokens."""

    prompts: np.ndarray
    """[r]: the number of each one's prompt."""
    parents: np.ndarray
    """[r]: the place of the prefix without its last token."""
    ancestors: np.ndarray
    """[r, horizon]: at i below `depths`, the place of the prefix of the first i tokens; beyond, any place that exists."""
    depths: np.ndarray
    tokens: np.ndarray
    """[r]: the last token of each, which the step reads."""
    places: np.ndarray
    """[r]: where each one's own state goes."""


class Store:
    """The states of up to `places` prefixes, of prompts whose start states are the leaves `starts` [n, ...]."""

    def __init__(self, policy: SequencePolicy, prompt: Any, starts: list[np.ndarray], places: int, batch: int):
        state, self.kinds = storage(policy, prompt)
        self.starts, self.batch = starts, batch
        self.structure = jax.tree.structure(state)
        # Taken apart once: `eqx.filter_jit` would do so at each call, which takes as long as the step of 20 prefixes.
        self.arrays, fixed = apart(policy)
        self.static = fixed, self.kinds
        # Zeros, so that the places beyond a prefix's depth are finite. Memory that is never used is never touched.
        self.pools = [np.zeros((places, *_stored(leaf.shape[1:], kind)), leaf.dtype) for leaf, kind in zip(starts, self.kinds, strict=True)]
        self.buffers = [aligned((batch, *leaf.shape[1:]), leaf.dtype) for leaf in starts]

    def begin(self, place: int, prompt: int) -> None:
        """Make `place` the parent of the empty prefix: what a state holds whole is there as `start` gave it."""
        for pool, leaf, kind in zip(self.pools, self.starts, self.kinds, strict=True):
            if kind == WHOLE:
                pool[place] = leaf[prompt]

    def step(self, rows: Batch) -> np.ndarray:
        """Store the states of at most `batch` prefixes, and return the log-probabilities [r, vocabulary_size] of the tokens that follow."""
        count = len(rows.tokens)
        places: dict[int, np.ndarray] = {}
        for buffer, pool, leaf, kind in zip(self.buffers, self.pools, self.starts, self.kinds, strict=True):
            if kind < 0:
                source, index = (leaf, rows.prompts) if kind == OF_PROMPT else (pool, rows.parents)
                np.take(source, index, axis=0, out=buffer[:count], mode="clip")
                continue
            outer = math.prod(leaf.shape[1 : 1 + kind])
            if outer not in places:
                places[outer] = rows.ancestors[:, None] * outer + np.arange(outer)[:, None]
            shape = (count, outer, leaf.shape[1 + kind], math.prod(leaf.shape[2 + kind :]))
            np.take(pool.reshape(len(pool) * outer, shape[-1]), places[outer], axis=0, out=buffer[:count].reshape(shape), mode="clip")
        tokens, depths = np.zeros((2, self.batch), dtype=np.int32)
        tokens[:count], depths[:count] = rows.tokens, rows.depths
        states, log_probs = _step(self.static, self.arrays, jax.tree.unflatten(self.structure, self.buffers), tokens, depths)
        for pool, leaf, kind in zip(self.pools, states, self.kinds, strict=True):
            if kind != OF_PROMPT:
                pool[rows.places] = np.asarray(leaf)[:count]
        return np.asarray(log_probs)[:count]


def aligned(shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """Zeros that begin at a multiple of 64 bytes: JAX reads such an array where it lies, and copies others."""
    size = math.prod(shape) * np.dtype(dtype).itemsize
    memory = np.zeros(size + 64, dtype=np.uint8)
    first = -memory.ctypes.data % 64
    return memory[first : first + size].view(dtype).reshape(shape)


@functools.partial(jax.jit, static_argnums=0)
def _step(static: Any, arrays: list[Any], states: Any, tokens: Any, depths: Any) -> tuple[list[Any], jax.Array]:
    """What is stored of the states after the step (None for what belongs to the prompt), and the log-probabilities."""
    fixed, kinds = static
    after, log_probs = jax.vmap(together(arrays, fixed).step)(states, tokens)

    def stored(leaf: Any, kind: int) -> Any:
        if kind < 0:
            return None if kind == OF_PROMPT else leaf
        return jax.vmap(lambda one, depth: jax.lax.dynamic_index_in_dim(one, depth, kind, keepdims=False))(leaf, depths)

    return [stored(leaf, kind) for leaf, kind in zip(jax.tree.leaves(after), kinds, strict=True)], log_probs
