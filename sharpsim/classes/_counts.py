"""Counts of the data and unbiased tie-breaking, which all maximum-likelihood fits use."""

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, Key

from sharpsim import _checks, _threefry
from sharpsim._arguments import checked
from sharpsim._precision import placed
from sharpsim.classes._kinds import BEST


class Fit(NamedTuple):
    """A fitted policy, and information on the fit (arrays only, so that it can be traced)."""

    policy: Any
    info: dict[str, Any]


def pair_counts(
    prompts: Int[Array, " n"], responses: Int[Array, "..."], shape: tuple[int, int], dtype: Any
) -> Float[Array, "prompts responses"]:
    """How often each (prompt, response) pair occurs.

    Raises `ValueError` when an index lies outside `shape`.
    """
    for name, values, size in (("prompts", prompts, shape[0]), ("responses", responses, shape[1])):
        _checks.indices(name, values, size)
    return _counted(placed(prompts), placed(responses), shape, dtype)


@partial(jax.jit, static_argnums=(2, 3), inline=True)
def _counted(prompts: Any, responses: Any, shape: tuple[int, int], dtype: Any) -> Any:
    return jnp.zeros(shape, dtype).at[prompts, responses].add(1.0)


@checked(best=BEST)
def choose_among(best: Bool[Array, "*batch members"], *, key: Key[Array, ""]) -> Int[Array, "*batch"]:
    """A uniformly random index where `best` holds, along the last axis."""
    return _chosen(placed(best), key)


@partial(jax.jit, inline=True)
def _chosen(best: Any, key: Any) -> Any:
    noise = _threefry.uniform(key, best.shape)
    return jnp.argmax(jnp.where(best, 1.0 + noise, 0.0), axis=-1)


@partial(jax.jit, inline=True)
def is_best(scores: Float[Array, "*batch members"]) -> Bool[Array, "*batch members"]:
    """Where the scores are maximal, up to the rounding of the sums they come from.

    Members whose counts are permutations of each other have equal likelihoods, but sums taken in another order; all-impossible
    data leaves every member at -inf, a tie of them all.
    """
    tolerance = 1e-10 if scores.dtype == jnp.float64 else 1e-5
    top = jnp.max(scores, axis=-1, keepdims=True)
    room = tolerance * (1.0 + jnp.abs(jnp.where(jnp.isfinite(top), top, 0.0)))
    return (scores >= top - room) | (scores == top)


@partial(jax.jit, inline=True)
def taken(member: Any, *arrays: Any) -> tuple[Any, ...]:
    """The member with this index of each array."""
    return tuple(array[member] for array in arrays)


@partial(jax.jit, inline=True)
def taken_by_prompt(members: Int[Array, " prompts"], tables: Float[Array, "prompts members responses"]) -> Any:
    """At each prompt the member with its index, `[prompts, responses]`."""
    return jnp.take_along_axis(tables, members[:, None, None], axis=1)[:, 0]
