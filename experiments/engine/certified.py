"""What the committed hunt (`python -m sharpsim.certified hunt`) proved, for the report: the rows of experiments/rows/certified."""

import csv
from collections.abc import Iterable

from experiments.engine.rows import ROOT

HUNT = ROOT / "experiments" / "rows" / "certified" / "hunt.csv"
CERTIFICATES = "sharpsim/certified/certificates"


def hunted() -> list[dict[str, str]]:
    """The rows of the hunt, one for each statement, in the statements' order."""
    with HUNT.open(newline="") as file:
        return list(csv.DictReader(file))


def is_printed(row: dict[str, str]) -> bool:
    """Whether the row is of a statement that the paper prints and that is false."""
    return row["statement"].startswith("printed_")


def proved_of(labels: Iterable[str], rows: Iterable[dict[str, str]]) -> str:
    """What was found of the statements whose label, without what stands in brackets, is one of `labels`; empty where there are none."""
    mine = [row for row in rows if row["label"].split(" (")[0] in set(labels) and not is_printed(row)]
    if not mine:
        return ""
    instances, refuted = (sum(int(row[name]) for row in mine) for name in ("instances", "refuted"))
    open_, vacuous = (sum(int(row[name]) for row in mine) for name in ("undecided", "vacuous"))
    said = f"{len(mine)} statement{'s' * (len(mine) > 1)} on {instances:,} instances: {instances - refuted - open_ - vacuous:,} proved"
    others = ((vacuous, "vacuous"), (open_, "undecided"), (refuted, "**refuted**"))
    return said + "".join(f", {count:,} {word}" for count, word in others if count)


def certificate_of(place: str, rows: Iterable[dict[str, str]]) -> str:
    """The certificate of an erratum, relative to the repository's root; empty where there is none."""
    return next((f"{CERTIFICATES}/{row['statement']}.json" for row in rows if row["label"] == place and is_printed(row)), "")
