"""Runs the library's own algorithms at the costs found, and compares how often they succeed with what was predicted.

The prediction is the exact law for the SFT algorithms and the closed-form simulation for DPO and XPO. Each row has its own interval at
level 1 - 1e-6.

Dependence on the processor: the rows of XPO may differ between machines with equal seeds; the other rows do not. XPO's search starts,
among others, in a random direction that the observed comparisons leave free. `classes._descent` draws the coordinates of that direction in
the eigenvectors of the comparisons' Gram matrix. Where d - k eigenvalues are 0, LAPACK returns some orthonormal basis of that null space,
and which one depends on rounding, hence on the OpenBLAS kernel. The direction's distribution is the same, but its value is another one, and
so is the iterate that follows. Measured on the cube, d = 8, 200 seeds: OPENBLAS_CORETYPE=Haswell changes the share from 0.935 to 0.855 and
XPO's own cost from 16 to 18 samples; one thread, or XLA without AVX-512, changes nothing. Each share lies in the other's interval, and both
costs lie in [16, 18], so these columns are declared as simulated.
Were a direction drawn in the features' own coordinates and then projected on the null space, the shares would be 0.905 and 0.900.
"""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from experiments.engine.columns import columns
from experiments.engine.frame import Context
from experiments.engine.rough import FAST
from experiments.separation.simulations import fitted_success, least_with, xpo_success
from experiments.separation.worlds import Arms, Cube
from sharpsim import LawOracle, Oracle, TabularPolicy, algorithms
from sharpsim.classes import AllTabular, LinearSoftmaxBall
from sharpsim.estimators import clopper_pearson
from sharpsim.instances import hidden_arms, sphere_packing
from sharpsim.theory import separation as theory

LEVEL = 1 - 1e-6
BATCH = 40
"""Seeds at once; their number is a multiple of it, or the rest would compile a second time."""


COLUMNS = columns(
    text="instance algorithm",
    count="dimension seeds",
    exact="rho",
    simulated={"share": "share_low share_high", "predicted": "predicted_low predicted_high", "own": "own_low own_high"},
    # The cost found, of the part "", where its interval is.
    derived="samples",
    # What XPO itself needs is measured for XPO alone.
    nan={"algorithm != xpo": "own"},
)


def confirmed(rows: list[dict[str, Any]], settings: Any, context: Context) -> list[dict[str, Any]]:
    """One row per (instance, d, algorithm) of `settings.confirm`: its share of seeds with more than 1 - delta on the mode at the cost
    found, and what was predicted; intervals at level 1 - 1e-6.
    """
    found = []
    for i, (name, d, algorithm) in enumerate(context.track(settings.confirm, "algorithms")):
        mine = {row["learner"]: row for row in rows if row["instance"] == name and row["dimension"] == d}
        about = mine[algorithm]
        instance = (
            sphere_packing(dimension=d, distance=1) if name == "cube" else hidden_arms(arms=d, bulk=2**d, gap=settings.gap, secret=d - 1)
        )
        keys = jax.random.split(jax.random.fold_in(context.key(), i), settings.confirm_seeds)
        run = _Run(instance, about, keys, settings)
        predicted, success = run.tables(algorithm) if algorithm.startswith("sft") else run.linear(algorithm, name, context, i)
        success, own = np.asarray(success), (np.nan, np.nan, np.nan)
        if algorithm == "xpo":
            # Every prefix of a run is a run: its own least cost, by its own search for optimistic parameters.
            own = tuple(2.0 * k if k else np.nan for k in least_with(success, rho=settings.rho))
            success = success[:, int(about["samples"]) // 2 - 1]
        share, low, high = _share(success)
        found.append({
            "instance": name, "dimension": d, "algorithm": algorithm, "samples": about["samples"], "share": share, "share_low": low,
            "share_high": high, "predicted": predicted[0], "predicted_low": predicted[1], "predicted_high": predicted[2],
            "own": own[0], "own_low": own[1], "own_high": own[2], "seeds": settings.confirm_seeds, "rho": settings.rho,
        })  # fmt: skip
    return found


class _Run:
    """The algorithms on one instance, with the prediction for each."""

    def __init__(self, instance: Any, about: dict[str, Any], keys: Any, settings: Any):
        self.instance, self.about, self.keys, self.settings = instance, about, keys, settings
        self.base, self.weights = TabularPolicy(jnp.asarray(instance.log_probs)), jnp.ones(1)
        self.shared: dict[str, Any] = {"mode": int(np.argmax(instance.log_probs[0])), "delta": settings.delta}

    def tables(self, algorithm: str) -> Any:
        """SFT on all tables: the exact law, and the share."""
        oracle = LawOracle(self.base, self.weights)
        if algorithm == "sft":
            N = self.about["samples"]
            exact = 1 - float(theory.miss(coverage=self.about["coverage"], draws=N))
            return (exact,) * 3, _sft(oracle, jnp.asarray(N), self.keys, responses=self.base.responses, **self.shared)
        cost = theory.adaptive_cost(self.instance.log_probs[0], rho=self.settings.rho)
        return (1 - cost.miss,) * 3, _adaptive(oracle, jnp.asarray(cost.stop), self.keys, responses=self.base.responses, **self.shared)

    def linear(self, algorithm: str, name: str, context: Context, i: int) -> Any:
        """DPO and XPO on the linear ball: the closed form's share, and the share."""
        world = Cube(self.about["dimension"]) if name == "cube" else Arms.of(self.instance)
        rng, steps = np.random.default_rng([context.seed, 5, i]), int(self.about["samples"]) // 2
        beta, radius = self.about["beta"], self.about["radius"]
        said: dict[str, Any] = {"beta": beta, "delta": self.settings.delta, "seeds": self.settings.seeds}
        given = (Oracle(self.base, self.weights), LinearSoftmaxBall(self.instance.features, radius), beta, self.keys)
        if algorithm == "dpo":
            success = fitted_success(world, rng, steps=steps, paired=True, **said)[:, -1]
            return _share(success), _dpo(*given, n=steps, **self.shared)
        success = xpo_success(world, rng, rounds=steps, radius=radius, **said).last[:, -1]
        return _share(success), _xpo(*given, T=2 * steps, **self.shared)


def _share(success: np.ndarray) -> tuple[float, float, float]:
    hits = int(success.sum())
    return (hits / len(success), *clopper_pearson(hits, len(success), LEVEL))


def _sharp(policy: Any, mode: int, delta: float) -> Any:
    return jnp.exp(policy.log_probs[0, mode]) > 1 - delta


# The oracle comes ready-made: building it inside takes minutes to compile.
@partial(jax.jit, static_argnames=("responses", "mode", "delta"), **FAST)
def _sft(oracle: LawOracle, N: Any, keys: Any, *, responses: int, mode: int, delta: float) -> Any:
    tables = AllTabular(1, responses)
    return jax.lax.map(lambda key: _sharp(algorithms.sft(oracle, tables, n=1, N=N, key=key).policy, mode, delta), keys, batch_size=BATCH)


@partial(jax.jit, static_argnames=("responses", "mode", "delta"), **FAST)
def _adaptive(oracle: LawOracle, stop: Any, keys: Any, *, responses: int, mode: int, delta: float) -> Any:
    tables = AllTabular(1, responses)
    return jax.lax.map(
        lambda key: _sharp(algorithms.sft_adaptive(oracle, tables, n=1, stop=stop, key=key).policy, mode, delta), keys, batch_size=BATCH
    )


@partial(jax.jit, static_argnames=("mode", "delta", "n"), **FAST)
def _dpo(oracle: Oracle, ball: LinearSoftmaxBall, beta: Any, keys: Any, *, n: int, mode: int, delta: float) -> Any:
    return jax.lax.map(
        lambda key: _sharp(algorithms.dpo(oracle, ball, n=n, beta=beta, key=key).policy, mode, delta), keys, batch_size=BATCH
    )


@partial(jax.jit, static_argnames=("mode", "delta", "T"), **FAST)
def _xpo(oracle: Oracle, ball: LinearSoftmaxBall, beta: Any, keys: Any, *, T: int, mode: int, delta: float) -> Any:
    def one(key: Any) -> Any:
        iterates = algorithms.xpo(oracle, ball, T=T, beta=beta, alpha=0.0, key=key).info["iterates"]
        return jax.vmap(lambda theta: _sharp(ball.policy_at(theta), mode, delta))(iterates)

    return jax.lax.map(one, keys, batch_size=BATCH)
