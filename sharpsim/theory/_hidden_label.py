"""The error of the best guess of a hard prompt's secret label, after k draws of responses to that prompt, for any k.

A prompt of the hard family has M labels, of which one, the secret, is its mode. The exact minimax risk in `limits` is a mean of these
errors over the random number of draws that a prompt receives.
"""

import math
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

import numpy as np

from sharpsim import _checks
from sharpsim.laws import binomial_window, occupancy_means
from sharpsim.theory._family import SMALL_MEAN

TERMS = 16
"""Terms of the series that have digits, where fewer than 1/e labels are unseen on average."""

NEGLIGIBLE = 1e-18
"""The share of a mean that the counts left out may have."""

Errors = Callable[[Any], np.ndarray]


class GuessErrors:
    """e(k) = (1 - 2/M)^k E[1 - 1/(M - Occ_k)], Occ_k the distinct labels seen among the M-1 that are not the secret.

    Relative error about 1e-13, however small e(k) is. Up to `turn` draws by one pass of `laws.occupancy_means`, kept for later calls: e is
    at least 1e-17 there, and the pass is right within 1e-28. Beyond, where few labels are unseen, by inclusion and exclusion.
    """

    def __init__(self, labels: int):
        self.labels = labels
        self.turn = math.ceil((labels - 1) * (math.log(labels - 1) + 1))
        self._table = np.empty(0)

    def __call__(self, draws: Any) -> np.ndarray:
        """e at whole numbers of draws, an array."""
        k = np.asarray(draws, dtype=np.float64)
        near = np.minimum(k, self.turn).astype(np.int64)
        errors, late = np.asarray(self._up_to(int(near.max(initial=0)))[near]), k > self.turn
        if late.any():
            errors[late] = self._beyond(k[late])
        return errors

    def _up_to(self, draws: int) -> np.ndarray:
        if len(self._table) <= draws:
            # Rounded up, so that neighbouring requests share one pass.
            steps = max(0, math.ceil(math.log(max(draws, 1) / 64, 1.25)))
            draws = min(math.ceil(64 * 1.25**steps), self.turn)
            _checks.affordable("labels", self.labels, seconds=2e-6 * draws, size=40.0 * self.labels + 8.0 * draws)
            unseen = self.labels - np.arange(self.labels)
            self._table = occupancy_means(1 - 1 / unseen, draws=draws, survival=1 - 2 / self.labels).means
        return self._table

    def _beyond(self, k: np.ndarray) -> np.ndarray:
        """(1 - 2/M)^k sum_j (-1)^(j+1) C(c, j) (1 - j/c)^k/(j + 1), c = M - 1: E[V/(1 + V)] by the factorial moments of V, the unseen."""
        cells, log_ways, total = self.labels - 1, 0.0, np.zeros(k.shape)
        for j in range(1, min(TERMS, cells - 1) + 1):
            log_ways += math.log((cells - j + 1) / j)
            total += (-1) ** (j + 1) / (j + 1) * np.exp(log_ways + k * math.log1p(-j / cells))
        return np.exp(k * math.log1p(-2 / self.labels)) * total


@lru_cache(maxsize=512)
def guess_errors(labels: int) -> GuessErrors:
    """e, for one number of labels."""
    return GuessErrors(labels)


def guess_errors_ceiling(labels: int) -> Errors:
    """Upper bound on e in closed form: 1/(M - Occ) is convex, so its mean is at least 1/(M - E Occ_k) (Jensen)."""

    def ceiling(draws: Any) -> np.ndarray:
        k = np.asarray(draws, dtype=np.float64)
        others = (labels - 1) * np.exp(k * math.log1p(-1 / (labels - 1)))
        return np.exp(k * math.log1p(-2 / labels)) * (others / (1 + others))

    return ceiling


def mean_error(errors: Errors, *, visits: int, chance: float, each: float = 1) -> float:
    """E[e(each Bin(visits, chance))], with its digits down to 1e-290."""
    k, probability = binomial_window(visits, chance)
    mean = float(errors(each * k) @ probability)
    if mean < SMALL_MEAN:
        # Few draws may be what such a mean consists of. It is no larger than the true one, and e is at most 1.
        k, probability = binomial_window(visits, chance, lower=max(NEGLIGIBLE * mean, 1e-300))
        mean = float(errors(each * k) @ probability)
    return mean


def mean_gain(errors: Errors, *, visits: int, chance: float) -> float:
    """E[e(B) - e(B + 1)], B = Bin(visits, chance)."""
    return mean_error(partial(_gain, errors), visits=visits, chance=chance)


def _gain(errors: Errors, draws: np.ndarray) -> np.ndarray:
    return errors(draws) - errors(draws + 1)
