"""Tasks of unit 3: best of N, exactly."""

import numpy as np


def best_of_n_law(base: np.ndarray, reward: np.ndarray, N: int) -> np.ndarray:
    """Return the exact law of best of N: draw N responses from `base`, keep one of largest `reward`, the first drawn among equals.

    `base` holds probabilities, `reward` numbers, both of shape [responses]. Return probabilities of the same shape.
    Rewards may tie exactly. Hint: F(t)^N is the probability that all N rewards are at most t.
    """
    raise NotImplementedError


def least_draws(p: float, rho: float) -> int:
    """Return the least N for which best of N misses a set of base mass p with probability at most rho.

    Proposition C.1 says that log(1/rho)/p draws suffice. Find what is needed. `p` is in (0, 1], possibly as small as 1e-12; `rho` is in
    (0, 1). The result must be right up to one part in 10^9 (and exact where it is small).
    """
    raise NotImplementedError


def far_from_base(atoms: int, N: int) -> np.ndarray:
    """Return base probabilities for which best of N moves as far from base as you can: the largest KL(best of N || base).

    Return shape [atoms], all positive; response i has reward i, so there are no ties. No law reaches log N - (N-1)/N nats.
    The check passes 1e-4 nats below the best value known for this number of atoms. The uniform law does not suffice.
    """
    raise NotImplementedError
