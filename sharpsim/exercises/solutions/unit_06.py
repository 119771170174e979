"""Worked solutions of unit 6."""

import numpy as np


def guess_error(M: int, k: int) -> float:
    """Follow the law of the number of labels hit, one draw at a time."""
    cells = M - 1
    law = np.zeros(cells + 1)
    law[0] = 1
    hit = np.arange(cells + 1)
    for _ in range(k):
        law = law * hit / cells + np.concatenate([[0], law[:-1] * (1 - hit[:-1] / cells)])
    return float((1 - 2 / M) ** k * np.sum(law * (1 - 1 / (M - hit))))


def worth_of_a_draw(M: int, U: int) -> float:
    """(2 - M/((M-1)U))/M for U >= 2, and 0 for U = 1.

    The draw is the secret with probability 2/M (error 0 afterwards), and a new label with probability a = (U-1)(M-2)/(M(M-1)) (error
    1 - 1/(U-1)). Otherwise nothing changes. The fall is (2/M)(1 - 1/U) + a (1/(U-1) - 1/U), in which a/(U(U-1)) simplifies.
    """
    if U == 1:
        return 0.0
    return (2 / M) * (1 - 1 / U) + (M - 2) / (M * (M - 1) * U)


def guess(M: int, labels: list[int], likelihoods: list[float]) -> np.ndarray:
    """Name the secret if it was drawn; otherwise guess uniformly among the labels that were not."""
    for label, likelihood in zip(labels, likelihoods, strict=True):
        if abs(likelihood - 2 / M) < 1e-9:
            return np.eye(M)[label]
    unseen = np.ones(M)
    unseen[labels] = 0
    return unseen / unseen.sum()
