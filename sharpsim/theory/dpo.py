"""RLHF-Sharpening by DPO: the tilted target, its coefficients, regret and risk (Lemmas 4.1', J.1-J.3, Thm 4.2').

DPO fits a policy to pairs of base responses, with log base as the reward, and aims at the tilted base pi_beta. Call this module for the
share of prompts on which the fitted policy is not sharpened: the bound, the pairs that it asks for, and the exact risk on small classes.

Statement. pi_beta ~ base exp(r/beta) has zero DPO loss, the reward being free of noise, and so has every minimiser over a class that
    contains it. With probability >= 1 - rho every zero-loss pi has P[f_pi != 0] <= L/n, L = log(|Pi|/rho), and, r = log base,
    regret J(pi°) - J(pihat) <= 2 sqrt(C_conc) sqrt( min_B 4 B^2 L/n + K sqrt(4 C_loss e^-B) ) + beta log C_conc,   (`regret_bound`)
    P_x[pihat(Y*|x) <= 1 - delta] <= regret / (delta log(1 + g_m)),                                                 (`bound`)
    pi° base restricted to Y*, K^2 = 16 (k^4 + 4(k^3 + 3k^2 + 6k + 6)), k = log(2 C_loss); closed and smaller: `bound_sharp`.
    Ours, by the same event but without regret: the risk falls as C L/(delta^2 n) (`bound_zero_loss`).
Assumptions. A1 pi_beta is in Pi. A2 0 < beta <= 1. A3 margin g_m (Assumption 4.2). A4 C_conc >= max(C_cov, sup_Pi C_pi), C_loss >=
    sup_Pi C_{base/pi;beta}. A5 independent pairs of base responses with exact likelihoods.
Symbols. gamma_margin is `margin`, gamma `slack`, C_conc `concentrability`, C_loss `loss_moment`, n pairs: m = 2n samples.
Source. Huang et al., ICLR 2025, arXiv 2412.01951v2, section 4.2 and Appendix J.
Printed. C_conc is a supremum over Pi, but the comparator is outside; beta free, but Lemma J.1 needs beta <= 1 and log(2C) + s for
    log(2C + s); C_cov,g/(1-g) in Lemma 4.1' is false for beta < 1; the margin with slack needs max_y on the left (Assumption J.2).
"""

import math
from typing import Any, NamedTuple

import numpy as np

from sharpsim import coverage, laws
from sharpsim._arguments import POSITIVE, SHARE, at_least_one, checked
from sharpsim._logspace import normalise
from sharpsim.sharpness import maximisers
from sharpsim.theory._common import Statement, as_float, round_up
from sharpsim.theory._pairs import FamilyRisk, PairRisk, exact_risk, realizability
from sharpsim.theory._residual import (
    disagreement,
    disagreement_bound,
    log_ratio_fourth_moment,
    log_ratio_quantile,
    log_ratio_tail,
    residual_fourth_moment,
    residual_moment,
    residuals,
    squared_residual,
    squared_residual_given,
    squared_residual_sharp,
)
from sharpsim.theory._tilt import (
    beta_by_bias,
    beta_exact,
    beta_printed,
    bias,
    bias_bound,
    class_coefficients,
    concentrability_bound,
    target_loss_moment_bound,
)
from sharpsim.theory._zero_loss import bound_zero_loss, least_disagreement, pairs_needed_zero_loss

__all__ = [
    "FamilyRisk", "PairRisk", "STATEMENTS", "SamplesNeeded", "beta_by_bias", "beta_exact", "beta_for_risk", "beta_printed", "bias",
    "bias_bound", "bound", "bound_sharp", "bound_slack", "bound_without_margin", "bound_zero_loss", "checks", "class_coefficients",
    "concentrability_bound", "disagreement", "disagreement_bound", "exact_risk", "least_disagreement", "log_ratio_fourth_moment",
    "log_ratio_quantile", "log_ratio_tail", "pairs_needed_zero_loss", "regret", "regret_bound", "regret_bound_sharp",
    "regret_from_residual", "residual_fourth_moment", "residual_moment", "residuals", "risk_from_regret", "samples_needed",
    "squared_residual", "squared_residual_given", "squared_residual_sharp", "target", "target_loss_moment_bound",
]  # fmt: skip

SYMBOLS = {
    "gamma_margin": "margin", "gamma": "slack", "C_conc": "concentrability", "C_loss": "loss_moment", "beta": "beta", "n": "n",
    "delta": "delta", "rho": "rho", "log|Pi|": "log_class_size",
}  # fmt: skip
STATEMENTS = (
    Statement(
        "dpo", "Lemma 4.1'", "the tilted base's concentrability is at most coverage, its loss moment at most |Y|", "upper", symbols=SYMBOLS
    ),
    Statement("dpo", "Lemma J.1", "the log-ratio's tail under the base is exponential", "upper", symbols=SYMBOLS),
    Statement("dpo", "Lemma J.2", "the DPO residual has a fourth moment of order log^4 C_loss", "upper", symbols=SYMBOLS),
    Statement("dpo", "Lemma J.3", "a margin turns regret into mass on the maximisers", "upper", symbols=SYMBOLS),
    Statement("dpo", "Thm 4.2'", "DPO sharpens, polynomially in C_conc, 1/margin, 1/delta, 1/eps", "upper", symbols=SYMBOLS),
    Statement("dpo", "Thm 4.2' (zero loss)", "without noise DPO's risk falls as C/(delta^2 n), at any margin", "upper", symbols=SYMBOLS),
)


@checked(beta=SHARE)
def regret_bound(*, log_class_size: float, n: Any, rho: float, beta: float, concentrability: float, loss_moment: float) -> Any:
    """**Upper** bound on J(pi°) - J(pihat), nats, true with probability 1 - rho; J(pi) = E_pi[log base], pi° base restricted to Y*.

    2 sqrt(C_conc) sqrt(min_B ..) + beta log C_conc. inf for an infinite class or coefficient. n may be an array.
    Raises `ValueError` for beta outside (0, 1], coefficients below 1, n below 1, rho outside (0, 1), log class size negative.
    """
    concentrability = at_least_one(concentrability)
    square = squared_residual(log_class_size=log_class_size, n=n, rho=rho, loss_moment=loss_moment)
    return as_float(round_up(2 * math.sqrt(concentrability) * np.sqrt(square) + beta * math.log(concentrability)))


@checked(beta=SHARE)
def regret_bound_sharp(
    *, log_class_size: float, n: Any, rho: float, beta: float, concentrability: float, loss_moment: float, coverage: float | None = None
) -> Any:
    """**Upper** bound as `regret_bound` (ours): `regret_from_residual` of the closed form, with C_cov (`coverage`) for the comparator
    where it is known; about 3 times smaller, never larger.
    """
    square = squared_residual_sharp(log_class_size=log_class_size, n=n, rho=rho, loss_moment=loss_moment)
    cover = concentrability if coverage is None else coverage
    return regret_from_residual(square=square, beta=beta, concentrability=concentrability, coverage=cover)


@checked
def regret_from_residual(*, square: Any, beta: float, concentrability: float, coverage: float) -> Any:
    """**Upper** bound on J(pi°) - J(pi) for any pi with E f_pi^2 <= square and C_pi <= C (ours), nats:
    (sqrt((C - 1)/2) + sqrt((C_cov - 1)/2)) sqrt(square) + beta log C_cov.

    The deterministic half of Thm 4.2': pi is optimal for its own reward beta log(pi/base), then a change of measure. The paper's has
    sqrt C for sqrt((C - 1)/2); but f is a difference of two copies, so E f^2 is twice a variance. Nearly attained by a base that
    gives a response almost no mass. Raises `ValueError` for coefficients below 1 and beta not positive.
    """
    concentrability, coverage = at_least_one(concentrability), at_least_one(coverage)
    factor = math.sqrt((concentrability - 1) / 2) + math.sqrt((coverage - 1) / 2)
    with np.errstate(invalid="ignore"):
        change = np.where(np.isinf(square), np.inf, factor * np.sqrt(np.asarray(square, float)))
    return as_float(round_up(change + beta * math.log(coverage)))


@checked
def risk_from_regret(*, regret: Any, delta: float, margin: float) -> Any:
    """**Upper** bound on P_x[pi(Y*|x) <= 1 - delta] (Lemma J.3): regret/(delta log(1 + g_m)); attained by two responses.

    inf at margin 0; 0 at margin inf, where nothing with mass is outside Y*, unless the regret is inf.
    """
    values = np.asarray(regret, float)
    if margin in (0, math.inf):
        return as_float(np.where(np.isinf(values) | (margin == 0), np.inf, 0.0))
    return as_float(round_up(values / (delta * math.log1p(margin))))


@checked(beta=SHARE)
def bound(
    *, log_class_size: float, n: Any, delta: float, rho: float, beta: float, concentrability: float, loss_moment: float, margin: float
) -> Any:
    """**Upper** bound on P_x[pihat(Y*|x) <= 1 - delta] for DPO with n pairs, true with probability 1 - rho (Thm 4.2', explicit).

    At or above 1 it is vacuous; inf at margin 0. As n grows it falls to beta log C_conc/(delta log(1 + g_m)), never below.
    Raises `ValueError` as `regret_bound`, and for delta outside (0, 1) and a negative margin.
    """
    given: dict[str, Any] = {"log_class_size": log_class_size, "n": n, "rho": rho, "beta": beta, "loss_moment": loss_moment}
    return risk_from_regret(regret=regret_bound(**given, concentrability=concentrability), delta=delta, margin=margin)


@checked
def bound_sharp(*, delta: float, margin: float, coverage: float | None = None, **given: Any) -> Any:
    """**Upper** bound as `bound`, from `regret_bound_sharp`; never above it. Arguments of both."""
    return risk_from_regret(regret=regret_bound_sharp(**given, coverage=coverage), delta=delta, margin=margin)


@checked
def bound_slack(*, delta: float, margin: float, slack: float, **given: Any) -> Any:
    """**Upper** bound on P_x[pihat(Y*_g|x) <= 1 - delta] at slack g: (regret + log(1/(1-g)))/(delta log(1 + g_m)).

    g_m over responses outside Y*_g against max_y base (Assumption J.2, corrected); C_cov,g for C_cov inside `concentrability`.
    Never below 1 unless (1 + g_m)^delta > 1/(1-g).
    """
    return risk_from_regret(regret=regret_bound(**given) - math.log1p(-slack), delta=delta, margin=margin)


@checked
def bound_without_margin(*, delta: float, slack: float, **given: Any) -> Any:
    """**Upper** bound on P_x[pihat(Y*_g|x) <= 1 - delta] that needs no margin (ours): regret/(delta log(1/(1-g))); inf at g = 0."""
    return risk_from_regret(regret=regret_bound(**given), delta=delta, margin=slack / (1 - slack))


@checked(margin=POSITIVE)
def beta_for_risk(*, eps: float, delta: float, margin: float, concentrability: float) -> float:
    """The beta at which beta log C_conc takes half of `bound`'s budget eps: eps delta log(1 + g_m)/(2 log C_conc), at most 1."""
    concentrability = at_least_one(concentrability)
    budget = eps * delta * math.log1p(margin) / 2
    return 1.0 if budget >= math.log(concentrability) else budget / math.log(concentrability)


class SamplesNeeded(NamedTuple):
    """The number of pairs n, and of samples m = 2n."""

    n: int
    samples: int


@checked(beta=SHARE)
def samples_needed(
    *, log_class_size: float, eps: float, delta: float, rho: float, beta: float, concentrability: float, loss_moment: float, margin: float
) -> SamplesNeeded:
    """Inverse of `bound`: the least n at which it is at most eps, and m = 2n.

    Raises `ValueError` where no n is enough: beta log C_conc alone exceeds what eps allows, the margin is 0, or an argument is infinite.
    """
    given: dict[str, Any] = {"log_class_size": log_class_size, "delta": delta, "rho": rho, "beta": beta, "margin": margin}
    given |= {"concentrability": concentrability, "loss_moment": loss_moment}
    limit = bound(**given, n=1e300)
    if not limit <= eps:
        raise ValueError(f"`eps` = {eps!r} cannot be reached: the bound tends to {limit:.4g}; a smaller `beta` or a `margin` is needed.")
    high = 1
    while bound(**given, n=high) > eps:
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if bound(**given, n=middle) <= eps else (middle, high)
    return SamplesNeeded(high, 2 * high)


@checked
def regret(log_policy: Any, log_probs: Any, prompt_weights: Any, *, slack: float) -> float:
    """J(pi°) - J(pi), exact, nats: J(pi) = E_{x, y~pi}[log base], pi° base restricted to Y*_g. inf where pi leaves base's support."""
    base, policy = np.asarray(log_probs, float), np.asarray(log_policy, float)
    best = normalise(np.where(maximisers(base, slack=slack), base, -np.inf), np)
    below = base.max(axis=1, keepdims=True) - base
    with np.errstate(invalid="ignore"):
        short = [np.where(np.exp(law) > 0, np.exp(law) * below, 0.0).sum(axis=1) for law in (policy, best)]
    weights = np.asarray(prompt_weights, float)
    return float(np.sum(np.where(weights > 0, weights * (short[0] - short[1]), 0.0)))


@checked
def checks(
    log_members: Any, log_probs: Any, prompt_weights: Any, *, beta: float, concentrability: float, loss_moment: float, margin: float
) -> dict[str, float]:
    """Signed slacks, non-negative where the assumption holds: `realizability` (A1), `beta` (A2, 1 - beta), `margin` (A3),
    `concentrability`, `loss_moment` (A4, claimed minus actual), `support` (members put no mass where base has none).
    """
    conc, moment = class_coefficients(log_members, log_probs, prompt_weights, beta=beta)
    actual = float(coverage.margin(log_probs, prompt_weights))
    outside = np.where(np.isneginf(log_probs), np.exp(log_members), 0.0).sum(axis=-1).max()

    def slack(larger: float, smaller: float) -> float:
        return 0.0 if larger == smaller else (larger - smaller) + 1e-12 * min(abs(larger), abs(smaller), 1e12)

    return {
        "realizability": realizability(log_members, log_probs, beta=beta),
        "beta": 1 - beta if beta > 0 else -1.0,
        "margin": slack(actual, margin),
        "concentrability": slack(concentrability, conc),
        "loss_moment": slack(loss_moment, moment),
        "support": 1e-12 - float(outside),
    }


@checked
def target(log_probs: Any, *, beta: float) -> np.ndarray:
    """log pi_beta for the self-reward log base: base^(1 + 1/beta), normalised."""
    return laws.tilted(log_probs, log_probs, beta=beta)
