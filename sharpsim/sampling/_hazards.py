"""The best of N and the adaptive rule by their exact law: exponential numbers against the cumulative hazard of the ranked responses.

Let H_k = -log(mass ranked after response k) be the cumulative hazard of a row, best first. The best of N draws ranks at k or better with
probability 1 - exp(-N H_k): it is the first response whose H_k reaches E / N, E exponential. Nothing in the table depends on N, and a
hazard, unlike a distribution function, has the same relative precision at both ends.
"""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int32, UInt32

from sharpsim import laws
from sharpsim._logspace import normalise
from sharpsim.sampling._alias import in_blocks, word_pairs
from sharpsim.sampling._ranking import Ranking, gather, padded

BLOCK = 2**16
"""Prompts looked up side by side: their numbers and places stay in the cache."""
MOST_BY_LAW = 2**100
"""Draws that the law answers for, within 2^-17 in probability whatever the masses."""
NEXT = 2
"""Steps to the next response before numbers are compared as a whole."""
_OCTAVES_BELOW = 117
"""Hazards are told apart from 2^-117 on; they end below 2^11, since no float64 survival has a larger one."""
_FRACTION = 52
_LOW_BITS = 27
_END = 2**32 - 1


class HazardTable(eqx.Module):
    """Rows sorted best first, with the cumulative hazard of each response as a whole number of 59 bits: 7 of exponent, 52 of fraction.

    `high` holds its upper 32 bits and `low` the other 27; infinity, the hazard of the last response with mass, is all ones. Responses
    without mass own no number. `guide` [rows, cells] says for each cell of numbers (those that agree down to bit `shift` of `high`,
    counted from `origin`) which response is the first that may own one; `steps` halvings find it among those of a cell.
    """

    ranking: Ranking
    high: UInt32[Array, "rows outcomes"]
    low: UInt32[Array, "rows outcomes"]
    guide: Int32[Array, "rows cells"]
    origin: Int32[Array, ""]
    shift: UInt32[Array, ""]
    steps: Int32[Array, ""]

    @classmethod
    def of(cls, log_probs: Any, reward: Any) -> "HazardTable":
        """The tables of concrete arrays [rows, outcomes], built on the host in float64; rewards without NaN."""
        ranking, mass = Ranking.of(log_probs, reward)
        number = padded(_numbers(_hazards(mass)))
        high = number >> _LOW_BITS
        # Cells as narrow as makes about one for each response, between the least hazard and the greatest finite one.
        least, most = int(high[:, 0].min()), int(np.max(high, where=high < _END, initial=0))
        octaves = (max(most - least, 0) >> (32 - 7)) + 2
        shift = 32 - 7 - min(24, max(0, (ranking.width // octaves).bit_length() - 1))
        origin = least >> shift
        cells = max(1, min((most >> shift) - origin + 1, ranking.width))
        edges = (origin + np.arange(cells)) << shift
        guide = np.stack([np.searchsorted(row, edges) for row in high]).astype(np.int32)
        ends = np.concatenate([guide[:, 1:], (high < _END).sum(axis=1)[:, None]], axis=1)
        upper, lower = (jnp.asarray(part.astype(np.uint32)) for part in (high, number & (2**_LOW_BITS - 1)))
        steps = int((ends - guide).max()).bit_length()
        return cls(ranking, upper, lower, jnp.asarray(guide), jnp.int32(origin), jnp.uint32(shift), jnp.int32(steps))

    def hazard(self, rows: Any, places: Any) -> Any:
        """H at these places, a float (a float32 program rounds it down)."""
        cells = rows * self.ranking.width + places
        return _floats(gather(self.high, cells), gather(self.low, cells))

    def places(self, rows: Any, high: Any, low: Any) -> Any:
        """The place (0 the best) of the first response whose H reaches each number."""
        offset, width = rows * self.ranking.width, self.ranking.width
        cell = jnp.clip((high >> self.shift).astype(jnp.int32) - self.origin, 0, self.guide.shape[-1] - 1)
        start = gather(self.guide, rows * self.guide.shape[-1] + cell)

        def earlier(place: Any) -> Any:
            return gather(self.high, offset + place) < high

        def short(place: Any) -> Any:
            """Where the upper words agree and the lower ones say that the response comes later."""
            return (gather(self.high, offset + place) == high) & (gather(self.low, offset + place) < low)

        def halved(before: Callable[[Any], Any]) -> Any:
            def halve(step: Any, place: Any) -> Any:
                probe = jnp.minimum(place + jnp.left_shift(1, self.steps - 1 - step) - 1, width - 1)
                return jnp.where(before(probe), probe + 1, place)

            return jax.lax.fori_loop(0, self.steps, halve, start)

        # Upper words decide but once in millions. Where they do not, the response is the next one or two, or, if thousands share one upper
        # word, found among those of the cell by whole numbers.
        def step(state: tuple[Any, Any, Any]) -> tuple[Any, Any, Any]:
            count, place, is_short = state
            return count + 1, place + is_short, short(place + is_short)

        place = halved(earlier)
        state = jax.lax.while_loop(lambda state: (state[0] < NEXT) & jnp.any(state[2]), step, (0, place, short(place)))
        return jax.lax.cond(jnp.any(state[2]), lambda _: halved(lambda at: earlier(at) | short(at)), lambda place: place, state[1])


@jax.jit
def best_by_law(table: HazardTable, values: Any, rows: Any, draws: Any, key: Any) -> tuple[Any, Any]:
    """The best of `draws` independent draws for each row number, int32 [n], and the entries of `values` [rows, outcomes] there.

    One exponential number and one look-up, whatever `draws`; equals go by mass, the law of keeping the first drawn of them.
    """
    level_key, rest_key = jax.random.split(key)
    level, fine = exponentials(rows.shape[0], level_key)
    return respond(table, values, rows, level / draws, fine, rest_key)


def respond(table: HazardTable, values: Any, rows: Any, hazard: Any, fine: Any, key: Any) -> tuple[Any, Any]:
    """For each row number the first response whose hazard reaches the number, or an equal of it, and the entry of `values` there."""

    def block(given: tuple[Any, Any, Any], own_key: Any) -> Any:
        numbers, reach, digits = given
        response = table.ranking.response(numbers, table.places(numbers, *_words(reach, digits)), own_key)
        return response, gather(values, numbers * values.shape[-1] + response)

    return in_blocks(block, (rows, hazard, fine), key, BLOCK)


@jax.jit
def until_by_law(table: HazardTable, log_probs: Any, rows: Any, stop: Any, key: Any) -> tuple[Any, Any]:
    """The adaptive rule (section 5) for each row number: the response kept, int32 [n], and the number of draws, a float.

    With D_k = ceil(s / p_k) the deadlines, no draw of the first t stops them with probability exp(-t H(t)), H(t) the hazard of the last
    response whose deadline is at most t: the draws stop at the first t with t H(t) >= E. If E <= t h, h the hazard of the last response
    with a deadline before t, the t-th draw is the only one up to there; otherwise all t rank after it, and the best of them is the first
    response whose hazard reaches E / t.
    """
    width = table.ranking.width
    ranked = jnp.take_along_axis(normalise(log_probs, jnp), table.ranking.order, axis=-1, mode="promise_in_bounds")
    deadlines = jnp.minimum(laws.stopping_deadlines(ranked, stop=stop), np.finfo(np.dtype(ranked.dtype)).max)
    # What t H(t) comes to by the draw before the next deadline; the draws stop at the last response with mass, whose hazard is infinite.
    hazards, following = _floats(table.high, table.low), jnp.roll(deadlines, -1, axis=-1)
    reach = jnp.where(jnp.isinf(hazards), jnp.inf, (following - 1) * hazards)

    def first(rising: Any, offset: Any, number: Any) -> Any:
        """The first place of the row that begins at `offset` where the rising entries reach the number; the row's last one surely does."""
        place, span = jnp.zeros(number.shape, jnp.int32), width
        while span > 1:
            span //= 2
            place = jnp.where(gather(rising, offset + place + (span - 1)) < number, place + span, place)
        return place

    level_key, rest_key = jax.random.split(key)

    def block(given: tuple[Any, Any, Any], own_key: Any) -> Any:
        numbers, level, fine = given
        last_key, member_key = jax.random.split(own_key)
        offset = numbers * width
        segment = first(reach, offset, level)
        begin, hazard = gather(deadlines, offset + segment), table.hazard(numbers, segment)
        draws = jnp.maximum(begin, jnp.ceil(level / hazard))
        before = jnp.where(draws > begin, segment + 1, first(deadlines, offset, draws))
        limit = jnp.where(before > 0, table.hazard(numbers, jnp.maximum(before - 1, 0)), 0.0)
        is_last = (before > 0) & ((draws > begin) | (level <= draws * limit))
        words = word_pairs(last_key, level.shape)
        last = -jnp.log1p(_fraction(*words) * jnp.expm1(-limit))
        digits = None if fine is None else jnp.where(is_last, words[1], fine)
        place = table.places(numbers, *_words(jnp.where(is_last, last, level / draws), digits))
        # Rounding must not carry a number over the edge of what it is drawn from.
        place = jnp.clip(place, jnp.where(is_last, 0, before), jnp.where(is_last, before - 1, segment))
        return table.ranking.response(numbers, place, member_key), draws

    return in_blocks(block, (rows, *exponentials(rows.shape[0], level_key)), rest_key, BLOCK)


def exponentials(n: int, key: Any) -> tuple[Any, Any]:
    """n exponential numbers, and words for what comes after a float32's last digit (None where floats are longer).

    They are stored: fused into what uses them they would be computed anew at each use.
    """

    def block(zeros: Any, own_key: Any) -> tuple[Any, Any]:
        return exponentials_of(*word_pairs(own_key, zeros.shape))

    return in_blocks(block, jnp.zeros(n, jnp.int32), key, BLOCK)


def exponentials_of(high: Any, low: Any) -> tuple[Any, Any]:
    """-log(1 - T) of the number T of 64 bits in two words, as accurate for T near 1 as near 0; then as `exponentials`."""
    if jnp.zeros((), float).dtype.itemsize == 8:
        return -jnp.log1p(-_fraction(high, low)), None
    rest = _fraction(~high, ~low) + 2.0**-64
    return jnp.where(high < np.uint32(2**31), -jnp.log1p(-_fraction(high, low)), -jnp.log(rest)), low


def _fraction(high: Any, low: Any) -> Any:
    """The float below 1 of a number of 64 bits in two words."""
    number = (high.astype(float) + low.astype(float) * 2.0**-32) * 2.0**-32
    return jnp.minimum(number, 1 - np.finfo(number.dtype).epsneg)


def _hazards(mass: np.ndarray) -> np.ndarray:
    """-log(mass after each entry), from whichever side of the row loses no digits."""
    before, after = np.cumsum(mass, axis=-1), np.cumsum(mass[:, ::-1], axis=-1)[:, ::-1]
    before, after = before / before[:, -1:], np.pad(after / after[:, :1], [(0, 0), (0, 1)])[:, 1:]
    with np.errstate(divide="ignore"):
        hazards = np.where(before < 0.5, -np.log1p(-np.minimum(before, 0.5)), -np.log(after))
    return np.maximum.accumulate(hazards, axis=-1)


def _numbers(hazards: np.ndarray) -> np.ndarray:
    """A float64's exponent and fraction, in its order, as a whole number; infinity is all ones."""
    numbers = np.maximum(hazards.view(np.int64) - ((1023 - _OCTAVES_BELOW) << _FRACTION), 0)
    return np.where(np.isinf(hazards), (1 << (_LOW_BITS + 32)) - 1, numbers)


def _words(hazard: Any, fine: Any) -> tuple[Any, Any]:
    """The same numbers of floats, in two words."""
    if hazard.dtype.itemsize == 8:
        bits, origin = jax.lax.bitcast_convert_type(hazard, jnp.uint64), np.uint64((1023 - _OCTAVES_BELOW) << _FRACTION)
        number = jnp.where(bits > origin, bits - origin, 0)
        return (number >> _LOW_BITS).astype(jnp.uint32), number.astype(jnp.uint32) & np.uint32(2**_LOW_BITS - 1)
    bits, origin = jax.lax.bitcast_convert_type(hazard, jnp.uint32), np.uint32((127 - _OCTAVES_BELOW) << 23)
    # The upper half of `fine` may have moved the float already.
    turned = (fine << 16) | (fine >> 16)
    return (jnp.where(bits > origin, bits - origin, 0) << 2) | (turned >> 30), (turned >> 3) & np.uint32(2**_LOW_BITS - 1)


def _floats(high: Any, low: Any) -> Any:
    """The floats of such numbers, float32 ones rounded down."""
    if jnp.zeros((), float).dtype.itemsize == 8:
        bits = (high.astype(jnp.uint64) << _LOW_BITS) + low + np.uint64((1023 - _OCTAVES_BELOW) << _FRACTION)
        floats = jax.lax.bitcast_convert_type(bits, jnp.float64)
    else:
        floats = jax.lax.bitcast_convert_type((high >> 2) + np.uint32((127 - _OCTAVES_BELOW) << 23), jnp.float32)
    return jnp.where(high == np.uint32(_END), jnp.inf, floats)
