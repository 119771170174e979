"""Functions of a policy that are one compiled program each, instead of one for each operation and, for a loop, one more in each call."""

import functools
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from sharpsim import _checks


def one_program(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function(policy, *arrays, **fixed)`, compiled once for each structure of the policy, the arrays' shapes, and what is fixed.

    Where JAX traces an argument it is called as it stands, and becomes part of its caller's program. Python's numbers count as arrays:
    each would be a program of its own.
    """
    compiled = eqx.filter_jit(function)

    @functools.wraps(function)
    def called(policy: Any, *arrays: Any, **fixed: Any) -> Any:
        if any(map(_checks.is_traced, jax.tree.leaves((policy, arrays)))):
            return function(policy, *arrays, **fixed)
        return compiled(policy, *(jnp.asarray(array) if type(array) in (int, float) else array for array in arrays), **fixed)

    return called
