"""The gain of best of N over one draw, predicted from one draw's accuracy and the pair error of each prompt, for the trained models.

"cells-pairs": model, task, N, prompts; gain, low, high (points over one draw, seeds of odd number; over draws, for these
prompts, as the prediction is for them as well); accuracy,
pair_error (of seeds of even number: one draw's accuracy, and the probability that a wrong draw is more likely than a right one, mean over
the `mixed` prompts with draws of both kinds); predicted, lower, upper (points, from these); room (the least distance of the accuracy to
its two bounds, where the judged draws of a prompt are themselves the base, so that nothing varies).
"""

from typing import Any

import numpy as np
from scipy import stats

from experiments.engine.columns import Column, columns
from experiments.inference.zoo import Cell
from sharpsim import laws
from sharpsim.estimators import accuracy_estimates
from sharpsim.logs import cells as grouped
from sharpsim.theory import win_rate as theory

COLUMNS: dict[str, dict[str, Column]] = {
    "cells-pairs": columns(
        text="model task",
        count="N prompts",
        simulated={"gain": "low high"},
        derived="accuracy pair_error mixed predicted lower upper room",
        # No prompt has draws of both kinds.
        nan={"mixed = 0": "pair_error"},
    )
}


def pair_rows(cell: Cell, *, N: tuple[int, ...], level: float) -> list[dict[str, Any]]:
    """One row for each N above 1."""
    (table,) = grouped(cell.table)
    fitted, judged = slice(0, None, 2), slice(1, None, 2)
    pairs = _pairs(table.log_probs[:, fitted], table.correct[:, fitted])
    mixed = (pairs.accuracy > 0) & (pairs.accuracy < 1)
    given = {"accuracy": pairs.accuracy, "pair_error": pairs.error}
    one = {
        "model": table.model, "task": table.task, "prompts": len(mixed), "mixed": int(mixed.sum()),
        "accuracy": float(pairs.accuracy.mean()),
        "pair_error": float(pairs.error[mixed].mean()) if mixed.any() else float("nan"),
    }  # fmt: skip
    sizes = [size for size in N if 1 < size <= table.log_probs.shape[2]]
    arrays = (table.log_probs[:, judged], table.correct[:, judged], table.answers[:, judged], table.tokens[:, judged])
    found, rows = accuracy_estimates(*arrays, N=sizes, floor=-np.inf), []
    for size in sizes:
        gain = found[size]["best of N"] - arrays[1].mean(axis=-1)
        points = {
            name: 100 * float((function(**given, draws=size) - pairs.accuracy).mean())
            for name, function in (
                ("predicted", theory.predicted_accuracy), ("lower", theory.accuracy_lower_bound), ("upper", theory.accuracy_upper_bound),
            )
        }  # fmt: skip
        ends = {name: 100 * value for name, value in zip(("gain", "low", "high"), _over_draws(gain, level), strict=True)}
        rows.append(one | {"N": size, **ends, **points, "room": _room(arrays[0], arrays[1], size)})
    return rows


def _pairs(log_probs: np.ndarray, correct: np.ndarray) -> theory.Pairs:
    """[prompts, seeds, draws]: the draws of a prompt are equally likely responses."""
    values = log_probs.reshape(len(log_probs), -1)
    return theory.right_and_wrong(np.full(values.shape, -np.log(values.shape[1])), correct.reshape(values.shape), values)


def _over_draws(gains: np.ndarray, level: float) -> tuple[float, float, float]:
    """Mean of [prompts, seeds] and Student's interval for these prompts; the variance over seeds is pooled over prompts."""
    prompts, seeds = gains.shape
    mean, freedom = float(gains.mean()), prompts * (seeds - 1)
    half = float(stats.t.isf((1 - level) / 2, freedom) * np.sqrt(gains.var(axis=1, ddof=1).mean() / (prompts * seeds)))
    return mean, mean - half, mean + half


def _room(log_probs: np.ndarray, correct: np.ndarray, N: int) -> float:
    values, right = log_probs.reshape(len(log_probs), -1), correct.reshape(len(log_probs), -1)
    law = np.exp(laws.best_of_n(np.full(values.shape, -np.log(values.shape[1])), values, draws=N))
    accuracy, pairs = (law * right).sum(axis=-1), _pairs(log_probs, correct)
    given = {"accuracy": pairs.accuracy, "pair_error": pairs.error, "draws": N}
    below, above = accuracy - theory.accuracy_lower_bound(**given), theory.accuracy_upper_bound(**given) - accuracy
    return float(np.minimum(below, above).min())
