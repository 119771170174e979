"""Worked solutions of unit 9."""

from collections.abc import Callable

import numpy as np


def regret(policy: np.ndarray, base: np.ndarray, reward: np.ndarray, beta: float) -> float:
    """Put reward = beta log(pi_beta/base) + constant into J: the constants cancel, and beta KL(policy || pi_beta) remains."""
    exponent = np.log(base) + reward / beta
    log_best = exponent - exponent.max() - np.log(np.sum(np.exp(exponent - exponent.max())))
    return float(beta * np.sum(policy * (np.log(policy) - log_best)))


def attain_elliptic(d: int, K: float, lam: float) -> list[np.ndarray]:
    """Each step spends its whole trace on a new direction, in which G is still lam: each term is K/lam, and the sum d K/lam."""
    steps = []
    for t in range(d):
        step = np.zeros((d, d))
        step[t, t] = K
        steps.append(step)
    return steps


def explore(arms: int, query: Callable[[int], float]) -> int:
    """Query all arms but the last. If one likelihood stands out, it is the secret; if all are equal, the last arm is."""
    seen = [query(arm) for arm in range(arms - 1)]
    if max(seen) > 1.5 * min(seen):
        return int(np.argmax(seen))
    return arms - 1
