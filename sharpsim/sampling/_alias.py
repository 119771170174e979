"""Alias tables (Walker 1977, Vose 1991): one draw costs one column, one comparison and one look-up, however many outcomes there are."""

from collections.abc import Callable
from functools import partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int32, UInt32

CHUNK = 2**18
"""Random words made at a time: they stay in the processor's cache."""
_ONE = 1 << 32


class AliasTables(eqx.Module):
    """The laws of several rows, each cut into 2^bits columns of equal mass that hold at most two outcomes.

    A column hands out its own number below `keep` / 2^32 of its height and `other` above it. Masses are whole multiples of 2^-(32 + bits):
    the law is off by at most 2^-33 in total variation, a mass of zero is never drawn, and float32 programs draw as float64 ones do.
    """

    keep: UInt32[Array, " cells"]
    other: Int32[Array, " cells"]
    bits: int = eqx.field(static=True)

    @staticmethod
    def fits(rows: int, outcomes: int) -> bool:
        """Whether the columns of such a table can be numbered with 31 bits."""
        return rows << _bits(outcomes) < 2**31

    @classmethod
    def of(cls, mass: Any) -> "AliasTables":
        """The tables of masses [rows, outcomes], finite, non-negative, each row with a positive sum; built on the host in whole numbers."""
        weights = np.asarray(mass, dtype=np.float64)
        rows, outcomes = weights.shape
        if not cls.fits(rows, outcomes):
            raise ValueError(f"`mass` must have fewer than 2^31 entries once rows are padded to powers of two; got shape {weights.shape}.")
        bits = _bits(outcomes)
        height = np.zeros((rows, 1 << bits), dtype=np.int64)
        height[:, :outcomes] = np.rint(weights / weights.sum(axis=1, keepdims=True) * float(_ONE << bits))
        # Whole numbers that add up exactly: the largest takes what rounding left over.
        height[np.arange(rows), height.argmax(axis=1)] += (_ONE << bits) - height.sum(axis=1)
        height = height.reshape(-1)
        excess = height - _ONE
        lack, spare = np.cumsum(np.maximum(-excess, 0)), np.cumsum(np.maximum(excess, 0))
        keep, other = np.full(len(height), _ONE - 1), np.arange(len(height))
        # Low columns take, in order, from the high column whose spare height is not used up yet. Rows balance, so one sweep serves all.
        low, high = np.flatnonzero(excess < 0), np.flatnonzero(excess > 0)
        keep[low], other[low] = height[low], np.searchsorted(spare, lack[low] + excess[low], side="right")
        # A high column that the last of its takers overdraws becomes a low one, filled by the next high column.
        taker = np.minimum(np.searchsorted(lack, spare[high], side="right"), len(height) - 1)
        overdrawn = (lack[taker] > spare[high]) & (lack[taker] + excess[taker] < spare[high])
        high, taker = high[overdrawn], taker[overdrawn]
        keep[high] = _ONE + spare[high] - lack[taker]
        other[high] = np.searchsorted(spare, spare[high], side="right")
        return cls(jnp.asarray(keep.astype(np.uint32)), jnp.asarray((other & ((1 << bits) - 1)).astype(np.int32)), bits)

    def pick(self, rows: Any, words: Any) -> Any:
        """The outcome, int32, of each row number for two arrays of independent uniform words, uint32, each of the shape of `rows`."""
        left = np.uint32(32 - self.bits)
        column = (words[0] >> left).astype(jnp.int32)
        # The rest of the first word decides inside the column, the second word adds digits.
        level = (words[0] << np.uint32(self.bits)) | (words[1] >> left)
        cell = (rows.astype(jnp.int32) << self.bits) + column
        own, other = (table.at[cell].get(mode="promise_in_bounds") for table in (self.keep, self.other))
        return jnp.where(level < own, column, other)


def _bits(outcomes: int) -> int:
    return max(1, (outcomes - 1).bit_length())


def word_pairs(key: Any, shape: tuple[int, ...]) -> tuple[Any, Any]:
    """Two arrays of uniform words, from a key each: halves of one array would be computed twice where XLA fuses the generator."""
    first, second = jax.random.split(key)
    return jax.random.bits(first, shape, jnp.uint32), jax.random.bits(second, shape, jnp.uint32)


def in_blocks(draw: Callable[[Any, Any], Any], rows: Any, key: Any, size: int) -> Any:
    """`draw(rows, key)` of row numbers [n] (or of several such arrays), at most `size` of them at a time, joined along the first axis:
    memory does not grow with n.
    """
    n = jax.tree.leaves(rows)[0].shape[0]
    # Philox makes its words in pairs, and an odd number of them takes four times as long.
    pair = min(size, 2)
    blocks = -(-n // (size // pair * pair))
    each = pair * -(-n // (pair * blocks))
    padded = jax.tree.map(lambda array: jnp.pad(array, (0, blocks * each - n)), rows)
    if blocks == 1:
        return jax.tree.map(lambda part: part[:n], draw(padded, key))
    cut = jax.tree.map(lambda array: array.reshape(blocks, each), padded)
    parts = map_late(lambda part: draw(*part), (cut, jax.random.split(key, blocks)))
    return jax.tree.map(lambda part: part.reshape(blocks * each, *part.shape[2:])[:n], parts)


def map_late(function: Callable[[Any], Any], over: Any) -> Any:
    """`jax.lax.map`, with each result stored one step after it was computed.

    XLA's CPU compiler fuses what a step computes with its store into the stacked result, and runs such a fusion on one thread; a result
    that the loop carries is computed by all threads, and its store is a copy.
    """
    steps = jax.tree.leaves(over)[0].shape[0]

    def at(i: Any) -> Any:
        return jax.tree.map(lambda array: jax.lax.dynamic_index_in_dim(array, i, keepdims=False), over)

    def store(stacked: Any, last: Any, i: Any) -> Any:
        return jax.tree.map(lambda whole, part: jax.lax.dynamic_update_index_in_dim(whole, part, i, 0), stacked, last)

    shapes = jax.eval_shape(function, at(0))
    stacked, last = (jax.tree.map(lambda s, lead=lead: jnp.zeros((*lead, *s.shape), s.dtype), shapes) for lead in ((steps,), ()))

    def step(i: Any, state: tuple[Any, Any]) -> tuple[Any, Any]:
        return store(state[0], state[1], jnp.maximum(i - 1, 0)), function(at(i))

    stacked, last = jax.lax.fori_loop(0, steps, step, (stacked, last))
    return store(stacked, last, steps - 1)


@partial(jax.jit, static_argnames=("count",))
def draw_rows(tables: AliasTables, rows: Any, count: int, key: Any) -> Any:
    """`count` independent outcomes of each row number, int32 [n, count], by two random words each."""

    def block(numbers: Any, own_key: Any) -> Any:
        shape = (len(numbers), count)
        return tables.pick(jnp.broadcast_to(numbers[:, None], shape), word_pairs(own_key, shape))

    return in_blocks(block, rows, key, max(1, CHUNK // count))


@partial(jax.jit, static_argnames=("count",))
def draw_with_values(tables: AliasTables, values: Any, rows: Any, count: int, key: Any) -> tuple[Any, Any]:
    """The same, and the entries of the table `values` [rows, outcomes] that were drawn."""

    def block(numbers: Any, own_key: Any) -> Any:
        picked = draw_rows(tables, numbers, count, own_key)
        return picked, values.at[numbers[:, None], picked].get(mode="promise_in_bounds")

    return in_blocks(block, rows, key, max(1, CHUNK // count))
