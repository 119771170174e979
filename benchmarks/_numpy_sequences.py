"""The rivals in NumPy for order-1 Markov chains, and for the SFT-Sharpening pipeline (vectorised over its seeds)."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from benchmarks._alias_table import Tables


def markov(tables: Tables, way: str, sequences: int, horizon: int, rng: np.random.Generator) -> np.ndarray:
    """Tokens [horizon, sequences]. Row v of the tables is the distribution after token v; the last row is that of the first token."""
    size = tables.probs.shape[1]
    context = np.full(sequences, size, np.int64)
    out = np.empty((horizon, sequences), np.int32)
    shifted = (tables.running + np.arange(size + 1)[:, None]).ravel()
    accept, alias = tables.accept.ravel(), tables.alias.ravel()
    u = np.empty(sequences)
    for depth in range(horizon):
        rng.random(out=u)
        if way == "searchsorted":
            token = np.clip(shifted.searchsorted(u + context, side="right") - context * size, 0, size - 1)
        else:
            u *= size
            column = u.astype(np.int64)
            u -= column
            place = context * size + column
            token = np.where(u < accept.take(place), column, alias.take(place))
        out[depth] = token
        context = token.astype(np.int64, copy=False)
    return out


class Found(NamedTuple):
    """For each seed: failed prompt mass and squared Hellinger distance of the product class's estimate; failed mass over all tables."""

    failed: np.ndarray
    hellinger: np.ndarray
    all_failed: np.ndarray


def _counted(at: Any, seeds: int, drawn: Callable[[tuple[int, int]], np.ndarray]) -> np.ndarray:
    """Counts [seeds, prompts, responses] of the pairs drawn. `drawn(shape)` draws them for some seeds, as indices of the flat table."""
    shape, parts = np.shape(at.target), []
    # At most 2^20 draws at once: all of them would not fit a cache.
    part = max(1, 2**20 // at.n)
    for first in range(0, seeds, part):
        rows = min(part, seeds - first)
        place = drawn((rows, at.n))
        place += (np.arange(rows) * math.prod(shape))[:, None]
        parts.append(np.bincount(place.ravel(), minlength=rows * math.prod(shape)))
    return np.concatenate(parts).reshape(seeds, *shape)


def drawn_counts(at: Any, seeds: int, rng: np.random.Generator) -> np.ndarray:
    """Counts [seeds, prompts, responses] of n kept responses per seed. Each is drawn by one search in the joint table mu(x) pi_N(y|x)."""
    joint = (at.weights[:, None] * np.exp(at.target)).ravel().cumsum()
    return _counted(at, seeds, lambda shape: joint.searchsorted(rng.random(shape) * joint[-1], side="right"))


def law_counts(at: Any, seeds: int, rng: np.random.Generator) -> np.ndarray:
    """The same counts, drawn as an oracle does: a prompt from mu, then its best of N by the exact law (inversion at 1 - U^(1/N))."""
    order = np.argsort(-at.log_base, axis=1)
    prompts, responses = at.log_base.shape
    tails = np.take_along_axis(np.exp(at.log_base), order, axis=1).cumsum(axis=1)
    tails = (tails / tails[:, -1:] + np.arange(prompts)[:, None]).ravel()
    mu, places = at.weights.cumsum(), (order + np.arange(prompts)[:, None] * responses).ravel()

    def drawn(shape: tuple[int, int]) -> np.ndarray:
        x = np.minimum(mu.searchsorted(rng.random(shape), side="right"), prompts - 1)
        rank = tails.searchsorted(x - np.expm1(rng.standard_exponential(shape) / -at.setting), side="right")
        return places.take(np.minimum(rank, (x + 1) * responses - 1))

    return _counted(at, seeds, drawn)


def multinomial_counts(at: Any, seeds: int, rng: np.random.Generator) -> np.ndarray:
    """The same counts, drawn as multinomials. No single response is drawn, and the time hardly grows with n."""
    joint = (at.weights[:, None] * np.exp(at.target)).ravel()
    return rng.multinomial(at.n, joint / joint.sum(), size=seeds).reshape(seeds, *np.shape(at.target))


def sft(at: Any, count: Any, seeds: int, rng: np.random.Generator) -> Found:
    """SFT-Sharpening over the product class `at.members` and over all tables, for all seeds at once.

    `at` has log_base, weights, target (the best-of-N law), members [prompts, members, responses], n and delta. A prompt fails if the
    estimate has at most 1 - delta on the mode. Over all tables it also fails if it was never drawn.
    """
    counts = count(at, seeds, rng)
    mode = np.argmax(at.log_base, axis=1)
    # Scores [prompts, seeds, members]: a matrix product for each prompt.
    scores = counts.transpose(1, 0, 2).astype(float) @ at.members.transpose(0, 2, 1)
    # Ties (a prompt that was never drawn) are broken at random.
    best = (scores + 1e-9 * rng.random(scores.shape, np.float32)).argmax(axis=2)
    right = np.exp(np.take_along_axis(at.members, mode[:, None, None], axis=2)[:, :, 0])
    fails = right <= (1 - at.delta) * (1 + 1e-9)
    distance = ((np.exp(at.members / 2) - np.exp(at.target / 2)[:, None]) ** 2).sum(axis=2)
    failed, hellinger = (at.weights @ np.take_along_axis(of, best, axis=1) for of in (fails.astype(float), distance))
    seen, modes = counts.sum(axis=2), np.take_along_axis(counts, mode[None, :, None], axis=2)[:, :, 0]
    every = (modes <= (1 - at.delta) * seen * (1 + 1e-9)) | (seen == 0)
    return Found(failed, hellinger, every @ at.weights)
