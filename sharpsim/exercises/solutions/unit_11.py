"""Worked solutions of unit 11."""

import itertools

import numpy as np


def most_likely_signs(adjacency: np.ndarray, scale: float) -> tuple[int, int]:
    """S = 2 cut - |E|, so P(y_a = 1) rises with the cut: the most likely sequences end in 1, 1 and begin with a maximum cut."""
    n = len(adjacency)
    cuts = []
    for signs in itertools.product((-1, 1), repeat=n):
        y = np.array(signs)
        cuts.append(int(np.sum(adjacency * (y[:, None] != y[None, :]))) // 2)
    return max(cuts), cuts.count(max(cuts))


def nearly_half(vocabulary: int, mass: float) -> tuple[np.ndarray, np.ndarray]:
    """Let both parameters grow along e_1 - e_2: pi(2) tends to 1/2 and pi(1 after 2) to 1. Double the norm until the mass is there."""
    n, size = vocabulary, 1.0
    while True:
        ratio = np.exp(-2 * size)
        if 1 / ((2 + (n - 2) * ratio) * (1 + (n - 1) * ratio)) >= mass:
            return np.array([size, -size]), np.array([size, -size])
        size *= 2


def stuck(n: int) -> tuple[np.ndarray, np.ndarray]:
    """The complete bipartite graph, and a cut that splits each of its sides in halves: every vertex has as many friends on each side.

    Bound: at a local maximum at least half of the edges at each vertex are cut, so at least half of all edges are. Here exactly half are,
    and the maximum cut has all of them.
    """
    half = n // 2
    adjacency = np.zeros((n, n))
    adjacency[:half, half:] = adjacency[half:, :half] = 1
    signs = np.where(np.arange(n) % 2 == 0, 1, -1)
    return adjacency, signs
