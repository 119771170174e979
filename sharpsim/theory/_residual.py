"""Tails and moments of the DPO residual f_pi under the base, exact and by the bounds of Lemmas J.1 and J.2.

f_pi(x, y, y') is the difference between a policy's implied reward gap of two responses and the true one; it is 0 for pi_beta. `dpo` uses
these functions.
"""

import math
from typing import Any

import numpy as np

from sharpsim._arguments import at_least_one, checked, count
from sharpsim.theory._common import as_float, round_up, rounding, statistical_error


@checked
def log_ratio_quantile(*, loss_moment: float, excess: Any) -> Any:
    """**Upper** quantile (Lemma J.1, corrected): |beta log(base/pi)| exceeds log(2 C) + s with base probability at most e^-s, for
    C = C_{base/pi;beta}, 0 < beta <= 1. Nats. Printed as log(2 C + s), which is false.
    """
    loss_moment = at_least_one(loss_moment)
    return as_float(round_up(math.log(2 * loss_moment) + np.asarray(excess, float)))


@checked
def log_ratio_tail(*, loss_moment: float, threshold: Any) -> Any:
    """**Upper** bound on base's P[|beta log(base/pi)| >= t], 0 < beta <= 1: min(1, (1 + C) e^-t), the sharper step inside Lemma J.1.

    1 + C because E_base[(pi/base)^beta] <= 1 needs beta <= 1. Nearly attained for large C by one response to which pi gives almost no mass.
    """
    loss_moment = at_least_one(loss_moment)
    return as_float(np.minimum(1.0, round_up((1 + loss_moment) * np.exp(-np.asarray(threshold, float)))))


@checked
def log_ratio_fourth_moment(*, loss_moment: float) -> float:
    """**Upper** bound on E_base|beta log(base/pi)|^4 (Lemma J.2): k^4 + 4 (k^3 + 3 k^2 + 6 k + 6), k = log(2 C); nats^4."""
    loss_moment = at_least_one(loss_moment)
    k = math.log(2 * loss_moment)
    return float(round_up(k**4 + 4 * (k**3 + 3 * k**2 + 6 * k + 6)))


@checked
def residual_fourth_moment(*, loss_moment: float) -> float:
    """**Upper** bound on E f_pi^4 = K^2 = 16 times `log_ratio_fourth_moment`, C = C_loss: |f|/2 has the tail 2 C e^-t of Lemma J.1.

    That tail: E e^(f/2) <= C_loss, by Cauchy and Schwarz from pi and pi_beta, both in the class.
    """
    return float(round_up(16 * log_ratio_fourth_moment(loss_moment=loss_moment)))


@checked
def disagreement_bound(*, log_class_size: float, n: Any, rho: float) -> Any:
    """**Upper** bound L/n, L = log(|Pi|/rho), on P[f_pi != 0] for every zero-loss pi at once, true with probability 1 - rho."""
    return as_float(round_up(statistical_error(log_class_size=log_class_size, n=n, rho=rho) / 2))


def disagreement_share(log_class_size: float, n: Any, rho: float) -> Any:
    """p = 1 - (rho/|Pi|)^(1/n) <= L/n: no zero-loss pi has P[f_pi != 0] above it, with probability 1 - rho."""
    return -np.expm1(-np.asarray(statistical_error(log_class_size=log_class_size, n=n, rho=rho)) / 2)


@checked
def squared_residual(*, log_class_size: float, n: Any, rho: float, loss_moment: float) -> Any:
    """**Upper** bound on E f^2 of every zero-loss pi (Thm 4.2', explicit): min over B of 4 B^2 L/n + K sqrt(4 C_loss e^-B).

    The minimum is at B = 2 W(z), z = K sqrt(C_loss) n/(16 L), W Lambert's function: about 2 log n + log C_loss.
    """
    loss_moment = at_least_one(loss_moment)
    share = np.asarray(statistical_error(log_class_size=log_class_size, n=n, rho=rho)) / 2
    if not math.isfinite(loss_moment) or not np.isfinite(share).all():
        return as_float(np.full(share.shape, np.inf))
    log_scale = 0.5 * math.log(residual_fourth_moment(loss_moment=loss_moment)) + 0.5 * math.log(loss_moment)
    cut = 2 * _lambert(log_scale - np.log(16 * share))
    return as_float(round_up(4 * cut**2 * share + 2 * np.exp(log_scale - cut / 2)))


@checked
def squared_residual_sharp(*, log_class_size: float, n: Any, rho: float, loss_moment: float) -> Any:
    """**Upper** bound on E f^2, closed (ours): p (t^2 + 4 t + 8), t = 2 log(2 C_loss/p), p = 1 - e^(-L/n) <= L/n.

    The integral of min(p, 2 C_loss e^(-t/2)) over t^2; 2 to 3 times below `squared_residual`.
    """
    return squared_residual_given(disagreement=disagreement_share(log_class_size, n, rho), loss_moment=loss_moment)


@checked
def squared_residual_given(*, disagreement: Any, loss_moment: float) -> Any:
    """**Upper** bound on E f_pi^2 where P[f_pi != 0] <= p: p (t^2 + 4 t + 8), t = 2 log(2 C_loss/p); 0 at p = 0, inf at C_loss = inf.

    Raises `ValueError` for p outside [0, 1] and a loss moment below 1.
    """
    loss_moment = at_least_one(loss_moment)
    share = np.asarray(disagreement, float)
    t = 2 * (math.log(2 * loss_moment) - np.log(np.where(share > 0, share, 1.0)))
    return as_float(np.where(share > 0, round_up(share * (t**2 + 4 * t + 8)), 0.0))


def _lambert(log_z: Any) -> Any:
    """W(exp(log_z)), the root of w + log w = log z, by Newton's steps in log w: valid for any z whose logarithm is a float."""
    u = np.where(log_z > 1, np.log(np.maximum(log_z, 1.0)), np.minimum(log_z, 0.0))
    for _ in range(60):
        w = np.exp(u)
        u = u - (w + u - log_z) / (w + 1)
    return np.exp(u)


@checked
def residuals(log_policy: Any, log_base: Any, *, beta: float) -> np.ndarray:
    """f_pi(x, y, y') `[prompts, responses, responses]` for the reward log base; NaN where base (then also the pair) has no mass."""
    policy, base = np.asarray(log_policy, float), np.asarray(log_base, float)
    with np.errstate(invalid="ignore"):
        height = np.where(base > -np.inf, beta * policy - (1 + beta) * base, np.nan)
        return height[:, :, None] - height[:, None, :]


@checked(power=count())
def residual_moment(log_policy: Any, log_base: Any, prompt_weights: Any, *, beta: float, power: int) -> float:
    """E |f_pi|^power over x ~ mu and y, y' ~ base, exact; inf where pi lacks a response that base has."""
    values = np.abs(residuals(log_policy, log_base, beta=beta)) ** power
    return _pair_mean(values, log_base, prompt_weights)


@checked
def disagreement(log_policy: Any, log_base: Any, prompt_weights: Any, *, beta: float) -> float:
    """P[f_pi != 0] over x ~ mu and y, y' ~ base, exact: the chance that one pair distinguishes pi from pi_beta."""
    return _pair_mean(disagrees(log_policy, log_base, beta=beta).astype(float), log_base, prompt_weights)


def disagrees(log_policy: Any, log_base: Any, *, beta: float) -> np.ndarray:
    """Where f_pi != 0, `[prompts, responses, responses]`; the diagonal, a response compared with itself, is False."""
    f = residuals(log_policy, log_base, beta=beta)
    policy, base = np.asarray(log_policy, float), np.asarray(log_base, float)
    # Rounding of the terms, no more: a margin of 1e-12 tells.
    told = ~(np.abs(f) <= rounding(beta * policy, (1 + beta) * base))
    has = base > -np.inf
    return told & has[:, :, None] & has[:, None, :] & ~np.eye(has.shape[1], dtype=bool)


def _pair_mean(values: np.ndarray, log_base: Any, prompt_weights: Any) -> float:
    mass = np.exp(np.asarray(log_base, float))
    pairs = np.asarray(prompt_weights, float)[:, None, None] * mass[:, :, None] * mass[:, None, :]
    same = np.eye(mass.shape[1], dtype=bool)
    return float(np.sum(np.where((pairs > 0) & ~same, pairs * np.where((pairs > 0) & ~same, values, 0.0), 0.0)))
