"""Builds the network's other tables: histograms, correct against incorrect draws, coverage, greedy against P*, one row for each word."""

from itertools import pairwise
from typing import Any

import numpy as np

from experiments.engine.columns import Column, columns
from experiments.inference.real_model import RealModel
from sharpsim.estimators import clopper_pearson, densities, over_seeds
from sharpsim.theory import inference as theory

P_EDGES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


COLUMNS: dict[str, dict[str, Column]] = {
    # `draws` counts the correct or the incorrect ones.
    "histogram": columns(text="words given", exact="left right centre", float32="head", simulated={"density": "low high"}, derived="draws"),
    # Words whose lift has a certified sign are counted without draws; the ends are those of their share.
    "separation": columns(
        text="words",
        count="N sign_certified lifted agrees",
        exact="agree_low agree_high",
        float32="mean_predictor",
        simulated={"gap": "low high"},
    ),
    "coverage": columns(count="count", exact="N", float32="uncovered bound coverage"),
    "greedy": columns(count="count greedy_is_mode", exact="left right centre", float32="frequency low high greedy_accuracy mode_accuracy"),
    "words": columns(
        count="word letters expansions greedy_is_mode greedy_correct mode_correct", float32="mode_probability bound remaining_mass"
    ),
}


def group_masks(letters: np.ndarray, edges: tuple[int, int]) -> dict[str, np.ndarray]:
    """All words, and three tasks by length; a task without words is left out."""
    short, middle = edges
    masks = {
        "all": np.ones(len(letters), dtype=bool),
        f"up to {short} letters": letters <= short,
        f"{short + 1} to {middle} letters": (letters > short) & (letters <= middle),
        f"{middle + 1} letters or more": letters > middle,
    }
    return {name: mask for name, mask in masks.items() if mask.any()}


def histogram_rows(model: RealModel, masks: dict[str, np.ndarray], settings: Any) -> list[dict[str, Any]]:
    """Densities (per nat) of log pi given correct and given incorrect: literal draws, and the exact law of what the head holds."""
    edges = np.arange(settings.lowest, settings.bin_width / 2, settings.bin_width)
    rows = []
    for words, mask in masks.items():
        for right, given in ((True, "correct"), (False, "incorrect")):
            chosen = model.draws.correct[mask] == right
            density, low, high = densities(model.draws.log_probs[mask][chosen], edges, settings.level)
            head = (model.head.correct[mask] == right) & (model.head.log_probs[mask] > -np.inf)
            values = model.head.log_probs[mask][head]
            mass = np.histogram(values, edges, weights=np.exp(values))[0] / np.exp(values).sum()
            for i in range(len(density)):
                rows.append({
                    "words": words, "given": given, "left": edges[i], "right": edges[i + 1], "centre": (edges[i] + edges[i + 1]) / 2,
                    "density": density[i], "low": low[i], "high": high[i], "head": mass[i] / settings.bin_width, "draws": int(chosen.sum()),
                })  # fmt: skip
    return rows


def separation_rows(model: RealModel, masks: dict[str, np.ndarray], settings: Any, per_N: dict[int, Any]) -> list[dict[str, Any]]:
    """Mean log pi of correct less that of incorrect draws over seeds; and whether a word's Cov(correct, log pi) has its lift's sign."""
    predictor = theory.lift_predictor(model.head.log_probs, model.head.correct)
    first, largest = per_N[1]["accuracy"]["best of N"][0], max(settings.literal_N)
    last = per_N[largest]["accuracy"]["best of N"][0]
    # Only words whose lift has a certified sign can agree or not.
    sure = np.where(last.lower > first.upper, 1, np.where(last.upper < first.lower, -1, 0))
    shape = (len(model.letters), settings.seeds, settings.draws)
    log_probs, correct = model.draws.log_probs.reshape(shape), model.draws.correct.reshape(shape)
    rows = []
    for words, mask in masks.items():
        gaps = []
        for seed in range(settings.seeds):
            values, right = log_probs[mask, seed], correct[mask, seed]
            gaps.append(values[right].mean() - values[~right].mean())
        gap, low, high = over_seeds(np.array(gaps), settings.level)
        told = mask & (sure != 0)
        agrees = int((np.sign(predictor[told]) == sure[told]).sum())
        agree_low, agree_high = clopper_pearson(agrees, max(int(told.sum()), 1), settings.level)
        rows.append({
            "words": words, "gap": gap, "low": low, "high": high, "N": largest,
            "sign_certified": int(told.sum()), "lifted": int((sure[mask] > 0).sum()),
            "agrees": agrees, "agree_low": agree_low, "agree_high": agree_high, "mean_predictor": float(predictor[mask].mean()),
        })  # fmt: skip
    return rows


def coverage_rows(masses: np.ndarray, settings: Any) -> list[dict[str, Any]]:
    """The fraction of words that N draws do not cover, and Markov's C_cov/N."""
    coverage = theory.coverage(masses)
    draws = np.array(settings.coverage_N)
    profile = theory.coverage_profile(masses, draws=draws)
    return [
        {"N": float(N), "uncovered": float(share), "bound": min(1.0, coverage / N), "coverage": coverage, "count": len(masses)}
        for N, share in zip(draws, profile, strict=True)
    ]


def by_probability(model: RealModel, masses: np.ndarray, level: float) -> list[dict[str, Any]]:
    """Greedy-equals-mode and expansions in ranges (left, right] of P*; the mode's accuracy and greedy's beside them."""
    probability = masses / model.mode_ties
    rows = []
    for left, right in pairwise(P_EDGES):
        inside = (probability > left) & (probability <= right)
        if not inside.any():
            continue
        words, equal = int(inside.sum()), int(model.greedy_is_mode[inside].sum())
        low, high = clopper_pearson(equal, words, level)
        rows.append({
            "left": left, "right": right, "centre": (left + right) / 2, "count": words, "greedy_is_mode": equal, "frequency": equal / words,
            "low": low, "high": high, "greedy_accuracy": float(model.greedy.correct[inside].mean()),
            "mode_accuracy": float(model.mode.correct[inside].mean()),
        })  # fmt: skip
    return rows


def per_word(model: RealModel, masses: np.ndarray) -> list[dict[str, Any]]:
    """One row for each word, by number: its law, the search's expansions and their bound. The words are not shipped."""
    probability = masses / model.mode_ties
    bound = theory.expansions_bound(mode_probability=probability, horizon=model.horizon, slack=0.0)
    return [
        {
            "word": number, "letters": int(model.letters[number]), "mode_probability": float(f"{probability[number]:.6g}"),
            "expansions": int(model.expansions[number]), "bound": float(f"{bound[number]:.6g}"),
            "greedy_is_mode": bool(model.greedy_is_mode[number]),
            "greedy_correct": bool(model.greedy.correct[number, 0]), "mode_correct": bool(model.mode.correct[number, 0]),
            "remaining_mass": float(f"{model.remaining_mass[number]:.3g}"),
        }
        for number in range(len(masses))
    ]  # fmt: skip
