"""Tasks of unit 11: computation and representation."""

import numpy as np


def most_likely_signs(adjacency: np.ndarray, scale: float) -> tuple[int, int]:
    """Return (cut, count): the size of the cut in the most likely sequences of Proposition E.1's model, and their number.

    A sequence is n signs, then y_a and y_b in {-1, 1}, with n the number of vertices. The signs are uniform. With S = -(sum of y_i y_j over
    edges), y_a has logit 2 y_a S (so y_a = 1 has probability 1/(1 + exp(-2S))). If y_a = 1, y_b is 1 with probability
    1/(1 + exp(-2 B)), with B = `scale`, at least 1; if y_a = -1, y_b is uniform. `adjacency` is the 0/1 matrix of a graph with at least
    one edge and at most 8 vertices. The cut counts the edges between vertices of different signs.
    """
    raise NotImplementedError


def nearly_half(vocabulary: int, mass: float) -> tuple[np.ndarray, np.ndarray]:
    """Return (theta_1, theta_2) in R^2 for which the model of Proposition E.2 gives its target (2, 1) at least this mass.

    Tokens are 1..n, n = `vocabulary` >= 3. First token: tokens 1 and 2 have the feature e_1, all others e_2. Second token: after token 2,
    token 1 has the feature e_1, all others e_2; after every other token the second token is uniform. pi(token) is proportional to
    exp<feature, theta>. `mass` is below 1/2: no member of the class reaches 1/2. Entries of theta must be at most 1,000 in absolute value.
    """
    raise NotImplementedError


def stuck(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return (adjacency, signs): a graph on n vertices and a cut that no change of a single sign makes larger, as bad as you can.

    Your score is the maximum cut divided by your cut. First show that it never exceeds 2. The check asks for 2 - 1e-9; `n` is a multiple of
    4, at most 16. `adjacency` is a symmetric 0/1 matrix with zero diagonal and at least one edge, `signs` a vector of -1 and 1.
    """
    raise NotImplementedError
