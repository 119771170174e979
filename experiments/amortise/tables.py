"""Builds the tables of `amortise` from its runs: means over replicates during training, Tables 1 and 2, sharpness, and bounds."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from experiments.amortise.cells import Cell
from experiments.engine.columns import Column, columns
from sharpsim.estimators import over_seeds
from sharpsim.theory import amortise as theory
from sharpsim.theory import inference

_NAMES = ("task", "level", "model", "method", "N", "beta")
_MEASURED = ("accuracy", "log_prob", "mode_mass", "unsharpened")
_LIFTS = ("lift_percent", "lift_points", "lift_nats")


DELTAS = (0.1, 0.25, 0.5)
"""The misses at which every scale counts unsharpened prompts; they are part of the columns' names."""
_AT = [f"_{delta:g}" for delta in DELTAS]
_RUN: dict[str, Any] = {"text": "task model method", "exact": "beta"}
_HELD_AGAINST = " ".join((
    "greedy_accuracy greedy_log_prob mode_lift_percent mode_lift_points mode_lift_nats",
    *(f"kept_{name}_{end}" for end in ("lower", "upper") for name in _LIFTS),
))  # fmt: skip
_OVER_REPLICATES = ("accuracy", "log_prob", "mode_mass", *(f"unsharpened{at}" for at in _AT), *_LIFTS)


def _replicated(*names: str) -> dict[str, str]:
    return {name: f"{name}_low {name}_high" for name in names}


COLUMNS: dict[str, dict[str, Column]] = {
    "": columns(
        **_RUN,
        count="level N step prompts held_out unproven replicates draws",
        float32=_HELD_AGAINST,
        simulated=_replicated(*_OVER_REPLICATES),
    ),
    # One evaluation of one run has no interval: those of part "" are over replicates. `best` is where the sampled likelihood is largest.
    "runs": columns(
        **_RUN,
        count="level N replicate step",
        float32=" ".join(("mode_mass", *(f"unsharpened{at}" for at in _AT))),
        derived="accuracy log_prob best",
    ),
    # Means of sampled lifts with standard deviations, as the paper prints them.
    "table": columns(
        text=_RUN["text"],
        exact="beta learning_rate weight_decay clip epochs",
        count="level N prompts held_out unproven replicates parameters batch steps",
        float32=_HELD_AGAINST,
        derived=" ".join(f"{when}_{name}{what}" for when in ("best", "last") for name in _LIFTS for what in ("", "_std")),
    ),
    "sharpness": columns(
        text=_RUN["text"],
        exact="beta delta",
        count="level N held_out",
        float32="base best_of_N",
        simulated=_replicated("tuned", "by_distance", "by_shortfall"),
    ),
    "bounds": columns(
        text=_RUN["text"],
        exact="beta floor",
        count="level N replicate",
        float32=" ".join((
            *(f"{who}_{what}_{end}" for who in ("tuned", "kept") for what in ("accuracy", "log_prob") for end in ("lower", "upper")),
            "distance_lower distance_upper variation_bound ceiling shortfall least_gap allowed",
            *(f"{name}{at}" for name in ("unsharpened", "by_distance", "by_shortfall") for at in _AT),
        )),
        # Of the last evaluation's samples, without intervals.
        derived="sampled_accuracy sampled_log_prob",
    ),
}  # fmt: skip


def lifts(accuracy: Any, log_prob: Any, cell: Cell) -> dict[str, Any]:
    """Over greedy: in per cent of its accuracy (NaN where that is 0), in points, and in nats of log-likelihood."""
    points, greedy = 100 * (accuracy - cell.greedy_accuracy), cell.greedy_accuracy
    return {
        "lift_percent": points / greedy if greedy else points * np.nan,
        "lift_points": points,
        "lift_nats": log_prob - cell.greedy_log_prob,
    }


def references(cell: Cell, N: int, floor: float) -> dict[str, Any]:
    """What a run is held against: greedy, the mode, and the certified band of best of N at inference time (its log-likelihood cut)."""
    law, head = cell.kept(N), cell.head
    accuracy = inference.accuracy(law, head.correct).mean()
    log_prob = inference.mean_log_prob(law, head.log_probs, head.tail_bound, floor=floor).mean()
    mode = lifts(cell.mode_accuracy, theory.likelihood_ceiling(cell.mode_log_probs, cell.weights), cell)
    return {
        "greedy_accuracy": cell.greedy_accuracy, "greedy_log_prob": cell.greedy_log_prob,
        **{f"mode_{name}": value for name, value in mode.items()},
        **{
            f"kept_{name}_{end}": value
            for end, a, b in zip(("lower", "upper"), accuracy, log_prob, strict=True)
            for name, value in lifts(a, b, cell).items()
        },
        "prompts": len(cell.training), "held_out": len(cell.prompts), "unproven": cell.unproven,
    }  # fmt: skip


def curve_rows(rows: list[dict[str, Any]], cells: list[Cell], settings: Any) -> list[dict[str, Any]]:
    """For each kind of run and evaluation the mean over replicates of every quantity, with Student's t interval."""
    made = []
    for names, cell, group in _kinds(rows, cells):
        beside = references(cell, names["N"], settings.floor)
        for step in dict.fromkeys(row["step"] for row in group):
            at = [row for row in group if row["step"] == step]
            values = {name: np.array([row[name] for row in at]) for name in at[0] if name.startswith(_MEASURED)}
            values |= lifts(values["accuracy"], values["log_prob"], cell)
            found = {"step": step, **_intervals(values, settings.level)}
            made.append({**names, **found, **beside, "replicates": len(at), "draws": settings.draws})
    return made


def table_rows(rows: list[dict[str, Any]], cells: list[Cell], settings: Any) -> list[dict[str, Any]]:
    """Mean and standard deviation over replicates of the lifts, at the best evaluation and at the last; and how it was tuned."""
    from sharpsim.policies import parameter_count

    made = []
    for names, cell, group in _kinds(rows, cells):
        tuning = settings.sft if names["method"] == "SFT" else settings.dpo
        end = max(row["step"] for row in group)
        row = dict(names)
        for when, chosen in (("best", [one for one in group if one["best"]]), ("last", [one for one in group if one["step"] == end])):
            accuracy, log_prob = (np.array([one[name] for one in chosen]) for name in ("accuracy", "log_prob"))
            found = lifts(accuracy, log_prob, cell)
            for name in _LIFTS:
                row |= {f"{when}_{name}": float(found[name].mean()), f"{when}_{name}_std": float(found[name].std(ddof=1))}
        pairs = 1 if names["method"] == "SFT" else names["N"] // 2
        made.append({
            **row, **references(cell, names["N"], settings.floor), "replicates": settings.replicates,
            "parameters": parameter_count(cell.policy),
            "learning_rate": tuning.learning_rate, "weight_decay": tuning.weight_decay, "clip": tuning.clip, "batch": tuning.batch,
            "steps": tuning.steps, "epochs": tuning.steps * tuning.batch / ((len(cell.training) - tuning.kept_out) * pairs),
        })  # fmt: skip
    return made


def sharpness_rows(ends: list[dict[str, Any]], cells: list[Cell], settings: Any) -> list[dict[str, Any]]:
    """The fraction of prompts that are not sharp at each delta: base, best of N (exact), the tuned policy at the end, and its bounds."""
    made = []
    for names, cell, group in _kinds(ends, cells):
        base = cell.base_masses()
        kept = -np.expm1(names["N"] * np.log1p(-np.minimum(base, 1 - 1e-16)))
        for delta in settings.deltas:
            values = {
                name: np.array([row[f"{column}_{delta:g}"] for row in group])
                for name, column in (("tuned", "unsharpened"), ("by_distance", "by_distance"), ("by_shortfall", "by_shortfall"))
            }
            made.append({
                **names, "delta": delta, "base": theory.unsharpened(base, cell.weights, delta=delta),
                "best_of_N": theory.unsharpened(kept, cell.weights, delta=delta), **_intervals(values, settings.level),
                "held_out": len(cell.prompts),
            })  # fmt: skip
    return made


def bound_rows(rows: list[dict[str, Any]], ends: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The exact row of each run beside what its last evaluation sampled."""
    last = {_key(row): row for row in rows}
    return [{**end, "sampled_accuracy": last[_key(end)]["accuracy"], "sampled_log_prob": last[_key(end)]["log_prob"]} for end in ends]


def _kinds(rows: list[dict[str, Any]], cells: list[Cell]) -> Iterator[tuple[dict[str, Any], Cell, list[dict[str, Any]]]]:
    """Runs that differ in the replicate alone, with their names and cell, in the order of first appearance."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault(repr([row[name] for name in _NAMES]), []).append(row)
    for group in groups.values():
        names = {name: group[0][name] for name in _NAMES}
        yield names, next(cell for cell in cells if cell.names.items() <= names.items()), group


def _intervals(values: dict[str, np.ndarray], level: float) -> dict[str, float]:
    ends = {name: over_seeds(found, level) for name, found in values.items()}
    return {f"{name}{end}": value for name, found in ends.items() for end, value in zip(("", "_low", "_high"), found, strict=True)}


def _key(row: dict[str, Any]) -> str:
    return repr([row[name] for name in (*_NAMES, "replicate")])
