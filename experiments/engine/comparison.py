"""Compares the rows of a run with the committed reference, column by column, by what the stem declares each column to be.

Call `compare(stem, places, reference, declared)` after a run. It says whether the paper was reproduced on this machine: the same bytes,
the same numbers up to what each column's kind allows, or which cell differs.
"""

import csv
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from experiments.engine.columns import Column, Tables
from experiments.engine.rows import VERDICTS, Places, stem_part

EXACT = 1e-9
"""Largest relative difference of two exact numbers: float64 arithmetic in another order."""
FLOAT32 = 1e-3
"""Largest relative difference of two numbers that a float32 model computed."""
_JUDGED = {"label": Column("text"), "verdict": Column("text"), "expected": Column("text")}
"""What is compared of verdicts. Their other columns repeat numbers of the rows in words."""


@dataclass(frozen=True)
class Difference:
    """A cell in which a run and the reference differ by more than its column allows. `row` counts from 1; 0: the whole table differs."""

    table: str
    row: int
    column: str
    here: str
    there: str

    def __str__(self) -> str:
        if not self.row:
            return f"{self.table}: {self.here} here, {self.there} in the reference"
        return f"{self.table}, row {self.row}, column {self.column}: {self.here} here, {self.there} in the reference"


@dataclass(frozen=True)
class Agreement:
    """How the rows of one stem compare with the reference.

    `largest` is the largest relative difference among exact and float32 numbers, at `where` ("table, column"). `below_floor` counts
    numbers that are rounding noise in both, `moved` the simulated numbers that differ within their intervals.
    """

    stem: str
    same_bytes: bool
    largest: float = 0.0
    where: str = ""
    below_floor: int = 0
    moved: int = 0
    differences: tuple[Difference, ...] = ()

    @property
    def differs(self) -> bool:
        """Whether the run does not reproduce the reference."""
        return bool(self.differences)

    def __str__(self) -> str:
        if self.same_bytes:
            return "same bytes"
        if self.differences:
            more = len(self.differences) - 1
            return f"differs: {self.differences[0]}" + (f" (and {more} more)" if more else "")
        said = [f"largest relative difference {self.largest:.1e}, {self.where}" if self.where else "no number differs"]
        said += [f"{self.below_floor} below the floor"] if self.below_floor else []
        said += [f"{self.moved} simulated moved within their intervals"] if self.moved else []
        return f"agrees ({'; '.join(said)})"


def compare(stem: str, places: Places, reference: Places, declared: Tables) -> Agreement | None:
    """How a stem's rows in `places` compare with those in `reference`; None where the reference has none of this stem."""
    ours, theirs = places.every_part(stem), reference.every_part(stem)
    if not theirs:
        return None
    if ours.keys() == theirs.keys() and all(ours[name].read_bytes() == theirs[name].read_bytes() for name in ours):
        return Agreement(stem, same_bytes=True)
    differences = [
        Difference(f"{stem_part(stem, name)}.csv", 0, "", *(("no such table", "one") if name in theirs else ("a table", "none")))
        for name in sorted(ours.keys() ^ theirs.keys())
    ]
    tally = _Tally()
    for name in sorted(ours.keys() & theirs.keys()):
        columns = _JUDGED if name == VERDICTS else {**declared[name], "seed": Column("count"), "setting": Column("text")}
        differences += tally.table(f"{stem_part(stem, name)}.csv", ours[name], theirs[name], columns)
    return Agreement(stem, False, tally.largest, tally.where, tally.below_floor, tally.moved, tuple(differences))


class _Tally:
    """What the cells compared so far have shown."""

    def __init__(self) -> None:
        self.largest, self.where, self.below_floor, self.moved = 0.0, "", 0, 0

    def table(self, name: str, here: Path, there: Path, columns: Mapping[str, Column]) -> Iterator[Difference]:
        """The differences between two files of one table."""
        ours, theirs = _cells(here), _cells(there)
        if len(ours) != len(theirs):
            yield Difference(name, 0, "", f"{len(ours)} row(s)", f"{len(theirs)} row(s)")
            return
        if ours and ours[0].keys() != theirs[0].keys():
            yield Difference(name, 0, "", f"columns {', '.join(ours[0])}", f"columns {', '.join(theirs[0])}")
            return
        for i, (our, their) in enumerate(zip(ours, theirs, strict=True), 1):
            for column, kind in columns.items():
                if our[column] != their[column] and not self._agree(kind, our, their, column, name):
                    yield Difference(name, i, column, our[column], their[column])

    def _agree(self, kind: Column, our: Mapping[str, str], their: Mapping[str, str], column: str, table: str) -> bool:
        a, b = _number(our[column]), _number(their[column])
        if a is None or b is None or math.isnan(a) != math.isnan(b):
            return False
        if kind.kind in ("end", "derived"):
            return True
        if kind.kind.startswith("simulated"):
            self.moved += 1
            return _within(a, their, kind) or _within(b, our, kind)
        if kind.kind not in ("exact", "float32"):
            return a == b and our[column] not in ("True", "False")
        # A number below its floor was written as 0: near the floor one run may be above it and the other below.
        if max(abs(a), abs(b)) <= kind.floor or (min(abs(a), abs(b)) == 0.0 and max(abs(a), abs(b)) <= 2 * kind.floor):
            self.below_floor += 1
            return True
        if not (math.isfinite(a) and math.isfinite(b)):
            return a == b
        if abs(a - b) <= kind.rounding:
            return True
        relative = abs(a - b) / max(abs(a), abs(b))
        if relative > self.largest:
            self.largest, self.where = relative, f"{table}, {column}"
        return relative <= (EXACT if kind.kind == "exact" else FLOAT32)


def _within(value: float, row: Mapping[str, str], kind: Column) -> bool:
    low, high = _number(row[kind.low]), _number(row[kind.high])
    # Rounding: draws that are all equal have an interval of length 0.
    room = (FLOAT32 if kind.kind == "simulated32" else EXACT) * abs(value)
    return low is not None and high is not None and low - room <= value <= high + room


def _number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None


def _cells(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def reference_of(scale: str, seed: int) -> Places | None:
    """The committed rows that a run is to be compared with; None where none are kept: other seeds and the smoke scale."""
    kept = {"default": Places.reference(), "full": Places.reference().full}
    return kept.get(scale) if seed == 0 else None


__all__ = ["EXACT", "FLOAT32", "Agreement", "Difference", "compare", "reference_of"]
