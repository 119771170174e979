"""Tampers with committed rows, one column at a time, and records which verdicts notice: a mutation test of verdicts.

A verdict that stands whatever the rows say judges nothing. `tampered(stem, tables, judge)` reads no simulation, only rows. Call it through
`python -m experiments tamper`, which writes a table and prints how many changes were noticed.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.engine.rows import STAMPS, Table
from experiments.engine.verdicts import Verdict

Judge = Callable[[dict[str, Table]], Sequence[Verdict]]


def _shuffled(values: np.ndarray) -> np.ndarray:
    return np.random.default_rng(16).permutation(values)


def _negated(values: np.ndarray) -> np.ndarray:
    return ~values if values.dtype == bool else -values


def _reflected(values: np.ndarray) -> np.ndarray:
    if values.dtype == bool:
        return values
    finite = values[np.isfinite(values)]
    return finite.min() + finite.max() - values if len(finite) else values


def _tenfold(values: np.ndarray) -> np.ndarray:
    return values if values.dtype == bool else values * 10


def _constant(value: Any) -> Callable[[np.ndarray], np.ndarray]:
    return lambda values: np.full(len(values), value)


def _one_nan(values: np.ndarray) -> np.ndarray:
    changed = values.astype(np.float64)
    changed[len(changed) // 2] = np.nan
    return changed


NONSENSE: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "nan": _constant(np.nan),
    "one nan": _one_nan,
    "infinite": _constant(np.inf),
    "blank": _constant(""),
    "no rows": lambda values: values[:0],
}
"""Columns that hold no numbers. Every verdict that depends on the column must fail or refuse. "no rows" empties the whole table."""
WRONG: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "shuffled": _shuffled,
    "negated": _negated,
    "reflected": _reflected,
    "tenfold": _tenfold,
}
"""Columns of wrong numbers. "reflected" is min + max - value, which keeps the range."""


@dataclass(frozen=True)
class Outcome:
    """What one change of one column did to the verdicts of a stem.

    `refused` is the error, empty if there was none. `turned` are the labels of verdicts with another word or none, `moved` those where
    anything that is shown has changed.
    """

    stem: str
    part: str
    column: str
    change: str
    refused: str
    turned: tuple[str, ...]
    moved: tuple[str, ...]

    @property
    def noticed(self) -> bool:
        """Whether the change was refused or turned a verdict."""
        return bool(self.refused or self.turned)


class _Recorded(Table):
    """A table that records the names of the columns that are read from it, and from the tables taken from it."""

    def __init__(self, columns: Mapping[str, Any], read: set[str]):
        super().__init__(columns)
        self._read = read

    def __getitem__(self, column: str) -> np.ndarray:
        self._read.add(column)
        return super().__getitem__(column)

    def take(self, rows: Any) -> "Table":
        return _Recorded({name: values[rows] for name, values in self._columns.items()}, self._read)

    def rows(self) -> Iterator[dict[str, Any]]:
        self._read.update(self.columns)
        return super().rows()


def columns_read(tables: Mapping[str, Table], judge: Judge) -> dict[str, set[str]]:
    """The columns of each part that the verdicts read."""
    read: dict[str, set[str]] = {part: set() for part in tables}
    judge({part: _Recorded({name: table[name] for name in table.columns}, read[part]) for part, table in tables.items()})
    return read


def tampered(stem: str, tables: Mapping[str, Table], judge: Judge) -> list[Outcome]:
    """The outcome of every change of every numeric column that the verdicts read. A change that changes nothing is left out."""
    sound = _said(judge(dict(tables)))
    found = []
    for part, read in columns_read(tables, judge).items():
        table = tables[part]
        for column in (name for name in table.columns if name in read and name not in STAMPS and table[name].dtype.kind in "bif"):
            for change, how in (NONSENSE | WRONG).items():
                changed = how(table[column])
                if changed.dtype.kind in "bif" and np.array_equal(changed, table[column], equal_nan=changed.dtype.kind == "f"):
                    continue
                content = {name: changed if name == column else table[name] for name in table.columns}
                if change == "no rows":
                    content = {name: values[:0] for name, values in content.items()}
                found.append(_outcome(Outcome(stem, part, column, change, "", (), ()), {**tables, part: Table(content)}, judge, sound))
    return found


def _outcome(of: Outcome, tables: dict[str, Table], judge: Judge, sound: dict[str, tuple[Any, ...]]) -> Outcome:
    try:
        # A verdict that divides by a number made 0 may warn; what counts is what it says then.
        with np.errstate(all="ignore"):
            said = _said(judge(tables))
    except Exception as error:
        return Outcome(of.stem, of.part, of.column, of.change, f"{type(error).__name__}: {error}", (), ())
    turned = tuple(label for label, row in sound.items() if label not in said or said[label][0] != row[0])
    moved = tuple(label for label, row in sound.items() if label not in said or said[label] != row)
    return Outcome(of.stem, of.part, of.column, of.change, "", turned, moved)


def _said(verdicts: Sequence[Verdict]) -> dict[str, tuple[Any, ...]]:
    """Of each verdict its word, then all else that is shown, by label and claim (a label may stand twice)."""
    rows = [verdict.row() for verdict in verdicts]
    keys = [(row["label"], sum(other["label"] == row["label"] for other in rows[:i])) for i, row in enumerate(rows)]
    return {f"{label}#{again + 1}" if again else label: (row["verdict"], repr(row)) for (label, again), row in zip(keys, rows, strict=True)}
