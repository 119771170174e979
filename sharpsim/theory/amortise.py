"""SFT-Sharpening of sequence models: bounds on what a tuned policy can reach (the paper's Figures 7-9; parts ours).

The paper trains a policy on best-of-N responses and plots its accuracy and its likelihood under base. Call this module to compare such a
policy with exact limits: no policy's mean log-likelihood exceeds that of the modes (the ceiling); a policy near the ceiling, or near the
law of best of N, must be sharpened on most prompts; and a small distance from that law bounds the difference in accuracy.

Statement. base the model, pi any policy (the tuned one), P*(x) = max_y base(y|x), gap(x) = log P*(x) - max of log base outside Y*(x),
S(x) = log P*(x) - E_{y~pi} log base(y|x) the shortfall, D(x) = D_H^2(pi, pi_N)(x) with pi_N the law of best of N. Then

    E_x E_{y~pi} log base(y|x) <= E_x log P*(x), with equality iff pi lives on Y*                                 (Likelihood ceiling)
    1 - pi(Y*(x)|x) <= S(x)/gap(x), so P_x[pi(Y*|x) <= 1-delta] <= max{ sum mu t : 0 <= t <= 1,
        sum mu delta gap t <= E S }  <=  E S / (delta log(1+g_m))                                                  (Shortfall)
    P_x[pi(Y*|x) <= 1-delta] <= max{ sum mu t : 0 <= t <= 1, sum mu c t <= E D }, c = h(delta, b) where
        b = (1 - base(Y*|x))^N < delta, else 0                                                      (Thm 4.1' with E D measured)
    |E pi(f) - E pi_N(f)| <= span(f) sqrt(E D (1 - E D/4)): accuracy has span 1, max(log base, floor) span -floor  (Figures 7, 8)
    E log base under pi_N does not fall with N, and ends at the ceiling                                            (Figure 9)

Assumptions. A1 (`whole`) head and rest of base add up to 1. A2 (`mode_found`) a mode is certified. A3 (`policy`) pi's probabilities on the
head add up to at most 1. None on how pi was made: with the distance measured, Thm 4.1' needs neither realizability nor a finite class.

Symbols. S: shortfall; D: distance; gap: gaps; delta, N as printed; mu: prompt_weights; g_m: margin, min over x of exp(gap) - 1.

Source. Huang et al., ICLR 2025, arXiv 2412.01951v2, section 4.1, Thm 4.1', proof of Thm 4.2'; Figures 7-9 and Table 1.

Printed. The paper shows no bound in these figures. D_H^2 has no factor 1/2.
"""

from typing import Any

import numpy as np

from sharpsim import _checks
from sharpsim._arguments import HEAD, checked
from sharpsim.laws import WHOLE_TOLERANCE, Band, KeptLaw
from sharpsim.theory._common import Statement, as_float, hellinger, round_up
from sharpsim.theory._family import afford, fill

__all__ = [
    "STATEMENTS",
    "checks",
    "distance_needed",
    "distance_of_variation",
    "gaps",
    "likelihood_ceiling",
    "policy_law",
    "shortfall_needed",
    "squared_hellinger",
    "unsharpened",
    "unsharpened_from_distance",
    "unsharpened_from_shortfall",
    "variation_bound",
]
_GUARD = 1e-9
"""Masses within this of 1 - delta fail."""


@checked
def likelihood_ceiling(mode_log_probs: Any, prompt_weights: Any) -> float:
    """**Upper** bound E_x log P*(x) in nats, at most 0, on E_x E_{y~pi} log base(y|x) of any policy; attained by policies on Y*."""
    return float(np.asarray(mode_log_probs, np.float64) @ np.asarray(prompt_weights, np.float64))


@checked(log_probs=HEAD)
def gaps(log_probs: Any, tail_bound: Any) -> np.ndarray:
    """log P*(x) - max of log base outside Y*(x), in nats and above 0, from a head [prompts, k] of base; a certified lower bound.

    Raises `ValueError` for NaN, and where no mode is certified.
    """
    table, edge = np.asarray(log_probs, np.float64), np.asarray(tail_bound, np.float64)
    top = table.max(axis=1)
    if not np.all(top > edge):
        raise ValueError(f"`log_probs` must hold a certified mode in every row; row {int(np.argmin(top - edge))} has none.")
    return top - np.maximum(np.where(table < top[:, None], table, -np.inf).max(axis=1), edge)


@checked
def unsharpened(masses: Any, prompt_weights: Any, *, delta: float) -> float:
    """P_x[pi(Y*|x) <= 1 - delta] from pi's masses on Y*(x); equality fails (Definition 3.1), with a guard of 1e-9."""
    return float(np.asarray(prompt_weights, np.float64)[np.asarray(masses) <= 1 - delta + _GUARD].sum())


@checked
def unsharpened_from_shortfall(gaps: Any, prompt_weights: Any, *, shortfall: float, delta: float) -> float:
    """**Upper** bound on P_x[pi(Y*|x) <= 1 - delta] given E_x S(x) in nats: a failing prompt costs delta gap(x), cheapest first; in [0, 1].

    Raises `ValueError` for delta outside (0, 1), gaps not positive, a negative shortfall.
    """
    return afford(delta * np.asarray(gaps, np.float64), prompt_weights, budget=shortfall)


@checked
def shortfall_needed(gaps: Any, prompt_weights: Any, *, eps: float, delta: float) -> float:
    """The inverse: the least mean shortfall in nats with which a fraction `eps` of prompts can fail."""
    return _cost(delta * np.asarray(gaps, np.float64), prompt_weights, eps)


@checked
def unsharpened_from_distance(mode_masses: Any, prompt_weights: Any, *, distance: float, N: int, delta: float) -> float:
    """**Upper** bound on P_x[pi(Y*|x) <= 1 - delta] given E_x D_H^2(pi, pi_N): the instance form of Thm 4.1', the distance for e_stat.

    `mode_masses` are base(Y*|x). In [0, 1]. Raises `ValueError` for delta outside (0, 1), N below 1, distance outside [0, 2].
    """
    return fill(_miss(mode_masses, N=N, delta=delta), prompt_weights, delta=delta, error=distance)


@checked
def distance_needed(mode_masses: Any, prompt_weights: Any, *, eps: float, N: int, delta: float) -> float:
    """The inverse: the least E_x D_H^2(pi, pi_N) with which a fraction `eps` of prompts can fail; 0 where N draws leave that many prompts
    uncovered.
    """
    miss = _miss(mode_masses, N=N, delta=delta)
    return _cost(np.where(miss < delta, hellinger(delta, np.minimum(miss, delta)), 0.0), prompt_weights, eps)


@checked
def variation_bound(*, distance: Any) -> Any:
    """**Upper** bound sqrt(D (1 - D/4)) on the mean total variation, given mean D_H^2 = D in [0, 2]; in [0, 1], by concavity for means.

    Raises `ValueError` for D outside [0, 2].
    """
    D = np.asarray(distance, np.float64)
    return as_float(np.minimum(round_up(np.sqrt(D * (1 - D / 4))), 1.0))


@checked
def distance_of_variation(*, variation: Any) -> Any:
    """The inverse: 2 - 2 sqrt(1 - t^2), the least D_H^2 at which `variation_bound` reaches t in [0, 1]."""
    t = np.asarray(variation, np.float64)
    # 2 - 2 sqrt(1-t^2) without its cancellation.
    return as_float(2 * t**2 / (1 + np.sqrt(1 - t**2)))


@checked(log_policy=HEAD)
def policy_law(log_policy: Any) -> KeptLaw:
    """The law of pi restricted to base's head: its probabilities there, [prompts, k] (-inf pads), and the mass of all other responses.

    Raises `ValueError` for NaN and rows above 1 by more than rounding.
    """
    table = np.asarray(log_policy, np.float64)
    found = np.exp(table)
    over = found.sum(axis=1) - 1
    if np.isnan(table).any() or not np.all(over <= WHOLE_TOLERANCE):
        raise ValueError(f"`log_policy` must have rows that sum to at most 1, without NaN; one is {over.max()!r} above.")
    return KeptLaw(found / np.maximum(1.0, 1 + over)[:, None], np.maximum(-over, 0.0))


@checked(log_probs=HEAD)
def squared_hellinger(kept: KeptLaw, policy: KeptLaw, log_probs: Any, tail_bound: Any) -> Band:
    """D_H^2(pi, pi_N) of each prompt, in [0, 2]: exact on base's certified head; the rest counts as one response (lower end) or as
    disjoint ones (upper end).
    """
    _checks.same_shape("kept.found", kept.found, "policy.found", policy.found)
    _checks.same_shape("kept.found", kept.found, "log_probs", log_probs)
    above = np.asarray(log_probs, np.float64) > np.asarray(tail_bound, np.float64)[:, None]
    p, q = np.where(above, kept.found, 0.0), np.where(above, policy.found, 0.0)
    known = ((np.sqrt(p) - np.sqrt(q)) ** 2).sum(axis=1)
    # What is not compared, summed: as 1 minus the rest of it a small remainder would be rounding.
    rest_p, rest_q = (law.unknown + np.where(above, 0.0, law.found).sum(axis=1) for law in (kept, policy))
    return Band(known + (np.sqrt(rest_p) - np.sqrt(rest_q)) ** 2, np.minimum(known + rest_p + rest_q, 2.0))


@checked(log_probs=HEAD, log_policy=HEAD)
def checks(log_probs: Any, remaining_mass: Any, tail_bound: Any, log_policy: Any) -> dict[str, float]:
    """Signed slacks, least over prompts: `whole`: 1e-4 less how far base's mass is from 1; `mode_found`: top less tail bound, nats;
    `policy`: 1e-4 less what pi's mass on the head has above 1.
    """
    table, left, edge = (np.asarray(a, np.float64) for a in (log_probs, remaining_mass, tail_bound))
    lead = float((table.max(axis=1) - edge).min())
    return {
        "whole": float(WHOLE_TOLERANCE - np.abs(np.exp(table).sum(axis=1) + left - 1).max()),
        "mode_found": lead if lead > 0 else min(lead, -np.finfo(np.float64).tiny),
        "policy": float(WHOLE_TOLERANCE - (np.exp(np.asarray(log_policy, np.float64)).sum(axis=1) - 1).max()),
    }


def _miss(mode_masses: Any, *, N: int, delta: float) -> np.ndarray:
    """(1 - base(Y*|x))^N."""
    p = np.asarray(mode_masses, np.float64)
    with np.errstate(divide="ignore"):
        return np.exp(float(N) * np.log1p(-np.minimum(p, 1.0)))


def _cost(price: np.ndarray, prompt_weights: Any, eps: float) -> float:
    """min{ sum mu price t : 0 <= t <= 1, sum mu t >= eps }: the inverse of `afford`."""
    order = np.argsort(price)
    weights = np.asarray(prompt_weights, np.float64)[order]
    before = np.concatenate([[0.0], np.cumsum(weights)[:-1]])
    return float((np.clip(eps - before, 0.0, weights) * price[order]).sum())


_SYMBOLS = {
    "S": "shortfall",
    "D": "distance",
    "gap": "gaps",
    "delta": "delta",
    "N": "N",
    "mu": "prompt_weights",
}
_OURS = "ours"
STATEMENTS = (
    Statement("amortise", "Figure 7", "accuracy is within sqrt(D(1-D/4)) of best of N's", "upper", symbols=_SYMBOLS, source=_OURS),
    Statement("amortise", "Figure 8", "cut log-likelihood is within -floor sqrt(D(1-D/4))", "upper", symbols=_SYMBOLS, source=_OURS),
    Statement("amortise", "Figure 9", "log-likelihood under pi_N does not fall with N", "upper", symbols=_SYMBOLS, source=_OURS),
    Statement("amortise", "Likelihood ceiling", "no policy's mean log base is above E log P*", "upper", symbols=_SYMBOLS, source=_OURS),
    Statement("amortise", "Shortfall", "mean shortfall bounds the unsharpened fraction", "upper", symbols=_SYMBOLS, source=_OURS),
    Statement("amortise", "Thm 4.1' (distance measured)", "distance to pi_N bounds the unsharpened fraction", "upper", symbols=_SYMBOLS),
)
