"""Worked solutions of unit 1."""

import numpy as np
from scipy.optimize import root_scalar


def unsharpened_fraction(policy: np.ndarray, base: np.ndarray, weights: np.ndarray, delta: float, slack: float) -> float:
    """The set Y*_g comes from the base, the mass on it from the policy."""
    top = base.max(axis=1, keepdims=True)
    near = base >= (1 - slack) * top - 1e-9
    mass = np.sum(policy * near, axis=1)
    return float(np.sum(weights[mass <= 1 - delta + 1e-9]))


def sharpened_yet_less_likely(delta: float) -> tuple[np.ndarray, np.ndarray]:
    """Base is nearly uniform on two responses, and gives a third almost nothing; the policy spends half of delta there.

    E_base[log base] is about log(1/2), and E_policy[log base] is about (delta/2) log(tiny) + (1 - delta/2) log(1/2).
    """
    tiny = np.exp(-20 / delta)
    base = np.array([0.5, 0.5 - tiny, tiny])
    if base[0] == base[1]:
        # `tiny` is lost in 0.5 - tiny: make the mode unique by hand.
        base = np.array([0.51, 0.49, tiny]) / (1 + tiny)
    return base, np.array([1 - delta / 2, 0.0, delta / 2])


def most_likely_within(base: np.ndarray, budget: float) -> np.ndarray:
    """The optimum is proportional to base^a: by Lagrange, log policy = a log base + constant. Find a by its KL divergence."""

    def tilted(power: float) -> np.ndarray:
        scaled = power * np.log(base)
        weights = np.exp(scaled - scaled.max())
        return weights / weights.sum()

    def divergence(power: float) -> float:
        law = tilted(power)
        held = law > 0
        return float(np.sum(law[held] * np.log(law[held] / base[held])))

    largest = 1e6
    if divergence(largest) <= budget:
        return tilted(largest)
    return tilted(root_scalar(lambda power: divergence(power) - budget, bracket=(1.0, largest), xtol=1e-13).root)
