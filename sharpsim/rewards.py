"""Self-rewards: scores that a base policy gives to its own responses, without outside feedback (sections 1 and 3, arXiv 2412.01951v2).

Each takes the base's table of natural log-probabilities and returns a table of rewards of the same shape. Only the order within a
row matters to best-of-N; its scale matters to KL-regularised targets.
"""

from typing import Any

import numpy as np

from sharpsim._arguments import LABEL, ROWS, at_least, checked
from sharpsim._logspace import as_arrays, logsumexp


@checked(log_probs=ROWS)
def log_likelihood(log_probs: Any) -> Any:
    """r(y|x) = log pi_base(y|x), in nats, at most 0: maximum-likelihood sharpening, the paper's main case."""
    return as_arrays(log_probs)[1]


@checked(log_probs=ROWS, lengths=at_least(1))
def length_normalised(log_probs: Any, lengths: Any) -> Any:
    """r(y|x) = log pi_base(y|x) / |y|, in nats per token.

    `lengths` are at least 1, of the shape of `log_probs` or of one row; the end token counts.
    """
    _, table, lengths = as_arrays(log_probs, lengths)
    if tuple(lengths.shape) not in {tuple(table.shape), tuple(table.shape[-1:])}:
        raise ValueError(f"`lengths` must have the shape of `log_probs`, {table.shape}, or of one row; got {lengths.shape}.")
    return table / lengths


@checked(log_probs=ROWS, answers=LABEL)
def majority(log_probs: Any, answers: Any) -> Any:
    """r(y|x) = log of the total base mass of the responses with y's answer, in nats, at most 0 (self-consistency).

    `answers` are integer labels 0, 1, .. of the shape of `log_probs` or of one row. Responses of equal answer tie.
    With samples this is the vote among N draws; the table gives its limit N -> inf.
    """
    labels = np.asarray(answers)
    xp, table = as_arrays(log_probs)
    if tuple(labels.shape) not in {tuple(table.shape), tuple(table.shape[-1:])}:
        raise ValueError(f"`answers` must have the shape of `log_probs`, {table.shape}, or of one row; got {labels.shape}.")
    votes = xp.full(table.shape, -xp.inf, dtype=table.dtype)
    for answer in np.unique(labels):
        mine = xp.asarray(labels == answer)
        total = logsumexp(xp.where(mine, table, -xp.inf), xp)
        votes = xp.where(mine, total[..., None], votes)
    return votes
