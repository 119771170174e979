"""The law of best of N when only the most likely responses of a model are known (a certified head), as for sequence models.

Best-first search lists the k most likely responses of each prompt, the mass of all others, and an upper bound on their log-probability.
Call `kept_law`, or `kept_laws` for several N, to get, from such a head, the known part of the law of the response that best of N keeps, and
the mass of the rest.
"""

import math
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from sharpsim._arguments import HEAD, REAL, Kind, arrays, checked
from sharpsim._logspace import logsumexp
from sharpsim.laws._best_of_n import kept, ranked

WHOLE_TOLERANCE = 1e-4
"""Largest allowed difference from 1 of listed plus remaining mass; float32 networks normalise each of up to 20 steps within 1e-6."""

BLOCK = 256
"""Prompts per block of the computation."""


class Band(NamedTuple):
    """The certified lower and upper ends of a quantity, for each prompt."""

    lower: np.ndarray
    upper: np.ndarray

    def mean(self) -> tuple[float, float]:
        """The lower and upper end of the mean over prompts."""
        return float(self.lower.mean()), float(self.upper.mean())


class KeptLaw(NamedTuple):
    """The law of the response that best of N keeps: the probability of each listed response where it is known, and of the rest together."""

    found: np.ndarray
    """[prompts, k]: P[kept = y, and y is above or all draws were found]."""
    unknown: np.ndarray
    """[prompts]: w_N, the rest."""


_DRAWS = Kind("at least 1 and finite", lambda x: (x >= 1) & (x < math.inf))


@checked(log_probs=HEAD, draws=_DRAWS, reward=arrays(REAL, "prompts", "k"))
def kept_law(log_probs: Any, remaining_mass: Any, tail_bound: Any, *, draws: float, reward: Any = None) -> KeptLaw:
    """The law of the response that best of N keeps, as far as the head determines it; ties to the first drawn. found.sum(1) + unknown = 1.

    `reward` is log pi if None. Otherwise it is [prompts, k], and `tail_bound` bounds the reward of the responses that are not listed.
    Raises `ValueError` for rows that are not whole or hold NaN, rewards that are NaN, shapes that differ, and draws below 1.
    """
    return kept_laws(log_probs, remaining_mass, tail_bound, draws=[draws], reward=reward)[0]


@checked(log_probs=HEAD, draws=replace(_DRAWS, axes=("N",)), reward=arrays(REAL, "prompts", "k"))
def kept_laws(log_probs: Any, remaining_mass: Any, tail_bound: Any, *, draws: Any, reward: Any = None) -> list[KeptLaw]:
    """`kept_law` for each number of draws, of which there is at least one: the head is sorted and its masses are added up once.

    Ten numbers take a third of the time of ten calls (measured). Errors as `kept_law`.
    """
    table, left, edge = certified_head(log_probs, remaining_mass, tail_bound)
    rewards = table if reward is None else np.asarray(reward, dtype=np.float64)
    rewards = np.where(table > -np.inf, rewards, -np.inf)
    order = np.argsort(-rewards, axis=1, kind="stable")
    descending = np.take_along_axis(rewards, order, axis=1)
    steps = np.concatenate([np.zeros((len(table), 1), dtype=bool), descending[:, 1:] < descending[:, :-1]], axis=1)
    level = np.cumsum(steps, axis=1)
    # The rest is one more response, just above the found ones that are not above: its probability is then w_N. Ranks leave room for it.
    above = (descending > edge[:, None]) & (descending > -np.inf)
    levels_above = np.where(above, level + 1, 0).max(axis=1)
    key = np.empty_like(table)
    np.put_along_axis(key, order, -2.0 * level, axis=1)
    with np.errstate(divide="ignore"):
        extended = np.concatenate([table, np.log(left)[:, None]], axis=1)
    extended -= logsumexp(extended, np)[:, None]
    keys = np.concatenate([key, 1 - 2.0 * levels_above[:, None]], axis=1)
    # In blocks, for memory and the cache.
    blocks = [slice(first, first + BLOCK) for first in range(0, len(table), BLOCK)]
    counts = np.asarray(draws, dtype=np.float64)
    made: list[list[np.ndarray]] = [[] for _ in counts]
    for rows in blocks:
        by_reward = ranked(extended[rows], keys[rows], np)
        for count, parts in zip(counts, made, strict=True):
            parts.append(np.exp(kept(by_reward, count, np)))
    return [KeptLaw(law[:, :-1], law[:, -1]) for law in map(np.concatenate, made)]


@checked(log_probs=HEAD)
def certified_head(log_probs: Any, remaining_mass: Any, tail_bound: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The three arrays in float64, after checks of shapes and that the masses add up to 1; `ValueError` otherwise."""
    table, left, edge = (np.asarray(a, dtype=np.float64) for a in (log_probs, remaining_mass, tail_bound))
    off = np.abs(np.exp(table).sum(axis=1) + left - 1)
    if not np.all(off <= WHOLE_TOLERANCE):
        row = int(off.argmax())
        raise ValueError(
            f"`log_probs` and `remaining_mass` must add up to 1 within {WHOLE_TOLERANCE:g}; row {row} is off by {off[row]:.3g}."
        )
    return table, left, edge
