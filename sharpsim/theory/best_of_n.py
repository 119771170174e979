"""Best of N at inference time: probability of success, KL divergence from base, win rate, repeated rounds (Prop C.1, and ours).

Best of N draws N responses from base and returns the one with the largest self-reward. Call this module for the probability that it
returns a maximiser and the N that this needs, for how far it moves from base (in nats), and for how often it beats a single draw.

Statement. Draw N responses from the base, keep one of largest self-reward (ties to the first drawn). With p = pi_base(Y*_g(x)|x) and a
self-reward that increases with log pi_base,

    P[best of N in Y*_g(x)] = 1 - (1-p)^N  >=  1 - exp(-pN)  >=  1 - rho   once N >= log(1/rho)/p            (Prop C.1)

and for every self-reward, with F the base's distribution function of rewards and f the mass of a level,

    KL(pi_N || base) = sum over levels of (F^N - F-^N) log((F^N - F-^N)/f)  <=  log N - (N-1)/N              (ours)
    P[best of N beats a base draw], ties counted half  <=  N/(N+1)  <=  the same with ties counted won       (ours)
    best of N of best of M = best of NM: F -> F^M -> F^(NM)                                                  (ours)

Both upper bounds are strict for N > 1, as every level of a discrete policy has mass; its finer and finer levels approach them. The side
of N/(N+1) depends on ties: were they broken at random, k tied draws would beat a tied base draw with probability k/(k+1), in [1/2, 1).

Assumptions. A1 (`upper_set`): Y*_g holds every response whose reward is at least that of some member; true for rewards increasing in
log pi_base, false in general for the length-normalised and majority rewards. A2 (`covered_mass`): p > 0. A3 (`draws`): N >= 1.
Only the first line needs A1. Every reward lands on its own maximisers with 1 - (1-p_r)^N, p_r their base mass.

Symbols. p: covered_mass; N: draws; rho: rho; g: slack; r_self: reward.

Source. Huang et al., ICLR 2025, arXiv 2412.01951v2, App. C, Prop C.1; law, divergence, win rate and rounds: ours.

Printed. As printed; the exact success and the least N (1 - (1-p)^N >= 1 - rho) stand beside the exponential form.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from sharpsim import laws
from sharpsim._arguments import REAL, REWARD, ROWS, checked, count, several
from sharpsim._logspace import level_masses, logsumexp, normalise
from sharpsim.sharpness import maximisers, mode_log_miss
from sharpsim.theory._common import Statement, as_float, round_up

WHOLE_GUARD = 1e-12
"""Relative width within which a real number of draws counts as whole: log(.001)/log(.1) is 3, whichever way floats round."""


@checked
def success(*, covered_mass: Any, draws: Any) -> Any:
    """1 - (1-p)^N, the probability that one of N draws falls in a set of mass p; in [p, 1], p at N = 1, 1 as N -> inf.

    Full relative precision for p down to 1e-300 and N up to 1e12; arrays broadcast. Raises `ValueError` for p outside (0, 1] and
    draws that are not whole or below 1.
    """
    with np.errstate(divide="ignore"):
        return as_float(-np.expm1(np.asarray(draws, dtype=np.float64) * np.log1p(-np.asarray(covered_mass, dtype=np.float64))))


@checked
def bound(*, covered_mass: Any, draws: Any) -> Any:
    """The guarantee of Prop C.1, 1 - exp(-pN) <= 1 - (1-p)^N, rounded down; in [0, 1), tight as p -> 0 at fixed pN.

    Arrays broadcast. Raises `ValueError` for p outside (0, 1] and draws that are not whole or below 1.
    """
    value = -np.expm1(-np.asarray(covered_mass, dtype=np.float64) * np.asarray(draws, dtype=np.float64))
    return as_float(np.maximum(value * (1 - 4 * np.finfo(np.float64).eps), 0.0))


@checked
def samples_needed(*, covered_mass: float, rho: float) -> int:
    """ceil(log(1/rho)/p): the N of Prop C.1, the least with `bound` >= 1 - rho.

    Raises `ValueError` for p outside (0, 1], rho outside (0, 1).
    """
    return _whole_draws(-math.log(rho), float(covered_mass))


@checked
def least_samples(*, covered_mass: float, rho: float) -> int:
    """The least N with (1-p)^N <= rho, ceil(log(rho)/log(1-p)): what the exact success needs, at most `samples_needed`; 1 at p = 1.

    Raises `ValueError` for p outside (0, 1], rho outside (0, 1).
    """
    p = float(covered_mass)
    return 1 if p == 1 else _whole_draws(-math.log(rho), -math.log1p(-p))


def _whole_draws(needed: float, gained: float) -> int:
    real = needed / gained
    if not math.isfinite(real):
        raise ValueError(f"`covered_mass` must be large enough for a finite number of draws; got a gain of {gained!r} a draw.")
    nearest = round(real)
    # The guard is absolute beyond 1e9, so that it never spans a whole draw.
    return max(1, nearest if abs(real - nearest) <= min(WHOLE_GUARD * real, 1e-3) else math.ceil(real))


@checked(log_probs=ROWS, reward=REWARD)
def success_probability(log_probs: Any, reward: Any = None, *, draws: float, slack: float) -> np.ndarray:
    """P[best of N in Y*_g(x)] for each row, exactly, for any reward (log base if none is given); in [0, 1].

    Y*_g is the base's, whatever the reward. With log base it is 1 - (1-p)^N from sums inside and outside the set, so that neither p
    near 0 nor p near 1 loses digits; with another reward it is the exact law's mass, which need not grow with N.

    Raises `ValueError` for rows that are not normalised, a reward of another shape or with NaN, draws not whole or below 1, slack
    outside [0, 1).
    """
    table = np.asarray(log_probs, dtype=np.float64)
    if reward is None:
        return -np.expm1(float(draws) * mode_log_miss(table, slack=slack))
    inside = maximisers(table, slack=slack)
    return np.exp(logsumexp(np.where(inside, laws.best_of_n(table, reward, draws=draws), -np.inf), np))


@checked(log_probs=ROWS, reward=REWARD)
def best_mass(log_probs: Any, reward: Any) -> np.ndarray:
    """p_r: the base mass of the reward's own maximisers among responses with mass, for each row. Whatever the reward, best of N
    returns one of them with probability `success(covered_mass=p_r)`. In (0, 1]; errors as `laws.best_of_n`.
    """
    table = normalise(np.asarray(log_probs, dtype=np.float64), np)
    possible = np.where(table > -np.inf, np.asarray(reward, dtype=np.float64), -np.inf)
    best = possible == possible.max(axis=-1, keepdims=True)
    return np.exp(logsumexp(np.where(best, table, -np.inf), np))


@checked(log_probs=ROWS, reward=REWARD)
def exact_kl(log_probs: Any, reward: Any, *, draws: float) -> np.ndarray:
    """KL(pi_N || base) in nats for each row, from the exact law; 0 at N = 1, -log p_r as N -> inf, at most `kl_bound`.

    Summed as base (e^t (t-1) + 1) over t = log(pi_N/base): no term is negative, so rows within 1e-12 of a point mass keep their digits.
    Errors as `laws.best_of_n`.
    """
    law = laws.best_of_n(log_probs, reward, draws=draws)
    base = normalise(np.asarray(log_probs, dtype=np.float64), np)
    kept = law > -np.inf
    # At N = 1 what is left is rounding.
    t = np.where(kept & (draws > 1), np.where(kept, law, 0.0) - np.where(kept, base, 0.0), 0.0)
    gain = np.expm1(t)
    return np.sum(np.exp(base) * np.where(kept, t * gain - (gain - t), 1.0), axis=-1)


@checked
def kl_bound(*, draws: Any) -> Any:
    """log N - (N-1)/N nats >= KL(pi_N || base), rounded up; 0 at N = 1. The value for rewards without ties in the limit of no atoms.

    Arrays broadcast. Raises `ValueError` for draws that are not whole or below 1.
    """
    N = np.asarray(draws, dtype=np.float64)
    # Two operations round; at N = 1 none does.
    return as_float(np.where(N > 1, round_up(round_up(np.log(N) - (N - 1) / N)), 0.0))


@checked(log_probs=ROWS, reward=REWARD)
def win_rate(log_probs: Any, reward: Any, *, draws: float, tie_credit: float = 0.5) -> np.ndarray:
    """P[best of N has more reward than an independent base draw] + tie_credit P[as much], for each row; in [0, 1].

    Sum over levels of (F^N - F-^N)(F- + tie_credit f). At 1/2 it is 1/2 for N = 1, 1 - p_r/2 as N -> inf and at most `win_rate_bound`;
    at 0 lower still; at 1 at least `win_rate_bound`. Errors as `laws.best_of_n`; `ValueError` for tie_credit outside [0, 1].
    """
    law = laws.best_of_n(log_probs, reward, draws=draws)
    rewards = np.asarray(reward, dtype=np.float64)
    order = np.argsort(rewards, axis=-1)
    base = np.take_along_axis(normalise(np.asarray(log_probs, dtype=np.float64), np), order, axis=-1)
    below, level, _ = level_masses(base, np.take_along_axis(rewards, order, axis=-1), np)
    return np.sum(np.exp(np.take_along_axis(law, order, axis=-1)) * (np.exp(below) + tie_credit * np.exp(level)), axis=-1)


@checked
def win_rate_bound(*, draws: Any) -> Any:
    """N/(N+1): above the win rate with ties counted half (or lost), below it with ties counted won; 1/2 at N = 1.

    Arrays broadcast. Raises `ValueError` for draws that are not whole or below 1.
    """
    return as_float(1 / (1 + 1 / np.asarray(draws, dtype=np.float64)))


@checked(log_probs=ROWS, reward=REWARD, draws=several(count()))
def rounds(log_probs: Any, reward: Any, *, draws: Sequence[int]) -> np.ndarray:
    """log law after one round of best-of-N for each N in `draws`, each round's base being the last one's law, the reward fixed.

    Equal to one round of `composed_draws` draws: the distribution function of rewards is raised to one power after another. Rewarding
    each round by its own base's log-likelihood changes nothing, as pi_N/base grows with the level and so keeps order and ties.
    Errors as `laws.best_of_n`; `ValueError` for no rounds.
    """
    law = np.asarray(log_probs, dtype=np.float64)
    for number in draws:
        law = laws.best_of_n(law, reward, draws=number)
    return law


@checked(draws=several(count()))
def composed_draws(*, draws: Sequence[int]) -> int:
    """N_1 N_2 ... N_k: the draws of one round that equals k. Raises `ValueError` for no rounds and draws not whole or below 1."""
    return math.prod(int(number) for number in draws)


@checked(log_probs=ROWS, reward=REWARD, draws=REAL)
def checks(log_probs: Any, reward: Any, *, draws: float, slack: float) -> dict[str, float]:
    """Signed slacks, least over rows, negative where an assumption fails.

    `upper_set`: least reward inside Y*_g minus largest outside, among responses with mass (a tie across the edge counts as failing);
    `covered_mass`: p; `draws`: N - 1.
    """
    table, rewards = np.asarray(log_probs, dtype=np.float64), np.asarray(reward, dtype=np.float64)
    inside, has_mass = maximisers(table, slack=slack), table > -np.inf
    least = np.where(inside & has_mass, rewards, np.inf).min(axis=-1)
    largest = np.where(~inside & has_mass, rewards, -np.inf).max(axis=-1)
    # Infinite rewards on both sides tie.
    gap = np.where(least == largest, -np.finfo(np.float64).tiny, least - np.where(least == largest, 0.0, largest))
    covered = np.exp(logsumexp(np.where(inside, table, -np.inf), np))
    return {"upper_set": float(gap.min()), "covered_mass": float(covered.min()), "draws": float(draws) - 1}


_SYMBOLS = {"p": "covered_mass", "N": "draws", "rho": "rho", "g": "slack", "r_self": "reward"}
_OURS = "ours"
STATEMENTS = (
    Statement(
        "best_of_n", "Prop C.1", "best of N returns a response in Y*_g with probability at least 1 - exp(-pN)", "lower", symbols=_SYMBOLS
    ),
    Statement(
        "best_of_n", "Prop C.1 (exact)", "best of N returns a response in Y*_g with probability 1 - (1-p)^N", "identity", symbols=_SYMBOLS
    ),
    Statement("best_of_n", "Prop C.1 (samples)", "log(1/rho)/p draws suffice for failure rho", "upper", symbols=_SYMBOLS),
    Statement("best_of_n", "Law of best of N", "exact law with ties, any reward", "identity", symbols=_SYMBOLS, source=_OURS),
    Statement("best_of_n", "Law of best of N (KL)", "KL to the base <= log N - (N-1)/N", "upper", symbols=_SYMBOLS, source=_OURS),
    Statement("best_of_n", "Law of best of N (win rate)", "win rate, ties half, <= N/(N+1)", "upper", symbols=_SYMBOLS, source=_OURS),
    Statement("best_of_n", "Law of best of N (ties won)", "win rate, ties won, >= N/(N+1)", "lower", symbols=_SYMBOLS, source=_OURS),
    Statement("best_of_n", "Law of best of N (rounds)", "best of N of best of M is best of NM", "identity", symbols=_SYMBOLS, source=_OURS),
)
