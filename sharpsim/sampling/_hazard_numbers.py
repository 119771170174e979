"""Exponential random numbers and cumulative hazards in one exact integer format of 59 bits.

Best-of-N sampling compares an exponential number with the cumulative hazards of a row. Both are written as whole numbers: 7 bits of
exponent and 52 of fraction, stored as a word of 32 bits (`high`) and one of 27 (`low`). Float32 and float64 programs then compare the
same digits. Hazards are resolved from 2^-117 on. They end below 2^11, because the log of no positive float64 is larger.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from sharpsim.sampling._blocks import in_blocks, word_pairs

BLOCK = 2**16
"""Prompts looked up side by side: their numbers and places fit into the processor's cache."""
LOW_BITS = 27
END = 2**32 - 1
"""The upper word of infinity."""
_OCTAVES_BELOW = 117
_FRACTION = 52


def exponentials(n: int, key: Any) -> tuple[Any, Any]:
    """n independent exponential numbers [n], and n words with their digits beyond float32 (None in float64 programs).

    The loop of `in_blocks` stores them. Otherwise XLA would compute them again at each use.
    """

    def block(zeros: Any, own_key: Any) -> tuple[Any, Any]:
        return exponentials_from(*word_pairs(own_key, zeros.shape))

    return in_blocks(block, jnp.zeros(n, jnp.int32), key, BLOCK)


def exponentials_from(high: Any, low: Any) -> tuple[Any, Any]:
    """The exponential numbers -log(1 - T), and their further digits as in `exponentials`; T in [0, 1) has 64 bits, in two words.

    The relative precision is the same for T near 0 and near 1.
    """
    if jnp.zeros((), float).dtype.itemsize == 8:
        return -jnp.log1p(-unit_fraction(high, low)), None
    rest = unit_fraction(~high, ~low) + 2.0**-64
    return jnp.where(high < np.uint32(2**31), -jnp.log1p(-unit_fraction(high, low)), -jnp.log(rest)), low


def unit_fraction(high: Any, low: Any) -> Any:
    """The float in [0, 1) whose 64 binary digits are in two words."""
    number = (high.astype(float) + low.astype(float) * 2.0**-32) * 2.0**-32
    return jnp.minimum(number, 1 - np.finfo(number.dtype).epsneg)


def encode(hazards: np.ndarray) -> np.ndarray:
    """Float64 hazards as whole numbers, int64, in the same order; infinity is all ones."""
    numbers = np.maximum(hazards.view(np.int64) - ((1023 - _OCTAVES_BELOW) << _FRACTION), 0)
    return np.where(np.isinf(hazards), (1 << (LOW_BITS + 32)) - 1, numbers)


def encode_traced(hazard: Any, fine: Any) -> tuple[Any, Any]:
    """The numbers of `encode` for JAX floats, as two words; `fine` holds the digits beyond float32, as `exponentials` gives them."""
    if hazard.dtype.itemsize == 8:
        bits, origin = jax.lax.bitcast_convert_type(hazard, jnp.uint64), np.uint64((1023 - _OCTAVES_BELOW) << _FRACTION)
        number = jnp.where(bits > origin, bits - origin, 0)
        return (number >> LOW_BITS).astype(jnp.uint32), number.astype(jnp.uint32) & np.uint32(2**LOW_BITS - 1)
    bits, origin = jax.lax.bitcast_convert_type(hazard, jnp.uint32), np.uint32((127 - _OCTAVES_BELOW) << 23)
    # The upper half of `fine` may have moved the float already.
    turned = (fine << 16) | (fine >> 16)
    return (jnp.where(bits > origin, bits - origin, 0) << 2) | (turned >> 30), (turned >> 3) & np.uint32(2**LOW_BITS - 1)


def decode(high: Any, low: Any) -> Any:
    """The floats that two words stand for; float32 programs round down."""
    if jnp.zeros((), float).dtype.itemsize == 8:
        bits = (high.astype(jnp.uint64) << LOW_BITS) + low + np.uint64((1023 - _OCTAVES_BELOW) << _FRACTION)
        floats = jax.lax.bitcast_convert_type(bits, jnp.float64)
    else:
        floats = jax.lax.bitcast_convert_type((high >> 2) + np.uint32((127 - _OCTAVES_BELOW) << 23), jnp.float32)
    return jnp.where(high == np.uint32(END), jnp.inf, floats)
