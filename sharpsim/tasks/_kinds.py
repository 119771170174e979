"""Kinds of the arguments of tasks, and what an iterable may hold, which is read once."""

from collections.abc import Iterable, Sequence
from typing import Any

from sharpsim._arguments import TEXT
from sharpsim._kind import Is, Kind, count

SIZE = count(1, 10**7)
"""How many prompts or pairs one call makes."""
LEVEL = Kind("a whole number, one of the task's levels", lambda x: x == x, dtypes="iu")
OUTCOMES = Kind("a whole number from 1 to 2^53", lambda x: (x >= 1) & (x <= 2**53), dtypes="iu")


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(TEXT.test, value))


def _are_pairs(value: Any) -> bool:
    try:
        texts = all(isinstance(first, str) and isinstance(second, str) for first, second in value)
        return texts and isinstance(value, list) and str not in map(type, value)
    except (TypeError, ValueError):
        return False


def _is_sequence(value: Any) -> bool:
    return isinstance(value, Sequence) or getattr(value, "ndim", 0) > 0


TEXTS = Is("texts, one after another", _are_texts)
PAIRS = Is("pairs (prompt, response) of texts", _are_pairs)
ITEMS = Is("a sequence", _is_sequence)
CHOICES = Is("a sequence of at least one item", lambda value: _is_sequence(value) and len(value) > 0)


def entries(name: str, value: Any, kind: Is) -> list[Any]:
    """The entries of the argument `name` as a list, refused unless this is of the kind; a generator is read once."""
    found: Any = list(value) if isinstance(value, Iterable) and not isinstance(value, str) else value
    kind.check(name, found, {})
    return found
