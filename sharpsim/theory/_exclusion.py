"""The risk of XPO's last iterate on a known list, by the chance that each failing member is still ahead of pi_beta. `xpo` exports it."""

import math
from typing import Any

import numpy as np
from scipy.special import logsumexp, softmax

from sharpsim import laws
from sharpsim._arguments import MODERATE, checked
from sharpsim.sharpness import unsharpened_fraction
from sharpsim.theory._common import round_up, rounding

RANGE = 30.0
"""The logarithm of l is looked for within this of -log max f^2; any l gives a bound."""
HALVINGS = 60


@checked(beta=MODERATE)
def last_iterate_bound(
    log_members: Any, log_base: Any, reward: Any, prompt_weights: Any, *, beta: float, alpha: float, T: int, delta: float
) -> float:
    """**Upper** bound on the mean of P_x[pi_{T+1}(Y*|x) <= 1 - delta] over runs of Algorithm 1, any alpha >= 0 (ours); at most 1.

    sum over Pi of P_x[pi(Y*|x) <= 1 - delta] min(1, inf_l M_pi(l)^T), l >= 0, for a class that holds pi_beta, with
    M_pi(l) = E_x max_y E_{y'~base} exp(-l (f_pi(x, y, y')^2 - alpha log(pi_beta/pi)(y'|x))).
    pi_beta has no loss, so pi can be chosen only while sum f_pi^2 <= alpha sum log(pi_beta/pi)(y'). Whatever the iterates draw, a round
    multiplies the mean of exp(-l (..)) by M_pi(l) at most. Neither SEC nor V_max enters, and nothing is chosen among the iterates; but the
    list has to be known. A member without mass where base or pi_beta has some counts whole.

    Raises `ValueError` for tables that are not log-probabilities, T below 1, beta outside [1e-100, 1e100], alpha outside [0, 1e15].
    """
    base = np.asarray(log_base, float)
    target = laws.tilted(base, np.asarray(reward, float), beta=beta)
    members, weights = np.asarray(log_members, float), np.asarray(prompt_weights, float)
    risks = [float(unsharpened_fraction(member, base, weights, delta=delta)) for member in members]
    with np.errstate(invalid="ignore", over="ignore"):
        # NaN where base has no mass, which nothing reads.
        log_ratios = members - target
        # Rounding rules nothing out: pi_beta is never, however it was computed.
        rooms = [rounding(member, base, np.asarray(reward, float) / beta) for member in members]
    failing = [
        risk * math.exp(min(0.0, T * _log_factor(log_ratio, base, weights, beta, alpha, room)))
        for log_ratio, risk, room in zip(log_ratios, risks, rooms, strict=True) if risk > 0
    ]  # fmt: skip
    return float(min(round_up(sum(failing)), 1.0)) if failing else 0.0


def _log_factor(log_ratio: np.ndarray, base: np.ndarray, weights: np.ndarray, beta: float, alpha: float, room: float) -> float:
    """inf over l of log M_pi(l), from log(pi/pi_beta), which is off by `room` at most; 0 where it is not finite on base's support."""
    used = weights > 0
    log_ratio, base, weights = log_ratio[used], base[used], weights[used]
    has = base > -np.inf
    if not np.isfinite(log_ratio[has]).all():
        return 0.0
    ratio = np.where(has & (np.abs(log_ratio) > room), log_ratio, 0.0)
    apart = ratio[:, :, None] - ratio[:, None, :]
    gains = (beta * np.where(np.abs(apart) > room, apart, 0.0)) ** 2 + alpha * ratio[:, None, :]
    largest = float(np.abs(gains[has[:, :, None] & has[:, None, :]]).max())
    if not 0 < largest < math.inf:
        return 0.0

    def at(log_scale: float) -> tuple[float, bool]:
        """log M, and whether it falls there."""
        tilted = base[:, None, :] - math.exp(log_scale) / largest * gains
        means: Any = logsumexp(tilted, axis=2)
        by_first = np.where(has, means, -np.inf)
        first = by_first.argmax(axis=1)[:, None]
        heights = np.log(weights) + np.take_along_axis(by_first, first, axis=1)[:, 0]
        chosen, gain = (np.take_along_axis(values, first[:, :, None], axis=1)[:, 0] for values in (tilted, gains))
        log_mean: Any = logsumexp(heights)
        return float(log_mean), bool(np.exp(heights - log_mean) @ (softmax(chosen, axis=1) * gain).sum(axis=1) > 0)

    low, high = -RANGE, RANGE
    # M is convex, with kinks where another y becomes the largest: no minimiser of smooth functions finds its least to the last digit.
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if at(middle)[1] else (low, middle)
    return min(at(low)[0], at(high)[0])
