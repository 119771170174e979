"""Unbiased estimates from samples, with confidence intervals: accuracy of best of N, majority vote and pass@N; frequencies and means.

Call these on samples that have been drawn already. `Draws` holds prompts with different numbers of draws; `curves` gives every rule at
every N with bands over the population of prompts, from `best_of_n`, `majority_vote` and `pass_at_k`, which are means over all subsets of
the draws. `two_stage_interval`, `paired_interval` and `crossed_interval` cover prompts as well as draws and seeds; `over_seeds` is for
prompts that are fixed. `coverage_lower_bound` bounds C_cov from below. `accuracy_estimates` takes arrays `[prompts, seeds, draws]`.
Each docstring says what its interval covers. Needs NumPy and SciPy, no JAX.
"""

from sharpsim.estimators._agreement import allowed_deviation, bernoulli_variance, over_seeds
from sharpsim.estimators._coverage_bound import CoverageBound, coverage_lower_bound, mean_lower_bound
from sharpsim.estimators._curves import CURVES, Curve, curves
from sharpsim.estimators._draws import Draws
from sharpsim.estimators._intervals import bounded_mean, clopper_pearson
from sharpsim.estimators._majority import TIES, majority_vote
from sharpsim.estimators._predictions import METHODS, predictions
from sharpsim.estimators._protocol import REWARDS, RULES, accuracy_estimates, checked_sizes, densities, interval, vote
from sharpsim.estimators._subsets import best_of_n, pass_at_k, usable
from sharpsim.estimators._two_stage import Estimate, crossed_interval, paired_interval, two_stage_interval
from sharpsim.estimators._weights import subsample_weights

__all__ = [
    "CURVES",
    "CoverageBound",
    "Curve",
    "Draws",
    "Estimate",
    "METHODS",
    "REWARDS",
    "RULES",
    "TIES",
    "accuracy_estimates",
    "allowed_deviation",
    "bernoulli_variance",
    "best_of_n",
    "bounded_mean",
    "checked_sizes",
    "clopper_pearson",
    "coverage_lower_bound",
    "crossed_interval",
    "curves",
    "densities",
    "interval",
    "majority_vote",
    "mean_lower_bound",
    "over_seeds",
    "paired_interval",
    "pass_at_k",
    "predictions",
    "subsample_weights",
    "two_stage_interval",
    "usable",
    "vote",
]
