"""Replicates of an SFT algorithm against the oracle, one per seed, in one compiled program per shape."""

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from sharpsim import LawOracle, TabularPolicy, algorithms, sharpness
from sharpsim.classes import AllTabular, ProductClass

CHUNK = 2**20
"""Draws held in memory at once."""


class Trials(NamedTuple):
    """Per seed: the prompt mass that fails, E_x D_H^2(estimate, law of the kept responses), and the samples spent."""

    failed: np.ndarray
    hellinger: np.ndarray
    samples: np.ndarray


@partial(jax.jit, static_argnames=("n", "adaptive", "saturated", "slack"))
def _run(log_base, weights, members, target, setting, delta, keys, *, n: int, adaptive: bool, saturated: bool, slack: float):
    oracle = LawOracle(TabularPolicy(log_base), weights)
    policy_class = AllTabular(*log_base.shape) if saturated else ProductClass(members)

    def one(key):
        if adaptive:
            result = algorithms.sft_adaptive(oracle, policy_class, n=n, stop=setting, key=key)
        else:
            result = algorithms.sft(oracle, policy_class, n=n, N=setting, key=key)
        estimate = result.policy.log_probs
        failed = sharpness.fails(sharpness.missing_mass(estimate, log_base, slack=slack), delta=delta)
        if saturated:
            failed = failed | (result.info["seen"] == 0)
        distance = jnp.sum((jnp.exp(estimate / 2) - jnp.exp(target / 2)) ** 2, axis=-1)
        return jnp.sum(jnp.where(failed, weights, 0.0)), weights @ distance, jnp.asarray(result.samples_used, weights.dtype)

    return jax.lax.map(one, keys, batch_size=max(1, min(keys.shape[0], CHUNK // n)))


def trials(
    key: Any,
    seeds: int,
    *,
    log_base: Any,
    weights: Any,
    target: Any,
    members: Any = None,
    n: int,
    N: int | None = None,
    stop: float | None = None,
    delta: float,
    slack: float,
) -> Trials:
    """`seeds` replicates: SFT-Sharpening with N draws per prompt, or adaptive with `stop`; over the product class of `members`
    `[prompts, members, responses]`, or over all tables without it. `target` is the law that the class should learn.
    """
    adaptive = stop is not None
    saturated = members is None
    setting = jnp.asarray(float(stop if N is None else N))  # pyright: ignore[reportArgumentType]
    given = np.asarray(log_base)[:, None, :] if saturated else members
    arrays = [jnp.asarray(a) for a in (log_base, weights, given, target)]
    keys = jax.random.split(key, seeds)
    out = _run(*arrays, setting, jnp.asarray(delta), keys, n=n, adaptive=adaptive, saturated=saturated, slack=slack)
    return Trials(*(np.asarray(a) for a in out))
