"""Rejection sampling with a cut ratio: its exact law and its distance to the target. `coverage_measures` exports it."""

import math
from typing import Any, NamedTuple

import numpy as np

from sharpsim._arguments import checked
from sharpsim._logspace import LOG_HALF, log1mexp, logaddexp, logsumexp, normalise
from sharpsim.theory._common import round_up


@checked
def rejection_law(log_target: Any, log_base: Any, *, cut: float, draws: int) -> np.ndarray:
    """log law, [prompts, responses], of rejection sampling with cut M and N draws: the first accepted draw, or else the last.

    (1 - r^N) min(pi, M base)/A_M + r^(N-1) (base - min(pi/M, base)) with r = 1 - A_M/M, the chance that a draw is refused.
    """
    return _law(_parts(log_target, log_base, cut), draws)


def _law(one: "_Parts", draws: int) -> np.ndarray:
    all_refused = _power(one.log_refuse, draws)
    accepted = np.where(all_refused < 0, log1mexp(np.where(all_refused < 0, all_refused, -1.0), np), -np.inf)
    some = one.log_accept > -np.inf
    kept = np.where(some, accepted + one.taken - np.where(some, one.log_accept, 0.0), -np.inf)
    return logaddexp(kept, _power(one.log_refuse, draws - 1) + one.left, np)


@checked
def rejection_distance(log_target: Any, log_base: Any, prompt_weights: Any, *, cut: float, draws: int) -> float:
    """Mean over prompts of the total variation between pi and `rejection_law`, exactly; in [0, 1].

    Half the sum of |((pi - M base)_+ - E_M pi)/A_M + r^N min(pi, M base)/A_M - r^(N-1) (base - min(pi/M, base))|: where the cut leaves
    nothing out, each term is as small as r^N, and so is the rounding.
    """
    one = _parts(log_target, log_base, cut)
    excess, target = one.excess.sum(axis=-1, keepdims=True), np.exp(one.target)
    # Where nothing is ever accepted, no draw is `taken`, and the last one is of base.
    accepted = one.taken - np.where(one.log_accept > -np.inf, one.log_accept, 0.0)
    # 1 - E_M has no digits where nearly all is left out; there the two laws themselves differ.
    large = excess > 0.5
    within = np.where(large, target - np.exp(accepted), (one.excess - excess * target) / (1 - np.where(large, 0.0, excess)))
    refused = np.exp(_power(one.log_refuse, draws) + accepted) - np.exp(_power(one.log_refuse, draws - 1) + one.left)
    return float(np.asarray(prompt_weights) @ np.abs(within + refused).sum(axis=-1) / 2)


@checked
def rejection_bound(log_target: Any, log_base: Any, prompt_weights: Any, *, cut: float, draws: int) -> float:
    """**Upper** bound on `rejection_distance`: E_x[E_M + (1 - A_M/M)^N], at most 1. Attained by point masses at M = 1/P*."""
    one = _parts(log_target, log_base, cut)
    each = one.excess.sum(axis=-1) + np.exp(_power(one.log_refuse, draws))[..., 0]
    return min(1.0, float(round_up(np.asarray(prompt_weights) @ each)))


class _Parts(NamedTuple):
    """What law, distance and bound are made of: [prompts, responses], logs but for `excess`, and [prompts, 1] for a draw's fate."""

    target: np.ndarray
    taken: np.ndarray
    """log min(pi/M, base)."""
    left: np.ndarray
    """log(base - min(pi/M, base))."""
    excess: np.ndarray
    """(pi - M base)_+."""
    log_accept: np.ndarray
    log_refuse: np.ndarray


def _parts(log_target: Any, log_base: Any, cut: float) -> _Parts:
    target, base = (normalise(np.asarray(table, dtype=np.float64), np) for table in (log_target, log_base))
    lifted = np.where(base > -np.inf, base, 0.0) + math.log(cut)
    over = np.where(base > -np.inf, -np.expm1(np.minimum(lifted - target, 0.0)), 1.0)
    taken = np.minimum(target - math.log(cut), base)
    short = taken < base
    left = np.where(short, base + log1mexp(np.where(short, taken, -1.0) - np.where(short, base, 0.0), np), -np.inf)
    log_accept = np.minimum(logsumexp(taken, np)[..., None], 0.0)
    # From what is left where most is accepted, and from what is accepted where little is: the smaller one has the digits.
    log_left = np.minimum(logsumexp(left, np)[..., None], 0.0)
    log_refuse = np.where(log_accept < LOG_HALF, log1mexp(log_accept, np), log_left)
    return _Parts(target, taken, left, np.exp(target) * over, log_accept, log_refuse)


def _power(log_value: np.ndarray, exponent: float) -> np.ndarray:
    """log of the value to a power; 0^0 = 1."""
    return np.where(log_value > -np.inf, exponent * np.where(log_value > -np.inf, log_value, 0.0), 0.0 if exponent == 0 else -np.inf)
