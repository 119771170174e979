"""Serving many prompts on a few lanes: a lane that is done takes the next prompt, so that the batch stays full."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from sharpsim.decoding._frontier import Frontier
from sharpsim.policies import SequencePolicy


def lane_count(prompts: int, lanes: int) -> int:
    """1, 16 or `lanes`: few shapes, so that few are compiled."""
    return next((size for size in (1, 16) if prompts <= size <= lanes), lanes)


def lockstep(
    policy: SequencePolicy,
    prompts: np.ndarray,
    states: list[np.ndarray],
    which: Iterable[int],
    *,
    lanes: int,
    capacity: int,
    ties: int = 1,
    finished: Callable[[np.ndarray, np.ndarray], np.ndarray],
    harvest: Callable[[Frontier, int, int, bool], Any],
) -> None:
    """Search the prompts numbered `which` with at most `capacity` expansions each.

    `finished(tops, incumbents)` says which lanes need no further expansion; a lane is then handed to
    `harvest(frontier, lane, prompt_number, whether_it_finished)`, and so is one whose capacity is used up. With `ties` above 1, prefixes
    that tie exactly are expanded together, so many in all: only for searches that expand every prefix as probable as the one at the top.
    """
    waiting = list(which)[::-1]
    frontier = Frontier(policy, lanes, capacity, ties)
    number = np.full(lanes, -1)

    def refill(lane: int) -> None:
        number[lane] = waiting.pop() if waiting else -1
        if number[lane] >= 0:
            frontier.load(lane, prompts[number[lane]], states, int(number[lane]))

    for lane in range(lanes):
        refill(lane)
    while (active := np.flatnonzero(number >= 0)).size:
        tops = frontier.top(active)
        done = (tops == -np.inf) | finished(tops, frontier.incumbents[active])
        for lane, complete in zip(active, done, strict=True):
            if complete or frontier.counts[lane] >= capacity:
                harvest(frontier, int(lane), int(number[lane]), bool(complete))
                refill(int(lane))
        active = np.flatnonzero(number >= 0)
        if active.size:
            frontier.expand(active)
