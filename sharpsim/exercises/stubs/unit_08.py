"""Tasks of unit 8: the tilted policy and DPO."""

import numpy as np


def tilted(base: np.ndarray, reward: np.ndarray, beta: float) -> np.ndarray:
    """Return the maximiser of E_pi[reward] - beta KL(pi || base), probabilities of shape [responses].

    `base` holds positive probabilities, `reward` finite numbers. Rewards divided by beta may be as large as 10^5: avoid overflow.
    """
    raise NotImplementedError


def breaks_the_printed_lemma(slack: float, beta: float) -> np.ndarray:
    """Return base probabilities of one prompt that show that Lemma 4.1', as printed, is false for beta < 1.

    Printed: C <= C_cov,g/(1-g), where C = sum pi_beta(y)^2/base(y) is the concentrability of pi_beta (proportional to base^(1+1/beta)),
    g = `slack`, and C_cov,g = 1/base(Y*_g). Corrected: C <= C_cov,g (1+q)^2/(4q) with q = (1-g)^(1/beta). Return positive probabilities, at
    most 10,000, with C at least 90% of the corrected bound; the printed bound then fails on all instances of the check.
    Hint: one response of weight 1 and K of weight 1 - g. Find K.
    """
    raise NotImplementedError


def largest_beta(base: np.ndarray, delta: float) -> float:
    """Return a KL weight beta, as large as you can, for which pi_beta (proportional to base^(1+1/beta)) misses Y* by at most delta/2.

    `base` [responses] is positive, with a unique mode of probability below 1 - delta/2. The check asks for 99.9% of the largest beta.
    The paper's choice is g_m/(2 log(2|Y|/delta)), with g_m the margin.
    """
    raise NotImplementedError
