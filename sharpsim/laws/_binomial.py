"""The binomial distribution, restricted to the counts that carry all but a negligible part of the mass on either side.

Call it for expectations over Bin(n, p) at any n, in time proportional to sqrt(n p (1 - p)).
"""

import math

import numpy as np

from sharpsim import _checks
from sharpsim._arguments import OPEN_UNIT, UNIT, checked, count

NEGLIGIBLE = 1e-18
"""Default probability of a tail that may be left out."""


@checked(n=count(0), p=UNIT, lower=OPEN_UNIT, upper=OPEN_UNIT)
def binomial_window(n: int, p: float, *, lower: float = NEGLIGIBLE, upper: float = NEGLIGIBLE) -> tuple[np.ndarray, np.ndarray]:
    """(values, probabilities) of Bin(n, p), without a lower tail of probability below `lower` and an upper one below `upper`.

    The mean of a function that falls with the count keeps its relative precision, however small it is, at a `lower` of 1e-300: there the
    upper tail never matters. Computed from the ratios of neighbouring probabilities and normalised. The relative error is about 1e-15
    times the width of the window; n may be 1e12 and more.
    """
    if p in (0, 1):
        return np.array([n if p == 1 else 0]), np.ones(1)
    below, above = _spread(n, p, lower), _spread(n, p, upper)
    _checks.affordable("n", n, seconds=2e-7 * (below + above), size=40 * (below + above))
    k = np.arange(max(0, math.floor(n * p - below)), min(n, math.ceil(n * p + above)) + 1, dtype=np.float64)
    steps = np.log((n - k[1:] + 1) / k[1:]) + (math.log(p) - math.log1p(-p))
    log_weights = np.concatenate([[0.0], np.cumsum(steps)])
    weights = np.exp(log_weights - log_weights.max())
    return k.astype(np.int64), weights / weights.sum()


def _spread(n: int, p: float, negligible: float) -> float:
    """A distance from the mean beyond which the probability is below `negligible` (Bernstein's inequality, a little wider)."""
    scale = math.log(negligible) / math.log(NEGLIGIBLE)
    return 9.5 * math.sqrt(scale * n * p * (1 - p)) + 50 * scale
