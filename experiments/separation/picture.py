"""One base policy and every algorithm: mass on the mode against samples spent, and what each algorithm's theorem guarantees.

The base is that of the cube of dimension d. Each algorithm has the class of the 2^d relabellings of its own target (log|Pi| = d log 2).
"""

import math
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from experiments.engine.columns import columns
from experiments.engine.frame import Context
from experiments.engine.rough import FAST
from sharpsim import LawOracle, Oracle, TabularPolicy, algorithms, laws
from sharpsim.classes import FiniteClass
from sharpsim.estimators import bounded_mean
from sharpsim.instances import sphere_packing
from sharpsim.theory import best_of_n, dpo, hellinger, sft, sft_adaptive, xpo
from sharpsim.theory import separation as theory

BATCH = 20
"""Seeds at once; their number is a multiple of it, or the rest would compile a second time."""
JUST_BELOW_ONE = 1 - 1e-9
"""With one prompt, a risk below 1 is a risk of 0."""


COLUMNS = columns(
    text="algorithm", count="exact seeds dimension pairs", exact="samples limit beta delta rho", simulated={"mass": "low high"}
)
PROMISED = columns(
    text="algorithm",
    exact="delta mass samples rho beta concentrability loss_moment exact_mass",
    nan={"algorithm != best_of_n": "exact_mass"},
    infinite="samples",
)


@dataclass(frozen=True)
class Picture:
    """The cube's d, beta, the SFT algorithms' pairs n, costs m of theirs, DPO's pairs, XPO's rounds; misses `deltas` that are promised."""

    dimension: int
    beta: float
    pairs: int
    samples: tuple[int, ...]
    dpo_pairs: tuple[int, ...]
    rounds: int
    seeds: int
    deltas: tuple[float, ...]

    @classmethod
    def of(cls, *, dimension: int, seeds: int, points: int, dpo_pairs: tuple[int, ...]) -> "Picture":
        """Costs from 8 to 100 times 2^d, evenly in logarithms."""
        grid = np.unique(np.round(np.geomspace(8, 100 * 2**dimension, points) / 8).astype(int) * 8)
        return cls(
            dimension=dimension, beta=0.008, pairs=8, samples=tuple(int(m) for m in grid), dpo_pairs=dpo_pairs,
            rounds=14, seeds=seeds, deltas=(0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.25, 0.2, 0.1, 0.05, 0.02),
        )  # fmt: skip


def picture(settings: Picture, delta: float, rho: float, context: Context) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """(rows of mass against samples, rows of what is promised)."""
    packing = sphere_packing(dimension=settings.dimension, distance=1)
    base = packing.log_probs
    target = laws.tilted(base, base, beta=settings.beta)
    limit = float(np.exp(target[0, packing.mode]))
    keys = jax.random.split(jax.random.fold_in(context.key(), 99), settings.seeds)
    rows: list[dict[str, Any]] = []

    def add(algorithm: str, samples: float, mass: Any) -> None:
        exact = np.ndim(mass) == 0
        mean, low, high = (mass, mass, mass) if exact else bounded_mean(np.asarray(mass), 1.0)
        rows.append({"algorithm": algorithm, "samples": float(samples), "mass": float(mean), "low": float(low), "high": float(high),
                     "exact": exact, "limit": limit, "seeds": 0 if exact else settings.seeds, "dimension": settings.dimension,
                     "beta": settings.beta, "delta": delta, "rho": rho, "pairs": settings.pairs})  # fmt: skip

    policy = TabularPolicy(jnp.asarray(base))
    by_law, literal = LawOracle(policy, jnp.ones(1)), Oracle(policy, jnp.ones(1))
    for m in context.track(settings.samples, "picture: SFT"):
        add("best_of_n", m, float(best_of_n.success(covered_mass=1 / packing.coverage, draws=m)))
        N = m // settings.pairs
        law = laws.best_of_n(base, base, draws=N)
        add("sft", N * settings.pairs, _sft(by_law, _centres(law), jnp.asarray(float(N)), keys, n=settings.pairs))
        stop = N / packing.coverage
        kept = laws.stopping_kept(base, stop=stop)
        cost = settings.pairs * float(laws.stopping_time_mean(base, stop=stop)[0])
        add("sft_adaptive", cost, _adaptive(by_law, _centres(kept), jnp.asarray(stop), keys, n=settings.pairs))
    members = _centres(target)
    for n in context.track(settings.dpo_pairs, "picture: DPO"):
        add("dpo", 2 * n, _dpo(literal, members, settings.beta, keys, n=n))
    masses = np.asarray(_xpo(literal, members, settings.beta, keys, T=settings.rounds))
    for t in range(settings.rounds):
        add("xpo", 2 * (t + 1), masses[:, t])
    return rows, _promised(settings, packing, np.asarray(members.log_probs), rho)


def _centres(law: np.ndarray) -> FiniteClass:
    """The 2^d laws that have the mode, response 0, moved to each response of the cube."""
    words = np.arange(law.shape[-1])
    return FiniteClass(law[0][words[:, None] ^ words][:, None])


def _promised(settings: Picture, packing: Any, members: np.ndarray, rho: float) -> list[dict[str, Any]]:
    """For each miss delta, the least samples at which each theorem promises mass 1 - delta with probability 1 - rho; inf: at none."""
    base, weights, beta, d = packing.log_probs, packing.prompt_weights, settings.beta, settings.dimension
    size = d * math.log(2)
    conc, loss = dpo.class_coefficients(members, base, weights, beta=beta)
    radius = 1 + 1 / beta
    asked: dict[str, Any] = {
        "rho": rho, "lam": theory.linear_lam(beta=beta, radius=radius, base_norm=1.0), "log_class_size": size,
        "v_max": xpo.v_max(members, base, weights, beta=beta), "r_max": xpo.r_max(base, weights),
    }  # fmt: skip

    def regret(T: float) -> float:
        return xpo.regret_bound(T=T, sec=theory.sec_linear(d=d, T=T, reward_is_log_base=True), **asked)

    rows: list[dict[str, Any]] = []
    for delta in settings.deltas:
        shared: dict[str, Any] = {"log_class_size": size, "delta": delta, "rho": rho}
        n = sft_adaptive.prompts_needed(**shared, eps=JUST_BELOW_ONE)
        given: dict[str, Any] = {"beta": beta, "concentrability": conc, "loss_moment": loss, "margin": packing.margin}
        try:
            asked_of_dpo = float(dpo.samples_needed(**shared, **given, eps=JUST_BELOW_ONE).samples)
        except ValueError:
            # As n grows the bound stays above 1: beta log C_conc alone is more than the margin gives for this delta.
            asked_of_dpo = math.inf
        samples = {
            "best_of_n": float(best_of_n.samples_needed(covered_mass=1 / packing.coverage, rho=delta)),
            "sft": float(sft.samples_needed(**shared, eps=JUST_BELOW_ONE, coverage=packing.coverage).samples),
            "sft_adaptive": sft_adaptive.expected_samples(base, weights, n=n, delta=delta),
            "dpo": asked_of_dpo,
            "xpo": 2 * theory.rounds_needed(regret, regret=beta * float(hellinger(delta, delta / 2)) * JUST_BELOW_ONE),
        }
        own = float(best_of_n.success(covered_mass=1 / packing.coverage, draws=samples["best_of_n"]))
        for name, value in samples.items():
            rows.append({
                "algorithm": name, "delta": delta, "mass": 1 - delta, "samples": value, "rho": rho, "beta": beta, "concentrability": conc,
                "loss_moment": loss, "exact_mass": own if name == "best_of_n" else math.nan,
            })  # fmt: skip
    return rows


def _mass(policy: Any) -> Any:
    return jnp.exp(policy.log_probs[0, 0])


@partial(jax.jit, static_argnames=("n",), **FAST)
def _sft(oracle: LawOracle, centres: FiniteClass, N: Any, keys: Any, *, n: int) -> Any:
    return jax.lax.map(lambda key: _mass(algorithms.sft(oracle, centres, n=n, N=N, key=key).policy), keys, batch_size=BATCH)


@partial(jax.jit, static_argnames=("n",), **FAST)
def _adaptive(oracle: LawOracle, centres: FiniteClass, stop: Any, keys: Any, *, n: int) -> Any:
    return jax.lax.map(lambda key: _mass(algorithms.sft_adaptive(oracle, centres, n=n, stop=stop, key=key).policy), keys, batch_size=BATCH)


@partial(jax.jit, static_argnames=("n",), **FAST)
def _dpo(oracle: Oracle, centres: FiniteClass, beta: Any, keys: Any, *, n: int) -> Any:
    return jax.lax.map(lambda key: _mass(algorithms.dpo(oracle, centres, n=n, beta=beta, key=key).policy), keys, batch_size=BATCH)


@partial(jax.jit, static_argnames=("T",), **FAST)
def _xpo(oracle: Oracle, centres: FiniteClass, beta: Any, keys: Any, *, T: int) -> Any:
    def one(key: Any) -> Any:
        iterates = algorithms.xpo(oracle, centres, T=T, beta=beta, alpha=0.0, key=key).info["iterates"]
        return jnp.exp(centres.log_probs[iterates, 0, 0])

    return jax.lax.map(one, keys, batch_size=BATCH)
