"""Checks of prompts, end tokens and states that several sequence policies share."""

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from sharpsim import _checks


def check_prompt_indices(prompts: Any, count: int) -> None:
    """Raise `ValueError` unless all are integers in 0..count - 1. JAX would silently clamp others. Traced values are not checked."""
    if not _checks.is_traced(prompts):
        _checks.indices("prompts", prompts, count)
        if np.size(prompts) == 0:
            raise ValueError(f"`prompts` must hold at least one prompt; got shape {np.shape(prompts)}.")


def check_end_token(end_token: int | None, vocabulary_size: int) -> None:
    """Raise `ValueError` for an end token, None or a whole number, that is not in the vocabulary."""
    if end_token is None:
        return
    if not 0 <= end_token < vocabulary_size:
        raise ValueError(f"`end_token` must be None or an integer in 0..{vocabulary_size - 1}; got {_checks.shown(end_token)}.")


def check_step(policy: Any, state: Any, token: Any) -> None:
    """Refuse a concrete token that no step reads, and a concrete state that neither `start` nor `step` gives."""
    if not _checks.is_traced(token):
        _checks.indices("token", token, max(policy.vocabulary_size, policy.begin_token + 1))
    if np.ndim(token) != 0:
        raise ValueError(f"`token` must be one token; got shape {np.shape(token)}. Use jax.vmap for several.")
    leaves = jax.tree.leaves(state)
    if not any(map(_checks.is_traced, leaves)):
        check_states(policy, "state", state, ())
        if not all(np.isfinite(leaf).all() for leaf in leaves):
            raise ValueError("`state` must hold finite numbers.")


def check_states(policy: Any, name: str, states: Any, batch: tuple[int, ...]) -> None:
    """Refuse what has not the arrays of a state, each with the leading axes `batch`."""
    if policy.prompt_shape is None:
        return
    leaves, structure = jax.tree.flatten(policy)
    begun = _begun(structure, tuple((np.shape(leaf), jnp.result_type(leaf)) for leaf in leaves))
    given = [leaf if isinstance(leaf, jax.Array) else _checks.as_array(leaf) for leaf in jax.tree.leaves(states)]
    if jax.tree.structure(states) != jax.tree.structure(begun) or any(
        leaf.shape != (*batch, *wanted.shape) or leaf.dtype.kind != wanted.dtype.kind
        for leaf, wanted in zip(given, jax.tree.leaves(begun), strict=True)
    ):
        each = ", one for each of `tokens`" if batch else ""
        raise ValueError(f"`{name}` must be what `start` or `step` of this policy gives{each}; got {_checks.shown(states)}.")


@functools.lru_cache(64)
def _begun(structure: Any, arrays: tuple[tuple[tuple[int, ...], Any], ...]) -> Any:
    """The shapes and dtypes of the state of a policy of this structure, whose arrays have these."""
    policy = jax.tree.unflatten(structure, [jax.ShapeDtypeStruct(*array) for array in arrays])
    return jax.eval_shape(lambda made, prompt: made.start(prompt), policy, jax.ShapeDtypeStruct(policy.prompt_shape, jnp.int32))
