"""Rows of the paper's Figures 1-6 from a table of samples, by the paper's protocol. A cell is one model on one task.

"cells": model, task, rule (`estimators.RULES`), N, prompts, seeds, draws; accuracy, low, high; greedy (accuracy); lift_points, lift_low,
lift_high: 100 (accuracy - greedy); lift_percent, percent_low, percent_high: 100 (accuracy - greedy)/greedy, the paper's lift;
gain_points, gain_low, gain_high: 100 (accuracy - one draw's) on the same prompts and seeds; over.
"cells-loglik": model, task, N; mean, low, high (nats) of what best of N keeps; gain, gain_low, gain_high over one draw; greedy; over.
"cells-histogram": model, task, given (correct, incorrect), left, right, centre; density, low, high (per nat); draws.
"cells-gap": model, task; gap, low, high (nats): mean log pi of correct less that of incorrect draws; correct, incorrect (draws); over.

Intervals cover prompts and draws: the prompts are a sample too (`estimators.two_stage_interval`; `over` is "prompts and draws", or "none"
with one prompt). Beside each stands the interval over seeds for these prompts, `seeds_low` and so on, NaN with one seed: a run is compared
with another by it. Greedy decoding is deterministic and has no interval of its own. NaN stands where there are no greedy rows, where a
ratio has greedy accuracy 0 below it, and for a gap without draws on both sides. Majority is left out if no draw of a cell has an answer,
and a histogram if it has no draws.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from experiments.engine.columns import Column, columns
from sharpsim.estimators import (
    REWARDS,
    RULES,
    accuracy_estimates,
    checked_sizes,
    densities,
    over_seeds,
    paired_interval,
    two_stage_interval,
)
from sharpsim.logs import Cell, SampleTable, cells

_LEFT_OUT = 0.002
"""Share of the draws, the least likely, that the histograms do not show: one of -1000 nats would leave no room for the others."""


_SIZES = "prompts seeds draws"
COLUMNS: dict[str, dict[str, Column]] = {
    "cells": columns(
        text="model task rule over",
        count=f"N {_SIZES}",
        float32="greedy",
        simulated={
            "accuracy": "seeds_low seeds_high",
            "lift_points": "lift_seeds_low lift_seeds_high",
            "lift_percent": "percent_seeds_low percent_seeds_high",
        },
        derived="low high lift_low lift_high percent_low percent_high gain_points gain_low gain_high",
        # Greedy has no correct answer.
        nan={"greedy = 0": "lift_percent percent_low percent_high"},
    ),
    "cells-loglik": columns(
        text="model task over",
        count=f"N {_SIZES}",
        float32="greedy",
        simulated32={"mean": "seeds_low seeds_high"},
        derived="low high gain gain_low gain_high",
    ),
    # `draws` counts the correct or the incorrect ones.
    "cells-histogram": columns(text="model task given", exact="left right centre", simulated={"density": "low high"}, derived="draws"),
    "cells-gap": columns(
        text="model task over",
        count=_SIZES,
        simulated32={"gap": "seeds_low seeds_high"},
        derived="low high correct incorrect",
        # All draws are correct, or none is; all but those of one prompt or of one seed, which leaves the gap without an interval.
        nan={"correct = 0; incorrect = 0": "gap", "anywhere": "low high seeds_low seeds_high"},
    ),
}
"""Of a table of samples; of the trained models `exact.COLUMNS` adds the exact bands."""


def panels(table: SampleTable, *, N: Sequence[int], level: float, bins: int) -> dict[str, list[dict[str, Any]]]:
    """The four parts. Of `N`, those up to the draws of a cell are used; about `bins` bins of the histograms at most.

    Raises `ValueError` for N empty or not counts, N all above a cell's draws, level outside (0, 1), bins below 1.
    """
    sizes = checked_sizes(N, bins=bins, level=level)
    parts: dict[str, list[dict[str, Any]]] = {"cells": [], "cells-loglik": [], "cells-histogram": [], "cells-gap": []}
    for cell in cells(table):
        within = [size for size in sizes if size <= cell.sizes["draws"]]
        if not within:
            raise ValueError(
                f"`N` must have a number up to the draws, {cell.sizes['draws']} of {cell.model!r} on {cell.task!r}; got {N!r}."
            )
        found = accuracy_estimates(cell.log_probs, cell.correct, cell.answers, cell.tokens, N=within, floor=-np.inf)
        rules = [rule for rule in RULES if rule != "majority" or (cell.answers >= 0).any()]
        one = {"accuracy": cell.correct.mean(axis=-1), "loglik": cell.log_probs.mean(axis=-1)}
        parts["cells"] += [_accuracy_row(cell, rule, size, found[size][rule], one["accuracy"], level) for rule in rules for size in within]
        parts["cells-loglik"] += [_loglik_row(cell, size, found[size]["loglik"], one["loglik"], level) for size in within]
        parts["cells-histogram"] += _histogram_rows(cell, level, bins)
        parts["cells-gap"].append(_gap_row(cell, level))
    return parts


def _over(prompts: int) -> str:
    return "prompts and draws" if prompts > 1 else "none"


def _seeds(name: str, estimates: np.ndarray, level: float) -> dict[str, float]:
    """The interval over seeds of [prompts, seeds] for these prompts; NaN with one seed."""
    return dict(zip((f"{name}seeds_low", f"{name}seeds_high"), _ends_over(estimates.mean(axis=0), level), strict=True))


def _accuracy_row(cell: Cell, rule: str, N: int, estimates: np.ndarray, one: np.ndarray, level: float) -> dict[str, Any]:
    accuracy, gain = two_stage_interval(estimates, level, bounds=(0.0, 1.0)), _gain(estimates, one, level)
    row = {
        "model": cell.model, "task": cell.task, "rule": rule, "N": N, **cell.sizes,
        "accuracy": accuracy.mean, "low": accuracy.low, "high": accuracy.high, **_seeds("", estimates, level),
        "gain_points": 100 * gain["gain"], "gain_low": 100 * gain["gain_low"], "gain_high": 100 * gain["gain_high"],
    }  # fmt: skip
    greedy = cell.greedy_correct[:, None]
    if np.isnan(greedy).any():
        names = ("greedy", *(f"lift_{end}" for end in _ENDS), *(f"percent_{end}" for end in _ENDS), "lift_points", "lift_percent")
        return row | dict.fromkeys(names, float("nan")) | {"over": _over(len(estimates))}
    base = float(greedy.mean())
    points = paired_interval(estimates, greedy, level)
    row |= {"greedy": base, "lift_points": 100 * (accuracy.mean - base), "lift_low": 100 * points.low, "lift_high": 100 * points.high}
    row |= _seeds("lift_", 100 * (estimates - greedy), level)
    return row | _percent(estimates, greedy, accuracy.mean, base, level) | {"over": _over(len(estimates))}


def _gain(estimates: np.ndarray, one: np.ndarray, level: float) -> dict[str, float]:
    """Over one draw on the same prompts and seeds."""
    found = two_stage_interval(estimates - one, level)
    return {"gain": found.mean, "gain_low": found.low, "gain_high": found.high}


_ENDS = ("low", "high", "seeds_low", "seeds_high")


def _percent(estimates: np.ndarray, greedy: np.ndarray, accuracy: float, base: float, level: float) -> dict[str, float]:
    """The paper's lift around the ratio of the means: exact over seeds, where greedy is a constant; over prompts to first order."""
    if base == 0:
        return dict.fromkeys(("lift_percent", *(f"percent_{end}" for end in _ENDS)), float("nan"))
    ratio = accuracy / base
    spread = 100 * (estimates - ratio * greedy) / base + 100 * (ratio - 1)
    found = two_stage_interval(spread, level)
    ends = {"percent_low": found.low, "percent_high": found.high}
    return {"lift_percent": 100 * (ratio - 1)} | ends | _seeds("percent_", spread, level)


def _loglik_row(cell: Cell, N: int, estimates: np.ndarray, one: np.ndarray, level: float) -> dict[str, Any]:
    found = two_stage_interval(estimates, level)
    return {
        "model": cell.model, "task": cell.task, "N": N, **cell.sizes, "mean": found.mean, "low": found.low, "high": found.high,
        **_seeds("", estimates, level), **_gain(estimates, one, level), "greedy": float(cell.greedy_log_probs.mean()),
        "over": _over(len(estimates)),
    }  # fmt: skip


def _histogram_rows(cell: Cell, level: float, bins: int) -> list[dict[str, Any]]:
    edges = bin_edges(cell.log_probs, bins)
    rows = []
    for right, given in ((True, "correct"), (False, "incorrect")):
        values = cell.log_probs[cell.correct == right]
        if not values.size:
            continue
        density, low, high = densities(values, edges, level)
        rows += [
            {
                "model": cell.model, "task": cell.task, "given": given, "left": edges[i], "right": edges[i + 1],
                "centre": (edges[i] + edges[i + 1]) / 2, "density": density[i], "low": low[i], "high": high[i], "draws": values.size,
            }
            for i in range(len(density))
        ]  # fmt: skip
    return rows


def bin_edges(log_probs: np.ndarray, bins: int) -> np.ndarray:
    """Edges from about the 0.2% least likely draw up to 0, at most `bins` bins of width 1, 2 or 5 times a power of ten."""
    span = -float(np.quantile(log_probs, _LEFT_OUT))
    if span <= 0:
        return np.array([-1.0, 0.0])
    power = 10.0 ** np.floor(np.log10(span / bins))
    width = next(step * power for step in (1, 2, 5, 10) if np.ceil(span / (step * power)) <= bins)
    return width * np.arange(-int(np.ceil(span / width)), 1)


def _gap_row(cell: Cell, level: float) -> dict[str, Any]:
    right = cell.correct
    counts = {"correct": int(right.sum()), "incorrect": int((~right).sum())}
    # Sums and counts, last axis correct and incorrect, of each prompt and seed.
    sums, sizes = (
        np.stack([np.where(side, values, 0.0).sum(axis=-1) for side in (right, ~right)], axis=-1) for values in (cell.log_probs, 1.0)
    )
    prompts = len(sums)
    with np.errstate(invalid="ignore", divide="ignore"):
        gap = float(-np.diff(sums.sum(axis=(0, 1)) / sizes.sum(axis=(0, 1)))[0])
        # Leave out a prompt at a time: a ratio of means has no other plain interval.
        left = -np.diff((sums.sum(axis=(0, 1)) - sums.sum(axis=1)) / (sizes.sum(axis=(0, 1)) - sizes.sum(axis=1)))[:, 0]
        low, high = _ends_over(prompts * gap - (prompts - 1) * left, level)
        seeds_low, seeds_high = _ends_over(-np.diff(sums.sum(axis=0) / sizes.sum(axis=0))[:, 0], level)
    ends = {"low": low, "high": high, "seeds_low": seeds_low, "seeds_high": seeds_high}
    return {"model": cell.model, "task": cell.task, **cell.sizes, "gap": gap, **ends, **counts, "over": _over(prompts)}


def _ends_over(values: np.ndarray, level: float) -> tuple[float, float]:
    """The interval's ends; NaN for one value, and where a seed, or all but one prompt, has only correct or only incorrect draws."""
    return over_seeds(values, level)[1:] if len(values) > 1 and np.isfinite(values).all() else (float("nan"), float("nan"))


__all__ = ["REWARDS", "RULES", "bin_edges", "panels"]
