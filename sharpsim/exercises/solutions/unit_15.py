"""Worked solutions of unit 15."""

import numpy as np


def first_token(joint: np.ndarray, alpha: float) -> np.ndarray:
    """p(i)^alpha zeta(i) with zeta(i) = sum_j p(j | i)^alpha is the sum of joint^alpha over j. The largest entry is divided out."""
    weights = ((joint / joint.max()) ** alpha).sum(axis=1)
    return weights / weights.sum()


def worst_base(alpha: float, columns: int) -> np.ndarray:
    """After one first token the rest is certain, after the other it is spread over all columns, so that zeta is 1 and columns^(1-alpha).

    The temperature does not see zeta. It errs most where it gives the first tokens the odds r = columns^((1-alpha)/2): pi^alpha has 1/r.
    """
    odds = columns ** ((1 - alpha) / 2)
    certain = odds ** (1 / alpha) / (1 + odds ** (1 / alpha))
    joint = np.full((2, columns), (1 - certain) / columns)
    joint[0] = 0
    joint[0, 0] = certain
    return joint


def log_means(samples: np.ndarray) -> np.ndarray:
    """The jackknife: K times the plug-in less K - 1 times its mean over the samples that leave one value out. The 1/K terms cancel."""
    size = samples.shape[1]
    without_one = (samples.sum(axis=1, keepdims=True) - samples) / (size - 1)
    return size * np.log(samples.mean(axis=1)) - (size - 1) * np.log(without_one).mean(axis=1)
