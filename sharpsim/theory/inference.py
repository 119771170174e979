"""Inference-time sharpening of sequence models, exact up to a certified error (ours; the paper's Figures 1-6).

The paper estimates accuracy and likelihood of best of N from draws. Here best-first search lists the most likely responses of a model, the
head of its distribution, with the mass of the rest. Call this module to get lower and upper ends for accuracy, mean log-likelihood,
pass@N and majority vote at any N from such a head, and for the sign of the first lift of sharpening.

Statement. Best-first search (label "Search") returns responses of pi(.|x), the mass R of all others, and a b such that log pi(y|x) <= b
for each of these. Call found responses with log pi > b *above*; let U be the mass of the found that are not above. Then for best of N

    P[kept = y] = the exact law, for y above;     P[kept is above] = 1 - (U + R)^N;
    P[nothing above was drawn, and something not found] = (U + R)^N - U^N =: w_N,  and what is kept then has log pi <= b;

elsewhere the exact law again. So P[correct] lies in [a_N, a_N + w_N] and E[max(log pi(kept), f)] in [m_N + w_N f, m_N + w_N b], with a_N
and m_N from the known part and a floor f < b. All that was not found may be correct, or none. For another self-reward the same with
r(y) <= r_b in place of log pi <= b (length-normalised: r_b = b/H, as log pi <= b <= 0 and |y| <= H).

    P[some of N draws is correct] = 1 - (1-c)^N,  c in [c_found, c_found + R]                                         (pass@N)
    the mode is found within min(1 + (H-1) floor(1/q), E|y|/q) <= H/q expansions, q = (1-g) P*                        (Search)
    d/d(1/beta) P_{tilted}[correct] at 0 = Cov_base(correct, log pi),  the sign of the first lift of sharpening       (lift)
    mu{x : pi(Y*(x)|x) < 1/N} <= C_cov / N,  C_cov = E 1/pi(Y*(x)|x)                                                  (coverage)

Assumptions. A1 (`whole`): mass found and R add up to 1. A2 (`mode_found`): something found is above b. A3 (`sorted`): rows descend.

Symbols. R: remaining_mass; b: tail_bound; f: floor; N: draws; H: horizon; P*: mode_probability; g: slack; C_cov: coverage.

Source. Huang et al., ICLR 2025, arXiv 2412.01951v2, section 3 and Figures 1-6; the band, search and lift: ours.

Printed. The paper estimates the curves from 50 draws; here they are exact up to the band.

Arrays are [prompts, k], rows padded with log-probability -inf; `remaining_mass`, `tail_bound` are [prompts]. Laws are divided by their sum.
"""

import math
from dataclasses import replace
from typing import Any

import numpy as np

from sharpsim import _checks
from sharpsim._arguments import HEAD, POSITIVE, REAL, arrays, at_least, checked
from sharpsim._logspace import logsumexp
from sharpsim.estimators import subsample_weights
from sharpsim.laws import WHOLE_TOLERANCE, Band, KeptLaw, certified_head, kept_law, kept_laws
from sharpsim.theory._common import Statement, as_float

__all__ = [
    "STATEMENTS",
    "Band",
    "KeptLaw",
    "accuracy",
    "checks",
    "coverage",
    "coverage_profile",
    "expansions_bound",
    "kept_law",
    "kept_laws",
    "lift_predictor",
    "log_prob_variance",
    "majority_limit",
    "mean_log_prob",
    "mode_mass",
    "mode_probability",
    "mode_probability_needed",
    "pass_at",
    "saturation",
    "subsample_weights",
]


@checked
def accuracy(law: KeptLaw, correct: Any) -> Band:
    """P[the kept response is correct] of each prompt, in [0, 1]; `correct` is true or false, [prompts, k]."""
    _checks.same_shape("law.found", law.found, "correct", correct)
    _checks.no_nan("law.found", law.found)
    known = np.where(np.asarray(correct, dtype=bool), law.found, 0.0).sum(axis=1)
    return Band(known, np.minimum(known + law.unknown, 1.0))


@checked(log_probs=HEAD)
def mean_log_prob(law: KeptLaw, log_probs: Any, tail_bound: Any, *, floor: float) -> Band:
    """E[max(log pi(kept), floor)] in nats of each prompt, for the log-likelihood reward (`tail_bound` bounds log pi); in [floor, 0].

    The floor is needed because a head gives no lower bound on the mean of log pi itself. Raises `ValueError` for floor not negative and
    finite.
    """
    values, edge = _cut(law, log_probs, tail_bound, floor)
    known = np.sum(law.found * values, axis=1)
    return Band(known + law.unknown * floor, known + law.unknown * np.where(law.unknown > 0, np.maximum(edge, floor), 0.0))


@checked(log_probs=HEAD)
def log_prob_variance(law: KeptLaw, log_probs: Any, tail_bound: Any, *, floor: float) -> np.ndarray:
    """An upper bound on Var[max(log pi(kept), floor)], nats^2, of each prompt: the unknown part counts at the floor, and the mean at its
    upper end.
    """
    values, _ = _cut(law, log_probs, tail_bound, floor)
    second = np.sum(law.found * values**2, axis=1) + law.unknown * floor**2
    return np.maximum(second - mean_log_prob(law, log_probs, tail_bound, floor=floor).upper ** 2, 0.0)


@checked(log_probs=HEAD, draws=at_least(1))
def pass_at(log_probs: Any, correct: Any, remaining_mass: Any, *, draws: float) -> Band:
    """1 - (1-c)^N, the probability that one of N draws is correct, with the found and with all remaining mass counted correct."""
    table, left, _ = certified_head(log_probs, remaining_mass, np.zeros(len(log_probs)))
    mass = np.exp(table).sum(axis=1) + left
    found = np.where(np.asarray(correct, dtype=bool), np.exp(table), 0.0).sum(axis=1) / mass
    with np.errstate(divide="ignore"):
        ends = [-np.expm1(float(draws) * np.log1p(-np.minimum(c, 1.0))) for c in (found, found + left / mass)]
    return Band(*ends)


@checked(log_probs=HEAD)
def majority_limit(log_probs: Any, answers: Any, correct: Any, remaining_mass: Any) -> Band:
    """Whether the majority vote of N -> inf draws is correct: [0, 0], [1, 1], or [0, 1] where the remaining mass could change the vote.

    `answers` are labels 0..k-1 of the found responses, [prompts, k]; equal answers are equally correct.
    """
    table, left, _ = certified_head(log_probs, remaining_mass, np.zeros(len(log_probs)))
    labels, right = np.asarray(answers), np.asarray(correct, dtype=bool)
    lower, upper = np.zeros(len(table)), np.zeros(len(table))
    for row, (log_row, label) in enumerate(zip(table, labels, strict=True)):
        votes = np.bincount(label, weights=np.exp(log_row))
        top = int(votes.argmax())
        second = np.delete(votes, top).max(initial=0.0)
        verdict = bool(right[row, np.flatnonzero(label == top)[0]])
        certain = votes[top] > second + left[row]
        lower[row], upper[row] = verdict and certain, verdict or not certain
    return Band(lower, upper)


@checked(draws=arrays(POSITIVE, "grid"), low=arrays(REAL, "grid"), high=arrays(REAL, "grid"))
def saturation(draws: Any, low: Any, high: Any, *, limit: float, tolerance: float) -> float:
    """The least N of the grid from which on both ends of the band stay within `tolerance` of `limit`; inf if there is none."""
    outside = np.flatnonzero((np.asarray(low) < limit - tolerance) | (np.asarray(high) > limit + tolerance))
    first = int(outside[-1]) + 1 if outside.size else 0
    return float(np.asarray(draws)[first]) if first < len(np.asarray(draws)) else math.inf


@checked(log_probs=HEAD)
def mode_mass(log_probs: Any, tail_bound: Any) -> np.ndarray:
    """pi(Y*(x)|x) of each prompt in (0, 1]: exact ties counted. Raises `ValueError` where no mode is certified."""
    table, edge = np.asarray(log_probs, dtype=np.float64), np.asarray(tail_bound, dtype=np.float64)
    top = table.max(axis=1)
    if not np.all(top > edge):
        raise ValueError(
            f"`log_probs` must hold a certified mode in every row; row {int(np.argmin(top - edge))} has none above `tail_bound`."
        )
    return np.exp(logsumexp(np.where(table == top[:, None], table, -np.inf), np))


@checked(log_probs=HEAD)
def mode_probability(log_probs: Any, tail_bound: Any, incumbent: Any) -> Band:
    """P*(x) of each prompt, in [exp(i), exp(max(i, b))]: a single value where i is above b, because the response that has it is then the
    mode.

    i, `incumbent` [prompts], is the largest log-probability that is known of a response, found by the search or otherwise.
    Raises `ValueError` for an incumbent below what `log_probs` hold, above 0, or NaN.
    """
    known, edge = np.asarray(incumbent, dtype=np.float64), np.asarray(tail_bound, dtype=np.float64)
    top = np.asarray(log_probs, dtype=np.float64).max(axis=1)
    if not np.all((known >= top) & (known <= 0)):
        raise ValueError(f"`incumbent` must be at least every entry of `log_probs` and at most 0; got {known.min()}..{known.max()}.")
    return Band(np.exp(known), np.exp(np.maximum(known, np.minimum(edge, 0.0))))


@checked
def coverage(masses: Any) -> float:
    """C_cov = E 1/pi(Y*(x)|x) under uniform prompts, in [1, inf], from `mode_mass`. Raises `ValueError` for NaN."""
    return float(np.mean(1 / np.asarray(masses)))


@checked(draws=POSITIVE)
def coverage_profile(masses: Any, *, draws: Any) -> np.ndarray:
    """The fraction of prompts with pi(Y*(x)|x) < 1/N for each N of `draws`, in [0, 1]; by Markov at most C_cov/N."""
    return np.mean(np.asarray(masses) * np.asarray(draws, dtype=np.float64)[..., None] < 1 - 1e-12, axis=-1)


@checked
def expansions_bound(*, mode_probability: Any, horizon: int, slack: float) -> Any:
    """H/((1-g) P*): an upper bound on the expansions after which best-first search has found Y*_g and proven it.

    Raises `ValueError` for P* outside (0, 1], slack outside [0, 1), a horizon below 1.
    """
    p = np.asarray(mode_probability, dtype=np.float64)
    return as_float(horizon / ((1 - slack) * p))


@checked
def mode_probability_needed(*, expansions: Any, horizon: int, slack: float) -> Any:
    """H/((1-g) m), the inverse: every prompt with P* at least this has Y*_g proven within m expansions (above 1: none is promised)."""
    return as_float(horizon / ((1 - slack) * np.asarray(expansions, dtype=np.float64)))


@checked(log_probs=replace(HEAD, then=_checks.some_mass))
def lift_predictor(log_probs: Any, correct: Any) -> np.ndarray:
    """Cov(correct, log pi) in nats of each prompt, under the found part of the law, normalised: positive predicts that sharpening helps.

    It is the derivative of the accuracy of the normalised pi^(1+t) at t = 0. Best of N is another family of laws, for which it is a
    prediction.
    """
    table, right = np.asarray(log_probs, dtype=np.float64), np.asarray(correct, dtype=bool)
    probs = np.exp(table - logsumexp(table, np)[:, None])
    centred = np.where(table > -np.inf, table, 0.0)
    centred = centred - np.sum(probs * centred, axis=1, keepdims=True)
    return np.sum(probs * right * centred, axis=1)


@checked(log_probs=HEAD)
def checks(log_probs: Any, remaining_mass: Any, tail_bound: Any) -> dict[str, float]:
    """Signed slacks, least over prompts: `whole`: 1e-4 less how far mass is from 1; `mode_found`: top less b; `sorted`: least step down."""
    table, left, edge = (np.asarray(a, dtype=np.float64) for a in (log_probs, remaining_mass, tail_bound))
    off = np.abs(np.exp(table).sum(axis=1) + left - 1)
    with np.errstate(invalid="ignore"):
        steps = np.where(table[:, 1:] == table[:, :-1], 0.0, table[:, :-1] - table[:, 1:])
    lead = float((table.max(axis=1) - edge).min())
    return {
        "whole": float(WHOLE_TOLERANCE - off.max()),
        "mode_found": lead if lead > 0 else min(lead, -np.finfo(np.float64).tiny),
        "sorted": float(steps.min(initial=np.inf)),
    }


def _cut(law: KeptLaw, log_probs: Any, tail_bound: Any, floor: float) -> tuple[np.ndarray, np.ndarray]:
    _checks.same_shape("law.found", law.found, "log_probs", log_probs)
    _checks.no_nan("log_probs", log_probs)
    _checks.no_nan("tail_bound", tail_bound)
    table, edge = np.asarray(log_probs, dtype=np.float64), np.asarray(tail_bound, dtype=np.float64)
    return np.maximum(table, floor), edge


_SYMBOLS = {
    "R": "remaining_mass",
    "b": "tail_bound",
    "N": "draws",
    "H": "horizon",
    "P*": "mode_probability",
    "g": "slack",
    "C_cov": "coverage",
}
_OURS = "ours"
STATEMENTS = (
    Statement("inference", "Figure 3", "accuracy of best of N lies in the certified band", "identity", symbols=_SYMBOLS, source=_OURS),
    Statement(
        "inference", "Figure 4", "mean log-probability of best of N lies in the certified band", "identity", symbols=_SYMBOLS, source=_OURS
    ),
    Statement("inference", "Figure 2c", "pass@N is 1 - (1-c)^N", "identity", symbols=_SYMBOLS, source=_OURS),
    Statement("inference", "Search", "the mode is proven within H/((1-g) P*) expansions", "upper", symbols=_SYMBOLS, source=_OURS),
    Statement("inference", "C_cov (profile)", "at most C_cov/N of prompts are uncovered at N", "upper", symbols=_SYMBOLS),
)
