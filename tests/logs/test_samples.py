"""Tables of samples: to disk and back to the same bits, and every bad row refused by its number, column, rule and value."""

import importlib.util
import re

import numpy as np
import pytest

from sharpsim.logs import LogError, read_logs
from sharpsim.logs._cells import cells
from sharpsim.logs._files import read_all, read_samples, write_samples
from sharpsim.logs._layout import rectangular
from sharpsim.logs._samples import COLUMNS, SampleTable, concatenate
from tests.tiny_samples import table_of

HEADER = "model,task,prompt,seed,sample,log_prob,tokens,answer,correct"
GOOD = [
    "m,t,p,0,0,-1.5,2,a,True", "m,t,p,0,1,-0.5,3,b,False", "m,t,p,7,0,-2,1,,false", "m,t,p,7,1,0,4,a,1", "m,t,p,0,-1,-0.25,2,a,True",
    "m,t,q,0,0,-1,2,a,0", "m,t,q,0,1,-1e1,2,a,0", "m,t,q,7,1,-1,2,a,0", "m,t,q,7,0,-1,2,a,true", "m,t,q,3,-1,-3,2,,TRUE",
]  # fmt: skip
needs_arrow = pytest.mark.skipif(importlib.util.find_spec("pyarrow") is None, reason="needs sharpsim[samples]")
SUFFIXES = [".csv", ".jsonl", ".csv.gz", ".jsonl.gz", pytest.param(".parquet", marks=needs_arrow)]


def saved(folder, lines, header=HEADER):
    path = folder / "logs.csv"
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path


def same(a: SampleTable, b: SampleTable) -> bool:
    columns = [(getattr(a, name), getattr(b, name)) for name in COLUMNS]
    return all(x.dtype == y.dtype and x.shape == y.shape and ((x == y) | ((x != x) & (y != y))).all() for x, y in columns)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_table_reads_back_to_the_same_bits(suffix, tmp_path):
    table = table_of(3, text='a, "b"\nπ\'s ' + "x" * 200_000)
    assert any(answer == "" for answer in table.answer)
    write_samples(tmp_path / f"t{suffix}", table)
    assert same(read_samples(tmp_path / f"t{suffix}"), table)


def test_cells_are_the_written_rows_whatever_their_order(tmp_path):
    (cell,) = cells(read_samples(saved(tmp_path, GOOD)))
    np.testing.assert_array_equal(cell.log_probs, [[[-1.5, -0.5], [-2, 0]], [[-1, -10], [-1, -1]]])
    np.testing.assert_array_equal(cell.tokens, [[[2, 3], [1, 4]], [[2, 2], [2, 2]]])
    np.testing.assert_array_equal(cell.correct, [[[True, False], [False, True]], [[False, False], [True, False]]])
    np.testing.assert_array_equal(cell.greedy_log_probs, [-0.25, -3])
    np.testing.assert_array_equal(cell.greedy_correct, [1, 1])
    labels = cell.answers
    assert labels[0, 1, 0] == -1
    assert labels[0, 0, 0] == labels[0, 1, 1] == labels[1, 0, 0] >= 0
    assert labels[0, 0, 1] not in (labels[0, 0, 0], -1)
    rng = np.random.default_rng(0)
    table = table_of(5)
    order = rng.permutation(len(table))
    shuffled = SampleTable(*(getattr(table, name)[order] for name in COLUMNS))
    for one in cells(table):
        other = next(c for c in cells(shuffled) if (c.model, c.task) == (one.model, one.task))
        assert sorted(map(tuple, one.log_probs.reshape(len(one.log_probs), -1))) == sorted(
            map(tuple, other.log_probs.reshape(len(one.log_probs), -1))
        )


def test_model_task_and_seed_may_be_left_out_and_other_columns_are_ignored(tmp_path):
    table = read_samples(saved(tmp_path, ["p,0,-1,1,a,1,note", "p,1,-1,1,a,1,"], "prompt,sample,log_prob,tokens,answer,correct,more"))
    assert (table.model[0], table.task[1], table.seed.tolist()) == ("model", "task", [0, 0])


@needs_arrow
def test_parquet_of_other_kinds(tmp_path):
    import pyarrow
    from pyarrow import parquet

    columns = {
        "prompt": pyarrow.array(["p", "p"]).dictionary_encode(), "sample": pyarrow.array([0, 1], pyarrow.int8()),
        "log_prob": pyarrow.array([-1, -2], pyarrow.float32()), "tokens": [1.0, 2.0], "answer": ["a", None], "correct": [1, 0],
    }  # fmt: skip
    parquet.write_table(pyarrow.table(columns), tmp_path / "t.parquet")
    table = read_samples(tmp_path / "t.parquet")
    assert (table.answer.tolist(), table.correct.tolist(), table.tokens.tolist()) == (["a", ""], [1.0, 0.0], [1.0, 2.0])
    parquet.write_table(pyarrow.table(columns | {"log_prob": [-1.0, None], "correct": [None, True]}), tmp_path / "t.parquet")
    table = read_samples(tmp_path / "t.parquet")
    np.testing.assert_array_equal((table.log_prob, table.correct), [[-1.0, np.nan], [np.nan, 1.0]])
    parquet.write_table(pyarrow.table(columns | {"log_prob": [-1.0, 3.0]}), tmp_path / "t.parquet")
    with pytest.raises(LogError, match=r"t\.parquet, row 2: `log_prob` must be finite and at most 0 \(nats\); got 3.0"):
        read_samples(tmp_path / "t.parquet")
    (tmp_path / "t.parquet").write_bytes(b"PAR1 no table")
    with pytest.raises(LogError, match=r"could not read .*t\.parquet"):
        read_samples(tmp_path / "t.parquet")


def test_parquet_is_refused_without_pyarrow(tmp_path, monkeypatch):
    (tmp_path / "t.parquet").write_bytes(b"PAR1")
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "pyarrow" else find(name, *rest))
    for call in (lambda: write_samples(tmp_path / "t.parquet", table_of(0)), lambda: read_samples(tmp_path / "t.parquet")):
        with pytest.raises(LogError, match=r"pip install sharpsim\[samples\]"):
            call()


def changed(row: int, **values: str) -> list[str]:
    cells_of = dict(zip(HEADER.split(","), GOOD[row - 1].split(","), strict=True)) | values
    return [*GOOD[: row - 1], ",".join(cells_of.values()), *GOOD[row:]]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (changed(4, log_prob="0.1"), "line 5: `log_prob` must be finite and at most 0 (nats); got 0.1"),
        (changed(4, log_prob="-inf"), "line 5: `log_prob` must be finite"),
        (changed(6, log_prob="low"), "line 7: `log_prob` must be a number; got 'low'"),
        (changed(2, tokens="-1"), "line 3: `tokens` must be at least 0; got -1"),
        (changed(2, tokens="1.5"), "line 3: `tokens` must be a whole number; got 1.5"),
        (changed(10, correct="perhaps"), "line 11: `correct` must be True or False; got 'perhaps'"),
        (changed(5, prompt=""), "line 6: `prompt` must be text that is not empty"),
        (changed(5, sample="-2"), "line 6: `sample` must be 0, 1, ... or -1"),
        (changed(5, seed="1.5"), "line 6: `seed` must be a whole number; got '1.5'"),
        (changed(2, sample="0"), "line 3: `sample`: a (model, task, prompt, seed, sample) must stand once; 0 stands in {}, line 2 too"),
        (changed(8, sample="0"), "line 10: `sample`: a (model, task, prompt, seed, sample) must stand once; 0 stands in {}, line 9 too"),
        ([*GOOD, "m,t,q,0,-1,-3,2,,0"], "line 12: `sample`: the greedy decoding (-1) must stand once for each prompt of a (model, task); "
         "it stands in {}, line 11 too"),
        ([*GOOD, "m,t"], "line 12: must have 9 cells like the header; got 2"),
        ([*GOOD, 'm,t,"q"x,0,5,-3,2,,1'], "line 12: not CSV"),
    ],
)  # fmt: skip
def test_bad_rows_are_named_or_skipped(lines, said, tmp_path):
    path = saved(tmp_path, lines)
    with pytest.raises(LogError, match=re.escape(f"{path}, " + said.format(path))):
        read_samples(path)
    table, reading = read_logs(path, skip_bad=True)
    assert len(table) == len(lines) - 1
    assert reading.skipped_rows == 1
    (one,) = reading.skipped
    assert f"{one.file}, {one.unit} {one.line}: " == f"{path}, {said.split(': ')[0]}: "


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (changed(3, log_prob="nan"), "row 3, `log_prob` must be there; got nan"),
        (changed(6, log_prob=""), "row 6, `log_prob` must be there; got nan"),
        (changed(2, tokens="0"), "row 2, `tokens` must be at least 1; got 0.0"),
        (changed(2, tokens=""), "row 2, `tokens` must be at least 1; got nan"),
        (changed(10, correct=""), "row 10, `correct` must be there; got nan"),
        (changed(2, sample="2"), "row 2, `sample` must be 0, 1, ... without gaps within its prompt and seed (next is 1); got 2"),
        (changed(6, sample="5"), "row 7, `sample` must be 0, 1, ... without gaps within its prompt and seed (next is 0); got 1"),
        (GOOD[:3] + GOOD[4:], "row 3, `sample`: every prompt and seed of model 'm', task 't' must have as many draws; got 1 here and 2"),
        ([*GOOD[:7], "m,t,q,8,1,-1,2,a,0", "m,t,q,8,0,-1,2,a,1", GOOD[9]], "row 6, `seed`: every prompt of model 'm', task 't' must "
         "have the same seeds; got [0, 8] here and [0, 7]"),
        (GOOD[:4] + GOOD[5:], "row 1, `sample`: the greedy decoding (-1) must be there for all prompts"),
        ([*GOOD, "m,t,r,0,-1,-3,2,,1"], "row 11, `sample`: every prompt of model 'm', task 't' must have draws"),
        ([*GOOD, "m,u,r,0,-1,-3,2,,1"], "row 11, `sample`: model 'm', task 'u' must have draws besides the greedy decoding"),
    ],
)  # fmt: skip
def test_what_real_logs_lack_is_allowed_but_not_rectangular(lines, said, tmp_path):
    table = read_samples(saved(tmp_path, lines))
    assert len(table) == len(lines)
    for strict in (rectangular, cells):
        with pytest.raises(LogError, match=re.escape(said)):
            strict(table)


def test_a_table_without_gaps_is_rectangular(tmp_path):
    table = read_samples(saved(tmp_path, GOOD))
    assert rectangular(table) is table


def test_a_rounded_sum_is_no_positive_log_probability(tmp_path):
    table = read_samples(saved(tmp_path, changed(4, log_prob="1e-7")))
    assert table.log_prob[3] == 0.0
    assert table.log_prob.max() == 0.0


def test_bad_files_are_refused(tmp_path):
    for header, said in (
        (HEADER.replace("prompt", "promt"), "column `prompt` must be there; the fields are 'model', 'task'"),
        (HEADER.replace("answer", "tokens"), "must name each column once"),
    ):
        with pytest.raises(LogError, match=said):
            read_samples(saved(tmp_path, GOOD, header))
    with pytest.raises(LogError, match=r"logs\.csv has no rows"):
        read_samples(saved(tmp_path, []))
    (tmp_path / "mising.csv").write_text("")
    with pytest.raises(LogError, match=r"there is no file '.*missing\.csv'\. Did you mean"):
        read_samples(tmp_path / "missing.csv")


def test_tables_in_memory_are_checked_too():
    table = table_of(1)
    columns = {name: getattr(table, name) for name in COLUMNS}
    for name, bad, said in (
        ("log_prob", np.where(np.arange(len(table)) == 4, 0.5, table.log_prob), "row 5, `log_prob` must be finite and at most 0"),
        ("correct", table.correct.astype(float) * 2, "`correct` must be True or False; got 2.0"),
        ("tokens", table.tokens[1:], "`tokens` must have .* rows, as `sample` has"),
        ("sample", np.zeros(len(table)), "row 2, `sample`: a .* must stand once; 0 stands in row 1 too"),
    ):
        with pytest.raises(LogError, match=said):
            SampleTable(**columns | {name: bad})
    missing = SampleTable(**columns | {"answer": np.full(len(table), None), "log_prob": np.full(len(table), None)})
    assert set(missing.answer) == {""}
    assert np.isnan(missing.log_prob).all()
    with pytest.raises(LogError, match="at least one row; got 0"):
        SampleTable(**{name: np.array([]) for name in COLUMNS})


def test_several_files_are_one_table(tmp_path):
    tables = [table_of(2, model="a"), table_of(3, model="b")]
    for i, table in enumerate(tables):
        write_samples(tmp_path / f"{i}.csv", table)
    assert same(read_all([tmp_path / "0.csv", tmp_path / "1.csv"]), concatenate(tables))
    with pytest.raises(LogError, match="must stand once"):
        read_all([tmp_path / "0.csv", tmp_path / "0.csv"])
