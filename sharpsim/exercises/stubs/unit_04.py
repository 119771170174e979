"""Tasks of unit 4: coverage and its profile."""

import numpy as np


def coverage_coefficient(base: np.ndarray, weights: np.ndarray, slack: float) -> float:
    """Return C_cov = E_{x~weights}[ 1 / base(Y*_g(x)|x) ], where Y*_g(x) = {y : base(y|x) >= (1 - slack) max_y' base(y'|x)}.

    `base` holds probabilities [prompts, responses], `weights` [prompts] sums to one. Count numbers closer than 1e-9 as equal.
    """
    raise NotImplementedError


def many_uncovered(C: float, N: float) -> tuple[np.ndarray, np.ndarray]:
    """Return (p, weights): the mode probability p[x] and the weight of each prompt, with as much weight as possible on p <= 1/N.

    The coverage coefficient sum(weights / p) must be at most C (up to 1e-9). 1 < C < N.
    Markov's inequality says that the weight of
    the prompts with p <= 1/N is at most C/N. Find the largest weight, which is smaller, and attain it (up to 1e-9).
    Use at most 100 prompts.
    """
    raise NotImplementedError


def hardest_prompts(C: float, N: int) -> tuple[np.ndarray, np.ndarray]:
    """Return (p, weights) as in 04.2, with sum(weights / p) <= C, and the chance that N draws miss the mode as large as you can.

    That chance is E_x[(1 - p_x)^N]. Use at most 100 prompts. The check asks for 99.9% of the largest value.
    """
    raise NotImplementedError
