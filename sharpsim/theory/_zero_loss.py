"""DPO's risk from the pairs on which a policy disagrees with pi_beta, without regret: it falls as 1/n. Ours; `dpo` exports it.

Rewards are free of noise, so DPO returns a policy of loss 0, and all policies of loss 0 have P[f_pi != 0] <= p = 1 - (rho/|Pi|)^(1/n)
with probability 1 - rho. What p forbids on a single prompt: let pi fall short of pi_beta by s in mass of Y*, and let A, of base mass
1 - b, be the largest set on which pi/pi_beta is constant.

1. f_pi != 0 unless both responses are in one such set, so P[f_pi != 0 | x] >= 2 b (1 - b), and >= 1/2 where b > 1/2.
2. On A one of pi, pi_beta is nowhere above the other, so s <= TV(pi, pi_beta) <= the mass that this one has off A.
3. A law with mass s on a set of base mass b has concentrability at least s^2/b + (1-s)^2/(1-b). So b is at least `_least`(s, C).

Neither the margin nor beta nor the loss moment enters, but through s = delta - bias, bias the most that pi_beta misses.
"""

import math
from typing import Any

import numpy as np

from sharpsim._arguments import HALF_OPEN_UNIT, UNIT, at_least_one, checked
from sharpsim.theory._common import as_float, round_up
from sharpsim.theory._residual import disagreement_share

HALVINGS = 200
MOST = 2.0**53


@checked(gap=UNIT)
def least_disagreement(*, gap: float, concentrability: Any) -> Any:
    """**Lower** bound on P[f_pi != 0 | x], the chance that a pair at prompt x tells pi from pi_beta, for pi(Y*|x) <= pi_beta(Y*|x) - gap.

    2 b (1 - b), b = (q - sqrt(q^2 - 4 C gap^2))/(2 C) with q = C - 1 + 2 gap, and 1/2 where b is larger: about 2 gap^2/C. C is
    the larger of sum_y pi^2/base and sum_y pi_beta^2/base at x. Attained where pi_beta is uniform on Y*, base too, and pi takes `gap` of
    it to the rest, as base has it. Raises `ValueError` for gap outside [0, 1] and concentrability below 1.
    """
    share = np.minimum(_least(gap, np.maximum(concentrability, 1.0)), 0.5)
    return as_float(2 * share * (1 - share))


@checked(bias=HALF_OPEN_UNIT)
def bound_zero_loss(
    *, log_class_size: float, n: Any, delta: float, rho: float, bias: float, concentrability: float, everywhere: bool = False
) -> Any:
    """**Upper** bound on P_x[pihat(Y*|x) <= 1 - delta] for DPO with n pairs, true with probability 1 - rho (ours); at most 1.

    `bias` is the largest miss of pi_beta over prompts, and the bound is 1 unless it is below delta. With `everywhere`, C bounds
    sum_y pi^2/base at every prompt and for every member, and the bound is p/`least_disagreement`(delta - bias, C), of order
    C L/(delta^2 n); else C = C_conc is an average over prompts, as in Theorem 4.2', and it is the largest r with
    r m b(1 + 2 (C - 1)/r) <= p, m = max(1, 2 (1 - delta + bias)), of order sqrt(C L/n)/delta.
    Raises `ValueError` for delta, rho outside (0, 1), bias outside [0, 1), n or concentrability below 1, a negative log class size.
    """
    gap, share, concentrability = delta - bias, disagreement_share(log_class_size, n, rho), at_least_one(concentrability)
    if gap <= 0 or concentrability == math.inf:
        return as_float(np.ones(share.shape))
    if everywhere:
        return as_float(np.minimum(round_up(share / least_disagreement(gap=gap, concentrability=concentrability)), 1.0))
    low, high = np.full(share.shape, 1e-300), np.ones(share.shape)
    for _ in range(HALVINGS):
        middle = np.sqrt(low * high)
        inside = _on_average(middle, gap, concentrability) <= share
        low, high = np.where(inside, middle, low), np.where(inside, high, middle)
    return as_float(np.minimum(round_up(high), 1.0))


@checked(bias=HALF_OPEN_UNIT)
def pairs_needed_zero_loss(
    *, log_class_size: float, eps: float, delta: float, rho: float, bias: float, concentrability: float, everywhere: bool = False
) -> int:
    """Inverse of `bound_zero_loss`: the least n at which it is at most eps; m = 2n samples.

    Raises `ValueError` where no n is enough (bias of at least delta, an infinite class or coefficient), and beyond 2^53 pairs.
    """
    gap, concentrability = delta - bias, at_least_one(concentrability)
    if gap <= 0:
        raise ValueError(f"`bias` must be below `delta`, else pi_beta itself may fail; got {bias!r} and {delta!r}.")
    for name, value in (("log_class_size", log_class_size), ("concentrability", concentrability)):
        if value == math.inf:
            raise ValueError(f"`{name}` must be finite; got {value!r}.")
    share = eps * least_disagreement(gap=gap, concentrability=concentrability) if everywhere else _on_average(eps, gap, concentrability)
    near = (log_class_size - math.log(rho)) / max(-math.log1p(-float(share)), 1e-300)
    if near > MOST:
        raise ValueError(f"`eps` must ask for at most 2^53 pairs; got {eps!r}, with `concentrability` = {concentrability!r}.")
    given: dict[str, Any] = {"delta": delta, "rho": rho, "bias": bias, "concentrability": concentrability, "everywhere": everywhere}
    low, high = max(0, math.floor(near * (1 - 1e-6)) - 1), math.ceil(near * (1 + 1e-6)) + 1
    while high - low > 1:
        middle = (low + high) // 2
        enough = bound_zero_loss(log_class_size=log_class_size, n=middle, **given) <= eps
        low, high = (low, middle) if enough else (middle, high)
    return high


def _least(gap: float, concentrability: Any) -> Any:
    """The least b with gap^2/b + (1-gap)^2/(1-b) <= C: the smaller root of C b^2 - (C - 1 + 2 gap) b + gap^2."""
    half = (concentrability - 1 + 2 * gap) / 2
    # half^2 - C gap^2 = (C - 1) ((C - 1)/4 + gap (1 - gap)); the root in the form that does not cancel.
    spread = np.sqrt(concentrability - 1) * np.sqrt((concentrability - 1) / 4 + gap * (1 - gap))
    return np.where(np.isinf(concentrability), 0.0, gap**2 / np.where(half + spread > 0, half + spread, 1.0))


def _on_average(risk: Any, gap: float, concentrability: float) -> Any:
    """What disagreement a risk implies where C is an average: b is convex in C, and failing prompts hold (C - 1)/risk at most, twice."""
    return risk * max(1.0, 2 * (1 - gap)) * _least(gap, 1 + 2 * (concentrability - 1) / np.asarray(risk, float))
