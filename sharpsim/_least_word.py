"""The best of N draws, literally and by law: the least of N uniform numbers, and one search for it.

With responses in order of reward, best first, the inverse distribution function is increasing: the best response of N draws is that of
the least of the N numbers, so that N - 1 searches need not be made. Numbers are whole: 64 bits, whatever floats the program uses.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int32, UInt32

from sharpsim._alias import CHUNK, in_blocks

NEXT = 2
"""Steps to the next response before numbers are compared as a whole."""


class BestFirstWords(eqx.Module):
    """Rows sorted best first; each response owns the 64-bit numbers after its predecessor's up to its own (`high`, `low`), that included.

    `first` is where a response's level of equal reward begins; `inside` cuts the level among its members as `high` cuts the row;
    `tie_steps` is log2 of the largest level, rounded up. Responses without mass come last and own no number; rows are padded with such
    to a power of two, so that bisection needs no care at the end.
    """

    order: Int32[Array, "rows outcomes"]
    high: UInt32[Array, "rows outcomes"]
    low: UInt32[Array, "rows outcomes"]
    first: Int32[Array, "rows outcomes"]
    inside: UInt32[Array, "rows outcomes"]
    tie_steps: Int32[Array, ""]

    @classmethod
    def of(cls, log_probs: Any, reward: Any) -> "BestFirstWords":
        """The tables of concrete arrays [rows, outcomes], built on the host in float64; rewards without NaN."""
        mass, rewards = np.exp(np.asarray(log_probs, dtype=np.float64)), np.asarray(reward)
        order = np.lexsort((-rewards, mass == 0), axis=-1)
        mass, rewards = np.take_along_axis(mass, order, axis=-1), np.take_along_axis(rewards, order, axis=-1)
        running = np.cumsum(mass, axis=-1)
        running /= running[:, -1:]
        whole = running >= 1
        words = np.where(
            whole, np.uint64(2**64 - 1), np.maximum(np.ldexp(np.where(whole, 0.0, running), 64).astype(np.uint64), 1) - np.uint64(1)
        )
        new = np.ones(mass.shape, dtype=bool)
        new[:, 1:] = (rewards[:, 1:] != rewards[:, :-1]) | ((mass[:, 1:] == 0) != (mass[:, :-1] == 0))
        first = np.maximum.accumulate(np.where(new, np.arange(mass.shape[1]), 0), axis=-1)
        largest = int((np.arange(mass.shape[1]) - first)[mass > 0].max()) + 1
        inside = np.full(mass.shape, 2**32 - 1, dtype=np.uint32)
        if largest > 1:
            # Shares of the level, summed along the row; what came before the level is taken off again.
            starts = np.flatnonzero(new)
            shares = mass / np.maximum(np.add.reduceat(mass.reshape(-1), starts), 1e-300)[np.cumsum(new).reshape(mass.shape) - 1]
            total = np.cumsum(shares, axis=-1)
            before = np.take_along_axis(total - shares, first, axis=-1)
            cut = np.clip(np.rint((total - before) * 2.0**32), 1, 2.0**32).astype(np.uint64) - np.uint64(1)
            ends = np.concatenate([new[:, 1:], np.ones((len(mass), 1), dtype=bool)], axis=1)
            inside = np.where(ends, np.uint64(2**32 - 1), cut).astype(np.uint32)
        pad = [(0, 0), (0, (1 << (mass.shape[1] - 1).bit_length()) - mass.shape[1])]
        words, first, inside, order = (np.pad(array, pad, mode="edge") for array in (words, first, inside, order))
        arrays = order.astype(np.int32), (words >> np.uint64(32)).astype(np.uint32), words.astype(np.uint32), first.astype(np.int32), inside
        made: list[Any] = [*(jnp.asarray(array) for array in arrays), jnp.asarray((largest - 1).bit_length(), jnp.int32)]
        return cls(*made)

    def places(self, rows: Any, high: Any, low: Any) -> Any:
        """The place (0 the best) of the response that owns each number, by bisection."""
        width = self.high.shape[-1]
        offset = rows * width

        def at(table: Any, place: Any) -> Any:
            return table.reshape(-1).at[offset + place].get(mode="promise_in_bounds")

        def bisect(before: Callable[[Any], Any]) -> Any:
            place, span = jnp.zeros(high.shape, jnp.int32), width
            while span > 1:
                span //= 2
                place = jnp.where(before(place + (span - 1)), place + span, place)
            return place

        def short(place: Any) -> Any:
            """Where the upper halves agree and the lower ones say that the response comes later."""
            return (at(self.high, place) == high) & (at(self.low, place) < low)

        # Half of each number decides nearly always. Where it does not, the response is the next one or two, or, if thousands share one
        # upper half, found by bisection of whole numbers.
        _, place = jax.lax.while_loop(
            lambda state: (state[0] < NEXT) & jnp.any(short(state[1])),
            lambda state: (state[0] + 1, state[1] + short(state[1])),
            (0, bisect(lambda place: at(self.high, place) < high)),
        )
        return jax.lax.while_loop(
            lambda place: jnp.any(short(place)),
            lambda _: bisect(lambda place: (at(self.high, place) < high) | short(place)),
            place,
        )

    def members(self, rows: Any, places: Any, words: Any) -> Any:
        """A place of the same level for each place, in proportion to mass."""
        start, width = self.first[rows, places], self.high.shape[-1]

        def halve(step: Any, place: Any) -> Any:
            probe = place + (1 << (self.tie_steps - 1 - step)) - 1
            at = jnp.minimum(probe, width - 1)
            before = (probe < width) & (self.first[rows, at] == start) & (self.inside[rows, at] < words)
            return jnp.where(before, probe + 1, place)

        return jax.lax.fori_loop(0, self.tie_steps, halve, start)


@partial(jax.jit, static_argnames=("draws",))
def best_literal(table: BestFirstWords, values: Any, rows: Any, draws: int, key: Any) -> tuple[Any, Any]:
    """The best of `draws` independent draws for each row number, int32 [n], and the entries of `values` [rows, outcomes] there.

    One random word a draw; equals go by mass, which is the law of keeping the first drawn of them. The words of `draws` numbers have 32
    bits; the least one gets 32 more, which is exact but for two of them agreeing: at most `draws` 2^-32 in total variation.
    """
    least_key, low_key, member_key = jax.random.split(key, 3)
    shape = rows.shape
    place = table.places(rows, _least(len(rows), draws, least_key), jax.random.bits(low_key, shape, jnp.uint32))
    response = table.order[rows, table.members(rows, place, jax.random.bits(member_key, shape, jnp.uint32))]
    return response, values[rows, response]


@jax.jit
def best_by_law(table: BestFirstWords, values: Any, rows: Any, draws: Any, key: Any) -> tuple[Any, Any]:
    """The same pair from its exact law, whatever `draws`: the least of N uniform numbers is 1 - U^(1/N) = -expm1(-E/N), E exponential."""

    def block(numbers: Any, own_key: Any) -> Any:
        level_key, fine_key, member_key = jax.random.split(own_key, 3)
        shape = numbers.shape
        uniform = jax.random.uniform(level_key, shape, float)
        high, low = _least_by_law(uniform, jax.random.bits(fine_key, shape, jnp.uint32), draws)
        place = table.places(numbers, high, low)
        response = table.order[numbers, table.members(numbers, place, jax.random.bits(member_key, shape, jnp.uint32))]
        return response, values[numbers, response]

    return in_blocks(block, rows, key, CHUNK)


def _least_by_law(uniform: Any, fine: Any, draws: Any) -> tuple[Any, Any]:
    """The least of `draws` numbers of 64 bits at the quantile `uniform`, whose missing digits are those of the word `fine`."""
    dtype, one = uniform.dtype, 1 - np.finfo(uniform.dtype).epsneg
    # A uniform number is a whole multiple of the machine's epsilon; near 0 floats have room for more.
    uniform = jnp.minimum(uniform + fine.astype(dtype) * (2.0**-32 * np.finfo(dtype).eps), one)
    tail = -jnp.expm1(jnp.log1p(-uniform) / draws)
    # Half a unit of the last digit to either side is what float32 cannot say: there the low word is free.
    scaled = jnp.minimum(tail, one) * dtype.type(2.0**32)
    if dtype.itemsize == 4:
        gap = jnp.nextafter(scaled, jnp.full_like(scaled, jnp.inf)) - scaled
        whole = jnp.floor(scaled)
        part = (scaled - whole) + gap * ((fine >> np.uint32(8)).astype(dtype) * 2.0**-24)
        extra = jnp.floor(part)
        return whole.astype(jnp.uint32) + extra.astype(jnp.uint32), _word(part - extra)
    whole = jnp.floor(scaled)
    return whole.astype(jnp.uint32), _word(scaled - whole)


def _word(fraction: Any) -> Any:
    """A number in [0, 1) as a word; the largest float32 below 2^32 is 2^32 - 256."""
    return jnp.minimum(fraction * fraction.dtype.type(2.0**32), np.nextafter(fraction.dtype.type(2.0**32), 0)).astype(jnp.uint32)


def _least(n: int, draws: int, key: Any) -> Any:
    """The least of `draws` uniform words, n times, made in chunks that are never stored."""
    if draws <= CHUNK:
        blocks = -(-n // (CHUNK // draws))
        each = -(-n // blocks)

        def block(own_key: Any) -> Any:
            return jnp.min(jax.random.bits(own_key, (each, draws), jnp.uint32), axis=1)

        return block(key) if blocks == 1 else jax.lax.map(block, jax.random.split(key, blocks)).reshape(-1)[:n]
    blocks = -(-draws // CHUNK)
    each = -(-draws // blocks)

    def one(own_key: Any) -> Any:
        def more(number: Any, least: Any) -> Any:
            words = jax.random.bits(jax.random.fold_in(own_key, number), (each,), jnp.uint32)
            real = jnp.arange(each) < draws - number * each
            return jnp.minimum(least, jnp.min(jnp.where(real, words, np.uint32(2**32 - 1))))

        return jax.lax.fori_loop(0, blocks, more, jnp.asarray(2**32 - 1, jnp.uint32))

    return jax.lax.map(one, jax.random.split(key, n))
