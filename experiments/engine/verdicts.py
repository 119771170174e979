"""The outcome of one experiment for one result of the paper: holds, violated, vacuous, ..."""

import csv
import math
import re
from dataclasses import dataclass, replace
from typing import Any

from experiments.engine.columns import columns
from experiments.engine.rows import STAMPS, Places, write_rows

ERRATUM = "erratum shown"
"""The word for a formula of the paper that a computed number contradicts, as the errata say it should."""
KINDS = ("holds", "violated", "vacuous", "fitted exponent", "reproduced", ERRATUM)
COLUMNS = columns(text="label claim measured bound verdict slack_kind stem expected", derived="slack", nan={"slack_kind =": "slack"})
"""The columns of a stem's verdicts. Where a verdict has no slack it is NaN."""
_NAN = re.compile(r"\bnan\b", re.IGNORECASE)


@dataclass(frozen=True)
class Verdict:
    """One result of the paper, judged by the rows of a run. `slack_kind` says in words of what `slack` is a ratio or a difference.

    `expected` names the verdict that a sound run gives; empty stands for anything but "violated", which must never happen. A formula
    that is false as printed is expected to give "erratum shown": the computed number contradicts the print.

    Raises `ValueError` for a word that is none of `KINDS`, and for NaN as a number or within the words: nothing was judged then.
    """

    label: str
    claim: str
    measured: str | float
    bound: str | float
    verdict: str
    slack: float | None = None
    slack_kind: str = ""
    stem: str = ""
    expected: str = ""

    def __post_init__(self) -> None:
        for name, value in (("verdict", self.verdict), ("expected", self.expected or "holds")):
            if value not in KINDS:
                raise ValueError(f"`{name}` must be one of {', '.join(KINDS)}; got {value!r}.")
        for name, value in (("measured", self.measured), ("bound", self.bound), ("slack", self.slack)):
            if _NAN.search(value) if isinstance(value, str) else value is not None and math.isnan(value):
                raise ValueError(f"`{name}` of the verdict on {self.label} must be a number or words, not NaN; got {value!r}.")

    @property
    def unexpected(self) -> bool:
        """Whether this verdict makes the run fail."""
        return self.verdict != self.expected if self.expected else self.verdict == "violated"

    def row(self) -> dict[str, Any]:
        """The verdict as a row of a CSV file. Numbers in `measured` and `bound` have four digits, as in the printed tables."""
        return {
            "label": self.label,
            "claim": self.claim,
            "measured": shown(self.measured),
            "bound": shown(self.bound),
            "verdict": self.verdict,
            "slack": float("nan") if self.slack is None else float(self.slack),
            # Where these rows have no slack there is nothing that the words could speak of.
            "slack_kind": "" if self.slack is None else self.slack_kind,
            "stem": self.stem,
            "expected": self.expected,
        }


def shown(value: str | float) -> str:
    """A number with four digits, as the tables print it; text is left as it is."""
    return value if isinstance(value, str) else f"{float(value):.4g}"


def write_verdicts(stem: str, verdicts: list[Verdict], places: Places, stamps: dict[str, Any]) -> list[Verdict]:
    """Write a stem's verdicts as rows; return them with the stem filled in."""
    signed = [replace(verdict, stem=verdict.stem or stem) for verdict in verdicts]
    write_rows(places.part(stem, "verdicts"), [verdict.row() for verdict in signed], stamps, COLUMNS)
    return signed


def read_verdicts(stem: str, places: Places) -> list[Verdict]:
    """A stem's verdicts as its run wrote them; an empty list if it has not run."""
    path = places.part(stem, "verdicts")
    if not path.exists():
        return []
    # Read as text: what was shown is to be shown again, also where a column happens to hold numbers alone.
    with path.open(newline="") as file:
        rows = [{name: text for name, text in row.items() if name not in STAMPS} for row in csv.DictReader(file)]
    return [Verdict(**{**row, "slack": None if row["slack"] == "nan" else float(row["slack"])}) for row in rows]
