"""Replicates of DPO against the oracle, one per seed, in one compiled program per class and n."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from sharpsim import Oracle, TabularPolicy, algorithms, sharpness

CHUNK = 2**18
"""Pairs held in memory at once."""


@eqx.filter_jit
def _run(log_base: Any, weights: Any, policy_class: Any, beta: Any, delta: Any, keys: Any, n: int) -> Any:
    oracle = Oracle(TabularPolicy(log_base), weights)

    def one(key: Any) -> Any:
        policy = algorithms.dpo(oracle, policy_class, n=n, beta=beta, key=key).policy
        failed = sharpness.fails(sharpness.missing_mass(policy.log_probs, log_base), delta=delta)
        return jnp.sum(jnp.where(failed, weights, 0.0))

    return jax.lax.map(one, keys, batch_size=max(1, min(keys.shape[0], CHUNK // n)))


def pair_trials(key: Any, seeds: int, *, log_base: Any, weights: Any, policy_class: Any, n: int, beta: float, delta: float) -> np.ndarray:
    """The prompt mass that fails, `[seeds]`: DPO with n pairs over `policy_class`."""
    arrays = [jnp.asarray(a) for a in (log_base, weights)]
    return np.asarray(_run(*arrays, policy_class, jnp.asarray(beta), jnp.asarray(delta), jax.random.split(key, seeds), n))
