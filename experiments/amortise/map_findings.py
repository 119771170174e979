"""Verdicts on the map of writers: its borders, which quantity draws each of them, and whether trained models lie where the law says."""

from typing import Any

import numpy as np

from experiments.amortise.map import CLOSED_FORMS
from experiments.amortise.map_models import UNDECIDED
from experiments.engine.frame import Table, Verdict

DRAWN = 0.95
"""A rule draws a border if it is right at this fraction of the places, for every rate and N."""
_RULES: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("covariance above 0", "the mode beats one draw", {"quantity": "covariance", "threshold": 0.0}),
    ("pooled covariance above 0", "the mode beats one draw", {"quantity": "pooled covariance", "threshold": 0.0}),
    ("margin, best threshold", "the mode beats one draw", {"quantity": "margin", "threshold_from": "chosen"}),
    ("signed margin above 0", "the mode beats one draw", {"quantity": "signed margin", "threshold": 0.0}),
    ("covariance above 0", "best of N beats one draw", {"quantity": "covariance", "threshold": 0.0}),
    ("C_cov at most N", "best of N beats one draw", {"quantity": "C_cov", "above": False, "threshold_from": "theory"}),
    ("C_cov at most N", "N draws are enough", {"quantity": "C_cov", "above": False, "threshold_from": "theory"}),
    ("C_cov, best threshold", "N draws are enough", {"quantity": "C_cov", "threshold_from": "chosen"}),
    ("C_cov above 2", "best of N beats greedy", {"quantity": "C_cov", "threshold": 2.0}),
    ("Cbar_cov above 2", "best of N beats greedy", {"quantity": "Cbar_cov", "threshold": 2.0}),
)
"""Rule, border, and the rows of part "map-predictors" that judge it."""
_SHORT = {
    "the mode beats one draw": "mode",
    "best of N beats one draw": "best of N",
    "N draws are enough": "draws",
    "best of N beats greedy": "greedy",
}


def judged_map(tables: dict[str, Table]) -> list[Verdict]:
    """Closed forms, what a positive covariance promises, a verdict for each rule and border, and the models if there are any."""
    predictors = tables["map-predictors"]
    said = [_closed_forms(tables["map-areas"]), _sufficient(predictors)]
    said += [_draws(rule, border, predictors.where(border=border, **rows)) for rule, border, rows in _RULES]
    return said + ([_models(tables["map-models"])] if "map-models" in tables else [])


def _closed_forms(areas: Table) -> Verdict:
    off = sum(int(areas[f"{name}_off"].sum()) for name in CLOSED_FORMS)
    held = len(CLOSED_FORMS) * int(areas["places"].sum())
    return Verdict(
        "Map (closed forms)", "greedy is right iff s > 1/2, the mode iff P > r(1-s)/s, best of N beats one draw iff also s > s_N",
        f"{held - off} of {held} listed laws agree", "every one", "holds" if off == 0 else "violated",
    )  # fmt: skip


def _sufficient(predictors: Table) -> Verdict:
    rows = predictors.where(border="best of N beats one draw", quantity="covariance", threshold_from="theory")
    return Verdict(
        "Map (covariance is enough)", "where the mean covariance of correctness and log pi is above 0, best of N beats one draw",
        f"fails at {100 * float(rows['promised'].max()):.3g}% of places", "0%",
        "reproduced" if (rows["promised"] == 0).all() else "vacuous",
    )  # fmt: skip


def _draws(rule: str, border: str, rows: Table) -> Verdict:
    """Judged by the worst over rates and N."""
    guess = np.maximum(rows["happens"], 1 - rows["happens"])
    shown = ", ".join(f"{100 * value:.3g}" for value in rows["agree"])
    return Verdict(
        f"Map ({rule}: {_SHORT[border]})", f"tells where {border}",
        f"right at {shown}% of places, one answer for all at {100 * guess.max():.3g}%",
        f"{100 * DRAWN:g}% for every rate and N", "reproduced" if (rows["agree"] >= DRAWN).all() else "vacuous",
        slack=float((rows["agree"] - guess).min()), slack_kind="fraction of places, least gain over one answer for all",
    )  # fmt: skip


def _models(rows: Table) -> Verdict:
    told = rows.take(rows["measured"] != UNDECIDED)
    # Accuracies cannot tell too few draws from a wrong mode.
    predicted = np.where(told["predicted"] == "too_few_draws", "mode_wrong", told["predicted"])
    agree = int((predicted == told["measured"]).sum())
    return Verdict(
        "Map (trained models)", "base's accuracies put each model into the region that its corpus lies in",
        f"{agree} of {len(told)} models with certain regions, of {len(rows)}", "every one",
        "reproduced" if len(told) and agree == len(told) else "vacuous",
    )  # fmt: skip
