"""The prefixes that best-first searches have expanded, and their priority queues, for many prompts at once.

Queues are NumPy arrays with one row for each lane. A lane is a place in the batch, and holds the search for one prompt.
"""

from collections.abc import Callable

import numpy as np

from sharpsim.decoding._states import Batch, Store
from sharpsim.policies import SequencePolicy


def prefixes(policy: SequencePolicy, most: int) -> int:
    """The number of prefixes that a search can expand, 1 + W + ... + W^(H-1) where W tokens do not end a response, or `most` if smaller."""
    words, total = policy.vocabulary_size - (policy.end_token is not None), 0
    for depth in range(policy.horizon):
        if (total := total + words**depth) >= most:
            return most
    return total


class Frontier:
    """The prefixes expanded so far in each of `lanes` lanes, at most `slots` in each, and the prefixes on each lane's queue.

    Expanding a prefix fills the lane's next slot. The slot holds the prefix's log-probability (float64, summed from the first token on) and
    those of its V continuations. A continuation is either a complete response (it has the end token, or full length) or a prefix. The
    prefixes on the queue are the finite entries of `children`, so the queue needs no storage of its own. `best` has the largest entry of
    each slot. Arrays are [slots, lanes, ...], filled from slot 0 on: what short searches fill lies together, however long others may be.
    """

    def __init__(self, policy: SequencePolicy, prompts: np.ndarray, starts: list[np.ndarray], lanes: int, slots: int, batch: int):
        self.policy, self.lanes, self.slots = policy, lanes, slots
        self.store = Store(policy, prompts[0], starts, lanes * slots, batch)
        # Filled slot by slot, so memory that is never used is never touched.
        self.children = np.empty((slots, lanes, policy.vocabulary_size))
        self.ended = np.empty((slots, lanes))
        self.parents, self.tokens, self.depths = np.empty((3, slots, lanes), dtype=np.int32)
        self.ancestors = np.empty((slots, lanes, policy.horizon), dtype=np.int32)
        """At i, the slot of the prefix of the first i tokens; slot 0, of the empty prefix, beyond the depth."""
        self.values, self.best = np.empty((2, slots, lanes))
        self.counts = np.zeros(lanes, dtype=np.int64)
        self.incumbents = np.full(lanes, -np.inf)
        self.numbers = np.full(lanes, -1)

    def load(self, lane: int, number: int) -> None:
        """Start the search for the prompt with this index in `lane`, with the empty prefix on its queue."""
        self.counts[lane], self.incumbents[lane], self.numbers[lane] = 0, -np.inf, number
        self.parents[0, lane] = self.depths[0, lane] = self.ancestors[0, lane] = 0
        self.store.begin(lane, number)

    def queues(self, lanes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """`best` and `values` of these lanes [lanes, n], n the most slots that any of them has filled; -inf beyond the filled ones."""
        most = int(self.counts[lanes].max())
        filled = np.arange(most) < self.counts[lanes, None]
        return np.where(filled, self.best[:most, lanes].T, -np.inf), np.where(filled, self.values[:most, lanes].T, -np.inf)

    def begin(self, lanes: np.ndarray) -> None:
        """Expand the empty prefix of each of these lanes."""
        same = np.zeros(len(lanes), dtype=np.int64)
        self._add(lanes, same, same + self.policy.begin_token, same.astype(float))

    def expand(self, lanes: np.ndarray, slots: np.ndarray) -> None:
        """Expand the most probable prefix on the queue that continues each of these slots. Equal lanes lie side by side."""
        places = self._places(slots, lanes)
        children = self.children.reshape(-1, self.policy.vocabulary_size)
        tokens, values = np.empty(len(lanes), dtype=np.int64), np.empty(len(lanes))
        for first in range(0, len(lanes), self.store.batch):
            part = slice(first, first + self.store.batch)
            rows = children[places[part]]
            each = np.arange(len(rows))
            tokens[part] = chosen = rows.argmax(axis=1)
            values[part] = rows[each, chosen]
            children[places[part], chosen] = rows[each, chosen] = -np.inf
            self.best.reshape(-1)[places[part]] = rows.max(axis=1)
        self._add(lanes, slots, tokens, values)

    def expand_these(self, lane: int, slots: np.ndarray, tokens: np.ndarray) -> None:
        """Expand the prefixes on the lane's queue that continue these slots with these tokens."""
        values = self.children[slots, lane, tokens]
        self.children[slots, lane, tokens] = -np.inf
        self.best[slots, lane] = self.children[slots, lane].max(axis=1)
        self._add(np.full(len(slots), lane), slots, tokens, values)

    def _places(self, slots: np.ndarray, lanes: np.ndarray) -> np.ndarray:
        """Slots of lanes as indices into arrays whose first two axes are joined."""
        return slots * self.lanes + lanes

    def _add(self, lanes: np.ndarray, parents: np.ndarray, tokens: np.ndarray, values: np.ndarray) -> None:
        first = np.flatnonzero(np.diff(lanes, prepend=-1))
        sizes = np.diff(first, append=len(lanes))
        slots = self.counts[lanes] + np.arange(len(lanes)) - np.repeat(first, sizes)
        self.counts[lanes[first]] += sizes
        at = slots, lanes
        ancestors = self.ancestors[parents, lanes]
        depths = np.where(slots == 0, 0, self.depths[parents, lanes] + 1)
        ancestors[np.arange(len(lanes)), depths] = slots
        self.parents[at], self.tokens[at], self.depths[at], self.ancestors[at], self.values[at] = parents, tokens, depths, ancestors, values
        ancestors = self._places(ancestors, lanes[:, None])
        rows = Batch(self.numbers[lanes], self._places(parents, lanes), ancestors, depths, tokens, self._places(slots, lanes))
        for start in range(0, len(lanes), self.store.batch):
            part = slice(start, start + self.store.batch)
            self._fill(lanes[part], slots[part], depths[part], values[part], self.store.step(Batch(*(array[part] for array in rows))))

    def _fill(self, lanes: np.ndarray, slots: np.ndarray, depths: np.ndarray, values: np.ndarray, log_probs: np.ndarray) -> None:
        rows, end = np.add(values[:, None], log_probs, dtype=np.float64), self.policy.end_token
        last = depths == self.policy.horizon - 1
        ended = np.full(len(lanes), -np.inf)
        if end is not None:
            ended = np.where(last, -np.inf, rows[:, end])
            rows[~last, end] = -np.inf
        top = rows.max(axis=1)
        if np.isnan(top).any() or np.isnan(ended).any():
            raise ValueError("`policy.step` must return log-probabilities; got NaN.")
        self.ended[slots, lanes], self.children[slots, lanes], self.best[slots, lanes] = ended, rows, np.where(last, -np.inf, top)
        np.maximum.at(self.incumbents, lanes, np.where(last, top, ended))

    def slots_above(self, lane: int, floor: float) -> np.ndarray:
        """The slots of the prefixes of at least this log-probability; in the order in which they were filled."""
        return np.flatnonzero(self.values[: self.counts[lane], lane] >= floor)

    def first(self, lane: int, budget: int) -> np.ndarray | None:
        """The slots of the `budget` prefixes that a search expands first if it takes one at a time, in that order.

        Such a search takes the most probable prefix on its queue; of equals the one whose parent it took first, then that with the smallest
        token. Here all prefixes more probable than the last of these must have been expanded; those expanded too many go back on the queue.
        Where equals of the last one come before it and have not been expanded, they are now, and the answer is None.
        """
        slots = np.arange(self.counts[lane])
        order = descending(self.values[slots, lane], lambda rows: self._path(lane, self.parents[rows, lane], self.tokens[rows, lane]))
        kept, spare = order[:budget], order[budget:]
        if len(order) >= budget and self._expand_equals(lane, float(self.values[kept[-1], lane]), budget):
            return None
        self.children[self.parents[spare, lane], lane, self.tokens[spare, lane]] = self.values[spare, lane]
        return kept

    def _expand_equals(self, lane: int, value: float, budget: int) -> bool:
        """Expand the prefixes of this log-probability that are among the first `budget` and still on the queue, and say whether any was."""
        count = self.counts[lane]
        if not (self.best[:count, lane] == value).any():
            return False
        values, taken = self.values[:count, lane], np.flatnonzero(self.values[:count, lane] == value)
        inner = self.depths[:count, lane] < self.policy.horizon - 1
        parents, tokens = np.nonzero((self.children[:count, lane] == value) & inner[:, None])
        parents, tokens = np.concatenate([self.parents[taken, lane], parents]), np.concatenate([self.tokens[taken, lane], tokens])
        chosen = np.lexsort(self._path(lane, parents, tokens)[::-1])[: budget - int((values > value).sum())]
        missing = chosen[chosen >= len(taken)][: self.slots - count]
        if missing.size:
            self.expand_these(lane, parents[missing], tokens[missing])
        return bool(missing.size)

    def _path(self, lane: int, parents: np.ndarray, tokens: np.ndarray) -> list[np.ndarray]:
        """Keys by which equally probable prefixes are ordered, the first one first: a prefix is taken after its parent, so that it is
        compared by its parent's place in the order, and that by its own parent's. Last come the tokens, first to last.
        """
        depths, ancestors = self.depths[parents, lane], self.ancestors[parents, lane]
        each, places = np.arange(len(parents)), np.arange(self.policy.horizon)
        back = depths[:, None] - places
        costs = np.where(back > 0, -self.values[ancestors[each[:, None], np.maximum(back, 0)], lane], -np.inf)
        words = np.concatenate([self.tokens[ancestors, lane], np.full((len(parents), 1), -1)], axis=1)
        words[:, 1:-1][places[1:] > depths[:, None]] = -1
        # The empty prefix has no last token.
        words[each, depths + 1] = np.where((depths == 0) & (tokens == self.policy.begin_token), -1, tokens)
        return [*costs.T, *words.T]

    def complete(self, lane: int, slots: np.ndarray, at_least: float) -> tuple[np.ndarray, np.ndarray]:
        """The complete responses that continue these slots and have log-probability `at_least` or more (never -inf).

        Returns [k, horizon] and [k], in descending log-probability; ties in lexicographic order of tokens.
        """
        horizon, ended = self.policy.horizon, self.ended[slots, lane]
        early = slots[(ended >= at_least) & (ended > -np.inf)]
        last = slots[self.depths[slots, lane] == horizon - 1]
        rows = self.children[last, lane]
        which, token = np.nonzero((rows >= at_least) & (rows > -np.inf))
        ends = np.concatenate([early, last[which]])
        responses = np.empty((len(ends), horizon), dtype=np.int32)
        responses[:, :-1] = self.tokens[self.ancestors[ends, lane, 1:], lane]
        if self.policy.end_token is not None:
            responses[np.arange(horizon) >= self.depths[ends, lane][:, None]] = self.policy.end_token
        responses[len(early) :, -1] = token
        log_probs = np.concatenate([self.ended[early, lane], rows[which, token]])
        order = descending(log_probs, lambda rows: list(responses[rows].T))
        return responses[order], log_probs[order]

    def unexpanded(self, lane: int, slots: np.ndarray) -> np.ndarray:
        """The log-probabilities of all prefixes on the queue that continue these slots."""
        left = self.children[slots[self.depths[slots, lane] < self.policy.horizon - 1], lane]
        return left[left > -np.inf]


def descending(values: np.ndarray, ties: Callable[[np.ndarray], list[np.ndarray]]) -> np.ndarray:
    """The order of descending values; equal ones by the keys `ties(which)`, the first key first."""
    order = np.argsort(-values, kind="stable")
    same = values[order[1:]] == values[order[:-1]]
    if same.any():
        tied = np.flatnonzero(np.append(same, False) | np.append(False, same))
        which = order[tied]
        order[tied] = which[np.lexsort([*ties(which)[::-1], -values[which]])]
    return order
