"""The distinct responses of each prompt that a log has seen, with their probabilities; and what that says on the likeliest of all."""

from typing import NamedTuple

import numpy as np

from sharpsim.logs import Group

KEPT = 64
"""Likeliest responses of a prompt that are kept."""
SAME = 1e-3
"""Log-probabilities of one prompt this close are taken for one response, if the log has no texts: batches are summed differently."""
LEAST = 1e-300


class Seen(NamedTuple):
    """`log_probs` `[prompts, k]`, distinct responses, likeliest first, padded with -inf; `top` its first column.

    `masses` and `most` bound the probability of a prompt's likeliest response from below and above: the largest seen, and what the
    responses not seen have together if that is more.
    """

    log_probs: np.ndarray
    top: np.ndarray
    masses: np.ndarray
    most: np.ndarray

    @property
    def weights(self) -> np.ndarray:
        """Prompts weigh equally."""
        return np.full(len(self.top), 1 / len(self.top))


def seen_responses(group: Group) -> Seen:
    """The distinct responses of draws that all have log-probabilities."""
    prompt, log_probs = group.prompt_numbers, group.log_probs
    by_text = bool((group.digests != 0).all())
    order = np.lexsort((-log_probs, group.digests, prompt)) if by_text else np.lexsort((-log_probs, prompt))
    x, values = prompt[order], log_probs[order]
    if by_text:
        texts = group.digests[order]
        new = (x[1:] != x[:-1]) | (texts[1:] != texts[:-1])
    else:
        new = (x[1:] != x[:-1]) | (values[:-1] - values[1:] > SAME)
    first = np.flatnonzero(np.append(True, new))
    x, values = x[first], values[first]
    order = np.lexsort((-values, x))
    x, values = x[order], values[order]
    counts = np.bincount(x, minlength=len(group.prompts))
    starts = np.cumsum(counts) - counts
    rank = np.arange(len(x)) - np.repeat(starts, counts)
    kept = rank < KEPT
    table = np.full((len(group.prompts), min(KEPT, int(counts.max()))), -np.inf)
    table[x[kept], rank[kept]] = values[kept]
    left = np.maximum(1 - np.bincount(x, weights=np.exp(values), minlength=len(group.prompts)), 0.0)
    masses = np.clip(np.exp(table[:, 0]), LEAST, 1.0)
    return Seen(table, table[:, 0], masses, np.maximum(masses, left))
