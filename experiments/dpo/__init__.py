"""Tests DPO against Theorem 4.2' and its lemmas.

On a family of instances whose margin and coverage vary separately, the risk is simulated and computed exactly. For four policy classes the
number of samples needed is compared. On a class of prefixes the theorem's guarantee is below 1 at sizes that are run.
"""

from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from experiments.dpo import parts, prefixes
from experiments.dpo.findings import verdicts
from experiments.dpo.prefixes import Prefixes
from experiments.dpo.trials import pair_trials
from experiments.engine.columns import Column, columns
from experiments.engine.frame import Context
from sharpsim.classes import ProductClass
from sharpsim.estimators import bounded_mean
from sharpsim.instances import margin_family
from sharpsim.theory import dpo as theory

__all__ = ["ACCEPTS_BASE", "COLUMNS", "SETTINGS", "Settings", "run", "verdicts"]
ACCEPTS_BASE = True


@dataclass(frozen=True)
class Settings:
    """The margin family (d prompts, M responses, margin g) against n and g; one linear base under four classes; random tables."""

    hard_prompts: int
    labels: int
    margin: float
    eps: float
    delta: float
    rho: float
    n: tuple[int, ...]
    seeds: int
    margins: tuple[float, ...]
    betas: tuple[float, ...]
    margin_n: int
    sft_n: int
    sft_N: int
    points: int
    responses: int
    dimension: int
    norm: float
    class_seeds: int
    linear_n: tuple[int, ...]
    table_n: tuple[int, ...]
    list_n: tuple[int, ...]
    tables: int
    table_prompts: int
    table_responses: int
    slacks: tuple[float, ...]
    prefixes: Prefixes


FIXED: dict[str, Any] = {
    "hard_prompts": 4, "labels": 8, "margin": 0.5, "eps": 0.1, "delta": 0.3, "rho": 0.1, "betas": (0.1, 0.01, 0.001), "margin_n": 80,
    "sft_n": 60, "sft_N": 40, "responses": 48, "dimension": 6, "norm": 3.0, "table_prompts": 6, "table_responses": 16,
    "slacks": (0.0, 0.3, 0.7), "list_n": (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256),
}  # fmt: skip
# The mode is just below 1/2 = 1 - delta, so that base fails.
PREFIXES: dict[str, Any] = {"prompts": 20, "others": 200, "mode": 0.49, "beta": 0.01, "delta": 0.5, "rho": 0.1}
FEW = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000, 30_000)
SETTINGS = {
    "smoke": Settings(
        **FIXED, n=(32,), seeds=200, margins=(1e-6, 1e-4, 1e-2, 1.0), points=3, class_seeds=50, linear_n=(8,), table_n=(64,), tables=2,
        prefixes=Prefixes(**PREFIXES, n=(10, 100, 30_000), pairs=10_000, most=100, fewest=2),
    ),
    "default": Settings(
        **FIXED, n=(2, 8, 16, 32, 48, 64), seeds=2000, margins=tuple(float(f"{v:.4g}") for v in np.geomspace(1e-8, 2.0, 22)),
        points=9, class_seeds=400, linear_n=(2, 4, 5, 6, 8), table_n=(16, 32, 64, 256), tables=12,
        prefixes=Prefixes(**PREFIXES, n=FEW, pairs=200_000, most=200, fewest=50),
    ),
    "full": Settings(
        **FIXED, n=(1, 2, 4, 8, 12, 16, 24, 32, 48, 64, 96), seeds=50_000,
        margins=tuple(float(f"{v:.4g}") for v in np.geomspace(1e-10, 2.0, 40)), points=16, class_seeds=5000,
        linear_n=(1, 2, 3, 4, 5, 6, 7, 8, 10, 12), table_n=(4, 8, 16, 24, 32, 48, 64, 96, 128, 192, 256), tables=100,
        prefixes=Prefixes(
            **PREFIXES | {"others": 1000, "beta": 0.001}, pairs=2_000_000, most=1000, fewest=4, n=(*FEW, 100_000, 300_000, 2_000_000),
        ),
    ),
}  # fmt: skip


COLUMNS: dict[str, dict[str, Column]] = {
    "": columns(
        count="n samples hard_prompts labels seeds",
        exact="beta margin delta rho exact_risk exact_worst bound bound_sharp",
        simulated={"risk": "risk_low risk_high"},
        # A share and a count of seeds, without intervals.
        derived="unique over",
    ),
    **parts.COLUMNS,
    "prefixes": prefixes.COLUMNS,
}


def run(settings: Settings, context: Context) -> dict[str, list[dict[str, Any]]]:
    """Parts: "" the family against n, "guarantee" its bound far beyond, "prefixes", "margin", "beta", "scaling" and its "exponents",
    "classes", "lemmas" on random tables (or on the user's base, then alone).
    """
    lemmas = parts.lemmas(settings, context)
    if context.base is not None:
        return {"lemmas": lemmas}
    keys = jax.random.split(context.key(), 3)
    points = parts.scaling(settings, context)
    return {
        "": _family(settings, context, keys[0]),
        "guarantee": parts.guarantee(settings),
        "margin": parts.margins(settings, context, keys[1]),
        "beta": parts.strengths(settings),
        "scaling": points,
        "exponents": parts.exponents(points),
        "classes": parts.classes(settings, context, keys[2]),
        "lemmas": lemmas,
        "prefixes": prefixes.rows(settings.prefixes, context, jax.random.fold_in(context.key(), 3)),
    }


def _family(settings: Settings, context: Context, key: Any) -> list[dict[str, Any]]:
    beta, given = parts.at_rest(settings)
    shape = {"hard_prompts": settings.hard_prompts, "labels": settings.labels, "margin": settings.margin}
    member = margin_family(**shape)
    policy_class = ProductClass(member.members(theory.target(member.log_probs, beta=beta)[0]))
    exact = theory.FamilyRisk(**shape, beta=beta, delta=settings.delta)
    rows = []
    for i, n in enumerate(context.track(settings.n, "margin family")):
        seen = pair_trials(
            jax.random.fold_in(key, i), settings.seeds, log_base=member.log_probs, weights=member.prompt_weights,
            policy_class=policy_class, n=n, beta=beta, delta=settings.delta,
        )  # fmt: skip
        mean, low, high = bounded_mean(seen.failed, 1.0)
        bound = theory.bound(**given, n=n)
        rows.append({
            "n": n, "samples": 2 * n, "beta": beta, **shape, "delta": settings.delta, "rho": settings.rho, "seeds": settings.seeds,
            "risk": mean, "risk_low": low, "risk_high": high, "exact_risk": exact(n).mean, "exact_worst": exact(n).worst,
            "unique": float(seen.unique.mean()), "bound": bound, "bound_sharp": theory.bound_sharp(**given, n=n),
            "over": int((seen.failed > bound).sum()),
        })  # fmt: skip
    return rows
