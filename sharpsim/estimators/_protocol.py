"""Estimates from draws of a model, in the paper's protocol: accuracy of best of N, majority vote and pass@N; densities of log pi.

Call `accuracy_estimates` on the draws of each prompt and seed, then `interval` for the mean and its confidence interval. `vote` is the
majority vote alone, `densities` a histogram with intervals.
"""

from collections.abc import Sequence

import numpy as np

from sharpsim._arguments import REAL, arrays, checked, count
from sharpsim.estimators._agreement import over_seeds
from sharpsim.estimators._draws import Draws
from sharpsim.estimators._intervals import clopper_pearson
from sharpsim.estimators._kinds import CODES, EDGES, ESTIMATES, FINITE_DRAWS, FLOOR, LENGTHS, SIZES, TRUTHS
from sharpsim.estimators._majority import majority_vote
from sharpsim.estimators._weights import subsample_weights

REWARDS = ("best of N", "length-normalised")
RULES = (*REWARDS, "majority", "pass@N")


@checked(N=SIZES, bins=count())
def checked_sizes(N: Sequence[int], *, bins: int, level: float) -> list[int]:
    """The distinct sizes `N` in ascending order, once the settings of the protocol have been checked.

    Raises `ValueError` for an N or a number of bins that is no count of at least 1, and for a level outside (0, 1).
    """
    del bins, level
    return sorted({int(size) for size in N})


@checked(log_probs=FINITE_DRAWS, correct=TRUTHS, answers=CODES, tokens=LENGTHS, N=SIZES, floor=FLOOR)
def accuracy_estimates(
    log_probs: np.ndarray, correct: np.ndarray, answers: np.ndarray, tokens: np.ndarray, *, N: Sequence[int], floor: float
) -> dict[int, dict[str, np.ndarray]]:
    """For each N, unbiased estimates `[prompts, seeds]` of the accuracy of each of `RULES`, and of the mean log-likelihood, "loglik".

    Args:
        log_probs: log pi of each draw, nats, `[prompts, seeds, draws]`; the other arrays have the same shape.
        correct: whether the draw is correct.
        answers: a code of the draw's answer; draws with one code vote together. Below 0 the draw has no answer and no vote.
        tokens: the draw's length.
        N: sizes, each at most the number of draws.
        floor: log pi below this counts as `floor` in "loglik".

    Best of N keeps the draw with the largest log pi, or with the largest log pi per token ("length-normalised"); ties go to the first
    drawn. Its estimate, that of pass@N (some draw is correct) and that of the majority vote are means over all subsets of size N.
    Answers with equally many votes count in equal parts, which is what "first drawn" gives on average (`majority_vote`). "loglik" is the
    mean of max(log pi, floor), nats, of what best of N keeps, over all subsets.

    Raises `ValueError` for NaN, `correct` that is not true or false, and N above the draws.
    """
    log_probs, correct, answers, tokens = map(np.asarray, (log_probs, correct, answers, tokens))
    total = log_probs.shape[-1]
    orders = [np.argsort(-reward, axis=-1, kind="stable") for reward in (log_probs, log_probs / tokens)]
    ranked = [np.take_along_axis(correct, order, axis=-1) for order in orders]
    kept = np.maximum(np.take_along_axis(log_probs, orders[0], axis=-1), floor)
    successes = correct.sum(axis=-1)
    voting = Draws.of_table(correct.reshape(-1, total), answers=answers.reshape(-1, total))
    sizes = sorted({int(size) for size in N})
    voted = dict(zip(sizes, majority_vote(voting, sizes)[0].T, strict=True))
    found = {}
    for size in sizes:
        weights = subsample_weights(total=total, draws=size)
        found[size] = {
            **{rule: right @ weights for rule, right in zip(REWARDS, ranked, strict=True)},
            "majority": voted[size].reshape(successes.shape),
            # A subset has a correct draw when its best, by correctness, is one of the k correct.
            "pass@N": np.append(0.0, np.cumsum(weights))[successes],
            "loglik": kept @ weights,
        }
    return found


@checked(answers=CODES, correct=TRUTHS)
def vote(answers: np.ndarray, correct: np.ndarray) -> np.ndarray:
    """Whether the answer with most votes along the last axis is correct, judged by its first draw; ties go to the answer drawn first.

    An answer below 0 has no vote. Where no draw has a vote, there is no answer, and the result is False. Raises `ValueError` for NaN among
    the answers and for `correct` that is not true or false.
    """
    answers, correct = np.asarray(answers), np.asarray(correct)
    size = answers.shape[-1]
    flat, right = answers.reshape(-1, size), correct.reshape(-1, size)
    made = np.zeros(len(flat), dtype=bool)
    step = max(1, 2**22 // size**2)
    for start in range(0, len(flat), step):
        mine = flat[start : start + step]
        votes = np.where(mine >= 0, (mine[:, :, None] == mine[:, None, :]).sum(axis=-1), 0)
        chosen = np.arange(len(mine)), votes.argmax(axis=-1)
        made[start : start + step] = right[start : start + step][chosen] & (votes[chosen] > 0)
    return made.reshape(answers.shape[:-1])


@checked(estimates=ESTIMATES)
def interval(estimates: np.ndarray, level: float) -> tuple[float, float, float, str]:
    """(mean, low, high, over) of estimates `[prompts, seeds]`: the mean and Student's t interval at confidence `level`.

    With several seeds the interval is over seeds, the prompts being fixed (`over` is "seeds"). With one seed it is over prompts
    ("prompts"). With one seed and one prompt there is no interval: the ends are NaN and `over` is "none".
    """
    estimates = np.asarray(estimates)
    prompts, seeds = estimates.shape
    if seeds > 1:
        return *over_seeds(estimates.mean(axis=0), level), "seeds"
    if prompts > 1:
        return *over_seeds(estimates[:, 0], level), "prompts"
    return float(estimates[0, 0]), float("nan"), float("nan"), "none"


@checked(values=arrays(REAL, "draws"), edges=EDGES)
def densities(values: np.ndarray, edges: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(density, low, high) in each bin between `edges`, per unit of `values`, with the ends of Clopper-Pearson intervals.

    The density is relative to all values, also those outside the edges. There must be at least one value. Raises `ValueError` for NaN.
    """
    counts, widths = np.histogram(values, edges)[0], np.diff(edges)
    low, high = clopper_pearson(counts, len(values), level)
    return counts / len(values) / widths, low / widths, high / widths
