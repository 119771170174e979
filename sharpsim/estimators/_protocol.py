"""The paper's protocol: what best of N, the vote and pass@N give, from some draws of each prompt and seed; densities of log pi."""

from collections.abc import Sequence

import numpy as np

from sharpsim.estimators._agreement import over_seeds
from sharpsim.estimators._intervals import clopper_pearson
from sharpsim.estimators._weights import subsample_weights

REWARDS = ("best of N", "length-normalised")
RULES = (*REWARDS, "majority", "pass@N")


def literal(
    log_probs: np.ndarray, correct: np.ndarray, answers: np.ndarray, tokens: np.ndarray, *, N: Sequence[int], floor: float
) -> dict[int, dict[str, np.ndarray]]:
    """From draws [prompts, seeds, draws], for each N, unbiased estimates [prompts, seeds] of the accuracy of each of `RULES`; and "loglik".

    Best of N, by log pi or by log pi over tokens (ties to the first drawn), and pass@N: the mean over all subsets of size N. Majority
    (ties to the first drawn; an answer below 0 is none and has no vote): the mean over disjoint blocks of N. "loglik": the mean of
    max(log pi, floor), nats, of what best of N keeps.
    """
    total = log_probs.shape[-1]
    orders = [np.argsort(-reward, axis=-1, kind="stable") for reward in (log_probs, log_probs / tokens)]
    ranked = [np.take_along_axis(correct, order, axis=-1) for order in orders]
    kept = np.maximum(np.take_along_axis(log_probs, orders[0], axis=-1), floor)
    successes = correct.sum(axis=-1)
    found = {}
    for size in N:
        weights, blocks = subsample_weights(total=total, draws=size), total // size
        split = (*log_probs.shape[:-1], blocks, size)
        voted = vote(*(values[..., : blocks * size].reshape(split) for values in (answers, correct)))
        found[size] = {
            **{rule: right @ weights for rule, right in zip(REWARDS, ranked, strict=True)},
            "majority": voted.mean(axis=-1),
            # A subset has a correct draw when its best, by correctness, is one of the k correct.
            "pass@N": np.append(0.0, np.cumsum(weights))[successes],
            "loglik": kept @ weights,
        }
    return found


def vote(answers: np.ndarray, correct: np.ndarray) -> np.ndarray:
    """Whether the answer with most votes along the last axis is correct, as its first draw is; ties to the first drawn.

    An answer below 0 has no vote; where nobody votes, nothing is answered and nothing correct.
    """
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


def interval(estimates: np.ndarray, level: float) -> tuple[float, float, float, str]:
    """(mean, low, high, over) of estimates [prompts, seeds]: Student's t over seeds, the prompts as they are; of one seed, over prompts.

    `over` says which, "seeds" or "prompts"; of one seed and one prompt there is no interval: NaN, "none".
    """
    prompts, seeds = estimates.shape
    if seeds > 1:
        return *over_seeds(estimates.mean(axis=0), level), "seeds"
    if prompts > 1:
        return *over_seeds(estimates[:, 0], level), "prompts"
    return float(estimates[0, 0]), float("nan"), float("nan"), "none"


def densities(values: np.ndarray, edges: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(density, low, high) per nat in each bin, of all values, also those outside; Clopper-Pearson ends. There must be a value."""
    counts, widths = np.histogram(values, edges)[0], np.diff(edges)
    low, high = clopper_pearson(counts, len(values), level)
    return counts / len(values) / widths, low / widths, high / widths
