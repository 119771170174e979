"""Worked solutions of unit 8."""

import numpy as np
from scipy.optimize import root_scalar


def tilted(base: np.ndarray, reward: np.ndarray, beta: float) -> np.ndarray:
    """Proportional to base exp(reward/beta); the largest exponent is taken off before exp."""
    exponent = np.log(base) + reward / beta
    weights = np.exp(exponent - exponent.max())
    return weights / weights.sum()


def breaks_the_printed_lemma(slack: float, beta: float) -> np.ndarray:
    """With t = K(1-g) the concentrability is (1+t)(1+t q^2)/(1+t q)^2, and C_cov,g = 1. The maximum over t is at t = 1/q."""
    q = (1 - slack) ** (1 / beta)
    K = max(1, round(1 / (q * (1 - slack))))
    weights = np.append(1.0, np.full(K, 1 - slack))
    return weights / weights.sum()


def largest_beta(base: np.ndarray, delta: float) -> float:
    """The miss rises with beta, from 0 to the base's own: find the root in log beta."""

    def excess(log_beta: float) -> float:
        log_weights = (1 + np.exp(-log_beta)) * np.log(base)
        weights = np.exp(log_weights - log_weights.max())
        return float((weights.sum() - weights.max()) / weights.sum()) - delta / 2

    root = root_scalar(excess, bracket=(-30.0, 30.0), xtol=1e-13).root
    return float(np.exp(root) * (1 - 1e-9))
