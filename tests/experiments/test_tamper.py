"""No verdict is fooled: columns of the committed rows are made NaN, blank, shuffled, negated, .., and the verdicts must notice."""

import csv
from pathlib import Path

import numpy as np
import pytest

from experiments.engine.columns import columns
from experiments.engine.rows import Places, Table, read_parts
from experiments.engine.run import load, stems
from experiments.engine.tamper import counts, fooled, steady, tampered, unnoticed
from experiments.engine.verdicts import Verdict

LIST = Path(__file__).with_name("unnoticed.csv")
"""The columns, or the verdicts, that may be changed unnoticed, each with its reason."""


@pytest.fixture(scope="module", params=stems())
def found(request):
    module = load(request.param)
    tables = read_parts(request.param, Places.reference(), module.COLUMNS)
    return request.param, tampered(request.param, tables, module.verdicts, module.COLUMNS), module.verdicts(tables)


def listed(stem: str) -> list[dict[str, str]]:
    with LIST.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["stem"] == stem]
    assert all(row["reason"] for row in rows)
    return rows


def test_nonsense_fools_no_verdict(found):
    _, outcomes, _ = found
    assert [(one.part, one.column, one.change, one.moved) for one in fooled(outcomes)] == []


def test_wrong_numbers_are_noticed_or_listed(found):
    stem, outcomes, _ = found
    allowed = {(stem, row["part"], row["column"]): row["changes"] for row in listed(stem) if not row["verdict"]}
    assert unnoticed(outcomes) == allowed, f"compare with the rows of {stem} in {LIST.name}"


def test_every_verdict_can_turn_or_is_listed(found):
    stem, outcomes, verdicts = found
    allowed = {row["verdict"] for row in listed(stem) if row["verdict"]}
    assert steady(outcomes, verdicts) == allowed, f"compare with the rows of {stem} in {LIST.name}"


RISK = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
TABLES = {"": Table({"n": [1, 2, 4, 8, 16, 32], "risk": RISK, "bound": RISK + 0.01, "slope": [np.nan, 1.0, 2.0, 3.0, 4.0, 5.0]})}
COLUMNS = {"": columns(count="n", exact="risk bound slope", nan={"anywhere": "slope"})}


def sound(tables):
    rows = tables[""]
    said = "holds" if (rows["risk"] <= rows["bound"]).all() else "violated"
    slopes = rows["slope"][np.isfinite(rows["slope"])]
    grows = len(slopes) > 0 and (slopes > 0).all() and list(slopes) == sorted(slopes)
    return [
        Verdict("risk", "risk is at most its bound", float(rows["risk"].max()), 0.4, said),
        Verdict("slope", "it grows", ", ".join(map(str, slopes)), "", "reproduced" if grows else "vacuous"),
    ]


def test_a_sound_judge_is_not_fooled():
    outcomes = tampered("sft", TABLES, sound, COLUMNS)
    assert fooled(outcomes) == []
    assert steady(outcomes, sound(TABLES)) == set()
    # A smaller risk is below the bound too. The order of `n` is not read.
    assert unnoticed(outcomes) == {("sft", "", "risk"): "negated"}
    assert counts(outcomes)["nan"] == "3/3"


def test_a_stray_nan_stands_where_none_may():
    """The first row may hold NaN and the stray one is put elsewhere; where all rows may, there is none to try."""
    strict = {"": columns(count="n", exact="risk bound slope", nan={"n = 1": "slope"})}

    def tried(declared):
        return {one.change: one for one in tampered("sft", TABLES, sound, declared) if one.column == "slope"}

    assert "may hold it only where n = 1" in tried(strict)["one nan"].refused
    assert "one nan" not in tried(COLUMNS)


@pytest.mark.parametrize(
    ("judge", "stands"),
    [
        # NaN is not above a bound.
        (lambda rows: not (rows["slope"] > 5).any(), "nan"),
        # All of nothing hold.
        (lambda rows: (rows["slope"][np.isfinite(rows["slope"])] > 0).all(), "nan"),
        (lambda rows: True, ""),
    ],
)
def test_a_judge_that_nan_fools_is_found(judge, stands):
    def verdicts(tables):
        return [Verdict("slope", "a claim", str(np.nansum(tables[""]["slope"])), "", "holds" if judge(tables[""]) else "violated")]

    outcomes = tampered("sft", TABLES, verdicts, COLUMNS)
    if stands:
        assert stands in {one.change for one in fooled(outcomes)}
    else:
        assert steady(outcomes, verdicts(TABLES)) == {"slope"}
