"""How much of a policy's mass lies on the maximisers of the base policy (Definitions 3.1 and F.1, arXiv 2412.01951v2).

Call `unsharpened_fraction` to judge a policy: it is the share of prompts on which the policy fails to put more than 1 - delta of its mass
on the base's maximisers.

Pure functions of arrays, in the array's own namespace: float64 NumPy in, float64 out; JAX arrays in, traceable.
Tables are `[prompts, responses]`, logarithms natural.

In float32 (JAX without 64-bit numbers) the answers are those of the rounded table: numbers that float32 cannot tell apart are ties, a
logarithm is right within 1e-6 of the larger of 1 and its size, and a missing mass below 1e-38 is 0. The guards of both edges are wider,
and a delta that its guard would swallow is refused.
"""

from typing import Any

import numpy as np

from sharpsim import _checks
from sharpsim._arguments import MASS, ROWS, checked
from sharpsim._logspace import as_arrays, log_fraction, logsumexp

TIE_GUARD = {8: 1e-12, 4: 1e-6}
"""Relative width within which a response on the edge of Y*_gamma, gamma > 0, counts as inside, by bytes per float."""

MISS_GUARD = {8: 1e-9, 4: 1e-6}
"""Absolute width within which a missing mass on the edge delta counts as a failure, by bytes per float."""


@checked(log_probs=ROWS)
def maximisers(log_probs: Any, *, slack: Any = 0.0) -> Any:
    """The mask of Y*_gamma(x) = {y : pi(y|x) >= (1 - gamma) max_y' pi(y'|x)}, along the last axis.

    `slack` is gamma in [0, 1). At 0 only exact ties with the largest entry count. Above 0 the edge is closed with a relative
    guard of 1e-12 (float32: 1e-6), because (1 - gamma) max rarely is a float. Returns booleans of the shape of `log_probs`.

    Raises `ValueError` for slack outside [0, 1) or rows that are not normalised. Source: section 2, Def F.1.
    """
    xp, table = as_arrays(log_probs)
    guard = TIE_GUARD.get(table.dtype.itemsize, 1e-6)
    # In float64 where gamma has a number: next to 1 it is 1 in float32, and everything would count.
    gamma = slack if _checks.is_traced(slack) else np.asarray(slack, dtype=np.float64)
    host = xp if _checks.is_traced(slack) else np
    edge = xp.asarray(host.where(gamma > 0, host.log1p(-gamma) - guard, 0.0), dtype=table.dtype)
    return table >= xp.max(table, axis=-1, keepdims=True) + edge


@checked(log_probs=ROWS)
def mode_log_mass(log_probs: Any, *, slack: Any = 0.0) -> Any:
    """log pi(Y*_gamma(x)|x) for each row: 0 where all mass is maximal, finite always."""
    xp, table = as_arrays(log_probs)
    inside = maximisers(table, slack=slack)
    return logsumexp(xp.where(inside, table, -xp.inf), xp) - logsumexp(table, xp)


@checked(log_probs=ROWS)
def mode_log_miss(log_probs: Any, *, slack: Any = 0.0) -> Any:
    """log(1 - pi(Y*_gamma(x)|x)) for each row: -inf where all mass is maximal.

    From sums inside and outside Y*_gamma, so that neither a mass near 0 nor one near 1 loses digits.
    """
    xp, table = as_arrays(log_probs)
    inside = maximisers(table, slack=slack)
    return log_fraction(logsumexp(xp.where(inside, -xp.inf, table), xp), logsumexp(xp.where(inside, table, -xp.inf), xp), xp)


@checked
def missing_mass(log_policy: Any, log_base: Any, *, slack: Any = 0.0) -> Any:
    """1 - pi(Y*_gamma(x)|x) for each prompt, Y*_gamma taken from `log_base`; in [0, 1].

    Summed over the responses outside Y*_gamma, so that a miss of 1e-300 keeps its digits.
    """
    xp, policy, base = as_arrays(log_policy, log_base)
    inside = maximisers(base, slack=slack)
    return xp.exp(logsumexp(xp.where(inside, -xp.inf, policy), xp) - logsumexp(policy, xp))


@checked(missing=MASS, wrong=True)
def fails(missing: Any, *, delta: Any) -> Any:
    """Whether a prompt with this missing mass fails at delta: pi(Y*_gamma|x) <= 1 - delta, the edge included.

    The edge is widened by 1e-9 (by delta/1000 where that is less; float32: 1e-6), because neither (1 - delta) nor a mean of
    counts is exact in floats: 27 misses in 90 at delta = 0.3 must fail. Raises `ValueError` for NaN, for delta outside (0, 1), and for
    float32 numbers outside [1e-34, 1 - 1e-5]; under `jit`, where nothing can be raised, all fail where one is wrong.
    """
    xp, missing, threshold = as_arrays(missing, delta)
    if missing.dtype.itemsize < 8 and not _checks.is_traced(delta):
        _in_float32_unit("delta", delta)
    guard = MISS_GUARD.get(missing.dtype.itemsize, 1e-6)
    return ~(missing < threshold - xp.minimum(threshold * 1e-3, guard))


@checked
def unsharpened_fraction(log_policy: Any, log_base: Any, prompt_weights: Any, *, delta: Any, slack: Any = 0.0) -> Any:
    """mu{x : pi(Y*_gamma(x)|x) <= 1 - delta}, the eps at which `log_policy` is (eps, delta, gamma)-sharpened; in [0, 1].

    Prompts on the edge count as failed (guard: see `fails`). Y*_gamma is the base's. Raises `ValueError` for tables of
    different shapes, rows or weights that do not sum to one, delta outside (0, 1), slack outside [0, 1).
    Source: Defs 3.1 and F.1; the converse event of Thm 4.1.
    """
    missing = missing_mass(log_policy, log_base, slack=slack)
    xp, missing, weights = as_arrays(missing, prompt_weights)
    return xp.sum(xp.where(fails(missing, delta=delta), weights, 0.0))


@checked
def sharpness_profile(log_policy: Any, log_base: Any, prompt_weights: Any, *, deltas: Any, slack: Any = 0.0) -> Any:
    """eps as a function of delta: `unsharpened_fraction` at each of `deltas`, non-increasing in delta; shape of `deltas`.

    A policy is (eps, delta, gamma)-sharpened exactly for the points on or above this step function.
    """
    xp, log_policy, log_base, weights, thresholds = as_arrays(log_policy, log_base, prompt_weights, deltas)
    missing = missing_mass(log_policy, log_base, slack=slack)
    failed = fails(missing, delta=thresholds[..., None])
    return xp.sum(xp.where(failed, weights, 0.0), axis=-1)


def _in_float32_unit(name: str, value: Any) -> None:
    """Refuse a probability so near to 0 or 1 that float32 cannot compare with it: anything outside [1e-34, 1 - 1e-5]."""
    if not np.all((np.asarray(value) >= 1e-34) & (np.asarray(value) <= 1 - 1e-5)):
        raise ValueError(
            f"`{name}` must be in [1e-34, 1 - 1e-5] for float32 numbers; float64 has the whole of (0, 1); got {_checks.shown(value)}."
        )
