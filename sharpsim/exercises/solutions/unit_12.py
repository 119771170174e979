"""Worked solutions of unit 12."""

import math

import numpy as np


def subset_weights(total: int, draws: int) -> np.ndarray:
    """Response i is the best if it is in the subset and the other draws - 1 come from the total - 1 - i responses behind it."""
    return np.array([math.comb(total - 1 - i, draws - 1) / math.comb(total, draws) for i in range(total)])


def helps_then_hurts(rise: float) -> tuple[np.ndarray, np.ndarray]:
    """The mode is wrong and rare; correct responses come next; a long tail of wrong responses is behind them.

    With mode mass a and correct mass c, acc(N) = (1-a)^N - (1-a-c)^N. So acc(2) - acc(1) = c (1 - 2a - c), below 1/4, which is its value
    at a = 0 and c = 1/2. Take a = 0.02 and c near 1/2.
    """
    p = np.concatenate([[0.02], np.full(26, 0.0192), np.full(73, 0.48 / 73)]) + 1e-8 * np.arange(100)
    return p / p.sum(), (np.arange(100) >= 1) & (np.arange(100) <= 26)


def highest_hump(responses: int) -> tuple[np.ndarray, np.ndarray]:
    """Search over the mass a of the wrong mode, and the number j of correct responses just below it.

    acc(N) = (1-a)^N - (1-a-c)^N with c the correct mass; acc(infinity) = 0.
    """
    N = np.arange(1, 200)
    best, found = -1.0, (0.5, 1)
    for j in range(1, responses - 1):
        for a in np.geomspace(1.001 / responses, 1 / (1 + j), 80)[:-1]:
            c = j * a * (1 - 1e-6)
            rest = (1 - a - c) / (responses - 1 - j)
            if 0 < rest < a * (1 - 2e-6):
                score = float(np.max((1 - a) ** N - (1 - a - c) ** N) - c)
                if score > best:
                    best, found = score, (float(a), j)
    a, j = found
    correct = np.zeros(responses, dtype=bool)
    correct[1 : 1 + j] = True
    p = np.where(correct, a * (1 - 1e-6), (1 - a - j * a * (1 - 1e-6)) / (responses - 1 - j))
    p[0] = a
    return p / p.sum(), correct
