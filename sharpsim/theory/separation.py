"""Where structure and exploration need far fewer samples than coverage (Lemmas J.4, J.5, Theorem J.3, Examples J.1 and J.1').

On linear softmax classes XPO's cost is polynomial in the dimension. Best of N needs about as many draws as the coverage coefficient, which
can be exponential in the dimension; on Example J.1' so does every learner that only draws from base. Call this module for both sides: XPO's
explicit bound on the ball, and the draws needed on the examples.

Statement. Linear softmax ball: ||phi|| <= 1, ||theta|| <= B, base = pi_theta*, r = log base, f_pi and regret as in Theorem J.1.
    Lemma J.4: laws within e of every member, in the largest log-ratio, number at most (6B/e)^d for e <= 2B      (`log_net_size`).
    Lemma J.5: SEC <= 2 (d+1) K/log(1+K) log(1 + TK/(d+1)), K = 8; with r = log base d for d+1 and K = 4        (`sec_linear`).
    Thm J.3: where ||theta*|| <= g_m B/(3 log(2|Y|/delta)) and beta = g_m/(2 log(2|Y|/delta)), pi_beta is in the class, and XPO's
        least regret is at most Thm J.1's bound at log|Pi| = d log(6B/e) + 1 and Lemma J.5's SEC, plus 2 beta e      (`regret_bound`).
    Example J.1: packing of the sphere. Best of N, and SFT on all tables, fail with probability (1 - 1/C_cov)^m  (`miss`, `draws_needed`).
    Example J.1': d arms among M other responses. No learner with m base draws errs less than e(m)
                                                                             (`arms_minimax_error`, `arms_minimax_draws`).
Assumptions. A1 ||phi|| <= 1. A2 the norm condition. A3 g_m <= log(2|Y|/delta). They imply A4 realizability, (1 + 1/beta) ||theta*|| <= B.
Symbols. B `radius`, gamma_margin `margin`, |Y| `responses`, e `resolution`, m `draws`, C_cov `coverage`.
Source. Huang et al., ICLR 2025, arXiv 2412.01951v2, Appendix J; Example J.1' and the constants of Thm J.3 ours.
Printed. The proof of Lemma J.5 has I_d and Sigma^(t) for I_(d+1) and Sigma^(i). Thm J.3's cost is "poly"; explicit here. Example J.1 is no
    lower bound for learners that fit likelihoods (`identified`: d + 1 responses suffice); Example J.1' is one.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from sharpsim import laws
from sharpsim._arguments import FINITE, POSITIVE, arrays, at_least, checked, within
from sharpsim.sharpness import missing_mass
from sharpsim.theory._arms import minimax_draws as arms_minimax_draws
from sharpsim.theory._arms import minimax_error as arms_minimax_error
from sharpsim.theory._arms import query_error as arms_query_error
from sharpsim.theory._common import Statement, as_float, round_up
from sharpsim.theory._elliptic import linear_lam, linear_v_max, sec_linear
from sharpsim.theory._knowledge import consistent_errors, identified
from sharpsim.theory._tilt import beta_printed

__all__ = [
    "STATEMENTS", "AdaptiveCost", "adaptive_cost", "arms_minimax_draws", "arms_minimax_error", "arms_query_error", "beta_printed", "checks",
    "consistent_errors", "draws_needed", "identified", "linear_lam", "linear_v_max", "log_net_size", "miss", "prescribed_radius",
    "regret_bound", "resolution", "rounds_needed", "sec_linear",
]  # fmt: skip

SYMBOLS = {"B": "radius", "gamma_margin": "margin", "|Y|": "responses", "e": "resolution", "m": "draws", "C_cov": "coverage"}
STATEMENTS = (
    Statement("separation", "Lemma J.4", "the linear softmax ball has nets of size (6B/e)^d in log-ratio", "upper", symbols=SYMBOLS),
    Statement("separation", "Lemma J.5", "SEC of the linear softmax ball is linear in d, up to a logarithm", "upper", symbols=SYMBOLS),
    Statement("separation", "Thm J.3", "XPO's regret on the linear softmax ball does not depend on coverage", "upper", symbols=SYMBOLS),
    Statement("separation", "Example J.1", "best of N and SFT on all tables need about C_cov draws", "identity", symbols=SYMBOLS),
    Statement("separation", "Example J.1'", "the least error of a learner that draws from base", "identity", symbols=SYMBOLS),
)  # fmt: skip


@checked
def log_net_size(*, dimension: int, radius: float, resolution: Any) -> Any:
    """**Upper** bound d log(6B/e) on the log-size of a net of the ball, e in max |log(pi/pi')| (nats), for e in (0, 2B] (Lemma J.4).

    By max |log(pi_theta/pi_theta')| <= 2 ||theta - theta'|| an e/2-net of parameters will do. `resolution` may be an array.
    Raises `ValueError` for a resolution outside (0, 2B], radius not positive, dimension below 1.
    """
    if not np.all(np.asarray(resolution) <= 2 * radius):
        raise ValueError(f"`resolution` must be at most 2 `radius`, {2 * radius:g}; got {resolution!r}.")
    return as_float(round_up(dimension * np.log(6 * radius / np.asarray(resolution, float))))


@checked(margin=POSITIVE)
def prescribed_radius(*, theta_norm: float, margin: float, responses: int, delta: float) -> float:
    """The least B that A2 allows: 3 ||theta*|| log(2|Y|/delta)/g_m; where A3 holds it is at least (1 + 1/beta) ||theta*||."""
    return 3 * theta_norm * _log_term(margin=margin, responses=responses, delta=delta) / margin


@checked
def resolution(*, radius: float, beta: float, v_max: float, r_max: float, T: Any) -> Any:
    """e = R/(12 beta T), R = 2 V_max + R_max, at most 2B: so fine that replacing L by L + 1 covers its effect on the squares."""
    return np.minimum(2 * radius, (2 * v_max + r_max) / (12 * beta * np.asarray(T, float)))


@checked(T=at_least(1))
def regret_bound(
    bound: Callable[..., Any], *, dimension: int, T: Any, rho: float, beta: float, radius: float, sec: Any, lam: float,
    v_max: float, r_max: float,
) -> Any:  # fmt: skip
    """**Upper** bound on XPO's least regret over T rounds on the linear softmax ball, in nats, with probability 1 - rho (Thm J.3).

    `bound` is Thm J.1's for finite classes (`theory.xpo.regret_bound`), called at log|Pi| = log_net_size + 1. A member and its place in
    the net differ by at most e in log-ratio, so f by 2 beta e, T squares by 4 R beta e T <= R^2/3, three times of which the 1 in L + 1
    covers; and the two mean log-ratios by beta e each, which is added.

    `sec`, `lam` and `v_max` are Lemma J.5's (`sec_linear`, `linear_lam`) and `linear_v_max`; `r_max` is max |log base|.
    """
    width = resolution(radius=radius, beta=beta, v_max=v_max, r_max=r_max, T=T)
    size = log_net_size(dimension=dimension, radius=radius, resolution=width)
    shared: dict[str, Any] = {"rho": rho, "lam": lam, "v_max": v_max, "r_max": r_max}
    if np.ndim(size) == 0:
        return as_float(round_up(bound(log_class_size=size + 1, T=T, sec=sec, **shared) + 2 * beta * width))
    steps = np.broadcast_arrays(np.asarray(T, float), np.asarray(sec, float), size)
    values = [
        bound(log_class_size=float(s) + 1, T=float(t), sec=float(c), **shared) for t, c, s in zip(*(a.ravel() for a in steps), strict=True)
    ]
    return round_up(np.reshape(values, np.shape(size)) + 2 * beta * width)


@checked(regret=POSITIVE)
def rounds_needed(bound: Callable[[float], float], *, regret: float) -> float:
    """Inverse of `regret_bound` in T: the least T (a whole float, up to 1 in 2^50) at which `bound(T)` <= regret; responses m = 2T.

    `bound` is a function of T alone that falls once it is below the regret of base. Raises `ValueError` if 1e40 rounds are not enough.
    """
    low, high = 0.0, 1.0
    # NaN is no promise.
    while not bound(high) <= regret:
        low, high = high, 2 * high
        if high > 1e40:
            raise ValueError(f"`regret` must be reachable within 1e40 rounds; got {regret!r}.")
    while high - low > max(1.0, high * 2.0**-50):
        middle = math.floor((low + high) / 2)
        low, high = (low, middle) if bound(middle) <= regret else (middle, high)
    return high


@checked(draws=at_least(0))
def miss(*, coverage: float, draws: Any) -> Any:
    """P[y* is not among m draws] = (1 - 1/C_cov)^m, y* unique: the probability that best of N fails, and SFT on all tables at any split m
    = n N.

    Exact at n = 1; with more pairs SFT fails at least as often, as its estimate has no mass on responses that were not drawn. In [0, 1].
    Raises `ValueError` for coverage below 1 and draws below 0.
    """
    m = np.asarray(draws, float)
    with np.errstate(divide="ignore", invalid="ignore"):
        return as_float(np.where(m == 0, 1.0, np.exp(m * _log_one_miss(coverage))))


@checked(coverage=within(1, 1e300))
def draws_needed(*, coverage: float, rho: float) -> int:
    """Inverse of `miss`: the least m with (1 - 1/C_cov)^m <= rho, ceil(log(1/rho)/(-log(1 - 1/C_cov))): about C_cov log(1/rho)."""
    if coverage == 1:
        return 1
    m = max(1, math.ceil(math.log(rho) / float(_log_one_miss(coverage)) - 1e-9))
    if m > 2**53:
        # Floats do not tell neighbouring numbers of draws apart.
        return m
    # The quotient of two rounded logarithms may be a draw off.
    while m > 1 and miss(coverage=coverage, draws=m - 1) <= rho:
        m -= 1
    while miss(coverage=coverage, draws=m) > rho:
        m += 1
    return m


def _log_one_miss(coverage: float) -> Any:
    """log(1 - 1/C), from C - 1 where C is near 1, as 1/C is rounded."""
    value = np.float64(coverage)
    return np.log((value - 1) / value) if value < 2 else np.log1p(-1 / value)


class AdaptiveCost(NamedTuple):
    """The least mean cost E[N_s] of one adaptive best of N, its stopping parameter s and its exact miss."""

    samples: float
    stop: float
    miss: float


@checked
def adaptive_cost(log_probs_row: Any, *, rho: float) -> AdaptiveCost:
    """Adaptive SFT on one prompt and all tables with one pair: the least s = k P*, k whole, whose kept response misses Y* with
    probability at most rho, and its exact E[N_s] (laws of section 5).
    """
    row = np.asarray(log_probs_row, dtype=np.float64)
    mode = math.exp(float(row.max()))

    def missed(k: int) -> float:
        return float(laws.stopping_time_miss(row, stop=k * mode))

    # Lemma I.1: a miss of at most exp(-s) wherever the draws stop.
    low, high = 0, math.ceil(-math.log(rho) / mode) + 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if missed(middle) > rho else (low, middle)
    return AdaptiveCost(float(laws.stopping_time_mean(row, stop=high * mode)), high * mode, missed(high))


@checked(features=arrays(FINITE, "prompts", "responses", "d"), theta=arrays(FINITE, "d"), margin=POSITIVE)
def checks(features: Any, theta: Any, *, margin: float, radius: float, beta: float, delta: float) -> dict[str, float]:
    """Signed slacks of Thm J.3, non-negative where it holds; `features` `[prompts, responses, d]`, `theta` `[d]` of the base.

    `features` 1 - max ||phi|| (A1); `norm` g_m B/(3 log(2|Y|/delta)) - ||theta*|| (A2); `margin` log(2|Y|/delta) - g_m (A3);
    `realizability` B - (1 + 1/beta) ||theta*|| (A4); `bias` delta/2 minus the worst prompt's exact miss of pi_beta.
    """
    phi, star = np.asarray(features, float), np.asarray(theta, float)
    term = _log_term(margin=margin, responses=phi.shape[1], delta=delta)
    norm = float(np.linalg.norm(star))
    scores = phi @ star
    base = scores - np.logaddexp.reduce(scores, axis=-1, keepdims=True)
    worst = float(np.max(missing_mass(laws.tilted(base, base, beta=beta), base)))
    return {
        "features": 1 + 1e-12 - float(np.linalg.norm(phi, axis=-1).max()),
        "norm": margin * radius / (3 * term) - norm * (1 - 1e-12),
        "margin": term - margin,
        "realizability": radius * (1 + 1e-12) - (1 + 1 / beta) * norm,
        "bias": delta / 2 - worst,
    }


def _log_term(*, margin: float, responses: int, delta: float) -> float:
    return math.log(2 * responses / delta)
