"""pass@N for N beyond the number of draws: what every law of success probabilities that fits the counts allows."""

from typing import Any

import numpy as np

from sharpsim.estimators._mixture import bounds, maximum_likelihood

GRID = np.concatenate([[0.0], np.geomspace(1e-5, 0.05, 28), np.linspace(0.06, 0.94, 45), 1 - np.geomspace(0.05, 1e-3, 10), [1.0]])
"""Success probabilities that prompts may have: dense near 0, where pass@N for large N is decided."""


def predict_pass(successes: np.ndarray, draws: np.ndarray, N: np.ndarray, drop: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(value, low, high) of E[1 - (1-p)^N] over the population of prompts, each `[sizes]`, from c of n successes of each prompt.

    The success probability p of a prompt has an unknown law on `GRID`; c is Binomial(n, p). `value` is at the law of largest likelihood;
    the band holds all laws whose log-likelihood is within `drop` of it.
    """
    pairs, counts = np.unique(np.stack([successes, draws], axis=1), axis=0, return_counts=True)
    chances, weights = binomial(pairs[:, 0], pairs[:, 1]), counts.astype(np.float64)
    fit = maximum_likelihood(chances, weights)
    found = []
    for size in N:
        solved = -np.expm1(size * np.log1p(-np.minimum(GRID, 1 - 1e-16)))
        found.append((solved @ fit.weights, *bounds(chances, weights, solved, fit, drop)))
    value, low, high = np.array(found).T
    return value, low, high


def binomial(successes: Any, draws: Any) -> np.ndarray:
    """P[c successes of n] at each probability of `GRID`, divided by the largest of the row, `[observations, grid]`."""
    c, n = (np.asarray(part, dtype=np.float64)[:, None] for part in (successes, draws))
    # Not at the top: listing the experiments should not wait for scipy.
    from scipy.special import xlog1py, xlogy

    logs = xlogy(c, GRID) + xlog1py(n - c, -GRID)
    return np.exp(logs - logs.max(axis=1, keepdims=True))
