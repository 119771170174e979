"""Worked solutions of unit 2."""

import math

import numpy as np


def greedy_and_mode(first: np.ndarray, second: np.ndarray) -> tuple[tuple[int, int], tuple[int, int]]:
    """Greedy maximises one token at a time; the mode maximises the product."""
    start = int(np.argmax(first))
    joint = first[:, None] * second
    mode = np.unravel_index(np.argmax(joint), joint.shape)
    return (start, int(np.argmax(second[start]))), (int(mode[0]), int(mode[1]))


def trap(q: float) -> tuple[np.ndarray, np.ndarray]:
    """Token 0 comes first with probability 1 - q > q and is followed by a uniform token; token 1 is followed by a certain one.

    With V > (1 - q)/q tokens, each pair that starts with 0 has probability (1 - q)/V < q.
    """
    size = math.floor((1 - q) / q) + 2
    first = np.zeros(size)
    first[0], first[1] = 1 - q, q
    second = np.full((size, size), 1 / size)
    second[1] = 0
    second[1, 0] = 1
    return first, second


def worst_trap(vocabulary: int, horizon: int) -> list[np.ndarray]:
    """First tokens 0 and 1 are equally likely; everything after 0 is uniform, everything after 1 is certain.

    Bound: greedy's first token has probability a, at least that of the mode's first token, so P(mode) <= a; each later greedy token has
    probability at least 1/V. Equality: P(mode) = a = 1/2 and P(greedy) = a V^-(H-1).
    """
    conditionals = []
    for depth in range(horizon):
        table = np.full((vocabulary,) * (depth + 1), 1 / vocabulary)
        if depth == 0:
            table[:] = 0
            table[:2] = 1 / 2
        else:
            table[1] = 0
            table[1, ..., 0] = 1
        conditionals.append(table)
    return conditionals
