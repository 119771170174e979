"""Exact quantities of each model and task, which sampling alone cannot give: exact curves, coverage, and the predicted sign of the lift.

"cells" and "cells-loglik" gain the columns exact_lower and exact_upper (NaN for the majority, which has no band).
"cells-theory": model, task, split, prompts, proven (prompts whose mode is certain), greedy_is_mode (their share), coverage_low,
coverage_high (C_cov; of unproven prompts P* lies between what is known and the search's bound), slowest (largest 1/P* of the proven);
saturation, limit, one_draw (of the mean log-probability over the proven prompts: the least N with all but a share of the rise from one draw
to the mode); covariance, cov_low, cov_high (of correctness and log pi under one draw, mean over prompts); gain, gain_low, gain_high (points
of the largest N over one draw); lift, lift_low, lift_high (over greedy); told, agree (prompts whose own gain has a certified sign, and how
many have the covariance's). Intervals cover prompts and draws; those named _seeds hold for these prompts.
"cells-profile": model, task, N, uncovered_low, uncovered_high, bound (C_cov/N with its upper end).
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from experiments.engine.columns import Column, columns
from experiments.inference.zoo import Cell, Found
from sharpsim.estimators import accuracy_estimates, over_seeds, two_stage_interval
from sharpsim.logs import cells as grouped
from sharpsim.theory import inference as theory

FEWEST = 8
"""With fewer proven prompts than this, no saturation is reported."""
Rows = list[dict[str, Any]]


_SIGNED = (("covariance", "cov"), ("gain", "gain"), ("lift", "lift"))
"""Quantities whose sign is predicted or predicts, and the stem of their intervals' names."""
BANDS = {
    "cells": columns(float32="exact_lower exact_upper", nan={"rule = majority": "exact_lower exact_upper"}),
    "cells-loglik": columns(float32="exact_lower exact_upper"),
}
COLUMNS: dict[str, dict[str, Column]] = {
    "cells-theory": columns(
        text="model task split",
        count="prompts proven told agree N seeds",
        float32="greedy_is_mode coverage_low coverage_high slowest saturation limit",
        simulated={name: f"{stem}_seeds_low {stem}_seeds_high" for name, stem in _SIGNED},
        # The mean over the draws, without an interval; intervals over prompts and draws.
        derived="one_draw " + " ".join(f"{stem}_{end}" for _, stem in _SIGNED for end in ("low", "high")),
        # Where no mode, or too few, are proven; where one draw is at the limit, so that nothing rises to it.
        nan={
            "proven = 0": "greedy_is_mode slowest",
            f"proven < {FEWEST}": "limit one_draw",
            "anywhere": "saturation",
        },
        infinite="saturation coverage_high slowest",
    ),
    "cells-profile": columns(text="model task", exact="N", float32="uncovered_low uncovered_high bound"),
}


def with_exact(parts: dict[str, Rows], found: Found, *, floor: float) -> None:
    """Put the exact bands into the rows of "cells" and "cells-loglik" of one cell."""
    drawn = sorted({row["N"] for row in (*parts["cells"], *parts["cells-loglik"])})
    laws = {normalised: dict(zip(drawn, _laws(found, drawn, normalised), strict=True)) for normalised in (False, True)}

    for row in parts["cells"]:
        rule, N = row["rule"], row["N"]
        lower, upper = float("nan"), float("nan")
        if rule == "pass@N":
            lower, upper = theory.pass_at(found.log_probs, found.correct, found.remaining_mass, draws=N).mean()
        elif rule != "majority":
            lower, upper = theory.accuracy(laws[rule != "best of N"][N], found.correct).mean()
        row["exact_lower"], row["exact_upper"] = lower, upper
    for row in parts["cells-loglik"]:
        band = theory.mean_log_prob(laws[False][row["N"]], found.log_probs, found.tail_bound, floor=floor)
        row["exact_lower"], row["exact_upper"] = band.mean()


def theory_row(cell: Cell, *, grid: tuple[int, ...], share: float, level: float, floor: float) -> dict[str, Any]:
    """The row of "cells-theory"."""
    found, own = cell.found, next(grouped(cell.table))
    peak = theory.mode_probability(found.log_probs, found.tail_bound, found.incumbent)
    proven = found.proven
    draws = own.log_probs.shape[-1]
    estimates = accuracy_estimates(own.log_probs, own.correct, own.answers, own.tokens, N=[1, draws], floor=-np.inf)
    one, most = estimates[1]["best of N"], estimates[draws]["best of N"]
    covariance, greedy = _covariance(own.correct, own.log_probs), found.greedy_correct[:, None]
    told, agree = _prompt_by_prompt(found, draws)
    at_mode = found.greedy_log_probs[proven] >= np.log(peak.lower[proven]) - 1e-5
    return {
        "model": cell.model, "task": cell.question.name, "split": cell.question.split, "prompts": len(proven), "proven": int(proven.sum()),
        "greedy_is_mode": float(at_mode.mean()) if proven.any() else float("nan"),
        "coverage_low": theory.coverage(peak.upper), "coverage_high": theory.coverage(peak.lower),
        "slowest": float((1 / peak.lower[proven]).max()) if proven.any() else float("nan"),
        **_saturation(found, own.log_probs, grid, share, floor),
        **_named("covariance", "cov", covariance, level),
        **_named("gain", "gain", 100 * (most - one), level),
        **_named("lift", "lift", 100 * (most - greedy), level),
        "told": told, "agree": agree, "N": draws, "seeds": own.log_probs.shape[1],
    }  # fmt: skip


def profile_rows(cell: Cell, *, N: tuple[float, ...]) -> Rows:
    """The rows of "cells-profile"."""
    found = cell.found
    peak = theory.mode_probability(found.log_probs, found.tail_bound, found.incumbent)
    low, high = (theory.coverage_profile(side, draws=np.array(N)) for side in (peak.upper, peak.lower))
    bound = theory.coverage(peak.lower)
    return [
        {"model": cell.model, "task": cell.question.name, "N": n, "uncovered_low": a, "uncovered_high": b, "bound": min(1.0, bound / n)}
        for n, a, b in zip(N, low.tolist(), high.tolist(), strict=True)
    ]


def _laws(found: Found, N: Sequence[int], normalised: bool) -> list[theory.KeptLaw]:
    if not normalised:
        return theory.kept_laws(found.log_probs, found.remaining_mass, found.tail_bound, draws=N)
    per_token = np.where(found.log_probs > -np.inf, found.log_probs, 0.0) / found.lengths
    return theory.kept_laws(found.log_probs, found.remaining_mass, found.tail_bound / found.horizon, draws=N, reward=per_token)


def _covariance(correct: np.ndarray, log_probs: np.ndarray) -> np.ndarray:
    """Unbiased, [prompts, seeds]."""
    right = correct - correct.mean(axis=-1, keepdims=True)
    return (right * (log_probs - log_probs.mean(axis=-1, keepdims=True))).sum(axis=-1) / (log_probs.shape[-1] - 1)


def _prompt_by_prompt(found: Found, draws: int) -> tuple[int, int]:
    one, most = (theory.accuracy(law, found.correct) for law in _laws(found, (1, draws), False))
    sign = np.where(most.lower > one.upper, 1, np.where(most.upper < one.lower, -1, 0))
    some = np.isfinite(found.log_probs).any(axis=1)
    told = (sign != 0) & some
    if not told.any():
        return 0, 0
    predicted = np.sign(theory.lift_predictor(found.log_probs[told], found.correct[told]))
    return int(told.sum()), int((predicted == sign[told]).sum())


def _saturation(found: Found, drawn: np.ndarray, grid: tuple[int, ...], share: float, floor: float) -> dict[str, float]:
    proven = found.proven
    nothing = {"saturation": float("nan"), "limit": float("nan"), "one_draw": float("nan")}
    if proven.sum() < FEWEST:
        return nothing
    own = replace(found, **{name: value[proven] for name, value in vars(found).items() if isinstance(value, np.ndarray)})
    limit = float(own.log_probs.max(axis=1).mean())
    first = float(np.maximum(drawn[proven], floor).mean())
    bands = [theory.mean_log_prob(law, own.log_probs, own.tail_bound, floor=floor).mean() for law in _laws(own, grid, False)]
    tolerance = share * (limit - first)
    if not tolerance > 0:
        return nothing | {"limit": limit, "one_draw": first}
    at = theory.saturation(grid, [low for low, _ in bands], [high for _, high in bands], limit=limit, tolerance=tolerance)
    return {"saturation": at, "limit": limit, "one_draw": first}


def _named(name: str, stem: str, values: np.ndarray, level: float) -> dict[str, float]:
    """The mean of [prompts, seeds], its interval over prompts and draws, and that over seeds for these prompts."""
    both, alone = two_stage_interval(values, level), over_seeds(values.mean(axis=0), level)
    return {
        name: both.mean, f"{stem}_low": both.low, f"{stem}_high": both.high, f"{stem}_seeds_low": alone[1], f"{stem}_seeds_high": alone[2],
    }  # fmt: skip
