"""The inverse CDF of the rows of a table: draws from masses that may be traced, where an alias table cannot be built.

Use float64: in float32 a running total does not resolve masses below about 6e-8 of the total.
"""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from sharpsim._precision import placed
from sharpsim.sampling._blocks import CHUNK, in_blocks


def inverse_cdf_of_rows(cumulative: Any, rows: Any, uniform: Any) -> Any:
    """See `sampling.inverse_cdf_of_rows`."""
    width = cumulative.shape[-1]
    flat, offset = placed(cumulative).reshape(-1), rows * width
    total = flat[offset + width - 1]
    point = jnp.minimum(uniform * total, jnp.nextafter(total, jnp.zeros_like(total)))
    steps = max(width - 1, 1).bit_length()

    def halve(step: Any, low: Any) -> Any:
        probe = jnp.minimum(low + (1 << (steps - 1 - step)), width) - 1
        return jnp.where(flat[offset + probe] <= point, probe + 1, low)

    # Many steps are a loop of the program: written out they take longer to compile, and on many rows to run.
    low = jax.lax.fori_loop(0, steps, halve, jnp.zeros_like(rows), unroll=steps <= 4)
    return jnp.minimum(low, width - 1).astype(jnp.int32)


@partial(jax.jit, static_argnames=("n",))
def draw_prompts(cumulative: Any, n: int, key: Any) -> Any:
    """See `sampling.draw_prompts`."""

    def block(zeros: Any, own_key: Any) -> Any:
        return inverse_cdf_of_rows(cumulative[None], zeros, jax.random.uniform(own_key, zeros.shape, cumulative.dtype))

    return in_blocks(block, jnp.zeros(n, jnp.int32), key, CHUNK)
