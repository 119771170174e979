"""The exact accuracy of a majority vote over N independent draws, for every N up to a largest one, ties shared evenly."""

from typing import Any

import numpy as np

from sharpsim import _checks
from sharpsim._arguments import MASS, ZERO_OR_ONE, arrays, checked, count


@checked(draws=count(1, 10**6), masses=arrays(MASS, "prompts", "answers"), correct=arrays(ZERO_OR_ONE, "prompts", "answers"))
def vote(masses: Any, correct: Any, *, draws: int) -> np.ndarray:
    """P[the majority vote of N draws is correct], N = 1..draws, for each prompt; `[prompts, draws]`, in [0, 1].

    Args:
        masses: the probability of each answer, `[prompts, answers]`, at least 0. A row may sum to less than 1: the other draws give no
            answer and have no vote. Where no draw has a vote, nothing is answered, which counts as wrong.
        correct: whether the answer is correct, of the same shape.
        draws: the largest N. Costs answers x draws^2 products of polynomials of degree `draws`.

    With t answers tied for most votes, each is returned with probability 1/t. In numbers: given that the most votes are c, answers vote
    like independent Poisson counts conditioned on their sum; with u marking a tie, 1/(t+1) is the integral of u^t over [0, 1], which
    Gauss-Legendre nodes give exactly. All terms are positive, so nothing cancels: exact to about 1e-12.

    Raises `ValueError` for masses that are negative, NaN or sum to more than 1, shapes that differ, and draws below 1.
    """
    p, right = np.asarray(masses, dtype=np.float64), np.asarray(correct, dtype=bool)
    total = p.sum(axis=-1)
    if not np.all(total <= 1 + 1e-9):
        raise ValueError(f"`masses` must have rows that sum to at most 1; got {float(total.max())!r}.")
    draws = int(draws)
    _checks.affordable("draws", draws, seconds=1e-9 * p.size * draws**3, size=16.0 * len(p) * draws**2)
    rate = max(draws / 2, 1.0)
    counts = np.arange(draws + 1)
    log_factorial = np.concatenate([[0.0], np.cumsum(np.log(counts[1:]))])
    weight = _poisson(rate * p, log_factorial)
    silent = _poisson(rate * np.maximum(1 - total, 0.0), log_factorial)
    won = np.zeros((len(p), draws + 1))
    for most in range(1, draws + 1):
        won += _won_with(most, weight, silent, right)
    return np.minimum(won[:, 1:] / _poisson(np.float64(rate), log_factorial)[1:], 1.0)


def _poisson(mean: Any, log_factorial: np.ndarray) -> np.ndarray:
    """Poisson probabilities of 0..draws along a new last axis."""
    mean = np.asarray(mean)[..., None]
    counts = np.arange(len(log_factorial))
    with np.errstate(divide="ignore", invalid="ignore"):
        powers = np.where(counts == 0, 0.0, counts * np.log(mean))
    return np.exp(powers - log_factorial - mean)


def _won_with(most: int, weight: np.ndarray, silent: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Coefficients of the event that the most votes are `most` and what is returned is correct, `[prompts, draws + 1]`."""
    prompts, answers, size = weight.shape
    nodes, shares = np.polynomial.legendre.leggauss(min(answers, (size - 1) // most) // 2 + 1)
    tie = (nodes + 1) / 2
    # Two polynomials side by side: products over the answers so far, and the same with one correct answer singled out as the winner.
    both = np.zeros((2, prompts, len(tie), size))
    both[0] = silent[:, None, :]
    for answer in range(answers):
        factor = np.repeat(weight[:, answer, None, : most + 1], len(tie), axis=1)
        winner = factor[..., most].copy()
        factor[..., most] *= tie
        made = np.zeros_like(both)
        for votes in range(most + 1):
            made[..., votes:] += factor[..., votes, None] * both[..., : size - votes]
        made[1, ..., most:] += (right[:, answer, None] * winner)[..., None] * both[0][..., : size - most]
        both = made
    return np.einsum("k,pkn->pn", shares / 2, both[1])
