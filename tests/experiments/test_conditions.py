"""Where a column may hold NaN: the conditions themselves, and those that the stems declare."""

import importlib

import numpy as np
import pytest

from experiments.engine.columns import columns
from experiments.engine.conditions import ANYWHERE, parsed, rows_where
from experiments.engine.run import stems

TABLE = {
    "method": np.array(["sft", "dpo", "", "3"]),
    "n": np.array([1, 2, 3, 4]),
    "limit": [0.5, np.nan, 0.25, 1.0],
    "exact": np.array([True, False, False, True]),
}
OPEN = {
    ("inference", "cells-gap"): {"low", "high", "seeds_low", "seeds_high"},
    ("inference", "cells-theory"): {"saturation"},
}
"""Columns in which a stray NaN is like any other, by (stem, part). This list only shrinks."""


@pytest.mark.parametrize(
    ("condition", "rows"),
    [
        ("method = sft", [0]),
        ("method = sft | dpo", [0, 1]),
        ("method != sft", [1, 2, 3]),
        ("method =", [2]),
        ("method = 3", [3]),
        ("n = 2", [1]),
        ("n = 2.0 | 4", [1, 3]),
        ("n = two", []),
        ("n < 2", [0]),
        ("n <= 2", [0, 1]),
        ("n > 3", [3]),
        ("method > 3", []),
        ("n >= 3", [2, 3]),
        ("limit = nan", [1]),
        ("limit != nan", [0, 2, 3]),
        ("limit < 0.6", [0, 2]),
        ("exact = 0", [1, 2]),
        ("n = 1; method = dpo", [0, 1]),
        ("absent = 1", []),
        ("absent = 1; n = 1", [0]),
        ("anywhere", [0, 1, 2, 3]),
    ],
)
def test_conditions(condition, rows):
    assert np.flatnonzero(rows_where(condition, TABLE, 4)).tolist() == rows


@pytest.mark.parametrize("wrong", ["", "everywhere", "n is 1", "n = 1; two", "= 1"])
def test_what_is_no_condition_is_refused(wrong):
    with pytest.raises(ValueError, match="a condition must read"):
        columns(exact="x", nan={wrong: "x"})


def test_an_interval_has_its_estimates_condition_or_its_own():
    declared = columns(count="n", simulated={"risk": "low high"}, nan={"n = 0": "risk", "n < 2": "high"})
    assert [declared[name].nan for name in ("n", "risk", "low", "high")] == ["", "n = 0", "n = 0", "n < 2"]


@pytest.mark.parametrize("stem", stems())
def test_conditions_of_stems_ask_for_other_columns(stem):
    for part, declared in importlib.import_module(f"experiments.{stem}").COLUMNS.items():
        for name, column in declared.items():
            if column.nan:
                assert {asked for asked, _, _ in parsed(column.nan)} <= set(declared) - {name}, f"{stem}, part {part!r}, column {name!r}"
        assert {name for name, column in declared.items() if column.nan == ANYWHERE} == OPEN.get((stem, part), set())
