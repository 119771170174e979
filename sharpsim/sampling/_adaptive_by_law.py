"""The adaptive rule of Def D.1 by its exact law, for tables with concrete numbers: the time does not depend on the stopping time.

The rule draws until k max_{j<=k} base(y_j|x) >= s. A response of probability p stops it from draw D = ceil(s / p) on, its deadline. None of
the first t draws has stopped it by then with probability exp(-t H(t)), where H(t) is the cumulative hazard of the last response (best
first) whose deadline is at most t. With E an exponential number, the rule therefore stops at the first t with t H(t) >= E.

Let h be the cumulative hazard of the last response whose deadline is before t. If E <= t h, only the t-th draw ranks that high, and it is
drawn from the responses up to there. Otherwise all t draws rank lower, and the best of them is the first response whose hazard reaches
E / t. Source: Huang et al. 2025, arXiv 2412.01951v2, Def D.1; the sampler is ours.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from sharpsim import laws
from sharpsim._logspace import normalise
from sharpsim.sampling._blocks import in_blocks, word_pairs
from sharpsim.sampling._hazard_numbers import BLOCK, decode, encode_traced, exponentials, unit_fraction
from sharpsim.sampling._hazard_table import HazardTable
from sharpsim.sampling._ranking import gather


@jax.jit
def adaptive_by_law(table: HazardTable, log_probs: Any, rows: Any, stop: Any, key: Any) -> tuple[Any, Any]:
    """See `sampling.adaptive_by_law`."""
    width = table.ranking.width
    ranked = jnp.take_along_axis(normalise(log_probs, jnp), table.ranking.order, axis=-1, mode="promise_in_bounds")
    deadlines = jnp.minimum(laws.stopping_deadlines(ranked, stop=stop), np.finfo(np.dtype(ranked.dtype)).max)
    # What t H(t) comes to by the draw before the next deadline; the draws stop at the last response with mass, whose hazard is infinite.
    hazards, following = decode(table.high, table.low), jnp.roll(deadlines, -1, axis=-1)
    reach = jnp.where(jnp.isinf(hazards), jnp.inf, (following - 1) * hazards)

    level_key, rest_key = jax.random.split(key)

    def block(given: tuple[Any, Any, Any], own_key: Any) -> Any:
        numbers, level, fine = given
        last_key, member_key = jax.random.split(own_key)
        offset = numbers * width
        segment = _first_reaching(reach, offset, level)
        begin, hazard = gather(deadlines, offset + segment), table.hazard(numbers, segment)
        draws = jnp.maximum(begin, jnp.ceil(level / hazard))
        before = jnp.where(draws > begin, segment + 1, _first_reaching(deadlines, offset, draws))
        limit = jnp.where(before > 0, table.hazard(numbers, jnp.maximum(before - 1, 0)), 0.0)
        is_last = (before > 0) & ((draws > begin) | (level <= draws * limit))
        words = word_pairs(last_key, level.shape)
        last = -jnp.log1p(unit_fraction(*words) * jnp.expm1(-limit))
        digits = None if fine is None else jnp.where(is_last, words[1], fine)
        place = table.places(numbers, *encode_traced(jnp.where(is_last, last, level / draws), digits))
        # Rounding must not carry a number over the edge of what it is drawn from.
        place = jnp.clip(place, jnp.where(is_last, 0, before), jnp.where(is_last, before - 1, segment))
        return table.ranking.response(numbers, place, member_key), draws

    return in_blocks(block, (rows, *exponentials(rows.shape[0], level_key)), rest_key, BLOCK)


def _first_reaching(rising: Any, offset: Any, number: Any) -> Any:
    """The first place, in the row that begins at `offset`, whose entry is at least the number; rows rise and their last entry always is."""
    place, span = jnp.zeros(number.shape, jnp.int32), rising.shape[-1]
    while span > 1:
        span //= 2
        place = jnp.where(gather(rising, offset + place + (span - 1)) < number, place + span, place)
    return place
