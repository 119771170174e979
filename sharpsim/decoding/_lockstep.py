"""Best-first search for many prompts in a batch of fixed size.

Each place in the batch, a lane, holds the search for one prompt. When a search finishes, the next prompt takes its lane (continuous
batching). In each round every lane expands several prefixes of its queue: more than a search that takes one at a time would be sure of, but
what it finds is then cut back to what that search finds.
"""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from sharpsim.decoding._frontier import Frontier
from sharpsim.policies import SequencePolicy

SHARE = 8
"""In a round a lane expands one prefix for each so many slots with a prefix on the queue, the most probable ones. At 8, one in a hundred is
not needed; at 4, one in ten."""


def lane_count(prompts: int, lanes: int) -> int:
    """The number of lanes for so many prompts: 1, 16, 64 or `lanes`. There are few sizes because each one is compiled."""
    return next((size for size in (1, 16, 64) if prompts <= size <= lanes), lanes)


def lockstep(
    policy: SequencePolicy,
    prompts: np.ndarray,
    starts: list[np.ndarray],
    which: Iterable[int],
    *,
    lanes: int,
    capacity: int,
    floor: Callable[[np.ndarray], np.ndarray],
    harvest: Callable[[Frontier, int, int, np.ndarray, bool], Any],
) -> None:
    """Search the prompts with indices `which`, with at most `capacity` expansions for each.

    A search is finished when no prefix on its queue is as probable as `floor(incumbents)`, given the log-probability of the best complete
    response found in each lane. `harvest(frontier, lane, prompt_index, slots, whether_it_finished)` is called for a lane that has finished
    or has used up its capacity; `slots` are those of the prefixes that a search expands which takes one prefix at a time, in its order.
    """
    waiting = list(which)[::-1]
    # Two sizes, because each one is compiled.
    batch = 64 if lanes <= 16 else 256
    # At most as many expansions are not needed as are; prefixes exactly as probable as the last one may be expanded besides.
    frontier = Frontier(policy, prompts, starts, lanes, 3 * capacity, batch)
    lanes_in_use = np.arange(min(lanes, len(waiting)))
    for lane in lanes_in_use:
        frontier.load(int(lane), waiting.pop())
    while lanes_in_use.size:
        fresh = lanes_in_use[frontier.counts[lanes_in_use] == 0]
        if fresh.size:
            frontier.begin(fresh)
        best, values = frontier.queues(lanes_in_use)
        edge = floor(frontier.incumbents[lanes_in_use])
        chosen, done, spent = _choose(best, values, edge, frontier.counts[lanes_in_use], capacity)
        over = np.zeros(len(lanes_in_use), dtype=bool)
        for row in np.flatnonzero(done | spent):
            lane = int(lanes_in_use[row])
            slots = frontier.first(lane, capacity) if spent[row] or edge[row] == -np.inf else frontier.slots_above(lane, edge[row])
            if slots is None:
                continue
            harvest(frontier, lane, int(frontier.numbers[lane]), slots, bool(done[row] and not spent[row]))
            if waiting:
                frontier.load(lane, waiting.pop())
            else:
                over[row] = True
        rows, slots = np.nonzero(chosen)
        if rows.size:
            kept = _whole_batches(rows, batch)
            frontier.expand(lanes_in_use[rows[kept]], slots[kept])
        lanes_in_use = lanes_in_use[~over]


def _choose(
    best: np.ndarray, values: np.ndarray, floor: np.ndarray, counts: np.ndarray, capacity: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """bool [lanes, slots] of the slots whose best prefix on the queue is expanded next; [lanes] of the searches that are finished; and
    [lanes] of those that have used up their capacity: the `capacity` most probable prefixes have been expanded.
    """
    able = (best >= floor[:, None]) & (best > -np.inf)
    most = best.max(axis=1)
    number = able.sum(axis=1)
    done = number == 0
    spent = done & (counts > capacity) & ((values >= floor[:, None]).sum(axis=1) > capacity)
    for row in np.flatnonzero(~done & (counts >= capacity)):
        able[row] &= best[row] > np.partition(values[row], -capacity)[-capacity]
        number[row] = able[row].sum()
        spent[row] = number[row] == 0
    # A prefix may be expanded in vain if it is less probable than the top of the queue.
    doubtful = (values < most[:, None]).sum(axis=1) - (values.shape[1] - counts)
    number = np.minimum(-(-number // SHARE), np.maximum(1, capacity - doubtful))
    number[done | spent] = 0
    _cut(able, best, number)
    return able, done, spent


def _cut(able: np.ndarray, best: np.ndarray, number: np.ndarray) -> None:
    """Leave only the first `number` [lanes] of the largest in each row."""
    given = np.where(able, best, -np.inf)
    ordered = np.append(np.sort(given, axis=1), np.full((len(number), 1), np.inf), axis=1)
    threshold = ordered[np.arange(len(number)), best.shape[1] - number]
    able &= given >= threshold[:, None]
    for row in np.flatnonzero(able.sum(axis=1) > number):
        equal = np.flatnonzero(given[row] == threshold[row])
        able[row, equal[number[row] - int((given[row] > threshold[row]).sum()) :]] = False


def _whole_batches(rows: np.ndarray, batch: int) -> np.ndarray:
    """Which of the prefixes, of the lanes `rows` in order, are expanded: without some where the last batch would be mostly empty."""
    kept, excess = np.ones(len(rows), dtype=bool), len(rows) % batch
    if len(rows) > batch and excess < batch // 2:
        second = np.flatnonzero(np.diff(rows, prepend=-1) == 0)
        kept[second[len(second) - excess :] if excess <= len(second) else []] = False
    return kept
