"""Tests Prop 3.1: greedy decoding finds the mode of a sequence policy whenever the mode has probability above 1/2.

Greedy decoding and exact search run on random sequence policies and on constructed failures ("traps"). Both decoders are compared with
enumeration of all sequences.

Each of these would refute the proposition or its tightness: a policy whose mode has P* > 1/2 and is missed by greedy; a greedy margin below
log(P*/(1 - P*)), in nats; a trap with P* <= 1/2 that greedy decodes correctly.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.engine.columns import Column, columns
from experiments.engine.frame import Context, Table, Verdict
from sharpsim import instances
from sharpsim.estimators import clopper_pearson
from sharpsim.theory import greedy as theory


@dataclass(frozen=True)
class Settings:
    """Shapes (V, H) of the sequence spaces, Dirichlet concentrations of the conditionals, policies for each pair of both."""

    shapes: tuple[tuple[int, int], ...]
    concentrations: tuple[float, ...]
    policies: int
    bins: int
    traps: tuple[float, ...]
    drawn_margins: int


_CHECKS = ("greedy_agrees", "search_agrees", "margin_agrees", "margin_holds", "within_budget")
"""What must hold of every policy: both decoders against enumeration, the margin's sign and its bound, expansions at most H/P*."""
_SHAPES = ((2, 2), (2, 4), (3, 3), (5, 3), (8, 2))
_TRAPS = (0.5, 0.499, 0.49, 0.45, 0.4, 0.35, 1 / 3, 0.3, 0.25, 0.2, 0.15, 0.1, 0.05, 0.02)
SETTINGS = {
    "smoke": Settings(_SHAPES[:3], (0.1, 0.4), 60, 10, (0.5, 0.4, 0.2), 20),
    "default": Settings(_SHAPES, (0.05, 0.15, 0.4, 1.0), 800, 20, _TRAPS, 60),
    "full": Settings((*_SHAPES, (3, 6), (12, 3)), (0.02, 0.05, 0.15, 0.4, 1.0), 20_000, 40, _TRAPS, 60),
}


COLUMNS: dict[str, dict[str, Column]] = {
    "": columns(
        text="shape",
        count="policies misses not_greedy_agrees not_search_agrees not_margin_agrees not_margin_holds not_within_budget",
        exact="mode_probability least most highest_miss bound",
        simulated={"measured": "low high"},
    ),
    "margin": columns(count="vocabulary horizon miss", exact="mode_probability margin bound"),
    "trap": columns(count="vocabulary miss agrees", exact="mode_probability margin bound"),
}


def run(settings: Settings, context: Context) -> dict[str, list[dict[str, Any]]]:
    """Part "": misses by bin of P* for each shape and over all; "margin": single policies; "trap": the constructed failures."""
    rng = np.random.default_rng([context.seed, 31])
    rows, margins, everything = [], [], []
    for size, horizon in context.track(settings.shapes, "generated policies by shape"):
        conditionals = [
            np.concatenate([_conditionals(rng, settings.policies, size, depth, strength) for strength in settings.concentrations])
            for depth in range(horizon)
        ]
        found = _decoded(conditionals)
        everything.append(found)
        rows += _binned(f"V={size}, H={horizon}", found, settings.bins)
        picked = rng.choice(len(found["p"]), min(settings.drawn_margins, len(found["p"])), replace=False)
        margins += [{"vocabulary": size, "horizon": horizon, **_margin_row(found, int(i))} for i in np.sort(picked)]
    pooled = {name: np.concatenate([found[name] for found in everything]) for name in everything[0]}
    rows += _binned("all", pooled, settings.bins)
    traps = [_trap_row(q) for q in context.track(settings.traps, "traps")]
    return {"": rows, "margin": margins, "trap": traps}


def _conditionals(rng: np.random.Generator, policies: int, size: int, depth: int, strength: float) -> np.ndarray:
    rows = instances.random_table(rng, prompts=policies * size**depth, responses=size, concentration=strength)[0]
    return rows.reshape(policies, *[size] * (depth + 1))


def _decoded(conditionals: list[np.ndarray]) -> dict[str, np.ndarray]:
    """Each policy is a prompt of one sequence policy, so that a shape compiles once."""
    import jax
    import jax.numpy as jnp

    from sharpsim import decoding
    from sharpsim.policies import TabularSequencePolicy

    policy, prompts = TabularSequencePolicy(conditionals), np.arange(len(conditionals[0]))
    greedy = np.asarray(jax.jit(jax.vmap(decoding.greedy, in_axes=(None, 0)))(policy, jnp.asarray(prompts)))
    budget = np.ceil(len(conditionals) / theory.mode_probability(conditionals)).astype(int)
    found = decoding.most_likely_batch(policy, prompts, max_expansions=int(budget.max()))
    best = np.stack([result.responses[0] for result in found])
    return {
        "p": theory.mode_probability(conditionals),
        "margin": theory.greedy_margin(conditionals),
        "bound": theory.mode_log_odds(conditionals),
        "miss": (greedy != best).any(axis=1),
        "greedy_agrees": (greedy == theory.greedy_response(conditionals)).all(axis=1),
        "search_agrees": (best == theory.mode(conditionals)).all(axis=1),
        "margin_agrees": (greedy == best).all(axis=1) == (theory.greedy_margin(conditionals) > 0),
        "margin_holds": theory.greedy_margin(conditionals) >= theory.mode_log_odds(conditionals) - 1e-9,
        "within_budget": np.array([result.expansions for result in found]) <= budget,
    }


def _binned(shape: str, found: dict[str, np.ndarray], bins: int) -> list[dict[str, Any]]:
    rows, place = [], np.minimum((found["p"] * bins).astype(int), bins - 1)
    # The bin's edge at 1/2 belongs to the bin below: at exactly 1/2 greedy may fail.
    place[found["p"] == theory.THRESHOLD] = bins // 2 - 1
    for i in range(bins):
        mine = place == i
        if trials := int(mine.sum()):
            misses = int(found["miss"][mine].sum())
            low, high = clopper_pearson(misses, trials)
            least, most = float(found["p"][mine].min()), float(found["p"][mine].max())
            rows.append(
                {
                    "shape": shape,
                    "mode_probability": (i + 0.5) / bins,
                    "least": least,
                    "most": most,
                    "policies": trials,
                    "misses": misses,
                    "measured": misses / trials,
                    "low": low,
                    "high": high,
                    "highest_miss": float(found["p"][mine & found["miss"]].max(initial=0.0)),
                    "bound": float(theory.may_fail(mode_probability=least)),
                    **{f"not_{name}": int((~found[name][mine]).sum()) for name in _CHECKS},
                }
            )
    return rows


def _margin_row(found: dict[str, np.ndarray], i: int) -> dict[str, Any]:
    numbers = {"mode_probability": float(found["p"][i]), "margin": float(found["margin"][i]), "bound": float(found["bound"][i])}
    return numbers | {"miss": bool(found["miss"][i])}


def _trap_row(q: float) -> dict[str, Any]:
    conditionals = instances.greedy_trap(mode_probability=q)
    found = _decoded(conditionals)
    agrees = all(bool(found[name].all()) for name in _CHECKS)
    row = {"mode_probability": q, "vocabulary": conditionals[0].shape[1], "margin": float(found["margin"][0])}
    return row | {"bound": theory.bound(mode_probability=q), "miss": bool(found["miss"][0]), "agrees": agrees}


def verdicts(tables: dict[str, Table]) -> list[Verdict]:
    """No miss above 1/2, misses on every trap, margins above their bound, decoders that agree with enumeration."""
    bins, margins, traps = tables[""].where(shape="all"), tables["margin"], tables["trap"]
    safe = bins.take(bins["least"] > theory.THRESHOLD)
    misses, policies = int(safe["misses"].sum()), int(safe["policies"].sum())
    slack = float(min((margins["margin"] - margins["bound"]).min(), (traps["margin"] - traps["bound"]).min()))
    wrong = sum(int(bins[f"not_{name}"].sum()) for name in _CHECKS) + int((~traps["agrees"]).sum())
    at_or_below, total = int(traps["miss"].sum()), len(traps)
    return [
        Verdict(
            label="Prop 3.1",
            claim="greedy returns a mode of probability above 1/2",
            measured=f"{misses} of {policies}",
            bound="0 misses",
            verdict="holds" if misses == 0 and policies > 0 else "violated",
            slack=theory.THRESHOLD - float(bins["highest_miss"].max()),
            slack_kind="1/2 minus the largest P* missed",
        ),
        Verdict(
            label="Prop 3.1 (tight)",
            claim="traps at P* in (0, 1/2] make greedy fail",
            measured=f"{at_or_below} of {total} fail",
            bound=f"{total} fail",
            verdict="reproduced" if at_or_below == total and traps["mode_probability"].max() == theory.THRESHOLD else "violated",
            slack=theory.THRESHOLD - float(traps["mode_probability"].max()),
            slack_kind="1/2 minus the largest P* missed",
        ),
        Verdict(
            label="Prop 3.1 (margin)",
            claim="greedy's margin is at least log(P*/(1-P*))",
            measured=float(margins["margin"].min()),
            bound="logit P*",
            verdict="holds" if slack >= -1e-9 else "violated",
            slack=slack,
            slack_kind="least margin minus bound, nats",
        ),
        Verdict(
            label="Prop 3.1 (decoders)",
            claim="greedy and exact search agree with enumeration",
            measured=f"{wrong} wrong",
            bound="0 wrong",
            verdict="reproduced" if wrong == 0 else "violated",
        ),
    ]
