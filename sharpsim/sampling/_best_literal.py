"""The best of N literal draws: N uniform words are made for each prompt, and one search is made for the least of them.

With responses ordered by reward, best first, the inverse CDF is increasing. The best of N draws is therefore the response of the least of
the N uniform numbers, and the other N - 1 searches are not needed.
"""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from sharpsim.sampling._blocks import CHUNK, in_blocks
from sharpsim.sampling._hazard_numbers import exponentials_from
from sharpsim.sampling._hazard_table import HazardTable, best_at_hazard


@partial(jax.jit, static_argnames=("draws",))
def best_literal(table: HazardTable, values: Any, rows: Any, draws: int, key: Any) -> tuple[Any, Any]:
    """See `sampling.best_literal`."""
    least_key, low_key, rest_key = jax.random.split(key, 3)
    low = jax.random.bits(low_key, rows.shape, jnp.uint32)
    return best_at_hazard(table, values, rows, *exponentials_from(_least_of(len(rows), draws, least_key), low), rest_key)


def _least_of(n: int, draws: int, key: Any) -> Any:
    """The least of `draws` uniform words, n times. Words are made in chunks and never stored."""
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
