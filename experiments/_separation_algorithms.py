"""The library's own algorithms at the costs found: do they succeed as often as the exact law or the closed-form simulation says?"""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from experiments._frame import Context
from experiments._intervals import clopper_pearson
from experiments._separation_sims import fitted_success, xpo_success
from experiments._worlds import Arms, Cube
from sharpsim import LawOracle, Oracle, TabularPolicy, algorithms
from sharpsim.classes import AllTabular, LinearSoftmaxBall
from sharpsim.instances import hidden_arms, sphere_packing
from sharpsim.theory import separation as theory

LEVEL = 1 - 1e-6


def confirmed(rows: list[dict[str, Any]], settings: Any, context: Context) -> list[dict[str, Any]]:
    """One row per instance, d and algorithm: its share of seeds with more than 1 - delta on the mode at the cost found, and what was
    predicted; intervals at level 1 - 1e-6.
    """
    cells = [(name, d) for name in ("cube", "arms") for d in settings.confirm]
    found = []
    for i, (name, d) in enumerate(context.track(cells, "algorithms")):
        key, rng = jax.random.fold_in(context.key(), i), np.random.default_rng([context.seed, 5, i])
        if name == "cube":
            instance, world = sphere_packing(dimension=d, distance=1), Cube(d)
        else:
            instance = hidden_arms(arms=d, bulk=2**d, gap=settings.gap)
            world = Arms.of(instance)
        mine = {row["learner"]: row for row in rows if row["instance"] == name and row["dimension"] == d}
        if "xpo" not in mine:
            continue
        about = mine["xpo"]
        beta, radius, seeds = about["beta"], about["radius"], settings.confirm_seeds
        table = (jnp.asarray(instance.log_probs), jnp.asarray(instance.features))
        keys = jax.random.split(key, seeds)
        mode = int(np.argmax(instance.log_probs[0]))
        shared: dict[str, Any] = {"mode": mode, "delta": settings.delta}
        predict: dict[str, Any] = {"beta": beta, "delta": settings.delta, "seeds": settings.seeds}
        m = int(mine["sft"]["samples"])
        exact = 1 - theory.miss(coverage=about["coverage"], draws=m)
        hits = {"sft": (m, _sft(*table, jnp.asarray(float(m)), keys, **shared), exact, exact, exact)}
        if name == "cube":
            cost = theory.adaptive_cost(instance.log_probs[0], rho=settings.rho)
            exact = 1 - cost.miss
            hits["sft_adaptive"] = (cost.samples, _adaptive(*table, jnp.asarray(cost.stop), keys, **shared), exact, exact, exact)
        if "dpo" in mine and mine["dpo"]["samples"] <= 1000:
            n = int(mine["dpo"]["samples"]) // 2
            said = fitted_success(world, rng, steps=n, paired=True, **predict)[:, -1]
            hits["dpo"] = (2 * n, _dpo(*table, beta, radius, keys, n=n, **shared), *_share(said))
        T = int(about["samples"]) // 2
        said = xpo_success(world, rng, rounds=T, radius=radius, **predict).last[:, -1]
        hits["xpo"] = (2 * T, _xpo(*table, beta, radius, keys, T=T, **shared), *_share(said))
        for algorithm, (samples, success, predicted, low, high) in hits.items():
            share, share_low, share_high = _share(np.asarray(success))
            found.append({
                "instance": name, "dimension": d, "algorithm": algorithm, "samples": float(samples), "share": share,
                "share_low": share_low, "share_high": share_high, "predicted": predicted, "predicted_low": low, "predicted_high": high,
                "seeds": seeds, "rho": settings.rho,
            })  # fmt: skip
    return found


def _share(success: np.ndarray) -> tuple[float, float, float]:
    hits = int(success.sum())
    return (hits / len(success), *clopper_pearson(hits, len(success), LEVEL))


def _sharp(policy: Any, mode: int, delta: float) -> Any:
    return jnp.exp(policy.log_probs[0, mode]) > 1 - delta


@partial(jax.jit, static_argnames=("mode", "delta"))
def _sft(base: Any, features: Any, N: Any, keys: Any, *, mode: int, delta: float) -> Any:
    oracle, tables = LawOracle(TabularPolicy(base), jnp.ones(1)), AllTabular(*base.shape)
    return jax.lax.map(lambda key: _sharp(algorithms.sft(oracle, tables, n=1, N=N, key=key).policy, mode, delta), keys, batch_size=32)


@partial(jax.jit, static_argnames=("mode", "delta"))
def _adaptive(base: Any, features: Any, stop: Any, keys: Any, *, mode: int, delta: float) -> Any:
    oracle, tables = LawOracle(TabularPolicy(base), jnp.ones(1)), AllTabular(*base.shape)
    return jax.lax.map(
        lambda key: _sharp(algorithms.sft_adaptive(oracle, tables, n=1, stop=stop, key=key).policy, mode, delta), keys, batch_size=32
    )


@partial(jax.jit, static_argnames=("mode", "delta", "n"))
def _dpo(base: Any, features: Any, beta: Any, radius: Any, keys: Any, *, n: int, mode: int, delta: float) -> Any:
    oracle, ball = Oracle(TabularPolicy(base), jnp.ones(1)), LinearSoftmaxBall(features, radius)
    return jax.lax.map(lambda key: _sharp(algorithms.dpo(oracle, ball, n=n, beta=beta, key=key).policy, mode, delta), keys, batch_size=32)


@partial(jax.jit, static_argnames=("mode", "delta", "T"))
def _xpo(base: Any, features: Any, beta: Any, radius: Any, keys: Any, *, T: int, mode: int, delta: float) -> Any:
    oracle, ball = Oracle(TabularPolicy(base), jnp.ones(1)), LinearSoftmaxBall(features, radius)
    return jax.lax.map(
        lambda key: _sharp(algorithms.xpo(oracle, ball, T=T, beta=beta, alpha=0.0, key=key).policy, mode, delta), keys, batch_size=8
    )
