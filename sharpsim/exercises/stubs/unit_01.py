"""Tasks of unit 1: what sharpening is."""

import numpy as np


def unsharpened_fraction(policy: np.ndarray, base: np.ndarray, weights: np.ndarray, delta: float, slack: float) -> float:
    """Return the weight of the prompts on which `policy` is not sharpened (Definitions 3.1 and F.1).

    A prompt x fails if policy(Y*_g|x) <= 1 - delta, where Y*_g(x) = {y : base(y|x) >= (1 - slack) max_y' base(y'|x)}. Equality fails.

    `policy` and `base` are probabilities of shape [prompts, responses], `weights` has shape [prompts] and sums to one.
    Count two numbers as equal when they differ by less than 1e-9.
    """
    raise NotImplementedError


def sharpened_yet_less_likely(delta: float) -> tuple[np.ndarray, np.ndarray]:
    """Return (base, policy), two laws of one prompt, that show: sharpened does not mean more likely.

    `policy` must have mass above 1 - delta on the mode of `base`, which must be unique, and yet the mean log-likelihood
    E_policy[log base] must be below E_base[log base]. All base probabilities must be positive. `delta` is between 0 and 1.
    At most 10,000 responses. Arrays of shape [responses].
    """
    raise NotImplementedError


def most_likely_within(base: np.ndarray, budget: float) -> np.ndarray:
    """Return a policy with the largest mean log-likelihood E_policy[log base] that you can reach with KL(policy || base) <= budget.

    `base` holds positive probabilities, shape [responses]; `budget` is in nats and positive. Return probabilities of the same shape.
    The check asks for the optimum up to 1e-4 nats, and allows a KL divergence of budget + 1e-9.
    """
    raise NotImplementedError
