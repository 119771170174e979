"""Whether a mean estimated from draws agrees with exact lower and upper bounds: intervals over seeds, and the deviation due to chance.

Call `over_seeds` for the interval of a mean over seeds. Call `allowed_deviation` for the largest deviation from the expectation that chance
explains, at a stated false-alarm rate; `bernoulli_variance` gives the variance that it needs when a probability is known up to bounds.
"""

import numpy as np

from sharpsim._arguments import POSITIVE, checked, count
from sharpsim.estimators._kinds import SCORES, SEVERAL_SEEDS, SHARES


@checked(values=SEVERAL_SEEDS)
def over_seeds(values: np.ndarray, level: float) -> tuple[float, float, float]:
    """(mean, low, high): Student's t interval at confidence `level` of the mean of `values`, one for each seed, at least two seeds."""
    # Not at the top: listing the experiments should not wait for scipy.
    from scipy.special import stdtrit

    values = np.asarray(values)
    half = float(stdtrit(len(values) - 1, 1 - (1 - level) / 2) * values.std(ddof=1) / np.sqrt(len(values)))
    mean = float(values.mean())
    return mean, mean - half, mean + half


@checked(variance=SCORES, span=POSITIVE, trials=count())
def allowed_deviation(variance: np.ndarray, *, span: float, trials: int, false_alarm: float) -> float:
    """t with P[|mean over words of the estimates - its expectation| > t] <= false_alarm: Bernstein's inequality.

    The estimate for word w is the mean over `trials` independent blocks of draws. The outcome of a block lies in an interval of length
    `span` and has variance at most `variance[w]`. The mean over all subsets of draws, in place of disjoint blocks, concentrates at least
    as well (Hoeffding 1963, section 5).
    """
    variance = np.asarray(variance)
    terms, a = len(variance) * trials, np.log(2 / false_alarm)
    return float((a * span / 3 + np.sqrt((a * span / 3) ** 2 + 2 * a * variance.mean() * terms)) / terms)


@checked(lower=SHARES, upper=SHARES)
def bernoulli_variance(lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
    """The largest variance p(1-p) of a Bernoulli variable with p in [lower, upper]; arrays of one shape."""
    nearest = np.clip(0.5, lower, upper)
    return nearest * (1 - nearest)
