"""The best of N literal draws: the least of N uniform numbers, and one search for it.

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
from jaxtyping import Array, UInt32

from sharpsim._alias import CHUNK, even, map_late
from sharpsim._ranking import Ranking, gather, padded

NEXT = 2
"""Steps to the next response before numbers are compared as a whole."""


class BestFirstWords(eqx.Module):
    """Rows sorted best first; each response owns the 64-bit numbers after its predecessor's up to its own (`high`, `low`), that included.

    Responses without mass own no number.
    """

    ranking: Ranking
    high: UInt32[Array, "rows outcomes"]
    low: UInt32[Array, "rows outcomes"]

    @classmethod
    def of(cls, log_probs: Any, reward: Any) -> "BestFirstWords":
        """The tables of concrete arrays [rows, outcomes], built on the host in float64; rewards without NaN."""
        ranking, mass = Ranking.of(log_probs, reward)
        running = np.cumsum(mass, axis=-1)
        running /= running[:, -1:]
        whole = running >= 1
        words = padded(
            np.where(
                whole, np.uint64(2**64 - 1), np.maximum(np.ldexp(np.where(whole, 0.0, running), 64).astype(np.uint64), 1) - np.uint64(1)
            )
        )
        return cls(ranking, jnp.asarray((words >> np.uint64(32)).astype(np.uint32)), jnp.asarray(words.astype(np.uint32)))

    def places(self, rows: Any, high: Any, low: Any) -> Any:
        """The place (0 the best) of the response that owns each number, by bisection."""
        width = self.ranking.width
        offset = rows * width

        def at(table: Any, place: Any) -> Any:
            return gather(table, offset + place)

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


@partial(jax.jit, static_argnames=("draws",))
def best_literal(table: BestFirstWords, values: Any, rows: Any, draws: int, key: Any) -> tuple[Any, Any]:
    """The best of `draws` independent draws for each row number, int32 [n], and the entries of `values` [rows, outcomes] there.

    One random word a draw; equals go by mass, which is the law of keeping the first drawn of them. The words of `draws` numbers have 32
    bits; the least one gets 32 more, which is exact but for two of them agreeing: at most `draws` 2^-32 in total variation.
    """
    least_key, low_key, member_key = jax.random.split(key, 3)
    shape = rows.shape
    place = table.places(rows, _least(len(rows), draws, least_key), jax.random.bits(low_key, shape, jnp.uint32))
    response = table.ranking.response(rows, place, member_key)
    return response, gather(values, rows * values.shape[-1] + response)


def _least(n: int, draws: int, key: Any) -> Any:
    """The least of `draws` uniform words, n times, made in chunks that are never stored."""
    if draws <= CHUNK:
        blocks = -(-n // (CHUNK // draws))
        each = even(-(-n // blocks))

        def block(own_key: Any) -> Any:
            return jnp.min(jax.random.bits(own_key, (each, draws), jnp.uint32), axis=1)

        return (block(key) if blocks == 1 else map_late(block, jax.random.split(key, blocks)).reshape(-1))[:n]
    blocks = -(-draws // CHUNK)
    each = even(-(-draws // blocks))

    def one(own_key: Any) -> Any:
        def more(number: Any, least: Any) -> Any:
            words = jax.random.bits(jax.random.fold_in(own_key, number), (each,), jnp.uint32)
            real = jnp.arange(each) < draws - number * each
            return jnp.minimum(least, jnp.min(jnp.where(real, words, np.uint32(2**32 - 1))))

        return jax.lax.fori_loop(0, blocks, more, jnp.asarray(2**32 - 1, jnp.uint32))

    return jax.lax.map(one, jax.random.split(key, n))
