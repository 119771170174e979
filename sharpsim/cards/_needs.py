"""What self-training would need: SFT-Sharpening by Theorem 4.1 and by its exact risk, and DPO's beta from the margin (Theorem 4.2)."""

import math
from typing import Any

import numpy as np

from sharpsim import coverage
from sharpsim._logspace import normalise
from sharpsim.cards._goal import Goal
from sharpsim.cards._text import finite
from sharpsim.theory import dpo, sft

TWO_POLICIES = math.log(2)
Content = dict[str, Any]


def needs(log_probs: np.ndarray, masses: np.ndarray, weights: np.ndarray, *, goal: Goal, whole: bool) -> Content:
    """The section "needs" of a card.

    `log_probs`: what is known of each prompt's distinct responses, `[prompts, k]`, likeliest first, padded with -inf. `masses`: lower ends
    of base(Y*|x). `whole`: whether no response is missing; otherwise margin and beta are upper ends, and draws needed hold for the
    likeliest responses known.
    """
    cover = float(weights @ (1 / masses))
    exact = sft.least_memorised(masses, weights, eps=goal.eps, delta=goal.delta)
    classes = {"two policies": TWO_POLICIES, "trained": goal.log_class_size}
    return {
        "eps": goal.eps, "delta": goal.delta, "rho": goal.rho, "parameters": goal.parameters, "whole": whole,
        "coverage": finite(cover),
        "sft_exact": {name: finite(value) for name, value in exact._asdict().items()},
        "sft_theorem": [{"class": name, **_by_theorem(size, cover, exact, goal)} for name, size in classes.items()],
        "dpo": _dpo(log_probs, weights, cover=cover, goal=goal),
    }  # fmt: skip


def _by_theorem(log_class_size: float, cover: float, exact: sft.Memorised, goal: Goal) -> Content:
    """What Theorem 4.1' asks for, and what it promises with what the exact risk needs: at 1 or above that is vacuous."""
    row: Content = {"log_class_size": log_class_size, "n": None, "N": None, "samples": None, "bound_at_exact": None, "vacuous": True}
    if not math.isfinite(cover):
        return row
    asked = sft.samples_needed(log_class_size=log_class_size, eps=goal.eps, delta=goal.delta, rho=goal.rho, coverage=cover)
    row |= {"n": float(asked.n), "N": float(asked.N), "samples": float(asked.samples)}
    if math.isfinite(exact.samples):
        bound = sft.bound(
            log_class_size=log_class_size, n=exact.n, N=exact.N, delta=goal.delta, rho=goal.rho, coverage=cover
        )  # fmt: skip
        row |= {"bound_at_exact": finite(float(bound)), "vacuous": bool(bound >= 1)}
    return row


def _dpo(log_probs: np.ndarray, weights: np.ndarray, *, cover: float, goal: Goal) -> Content:
    table = normalise(log_probs, np)
    margin = float(coverage.margin(table, weights))
    responses = int((log_probs > -np.inf).sum(axis=1).max())
    row: Content = {"margin": finite(margin), "responses": responses, "beta": finite(dpo.beta_exact(table, weights, delta=goal.delta))}
    row |= {"every_beta": math.isinf(dpo.beta_exact(table, weights, delta=goal.delta)), "beta_printed": None, "pairs": None, "why": ""}
    if not 0 < margin < math.inf:
        return row | {"why": "every response with mass is a mode" if margin else "two responses tie"}
    row["beta_printed"] = dpo.beta_printed(margin=margin, responses=responses, delta=goal.delta)
    loss = responses * float(weights @ np.exp(table.max(axis=1)))
    shared: Content = {"eps": goal.eps, "delta": goal.delta, "margin": margin}
    try:
        beta = dpo.beta_for_risk(concentrability=cover, **shared)
        asked = dpo.samples_needed(
            log_class_size=TWO_POLICIES, rho=goal.rho, beta=beta, concentrability=cover, loss_moment=max(loss, 1.0), **shared
        )
    except (ValueError, OverflowError):
        return row | {"why": "the theorem's bound cannot reach the goal with numbers that a computer holds"}
    return row | {"beta_of_theorem": beta, "pairs": float(asked.n)}
