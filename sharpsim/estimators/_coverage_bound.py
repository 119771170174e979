"""A lower confidence bound on the coverage coefficient from draws, and why there is no upper one."""

from dataclasses import dataclass

import numpy as np

from sharpsim._arguments import checked
from sharpsim.estimators._draws import Draws
from sharpsim.estimators._kinds import SCORES
from sharpsim.estimators._subsets import usable

NO_UPPER_BOUND = (
    "The coverage coefficient cannot be bounded above from samples: prompts that are not in the log, however rare, may have a mode of any "
    "small probability, and their 1/P* can make the mean arbitrarily large or infinite."
)


@dataclass(frozen=True)
class CoverageBound:
    """A lower confidence bound `low` on C_cov, in [1, inf), and what it is made of.

    `mean` is the mean over prompts of a statistic whose expectation is at most C_cov. `these_prompts` is the mean of 1/(largest
    probability seen): without any error at least the mean of 1/max pi over the very prompts in the log, and no bound for other prompts.
    `largest` is the most that a prompt can contribute with its number of draws; where `low` is near it, more draws would raise it.
    `statement` says why nothing bounds C_cov above.
    """

    low: float
    mean: float
    these_prompts: float
    largest: float
    prompts: int
    method: str
    statement: str = NO_UPPER_BOUND


@checked
def coverage_lower_bound(draws: Draws, level: float, *, shared_mode: bool = False) -> CoverageBound:
    """Lower bound on C_cov = E_x[1/pi(Y*(x)|x)] over the population of prompts, with confidence `level`, valid at every sample size.

    Args:
        draws: the draws, at temperature 1, with `log_probs` of whole responses. Rows without a log-probability are left out.
        level: probability that the bound is at most the truth, whatever the policy and the law of prompts.
        shared_mode: False where each prompt has one most likely response; then max pi = P*, and likelihoods are used. In general that
            bounds E_x[1/max_y pi(y|x)], which is larger than C_cov where several responses tie. True allows any ties, and uses counts.

    A prompt with k draws, the likeliest of probability p: the mode is either that one, or it stayed unseen, which has probability
    q = (1 - P*)^k. The statistic T = min(k, (1/p - k q(p))/(1 - q(p))), q(p) = (1-p)^k, pays in advance for the second case: as T <= k
    there, E[T | x] <= (1 - q)(1/P* - k q)/(1 - q) + q k = 1/P*. With `shared_mode`, T = (k+1)/(m+1), m the number of draws that attain the
    largest likelihood: m is Binomial(k, P*) where a maximiser is seen, and E[(k+1)/(Bin+1)] = (1 - (1-P*)^(k+1))/P* <= 1/P*.
    T - 1 >= 0, so `low` - 1 is the largest m with mean over lambda of prod_i (1 + lambda ((T_i - 1)/m - 1)) >= 1/(1 - level): the
    product has expectation 1 at the true mean (a test by betting; Waudby-Smith and Ramdas 2024), which needs no finite variance.

    Raises `ValueError` for no log-probabilities, level outside (0, 1).
    """
    known = usable(draws)
    if draws.log_probs is None or not known.any():
        raise ValueError("`draws` must have `log_probs`; no row has one.")
    own = draws if known.all() else draws.only(known)
    log_probs: np.ndarray = own.log_probs  # type: ignore[assignment]
    top, k = np.maximum.reduceat(log_probs, own.starts), own.counts.astype(np.float64)
    if shared_mode:
        attained = np.add.reduceat((log_probs >= top[own.prompt] - 1e-9).astype(np.int64), own.starts)
        terms, largest = (k + 1) / (attained + 1), float((k.max() + 1) / 2)
        method = "counts of the likeliest response seen; lower bound by betting over prompts"
    else:
        terms, largest = _statistic(top, k), float(k.max())
        method = "largest probability seen, corrected for unseen modes; lower bound by betting over prompts"
    with np.errstate(over="ignore"):
        seen = float(np.exp(-top).mean())
    return CoverageBound(1 + mean_lower_bound(terms - 1, level), float(terms.mean()), seen, largest, own.prompts, method)


def _statistic(log_top: np.ndarray, k: np.ndarray) -> np.ndarray:
    """T of each prompt, in [1, k]."""
    p = np.exp(np.maximum(log_top, -np.log(k)))
    with np.errstate(divide="ignore"):
        log_missed = k * np.log1p(-np.minimum(p, 1.0))
    missed = np.exp(log_missed)
    return np.clip((1 / p - k * missed) / -np.expm1(log_missed), 1.0, k)


@checked(values=SCORES)
def mean_lower_bound(values: np.ndarray, level: float) -> float:
    """Lower confidence bound on the mean of independent, equally distributed values >= 0, whatever their law; at least 0.

    The largest m at which the mean over lambda of prod_i (1 + lambda (v_i/m - 1)) is at least 1/(1 - level). Raises `ValueError` for
    negative values, NaN, and a level outside (0, 1).
    """
    values = np.asarray(values, dtype=np.float64)
    bets, needed = np.geomspace(1e-3, 0.95, 40)[:, None], -np.log1p(-level)

    def evidence(mean: float) -> float:
        logs = np.log1p(bets * (np.maximum(values, 0.0) / mean - 1)).sum(axis=1)
        return float(np.logaddexp.reduce(logs) - np.log(len(logs)))

    low, high = 0.0, float(values.mean())
    if high <= 0:
        return 0.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if middle > 0 and evidence(middle) >= needed else (low, middle)
    return low
