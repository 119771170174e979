"""When literal draws agree with an exact band: intervals over seeds, and the deviation that chance allows."""

import numpy as np


def over_seeds(values: np.ndarray, level: float) -> tuple[float, float, float]:
    """(mean, low, high): Student's t interval of the mean over seeds, each of which averages over all words."""
    # Not at the top: listing the experiments should not wait for scipy.
    from scipy.special import stdtrit

    half = float(stdtrit(len(values) - 1, 1 - (1 - level) / 2) * values.std(ddof=1) / np.sqrt(len(values)))
    mean = float(values.mean())
    return mean, mean - half, mean + half


def allowed_deviation(variance: np.ndarray, *, span: float, trials: int, false_alarm: float) -> float:
    """t with P[|mean over words of the estimates - its expectation| > t] <= false_alarm: Bernstein's inequality.

    Word w's estimate is the mean of `trials` independent blocks' outcomes, each in an interval of length `span` and of at most
    `variance[w]`; a mean over all subsets in place of blocks concentrates at least as well (Hoeffding 1963, section 5).
    """
    terms, a = len(variance) * trials, float(np.log(2 / false_alarm))
    return float((a * span / 3 + np.sqrt((a * span / 3) ** 2 + 2 * a * variance.mean() * terms)) / terms)


def bernoulli_variance(lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
    """The largest p(1-p) for p in [lower, upper]."""
    nearest = np.clip(0.5, lower, upper)
    return nearest * (1 - nearest)
