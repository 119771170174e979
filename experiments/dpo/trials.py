"""Runs replicates of DPO against the oracle, one for each seed; a class and an n share one compiled program."""

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from experiments.engine.rough import FAST
from sharpsim import Oracle, TabularPolicy, algorithms, sharpness


class PairTrials(NamedTuple):
    """Per seed: the prompt mass that fails, and whether the minimiser was the only one."""

    failed: np.ndarray
    unique: np.ndarray


def _trials(log_base: Any, weights: Any, policy_class: Any, beta: Any, delta: Any, keys: Any, n: int) -> Any:
    oracle = Oracle(TabularPolicy(log_base), weights)

    def one(key: Any) -> Any:
        policy, _, info = algorithms.dpo(oracle, policy_class, n=n, beta=beta, key=key)
        failed = sharpness.fails(sharpness.missing_mass(policy.log_probs, log_base), delta=delta)
        return jnp.sum(jnp.where(failed, weights, 0.0)), _unique(info)

    # One seed after the other: side by side they take as long to run, and a fifth longer to compile.
    return jax.lax.map(one, keys)


def _unique(info: dict[str, Any]) -> Any:
    """One member left; one component at every prompt; rows of full rank."""
    if "component" in info:
        return jnp.all(info["component"] == 0)
    if "rank" in info:
        return info["rank"] == info["theta"].shape[0]
    return jnp.all(info["minimisers"] == 1)


_compiled: Any = eqx.filter_jit(_trials, **FAST)


def pair_trials(key: Any, seeds: int, *, log_base: Any, weights: Any, policy_class: Any, n: int, beta: float, delta: float) -> PairTrials:
    """`seeds` replicates of DPO with n pairs over `policy_class`."""
    arrays = [jnp.asarray(a) for a in (log_base, weights)]
    out = _compiled(*arrays, policy_class, jnp.asarray(beta), jnp.asarray(delta), jax.random.split(key, seeds), n)
    return PairTrials(*(np.asarray(a) for a in out))
