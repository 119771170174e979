"""Lower bounds on samples with adaptive sampling: the least mean cost of any learner on the hard family (Theorem D.2).

An adaptive learner decides for each prompt, after each draw, whether to draw again. Call this module for the mean number of samples that
every such learner needs: exactly on one hard family, the largest such number over all families of a given coverage, and the paper's form.

Statement. Prompts cost nothing and responses one each, so a learner of Def D.1 visits each hard prompt at will. While the secret is
    unseen the state is U, the number of labels not seen. A draw shows the secret with probability 2/M, another unseen label with
    a_U = (U-1)(M-2)/(M(M-1)), else nothing new. Optimal rules draw until the secret is seen or U <= u, with
    error(u) = (1 - 1/u) P[u is reached],   cost(u) = sum_{U > u} P[U is reached]/(2/M + a_U),         (`frontier`)
    and mixtures of neighbouring u: the lower convex hull phi of (error, cost), since the slope between u and u-1 is -1/W(u),
    W(u) = (2 - M/((M-1)u))/M. The exact minimax mean cost is E[m] = d phi(eps/D), 0 if eps/D >= 1 - 1/M   (`minimax_samples`);
    an infimum over the number of prompts, from which `rule_risk` and `rule_samples` say how far a finite number is.
    Explicit form of the paper's bound: E[m] >= (d M/3)(1/(2e) - 2 eps/D)   (`bound`, from Lemma H.4 as corrected).
Assumptions. A1 eps <= 1/16 for Theorem D.2's family, D = 16 eps. The exact cost needs no assumption.
Symbols. d is `hard_prompts`, M `labels`, D `hard_mass`, C `coverage` (C_cov,1/2,p), p `power`; u is `remaining`.
Source. Huang et al., ICLR 2025, arXiv 2412.01951v2, Appendix D (Theorem D.2) and H (Lemma H.4); the exact cost is ours.
Printed. Lemma H.4 has E[error] >= P[m_i <= M/3]/(4e): false, a learner that draws until the secret is seen has error 0.
    P[m_i > M/3] >= 1/(2e) - 2 P[error] holds and suffices. Theorem D.2 has eps anywhere in (0, 1).
"""

import math
from typing import Any, NamedTuple

import numpy as np

from sharpsim._arguments import at_least, checked, count
from sharpsim.theory import _witness as witness
from sharpsim.theory._common import Statement, as_float, require
from sharpsim.theory._family import family
from sharpsim.theory._witness import Necessary

SYMBOLS = {"eps": "eps", "C": "coverage", "d": "hard_prompts", "M": "labels", "Delta": "hard_mass", "p": "power", "m": "samples"}
STATEMENTS = (
    Statement("limits_adaptive", "Thm D.2", "adaptive learners need order C log|Pi|/eps samples on average", "lower", symbols=SYMBOLS),
    Statement("limits_adaptive", "Lemma H.4", "a small error needs more than M/3 draws with some probability", "lower", symbols=SYMBOLS),
    Statement("limits_adaptive", "Adaptive optimum", "the exact least mean cost on the hard family", "identity", symbols=SYMBOLS),
)


class Frontier(NamedTuple):
    """Vertices of the best trade-off of error and cost on one hard prompt, from no draws (`remaining` = M) to certainty (`remaining` = 1).

    All arrays are `[M]`, in order of falling error.
    """

    remaining: np.ndarray
    error: np.ndarray
    cost: np.ndarray


LABELS = count(3, 10**7)
"""The label counts M whose frontier is listed."""


@checked(labels=LABELS)
def frontier(*, labels: int) -> Frontier:
    """(error(u), cost(u)) for u = M, M-1, .., 1: draw until the secret is seen or u labels are left, then guess among those.

    Error from 1 - 1/M down to 0, mean draws from 0 up; convex. Raises `ValueError` for M < 3.
    """
    M = int(labels)
    unseen = np.arange(M, 1, -1, dtype=np.float64)
    new = (unseen - 1) * ((M - 2) / (M * (M - 1)))
    telling = 2 / M + new
    reached = np.concatenate([[1.0], np.cumprod(new / telling)])
    left = np.arange(M, 0, -1)
    return Frontier(left, reached * (1 - 1 / left), np.concatenate([[0.0], np.cumsum(reached[:-1] / telling)]))


@checked(labels=LABELS)
def least_cost(*, labels: int, error: Any) -> Any:
    """phi(r): the least mean number of draws on one hard prompt with mean error at most r = `error`, maybe an array; 0 from 1 - 1/M on.

    Raises `ValueError` for M < 3 and errors that are negative or NaN.
    """
    points = frontier(labels=labels)
    return as_float(np.interp(np.asarray(error, float), points.error[::-1], points.cost[::-1]))


@checked(labels=LABELS)
def minimax_samples(*, eps: float, hard_prompts: int, labels: int, hard_mass: float) -> float:
    """The exact least E[m] with risk at most eps on every member of H(d, M, D): d phi(eps/D), an infimum over the number of prompts.

    0 where a guess suffices, eps/D >= 1 - 1/M. Raises `ValueError` for eps outside (0, 1) and parameters out of range.
    """
    d, M, D = family(hard_prompts, labels, hard_mass)
    return d * least_cost(labels=M, error=eps / D)


@checked(samples=at_least(0), labels=LABELS)
def minimax_risk(*, samples: Any, hard_prompts: int, labels: int, hard_mass: float) -> Any:
    """The least risk of adaptive learners with mean cost at most `samples`, maybe an array; the inverse of `minimax_samples`.

    It is D (1 - 1/M) at 0 samples, and 0 at or above the cost at which the secret is known for certain. Raises `ValueError` for negative
    samples and parameters out of range.
    """
    d, M, D = family(hard_prompts, labels, hard_mass)
    points = frontier(labels=M)
    return as_float(D * np.interp(np.asarray(samples, float) / d, points.cost, points.error))


@checked(labels=LABELS)
def optimal_rule(*, eps: float, hard_prompts: int, labels: int, hard_mass: float) -> float:
    """u, maybe between two whole numbers: draw at a hard prompt until the secret is seen or at most u labels are left.

    If u has the fractional part f, the rule uses ceil(u) with probability f, else floor(u), drawn anew for each prompt. It attains
    `minimax_samples`.
    """
    _, M, D = family(hard_prompts, labels, hard_mass)
    points = frontier(labels=M)
    return float(np.interp(eps / D, points.error[::-1], points.remaining[::-1].astype(float)))


@checked(n=count(0), remaining=at_least(1), labels=LABELS)
def rule_risk(*, n: int, remaining: float, hard_prompts: int, labels: int, hard_mass: float) -> float:
    """Exact risk of the rule with n prompts from mu: a hard prompt that is never drawn, with probability (1 - D/d)^n, is answered by a
    guess.
    """
    _, M, D, log_missed = _visits(n, remaining, hard_prompts, labels, hard_mass)
    points = frontier(labels=M)
    error = float(np.interp(remaining, points.remaining[::-1], points.error[::-1]))
    return D * (-math.expm1(log_missed) * error + math.exp(log_missed) * (1 - 1 / M))


@checked(n=count(0), remaining=at_least(1), labels=LABELS)
def rule_samples(*, n: int, remaining: float, hard_prompts: int, labels: int, hard_mass: float) -> float:
    """Exact mean cost of the rule with n prompts from mu: each hard prompt that occurs costs cost(u) once, d (1 - (1 - D/d)^n) cost(u)."""
    d, M, _, log_missed = _visits(n, remaining, hard_prompts, labels, hard_mass)
    points = frontier(labels=M)
    return d * -math.expm1(log_missed) * float(np.interp(remaining, points.remaining[::-1], points.cost[::-1]))


@witness.at_point
def samples_any_learner_needs(*, eps: float, coverage: float, hard_prompts: int, power: float = 1) -> Necessary:
    """The largest mean number of samples that a hard family with C_cov,1/2,p at most `coverage` forces, and that family; adaptive learners.

    max over M of d phi(eps/D) at the largest D that coverage allows, since phi falls; exact. As eps -> 0 it tends to `samples_limit`, at
    D = 2 eps for p = 1. Raises `ValueError` for eps outside (0, 1), C < 1 or infinite, d < 1, p <= 0, and beyond 1e7 label counts.
    """
    d = int(hard_prompts)

    def at_most(labels: np.ndarray, masses: np.ndarray) -> np.ndarray:
        # Draw until the secret is seen, or do not draw at all: a straight line above the frontier.
        return float(d) * labels / 2 * (1 - eps / masses / (1 - 1 / labels)) * (1 + 1e-12)

    def forced(M: int, mass: float) -> tuple[float, float]:
        return minimax_samples(eps=eps, hard_prompts=d, labels=M, hard_mass=mass), mass

    return witness.strongest(at_most, forced, eps=eps, coverage=coverage, hard_prompts=d, power=power)


@witness.at_point
def samples_limit(*, eps: float, coverage: float, hard_prompts: int, power: float = 1) -> float:
    """The limit of `samples_any_learner_needs` as eps -> 0: p (1+p)^(-1-1/p) (C^p - 1)^(1/p) d eps^(-1/p)."""
    given: dict[str, Any] = {"eps": eps, "coverage": coverage, "hard_prompts": hard_prompts, "power": power}
    return witness.limiting_samples(power * (1 + power) ** (-1 - 1 / power), **given, exponent=1 / power)


@checked
def bound(*, eps: Any, hard_prompts: int, labels: int, hard_mass: float) -> Any:
    """**Lower** bound on E[m] of every adaptive learner with risk eps: (d M/3)(1/(2e) - 2 eps/D), at least 0 (proof of Theorem D.2).

    By Lemma H.4 (corrected) a prompt takes more than M/3 draws with probability at least 1/(2e) - 2 P[error]. `eps` may be an array.
    """
    d, M, D = family(hard_prompts, labels, hard_mass)
    value = d * M / 3 * (1 / (2 * math.e) - 2 * np.asarray(eps, float) / D)
    return as_float(np.maximum(0.0, np.nextafter(value, 0)))


@witness.at_point
def samples_bound(*, eps: float, coverage: float, hard_prompts: int, power: float = 1) -> float:
    """**Lower** bound: Theorem D.2 with its proof's constant, `bound` at D = 16 eps and M = floor(2 ((C^p - 1 + D)/D)^(1/p)): 0.0196 d M.

    Raises `AssumptionError` for eps > 1/16, where the theorem does not apply.
    """
    require(checks(eps=eps, coverage=coverage, hard_prompts=hard_prompts, power=power))
    mass = witness.PROOF_FACTOR * eps
    labels = witness.labels_within(mass, coverage=coverage, power=power)
    return bound(eps=eps, hard_prompts=hard_prompts, labels=labels, hard_mass=mass)


@witness.at_point
def printed_rate(*, eps: Any, coverage: float, log_class_size: float, power: float = 1) -> Any:
    """C log|Pi|/(eps^(1/p) (1 + log(C eps^(-1/p)))), Theorem D.2 without its constant c; a rate, no bound."""
    return witness.printed_rate(eps=eps, coverage=coverage, log_class_size=log_class_size, power=power, exponent=1 / power)


@witness.at_point
def checks(*, eps: float, coverage: float, hard_prompts: int, power: float = 1) -> dict[str, float]:
    """Signed slacks of the theorem's regime: `small_eps` (A1) 1/16 - eps, `labels` M - 3 at D = min(1, 16 eps)."""
    mass = min(1.0, witness.PROOF_FACTOR * eps)
    return {"small_eps": 1 / witness.PROOF_FACTOR - eps, "labels": float(witness.labels_within(mass, coverage=coverage, power=power) - 3)}


def _visits(n: int, remaining: float, hard_prompts: int, labels: int, hard_mass: float) -> tuple[int, int, float, float]:
    d, M, D = family(hard_prompts, labels, hard_mass)
    if remaining > M:
        raise ValueError(f"`remaining` must be in [1, labels] = [1, {M}]; got {remaining!r}.")
    return d, M, D, int(n) * math.log1p(-D / d) if d > D else (0.0 if n == 0 else -math.inf)
