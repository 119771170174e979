"""Worked solutions of unit 13."""

import numpy as np


def measures(target: np.ndarray, base: np.ndarray, cut: float) -> tuple[float, float, float]:
    """Where the target has no mass nothing is added, whatever the ratio."""
    some = target > 0
    target, base = target[some], base[some]
    ratio = np.divide(target, base, out=np.full_like(target, np.inf), where=base > 0)
    tail = np.sum(target[ratio >= cut * (1 - 1e-12)])
    excess = np.sum(np.maximum(target - cut * base, 0))
    return float(tail), float(excess), float(np.sum(target * np.minimum(ratio, cut)))


def reverse_is_tight(cut: float, share: float) -> tuple[np.ndarray, np.ndarray]:
    """The proof bounds 1 - c M/w from below by 1 - c where w >= M: nothing is lost if w = M there and the target has no other mass.

    So one response has target mass 1 and base mass 1/M, for every c.
    """
    return np.array([1.0, 0.0]), np.array([1 / cut, 1 - 1 / cut])


def fewest_draws(target: np.ndarray, base: np.ndarray, eps: float) -> tuple[float, int]:
    """A small cut accepts often and leaves some of the target out; a large cut is exact and accepts rarely. Try many, bisect over N."""

    def distance(cut: float, draws: int) -> float:
        taken = np.minimum(target / cut, base)
        refused = 1 - taken.sum()
        law = (1 - refused**draws) * taken / taken.sum() + refused ** (draws - 1) * (base - taken)
        return float(np.abs(law - target).sum() / 2)

    best = (1.0, 2**40)
    for cut in np.geomspace(0.2, float(np.max(target / base)), 2000):
        if distance(cut, best[1]) > eps:
            continue
        low, high = 0, best[1]
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if distance(cut, middle) <= eps else (middle, high)
        if high < best[1]:
            best = (float(cut), high)
    return best
