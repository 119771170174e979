"""The best of N literal draws: the least of N uniform numbers, and one search for it.

With responses in order of reward, best first, the inverse distribution function is increasing: the best response of N draws is that of
the least of the N numbers, so that N - 1 searches need not be made.
"""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from sharpsim.sampling._alias import CHUNK, in_blocks
from sharpsim.sampling._hazards import HazardTable, exponentials_of, respond


@partial(jax.jit, static_argnames=("draws",))
def best_literal(table: HazardTable, values: Any, rows: Any, draws: int, key: Any) -> tuple[Any, Any]:
    """The best of `draws` independent draws for each row number, int32 [n], and the entries of `values` [rows, outcomes] there.

    One random word a draw; equals go by mass, which is the law of keeping the first drawn of them. The words of `draws` numbers have 32
    bits; the least one gets 32 more, which is exact but for two of them agreeing: at most `draws` 2^-32 in total variation.
    """
    least_key, low_key, rest_key = jax.random.split(key, 3)
    low = jax.random.bits(low_key, rows.shape, jnp.uint32)
    return respond(table, values, rows, *exponentials_of(_least(len(rows), draws, least_key), low), rest_key)


def _least(n: int, draws: int, key: Any) -> Any:
    """The least of `draws` uniform words, n times, made in chunks that are never stored; side by side, so that none waits for another."""
    if draws <= CHUNK:

        def block(zeros: Any, own_key: Any) -> Any:
            return jnp.min(jax.random.bits(own_key, (draws, len(zeros)), jnp.uint32), axis=0)

        return in_blocks(block, jnp.zeros(n, jnp.int32), key, CHUNK // draws)
    blocks = -(-draws // CHUNK)
    each = -(-draws // (2 * blocks)) * 2

    def one(own_key: Any) -> Any:
        def more(number: Any, least: Any) -> Any:
            words = jax.random.bits(jax.random.fold_in(own_key, number), (each,), jnp.uint32)
            real = jnp.arange(each) < draws - number * each
            return jnp.minimum(least, jnp.min(jnp.where(real, words, np.uint32(2**32 - 1))))

        return jax.lax.fori_loop(0, blocks, more, jnp.asarray(2**32 - 1, jnp.uint32))

    return jax.lax.map(one, jax.random.split(key, n))
