"""Rows of the pretrained network: accuracy and log-probability against N, exact and sampled, and the N at which they saturate."""

from typing import Any

import numpy as np

from experiments.engine.columns import Column, columns
from experiments.engine.frame import Context
from experiments.inference.real_model import RealModel, gather
from experiments.inference.tables import by_probability, coverage_rows, group_masks, histogram_rows, per_word, separation_rows
from sharpsim.estimators import accuracy_estimates, allowed_deviation, bernoulli_variance, over_seeds, paired_interval
from sharpsim.theory import inference as theory

Settings = Any
"""Those of `experiments.inference`, which imports this file."""


COLUMNS: dict[str, dict[str, Column]] = {
    "": columns(
        text="words rule",
        count="N count draws seeds expansions",
        # The interval over words, of which these are a sample, is that of the band's lower end over greedy.
        float32="lower upper allowed greedy mode lift_lower lift_upper lift_words_low lift_words_high",
        simulated={"measured": "low high", "lift_measured": "lift_low lift_high"},
        # A rule without a band, or an N that was not drawn.
        nan={
            "rule = majority": "lower upper lift_lower lift_upper lift_words_low lift_words_high",
            "lift_measured = nan": "measured",
            "measured = nan": "lift_measured",
            "rule = majority; measured = nan": "allowed",
        },
    ),
    "loglik": columns(
        text="words",
        count="N count",
        exact="floor",
        float32="lower upper allowed greedy mode",
        simulated32={"measured": "low high"},
        nan={"allowed = nan": "measured", "measured = nan": "allowed"},
    ),
    "accuracy": columns(
        text="answer",
        count="N",
        float32="lower upper",
        simulated={"measured": "low high"},
        nan={"answer = majority": "lower upper", "answer = majority, N to infinity": "measured"},
    ),
    # `one_draw` is the mean over the draws, without an interval; the tolerance is a share of the rise from it.
    "saturation": columns(text="quantity words", float32="N limit", derived="one_draw tolerance", infinite="N"),
}


def network_rows(settings: Settings, context: Context) -> dict[str, list[dict[str, Any]]]:
    """Parts: "" accuracy against N; loglik; accuracy (one row for each way to answer); histogram; separation; coverage; greedy; words."""
    model = gather(context, words=settings.words, expansions=settings.expansions, draws=settings.seeds * settings.draws)
    masks = group_masks(model.letters, settings.letters)
    order = list(masks)
    rows, loglik, per_N = [], [], {}
    head, left = model.head, model.remaining_mass
    per_token = np.where(head.log_probs > -np.inf, head.log_probs, 0.0) / head.lengths
    given = (head.log_probs, left)
    laws = theory.kept_laws(*given, model.tail_bound, draws=settings.exact_N)
    normalised = theory.kept_laws(*given, model.tail_bound / model.horizon, draws=settings.exact_N, reward=per_token)
    for N, *both in context.track(list(zip(settings.exact_N, laws, normalised, strict=True)), "exact and literal best of N"):
        per_N[N] = _at(model, settings, N, *both)
        for words, mask in masks.items():
            rows += [_accuracy_row(settings, model, words, mask, rule, N, *found) for rule, found in per_N[N]["accuracy"].items()]
            loglik.append(_loglik_row(settings, model, words, mask, N, *per_N[N]["loglik"]))
    masses = theory.mode_mass(model.head.log_probs, model.tail_bound)
    return {
        "": sorted(rows, key=lambda row: (order.index(row["words"]), row["rule"])),
        "loglik": sorted(loglik, key=lambda row: order.index(row["words"])),
        "accuracy": _table(rows, model, settings),
        "saturation": _saturation(loglik, rows, settings),
        "histogram": histogram_rows(model, masks, settings),
        "separation": separation_rows(model, masks, settings, per_N),
        "coverage": coverage_rows(masses, settings),
        "greedy": by_probability(model, masses, settings.level),
        "words": per_word(model, masses),
    }


def _at(model: RealModel, settings: Settings, N: int, law: theory.KeptLaw, normalised: theory.KeptLaw) -> dict[str, Any]:
    """Bands [words] and literal estimates [words, seeds] (None beyond the draws) of every quantity at one N."""
    head, left, edge = model.head, model.remaining_mass, model.tail_bound
    bands = {
        "best of N": theory.accuracy(law, head.correct),
        "length-normalised": theory.accuracy(normalised, head.correct),
        "pass@N": theory.pass_at(head.log_probs, head.correct, left, draws=N),
        "majority": None,
    }
    loglik = theory.mean_log_prob(law, head.log_probs, edge, floor=settings.floor)
    variance = theory.log_prob_variance(law, head.log_probs, edge, floor=settings.floor)
    drawn = _literal(model, settings, N) if N in settings.literal_N else {}
    return {
        "accuracy": {rule: (band, drawn.get(rule)) for rule, band in bands.items() if band is not None or rule in drawn},
        "loglik": (loglik, variance, drawn.get("loglik")),
    }


def _literal(model: RealModel, settings: Settings, N: int) -> dict[str, np.ndarray]:
    shape = (-1, settings.seeds, settings.draws)
    columns = (getattr(model.draws, name).reshape(shape) for name in ("log_probs", "correct", "answers", "lengths"))
    return accuracy_estimates(*columns, N=(N,), floor=settings.floor)[N]


def _accuracy_row(
    settings: Settings, model: RealModel, words: str, mask: np.ndarray, rule: str, N: int, band: Any, literal: np.ndarray | None
) -> dict[str, Any]:
    nan = float("nan")
    lower, upper = (nan, nan) if band is None else theory.Band(band.lower[mask], band.upper[mask]).mean()
    mean, low, high = (nan,) * 3 if literal is None else over_seeds(literal[mask].mean(axis=0), settings.level)
    greedy = float(model.greedy.correct[mask].mean())
    allowed = nan
    if band is not None and literal is not None:
        variance = bernoulli_variance(band.lower[mask], band.upper[mask])
        allowed = allowed_deviation(variance, span=1.0, trials=settings.seeds * (settings.draws // N), false_alarm=settings.false_alarm)
    over_words = (nan, nan)
    if band is not None:
        found = paired_interval(band.lower[mask][:, None], model.greedy.correct[mask].astype(float).reshape(-1, 1), settings.level)
        over_words = (100 * found.low, 100 * found.high)
    points = {"lower": lower, "upper": upper, "measured": mean, "low": low, "high": high}
    return {
        "words": words, "rule": rule, "N": N, "count": int(mask.sum()), **points, "allowed": allowed,
        "greedy": greedy, "mode": float(model.mode.correct[mask].mean()),
        **{f"lift_{name}": 100 * (value - greedy) for name, value in points.items()},
        "lift_words_low": over_words[0], "lift_words_high": over_words[1],
        "draws": settings.draws, "seeds": settings.seeds, "expansions": settings.expansions,
    }  # fmt: skip


def _loglik_row(
    settings: Settings, model: RealModel, words: str, mask: np.ndarray, N: int, band: Any, variance: np.ndarray, literal: np.ndarray | None
) -> dict[str, Any]:
    nan = float("nan")
    lower, upper = theory.Band(band.lower[mask], band.upper[mask]).mean()
    mean, low, high = (nan,) * 3 if literal is None else over_seeds(literal[mask].mean(axis=0), settings.level)
    allowed = nan
    if literal is not None:
        trials = settings.seeds * (settings.draws // N)
        allowed = allowed_deviation(variance[mask], span=-settings.floor, trials=trials, false_alarm=settings.false_alarm)
    return {
        "words": words, "N": N, "count": int(mask.sum()), "lower": lower, "upper": upper, "measured": mean, "low": low, "high": high,
        "allowed": allowed, "floor": settings.floor, "greedy": float(model.greedy.log_probs[mask].mean()),
        "mode": float(model.mode.log_probs[mask].mean()),
    }  # fmt: skip


def _table(rows: list[dict[str, Any]], model: RealModel, settings: Settings) -> list[dict[str, Any]]:
    """All words, one row for each way to answer; for decoders without chance the band is a point."""
    limit = theory.majority_limit(model.head.log_probs, model.head.answers, model.head.correct, model.remaining_mass).mean()
    kept = ("lower", "upper", "measured", "low", "high")
    made = []
    for row in rows:
        if row["words"] == "all" and row["N"] in settings.literal_N:
            made.append({"answer": row["rule"], "N": row["N"], **{name: row[name] for name in kept}})
    nan = float("nan")
    for name, responses in (("greedy", model.greedy), ("exact mode", model.mode)):
        value = float(responses.correct.mean())
        made.append({"answer": name, "N": 0, "lower": value, "upper": value, "measured": value, "low": value, "high": value})
    made.append(
        {"answer": "majority, N to infinity", "N": 0, "lower": limit[0], "upper": limit[1], "measured": nan, "low": nan, "high": nan}
    )
    return sorted(made, key=lambda row: row["answer"])


def _saturation(loglik: list[dict[str, Any]], rows: list[dict[str, Any]], settings: Settings) -> list[dict[str, Any]]:
    """The least N of the exact grid from which the band stays within a share of the rise from N = 1 to the limit (the mode's value)."""
    made = []
    best = [row for row in rows if row["rule"] == "best of N"]
    for quantity, table in (("mean log-probability", loglik), ("accuracy", best)):
        for words in dict.fromkeys(row["words"] for row in table):
            curve = [row for row in table if row["words"] == words]
            first, limit = curve[0]["measured"], curve[0]["mode"]
            tolerance = settings.saturation_share * abs(limit - first)
            at = theory.saturation(
                [row["N"] for row in curve],
                [row["lower"] for row in curve],
                [row["upper"] for row in curve],
                limit=limit,
                tolerance=tolerance,
            )
            made.append({"quantity": quantity, "words": words, "limit": limit, "one_draw": first, "tolerance": tolerance, "N": at})
    return made
