"""Conversion of NumPy arrays to JAX arrays, with a warning where float64 digits are lost."""

import warnings
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from sharpsim._logspace import normalise

_warned = False


def as_jax(array: Any) -> jax.Array:
    """`array` as a JAX array; warns once per process where float64 input is kept in float32 because x64 is off.

    Python numbers and lists count as float64, since that is what NumPy makes of them.
    """
    global _warned
    if isinstance(array, jax.Array):
        return array
    given = np.asarray(array)
    if given.dtype == np.float64 and jax.dtypes.canonicalize_dtype(np.float64) != np.float64:
        if not _warned:
            _warned = True
            warnings.warn(
                "Log-probabilities given in float64 are kept in float32, because JAX has 64-bit numbers switched off: differences below "
                '1e-7, ties among them, are lost. Call jax.config.update("jax_enable_x64", True) first to keep them.',
                UserWarning,
                stacklevel=3,
            )
        given = given.astype(np.float32)
    return placed(given)


def placed(array: Any, dtype: Any = None) -> jax.Array:
    """`array` as a JAX array, a copy where it is NumPy's.

    `jnp.asarray` compiles a program for each new shape of a NumPy array, 20 ms each, and a large result may share the memory of its
    argument, which a caller may write to later. `jax.device_put` reads it after it has returned. So NumPy copies first.
    """
    if not isinstance(array, np.ndarray):
        return jnp.asarray(array, dtype)
    with np.errstate(over="ignore"):
        return jax.device_put(array.copy() if dtype is None else array.astype(jax.dtypes.canonicalize_dtype(dtype)))


def widened(log_probs: jax.Array) -> jax.Array:
    """Log-probabilities in at least 32 bits. Rows that had fewer are normalised anew: they sum to one as nearly as those bits allow."""
    dtype = jnp.promote_types(log_probs.dtype, jnp.float32)
    return log_probs if dtype == log_probs.dtype else normalise(log_probs.astype(dtype), jnp)
