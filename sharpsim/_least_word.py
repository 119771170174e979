"""The best of N literal draws: the least of N uniform numbers, and one search for it.

With responses in order of reward, best first, the inverse distribution function is increasing: the best response of N draws is that of
the least of the N numbers, so that N - 1 searches need not be made.
"""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from sharpsim._alias import CHUNK, even, map_late
from sharpsim._hazards import HazardTable, exponentials_of, respond


@partial(jax.jit, static_argnames=("draws",))
def best_literal(table: HazardTable, values: Any, rows: Any, draws: int, key: Any) -> tuple[Any, Any]:
    """The best of `draws` independent draws for each row number, int32 [n], and the entries of `values` [rows, outcomes] there.

    One random word a draw; equals go by mass, which is the law of keeping the first drawn of them. The words of `draws` numbers have 32
    bits; the least one gets 32 more, which is exact but for two of them agreeing: at most `draws` 2^-32 in total variation.
    """
    least_key, low_key, rest_key = jax.random.split(key, 3)
    n = rows.shape[0]
    low = jax.random.bits(low_key, (even(n),), jnp.uint32)[:n]
    return respond(table, values, rows, *exponentials_of(_least(n, draws, least_key), low), rest_key)


def _least(n: int, draws: int, key: Any) -> Any:
    """The least of `draws` uniform words, n times, made in chunks that are never stored; side by side, so that none waits for another."""
    if draws <= CHUNK:
        blocks = -(-n // (CHUNK // draws))
        each = even(-(-n // blocks))

        def block(own_key: Any) -> Any:
            return jnp.min(jax.random.bits(own_key, (draws, each), jnp.uint32), axis=0)

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
