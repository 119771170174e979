"""Running a sampler over many rows in blocks of bounded size, so that memory does not grow with the number of draws.

Every sampler of this package is written for one block of rows and a key; `in_blocks` cuts the rows, gives each block its own key and joins
the answers.
"""

import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from sharpsim import _checks
from sharpsim._arguments import checked
from sharpsim.sampling._kinds import COUNT, ROWS, SHAPE

CHUNK = 2**18
"""Random words made at a time: they fit into the processor's cache."""


@checked(shape=SHAPE)
def word_pairs(key: Any, shape: tuple[int, ...]) -> tuple[Any, Any]:
    """Two arrays of independent uniform words, uint32, each of the given shape.

    Each has a key of its own. If they were halves of one array, XLA could fuse the generator into both uses and compute all of it twice.
    """
    _checks.affordable("shape", shape, size=8.0 * math.prod(shape))
    first, second = jax.random.split(key)
    return jax.random.bits(first, shape, jnp.uint32), jax.random.bits(second, shape, jnp.uint32)


@checked(rows=ROWS, size=COUNT)
def in_blocks(draw: Callable[[Any, Any], Any], rows: Any, key: Any, size: int) -> Any:
    """`draw(rows, key)` for row numbers [n] (or a pytree of such arrays), at most `size` rows at a time, joined along the first axis.

    Blocks have keys of their own, so the numbers depend on `size`. Memory for what `draw` needs does not grow with n.
    """
    n, size = jax.tree.leaves(rows)[0].shape[0], _checks.static_count("size", size)
    # Philox makes its words in pairs, and an odd number of them takes four times as long.
    pair = min(size, 2)
    blocks = -(-n // (size // pair * pair))
    each = pair * -(-n // (pair * blocks))
    padded = jax.tree.map(lambda array: jnp.pad(array, (0, blocks * each - n)), rows)
    if blocks == 1:
        return jax.tree.map(lambda part: part[:n], draw(padded, key))
    cut = jax.tree.map(lambda array: array.reshape(blocks, each), padded)
    parts = map_late(lambda part: draw(*part), (cut, jax.random.split(key, blocks)))
    return jax.tree.map(lambda part: part.reshape(blocks * each, *part.shape[2:])[:n], parts)


def map_late(function: Callable[[Any], Any], over: Any) -> Any:
    """`jax.lax.map(function, over)`, which stores each result one step after it was computed.

    XLA's CPU compiler fuses the computation of a step with its store into the stacked result, and runs that fusion on one thread. A result
    that the loop carries to the next step is computed by all threads; storing it is then only a copy.
    """
    steps = jax.tree.leaves(over)[0].shape[0]

    def at(i: Any) -> Any:
        return jax.tree.map(lambda array: jax.lax.dynamic_index_in_dim(array, i, keepdims=False), over)

    def store(stacked: Any, last: Any, i: Any) -> Any:
        return jax.tree.map(lambda whole, part: jax.lax.dynamic_update_index_in_dim(whole, part, i, 0), stacked, last)

    shapes = jax.eval_shape(function, at(0))
    stacked, last = (jax.tree.map(lambda s, lead=lead: jnp.zeros((*lead, *s.shape), s.dtype), shapes) for lead in ((steps,), ()))

    def step(i: Any, state: tuple[Any, Any]) -> tuple[Any, Any]:
        return store(state[0], state[1], jnp.maximum(i - 1, 0)), function(at(i))

    stacked, last = jax.lax.fori_loop(0, steps, step, (stacked, last))
    return store(stacked, last, steps - 1)
