"""The elliptic potential lemma for positive semidefinite matrices (Lemma F.2), and the bound on SEC of linear classes that follows from it.

`sharpsim.theory.xpo` and `separation` use it: Lemma J.5 bounds the sequential extrapolation coefficient (SEC) of linear softmax classes.
"""

import math
from typing import Any

import numpy as np

from sharpsim._arguments import FINITE, MODERATE, arrays, checked
from sharpsim.theory._common import as_float, round_up


@checked(matrices=arrays(FINITE, "T", "d", "d"), lam=MODERATE)
def elliptic_sum(matrices: Any, *, lam: float) -> float:
    """sum_t Tr(G_{t-1}^-1 A_t) with G_0 = lam I and G_t = G_{t-1} + A_t, for A `[T, d, d]` positive semidefinite."""
    steps = _matrices(matrices)
    gram, total = lam * np.eye(steps.shape[1]), 0.0
    for step in steps:
        total += float(np.trace(np.linalg.solve(gram, step)))
        gram = gram + step
    return total


@checked(lam=MODERATE)
def elliptic_bound(*, d: int, T: Any, trace_max: float, lam: float) -> Any:
    """**Upper** bound on `elliptic_sum` for traces at most K = trace_max: d K log(1 + T K/(d lam)) / (lam log(1 + K/lam)).

    Attained with equality by K e_1 e_1', .., K e_d e_d' at T = d. T may be an array.
    """
    ratio = trace_max / lam
    return as_float(round_up(d * ratio * np.log1p(np.asarray(T, float) * ratio / d) / math.log1p(ratio) * (1 + 4e-15)))


@checked(lam=MODERATE)
def elliptic_bound_printed(*, d: int, T: Any, trace_max: float, lam: float) -> Any:
    """The printed form, d K log((T+1) K/lam) / (lam log(1 + K/lam)): true for lam <= K and false for lam > K (it is here so that a test
    can show this).
    """
    ratio = trace_max / lam
    return as_float(d * ratio * np.log((np.asarray(T, float) + 1) * ratio) / math.log1p(ratio))


@checked
def sec_linear(*, d: int, T: Any, reward_is_log_base: bool = False) -> Any:
    """**Upper** bound on SEC of linear softmax laws with ||phi|| <= 1, ||theta|| <= B and the base among them (Lemma J.5).

    2 (d+1) K/log(1+K) log(1 + TK/(d+1)) with K = 8, for any |r| <= R_max. Where r = log base, f is linear in d features alone: d
    for d + 1 and K = 4. Valid for lam at least `linear_lam` of the same setting. T may be an array.
    """
    size, trace_max = (d, 4.0) if reward_is_log_base else (d + 1, 8.0)
    return as_float(round_up(2 * np.asarray(elliptic_bound(d=size, T=T, trace_max=trace_max, lam=1.0))))


@checked
def linear_lam(*, beta: float, radius: float, r_max: float | None = None, base_norm: float | None = None) -> float:
    """The least lam for `sec_linear`: 4 beta^2 B^2 + R_max^2; with `base_norm` = ||theta*|| and r = log base,
    (beta (B + ||theta*||) + ||theta*||)^2. Raises `ValueError` unless exactly one of r_max and base_norm is given.
    """
    if (r_max is None) == (base_norm is None):
        raise ValueError(f"`base_norm` must be given exactly where `r_max` is not; got {base_norm!r} and {r_max!r}.")
    if r_max is not None:
        return 4 * (beta * radius) * (beta * radius) + r_max * r_max
    norm = float(base_norm)  # pyright: ignore[reportArgumentType]
    width = beta * (radius + norm) + norm
    return width * width


@checked
def linear_v_max(*, beta: float, radius: float, base_norm: float) -> float:
    """**Upper** bound on beta |log(pi_theta/pi_theta*)| for ||phi|| <= 1: 2 beta (B + ||theta*||), because the log-partition changes by
    no more than the logits.
    """
    return 2 * beta * (radius + base_norm)


def _matrices(matrices: Any) -> np.ndarray:
    steps = np.asarray(matrices, float)
    if steps.ndim != 3 or steps.shape[1] != steps.shape[2] or len(steps) == 0:
        raise ValueError(f"`matrices` must be [T, d, d]; got shape {steps.shape}.")
    if not np.allclose(steps, np.swapaxes(steps, 1, 2)) or np.linalg.eigvalsh(steps).min() < -1e-9 * max(1.0, np.abs(steps).max()):
        raise ValueError("`matrices` must be symmetric and positive semidefinite.")
    return steps
