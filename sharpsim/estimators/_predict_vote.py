"""The majority vote for N beyond the number of draws: what every law of (right answer, strongest rivals) that fits the votes allows."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.polynomial.hermite_e import hermegauss

from sharpsim.estimators._ballots import Ballots
from sharpsim.estimators._mixture import bounds, maximum_likelihood

MOST_DRAWS = 48
"""Draws of a prompt that the fit uses; more are thinned at random to this."""
_RIVALS = (1, 4)


class Components(NamedTuple):
    """Kinds of prompts: the right answer has probability `right`, each of `rivals` wrong ones `wrong`; all other answers are rare."""

    right: np.ndarray
    wrong: np.ndarray
    rivals: np.ndarray


def predict_vote(
    box: Ballots, draws: np.ndarray, N: np.ndarray, drop: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(value, low, high) of the accuracy of the plurality answer of N draws over the population of prompts, each `[sizes]`.

    Of each prompt the fit sees its draws n, the votes of its strongest right answer and of its strongest wrong one. Their chances under
    every kind of prompt are exact; the accuracy at N is the normal approximation. `value` is at the law of largest likelihood; the band
    holds all laws whose log-likelihood is within `drop` of it.
    """
    seen = _strongest(box, draws, rng)
    rows, counts = np.unique(seen, axis=0, return_counts=True)
    rows, weights = rows[np.argsort(rows[:, 2], kind="stable")], counts[np.argsort(rows[:, 2], kind="stable")].astype(np.float64)
    sizes = np.unique(rows[:, 2])
    table = np.concatenate([chances(int(n))[:, (own := rows[rows[:, 2] == n])[:, 0], own[:, 1]].T for n in sizes])
    table = np.maximum(table, 0.0) / table.max(axis=1, keepdims=True) + 1e-12
    fit = maximum_likelihood(table, weights)
    kinds, found = components(), []
    for size in N:
        wins = win_chance(kinds, float(size))
        found.append((wins @ fit.weights, *bounds(table, weights, wins, fit, drop)))
    value, low, high = np.array(found).T
    return value, low, high


@lru_cache(maxsize=1)
def components() -> Components:
    """All kinds on a grid, with probabilities that add up to at most 1."""
    steps = np.array([0.0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.85, 1.0])
    right, wrong, rivals = (part.reshape(-1) for part in np.meshgrid(steps, steps, np.array(_RIVALS), indexing="ij"))
    kept = (right + rivals * wrong <= 1 + 1e-9) & ~((wrong == 0) & (rivals > 1))
    return Components(right[kept], wrong[kept], rivals[kept])


def win_chance(kinds: Components, N: float) -> np.ndarray:
    """P[the right answer has most of N votes] of each kind: normal margins over the rivals, equally correlated; exact without a rival.

    The margin over one rival has mean N (a - b) and variance N (a + b - (a - b)^2); two margins have covariance N (a(1-a) + 2ab - b^2).
    """
    from scipy.special import ndtr

    a, b = kinds.right, kinds.wrong
    variance = np.maximum(N * (a + b - (a - b) ** 2), 1e-12)
    shared = np.clip(N * (a * (1 - a) + 2 * a * b - b**2) / variance, 0.0, 1 - 1e-9)
    nodes, weights = hermegauss(31)
    lead = (N * (a - b) / np.sqrt(variance))[:, None] + np.sqrt(shared)[:, None] * nodes
    single = ndtr(N * (a - b) / np.sqrt(variance))
    several = ndtr(lead / np.sqrt(1 - shared)[:, None]) ** kinds.rivals[:, None] @ weights / weights.sum()
    wins = np.where(kinds.rivals == 1, single, several)
    return np.where(a == 0, 0.0, np.where(b == 0, -np.expm1(N * np.log1p(-np.minimum(a, 1 - 1e-12))), wins))


def _strongest(box: Ballots, draws: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(votes of the strongest right answer, of the strongest wrong one, draws) of each prompt, thinned to at most `MOST_DRAWS`."""
    votes, total = box.votes, draws
    if draws.max() > MOST_DRAWS:
        row_prompt = np.repeat(np.arange(len(draws)), draws)
        order = np.lexsort((rng.random(len(row_prompt)), row_prompt))
        rank = np.arange(len(order)) - np.repeat(np.cumsum(draws) - draws, draws)
        answer = box.answer[order[rank < MOST_DRAWS]]
        votes = np.bincount(answer[answer >= 0], minlength=len(box.votes))
        total = np.minimum(draws, MOST_DRAWS)
    found = np.zeros((2, len(draws)), dtype=np.int64)
    for side, mine in enumerate((box.right >= 0.5, box.right < 0.5)):
        np.maximum.at(found[side], box.prompt[mine], votes[mine])
    # A strongest rival of one vote is no more than a rare answer.
    found[1] = np.maximum(found[1], 1)
    return np.stack([*found, total], axis=1)


@lru_cache(maxsize=8)
def chances(n: int) -> np.ndarray:
    """P[the right answer has c of n votes and the strongest rival max(d, 1)] under each component, `[components, n + 1, n + 1]`.

    The cumulative in d is n! [x^n] (a x)^c/c! (sum_{j <= d} (b x)^j/j!)^rivals exp((1 - a - rivals b) x). Rare answers count as no rival,
    and as a strongest rival of one vote looks like a rare answer, 0 and 1 are one outcome.
    """
    kinds = components()
    found = np.zeros((len(kinds.right), n + 1, n + 1))
    degree = np.arange(n + 1)
    factorial = np.cumprod(np.append(1.0, degree[1:]))
    for rivals in _RIVALS:
        mine = np.flatnonzero(kinds.rivals == rivals)
        a, b = kinds.right[mine, None], kinds.wrong[mine, None]
        cut = np.where(degree <= degree[:, None], b[:, None] ** degree / factorial, 0.0)
        others = _power(cut, rivals)
        rest = np.maximum(1 - a - rivals * b, 0.0) ** degree / factorial
        others = _product(others, np.repeat(rest[:, None], n + 1, axis=1))
        own = a**degree / factorial * factorial[n]
        below = own[:, :, None] * others[:, :, ::-1].transpose(0, 2, 1)
        found[mine] = np.diff(below, axis=2, prepend=0.0)
        found[mine, :, 1] = below[:, :, min(1, n)]
        found[mine, :, 0] = 0.0
    return found


def _power(polynomials: np.ndarray, exponent: int) -> np.ndarray:
    if exponent == 1:
        return polynomials
    half = _power(polynomials, exponent // 2)
    square = _product(half, half)
    return square if exponent % 2 == 0 else _product(square, polynomials)


def _product(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Products of polynomials along the last axis, cut at its degree."""
    made = first * second[..., :1]
    for j in range(1, first.shape[-1]):
        made[..., j:] += second[..., j : j + 1] * first[..., :-j]
    return made
