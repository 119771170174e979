"""Counts of the data and unbiased tie-breaking, which all maximum-likelihood fits use."""

from typing import Any, NamedTuple

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
    return jnp.zeros(shape, dtype).at[placed(prompts), placed(responses)].add(1.0)


@checked(best=BEST)
def choose_among(best: Bool[Array, "*batch members"], *, key: Key[Array, ""]) -> Int[Array, "*batch"]:
    """A uniformly random index where `best` holds, along the last axis."""
    best = placed(best)
    noise = _threefry.uniform(key, best.shape)
    return jnp.argmax(jnp.where(best, 1.0 + noise, 0.0), axis=-1)


def is_best(scores: Float[Array, "*batch members"]) -> Bool[Array, "*batch members"]:
    """Where the scores are maximal, up to the rounding of the sums they come from.

    Members whose counts are permutations of each other have equal likelihoods, but sums taken in another order; all-impossible
    data leaves every member at -inf, a tie of them all.
    """
    tolerance = 1e-10 if scores.dtype == jnp.float64 else 1e-5
    top = jnp.max(scores, axis=-1, keepdims=True)
    room = tolerance * (1.0 + jnp.abs(jnp.where(jnp.isfinite(top), top, 0.0)))
    return (scores >= top - room) | (scores == top)
