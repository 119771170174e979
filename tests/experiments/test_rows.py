"""Rows survive the way to disk and back, bit for bit, and refuse what a CSV cannot hold."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.engine.columns import by_kind, columns, from_kinds
from experiments.engine.rows import ROOT, Places, Refused, Table, read_parts, read_table, write_rows
from experiments.engine.verdicts import Verdict, read_verdicts, write_verdicts

STAMPS = {"seed": 0, "setting": "smoke-0", "versions": "a 1, b 2"}


@given(values=st.lists(st.floats(allow_nan=False), min_size=1, max_size=20))
def test_floats_read_back_to_the_same_bits(values, tmp_path_factory):
    path = tmp_path_factory.mktemp("rows") / "stem.csv"
    write_rows(path, [{"x": np.float64(value)} for value in values], STAMPS, columns(exact="x", infinite="x"))
    back = read_table(path)["x"]
    assert back.dtype == np.float64
    assert back.tobytes() == np.array(values).tobytes()


def test_types_are_those_written(tmp_path):
    path = tmp_path / "stem.csv"
    row = {"name": 'a, "b"\nc', "yes": np.bool_(True), "count": np.int64(-3), "huge": 10**30, "whole": 2.0, "none": math.nan}
    write_rows(path, [row, row | {"yes": False}], STAMPS, columns(exact="none", nan={"anywhere": "none"}))
    table = read_table(path)
    assert [table[name].dtype.kind for name in table.columns] == ["U", "b", "i", "f", "f", "f", "i", "U", "U"]
    assert table["name"][0] == row["name"]
    assert table["huge"][0] == 1e30
    assert list(table["yes"]) == [True, False]
    assert set(table["versions"]) == {STAMPS["versions"]}


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], "no rows"),
        ([{"a": 1}, {"b": 1}], "same keys"),
        ([{"seed": 1}], "written by the frame"),
        ([{"a": None}], "'a' must hold"),
        ([{"a": np.ones(2)}], "'a' must hold"),
    ],
)
def test_rows_that_no_table_can_hold_are_refused(rows, said, tmp_path):
    with pytest.raises((ValueError, TypeError), match=said):
        write_rows(tmp_path / "stem.csv", rows, STAMPS)
    assert not list(tmp_path.iterdir())


def test_a_table_selects_and_cannot_be_written_to():
    table = Table({"n": [1, 2, 2], "law": ["a", "a", "b"]})
    assert len(table) == 3
    assert list(table.where(n=2, law="b").rows()) == [{"n": 2, "law": "b"}]
    assert list(table.unique("n")) == [1, 2]
    with pytest.raises(KeyError, match="there are n, law"):
        table["m"]
    with pytest.raises(ValueError, match="read-only"):
        table["n"][0] = 5
    with pytest.raises(ValueError, match="one length"):
        Table({"a": [1], "b": [1, 2]})


def test_parts_belong_to_their_stem_alone(tmp_path):
    places = Places.of("smoke", out=tmp_path)
    for stem, part in (("sft", ""), ("sft", "profile"), ("sft_adaptive", ""), ("sft", "verdicts")):
        write_rows(places.part(stem, part), [{"x": 1}], STAMPS)
    assert set(read_parts("sft", places)) == {"", "profile"}
    with pytest.raises(Refused, match="no rows of 'dpo'"):
        read_parts("dpo", places)


def test_no_run_writes_what_is_committed():
    assert Places.reference().rows == ROOT / "experiments" / "rows"
    others = [Places.of("default"), Places.of("smoke"), Places.of("full"), Places.of("default", seed=1), Places.of("default", base=True)]
    assert len({places.rows for places in others}) == len(others)
    with pytest.raises(Refused, match="must not be where the repository's own rows are"):
        Places.of("default", out=ROOT / "experiments")
    assert all(places.rows.is_relative_to(ROOT / "out") and places.figures.is_relative_to(ROOT / "out") for places in others)


DECLARED = columns(
    text="name", count="n", exact="x slope", simulated={"seen": "low high"}, derived="said", nan={"n > 1": "slope"}, infinite="slope"
)
SOUND = {"name": "a", "n": 3, "x": 0.5, "slope": math.nan, "seen": 0.2, "low": 0.1, "high": 0.3, "said": "none"}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"x": math.nan}, "column 'x' holds NaN in 1 of 2 rows"),
        ({"x": -math.inf}, "column 'x' holds infinity in 1 of 2 rows"),
        ({"n": math.nan}, "column 'n' holds NaN in 1 of 2 rows"),
        ({"x": "half"}, "column 'x' holds text"),
        ({"n": ""}, "column 'n' holds text"),
        ({"seen": 0.31}, "column 'seen' leaves its interval in 1 of 2 rows"),
        ({"low": math.nan}, "column 'low' holds NaN in 1 of 2 rows"),
        ({"n": 1}, "column 'slope' holds NaN in 1 of 2 rows, and may hold it only where n > 1"),
    ],
)
def test_what_a_column_does_not_declare_is_neither_written_nor_read(changed, said, tmp_path):
    places = Places.of("smoke", out=tmp_path)
    path, rows = places.part("sft"), [SOUND, SOUND | changed]
    with pytest.raises(ValueError, match=said):
        write_rows(path, rows, STAMPS, DECLARED)
    assert not path.exists()
    path.parent.mkdir(parents=True)
    path.write_text("\n".join(",".join(map(str, line)) for line in (SOUND, *(row.values() for row in rows))) + "\n")
    with pytest.raises(Refused, match=said):
        read_parts("sft", places, {"": DECLARED})


def test_rows_are_read_by_what_their_run_recorded(tmp_path):
    places = Places.of("smoke", out=tmp_path)
    write_rows(places.part("sft"), [SOUND, SOUND | {"slope": -math.inf}], STAMPS, DECLARED)
    with pytest.raises(Refused, match="column 'slope' holds NaN in 1 of 2 rows; column 'slope' holds infinity"):
        read_parts("sft", places)
    (places.rows / "sft.json").write_text(json.dumps({"columns": {"sft.csv": by_kind(DECLARED)}}))
    assert len(read_parts("sft", places)[""]) == 2
    assert set(from_kinds(by_kind(DECLARED))) == set(DECLARED)


def test_a_table_without_rows_is_refused(tmp_path):
    places = Places.of("smoke", out=tmp_path)
    places.rows.mkdir(parents=True)
    places.part("sft").write_text(",".join(SOUND) + "\n")
    with pytest.raises(Refused, match="no rows"):
        read_parts("sft", places, {"": DECLARED})
    with pytest.raises(ValueError, match="`nan` must name columns that have a kind; got 'y'"):
        columns(exact="x", nan={"anywhere": "y"})


@pytest.mark.parametrize("changed", [{"measured": math.nan}, {"bound": math.nan}, {"slack": math.nan}, {"measured": "nan [0.1, nan]"}])
def test_a_verdict_is_no_nan(changed):
    sound = {"label": "Prop C.1", "claim": "", "measured": 0.1, "bound": 1.0, "verdict": "holds"}
    with pytest.raises(ValueError, match=r"of the verdict on Prop C\.1 must be a number or words, not NaN"):
        Verdict(**{**sound, **changed})


def test_verdicts_read_back(tmp_path):
    places = Places.of("smoke", out=tmp_path)
    given_verdicts = [
        Verdict("Prop C.1", "exact", 0.123456, 1.0, "holds", slack=2.0, slack_kind="ratio"),
        Verdict("Thm D.1", "as printed", "12345", 30.0, "erratum shown", expected="erratum shown"),
    ]
    written = write_verdicts("best_of_n", given_verdicts, places, STAMPS)
    back = read_verdicts("best_of_n", places)
    assert [v.row() | {"slack": 0} for v in back] == [v.row() | {"slack": 0} for v in written]
    assert back[0].slack == 2.0
    assert back[1].slack is None
    assert back[0].stem == "best_of_n"


@pytest.mark.parametrize(
    ("verdict", "expected", "unexpected"),
    [
        ("holds", "", False),
        ("vacuous", "", False),
        ("violated", "", True),
        ("violated", "violated", False),
        ("holds", "violated", True),
    ],
)
def test_what_fails_a_run(verdict, expected, unexpected):
    assert Verdict("Prop C.1", "", 0.0, 0.0, verdict, expected=expected).unexpected is unexpected


def test_a_verdict_is_one_of_five_words():
    with pytest.raises(ValueError, match="`verdict` must be one of"):
        Verdict("Prop C.1", "", 0.0, 0.0, "true")


def test_full_rows_lie_beside_the_defaults(tmp_path):
    """They are another folder's: neither run overwrites or drops the other's, and the default's parts do not hold them."""
    places = Places(tmp_path / "rows", tmp_path / "figures")
    for kept in (places, places.full):
        write_rows(kept.part("sft", "curve"), [{"n": 1}], {})
    assert places.full.rows == tmp_path / "rows" / "full"
    assert places.full.figures == places.figures
    assert set(places.parts("sft")) == set(places.full.parts("sft")) == {"curve"}
    assert places.parts("sft")["curve"] != places.full.parts("sft")["curve"]
