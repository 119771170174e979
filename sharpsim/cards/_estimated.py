"""The content of the card of a log: estimates from the draws of one model on one task, with intervals over prompts and draws."""

from dataclasses import replace
from typing import Any

import numpy as np

from sharpsim import estimators
from sharpsim.cards._goal import Goal
from sharpsim.cards._likelihood import likelihood
from sharpsim.cards._needs import needs
from sharpsim.cards._prompts import only_prompts
from sharpsim.cards._seen import Seen, seen_responses
from sharpsim.cards._text import finite, listed
from sharpsim.estimators import CURVES, Draws, Estimate
from sharpsim.logs import Group
from sharpsim.theory.inference import coverage_profile

Content = dict[str, Any]
AHEAD, FEWEST = 3, 4
"""Predictions go on for this many doublings of N, from at least this many draws."""
SHORT = 0.5
"""Curves that end below this share of the median number of draws get a warning."""


def estimated_content(group: Group, goal: Goal, *, own_policy: bool | None, fewest: int, predict: bool, predict_votes: bool) -> Content:
    """The sections of the card; see `sharpsim.cards.Card` for their keys. Prompts with less than `fewest` draws are left out; without
    `predict` the curves end with the draws, and without `predict_votes` that of the vote does.

    `own_policy` False: the draws are of another temperature than the log-probabilities; what needs them to be one policy's is left out.
    """
    notes: Content = {"taken": [], "left_out": [], "warnings": [], "methods": []}
    group = _long_enough(group, fewest, notes)
    judged = _judged(group, notes)
    draws = None if judged is None else draws_of(judged)
    found = {} if draws is None else estimators.curves(draws, goal.level)
    ahead = {} if draws is None or not predict else _predictions(draws if predict_votes else replace(draws, answers=None), goal)
    if ahead and not predict_votes and "majority" in found:
        notes["left_out"].append({"what": "the vote beyond the draws", "why": "its prediction takes minutes (--predict-votes)"})
    curves: Content = {name: plain_curve(found[name]) if name in found else None for name in CURVES}
    _say_what_is_missing(group, judged, curves, notes)
    notes["methods"] += [*_methods(found), *(f"{name.replace('_', ' ')}, {curve.method}." for name, curve in ahead.items())]
    last = int(judged.counts.min()) if judged is not None else 0
    seen = None
    if own_policy is not False and not np.isnan(group.log_probs).all():
        seen = seen_responses(group.having("log_probs"))
    return {
        "kind": "samples", "prompts": len(group.prompts),
        "draws": {"least": int(group.counts.min()), "most": int(group.counts.max()), "total": int(group.counts.sum()), "curves_to": last},
        "level": goal.level, "curves": curves, "gains": None if judged is None else _gains(found, judged, goal),
        "predictions": {name: plain_curve(curve) for name, curve in ahead.items()},
        "greedy": _greedy(group, goal), "limit": None,
        "coverage": None if seen is None else _coverage(group, seen, goal),
        "likelihood": None if judged is None else likelihood(judged, goal.level),
        "needs": None if seen is None else needs(seen.log_probs, seen.masses, seen.weights, goal=goal, whole=False),
        "tax": None if judged is None else _tax(judged, goal), "notes": notes,
    }  # fmt: skip


def _methods(found: dict[str, estimators.Curve]) -> list[str]:
    """How curves and bands were made, curves of one method together; and the error of random subsets, where some were used."""
    made: dict[str, list[str]] = {}
    for name, curve in found.items():
        made.setdefault(curve.method, []).append(name.replace("_", " "))
    notes = [f"{listed(names)}: {method}." for method, names in made.items()]
    error = max((float(curve.simulation_error.max()) for curve in found.values()), default=0.0)
    return notes + ([f"Random subsets add a standard error of at most {100 * error:.2g} points."] if error > 0 else [])


def draws_of(group: Group) -> Draws:
    """The draws of a group as the estimators take them."""
    return Draws(group.counts, group.correct == 1, log_probs=group.log_probs, tokens=group.tokens, answers=group.answers)


def plain_curve(curve: estimators.Curve) -> Content:
    """A curve as lists of numbers, None for NaN."""
    return {"N": curve.N.tolist(), **{name: [finite(v) for v in getattr(curve, name).tolist()] for name in ("value", "low", "high")}}


def plain_estimate(found: Estimate) -> Content:
    """An estimate with its interval."""
    return {"value": found.mean, "low": finite(found.low), "high": finite(found.high)}


def _long_enough(group: Group, fewest: int, notes: Content) -> Group:
    group = group.having()
    enough = group.counts >= fewest
    if not enough.any():
        raise ValueError(f"`min_draws` must be at most {int(group.counts.max())}, the most draws of any prompt; got {fewest}.")
    if not enough.all():
        notes["left_out"].append({"what": f"{int((~enough).sum()):,} prompts", "why": f"they have less than {fewest} draws"})
        group = only_prompts(group, enough)
    least, median = int(group.counts.min()), float(np.median(group.counts))
    if least < SHORT * median:
        short = int((group.counts < SHORT * median).sum())
        notes["warnings"].append(
            f"The curves end at N = {least}, the fewest draws of any prompt, while half of the prompts have {median:g} or more. "
            f"With --min-draws {int(np.ceil(SHORT * median))} they go on, without the {short:,} prompts that have less."
        )
    return group


def _judged(group: Group, notes: Content) -> Group | None:
    unknown = int(np.isnan(group.correct).sum())
    if unknown == len(group.correct):
        return None
    if unknown:
        notes["left_out"].append({"what": f"{unknown:,} draws", "why": "nobody has judged them"})
    return group.having("correct")


def _say_what_is_missing(group: Group, judged: Group | None, curves: Content, notes: Content) -> None:
    if judged is None:
        notes["left_out"].append({"what": "accuracy, vote and pass@N", "why": "no draw is judged"})
        return
    without = int(np.isnan(judged.log_probs).sum())
    if not curves["best_of_n"]:
        notes["left_out"].append({"what": "best of N, covariance, coverage and costs", "why": "the log has no log-probabilities"})
    elif without:
        notes["left_out"].append({"what": f"{without:,} draws from best of N", "why": "they have no log-probability"})
    if curves["best_of_n"] and not curves["normalised"]:
        notes["left_out"].append({"what": "the likeliest per token", "why": "the log has no numbers of tokens"})
    if not curves["majority"]:
        notes["left_out"].append({"what": "the majority vote", "why": "the log has no answers to vote on"})
    elif silent := int((judged.answers < 0).sum()):
        notes["methods"].append(f"{silent:,} of {len(judged.answers):,} draws give no answer and have no vote.")


def _gains(found: dict[str, estimators.Curve], group: Group, goal: Goal) -> Content | None:
    """What the largest N of each curve gains over one draw and over greedy decoding, paired by prompt; None with one draw."""
    made = {}
    for rule in ("best_of_n", "normalised", "majority"):
        if rule not in found or (curve := found[rule]).N[-1] == 1 or curve.estimates is None:
            continue
        one, most = curve.estimates[:, :1], curve.estimates[:, -1:]
        made[rule] = {"N": int(curve.N[-1]), **plain_estimate(estimators.paired_interval(most, one, goal.level)), "over_greedy": None}
        greedy = group.greedy_correct
        if len(greedy) == len(most) and not np.isnan(greedy).any():
            made[rule]["over_greedy"] = plain_estimate(estimators.paired_interval(most, greedy[:, None], goal.level))
    return made or None


def _predictions(draws: Draws, goal: Goal) -> dict[str, estimators.Curve]:
    """For `AHEAD` doublings of the fewest draws of a prompt; nothing from less than `FEWEST` draws."""
    fewest = int(draws.counts.min())
    if fewest < FEWEST:
        return {}
    return estimators.predictions(draws, goal.level, [fewest * 2**step for step in range(1, AHEAD + 1)])


def _greedy(group: Group, goal: Goal) -> Content | None:
    known = ~np.isnan(group.greedy_correct)
    if not known.any():
        return None
    found = estimators.two_stage_interval(group.greedy_correct[known][:, None], goal.level, bounds=(0.0, 1.0))
    return plain_estimate(found) | {"prompts": int(known.sum())}


def _coverage(group: Group, seen: Seen, goal: Goal) -> Content:
    draws = draws_of(group.having("log_probs"))
    bound = estimators.coverage_lower_bound(draws, goal.level)
    needed = max(float((1 / seen.masses).max()), 2.0)
    grid = [2**k for k in range(min(int(np.ceil(np.log2(needed))) + 1, 60))]
    sides = [coverage_profile(mass, draws=grid).tolist() for mass in (seen.most, seen.masses)]
    return {
        "lower_bound": bound.low, "largest_possible": bound.largest, "seen": finite(bound.these_prompts), "method": bound.method,
        "warning": bound.statement, "profile": {"N": grid, "low": sides[0], "high": sides[1]},
        "notes": [
            "At most: by the likeliest response seen. At least: by that, and by the probability that is left to responses not seen."
        ],
    }  # fmt: skip


def _tax(group: Group, goal: Goal) -> Content | None:
    """Pass@k less the accuracy of the likeliest of k, paired by prompt, k the largest that every prompt has."""
    draws = draws_of(group)
    rows = estimators.usable(draws)
    if not rows.any() or (k := int(draws.only(rows).counts.min())) < 2:
        return None
    own = draws.only(rows)
    best, some = estimators.best_of_n(own, [k]), estimators.pass_at_k(own.successes, own.counts, k)
    lost = estimators.paired_interval(some, best, goal.level)
    return {
        "k": k, "pass": float(some.mean()), "sharpened": float(best.mean()), **plain_estimate(lost),
        "notes": [f"The answer of the sharpened model is taken to be the likeliest of the {k} draws; with more draws it may change."],
    }  # fmt: skip
