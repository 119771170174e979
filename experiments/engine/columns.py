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
- simulated: an estimate from random draws, with the names of the columns that hold the ends of its interval. The run's value must lie in
  the reference's interval, or the reference's value in the run's. The ends themselves are not compared.
- simulated32: simulated, of numbers that a float32 model computed. Its interval is widened by 1e-3 of the value, since draws that are all
  equal leave an interval of length 0.
- derived: a summary of simulated columns (a fitted exponent, a number of intervals that cover). It is judged by the stem's verdicts.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

KINDS = ("text", "count", "exact", "float32", "simulated", "simulated32", "end", "derived")


@dataclass(frozen=True)
class Column:
    """One column: its kind; the columns of its interval if it is simulated; the floor below which it is rounding noise."""

    kind: str
    low: str = ""
    high: str = ""
    floor: float = 0.0


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
) -> dict[str, Column]:
    """The declaration of one table: names separated by spaces, by kind.

    `simulated` and `simulated32` map an estimate to "low high", the columns of its interval; `floor` maps an exact column to its floor.
    Raises `ValueError` for a name declared twice and for an interval that is not two names.
    """
    declared: list[tuple[str, Column]] = []
    for kind, names in (("text", text), ("count", count), ("exact", exact), ("float32", float32), ("derived", derived)):
        declared += [(name, Column(kind)) for name in names.split()]
    declared += [(name, Column("exact", floor=value)) for name, value in (floor or {}).items()]
    for kind, estimates in (("simulated", simulated), ("simulated32", simulated32)):
        for name, ends in (estimates or {}).items():
            if len(ends.split()) != 2:
                raise ValueError(f'`{kind}` must map {name!r} to the two columns of its interval, "low high"; got {ends!r}.')
            low, high = ends.split()
            declared += [(name, Column(kind, low, high)), (low, Column("end")), (high, Column("end"))]
    names = [name for name, _ in declared]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"each column must be declared once; {', '.join(twice)} stands twice.")
    return dict(declared)


def undeclared(table: Iterable[str], declared: Mapping[str, Column]) -> str:
    """What is wrong between a table's columns and their declaration, in words; empty if nothing is."""
    found = list(table)
    missing = [name for name in found if name not in declared]
    absent = [name for name in declared if name not in found]
    said = [f"{', '.join(missing)} not declared"] if missing else []
    said += [f"{', '.join(absent)} declared but not there"] if absent else []
    return "; ".join(said)


def by_kind(declared: Mapping[str, Column]) -> dict[str, str]:
    """The names of the columns of each kind, separated by spaces: what the provenance of a run records."""
    found = {kind: " ".join(name for name, column in declared.items() if column.kind == kind) for kind in KINDS}
    return {kind: names for kind, names in found.items() if names}
