"""The best of N draws by its exact law: one exponential number and one look-up, whatever N. For tables with concrete numbers.

Let H_k = -log(mass ranked after response k) be the cumulative hazard of a row, best response first. The best of N independent draws
has rank k or better with probability 1 - exp(-N H_k). It is therefore the first response whose H_k reaches E / N, where E is an exponential
number. The table does not depend on N. A hazard, unlike a cumulative probability, has the same relative precision at both ends.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int32, UInt32

from sharpsim import _checks
from sharpsim._arguments import checked
from sharpsim._precision import placed
from sharpsim.sampling._blocks import in_blocks
from sharpsim.sampling._hazard_numbers import BLOCK, END, LOW_BITS, decode, encode, encode_traced, exponentials
from sharpsim.sampling._kinds import HOST_REWARD, HOST_ROWS, INTEGERS, WORDS
from sharpsim.sampling._ranking import Ranking, gather, padded

NEXT = 2
"""How many responses after the first guess are tried one by one before the search is repeated with all 59 bits."""


class HazardTable(eqx.Module):
    """Rows sorted best first, with the cumulative hazard of each response as a whole number of 59 bits (`_hazard_numbers`).

    `high` holds its upper 32 bits and `low` the other 27. Infinity, the hazard of the last response with mass, is all ones; no number
    leads to a response without mass.

    The numbers are cut into cells: those that agree down to bit `shift` of `high`, counted from `origin`. `guide` [rows, cells] has, for
    each cell, the first response that a number in it may lead to; a bisection of `steps` steps finds the response from there.
    """

    ranking: Ranking
    high: UInt32[Array, "rows outcomes"]
    low: UInt32[Array, "rows outcomes"]
    guide: Int32[Array, "rows cells"]
    origin: Int32[Array, ""]
    shift: UInt32[Array, ""]
    steps: Int32[Array, ""]

    @classmethod
    @checked(log_probs=HOST_ROWS, reward=HOST_REWARD)
    def of(cls, log_probs: Any, reward: Any) -> "HazardTable":
        """The table of concrete arrays [rows, outcomes], built on the host in float64."""
        ranking, mass = Ranking.of(log_probs, reward)
        number = padded(encode(_hazards(mass)))
        high = number >> LOW_BITS
        # Cells as narrow as makes about one for each response, between the least hazard and the greatest finite one.
        least, most = int(high[:, 0].min()), int(np.max(high, where=high < END, initial=0))
        octaves = (max(most - least, 0) >> (32 - 7)) + 2
        shift = 32 - 7 - min(24, max(0, (ranking.width // octaves).bit_length() - 1))
        origin = least >> shift
        cells = max(1, min((most >> shift) - origin + 1, ranking.width))
        edges = (origin + np.arange(cells)) << shift
        guide = np.stack([np.searchsorted(row, edges) for row in high]).astype(np.int32)
        ends = np.concatenate([guide[:, 1:], (high < END).sum(axis=1)[:, None]], axis=1)
        steps = int((ends - guide).max()).bit_length()
        # The last cell is repeated, so that the tables of one size have one shape: each shape is compiled anew.
        guide = np.pad(guide, ((0, 0), (0, ranking.width - cells)), mode="edge")
        upper, lower = (placed(part.astype(np.uint32)) for part in (high, number & (2**LOW_BITS - 1)))
        return cls(ranking, upper, lower, placed(guide), jnp.int32(origin), jnp.uint32(shift), jnp.int32(steps))

    @checked(rows=INTEGERS, places=INTEGERS)
    def hazard(self, rows: Any, places: Any) -> Any:
        """The cumulative hazard H at these places, a float (float32 programs round it down)."""
        _checks.indices("rows", rows, len(self.high))
        _checks.same_shape("rows", rows, "places", places)
        _checks.indices("places", places, self.ranking.width)
        return _hazard(self, rows, places)

    @checked(rows=INTEGERS, high=WORDS, low=WORDS)
    def places(self, rows: Any, high: Any, low: Any) -> Any:
        """The place (0 is the best) of the first response whose H is at least the given number, in two words."""
        _checks.indices("rows", rows, len(self.high))
        _checks.same_shape("rows", rows, "high", high)
        _checks.same_shape("rows", rows, "low", low)
        _checks.indices("low", low, 2**LOW_BITS)
        return _places(self, rows, high, low)


@partial(jax.jit, inline=True)
def _hazard(table: HazardTable, rows: Any, places: Any) -> Any:
    cells = rows * table.ranking.width + places
    return decode(gather(table.high, cells), gather(table.low, cells))


@partial(jax.jit, inline=True)
def _places(table: HazardTable, rows: Any, high: Any, low: Any) -> Any:
    offset, width = rows * table.ranking.width, table.ranking.width
    cell = jnp.clip((high >> table.shift).astype(jnp.int32) - table.origin, 0, table.guide.shape[-1] - 1)
    start = gather(table.guide, rows * table.guide.shape[-1] + cell)

    def earlier(place: Any) -> Any:
        return gather(table.high, offset + place) < high

    def short(place: Any) -> Any:
        """Whether the upper words are equal and the lower word of H is too small."""
        return (gather(table.high, offset + place) == high) & (gather(table.low, offset + place) < low)

    def halved(before: Callable[[Any], Any]) -> Any:
        def halve(step: Any, place: Any) -> Any:
            probe = jnp.minimum(place + jnp.left_shift(1, table.steps - 1 - step) - 1, width - 1)
            return jnp.where(before(probe), probe + 1, place)

        return jax.lax.fori_loop(0, table.steps, halve, start)

    # Upper words nearly always decide. Where they do not, the response is one of the next two, or, if thousands share one upper word,
    # the cell is searched again with both words.
    def step(state: tuple[Any, Any, Any]) -> tuple[Any, Any, Any]:
        count, place, is_short = state
        return count + 1, place + is_short, short(place + is_short)

    place = halved(earlier)
    state = jax.lax.while_loop(lambda state: (state[0] < NEXT) & jnp.any(state[2]), step, (0, place, short(place)))
    return jax.lax.cond(jnp.any(state[2]), lambda _: halved(lambda at: earlier(at) | short(at)), lambda place: place, state[1])


@jax.jit
def best_by_law(table: HazardTable, values: Any, rows: Any, draws: Any, key: Any) -> tuple[Any, Any]:
    """See `sampling.best_by_law`."""
    level_key, rest_key = jax.random.split(key)
    level, fine = exponentials(rows.shape[0], level_key)
    return best_at_hazard(table, values, rows, level / draws, fine, rest_key)


def best_at_hazard(table: HazardTable, values: Any, rows: Any, hazard: Any, fine: Any, key: Any) -> tuple[Any, Any]:
    """For each row number, the first response whose hazard reaches `hazard` (or one of equal reward), and the entry of `values` there.

    `fine` holds the digits of `hazard` beyond float32, as `exponentials` gives them.
    """

    def block(given: tuple[Any, Any, Any], own_key: Any) -> Any:
        numbers, reach, digits = given
        response = table.ranking.response(numbers, table.places(numbers, *encode_traced(reach, digits)), own_key)
        return response, gather(values, numbers * values.shape[-1] + response)

    return in_blocks(block, (rows, hazard, fine), key, BLOCK)


def _hazards(mass: np.ndarray) -> np.ndarray:
    """-log(mass after each entry), summed from the end of the row that loses no digits."""
    before, after = np.cumsum(mass, axis=-1), np.cumsum(mass[:, ::-1], axis=-1)[:, ::-1]
    before, after = before / before[:, -1:], np.pad(after / after[:, :1], [(0, 0), (0, 1)])[:, 1:]
    with np.errstate(divide="ignore"):
        hazards = np.where(before < 0.5, -np.log1p(-np.minimum(before, 0.5)), -np.log(after))
    return np.maximum.accumulate(hazards, axis=-1)
