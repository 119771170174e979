"""Estimates from draws, with their intervals: accuracy of best of N, majority and pass@N; intervals of frequencies and of bounded means.

Each function takes arrays of draws `[prompts, seeds, draws]` or counts, and says in its docstring what its interval covers. NumPy only.
"""

from sharpsim.estimators._agreement import allowed_deviation, bernoulli_variance, over_seeds
from sharpsim.estimators._intervals import bounded_mean, clopper_pearson
from sharpsim.estimators._protocol import REWARDS, RULES, densities, interval, literal, vote
from sharpsim.estimators._weights import subsample_weights

__all__ = [
    "REWARDS",
    "RULES",
    "allowed_deviation",
    "bernoulli_variance",
    "bounded_mean",
    "clopper_pearson",
    "densities",
    "interval",
    "literal",
    "over_seeds",
    "subsample_weights",
    "vote",
]
