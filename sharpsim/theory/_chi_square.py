"""Chi-square regularisation of a proxy reward: its exact law and, on ranks, its guarantee. `win_rate` exports it."""

from typing import Any

import numpy as np

from sharpsim._arguments import OPEN_UNIT, POSITIVE, UNIT, checked
from sharpsim._logspace import normalise
from sharpsim.theory._common import as_float


@checked(beta=POSITIVE)
def chi_square_law(log_base: Any, proxy: Any, *, beta: float) -> np.ndarray:
    """The law, [prompts, responses], that maximises E_pi proxy - (beta/2) E_base (pi/base - 1)^2: base (proxy - lambda)_+ / beta.

    As beta falls to 0 it is base on the best responses alone; as beta grows, base. It depends on the values of the proxy, not on ranks
    alone. Raises `ValueError` for rewards that are not finite.
    """
    base = np.exp(normalise(np.asarray(log_base, dtype=np.float64), np))
    values = np.asarray(proxy, dtype=np.float64)
    if not np.isfinite(values).all():
        raise ValueError("`proxy` must be finite: chi-square regularisation weighs its values.")
    best = np.where(base > 0, values, -np.inf).max(axis=-1, keepdims=True)
    # Distances to the best reward: the law is base (rise - distance)_+ / beta, and `rise` makes it add up to one.
    distance = np.where(base > 0, best - values, np.inf)
    order = np.argsort(distance, axis=-1)
    mass, ahead = np.take_along_axis(base, order, axis=-1), np.take_along_axis(distance, order, axis=-1)
    ahead = np.where(np.isfinite(ahead), ahead, 0.0)
    rises = (beta + np.cumsum(mass * ahead, axis=-1)) / np.cumsum(mass, axis=-1)
    within = (mass > 0) & (ahead < rises)
    last = within.sum(axis=-1, keepdims=True) - 1
    rise = np.take_along_axis(rises, last, axis=-1)
    law = np.where(base > 0, base * np.maximum(rise - np.where(base > 0, distance, 0.0), 0.0), 0.0)
    return law / law.sum(axis=-1, keepdims=True)


@checked(error=UNIT, top=OPEN_UNIT)
def chi_square_bound(*, error: Any, top: Any) -> Any:
    """**Upper** bound on 1 - R of chi-square regularisation of the proxy's mid-rank, beta = top^2/2, base without atoms: e/top + top/3.

    At most 1. The density falls linearly over the best share `top`, from 2/top. For e < 1/3 it is least at top = sqrt(3e), where it is
    2 sqrt(e/3), 1.155 times the least of the best k of N.
    """
    t = np.asarray(top, dtype=np.float64)
    return as_float(np.minimum(np.asarray(error, dtype=np.float64) / t + t / 3, 1.0))
