"""The majority vote of N draws, prompt by prompt: its mean over all subsets of the draws, exactly or over random subsets."""

from collections.abc import Sequence

import numpy as np

from sharpsim import _checks
from sharpsim._arguments import checked, count, one_of
from sharpsim.estimators._ballots import Ballots, ballots
from sharpsim.estimators._draws import Draws
from sharpsim.estimators._kinds import SIZES
from sharpsim.estimators._plurality import exact_shares, exact_work
from sharpsim.estimators._subsets import sizes_within

TIES = ("split", "first", "wrong")
LARGEST_EXACT = 1000
"""Most draws of a prompt in the exact computation: 2^-1000 is about the smallest float."""
_WORK, _ROWS = 1.5e9, 1e7
"""Multiplications that the exact computation may take; rows that the random one draws in all."""


@checked(N=SIZES, ties=one_of(*TIES), permutations=count(2, 2**53))
def majority_vote(
    draws: Draws, N: Sequence[int] | None = None, *, ties: str = "split", seed: int = 0, permutations: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Accuracy of the plurality answer of N draws and its simulation error, each `[prompts, sizes]`.

    Args:
        draws: the draws. `answers` must be there; a draw whose answer is below 0 takes a place among the N, but casts no vote.
        N: sizes; by default 1, 2, ... up to the fewest draws of any prompt.
        ties: among answers with equally many votes: "split", each counts in equal parts; "first", the one drawn first counts; "wrong", a
            tie is no answer. Averaged over all orders of the draws "first" is the same number as "split", so both give it here.
        seed: of the random subsets, where they are needed.
        permutations: number of random orders. None: exact where that is cheap, else as many as 10 million rows allow, 8 to 256.

    Unbiased: the mean over all subsets of N draws. Where draws with one answer differ in `correct`, the answer is as correct as they are
    on average. Where no draw of a subset votes, it has no answer, which is not correct. The error is 0 where the value is exact, else the
    standard error over the random orders; `two_stage_interval` over the prompts contains it, since it is noise of the prompts' values.

    Raises `ValueError` for no answers, another `ties`, fewer than two permutations, N above the draws of some prompt.
    """
    sizes = sizes_within(draws, N)
    if permutations is not None:
        _checks.affordable("permutations", permutations, seconds=permutations * (2e-5 + 1e-7 * draws.rows))
    box = ballots(draws)
    values, errors = np.zeros((draws.prompts, len(sizes))), np.zeros((draws.prompts, len(sizes)))
    exact = _cheap(box, draws, int(sizes[-1])) if permutations is None else np.zeros(draws.prompts, dtype=bool)
    if exact.any():
        values[exact] = exact_shares(box, draws.counts, np.flatnonzero(exact), sizes, split=ties != "wrong")
    rest = np.flatnonzero(~exact)
    if len(rest):
        many = int(permutations or np.clip(_ROWS // draws.counts[rest].sum(), 8, 256))
        values[rest], errors[rest] = _sampled(box, draws, rest, sizes, ties != "wrong", many, np.random.default_rng(seed))
    return values, errors


def _cheap(box: Ballots, draws: Draws, largest: int) -> np.ndarray:
    """Prompts for the exact computation, the cheapest first, until the work is spent."""
    work = exact_work(box, draws.counts, largest)
    work[draws.counts > LARGEST_EXACT] = np.inf
    order = np.argsort(work, kind="stable")
    chosen = np.zeros(draws.prompts, dtype=bool)
    chosen[order] = np.cumsum(work[order]) <= _WORK
    return chosen


def _sampled(
    box: Ballots, draws: Draws, chosen: np.ndarray, sizes: np.ndarray, split: bool, permutations: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard error over random orders of the draws: the first N of an order are a random subset of each size N at once."""
    # Prompts with most draws first, so that those still running are a prefix.
    by_count = chosen[np.argsort(-draws.counts[chosen], kind="stable")]
    counts, starts = draws.counts[by_count], draws.starts[by_count]
    longest = int(sizes[-1])
    total, squares = np.zeros((len(by_count), len(sizes))), np.zeros((len(by_count), len(sizes)))
    local = np.repeat(np.arange(len(by_count)), counts)
    begins = np.cumsum(counts) - counts
    rows = np.arange(counts.sum()) - np.repeat(begins - starts, counts)
    for _ in range(permutations):
        order = rows[np.argsort(local + rng.random(len(rows)))]
        found = _running(box, order, begins, longest, split)[:, sizes - 1]
        total += found
        squares += found**2
    mean = total / permutations
    error = np.sqrt(np.maximum(squares / permutations - mean**2, 0.0) / (permutations - 1))
    back = np.argsort(np.argsort(-draws.counts[chosen], kind="stable"), kind="stable")
    return mean[back], error[back]


def _running(box: Ballots, order: np.ndarray, begins: np.ndarray, longest: int, split: bool) -> np.ndarray:
    """Share of right answers among the winners after each draw, `[prompts, longest]`; every prompt has at least `longest` draws."""
    votes = np.zeros(len(box.right) + 1, dtype=np.int64)
    most, winners = (np.zeros(len(begins), dtype=np.int64) for _ in range(2))
    right, found = np.zeros(len(begins)), np.zeros((len(begins), longest))
    shares = np.append(box.right, 0.0)
    for turn in range(longest):
        answer = box.answer[order[begins + turn]]
        # Draws without a vote share the last place, which is never counted.
        votes[answer] += 1
        mine = np.where(answer >= 0, votes[answer], -1)
        ahead, level = mine > most, mine == most
        most = np.where(ahead, mine, most)
        winners = np.where(ahead, 1, winners + level)
        right = np.where(ahead, shares[answer], right + np.where(level, shares[answer], 0.0))
        found[:, turn] = right / np.maximum(winners, 1) if split else np.where(winners == 1, right, 0.0)
    return found
