"""A block: some rows of a file as they stand there, with the line of each. What is not wanted of it is gone before the next is read."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

import numpy as np

ROWS = 2**12
"""Rows of a block."""
Faults = list[tuple[int, str]]
"""(line, reason) of what could not be read."""


@dataclass
class Block:
    """Rows as `records` (JSON) or as `columns` (CSV, Parquet), and the line in which each row starts.

    `faults` are the lines since the block before that could not be read; they are not among the rows.
    """

    lines: np.ndarray
    records: list[dict[str, Any]] | None = None
    columns: dict[str, Any] | None = None
    faults: Faults = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.lines)

    @property
    def names(self) -> list[str]:
        """The fields of this block, in the order in which they first stand there."""
        if self.columns is not None:
            return list(self.columns)
        return list(dict.fromkeys(name for record in self.records or [] for name in record))

    def values(self, names: Sequence[str]) -> list[Any]:
        """The values of each named field, None where a record lacks it."""
        if self.columns is not None:
            return [self.columns.get(name, [None] * len(self)) for name in names]
        records = self.records or []
        try:
            if len(names) > 1 and records:
                return list(zip(*map(itemgetter(*names), records), strict=True))
        except KeyError:
            pass
        return [[record.get(name) for record in records] for name in names]

    def as_records(self) -> list[dict[str, Any]]:
        """The rows as one dictionary each."""
        if self.columns is None:
            return self.records or []
        values = [v.tolist() if isinstance(v, np.ndarray) else v for v in self.columns.values()]
        return [dict(zip(self.columns, row, strict=True)) for row in zip(*values, strict=True)]
