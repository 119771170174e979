"""Worked solutions of unit 4."""

import numpy as np


def coverage_coefficient(base: np.ndarray, weights: np.ndarray, slack: float) -> float:
    """The mass of the whole set, then its inverse, then the mean over prompts: the order matters."""
    near = base >= (1 - slack) * base.max(axis=1, keepdims=True) - 1e-9
    mass = np.sum(base * near, axis=1)
    return float(np.sum(weights / mass))


def many_uncovered(C: float, N: float) -> tuple[np.ndarray, np.ndarray]:
    """1/p is at least 1, so Markov's inequality for 1/p - 1 gives P[1/p >= N] <= (C - 1)/(N - 1); two prompts attain it."""
    share = (C - 1) / (N - 1)
    return np.array([1.0, 1 / N]), np.array([1 - share, share])


def hardest_prompts(C: float, N: int) -> tuple[np.ndarray, np.ndarray]:
    """With u = 1/p, maximise E[(1 - 1/u)^N] given E[u] = C.

    The miss is 0 at u = 1, convex at first, concave later: the best law mixes u = 1 with one value v >= C (concave envelope), with weight
    (C - 1)/(v - 1) on v. The value (C - 1) (v - 1)^(N-1) / v^N is largest at v = N: its logarithm has derivative (N-1)/(v-1) - N/v.
    So the hardest prompts have p = 1/N, and the largest miss is (C - 1)/(N - 1) (1 - 1/N)^N, about 1/e of 04.2's weight.
    """
    v = max(C, N)
    share = (C - 1) / (v - 1)
    return np.array([1.0, 1 / v]), np.array([1 - share, share])
