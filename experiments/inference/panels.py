"""Rows of the paper's Figures 1-6 from a table of samples, by the paper's protocol. A cell is one model on one task.

"cells": model, task, rule (`estimators.RULES`), N, prompts, seeds, draws; accuracy, low, high; greedy (accuracy); lift_points, lift_low,
lift_high: 100 (accuracy - greedy); lift_percent, percent_low, percent_high: 100 (accuracy - greedy)/greedy, the paper's lift; over.
"cells-loglik": model, task, N; mean, low, high (nats) of what best of N keeps; greedy; over.
"cells-histogram": model, task, given (correct, incorrect), left, right, centre; density, low, high (per nat); draws.
"cells-gap": model, task; gap, low, high (nats): mean log pi of correct less that of incorrect draws; correct, incorrect (draws); over.

Intervals are over seeds, for these prompts; with a single seed they are over prompts. `over` says which (`estimators.interval`). Greedy
decoding is deterministic and has no interval. NaN stands where there are no greedy rows, where a ratio has greedy accuracy 0 below it, and
for a gap without draws on both sides. Majority is left out if no draw of a cell has an answer, and a histogram if it has no draws.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from experiments.engine.columns import Column, columns
from sharpsim import _checks
from sharpsim.estimators import REWARDS, RULES, accuracy_estimates, densities, interval, over_seeds
from sharpsim.logs import Cell, SampleTable, cells

_LEFT_OUT = 0.002
"""Share of the draws, the least likely, that the histograms do not show: one of -1000 nats would leave no room for the others."""


_SIZES = "prompts seeds draws"
COLUMNS: dict[str, dict[str, Column]] = {
    "cells": columns(
        text="model task rule over",
        count=f"N {_SIZES}",
        float32="greedy",
        simulated={"accuracy": "low high", "lift_points": "lift_low lift_high", "lift_percent": "percent_low percent_high"},
    ),
    "cells-loglik": columns(text="model task over", count=f"N {_SIZES}", float32="greedy", simulated32={"mean": "low high"}),
    # `draws` counts the correct or the incorrect ones.
    "cells-histogram": columns(text="model task given", exact="left right centre", simulated={"density": "low high"}, derived="draws"),
    "cells-gap": columns(text="model task over", count=_SIZES, simulated32={"gap": "low high"}, derived="correct incorrect"),
}
"""Of a user's own samples; of the trained models `exact.COLUMNS` adds the exact bands."""


def panels(table: SampleTable, *, N: Sequence[int], level: float, bins: int) -> dict[str, list[dict[str, Any]]]:
    """The four parts. Of `N`, those up to the draws of a cell are used; about `bins` bins of the histograms at most.

    Raises `ValueError` for N empty or not counts, N all above a cell's draws, level outside (0, 1), bins below 1.
    """
    sizes = sorted({_checks.static_count("N", size) for size in N})
    _checks.static_count("bins", bins)
    _checks.in_open_unit("level", level)
    parts: dict[str, list[dict[str, Any]]] = {"cells": [], "cells-loglik": [], "cells-histogram": [], "cells-gap": []}
    for cell in cells(table):
        within = [size for size in sizes if size <= cell.sizes["draws"]]
        if not within:
            raise ValueError(
                f"`N` must have a number up to the draws, {cell.sizes['draws']} of {cell.model!r} on {cell.task!r}; got {N!r}."
            )
        found = accuracy_estimates(cell.log_probs, cell.correct, cell.answers, cell.tokens, N=within, floor=-np.inf)
        rules = [rule for rule in RULES if rule != "majority" or (cell.answers >= 0).any()]
        parts["cells"] += [_accuracy_row(cell, rule, size, found[size][rule], level) for rule in rules for size in within]
        parts["cells-loglik"] += [_loglik_row(cell, size, found[size]["loglik"], level) for size in within]
        parts["cells-histogram"] += _histogram_rows(cell, level, bins)
        parts["cells-gap"].append(_gap_row(cell, level))
    return parts


def _accuracy_row(cell: Cell, rule: str, N: int, estimates: np.ndarray, level: float) -> dict[str, Any]:
    accuracy, low, high, over = interval(estimates, level)
    greedy = cell.greedy_correct[:, None]
    base = float(greedy.mean())
    points = interval(100 * (estimates - greedy), level)
    percent = (float("nan"),) * 3
    if base > 0:
        # Around the ratio of the means: exact over seeds, where greedy is a constant; to first order over prompts, where it varies too.
        ratio = accuracy / base
        percent = tuple(100 * (ratio - 1) + end for end in interval(100 * (estimates - ratio * greedy) / base, level)[:3])
    return {
        "model": cell.model, "task": cell.task, "rule": rule, "N": N, **cell.sizes,
        "accuracy": accuracy, "low": float(np.maximum(low, 0.0)), "high": float(np.minimum(high, 1.0)), "greedy": base,
        **dict(zip(("lift_points", "lift_low", "lift_high"), points[:3], strict=True)),
        **dict(zip(("lift_percent", "percent_low", "percent_high"), percent, strict=True)),
        "over": over,
    }  # fmt: skip


def _loglik_row(cell: Cell, N: int, estimates: np.ndarray, level: float) -> dict[str, Any]:
    mean, low, high, over = interval(estimates, level)
    return {
        "model": cell.model, "task": cell.task, "N": N, **cell.sizes, "mean": mean, "low": low, "high": high,
        "greedy": float(cell.greedy_log_probs.mean()), "over": over,
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
    prompts, seeds = sums.shape[:2]
    with np.errstate(invalid="ignore", divide="ignore"):
        gaps = -np.diff(sums.sum(axis=0) / sizes.sum(axis=0))[:, 0]
        pooled = float(-np.diff(sums.sum(axis=(0, 1)) / sizes.sum(axis=(0, 1)))[0])
        if seeds > 1:
            gap, low, high, over = *over_seeds(gaps, level), "seeds"
        elif prompts > 1:
            # Leave out a prompt at a time: a ratio of means has no other plain interval.
            left = -np.diff((sums.sum(axis=0) - sums[:, 0]) / (sizes.sum(axis=0) - sizes[:, 0]))[:, 0]
            _, low, high = over_seeds(prompts * pooled - (prompts - 1) * left, level)
            gap, over = pooled, "prompts"
        else:
            gap, low, high, over = pooled, float("nan"), float("nan"), "none"
    return {"model": cell.model, "task": cell.task, **cell.sizes, "gap": gap, "low": low, "high": high, **counts, "over": over}


__all__ = ["REWARDS", "RULES", "bin_edges", "panels"]
