"""A run against the reference: what each kind of column allows, and what it does not."""

import math
import sys

import pytest

import experiments.engine.comparison as comparison
from experiments.__main__ import main
from experiments.engine.columns import Column, columns, undeclared
from experiments.engine.comparison import compare
from experiments.engine.conditions import ANYWHERE
from experiments.engine.rows import Places, write_rows
from experiments.engine.update import update
from experiments.engine.verdicts import Verdict, write_verdicts
from tests.experiments.test_experiments import drawing, made_up

STAMPS = {"seed": 0, "setting": "default-1", "versions": "numpy 1"}
COLUMNS = {
    "": columns(
        text="name",
        count="n done",
        exact="risk",
        float32="loss",
        derived="slope",
        simulated={"seen": "low high"},
        simulated32={"mean": "mean_low mean_high"},
        floor={"zero": 1e-12},
        rounding={"gap": 1e-4},
    )
}
ROW = {
    "name": "a", "n": 3, "done": True, "risk": 0.25, "loss": 2.0, "slope": -1.0, "seen": 0.2, "low": 0.1, "high": 0.3,
    "mean": -2.0, "mean_low": -2.0, "mean_high": -2.0, "zero": 0.0, "gap": 0.005,
}  # fmt: skip


def run(tmp_path, changed=None, *, stamps=STAMPS, rows=1, verdict="holds"):
    """How rows that are `ROW` but for what is changed compare with `ROW`."""
    places, reference = (Places(tmp_path / name, tmp_path) for name in ("here", "there"))
    write_rows(reference.part("sft"), [ROW], STAMPS, COLUMNS[""])
    # Rows of another version may hold what this one would not write.
    anything = {name: Column("derived", floor=column.floor, nan=ANYWHERE, infinite=True) for name, column in COLUMNS[""].items()}
    write_rows(places.part("sft"), [ROW | (changed or {})] * rows, stamps, anything)
    write_verdicts("sft", [Verdict("Thm 4.1'", "a claim", 1.0, 2.0, "holds", slack=2.0)], reference, STAMPS)
    write_verdicts("sft", [Verdict("Thm 4.1'", "a claim", 1.1, 2.0, verdict, slack=1.9 if changed else 2.0)], places, stamps)
    return compare("sft", places, reference, COLUMNS)


def test_equal_rows_are_the_same_bytes(tmp_path):
    for name in ("here", "there"):
        write_rows(tmp_path / name / "sft.csv", [ROW], STAMPS)
    places, reference = Places(tmp_path / "here", tmp_path), Places(tmp_path / "there", tmp_path)
    assert str(compare("sft", places, reference, COLUMNS)) == "same bytes"
    assert compare("dpo", places, reference, COLUMNS) is None


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"risk": 0.25 * (1 + 5e-10)}, "largest relative difference 5.0e-10, sft.csv, risk"),
        ({"loss": 2.0 * (1 + 5e-4)}, "largest relative difference 5.0e-04, sft.csv, loss"),
        ({"slope": 7.0}, "no number differs"),
        ({"seen": 0.29}, "1 simulated moved within their intervals"),
        ({"seen": 0.31, "low": 0.15, "high": 0.4}, "1 simulated moved within their intervals"),
        ({"mean": -2.0002, "mean_low": -2.0002, "mean_high": -2.0002}, "1 simulated moved within their intervals"),
        ({"zero": 5.3e-18}, "no number differs"),
        ({"zero": 1.9e-12}, "1 below the floor"),
        ({"gap": 0.00509}, "no number differs"),
    ],
)
def test_what_agrees(changed, said, tmp_path):
    found = run(tmp_path, changed)
    assert not found.differs
    assert said in str(found)
    assert str(found).startswith("agrees (")


@pytest.mark.parametrize(
    ("changed", "column"),
    [
        ({"name": "b"}, "name"),
        ({"n": 4}, "n"),
        ({"done": False}, "done"),
        ({"risk": 0.25 * (1 + 2e-9)}, "risk"),
        ({"risk": math.nan}, "risk"),
        ({"risk": math.inf}, "risk"),
        ({"loss": 2.0 * (1 + 2e-3)}, "loss"),
        ({"slope": math.nan}, "slope"),
        ({"seen": 0.35, "low": 0.31, "high": 0.4}, "seen"),
        ({"seen": math.nan}, "seen"),
        ({"mean": -2.01, "mean_low": -2.01, "mean_high": -2.01}, "mean"),
        ({"seen": 0.31, "low": 0.31, "high": 0.31}, "seen"),
        ({"zero": 1e-3}, "zero"),
        ({"gap": 0.00511}, "gap"),
    ],
)
def test_what_differs_is_named_with_both_values(changed, column, tmp_path):
    found = run(tmp_path, changed)
    assert found.differs
    assert [difference.column for difference in found.differences] == [column]
    assert str(found) == f"differs: sft.csv, row 1, column {column}: {changed[column]} here, {ROW[column]} in the reference"


def test_a_verdict_a_setting_or_a_row_more_is_a_difference(tmp_path):
    assert [found.column for found in run(tmp_path, verdict="vacuous").differences] == ["verdict"]
    assert {found.column for found in run(tmp_path, stamps=STAMPS | {"setting": "default-2"}).differences} == {"setting"}
    assert str(run(tmp_path, rows=2)) == "differs: sft.csv: 2 row(s) here, 1 row(s) in the reference"
    write_rows(tmp_path / "here" / "sft-extra.csv", [ROW], STAMPS, COLUMNS[""])
    found = compare("sft", Places(tmp_path / "here", tmp_path), Places(tmp_path / "there", tmp_path), COLUMNS)
    assert str(found).startswith("differs: sft-extra.csv: a table here, none in the reference")


def test_numbers_below_the_floor_are_written_as_zero(tmp_path):
    write_rows(tmp_path / "a.csv", [{"zero": -5.3e-18, "risk": 5.3e-18}], STAMPS, COLUMNS[""])
    assert (tmp_path / "a.csv").read_text().splitlines()[1].startswith("0.0,5.3e-18,")


def test_declarations_are_checked():
    with pytest.raises(ValueError, match="n stands twice"):
        columns(count="n", exact="n")
    with pytest.raises(ValueError, match="two columns of its interval"):
        columns(simulated={"seen": "low"})
    assert undeclared(["a", "b"], columns(exact="b c")) == "a not declared; c declared but not there"
    assert not undeclared(["b"], columns(exact="b"))


@pytest.fixture
def house(tmp_path, monkeypatch):
    """The made-up stem alone, with a reference and runs in a temporary folder."""
    import experiments.engine.all
    import experiments.engine.run
    import experiments.engine.update
    import figures.engine.save

    monkeypatch.setitem(sys.modules, "experiments.sft", made_up())
    monkeypatch.setitem(sys.modules, "figures.sft", drawing())
    for where in (experiments.engine.run, experiments.engine.all, experiments.engine.update):
        monkeypatch.setattr(where, "stems", lambda: ["sft"])
    monkeypatch.setattr(figures.engine.save, "drawable", lambda: ["sft"])
    reference = Places(tmp_path / "reference" / "rows", tmp_path / "reference" / "figures")
    monkeypatch.setattr(Places, "reference", classmethod(lambda cls: reference))
    monkeypatch.setattr("experiments.engine.rows.ROOT", tmp_path)
    monkeypatch.setattr(comparison, "reference_of", lambda scale, seed: reference)
    return reference


def test_a_run_is_compared_and_update_replaces_the_reference(house, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("experiments.engine.update.write_report", list)
    assert main(["all"]) == 0
    assert "The repository keeps no reference rows of these stems." in capsys.readouterr().out
    assert not house.rows.exists()
    drawn = []
    assert update(draw=lambda stem, places: drawn.append((stem, places)) or []) == []
    assert drawn == [("sft", house)]
    assert main(["all"]) == 0
    assert "same bytes" in capsys.readouterr().out
    path = house.part("sft")
    lines = path.read_text().splitlines()
    index = lines[0].split(",").index("x")
    cells = lines[2].split(",")
    cells[index] = "0.125"
    path.write_text("\n".join([*lines[:2], ",".join(cells), *lines[3:]]) + "\n")
    assert main(["all"]) == 1
    assert "differs: sft.csv, row 2, column x: 0." in capsys.readouterr().out
    assert main(["run", "sft"]) == 1
    assert main(["run", "sft", "--seed", "1"]) == 0
    assert "Not compared" in capsys.readouterr().out


def test_the_comparison_names_another_generator(house, monkeypatch, capsys):
    """Simulated numbers of another generator move within their intervals: no difference, but it is said. Equal bytes need no word."""
    said = "random numbers come from {} here, from {} in the reference."
    monkeypatch.setattr("experiments.engine.update.write_report", list)
    main(["run", "sft"])
    update(draw=lambda stem, places: [])
    own = house.provenance("sft")["generator"]
    capsys.readouterr()
    record = house.rows / "sft.json"
    record.write_text(record.read_text().replace(own, "another"))
    assert main(["run", "sft"]) == 0
    assert "random numbers" not in capsys.readouterr().out
    for path in house.every_part("sft").values():
        path.write_text(path.read_text().replace("numpy 2", "numpy 1"))
    assert main(["run", "sft"]) == 0
    out = capsys.readouterr().out
    assert "All 1 stems agree" in out
    assert said.format(own, "another") in out
    path = house.part("sft")
    path.write_text(path.read_text().replace("0.", "7.", 1))
    assert main(["run", "sft"]) == 1
    assert said.format(own, "another") in capsys.readouterr().out


def test_a_column_that_is_not_declared_stops_the_run(house, monkeypatch):
    monkeypatch.setitem(sys.modules["experiments.sft"].COLUMNS, "", columns(count="i", exact="x"))
    with pytest.raises(ValueError, match="base not declared"):
        main(["run", "sft"])
