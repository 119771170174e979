"""Compares learners that pay for coverage with learners that use the structure of the class or explore (Examples J.1 and J.1').

It measures the samples each learner needs to sharpen, as the dimension d grows. Part "picture" shows all algorithms on one base policy.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.engine.columns import Column, columns
from experiments.engine.fits import power_law
from experiments.engine.frame import Context, Table, Verdict
from experiments.separation.algorithms import COLUMNS as CONFIRM_COLUMNS
from experiments.separation.algorithms import confirmed
from experiments.separation.findings import judged
from experiments.separation.picture import COLUMNS as PICTURE_COLUMNS
from experiments.separation.picture import PROMISED, Picture, picture
from experiments.separation.simulations import consistent_counts, fitted_success, least_with, xpo_success
from experiments.separation.worlds import Arms, Cube, Listed
from sharpsim.estimators import bounded_mean, clopper_pearson
from sharpsim.instances import cube_law, sphere_packing
from sharpsim.theory import hellinger, sft, xpo
from sharpsim.theory import separation as theory


@dataclass(frozen=True)
class Settings:
    """delta, rho (success with probability 1 - rho), dimensions: `listed` cubes, `product` cubes, those whose guarantees alone are
    `promised`, `codes`, `arms` at gap g (DPO on them up to `offline_arms`); fits from dimension `fit_from` on.
    """

    delta: float
    rho: float
    listed: tuple[int, ...]
    product: tuple[int, ...]
    promised: tuple[int, ...]
    codes: tuple[int, ...]
    arms: tuple[int, ...]
    gap: float
    offline_arms: int
    fit_from: int
    seeds: int
    code_seeds: int
    knowledge: int
    confirm: tuple[tuple[str, int, str], ...]
    confirm_seeds: int
    picture: Picture


FIXED: dict[str, Any] = {"delta": 0.3, "rho": 0.1, "gap": 1.0, "knowledge": 4, "promised": (80, 96)}
CONFIRM = (("cube", 8, "sft"), ("cube", 8, "dpo"), ("cube", 8, "xpo"), ("arms", 8, "xpo"))
CONFIRM_MORE = (*CONFIRM, ("cube", 8, "sft_adaptive"), ("cube", 12, "xpo"), ("arms", 4, "dpo"), ("arms", 4, "xpo"))
SETTINGS = {
    "smoke": Settings(
        **FIXED, listed=(2, 4, 6, 8), product=(24,), codes=(4, 6, 8), arms=(2, 4, 6, 8, 10), offline_arms=4, fit_from=4, seeds=100,
        code_seeds=50, confirm=(("cube", 4, "dpo"),), confirm_seeds=40,
        picture=Picture.of(dimension=4, seeds=20, points=4, dpo_pairs=(2,)),
    ),
    "default": Settings(
        **FIXED, listed=tuple(range(2, 17)), product=(24, 32, 48, 64), codes=tuple(range(4, 17, 2)), arms=(*range(2, 17, 2), 20, 24),
        offline_arms=10, fit_from=6, seeds=400, code_seeds=80, confirm=CONFIRM, confirm_seeds=200,
        picture=Picture.of(dimension=8, seeds=200, points=16, dpo_pairs=(1, 2, 3, 4, 6)),
    ),
    "full": Settings(
        **FIXED, listed=tuple(range(2, 17)), product=(20, 24, 32, 48, 64), codes=tuple(range(4, 17)), arms=(*range(2, 17), 20, 24, 32),
        offline_arms=12, fit_from=6, seeds=10_000, code_seeds=2000, confirm=CONFIRM_MORE, confirm_seeds=2000,
        picture=Picture.of(dimension=8, seeds=2000, points=50, dpo_pairs=(1, 2, 3, 4, 5, 6, 8, 12)),
    ),
}  # fmt: skip


COLUMNS: dict[str, dict[str, Column]] = {
    # `exact` says of which rows `samples` is exact, with both ends equal to it.
    "": columns(
        text="instance learner",
        count="dimension exact seeds",
        exact="responses margin coverage delta rho beta radius theta_norm",
        simulated={"samples": "low high"},
        # Not reached within the steps.
        nan={"exact = 0": "samples"},
    ),
    "growth": columns(text="instance learner", count="from to points", derived="rate rate_low rate_high degree degree_low degree_high"),
    "knowledge": columns(
        count="dimension samples seeds",
        exact="identified best_error",
        simulated={"fit": "fit_low fit_high", "error": "error_low error_high"},
    ),
    "confirm": CONFIRM_COLUMNS,
    # `measured` repeats "samples" of the part "", where its interval is.
    "guarantees": columns(
        text="instance",
        count="dimension",
        exact="asked asked_sharp sft_asked beta radius rho delta",
        derived="measured",
        # Some cubes are described and not measured.
        nan={"instance = cube": "measured"},
    ),
    "picture": PICTURE_COLUMNS,
    "promised": PROMISED,
}


def run(settings: Settings, context: Context) -> dict[str, list[dict[str, Any]]]:
    """Parts: "" samples by instance, d and learner; "growth" fits; "knowledge" rank law and best learner; "confirm" the algorithms
    themselves; "guarantees" what the theorems ask for; "picture" mass on Y* against samples, with "promised" its guarantees.
    """
    rows: list[dict[str, Any]] = []
    for d in context.track((*settings.listed, *settings.product), "cubes"):
        rows += _cube(settings, context, d)
    for d in context.track(settings.codes, "lexicodes"):
        rows += _code(settings, context, d)
    for d in context.track(settings.arms, "hidden arms"):
        rows += _arms(settings, context, d)
    drawn, promised = picture(settings.picture, settings.delta, settings.rho, context)
    return {
        "": rows, "growth": _growth(rows, settings.fit_from), "knowledge": _knowledge(settings, context),
        "confirm": confirmed(rows, settings, context), "guarantees": _guarantees(rows, settings), "picture": drawn, "promised": promised,
    }  # fmt: skip


def _rng(context: Context, *where: int) -> np.random.Generator:
    """Independent of what else is run: adding a dimension changes no other row."""
    return np.random.default_rng([context.seed, *where])


class _Rows:
    """The rows of one instance, all with its description."""

    def __init__(
        self, settings: Settings, instance: str, d: int, *, log_responses: float, margin: float, coverage: float, theta_norm: float
    ):
        self.log_responses, self.delta = log_responses, settings.delta
        # log(2|Y|/delta), where |Y| may be too large for a whole number.
        term = math.log(2 / settings.delta) + log_responses
        self.beta, self.radius = margin / (2 * term), 3 * theta_norm * term / margin
        self.shared: dict[str, Any] = {
            "instance": instance, "dimension": d, "responses": math.exp(log_responses), "margin": margin, "coverage": coverage,
            "delta": settings.delta, "rho": settings.rho, "beta": self.beta, "radius": self.radius, "theta_norm": theta_norm,
        }  # fmt: skip
        self.rows: list[dict[str, Any]] = []

    def add(self, learner: str, samples: float, low: float | None = None, high: float | None = None, seeds: int = 0) -> None:
        """A learner's cost; without an interval it is exact."""
        ends = (samples, samples) if low is None else (low, high)
        self.rows.append({**self.shared, "learner": learner, "samples": float(samples), "low": float(ends[0]), "high": float(ends[1]),  # pyright: ignore[reportArgumentType]
                          "exact": low is None, "seeds": seeds})  # fmt: skip

    def simulated(self, learner: str, success: np.ndarray, rho: float, each: int, extra: int = 0) -> None:
        """A learner's least cost `each` k + `extra` over steps k."""
        found = [each * k + extra if k else math.nan for k in least_with(success, rho=rho)]
        self.add(learner, *found, seeds=len(success))


def _linear_learners(made: _Rows, world: Any, settings: Settings, rng: np.random.Generator, *, seeds: int, steps: int) -> None:
    shared: dict[str, Any] = {"seeds": seeds, "beta": made.beta, "delta": settings.delta}
    made.simulated("fit", fitted_success(world, rng, steps=steps, paired=False, **shared), settings.rho, 1, 1)
    made.simulated("dpo", fitted_success(world, rng, steps=steps, paired=True, **shared), settings.rho, 2)
    explored = xpo_success(world, rng, rounds=steps, radius=made.radius, **shared)
    made.simulated("xpo", explored.last, settings.rho, 2)
    made.simulated("xpo_best", explored.best, settings.rho, 2)


def _best_learner(made: _Rows, packing: Any, settings: Settings, rng: np.random.Generator, *, seeds: int) -> None:
    """Who knows the family of centres: the least m at which the mean of 1 - 1/|consistent| is at most rho."""
    wrong = 1 - 1 / consistent_counts(rng, packing, seeds=seeds, draws=packing.features.shape[2] + 8)
    ends = np.array([bounded_mean(column, 1.0) for column in wrong.T])
    first = [int(np.argmax(column <= settings.rho)) + 1 if (column <= settings.rho).any() else math.nan for column in ends.T]
    made.add("best", first[0], first[1], first[2], seeds=seeds)


def _cube(settings: Settings, context: Context, d: int) -> list[dict[str, Any]]:
    law, rng = cube_law(dimension=d), _rng(context, 1, d)
    cover = math.exp(law.log_coverage)
    made = _Rows(settings, "cube", d, log_responses=d * math.log(2), margin=law.margin, coverage=cover, theta_norm=1.0)
    made.add("sft", theory.draws_needed(coverage=cover, rho=settings.rho))
    if d in settings.listed:
        packing = sphere_packing(dimension=d, distance=1)
        made.add("sft_adaptive", theory.adaptive_cost(packing.log_probs[0], rho=settings.rho).samples)
        _best_learner(made, packing, settings, rng, seeds=settings.seeds)
    _linear_learners(made, Cube(d), settings, rng, seeds=settings.seeds if d <= 16 else max(100, settings.seeds // 4), steps=d + 12)
    return made.rows


def _code(settings: Settings, context: Context, d: int) -> list[dict[str, Any]]:
    packing, rng = sphere_packing(dimension=d, distance=math.ceil(d / 4)), _rng(context, 2, d)
    size = math.log(packing.features.shape[1])
    made = _Rows(settings, "lexicode", d, log_responses=size, margin=packing.margin, coverage=packing.coverage, theta_norm=1.0)
    made.add("sft", theory.draws_needed(coverage=packing.coverage, rho=settings.rho))
    made.add("sft_adaptive", theory.adaptive_cost(packing.log_probs[0], rho=settings.rho).samples)
    _best_learner(made, packing, settings, rng, seeds=settings.seeds)
    _linear_learners(made, Listed(packing), settings, rng, seeds=settings.code_seeds, steps=d + 10)
    return made.rows


def _arms(settings: Settings, context: Context, d: int) -> list[dict[str, Any]]:
    bulk, gap, rng = 2**d, settings.gap, _rng(context, 3, d)
    cover = (bulk + d + gap) / (1 + gap)
    made = _Rows(settings, "arms", d, log_responses=math.log(bulk + d), margin=gap, coverage=cover, theta_norm=math.log1p(gap))
    made.add("minimax", theory.arms_minimax_draws(eps=settings.rho, arms=d, bulk=bulk, gap=gap))
    made.add("sft", theory.draws_needed(coverage=cover, rho=settings.rho))
    made.add("query", next(k for k in range(d + 1) if theory.arms_query_error(queries=k, arms=d) <= settings.rho + 1e-12))
    world, shared = Arms(d, bulk, gap), {"seeds": settings.seeds, "beta": made.beta, "delta": settings.delta}
    if d <= settings.offline_arms:
        steps = math.ceil(0.8 * theory.draws_needed(coverage=cover, rho=settings.rho)) + 10
        made.simulated("dpo", fitted_success(world, rng, steps=steps, paired=True, **shared), settings.rho, 2)
    explored = xpo_success(world, rng, rounds=2 * d + 24, radius=made.radius, **shared)
    made.simulated("xpo", explored.last, settings.rho, 2)
    made.simulated("xpo_best", explored.best, settings.rho, 2)
    return made.rows


def _growth(rows: list[dict[str, Any]], start: int) -> list[dict[str, Any]]:
    """Per instance and learner, from dimension `start` on: the exponential rate d log m/dd and the degree d log m/d log d."""
    found = []
    for instance, learner in dict.fromkeys((row["instance"], row["learner"]) for row in rows):
        mine = [r for r in rows if (r["instance"], r["learner"]) == (instance, learner) and r["dimension"] >= start and r["samples"] > 0]
        if len(mine) < 3:
            continue
        d, m = np.array([r["dimension"] for r in mine], float), np.array([r["samples"] for r in mine])
        rate, degree = power_law(np.exp(d - d[0]), m), power_law(d, m)
        found.append({
            "instance": instance, "learner": learner, "from": int(d[0]), "to": int(d[-1]), "points": len(mine),
            "rate": rate.exponent, "rate_low": rate.low, "rate_high": rate.high,
            "degree": degree.exponent, "degree_low": degree.low, "degree_high": degree.high,
        })  # fmt: skip
    return found


def _knowledge(settings: Settings, context: Context) -> list[dict[str, Any]]:
    """On a small cube, exactly: when likelihoods determine base, and the best learner's error; beside simulations of both."""
    d, draws, rng = settings.knowledge, settings.knowledge + 8, _rng(context, 4)
    packing, law = sphere_packing(dimension=d, distance=1), cube_law(dimension=d)
    known = theory.identified(packing.features[0], packing.log_probs[0], draws=draws)
    members = np.array([sphere_packing(dimension=d, distance=1, mode=c).log_probs[0] for c in range(2**d)])
    error = theory.consistent_errors(members, draws=draws)
    beta = theory.beta_printed(margin=law.margin, responses=2**d, delta=settings.delta)
    fits = fitted_success(Cube(d), rng, seeds=settings.seeds, steps=draws - 1, beta=beta, delta=settings.delta, paired=False)
    wrong = 1 - 1 / consistent_counts(rng, packing, seeds=settings.seeds, draws=draws)
    rows = []
    for m in range(2, draws + 1):
        hits = int(fits[:, m - 2].sum())
        low, high = clopper_pearson(hits, settings.seeds, 1 - 1e-6)
        mean, mean_low, mean_high = bounded_mean(wrong[:, m - 1], 1.0, 1 - 1e-6)
        rows.append({
            "dimension": d, "samples": m, "identified": float(known[m]), "fit": hits / settings.seeds, "fit_low": low, "fit_high": high,
            "best_error": float(error[m]), "error": mean, "error_low": mean_low, "error_high": mean_high, "seeds": settings.seeds,
        })  # fmt: skip
    return rows


def _guarantees(rows: list[dict[str, Any]], settings: Settings) -> list[dict[str, Any]]:
    """What Thm J.3 (explicit) asks of XPO on the linear ball until its risk is below 1, which with one prompt is 0; beside the cost
    measured, and what Thm 4.1' asks of SFT on the class of the instance's relabellings (log|Pi| = log |Y|, or log d arms).
    """
    found = []
    described = [row for row in rows if row["learner"] == "xpo"]
    for d in settings.promised:
        law = cube_law(dimension=d)
        size, cover = d * math.log(2), math.exp(law.log_coverage)
        beyond = _Rows(settings, "cube", d, log_responses=size, margin=law.margin, coverage=cover, theta_norm=1.0)
        described.append({**beyond.shared, "samples": math.nan})
    for row in described:
        d, beta, radius, norm = row["dimension"], row["beta"], row["radius"], row["theta_norm"]
        least = math.log(row["coverage"]) + (math.log1p(row["margin"]) if row["instance"] == "arms" else 2.0)
        setting: dict[str, Any] = {
            "dimension": d, "rho": settings.rho, "beta": beta, "radius": radius, "r_max": least,
            "lam": theory.linear_lam(beta=beta, radius=radius, base_norm=norm),
            "v_max": theory.linear_v_max(beta=beta, radius=radius, base_norm=norm),
        }  # fmt: skip
        asked = {}
        for name, make, loss in (
            ("explicit", xpo.regret_bound, float(hellinger(settings.delta, settings.delta / 2))),
            ("sharp", xpo.regret_bound_sharp, xpo.bernoulli_kl(settings.delta, settings.delta / 2)),
        ):

            def bound(T: float, make: Any = make) -> float:
                return theory.regret_bound(make, T=T, sec=theory.sec_linear(d=d, T=T, reward_is_log_base=True), **setting)  # noqa: B023

            asked[name] = 2 * theory.rounds_needed(bound, regret=beta * loss * (1 - 1e-12))
        size = math.log(d) if row["instance"] == "arms" else math.log(row["responses"])
        fixed = sft.samples_needed(log_class_size=size, eps=1 - 1e-9, delta=settings.delta, rho=settings.rho, coverage=row["coverage"])
        found.append({
            "instance": row["instance"], "dimension": d, "measured": row["samples"],
            "asked": asked["explicit"], "asked_sharp": asked["sharp"], "sft_asked": float(fixed.samples),
            "beta": beta, "radius": radius, "rho": settings.rho, "delta": settings.delta,
        })  # fmt: skip
    return found


def verdicts(tables: dict[str, Table]) -> list[Verdict]:
    """From the rows as written."""
    return judged(tables)
