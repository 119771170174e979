"""Every column of every committed table of rows is declared, once, by the stem that makes it."""

import importlib

import pytest

from experiments.engine.columns import undeclared
from experiments.engine.rows import ROOT, STAMPS, VERDICTS, Places, read_table
from experiments.engine.run import stems

ROWS = ROOT / "experiments" / "rows"


def parts(stem: str) -> list[tuple[str, Places]]:
    places = Places(ROWS, ROWS)
    return [(part, folder) for folder in (places, places.full) for part in folder.parts(stem) if part != VERDICTS]


@pytest.mark.parametrize("stem", stems())
def test_every_column_of_every_committed_table_is_declared(stem):
    declared = importlib.import_module(f"experiments.{stem}").COLUMNS
    found = parts(stem)
    assert {part for part, _ in found} == set(declared)
    for part, folder in found:
        columns = [name for name in read_table(folder.part(stem, part)).columns if name not in STAMPS]
        assert undeclared(columns, declared[part]) == "", f"{stem}, part {part!r}"


@pytest.mark.parametrize("stem", stems())
def test_ends_of_intervals_hold_their_estimates(stem):
    declared = importlib.import_module(f"experiments.{stem}").COLUMNS
    for part, folder in parts(stem):
        table = read_table(folder.part(stem, part))
        for name, column in declared[part].items():
            if column.kind == "simulated":
                low, value, high = (table[each].astype(float) for each in (column.low, name, column.high))
                # NaN where nothing was measured.
                outside = (low > value + 1e-9) | (value > high + 1e-9)
                assert not outside.any(), f"{stem}, part {part!r}, column {name!r}"
