"""The accuracy of best of N from two numbers: one draw's accuracy, and how often a wrong answer outranks a right one.

`win_rate` exports it.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from sharpsim._arguments import UNIT, checked, count
from sharpsim._logspace import level_masses, normalise
from sharpsim.theory._common import as_float

MOST = 2**60
"""Larger numbers of draws are given as infinite."""
_HALF_WIDTH, _STEP = 4.2, 1 / 200
"""Double-exponential quadrature on [0, 1]: nodes within `_HALF_WIDTH`. The step resolves integrands of width 1/N near 1 for any N."""


class Pairs(NamedTuple):
    """Of each prompt, [prompts]: one draw's accuracy a, and the pair error, P[a wrong response outranks a right one], ties half."""

    accuracy: np.ndarray
    error: np.ndarray


@checked
def right_and_wrong(log_base: Any, correct: Any, proxy: Any) -> Pairs:
    """One draw's accuracy a, and the pair error, in [0, 1], of two draws of which one is right and one is wrong; exact.

    The error is given as 0 where all draws are right or all are wrong: no accuracy depends on it there.
    """
    table, right, rewards = normalise(np.asarray(log_base, dtype=np.float64), np), np.asarray(correct), np.asarray(proxy, dtype=np.float64)
    order = np.argsort(rewards, axis=-1)
    masses = np.where(np.take_along_axis(right, order, axis=-1), -np.inf, np.take_along_axis(table, order, axis=-1))
    _, level, above = level_masses(masses, np.take_along_axis(rewards, order, axis=-1), np)
    of_right = np.where(np.isneginf(masses), np.exp(np.take_along_axis(table, order, axis=-1)), 0.0)
    of_right = np.where(np.take_along_axis(right, order, axis=-1), of_right, 0.0)
    accuracy, wrong = of_right.sum(axis=-1), np.exp(masses).sum(axis=-1)
    beaten = (of_right * (np.exp(above) + np.exp(level) / 2)).sum(axis=-1)
    some = (accuracy > 0) & (wrong > 0)
    return Pairs(np.minimum(accuracy, 1.0), np.where(some, np.clip(beaten / np.where(some, accuracy * wrong, 1.0), 0.0, 1.0), 0.0))


@checked(accuracy=UNIT, pair_error=UNIT)
def accuracy_lower_bound(*, accuracy: Any, pair_error: Any, draws: Any) -> Any:
    """**Lower** bound on the accuracy of best of N: (1 - (1-a) eps)^N - ((1-a)(1 - eps))^N; in [0, 1]. Arrays broadcast.

    Attained where right responses are adjacent in the ranking. Rises up to `trusted_draws`, then falls to 0 unless eps = 0 or a = 1.
    """
    a, eps, N = _given(accuracy, pair_error, draws)
    lost, top = (1 - a) * eps, a + (1 - a) * (1 - eps)
    some = top > 0
    share = np.minimum(a / np.where(some, top, 1.0), 1.0)
    with np.errstate(divide="ignore"):
        log_top = np.where(lost < 0.5, np.log1p(-lost), np.log(top))
        return as_float(np.where(some, -np.exp(N * log_top) * np.expm1(N * np.log1p(-share)), 0.0))


@checked(accuracy=UNIT, pair_error=UNIT)
def accuracy_upper_bound(*, accuracy: Any, pair_error: Any, draws: Any) -> Any:
    """**Upper** bound on the accuracy of best of N: 1 - (1 - a (1 - eps))^N + (a eps)^N; in [0, 1]. Arrays broadcast.

    Attained where wrong responses are adjacent in the ranking. Equal to the lower bound at N = 1, where both are a, and at N = 2.
    """
    a, eps, N = _given(accuracy, pair_error, draws)
    with np.errstate(divide="ignore"):
        return as_float(np.minimum(-np.expm1(N * np.log1p(-a * (1 - eps))) + np.power(a * eps, N), 1.0))


@checked(accuracy=UNIT, pair_error=UNIT)
def trusted_draws(*, accuracy: float, pair_error: float) -> float:
    """The N at which `accuracy_lower_bound` is largest; infinite for eps = 0, 1 where more draws may only hurt."""
    a, eps = accuracy, pair_error
    lost, rest = (1 - a) * eps, (1 - a) * (1 - eps)
    if lost == 0:
        return math.inf
    if a == 0 or rest == 0:
        return 1.0
    # The real N where the derivative of top^N - rest^N vanishes; the whole N beside it that is better.
    log_top = math.log1p(-lost) if lost < 0.5 else math.log(a + rest)
    fall = math.log1p(a / rest)
    ratio = -fall / log_top
    real = math.log1p(ratio) / fall if ratio > 1e-300 else -1 / log_top
    if real >= MOST:
        return math.inf
    few, many = max(1, math.floor(real)), max(1, math.ceil(real))
    at_few, at_many = (accuracy_lower_bound(accuracy=a, pair_error=eps, draws=N) for N in (few, many))
    # Of two that are as good, up to rounding, the fewer.
    return float(many if at_many > at_few * (1 + 1e-14) else few)


@checked(accuracy=UNIT, pair_error=UNIT, draws=count(1, MOST))
def predicted_accuracy(*, accuracy: Any, pair_error: Any, draws: Any) -> Any:
    """Accuracy of best of N if the rank of right responses among the wrong is a power of a uniform one; in [0, 1]. Arrays broadcast.

    A guess between the bounds, not a bound: it has the right a and eps and is exact at N = 1 and 2. Its odds tend to those of one draw
    times (1 - eps)/eps. Quadrature, to about 1e-12.
    """
    a, eps, N = np.broadcast_arrays(*_given(accuracy, pair_error, draws))
    found = np.where(eps >= 1, np.power(a, N), -np.expm1(N * np.log1p(-np.minimum(a, 1 - 2**-53))))
    inner = (a > 0) & (a < 1) & (eps > 0) & (eps < 1)
    found = np.where(a <= 0, 0.0, np.where(a >= 1, 1.0, found))
    if inner.any():
        # Integrated over the ranks of the kind of responses that mostly wins, as the other's are then smooth.
        right, low, size = eps[inner] <= 0.5, np.minimum(eps[inner], 1 - eps[inner]), N[inner]
        won = _by_powers(np.where(right, a[inner], 1 - a[inner]), low, size)
        found[inner] = np.where(right, won, 1 - won)
    return as_float(found)


def _by_powers(share: np.ndarray, eps: np.ndarray, N: np.ndarray) -> np.ndarray:
    """P[the best of N is of the kind of mass `share` that loses a pair with probability eps <= 1/2]: the integral over s in [0, 1], the
    rank of one of them among its kind, of share N (share s + (1-share) s^(eps/(1-eps)))^(N-1).
    """
    at = np.arange(-_HALF_WIDTH, _HALF_WIDTH + _STEP / 2, _STEP)
    # s = 1/(1 + exp(-pi sinh t)), as logarithms, and ds.
    log_s, log_rest = -np.logaddexp(0.0, -math.pi * np.sinh(at)), -np.logaddexp(0.0, math.pi * np.sinh(at))
    log_width = np.log(_STEP * math.pi * np.cosh(at)) + log_s + log_rest
    share, power, N = share[:, None], (eps / (1 - eps))[:, None], N[:, None]
    # Near s = 1 the sum is 1 less what is taken from its terms; elsewhere its logarithm has the digits.
    near = np.log1p(np.maximum(share * np.expm1(log_s) + (1 - share) * np.expm1(power * log_s), -0.999))
    below = np.where(log_s > -0.5, near, np.logaddexp(np.log(share) + log_s, np.log1p(-share) + power * log_s))
    return np.minimum(np.exp(np.log(share * N) + (N - 1) * below + log_width).sum(axis=-1), 1.0)


def _given(accuracy: Any, pair_error: Any, draws: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    a, eps, N = (np.asarray(value, dtype=np.float64) for value in (accuracy, pair_error, draws))
    return a, eps, N
