"""Tasks of unit 9: exploration, XPO and the SEC."""

from collections.abc import Callable

import numpy as np


def regret(policy: np.ndarray, base: np.ndarray, reward: np.ndarray, beta: float) -> float:
    """Return J(pi_beta) - J(policy), in nats, where J(pi) = E_pi[reward] - beta KL(pi || base) and pi_beta maximises J.

    All arrays have shape [responses]; `policy` and `base` are positive. Show that the regret equals beta KL(policy || pi_beta).
    """
    raise NotImplementedError


def attain_elliptic(d: int, K: float, lam: float) -> list[np.ndarray]:
    """Return d positive semidefinite matrices A_1..A_d of shape [d, d] and trace at most K that attain Lemma F.2 at T = d.

    With G_0 = lam I and G_t = G_{t-1} + A_t, the corrected lemma says
    sum_t Tr(G_{t-1}^{-1} A_t) <= d K log(1 + TK/(d lam))/(lam log(1 + K/lam)).
    This sum stands behind the bounds on the SEC: it counts how often the learner can be surprised.
    """
    raise NotImplementedError


def explore(arms: int, query: Callable[[int], float]) -> int:
    """Return the secret arm, after as few queries as you can.

    One of the arms 0..arms-1 is the secret; there are at least three. `query(a)` returns the likelihood of arm a under the base. It is
    twice as large for the secret as for any other arm, on a scale that you do not know. You may call `query` at most
    arms - 1 times (later calls return NaN), and your answer must always be right.
    """
    raise NotImplementedError
