"""Best-first search for many prompts in a batch of fixed size.

Each place in the batch, a lane, holds the search for one prompt. When a search finishes, the next prompt takes its lane (continuous
batching), so the batch stays full and one compiled step serves all prompts.
"""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from sharpsim.decoding._frontier import Frontier
from sharpsim.policies import SequencePolicy


def lane_count(prompts: int, lanes: int) -> int:
    """The number of lanes for so many prompts: 1, 16, 64 or `lanes`. There are few sizes because each one is compiled."""
    return next((size for size in (1, 16, 64) if prompts <= size <= lanes), lanes)


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
    """Search the prompts with indices `which`, with at most `capacity` expansions for each.

    `finished(tops, incumbents)` says which lanes need no further expansion, given the log-probability at the top of each queue and that of
    the best complete response. `harvest(frontier, lane, prompt_index, whether_it_finished)` is called for a lane that has finished or
    has used up its capacity. With `ties` above 1, up to so many prefixes of exactly equal probability are expanded together. This is valid
    only for a search that has to expand every prefix as probable as the one at the top.
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
