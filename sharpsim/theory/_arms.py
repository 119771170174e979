"""The exact minimax error on Example J.1', a bandit whose arms are rare among many other responses.

Base has d arms and M further responses of the same mass; one arm, the secret, is (1 + gap) times as likely as the others. Call
`minimax_error` for the least error of any learner that sees m draws of base with their likelihoods, `minimax_draws` for its inverse, and
`query_error` for a learner that may also ask for likelihoods of responses of its choice. `sharpsim.theory.separation` is the public face.
"""

import math
from functools import lru_cache

import numpy as np

from sharpsim import _checks
from sharpsim._arguments import checked, count
from sharpsim.laws import binomial_window, occupancy_means

LEFT_OUT = 1e-18
"""The share of the error that the hit counts left out may have."""


@checked(draws=count(0))
def minimax_error(*, draws: int, arms: int, bulk: int, gap: float) -> float:
    """e(m) = (1 - (1+g)/Z)^m E[1 - 1/(d - Occ_m)], Z = M + d + g, Occ_m = arms among d - 1 that m uniform draws on M + d - 1 cells hit.

    A learner errs when it does not put more than half of its mass on the secret arm. This is the least probability of an error, over all
    learners that see m draws of base with their likelihoods, for the worst secret; in [0, 1 - 1/d], non-increasing in m, 0 for one arm.
    Either the secret was drawn, and its likelihood shows it; or each arm not drawn is equally likely to be the secret. All terms are
    positive, and no hit count is left out that matters to a small mean, so the relative error is below 1e-9 up to m = 1e12.

    Raises `ValueError` for draws below 0, arms or bulk below 1, gap not positive.
    """
    d, m = int(arms), int(bulk)
    if d == 1:
        return 0.0
    # The mean falls as fast as exp(-draws), and what matters then is few hits: below the mean by a half of P[a given arm was not hit].
    least = 0.5 * math.exp(int(draws) * math.log1p(-1 / (m + d - 1)))
    _checks.affordable("draws", draws, seconds=4e-6 * math.sqrt(draws))
    total = m + d + gap
    hits, chances = binomial_window(int(draws), (d - 1) / (m + d - 1), lower=max(LEFT_OUT * least, 1e-300))
    guess = _guess_errors(d, int(hits[-1]))
    unseen = float(chances @ guess[np.minimum(hits, len(guess) - 1)])
    share = (1 + gap) / total
    log_other = math.log1p(-share) if share < 0.5 else math.log((m + d - 1) / total)
    return math.exp(int(draws) * log_other) * unseen


@checked
def minimax_draws(*, eps: float, arms: int, bulk: int, gap: float) -> int:
    """Inverse of `minimax_error`: the least number of draws at which some learner errs with probability at most eps."""
    if minimax_error(draws=0, arms=arms, bulk=bulk, gap=gap) <= eps:
        return 0
    low, high = 0, 1
    while minimax_error(draws=high, arms=arms, bulk=bulk, gap=gap) > eps:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if minimax_error(draws=middle, arms=arms, bulk=bulk, gap=gap) > eps else (low, middle)
    return high


@checked
def query_error(*, queries: int, arms: int) -> float:
    """max(0, 1 - (k+1)/d): the least error of a learner that may ask for the likelihood of any response, after k queries of arms."""
    return max(0.0, (arms - 1 - queries) / arms)


def _guess_errors(d: int, hits: int) -> np.ndarray:
    """E[1 - 1/(d - Occ)] after b = 0, 1, .. uniform draws on d - 1 arms, for b up to `hits` or until it underflows (then 0 at the end)."""
    # After 800 draws an arm, the chance exp(-800) that some arm is missing is 0 in float64. Rounded up, so that neighbours share a pass.
    return _guess_table(d, min(1 << max(hits, 1).bit_length(), 800 * (d - 1)))


@lru_cache(maxsize=64)
def _guess_table(d: int, draws: int) -> np.ndarray:
    _checks.affordable("arms", d, seconds=2e-6 * draws + 1e-9 * d * draws, size=40.0 * d)
    # Nothing is cut off, so that small errors keep their digits.
    table = occupancy_means(1 - 1 / (d - np.arange(d)), draws=draws, negligible=0.0).means
    table.flags.writeable = False
    return table
