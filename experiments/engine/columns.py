"""What each column of a table of rows is, declared once by the stem that makes the rows.

A stem declares its tables beside its `run`:

    COLUMNS = {
        "": columns(text="base", count="n N seeds", exact="bound exact_risk", simulated={"risk": "risk_low risk_high"}),
        "scaling": columns(count="samples", exact="eps coverage", floor={"regret": 1e-12}),
    }

The kind decides how a run is compared with the committed reference (`comparison`):

- text, count: equal.
- exact: float64 arithmetic, equal to 1e-9 relative.
- floor: exact, but a number below the given floor is rounding noise. It is written as 0.0, which reads "below the floor".
- float32: computed by a float32 model, equal to 1e-3 relative.
- rounding: float32, but a difference of numbers that may be nearly equal. Two that differ by no more than the given number are equal too.
- simulated: an estimate from random draws, with the names of the columns that hold the ends of its interval. The run's value must lie in
  the reference's interval, or the reference's value in the run's. The ends themselves are not compared.
- simulated32: simulated, of numbers that a float32 model computed. Its interval is widened by 1e-3 of the value, since draws that are all
  equal leave an interval of length 0.
- derived: a summary of simulated columns (a fitted exponent, a number of intervals that cover). It is judged by the stem's verdicts.

A number is finite unless the stem says otherwise. `nan` names the columns in which NaN stands for "not measured" or "not defined", by the
rows in which it may: `nan={"method = sft": "beta"}`. `infinite` names those in which an infinity is a value. `refused` finds what no table
may hold: it stands where rows are written and read.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from experiments.engine.conditions import ANYWHERE, parsed, rows_where

KINDS = ("text", "count", "exact", "float32", "simulated", "simulated32", "end", "derived")


@dataclass(frozen=True)
class Column:
    """One column: its kind; the columns of its interval if it is simulated; the floor below which it is rounding noise; what
    rounding alone may move it by.

    `nan` says in which rows it may hold NaN (`engine.conditions`), in none if it is empty, and `infinite` whether it may hold infinities.
    """

    kind: str
    low: str = ""
    high: str = ""
    floor: float = 0.0
    rounding: float = 0.0
    nan: str = ""
    infinite: bool = False


Tables = Mapping[str, Mapping[str, Column]]
"""What a stem declares: the columns of each part."""


def columns(
    *,
    text: str = "",
    count: str = "",
    exact: str = "",
    float32: str = "",
    derived: str = "",
    simulated: Mapping[str, str] | None = None,
    simulated32: Mapping[str, str] | None = None,
    floor: Mapping[str, float] | None = None,
    rounding: Mapping[str, float] | None = None,
    nan: Mapping[str, str] | None = None,
    infinite: str = "",
) -> dict[str, Column]:
    """The declaration of one table: names separated by spaces, by kind.

    `simulated` and `simulated32` map an estimate to "low high", the columns of its interval; `floor` maps an exact column to its floor,
    `rounding` a float32 column to the difference that rounding alone may make.
    `nan` maps a condition on the other columns to the columns, declared above by their kind, that may be NaN in these rows; `infinite`
    names those that may be infinite. What is said of an estimate holds for its interval too, unless `nan` says otherwise further on.
    Raises `ValueError` for a name declared twice, for an interval that is not two names, for `nan` or `infinite` of no column, and for
    what is no condition.
    """
    declared: list[tuple[str, Column]] = []
    for kind, names in (("text", text), ("count", count), ("exact", exact), ("float32", float32), ("derived", derived)):
        declared += [(name, Column(kind)) for name in names.split()]
    declared += [(name, Column("exact", floor=value)) for name, value in (floor or {}).items()]
    declared += [(name, Column("float32", rounding=value)) for name, value in (rounding or {}).items()]
    for kind, estimates in (("simulated", simulated), ("simulated32", simulated32)):
        for name, ends in (estimates or {}).items():
            if len(ends.split()) != 2:
                raise ValueError(f'`{kind}` must map {name!r} to the two columns of its interval, "low high"; got {ends!r}.')
            low, high = ends.split()
            declared += [(name, Column(kind, low, high)), (low, Column("end")), (high, Column("end"))]
    names = [name for name, _ in declared]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"each column must be declared once; {', '.join(twice)} stands twice.")
    found = dict(declared)
    allowed = [("infinite", True, infinite), *(("nan", condition, names) for condition, names in (nan or {}).items())]
    for what, said, given in allowed:
        if what == "nan":
            parsed(said)
        for name in given.split():
            if name not in found:
                raise ValueError(f"`{what}` must name columns that have a kind; got {name!r}.")
            for each in filter(None, (name, found[name].low, found[name].high)):
                found[each] = replace(found[each], **{what: said})
    return found


def undeclared(table: Iterable[str], declared: Mapping[str, Column]) -> str:
    """What is wrong between a table's columns and their declaration, in words; empty if nothing is."""
    found = list(table)
    missing = [name for name in found if name not in declared]
    absent = [name for name in declared if name not in found]
    said = [f"{', '.join(missing)} not declared"] if missing else []
    said += [f"{', '.join(absent)} declared but not there"] if absent else []
    return "; ".join(said)


def refused(table: Mapping[str, Sequence[Any] | np.ndarray], declared: Mapping[str, Column]) -> str:
    """What a table holds that its declaration does not allow, in words; empty if nothing.

    A table has rows. A column that is not text holds numbers. NaN and infinities stand only in columns that are declared to hold them, NaN
    only in the rows that the declaration names; a column that is not declared may hold none. An estimate lies between the ends of its
    interval.
    """
    said = []
    for name, given in table.items():
        values, column = np.asarray(given), declared.get(name, Column("exact"))
        if values.dtype == object and all(isinstance(value, (int, float)) for value in given):
            # Whole numbers beyond 64 bits.
            values = values.astype(float)
        if not len(values):
            return "no rows"
        if values.dtype.kind not in "biuf":
            if name in declared and (column.kind not in ("text", "derived") or (column.kind == "derived" and (values == "").any())):
                said.append(f"column {name!r} holds {'text' if (values != '').any() else 'nothing'}")
            continue
        stray = np.isnan(values) & ~may_be_nan(column, table, len(values))
        for what, there in (("NaN", stray), ("infinity", np.isinf(values) & (not column.infinite))):
            if there.any():
                where = f", and may hold it only where {column.nan}" if what == "NaN" and column.nan else ""
                said.append(f"column {name!r} holds {what} in {int(there.sum())} of {len(values)} rows{where}")
    return "; ".join(said or _outside(table, declared))


def may_be_nan(column: Column, table: Mapping[str, Sequence[Any] | np.ndarray], rows: int) -> np.ndarray:
    """The mask of the rows of a table in which the column may hold NaN."""
    return rows_where(column.nan, table, rows) if column.nan else np.zeros(rows, dtype=bool)


INTERVAL = 1e-9
"""How far an estimate may lie outside its interval: the rounding of sums in another order."""


def _outside(table: Mapping[str, Any], declared: Mapping[str, Column]) -> list[str]:
    said = []
    for name in table:
        column = declared.get(name, Column(""))
        if column.kind.startswith("simulated") and column.low in table and column.high in table:
            low, value, high = (np.asarray(table[each], dtype=float) for each in (column.low, name, column.high))
            room = INTERVAL * np.maximum(1.0, np.abs(value))
            # NaN compares false: where nothing was measured there is nothing to be outside of.
            wrong = int(((low > value + room) | (value > high + room)).sum())
            if wrong:
                said.append(f"column {name!r} leaves its interval in {wrong} of {len(value)} rows")
    return said


def by_kind(declared: Mapping[str, Column]) -> dict[str, str]:
    """The names of the columns of each kind, then those that may hold NaN and infinities: what the provenance of a run records."""
    found = {kind: " ".join(name for name, column in declared.items() if column.kind == kind) for kind in KINDS}
    found |= {what: " ".join(name for name, column in declared.items() if getattr(column, what)) for what in ("nan", "infinite")}
    return {kind: names for kind, names in found.items() if names}


def from_kinds(recorded: Mapping[str, str]) -> dict[str, Column]:
    """The declaration that `by_kind` recorded, without floors, which ends belong to which estimate, and the rows that may hold NaN."""
    nan, infinite = (recorded.get(what, "").split() for what in ("nan", "infinite"))
    return {
        name: Column(kind, nan=ANYWHERE if name in nan else "", infinite=name in infinite)
        for kind in KINDS
        for name in recorded.get(kind, "").split()
    }
