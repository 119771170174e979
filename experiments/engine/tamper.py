"""Tampers with committed rows, one column at a time, and records which verdicts notice: a mutation test of verdicts.

A verdict that stands whatever the rows say judges nothing. `tampered(stem, tables, judge)` reads no simulation, only rows. Call it through
`python -m experiments tamper`, which writes a table and prints how many changes were noticed.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from experiments.engine.columns import Column, Tables, may_be_nan
from experiments.engine.rows import STAMPS, Table, checked, write_rows
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


def _moved(values: np.ndarray, sign: int) -> np.ndarray:
    return values if values.dtype == bool else values + sign * max(1.0, float(np.abs(values[np.isfinite(values)]).max(initial=0.0)))


def _constant(value: Any) -> Callable[[np.ndarray], np.ndarray]:
    return lambda values: np.full(len(values), value)


def _one_nan(values: np.ndarray, among: np.ndarray | None = None) -> np.ndarray:
    """NaN in the middle one of some rows, of all if they are not given."""
    changed = values.astype(np.float64)
    rows = np.arange(len(values)) if among is None else among
    changed[rows[len(rows) // 2]] = np.nan
    return changed


NONSENSE: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "nan": _constant(np.nan),
    "one nan": _one_nan,
    "infinite": _constant(np.inf),
    "blank": _constant(""),
    "no rows": lambda values: values[:0],
}
"""Columns that hold no numbers. Every verdict that depends on the column must fail or refuse. "no rows" empties the whole table; "one nan"
stands in a row in which the declaration allows none, and is left out where it allows NaN in all.
"""
WRONG: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "shuffled": _shuffled,
    "negated": _negated,
    "reflected": _reflected,
    "tenfold": _tenfold,
    "raised": lambda values: _moved(values, 1),
    "lowered": lambda values: _moved(values, -1),
}
"""Columns of wrong numbers. "reflected" is min + max - value, which keeps the range; "raised" and "lowered" move all by the largest
size, at least 1.
"""
LISTED = ("shuffled", "negated", "reflected")
"""The wrong numbers that must be noticed, or stand in the committed list of those that need not be, with the reason. Of the
others no single one need be: an exponent does not depend on a factor, and a larger bound holds the better.
"""


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


def columns_read(tables: Mapping[str, Table], verdicts: Judge) -> dict[str, set[str]]:
    """The columns of each part that the verdicts read."""
    read: dict[str, set[str]] = {part: set() for part in tables}
    verdicts({part: _Recorded({name: table[name] for name in table.columns}, read[part]) for part, table in tables.items()})
    return read


def tampered(stem: str, tables: Mapping[str, Table], verdicts: Judge, declared: Tables) -> list[Outcome]:
    """The outcome of every change of every numeric column that the verdicts read. A change that changes nothing is left out."""
    sound = _said(verdicts(checked(stem, tables, declared)))

    def outcome(part: str, column: str, change: str, changed: Table) -> Outcome:
        try:
            # A verdict that divides by a number made 0 may warn; what counts is what it says then.
            with np.errstate(all="ignore"):
                said = _said(verdicts({**tables, **checked(stem, {part: changed}, declared)}))
        except Exception as error:
            return Outcome(stem, part, column, change, f"{type(error).__name__}: {error}", (), ())
        turned = tuple(label for label, row in sound.items() if label not in said or said[label][0] != row[0])
        return Outcome(stem, part, column, change, "", turned, tuple(label for label, row in sound.items() if said.get(label) != row))

    found = []
    for part, read in columns_read(tables, verdicts).items():
        table = tables[part]
        for column in (name for name in table.columns if name in read and name not in STAMPS and table[name].dtype.kind in "bif"):
            said, whole = declared.get(part, {}).get(column, Column("exact")), {name: table[name] for name in table.columns}
            sound_rows = np.flatnonzero(~may_be_nan(said, whole, len(table[column])))
            for change, how in (NONSENSE | WRONG).items():
                if change == "one nan" and not len(sound_rows):
                    continue
                values = _one_nan(table[column], sound_rows) if change == "one nan" else how(table[column])
                if values.dtype.kind in "bif" and np.array_equal(values, table[column], equal_nan=values.dtype.kind == "f"):
                    continue
                keep = slice(len(values))
                changed = {name: values if name == column else table[name][keep] for name in table.columns}
                found.append(outcome(part, column, change, Table(changed)))
    return found


def _said(verdicts: Sequence[Verdict]) -> dict[str, tuple[Any, ...]]:
    """Of each verdict its word, then all else that is shown, by label and claim (a label may stand twice)."""
    rows = [verdict.row() for verdict in verdicts]
    keys = [(row["label"], sum(other["label"] == row["label"] for other in rows[:i])) for i, row in enumerate(rows)]
    return {f"{label}#{again + 1}" if again else label: (row["verdict"], repr(row)) for (label, again), row in zip(keys, rows, strict=True)}


def dependents(outcomes: Sequence[Outcome]) -> dict[tuple[str, str], set[str]]:
    """The labels of the verdicts that depend on each (part, column): some change of it changes what they show."""
    found: dict[tuple[str, str], set[str]] = {}
    for outcome in outcomes:
        found.setdefault((outcome.part, outcome.column), set()).update(outcome.moved)
    return found


def fooled(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """The changes to `NONSENSE` after which a verdict that depends on the column stood as before. There must be none."""
    depend = dependents(outcomes)
    return [
        one for one in outcomes
        if one.change in NONSENSE and not one.refused and depend[one.part, one.column] - set(one.turned)
    ]  # fmt: skip


def unnoticed(outcomes: Sequence[Outcome]) -> dict[tuple[str, str, str], str]:
    """(stem, part, column) -> the changes, among `LISTED`, that neither turned a verdict nor were refused; of columns with dependents."""
    depend = dependents(outcomes)
    found: dict[tuple[str, str, str], str] = {}
    for one in outcomes:
        if one.change in LISTED and not one.noticed and depend[one.part, one.column]:
            key = (one.stem, one.part, one.column)
            found[key] = f"{found.get(key, '')} {one.change}".strip()
    return found


def steady(outcomes: Sequence[Outcome], verdicts: Sequence[Verdict]) -> set[str]:
    """The labels of verdicts that no change to a numeric column turned while the rows were still believed."""
    return set(_said(verdicts)) - {label for one in outcomes for label in one.turned}


def counts(outcomes: Sequence[Outcome]) -> dict[str, str]:
    """For each change, "noticed/made": in how many of the columns that were changed it was refused or turned a verdict."""
    made = {change: [one for one in outcomes if one.change == change] for change in (*NONSENSE, *WRONG)}
    return {change: f"{sum(one.noticed for one in mine)}/{len(mine)}" for change, mine in made.items()}


def write_outcomes(path: Path, outcomes: Sequence[Outcome]) -> None:
    """Write one row for each change of each column."""
    rows = [{**asdict(one), "noticed": one.noticed, "turned": "; ".join(one.turned), "moved": "; ".join(one.moved)} for one in outcomes]
    write_rows(path, rows, {})
