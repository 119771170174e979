"""Unbiased estimates from samples, with confidence intervals: accuracy of best of N, majority vote and pass@N; frequencies and means.

Call these on samples that have been drawn already: arrays `[prompts, seeds, draws]`, or counts. Each docstring says what its interval
covers. Needs NumPy and SciPy, no JAX.
"""

from sharpsim.estimators._agreement import allowed_deviation, bernoulli_variance, over_seeds
from sharpsim.estimators._intervals import bounded_mean, clopper_pearson
from sharpsim.estimators._protocol import REWARDS, RULES, accuracy_estimates, checked_sizes, densities, interval, vote
from sharpsim.estimators._weights import subsample_weights

__all__ = [
    "REWARDS",
    "RULES",
    "accuracy_estimates",
    "allowed_deviation",
    "bernoulli_variance",
    "bounded_mean",
    "checked_sizes",
    "clopper_pearson",
    "densities",
    "interval",
    "over_seeds",
    "subsample_weights",
    "vote",
]
