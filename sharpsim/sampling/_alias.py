"""Alias tables (Walker 1977, Vose 1991): many independent draws from the rows of a table that is known before the draws begin.

A draw costs two random words, one comparison and one look-up, whatever the number of outcomes. The tables are built on the host, so the
masses cannot be traced.
"""

import math
from functools import partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int32, UInt32

from sharpsim import _checks
from sharpsim._arguments import arrays, checked, count
from sharpsim._kind import Kind
from sharpsim._precision import placed
from sharpsim.sampling._blocks import CHUNK, in_blocks, word_pairs
from sharpsim.sampling._kinds import INTEGERS, OUTCOMES, PAIR

_ONE = 1 << 32


def _check_masses(name: str, mass: Any) -> None:
    if not AliasTables.fits(*mass.shape):
        raise ValueError(f"`{name}` must have fewer than 2^31 entries once rows are padded to powers of two; got shape {mass.shape}.")
    with np.errstate(over="ignore", invalid="ignore"):
        total = mass.astype(np.float64).sum(axis=1)
    if not ((mass >= 0).all() and ((total > 0) & (total < math.inf)).all()):
        raise ValueError(f"`{name}` must be {MASSES.rule}; got {_checks.shown(mass)}.")


MASSES = Kind("finite and non-negative, with a positive sum in each row", lambda x: True, OUTCOMES, then=_check_masses)


class AliasTables(eqx.Module):
    """One alias table for each of several rows: 2^bits columns of equal mass, each shared by at most two outcomes.

    A draw picks a column and a uniform height in it. The outcome is the column's own number below height `keep` / 2^32, and `other` above.
    Masses are rounded to multiples of 2^-(32 + bits), so the total variation error is at most 2^-33. An outcome of mass zero is never
    drawn. Float32 programs draw exactly what float64 programs draw.
    """

    keep: UInt32[Array, " cells"]
    other: Int32[Array, " cells"]
    bits: int = eqx.field(static=True)

    @staticmethod
    @checked(rows=arrays(count()), outcomes=arrays(count()))
    def fits(rows: int, outcomes: int) -> bool:
        """Whether a table of this size can be built: its columns, rows padded to powers of two, must be numbered with 31 bits."""
        return int(rows) << _bits(int(outcomes)) < 2**31

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return self.keep.shape[-1] >> self.bits

    @classmethod
    @checked(mass=MASSES)
    def of(cls, mass: Any) -> "AliasTables":
        """The tables of masses [rows, outcomes], built on the host in exact integer arithmetic.

        Raises `ValueError` for tables of 2^31 entries and more, once rows are padded to powers of two.
        """
        weights = np.asarray(mass, dtype=np.float64)
        rows, outcomes = weights.shape
        bits = _bits(outcomes)
        height = np.zeros((rows, 1 << bits), dtype=np.int64)
        height[:, :outcomes] = np.rint(weights / weights.sum(axis=1, keepdims=True) * float(_ONE << bits))
        # Whole numbers that add up exactly: the largest takes what rounding left over.
        height[np.arange(rows), height.argmax(axis=1)] += (_ONE << bits) - height.sum(axis=1)
        keep, other = _filled(height.reshape(-1))
        return cls(placed(keep.astype(np.uint32)), placed((other & ((1 << bits) - 1)).astype(np.int32)), bits)

    @checked(rows=INTEGERS, words=PAIR)
    def pick(self, rows: Any, words: Any) -> Any:
        """The outcome drawn for each row number, int32. `words` are two arrays of independent uniform words, uint32, each of its shape."""
        _checks.indices("rows", rows, self.rows)
        _checks.same_shape("rows", rows, "words", words[0])
        left = np.uint32(32 - self.bits)
        column = (words[0] >> left).astype(jnp.int32)
        # The rest of the first word decides inside the column, the second word adds digits.
        level = (words[0] << np.uint32(self.bits)) | (words[1] >> left)
        cell = (rows.astype(jnp.int32) << self.bits) + column
        own, other = (table.at[cell].get(mode="promise_in_bounds") for table in (self.keep, self.other))
        return jnp.where(level < own, column, other)


def _bits(outcomes: int) -> int:
    return max(1, (outcomes - 1).bit_length())


def _filled(height: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """`keep` and `other` of all columns, given each column's mass in units where a full column has 2^32."""
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
    return keep, other


@partial(jax.jit, static_argnames=("count",))
def draw_rows(tables: AliasTables, rows: Any, count: int, key: Any) -> Any:
    """See `sampling.draw_rows`."""

    def block(numbers: Any, own_key: Any) -> Any:
        shape = (len(numbers), count)
        return tables.pick(jnp.broadcast_to(numbers[:, None], shape), word_pairs(own_key, shape))

    return in_blocks(block, rows, key, max(1, CHUNK // count))


@partial(jax.jit, static_argnames=("count",))
def draw_with_values(tables: AliasTables, values: Any, rows: Any, count: int, key: Any) -> tuple[Any, Any]:
    """See `sampling.draw_with_values`."""

    def block(numbers: Any, own_key: Any) -> Any:
        picked = draw_rows(tables, numbers, count, own_key)
        return picked, values.at[numbers[:, None], picked].get(mode="promise_in_bounds")

    return in_blocks(block, rows, key, max(1, CHUNK // count))
