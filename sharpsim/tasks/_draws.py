"""Draws that are the same on every platform, in every process and version of Python."""

import hashlib
import random
from collections.abc import Iterator, Sequence
from typing import TypeVar

from sharpsim._arguments import UNIT
from sharpsim.tasks._kinds import CHOICES, ITEMS, OUTCOMES

Item = TypeVar("Item")
_SEQUENCES = (list, tuple, str)
_PATIENCE = 10_000
"""A level counts as exhausted after this many drawn prompts in a row without a new one."""


def digest(*labels: object) -> bytes:
    """The SHA-256 hash of the labels, written out with spaces between them (Python's own `hash` differs between processes)."""
    return hashlib.sha256(" ".join(map(str, labels)).encode()).digest()


class Draws:
    """Uniform draws from a stream named by its labels.

    Of Python's generator only `random()` is used: it alone is promised never to change. Draws are too fast for `checked`: what is
    plainly right passes by. Raises `ValueError` for a size below 1, a probability outside [0, 1] and items that are no sequence or none.
    """

    def __init__(self, *labels: object) -> None:
        self._random = random.Random(int.from_bytes(digest(*labels)))

    def below(self, size: int) -> int:
        """One of 0..size - 1."""
        if type(size) is not int or not 0 < size <= 2**53:
            OUTCOMES.require("size", size)
        return int(self._random.random() * size)

    def happens(self, probability: float) -> bool:
        """True with this probability."""
        if not isinstance(probability, float) or not 0.0 <= probability <= 1.0:
            UNIT.require("probability", probability)
        return self._random.random() < probability

    def choice(self, items: Sequence[Item]) -> Item:
        """One of the items."""
        if type(items) not in _SEQUENCES or not items:
            CHOICES.check("items", items, {})
        return items[int(self._random.random() * len(items))]

    def shuffled(self, items: Sequence[Item]) -> list[Item]:
        """All of the items in a uniform order."""
        if type(items) not in _SEQUENCES:
            ITEMS.check("items", items, {})
        mixed = list(items)
        for last in range(len(mixed) - 1, 0, -1):
            other = int(self._random.random() * (last + 1))
            mixed[last], mixed[other] = mixed[other], mixed[last]
        return mixed


def distinct(prompts: Iterator[str]) -> Iterator[str]:
    """The prompts without repetition; the end is where `_PATIENCE` in a row bring nothing new."""
    seen: set[str] = set()
    waited = 0
    for prompt in prompts:
        waited += 1
        if prompt not in seen:
            waited = 0
            seen.add(prompt)
            yield prompt
        elif waited > _PATIENCE:
            return
