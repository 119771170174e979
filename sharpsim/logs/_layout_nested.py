"""What layouts have in common in which one record holds several draws."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from sharpsim.logs._block import Block

Draw = dict[str, Any]


class Nested:
    """A record, any number of draws. A layout says which by `draws(record)`, which raises `ValueError` for a record that makes no sense.

    `fields` says which field of the log each column is taken from; `notes` what was assumed.
    """

    name = ""

    def __init__(self) -> None:
        self.fields: dict[str, str] = {}
        self.notes: list[str] = []

    def draws(self, record: dict[str, Any]) -> Iterator[Draw]:
        """The draws of one record, as columns and values."""
        raise NotImplementedError

    def columns(self, block: Block) -> tuple[dict[str, Any], np.ndarray, list[tuple[int, str]]]:
        """Raw values of the columns, the line of each row, and the faults (row, reason) of this block."""
        rows: list[Draw] = []
        at: list[int] = []
        faults: list[tuple[int, str]] = []
        for number, record in enumerate(block.as_records()):
            try:
                found = list(self.draws(record))
            except (ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
                block.faults.append((int(block.lines[number]), _reason(self.name, error)))
                continue
            rows += found
            at += [number] * len(found)
        names = dict.fromkeys(name for row in rows for name in row)
        return {name: [row.get(name) for row in rows] for name in names}, block.lines[at] if at else block.lines[:0], faults

    def note(self, sentence: str) -> None:
        """Keep a sentence once."""
        if sentence not in self.notes:
            self.notes.append(sentence)


def _reason(layout: str, error: Exception) -> str:
    return str(error) if type(error) is ValueError else f"not a record of the format {layout} ({type(error).__name__}: {error})"


def spread(value: Any, count: int, name: str) -> list[Any]:
    """A field as one value for each of `count` draws: a list of that length, or a single value if there is one draw or none is there.

    Raises `ValueError` for a list of another length.
    """
    if isinstance(value, list):
        if len(value) != count:
            raise ValueError(f"`{name}` must have one value for each of {count} draws; got {len(value)}")
        return value
    return [value] * count if count == 1 or value is None else [None] * count


def first(record: dict[str, Any], names: tuple[str, ...], accept: Callable[[Any], bool] = lambda value: value is not None) -> str | None:
    """The first of `names` whose value in the record is acceptable."""
    return next((name for name in names if name in record and accept(record[name])), None)
