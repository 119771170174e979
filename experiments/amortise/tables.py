"""Builds the tables of `amortise` from its runs: means through training, Table 1, sharpness, bounds, and risk against n and N."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from experiments.amortise.cells import NEW, Cell
from experiments.amortise.map_models import Interval, OnMap, careful_shares
from experiments.amortise.tuning import Tried, Tuned
from experiments.engine.columns import Column, columns
from sharpsim.estimators import Estimate, crossed_interval, over_seeds, paired_interval, two_stage_interval
from sharpsim.tasks import ManyWriters
from sharpsim.theory import amortise as theory
from sharpsim.theory import inference

DELTAS = (0.1, 0.25, 0.5)
"""The misses at which every scale counts unsharpened prompts; they are part of the columns' names."""
RISK = 0.5
"""The miss whose risk is drawn against n and N."""
_AT = [f"_{delta:g}" for delta in DELTAS]
_RUN: dict[str, Any] = {"text": "task model asked method", "exact": "beta"}
_COUNTS = "level n N"
_LIFTS = ("lift_percent", "lift_points", "lift_nats")
_CROSSED = ("accuracy", "greedy", "log_prob", "mode_mass", "lift_points", "lift_nats", "greedy_lift_points")
_HELD_AGAINST = " ".join((
    "greedy_accuracy greedy_log_prob mode_lift_percent mode_lift_points mode_lift_nats ceiling_low ceiling_high above_greedy",
    *(f"kept_{name}_{end}" for end in ("lower", "upper") for name in _LIFTS),
))  # fmt: skip
_PERCENT = "mode_lift_percent kept_lift_percent_lower kept_lift_percent_upper"
"""NaN where greedy is never right."""
_NO_BETA = "method = SFT"
_NO_SHARE = {"share_low = nan": "share", "share = nan": "share_low share_high"}
"""Where best of N is not above one draw: the three are NaN together."""


def _with_ends(*names: str) -> dict[str, str]:
    return {name: f"{name}_low {name}_high" for name in names}


def _over_seeds_alone(*names: str) -> str:
    return " ".join(f"{name}_seeds_{end}" for name in names for end in ("low", "high"))


COLUMNS: dict[str, dict[str, Column]] = {
    # Intervals cover prompts and seeds; those of columns named _seeds hold for these prompts only.
    "": columns(
        **_RUN,
        count=f"{_COUNTS} step held_out unproven replicates draws samples",
        float32=_HELD_AGAINST,
        simulated=_with_ends(*_CROSSED, *(f"unsharpened{at}" for at in _AT)),
        derived=_over_seeds_alone(*_CROSSED),
        nan={_NO_BETA: "beta", "greedy_accuracy = 0": _PERCENT},
    ),
    # One evaluation of one run has no interval: those of part "" are over replicates.
    "runs": columns(
        **_RUN,
        count=f"{_COUNTS} replicate step",
        float32=" ".join(("mode_mass", *(f"unsharpened{at}" for at in _AT))),
        derived="accuracy greedy log_prob validation_loss chosen",
        nan={_NO_BETA: "beta", "step = 0": "validation_loss"},
    ),
    # Sampled lifts with standard deviations over seeds, as the paper prints them, and intervals over prompts and seeds.
    "table": columns(
        text=_RUN["text"],
        exact="beta learning_rate weight_decay clip epochs",
        count=f"{_COUNTS} held_out unproven replicates parameters batch steps rank samples",
        float32=_HELD_AGAINST,
        simulated=_with_ends("one_draw", "lift_points", "greedy_lift_points", "lift_nats", "share"),
        derived="lift_percent lift_percent_std lift_points_std lift_nats_std " + _over_seeds_alone("lift_points", "lift_nats"),
        nan={_NO_BETA: "beta", "greedy_accuracy = 0": f"{_PERCENT} lift_percent lift_percent_std", **_NO_SHARE},
    ),
    "sharpness": columns(
        text=_RUN["text"],
        exact="beta delta",
        count=f"{_COUNTS} held_out",
        float32="base best_of_N",
        simulated=_with_ends("tuned", "by_distance", "by_shortfall"),
        nan={_NO_BETA: "beta"},
    ),
    "bounds": columns(
        text=_RUN["text"],
        exact="beta floor",
        count=f"{_COUNTS} replicate",
        float32=" ".join((
            *(f"{who}_{what}_{end}" for who in ("tuned", "kept") for what in ("accuracy", "log_prob") for end in ("lower", "upper")),
            "distance_lower distance_upper variation_bound ceiling shortfall allowed",
            *(f"{name}{at}" for name in ("unsharpened", "by_distance", "by_shortfall") for at in _AT),
        )),
        # Two responses may be almost equally likely.
        rounding={"least_gap": 1e-4},
        # Of the chosen evaluation's samples, without intervals.
        derived="sampled_accuracy sampled_log_prob",
        nan={_NO_BETA: "beta"},
    ),
    # The risk of runs on n prompts with N draws each, beside the two terms of Theorem 4.1.
    "learning": columns(
        text="task model asked",
        count=f"{_COUNTS} replicates samples",
        exact="delta",
        float32="draws_term covered greedy_accuracy kept_accuracy",
        simulated=_with_ends("risk", "missed", "prompts_term", "bound", "accuracy", "greedy", "share"),
        nan=_NO_SHARE,
    ),
    # Ways of training SFT on new prompts, by their loss on validation prompts: where it begins, and the least.
    "choices": columns(
        text="task model",
        count=f"{_COUNTS} steps rank best_step chosen",
        exact="learning_rate weight_decay clip",
        derived="start_loss least_loss",
    ),
}  # fmt: skip


def grouped(cell: Cell, values: np.ndarray) -> np.ndarray:
    """Values [prompts, ...] summed within groups of prompts that ask the same, so that the mean over groups is the mean over prompts."""
    sums = np.zeros((cell.groups.max() + 1, *values.shape[1:]))
    np.add.at(sums, cell.groups, values)
    return sums * (len(sums) / len(values))


def _ends(name: str, found: tuple[float, float, float] | Estimate) -> dict[str, float]:
    """A mean and the ends of its interval, as columns."""
    values = (found.mean, found.low, found.high) if isinstance(found, Estimate) else found
    return dict(zip((name, f"{name}_low", f"{name}_high"), values, strict=True))


def _crossed(cell: Cell, name: str, values: np.ndarray, level: float) -> dict[str, float]:
    """Mean of [prompts, seeds] with its interval over prompts and seeds."""
    return _ends(name, crossed_interval(grouped(cell, values), level))


def _seeds(name: str, values: np.ndarray, level: float) -> dict[str, float]:
    """The interval over seeds of the same mean, for these prompts."""
    _, low, high = over_seeds(values.mean(axis=0), level)
    return {f"{name}_seeds_low": low, f"{name}_seeds_high": high}


def _measured(cell: Cell, at: list[Any]) -> dict[str, np.ndarray]:
    """What evaluations of several seeds measured, each [prompts, seeds]; lifts are over base's greedy decoding of the same prompt."""
    accuracy, log_prob, greedy, masses = (
        np.stack([getattr(one, name) for one in at], axis=1).astype(float) for name in ("accuracy", "log_prob", "greedy", "masses")
    )
    right = cell.greedy_correct[:, None].astype(float)
    return {
        "accuracy": accuracy, "greedy": greedy, "log_prob": log_prob, "mode_mass": masses, "lift_points": 100 * (accuracy - right),
        "lift_nats": log_prob - cell.greedy_log_probs[:, None], "greedy_lift_points": 100 * (greedy - right),
    }  # fmt: skip


def references(cell: Cell, N: int, settings: Any) -> dict[str, Any]:
    """What a run is held against: greedy, the mode, and best of N at inference time, the ceiling, in its certified band.

    `ceiling_low` and `ceiling_high` are the interval over prompts of best of N's lift in points (at the band's lower end);
    `above_greedy` says whether that interval lies above 0: elsewhere there is nothing for tuning to win.
    """
    law, head, greedy = cell.kept(N), cell.head, cell.greedy_accuracy
    accuracy = cell.kept_accuracy(N)
    log_prob = inference.mean_log_prob(law, head.log_probs, head.tail_bound, floor=settings.floor).mean()
    gain = grouped(cell, 100 * (accuracy.lower - cell.greedy_correct))
    ceiling = paired_interval(gain[:, None], np.zeros((len(gain), 1)), settings.level, bounds=None)
    ceiling_nats = theory.likelihood_ceiling(cell.mode_log_probs, cell.weights)
    return {
        "greedy_accuracy": greedy, "greedy_log_prob": cell.greedy_log_prob,
        **_lifts("mode", cell.mode_accuracy, ceiling_nats, cell),
        **{
            f"{name}_{end}": value
            for end, a, b in zip(("lower", "upper"), accuracy.mean(), log_prob, strict=True)
            for name, value in _lifts("kept", a, b, cell).items()
        },
        "ceiling_low": ceiling.low, "ceiling_high": ceiling.high, "above_greedy": float(ceiling.low > 0),
        "held_out": len(cell.prompts), "unproven": cell.unproven,
    }  # fmt: skip


def _lifts(name: str, accuracy: float, log_prob: float, cell: Cell) -> dict[str, float]:
    """Over greedy: in per cent of its accuracy (NaN where that is 0), in points, and in nats of log-likelihood."""
    points, greedy = 100 * (accuracy - cell.greedy_accuracy), cell.greedy_accuracy
    percent = points / greedy if greedy else float("nan")
    return {f"{name}_lift_percent": percent, f"{name}_lift_points": points, f"{name}_lift_nats": log_prob - cell.greedy_log_prob}


def _samples(one: Tuned) -> int:
    """Draws from base that the run took, those on validation prompts included."""
    return (one.run.n + len(one.cell.validation)) * one.run.N


def curve_rows(runs: Iterable[Tuned], settings: Any) -> list[dict[str, Any]]:
    """For each kind of run and evaluation the mean over prompts and replicates of every quantity, with its intervals."""
    made = []
    for names, cell, group in kinds(runs):
        beside = references(cell, names["N"], settings)
        for at in zip(*(one.evaluations for one in group), strict=True):
            row: dict[str, Any] = names | {"step": at[0].step}
            for name, values in _measured(cell, list(at)).items():
                row |= _crossed(cell, name, values, settings.level) | _seeds(name, values, settings.level)
            for delta in settings.deltas:
                row |= _unsharpened(f"unsharpened_{delta:g}", cell, [one.masses for one in at], delta, settings.level)
            made.append({**row, **beside, "replicates": len(group), "draws": settings.draws, "samples": _samples(group[0])})
    return made


def _unsharpened(name: str, cell: Cell, masses: list[np.ndarray], delta: float, level: float) -> dict[str, float]:
    failed = np.stack([[theory.unsharpened([mass], [1.0], delta=delta) for mass in one] for one in masses], axis=1)
    return _crossed(cell, name, failed, level)


def run_rows(runs: Iterable[Tuned], settings: Any) -> list[dict[str, Any]]:
    """Every evaluation of every run."""
    made = []
    for one in runs:
        for i, at in enumerate(one.evaluations):
            row = {
                **one.names, "replicate": one.run.replicate, "step": at.step, "accuracy": float(at.accuracy.mean()),
                "greedy": float(at.greedy.mean()), "log_prob": float(at.log_prob.mean()), "mode_mass": float(at.masses.mean()),
                "validation_loss": one.validation_losses[i], "chosen": i == one.chosen,
            }  # fmt: skip
            row |= {f"unsharpened_{d:g}": theory.unsharpened(at.masses, one.cell.weights, delta=d) for d in settings.deltas}
            made.append(row)
    return made


def table_rows(runs: Iterable[Tuned], settings: Any) -> list[dict[str, Any]]:
    """Table 1: lifts at the chosen evaluation, the share of the way from one draw to best of N, and how it was tuned."""
    from sharpsim.policies import parameter_count

    made = []
    for names, cell, group in kinds(runs):
        chosen = _measured(cell, [one.evaluations[one.chosen] for one in group])
        row: dict[str, Any] = dict(names)
        for name in ("lift_points", "lift_nats"):
            row |= _crossed(cell, name, chosen[name], settings.level) | _seeds(name, chosen[name], settings.level)
        for name, of in (("greedy_lift_points", "greedy_lift_points"), ("one_draw", "accuracy")):
            row |= _crossed(cell, name, chosen[of], settings.level)
        row |= {f"{name}_std": float(chosen[name].mean(axis=0).std(ddof=1)) for name in ("lift_points", "lift_nats")}
        percent = 100 / cell.greedy_accuracy if cell.greedy_accuracy else float("nan")
        row |= {"lift_percent": row["lift_points"] / 100 * percent, "lift_percent_std": row["lift_points_std"] / 100 * percent}
        row |= _share(cell, group, settings.level)
        tuning = group[0].tuning
        examples = group[0].run.n * (1 if names["method"] == "SFT" else names["N"] // 2)
        schedule = tuning.schedule(examples)
        made.append({
            **row, **references(cell, names["N"], settings), "replicates": len(group), "samples": _samples(group[0]),
            "parameters": parameter_count(cell.policy), "learning_rate": tuning.learning_rate, "weight_decay": tuning.weight_decay,
            "clip": tuning.clip, "batch": schedule.batch, "steps": schedule.steps, "epochs": schedule.steps * schedule.batch / examples,
            "rank": tuning.rank or 0,
        })  # fmt: skip
    return made


def _share(cell: Cell, group: list[Tuned], level: float) -> dict[str, float]:
    """How far the tuned model's accuracy went from base's one draw (0) to best of N (1): a ratio, so by its linearisation over prompts."""
    first = np.stack([one.evaluations[0].accuracy for one in group], axis=1).mean(axis=1, keepdims=True)
    last = np.stack([one.evaluations[one.chosen].accuracy for one in group], axis=1)
    kept = cell.kept_accuracy(group[0].run.N).lower[:, None]
    way = float((kept - first).mean())
    if way <= 0:
        return dict.fromkeys(("share", "share_low", "share_high"), float("nan"))
    share = float((last - first).mean()) / way
    return _crossed(cell, "share", share + ((last - first) - share * (kept - first)) / way, level)


def sharpness_rows(runs: Iterable[Tuned], settings: Any) -> list[dict[str, Any]]:
    """The fraction of prompts that are not sharp at each delta: base, best of N (exact), the chosen policy, and its bounds."""
    made = []
    for names, cell, group in kinds(runs):
        base = cell.base_masses()
        for delta in settings.deltas:
            row = _unsharpened("tuned", cell, [one.evaluations[one.chosen].masses for one in group], delta, settings.level)
            for name in ("by_distance", "by_shortfall"):
                row |= _ends(name, over_seeds(np.array([one.bounds[f"{name}_{delta:g}"] for one in group]), settings.level))
            made.append({
                **names, "delta": delta, "base": theory.unsharpened(base, cell.weights, delta=delta),
                "best_of_N": theory.unsharpened(1 - _miss(base, names["N"]), cell.weights, delta=delta), **row,
                "held_out": len(cell.prompts),
            })  # fmt: skip
    return made


def _miss(base: np.ndarray, N: int) -> np.ndarray:
    """(1 - base(Y*|x))^N, the chance that N draws miss the mode."""
    return np.exp(N * np.log1p(-np.minimum(base, 1 - 1e-16)))


def bound_rows(runs: Iterable[Tuned]) -> list[dict[str, Any]]:
    """The exact row of each run beside what its chosen evaluation sampled."""
    made = []
    for one in runs:
        at = one.evaluations[one.chosen]
        made.append({**one.bounds, "sampled_accuracy": float(at.accuracy.mean()), "sampled_log_prob": float(at.log_prob.mean())})
    return made


def learning_rows(runs: Iterable[Tuned], settings: Any) -> list[dict[str, Any]]:
    """The risk at `RISK` of runs on n prompts with N draws each, beside the two terms of Theorem 4.1 in the instance's own form.

    `prompts_term` is what the measured distance to best of N pays for: it stands for the statistical error, which more prompts lower.
    `draws_term` is the share of prompts whose mode N draws miss too often, exact: more draws lower it. `bound` is both together.
    `missed` is the mean mass off the mode, `covered` the chance that N draws hold it.
    """
    made = []
    for names, cell, group in kinds(runs):
        if names["method"] != "SFT":
            continue
        base, level = cell.base_masses(), settings.level
        chosen = _measured(cell, [one.evaluations[one.chosen] for one in group])
        bound = np.array([one.bounds[f"by_distance_{RISK:g}"] for one in group])
        uncovered = float((_miss(base, names["N"]) >= RISK).mean())
        row = {name: names[name] for name in ("task", "level", "model", "asked", "n", "N")}
        row |= {"replicates": len(group), "samples": _samples(group[0]), "delta": RISK, "draws_term": uncovered}
        row |= {"covered": float(1 - _miss(base, names["N"]).mean()), "greedy_accuracy": cell.greedy_accuracy}
        row |= {"kept_accuracy": float(cell.kept_accuracy(names["N"]).lower.mean())}
        row |= _unsharpened("risk", cell, [one.evaluations[one.chosen].masses for one in group], RISK, level)
        for name, values in (("missed", 1 - chosen["mode_mass"]), ("accuracy", chosen["accuracy"]), ("greedy", chosen["greedy"])):
            row |= _crossed(cell, name, values, level)
        for name, values in (("bound", bound), ("prompts_term", bound - uncovered)):
            row |= _ends(name, over_seeds(values, level))
        made.append(row | _share(cell, group, level))
    return made


def choice_rows(ways: list[Tried], runs: Iterable[Tuned]) -> list[dict[str, Any]]:
    """Each way of training that was tried on new prompts; where there was one only, its first run."""
    compared = {repr(way.cell.names) for way in ways}
    for _, cell, group in kinds(runs):
        one = group[0]
        if (one.run.asked, one.run.method) == (NEW, "SFT") and repr(cell.names) not in compared:
            known = {at.step: loss for at, loss in zip(one.evaluations, one.validation_losses, strict=True) if loss == loss}
            ways = [*ways, Tried(cell, one.tuning, one.run.N, one.run.n, list(known), list(known.values()))]
    return [
        {
            **way.cell.names, "n": way.n, "N": way.N, "learning_rate": way.tuning.learning_rate, "weight_decay": way.tuning.weight_decay,
            "clip": way.tuning.clip, "steps": way.tuning.schedule(way.n).steps, "rank": way.tuning.rank or 0, "start_loss": way.losses[0],
            "least_loss": min(way.losses), "best_step": way.steps[int(np.argmin(way.losses))], "chosen": int(way.chosen),
        }
        for way in ways
    ]  # fmt: skip


def on_map(runs: Iterable[Tuned], settings: Any) -> Iterator[OnMap]:
    """The models on "many writers" that were tuned by SFT on new prompts, as the map shows them."""
    for names, cell, group in kinds(runs):
        if (names["task"], names["method"], names["asked"]) != (ManyWriters.name, "SFT", NEW):
            continue
        tuned = _measured(cell, [one.evaluations[one.chosen] for one in group])["accuracy"]
        first = np.stack([one.evaluations[0].accuracy for one in group], axis=1)
        kept = cell.kept_accuracy(names["N"]).lower
        yield OnMap(
            level=cell.level, model=cell.model, prompts=cell.texts, N=names["N"],
            one_draw=_interval(two_stage_interval(first, settings.level, bounds=(0.0, 1.0))),
            greedy=_interval(two_stage_interval(cell.greedy_correct[:, None].astype(float), settings.level, bounds=(0.0, 1.0))),
            best_of_n=_interval(two_stage_interval(kept[:, None], settings.level, bounds=(0.0, 1.0))),
            tuned=_interval(crossed_interval(tuned, settings.level)),
            base_careful=_interval(two_stage_interval(careful_shares(cell.policy, cell.prompts)[:, None], settings.level)),
            tuned_careful=_interval(
                crossed_interval(np.stack([careful_shares(one.policy, cell.prompts) for one in group], axis=1), settings.level)
            ),
        )  # fmt: skip


def _interval(found: Any) -> Interval:
    return Interval(found.mean, found.low, found.high)


def kinds(runs: Iterable[Tuned]) -> Iterator[tuple[dict[str, Any], Cell, list[Tuned]]]:
    """Runs that differ in the replicate alone, with their names and cell, in the order of first appearance."""
    groups: dict[str, list[Tuned]] = {}
    for one in runs:
        groups.setdefault(repr(list(one.names.values())), []).append(one)
    for group in groups.values():
        yield group[0].names, group[0].cell, group
