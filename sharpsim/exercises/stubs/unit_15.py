"""Tasks of unit 15: power sampling."""

import numpy as np


def first_token(joint: np.ndarray, alpha: float) -> np.ndarray:
    """Return the law, [tokens], of the first token under pi^alpha, the base raised to the power alpha and normalised.

    The base draws responses of two tokens: `joint[i, j]` is the probability of first token i and second token j, 0 where it never occurs.
    alpha may be 2000, so that powers underflow.
    """
    raise NotImplementedError


def worst_base(alpha: float, columns: int) -> np.ndarray:
    """Return `joint`, [2, columns]: probabilities of responses of two tokens, a base for which a low temperature is wrong.

    Token by token at temperature 1/alpha, the next token v has a probability proportional to p(v | before)^alpha. Its law is within
    tanh(D/4) of pi^alpha in total variation, where D = (alpha - 1) log(columns) is the most by which log zeta of two first tokens may
    differ, zeta(v) = sum over second tokens of p(second | v)^alpha. Reach 0.99 of tanh(D/4).
    """
    raise NotImplementedError


def log_means(samples: np.ndarray) -> np.ndarray:
    """Return an estimate of log E[W], [rows], from each row of `samples`, [rows, K]: K >= 10 independent draws of a positive W.

    In power sampling W = p(completion)^(alpha - 1), and E[W] is zeta. The plug-in log(mean of the row) is too small on average, by an
    amount of order 1/K. The bias of your estimate, computed exactly from all samples that can occur, may be at most a fifth of that,
    for each of several laws of W. The estimate must not depend on the order of a row.
    """
    raise NotImplementedError
