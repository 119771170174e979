"""Kinds of the arguments of training: whole numbers that Python counts with, pairs, and trees of arrays."""

import contextlib
import math
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp

from sharpsim._arguments import arrays
from sharpsim._kind import Is, Kind

WHOLE = Kind("a whole number of at least 1", lambda x: x >= 1, (), "iu")
FROM_ZERO = Kind("a whole number of at least 0", lambda x: x >= 0, (), "iu")
LIKELIHOODS = Kind("at least 0 and finite", lambda x: (x >= 0) & (x < math.inf))
DECAY = arrays(LIKELIHOODS)


def is_numeric(leaf: Any) -> bool:
    """Whether a leaf is an array of numbers, or one number."""
    if not hasattr(leaf, "dtype"):
        return isinstance(leaf, (bool, int, float))
    return leaf.dtype.kind in "biu" or _is_floating(leaf)


def _is_floating(leaf: Any) -> bool:
    # NumPy does not know that bfloat16 is a float.
    return jnp.issubdtype(leaf.dtype, jnp.floating)


def _has_parameters(policy: Any) -> bool:
    leaves = [leaf for leaf in jax.tree.leaves(policy) if hasattr(leaf, "dtype")]
    return any(map(_is_floating, leaves)) and not any(leaf.dtype.kind in "cOUS" for leaf in leaves)


POLICY = Is("a policy, or a pytree, with arrays of floats to train", _has_parameters)
PAIRS = Is("two arrays, prompts and responses", lambda value: isinstance(value, (tuple, list)) and len(value) == 2)


@contextlib.contextmanager
def about(name: str, what: str) -> Iterator[None]:
    """An error raised inside becomes a `ValueError` that says first that the argument `name` must hold `what`."""
    try:
        yield
    except (TypeError, ValueError) as error:
        raise ValueError(f"`{name}` must hold {what}: {error}") from None
