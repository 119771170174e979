"""Worked solutions of unit 3."""

import math

import numpy as np
from scipy.optimize import minimize


def best_of_n_law(base: np.ndarray, reward: np.ndarray, N: int) -> np.ndarray:
    """The kept reward is at level t with probability F(t)^N - F(t-)^N; inside the level the law is base, restricted."""
    law = np.zeros(len(base))
    for level in np.unique(reward):
        inside = reward == level
        below = base[reward < level].sum()
        here = base[inside].sum()
        chance = (below + here) ** N - below**N
        if here > 0:
            law[inside] = chance * base[inside] / here
    return law


def least_draws(p: float, rho: float) -> int:
    """All N draws miss with probability (1-p)^N, so N >= log(rho)/log(1-p); log1p keeps the digits of a small p."""
    if p == 1:
        return 1
    return max(1, math.ceil(math.log(rho) / math.log1p(-p) * (1 - 1e-14)))


def far_from_base(atoms: int, N: int) -> np.ndarray:
    """Maximise over the logits of the masses with a quasi-Newton method, from the uniform law and from one random start."""

    def shortfall(logits: np.ndarray) -> float:
        base = np.exp(logits - logits.max())
        base /= base.sum()
        upper = np.cumsum(base)
        kept = upper**N - (upper - base).clip(0) ** N
        held = kept > 0
        return -float(np.sum(kept[held] * np.log(kept[held] / base[held])))

    rng = np.random.default_rng(0)
    starts = [np.zeros(atoms), rng.normal(size=atoms)]
    found = min((minimize(shortfall, start, method="BFGS", tol=1e-7) for start in starts), key=lambda result: result.fun)
    base = np.exp(found.x - found.x.max())
    return base / base.sum()
