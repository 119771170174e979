"""The rows of a table in order of reward, best first, with the groups of equal reward (levels) in each row.

Both samplers of the best of N, literal and by law, find a place in this order and then a response at that place.
"""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int32, UInt32

from sharpsim._precision import placed


def gather(table: Any, cells: Any) -> Any:
    """Entries of a table by their index in the flattened table. Indices are not checked."""
    return table.reshape(-1).at[cells].get(mode="promise_in_bounds")


class Ranking(eqx.Module):
    """Rows sorted best first. Responses without mass come last. Rows are padded to a power of two, so that bisection stays in range.

    `order` has the response at each place. A level is a group of responses of equal reward: `first` has the place where the level of each
    place begins, `inside` the cumulative mass inside the level as a fraction of 2^32, and `tie_steps` is log2 of the largest level's size,
    rounded up.
    """

    order: Int32[Array, "rows outcomes"]
    first: Int32[Array, "rows outcomes"]
    inside: UInt32[Array, "rows outcomes"]
    tie_steps: Int32[Array, ""]

    @classmethod
    def of(cls, log_probs: Any, reward: Any) -> tuple["Ranking", np.ndarray]:
        """The ranking of concrete arrays [rows, outcomes], and the masses in that order, computed on the host in float64.

        Rewards must not hold NaN.
        """
        mass, rewards = np.exp(np.asarray(log_probs, dtype=np.float64)), np.asarray(reward)
        order = np.lexsort((-rewards, mass == 0), axis=-1)
        mass, rewards = np.take_along_axis(mass, order, axis=-1), np.take_along_axis(rewards, order, axis=-1)
        new = np.ones(mass.shape, dtype=bool)
        new[:, 1:] = (rewards[:, 1:] != rewards[:, :-1]) | ((mass[:, 1:] == 0) != (mass[:, :-1] == 0))
        first = np.maximum.accumulate(np.where(new, np.arange(mass.shape[1]), 0), axis=-1)
        largest = int((np.arange(mass.shape[1]) - first)[mass > 0].max()) + 1
        inside = _cuts(mass, new, first) if largest > 1 else np.full(mass.shape, 2**32 - 1, dtype=np.uint32)
        places, starts_at, cuts = (placed(padded(array)) for array in (order.astype(np.int32), first.astype(np.int32), inside))
        return cls(places, starts_at, cuts, jnp.int32((largest - 1).bit_length())), mass

    @property
    def width(self) -> int:
        """The length of a padded row, a power of two."""
        return self.order.shape[-1]

    def response(self, rows: Any, places: Any, key: Any) -> Any:
        """A response of the level at each place, drawn in proportion to mass. Random words are made only where the table has ties."""

        def member(place: Any) -> Any:
            return self.members(rows, place, jax.random.bits(key, place.shape, jnp.uint32))

        return gather(self.order, rows * self.width + jax.lax.cond(self.tie_steps > 0, member, lambda place: place, places))

    def members(self, rows: Any, places: Any, words: Any) -> Any:
        """For each place, the place of a response of the same level: the inverse CDF of the level at a uniform word."""
        offset = rows * self.width
        start = gather(self.first, offset + places)

        def halve(step: Any, place: Any) -> Any:
            probe = place + (1 << (self.tie_steps - 1 - step)) - 1
            at = offset + jnp.minimum(probe, self.width - 1)
            before = (probe < self.width) & (gather(self.first, at) == start) & (gather(self.inside, at) < words)
            return jnp.where(before, probe + 1, place)

        return jax.lax.fori_loop(0, self.tie_steps, halve, start)


def padded(rows: np.ndarray) -> np.ndarray:
    """Rows lengthened to a power of two by repeating their last entry."""
    return np.pad(rows, [(0, 0), (0, (1 << (rows.shape[1] - 1).bit_length()) - rows.shape[1])], mode="edge")


def _cuts(mass: np.ndarray, new: np.ndarray, first: np.ndarray) -> np.ndarray:
    """The cumulative mass inside each level, as a fraction of 2^32; `new` marks where levels begin, `first` says at which place."""
    # Shares of the level, summed along the row; what came before the level is taken off again.
    starts = np.flatnonzero(new)
    shares = mass / np.maximum(np.add.reduceat(mass.reshape(-1), starts), 1e-300)[np.cumsum(new).reshape(mass.shape) - 1]
    total = np.cumsum(shares, axis=-1)
    before = np.take_along_axis(total - shares, first, axis=-1)
    cut = np.clip(np.rint((total - before) * 2.0**32), 1, 2.0**32).astype(np.uint64) - np.uint64(1)
    ends = np.concatenate([new[:, 1:], np.ones((len(mass), 1), dtype=bool)], axis=1)
    return np.where(ends, np.uint64(2**32 - 1), cut).astype(np.uint32)
