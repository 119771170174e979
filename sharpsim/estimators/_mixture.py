"""Bounds on the mean of a function over an unknown population of prompts, of which each log shows one noisy observation a prompt.

The population is a law g over components (say, success probabilities on a grid); the observation x of a prompt has probability A[x, j]
under component j. The bounds are those of sum_j f_j g_j over all laws g whose log-likelihood is within `drop` of the largest: a profile
likelihood interval of a nonparametric mixture. No shape of g is assumed. Solved by Newton's method with logarithmic barriers.
"""

from typing import NamedTuple

import numpy as np


class Fit(NamedTuple):
    """`weights` g, `[components]`, of the largest likelihood, and that log-likelihood."""

    weights: np.ndarray
    log_likelihood: float


def maximum_likelihood(chances: np.ndarray, counts: np.ndarray) -> Fit:
    """The law g that maximises sum_x counts_x log(sum_j A[x, j] g_j), up to 1e-4 of log-likelihood.

    Args:
        chances: A, `[observations, components]`, each row with a positive entry.
        counts: how many prompts gave each observation, `[observations]`.
    """
    g = np.full(chances.shape[1], 1.0 / chances.shape[1])
    total, barrier = float(counts.sum()), 1.0
    while barrier > 1e-6 / len(g) ** 0.5:
        # Without the constraint sum g = 1, but minus `total` sum g, which has the same maximum.
        for _ in range(50):
            seen = chances @ g
            slope = chances.T @ (counts / seen) - total + barrier / g
            curve = (chances * (counts / seen**2)[:, None]).T @ chances + np.diag(barrier / g**2)
            step = np.linalg.solve(curve, slope)
            if slope @ step < 1e-2 * barrier * len(g):
                break
            g = g + _length(g, step) * step
        barrier /= 8
    g = g / g.sum()
    return Fit(g, float(counts @ np.log(chances @ g)))


def bounds(chances: np.ndarray, counts: np.ndarray, values: np.ndarray, fit: Fit, drop: float) -> tuple[float, float]:
    """The least and the largest sum_j values_j g_j over laws g of log-likelihood at least `fit`'s less `drop`, at most 1e-3 too far out."""
    return -_extreme(chances, counts, -values, fit, drop), _extreme(chances, counts, values, fit, drop)


def _extreme(chances: np.ndarray, counts: np.ndarray, values: np.ndarray, fit: Fit, drop: float) -> float:
    many, floor = len(values), fit.log_likelihood - drop
    # Strictly inside: the uniform law is mixed in as far as half of the drop allows.
    share = 0.5
    while counts @ np.log(chances @ ((1 - share) * fit.weights + share / many)) < floor + drop / 2:
        share /= 2
    g = (1 - share) * fit.weights + share / many
    barrier, ones = 0.1, np.ones(many)
    while 8 * barrier > 1e-3 / many:
        for _ in range(50):
            seen = chances @ g
            left = float(counts @ np.log(seen)) - floor
            pull = chances.T @ (counts / seen)
            slope = values + barrier * (pull / left + 1 / g)
            curve = (chances * (counts / seen**2)[:, None]).T @ chances / left + np.outer(pull, pull) / left**2 + np.diag(1 / g**2)
            both = np.linalg.solve(barrier * curve, np.stack([slope, ones], axis=1))
            step = both[:, 0] - both[:, 1] * (both[:, 0].sum() / both[:, 1].sum())
            gain = float(slope @ step)
            if gain < 1e-2 * barrier:
                break
            g = _inside(g, step, chances, counts, floor, values, barrier, gain)
        barrier /= 8
    # The last barrier keeps the value at most (components + 1) barriers inside; the bound goes that far out again.
    return float(values @ g) / float(g.sum()) + 8 * barrier * (many + 1)


def _length(g: np.ndarray, step: np.ndarray) -> float:
    """The longest step, at most 1, that keeps all weights above 5% of what they are."""
    falling = step < 0
    return float(min(1.0, (0.95 * g[falling] / -step[falling]).min(initial=np.inf)))


def _inside(
    g: np.ndarray, step: np.ndarray, chances: np.ndarray, counts: np.ndarray, floor: float, values: np.ndarray, barrier: float, gain: float
) -> np.ndarray:
    """A step that raises the barrier function and stays inside it, by halving."""

    def height(at: np.ndarray) -> float:
        left = float(counts @ np.log(chances @ at)) - floor
        return float(values @ at) + barrier * (np.log(left) + float(np.log(at).sum())) if left > 0 else -np.inf

    length, before = _length(g, step), height(g)
    for _ in range(40):
        made = g + length * step
        if height(made) >= before + 1e-4 * length * gain:
            return made
        length /= 2
    return g
