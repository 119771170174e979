"""Closed forms of the borders on the map of writers: where greedy decoding, the mode and best of N are right, and at which share.

A share s of the writers is careful: all of them write one and the same right response. The others are careless: they open with one token,
go on with one of P phrasings, each equally likely, and then make the same mistake with probability r > 1/2. So the law of a prompt has the
right response with probability s, P wrong ones with (1-s) r/P each, and P right ones with (1-s)(1-r)/P each. All borders are for prompts
on which the mistake changes the answer; on the others every response is right.
"""

from typing import Any

import numpy as np


def greedy_share() -> float:
    """Greedy decoding is right iff s > 1/2: its first token is that of the careful writers iff they are the majority."""
    return 0.5


def mode_phrasings(share: Any, rate: float) -> np.ndarray:
    """The mode is right iff P > r (1-s)/s: s, the right response's mass, is above that of each wrong one, (1-s) r/P. Shape of `share`."""
    share = np.asarray(share, dtype=np.float64)
    return rate * (1 - share) / share


def mode_share(phrasings: Any, rate: float) -> np.ndarray:
    """The same border as a share: the mode is right iff s > r/(r + P)."""
    return rate / (rate + np.asarray(phrasings, dtype=np.float64))


def best_of_n_share(rate: float, draws: float) -> float:
    """Where the mode is right, best of N beats one draw iff s > s_N = 1 - (r / (1 - (1-r)^N))^(1/(N-1)), whatever P is. N >= 2.

    Best of N is right if a careful writer is among the draws, or if no draw has the mistake: 1 - (1-s)^N + ((1-s)(1-r))^N. One draw is
    right with probability 1 - (1-s) r. Where the mode is wrong, best of N is right only if no draw has the mistake, which is rarer.
    """
    return float(-np.expm1((np.log(rate) - np.log1p(-((1 - rate) ** draws))) / (draws - 1)))


def one_draw(share: Any, rate: float, affected: float = 1.0) -> np.ndarray:
    """The accuracy of one draw, 1 - f (1-s) r, where the mistake changes the answer on a fraction f = `affected` of the prompts."""
    return 1 - affected * (1 - np.asarray(share, dtype=np.float64)) * rate


def covariance_phrasings(share: Any, rate: float) -> np.ndarray:
    """Cov(correct, log pi) > 0 iff P > r (1-s)/s (r/(1-r))^((1-s)(1-r)/s): never below the mode's border, and far above it for small s.

    The mean log-probability of the right responses is held against that of the wrong ones. The careless writers' right responses, each
    less likely than a wrong one by r/(1-r), weigh (1-s)(1-r)/s times as much as the careful writers'.
    """
    share = np.asarray(share, dtype=np.float64)
    with np.errstate(over="ignore"):
        return mode_phrasings(share, rate) * np.exp((1 - share) * (1 - rate) / share * np.log(rate / (1 - rate)))
