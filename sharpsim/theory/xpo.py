"""RLHF-Sharpening with exploration: XPO's regret and risk by the sequential extrapolation coefficient (Theorems J.1, J.2 = 4.3).

XPO compares its own responses with base responses, round by round, and prefers policies that may be better than they look so far. Call
this module for the regret after T rounds, for the rounds needed, for the risk that a regret implies, and for SEC on small classes.

Statement. f_pi(x, y, y') = beta log(pi/base)(y) - beta log(pi/base)(y') - r(y) + r(y'). XPO's iterates pi_1 = base, pi_{t+1} =
    argmin over Pi of alpha sum_{i<=t} log pi(y'_i|x_i) + sum f_pi(x_i, y_i, y'_i)^2 have, with probability >= 1 - rho,
        min_t regret(pi_t) <= sqrt(2 (lam/2 + 2 R^2 L)(1 + ln T) SEC/T) + 4 V_max sqrt(2 L/T) + R_max/T        (`regret_bound`)
    at alpha = beta kappa, kappa = sqrt(2 (lam/2 + 2 R^2 L)(1 + ln T)/(T SEC)) (`optimism`), R = 2 V_max + R_max,
    L = log(2 |Pi| T/rho), lam = R^2 unless given; and 1/c = .6275.. may stand for 2 before R^2 L (`regret_bound_sharp`).
    Any law pi has P_x[pi(Y*|x) <= 1 - delta] <= regret(pi) / (beta h(delta, delta/2))                       (`risk_of_regret`)
    Ours, for a list that is known and at any alpha: the risk of the last iterate falls exponentially in T (`last_iterate_bound`).
    Identity: regret(pi) = J(pi_beta) - J(pi) = beta KL(pi || pi_beta) = E_base[beta log(pi/pi_beta)] + E_{pi,base} f_pi.
Assumptions. A1 pi_beta is in Pi (`realizability`). A2 |beta log(pi/base)| <= V_max over Pi, |log base| <= R_max (`bounded`).
    A3, for the risk: pi_beta(Y*|x) >= 1 - delta/2 (`bias`; implied by beta <= g_m/(2 log(2|Y|/delta)) for g_m <= 2.51).
Symbols. gamma_margin margin; lambda `lam`; the paper's delta in the logarithm is `rho`. T rounds cost m = 2T.
Source. Huang et al., ICLR 2025, arXiv 2412.01951v2, Appendix J; constants ours, from its argument.
Printed. Algorithm 1 subtracts the square; alpha = beta/(R_max + V_max) sqrt(..), beta times it here; log(T/delta) for log(T/rho) in J.2.
    Why .6275: for X in [0, R^2], sum X >= (1 - e^-c)/c sum E X - R^2 L/c, and c = 1.5936 makes the factor 1/2.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from sharpsim import laws
from sharpsim._arguments import MODERATE, NON_NEGATIVE, OPEN_UNIT, POSITIVE, UNIT, Is, checked
from sharpsim.sharpness import maximisers
from sharpsim.theory import _sec
from sharpsim.theory._common import Statement, as_float, hellinger, round_up
from sharpsim.theory._elliptic import (
    elliptic_bound,
    elliptic_bound_printed,
    elliptic_sum,
    linear_lam,
    linear_v_max,
    sec_linear,
)
from sharpsim.theory._exclusion import last_iterate_bound
from sharpsim.theory._regret import r_max, regret, regret_terms, selection_error, v_max

__all__ = [
    "STATEMENTS", "bernoulli_kl", "checks", "concentration_bound", "elliptic_bound", "elliptic_bound_printed", "elliptic_sum",
    "last_iterate_bound", "linear_lam", "linear_v_max", "optimism", "optimism_printed", "r_max", "regret", "regret_bound",
    "regret_bound_sharp", "regret_terms", "risk_bound", "risk_of_regret", "rounds_needed", "sec_bounds", "sec_exact", "sec_harmonic",
    "sec_linear", "sec_lower_path", "selection_error", "v_max",
]  # fmt: skip

SYMBOLS = {"T": "T", "beta": "beta", "alpha": "alpha", "lambda": "lam", "delta": "delta", "rho": "rho", "SEC": "sec"}
STATEMENTS = (
    Statement("xpo", "Lemma F.2", "the elliptic potential of T matrices is at most d log T, up to constants", "upper", symbols=SYMBOLS),
    Statement("xpo", "Regret identity", "regularised regret is beta KL(pi || pi_beta)", "identity", symbols=SYMBOLS),
    Statement("xpo", "Thm J.1", "XPO's least regret falls as sqrt(SEC/T), up to logarithms", "upper", symbols=SYMBOLS),
    Statement("xpo", "Thm J.2", "XPO sharpens: its risk is its regret over beta h(delta, delta/2)", "upper", symbols=SYMBOLS),
    Statement("xpo", "Thm J.2 (last iterate)", "on a known list the last iterate fails with a chance that falls as e^-cT", "upper"),
)

SEC = Is("a number of at least 0, or a function of T", lambda sec: callable(sec) or (isinstance(sec, (int, float)) and sec >= 0))
# A dozen roundings lie on the way to a bound; this stays on their safe side.
_ROUNDING = 1 + 4e-15
SHARP_CONSTANT = 0.6275005
"""1/c, rounded up, with (1 - e^-c)/c = 1/2."""


@checked
def regret_bound(
    *, log_class_size: float, T: Any, rho: float, sec: Any, v_max: float, r_max: float,
    lam: float | None = None, kappa: Any = None, reward_is_log_base: bool = True,
) -> Any:  # fmt: skip
    """**Upper** bound on min_{t<=T} J(pi_beta) - J(pi_t), in nats, true with probability 1 - rho (Thm J.1, explicit constants).

    At the prescribed `optimism` unless `kappa` = alpha/beta is given: kappa SEC/2 + (lam/2 + 2 R^2 L)(1 + ln T)/(kappa T) then stands
    for the root. A general |r| <= R_max has R = 2 V_max + 2 R_max and 2 R_max/T. `sec` belongs to T and lam (R^2 unless given). T, sec,
    kappa may be arrays; inf for an infinite class. Vacuous at or above the base's own regret, which the first iterate has.

    Raises `ValueError` for T below 1, rho outside (0, 1), sec, v_max or r_max negative or NaN, lam or kappa not positive.
    """
    return _regret_bound(2.0, log_class_size, T, rho, sec, v_max, r_max, lam, kappa, reward_is_log_base)


@checked
def regret_bound_sharp(
    *, log_class_size: float, T: Any, rho: float, sec: Any, v_max: float, r_max: float,
    lam: float | None = None, kappa: Any = None, reward_is_log_base: bool = True,
) -> Any:  # fmt: skip
    """**Upper** bound as `regret_bound`, with .6275 R^2 L in place of 2 R^2 L; never above it. Its optimum needs its own `optimism`."""
    return _regret_bound(SHARP_CONSTANT, log_class_size, T, rho, sec, v_max, r_max, lam, kappa, reward_is_log_base)


@checked
def optimism(
    *, beta: float, log_class_size: float, T: Any, rho: float, sec: Any, v_max: float, r_max: float,
    lam: float | None = None, sharp: bool = False, reward_is_log_base: bool = True,
) -> Any:  # fmt: skip
    """alpha = beta kappa, kappa = sqrt(2 (lam/2 + 2 R^2 L)(1 + ln T)/(T SEC)): the optimism at which `regret_bound` holds (with
    `sharp`, `regret_bound_sharp`). In nats^2: the scale of the squares.
    """
    constant = SHARP_CONSTANT if sharp else 2.0
    weight, _ = _weight(constant, log_class_size, T, rho, sec, v_max, r_max, lam, reward_is_log_base)
    with np.errstate(divide="ignore"):
        return as_float(beta * np.sqrt(2 * weight / np.asarray(sec, float)))


@checked
def optimism_printed(*, beta: float, log_class_size: float, T: Any, rho: float, sec: Any, v_max: float, r_max: float) -> Any:
    """alpha as printed, beta/(R_max + V_max) sqrt(log(|Pi| T/rho) log T/(T SEC)): free of the rewards' unit, as no weight of squares is."""
    _weight(2.0, log_class_size, T, rho, sec, v_max, r_max, None, True)
    size = log_class_size + np.log(np.asarray(T, float) / rho)
    return as_float(beta / (r_max + v_max) * np.sqrt(size * np.log(np.asarray(T, float)) / (np.asarray(T, float) * np.asarray(sec, float))))


@checked
def risk_of_regret(regret: Any, *, beta: float, delta: float, sharp: bool = False) -> Any:
    """**Upper** bound on P_x[pi(Y*|x) <= 1 - delta], given A3: regret/(beta h(delta, delta/2)); with `sharp` kl(delta, delta/2)
    for h, 2.25 times less as delta -> 0, 2.1 at 1/2, 1.18 as delta -> 1.
    """
    distance = bernoulli_kl(delta, delta / 2) if sharp else float(hellinger(delta, delta / 2))
    return as_float(round_up(np.asarray(regret, float) / (beta * distance) * _ROUNDING))


@checked
def risk_bound(
    *, log_class_size: float, T: Any, rho: float, sec: Any, v_max: float, r_max: float, beta: float, delta: float,
    lam: float | None = None, sharp: bool = False,
) -> Any:  # fmt: skip
    """**Upper** bound on P_x[pihat(Y*|x) <= 1 - delta] of XPO's best iterate, given A3 (Thm J.2); vacuous at or above 1."""
    make = regret_bound_sharp if sharp else regret_bound
    worst = make(log_class_size=log_class_size, T=T, rho=rho, sec=sec, v_max=v_max, r_max=r_max, lam=lam)
    return risk_of_regret(worst, beta=beta, delta=delta, sharp=sharp)


@checked(regret=POSITIVE, sec=SEC)
def rounds_needed(
    *, log_class_size: float, regret: float, rho: float, sec: float | Callable[[int], float], v_max: float, r_max: float,
    lam: float | None = None, sharp: bool = False,
) -> int:  # fmt: skip
    """Inverse of `regret_bound` in T: the least T from which on it allows `regret`; responses m = 2T.

    `sec` is a number or a function of T such that sec (1 + ln T) L/T falls (any that grows as log T). The bound may rise over the
    first rounds, so a T before the last that fails does not count. Raises `ValueError` beyond 1e30 rounds.
    """
    if log_class_size == math.inf:
        raise ValueError(f"`log_class_size` must be finite; got {log_class_size!r}.")
    make = regret_bound_sharp if sharp else regret_bound
    shared: dict[str, Any] = {"log_class_size": log_class_size, "rho": rho, "v_max": v_max, "r_max": r_max, "lam": lam}

    def fails(T: int) -> bool:
        return make(T=T, sec=sec(T) if callable(sec) else sec, **shared) > regret

    # Past 64 both logarithms are slower than T, whatever the class; before, look at each.
    high = 64
    if not fails(high):
        return max((T + 1 for T in range(1, high) if fails(T)), default=1)
    while fails(high):
        high *= 2
        if high > 1e30:
            raise ValueError(f"`regret` must be reachable within 1e30 rounds; got {regret!r}.")
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fails(middle) else (low, middle)
    return high


@checked(mean=NON_NEGATIVE, log_inverse_rho=NON_NEGATIVE, constant=POSITIVE)
def concentration_bound(*, mean: Any, log_inverse_rho: float, scale: float = 1.0, constant: float = SHARP_CONSTANT) -> Any:
    """**Lower** bound, true with probability 1 - rho, on a sum of values in [0, scale] whose (conditional) means sum to `mean`:
    mean/2 - constant scale log(1/rho).
    """
    return np.asarray(mean, float) / 2 - constant * scale * log_inverse_rho


@checked(beta=MODERATE, lam=MODERATE)
def sec_exact(log_members: Any, log_base: Any, reward: Any, prompt_weights: Any, *, beta: float, T: int, lam: float) -> float:
    """SEC of a finite class, exact, where C(|Pi| + T - 1, T) count vectors fit; `ValueError` names `sec_bounds` beyond. At most T."""
    return _sec.exact(_sec.moments(log_members, log_base, reward, prompt_weights, beta=beta), T=T, lam=lam)


@checked(beta=MODERATE, lam=MODERATE)
def sec_bounds(
    log_members: Any, log_base: Any, reward: Any, prompt_weights: Any, *, beta: float, T: int, lam: float
) -> tuple[float, float]:
    """(certified **lower**, certified **upper**) bound on SEC of a finite class, at any T; equal (to 1e-12) where it is exact."""
    return _sec.bounds(_sec.moments(log_members, log_base, reward, prompt_weights, beta=beta), T=T, lam=lam)


@checked(beta=MODERATE, lam=MODERATE)
def sec_lower_path(log_members: Any, log_base: Any, reward: Any, prompt_weights: Any, *, beta: float, T: int, lam: float) -> np.ndarray:
    """Certified **lower** bounds on SEC for every horizon 1..T, `[T]`, by one beam search."""
    return _sec.lower_path(_sec.moments(log_members, log_base, reward, prompt_weights, beta=beta), T=T, lam=lam)


@checked(beta=MODERATE, lam=MODERATE)
def sec_harmonic(log_members: Any, log_base: Any, reward: Any, prompt_weights: Any, *, beta: float, T: Any, lam: float) -> Any:
    """**Upper** bound on SEC of a finite class in closed form, for T of any size; looser than `sec_bounds`, and of order log T."""
    return _sec.harmonic_bound(_sec.moments(log_members, log_base, reward, prompt_weights, beta=beta), T=T, lam=lam)


@checked(a=UNIT, b=OPEN_UNIT)
def bernoulli_kl(a: float, b: float) -> float:
    """kl(a, b) = a log(a/b) + (1-a) log((1-a)/(1-b)), in nats; a in [0, 1], b in (0, 1); its relative error is about 1e-15 (b/(b-a))^2."""
    # Each half without its linear part, +(b - a) and -(b - a): both halves are then non-negative, however small a and b are.
    ratio = math.log1p((a - b) / b) if abs(a - b) < b / 2 else math.log(a / b) if a > 0 else 0.0
    first = a * ratio + (b - a)
    return max(0.0, first + ((1 - a) * math.log1p((b - a) / (1 - b)) - (b - a) if a < 1 else 1 - b))


@checked
def checks(log_members: Any, log_base: Any, reward: Any, prompt_weights: Any, *, beta: float, delta: float) -> dict[str, float]:
    """Signed slacks, non-negative where the assumption holds: `realizability` (A1), 1e-9 minus the least total variation (maximised over
    prompts) between a member and pi_beta; `bounded` (A2), 1e300 - V_max; `bias` (A3), delta/2 minus the worst prompt's miss of pi_beta.
    """
    target = laws.tilted(np.asarray(log_base, float), np.asarray(reward, float), beta=beta)
    used = np.asarray(prompt_weights, float) > 0
    apart = 0.5 * np.abs(np.exp(np.asarray(log_members, float)) - np.exp(target)).sum(axis=-1)[:, used].max(axis=-1)
    miss = np.where(maximisers(log_base), 0.0, np.exp(target)).sum(axis=-1)[used].max()
    return {
        "realizability": 1e-9 - float(apart.min()),
        "bounded": 1e300 - v_max(log_members, log_base, prompt_weights, beta=beta),
        "bias": delta / 2 - float(miss),
    }


def _weight(
    constant: float, log_class_size: float, T: Any, rho: float, sec: Any, v_max: float, r_max: float, lam: float | None, log_base: bool
) -> tuple[Any, Any]:
    """(lam/2 + constant R^2 L)(1 + ln T)/T, and L."""
    width = 2 * v_max + (1 if log_base else 2) * r_max
    largest = width * width
    rounds = np.asarray(T, float)
    size = log_class_size + np.log(2 * rounds / rho)
    return ((largest if lam is None else lam) / 2 + constant * largest * size) * (1 + np.log(rounds)) / rounds, size


def _regret_bound(
    constant: float, log_class_size: float, T: Any, rho: float, sec: Any, v_max: float, r_max: float, lam: float | None, kappa: Any,
    log_base: bool,
) -> Any:  # fmt: skip
    weight, size = _weight(constant, log_class_size, T, rho, sec, v_max, r_max, lam, log_base)
    rounds, width = np.asarray(T, float), np.asarray(sec, float)
    if kappa is None:
        with np.errstate(invalid="ignore"):
            explored = np.sqrt(2 * weight * width)
    else:
        explored = np.asarray(kappa, float) * width / 2 + weight / np.asarray(kappa, float)
    start = (1 if log_base else 2) * r_max / rounds
    # An infinite class or SEC is no promise, also where another factor is zero.
    with np.errstate(invalid="ignore"):
        value = round_up((explored + 4 * v_max * np.sqrt(2 * size / rounds) + start) * _ROUNDING)
    return as_float(np.where(np.isinf(width) | np.isinf(log_class_size), math.inf, value))
