"""Files of every kind, and every fault that real ones have: lines that are corrupt, values that are missing, text that is any text."""

import gzip
import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from sharpsim.logs import COLUMNS, LogError, SampleTable, convert, groups, read_logs, read_samples, write_samples
from tests.logs.test_samples import same

ROOT = Path(__file__).parents[2]

STRANGE = (
    "<script>alert(1)</script>", "a,b;c\td", 'quo"te', "line\nbreak", "return\r\nand feed", "\r",
    "nul\x00in", "$x^2$ & 100% {} \\n", "שלום \u202eabc\u202c",
    "\u2028 and \u2029 and \x85", "é" + "e\u0301", "\U0001f600", " space ", "'=1+1", "x" * 10_000,
    "#", "-1", "True", "1e5", "0x10", "\ufeffbom",
)  # fmt: skip


def strange_table():
    n = len(STRANGE)
    text = np.array(STRANGE, dtype=object)
    # An answer of spaces is none.
    answer = np.array(["x" if one.isspace() else one for one in STRANGE], dtype=object)
    number = np.arange(n)
    return SampleTable(
        model=text, task=np.roll(text, 1), prompt=np.roll(text, 2), seed=number - 3, sample=number, answer=np.roll(answer, 3),
        log_prob=np.where(number % 3, -np.pi * number, np.nan), tokens=np.where(number % 4, number, np.nan),
        correct=np.where(number % 5, number % 2, np.nan), digest=np.where(number % 2, 2**63 - 1 - number, -(2**62)),
    )  # fmt: skip


@pytest.mark.parametrize("ending", [".csv", ".jsonl", ".parquet", ".csv.gz", ".jsonl.gz", ".parquet.gz"])
def test_text_is_data(ending, tmp_path):
    if "parquet" in ending:
        pytest.importorskip("pyarrow")
    table = strange_table()
    write_samples(tmp_path / f"a{ending}", table)
    assert same(read_samples(tmp_path / f"a{ending}"), table)
    convert(tmp_path / f"a{ending}", tmp_path / "b.jsonl")
    assert same(read_samples(tmp_path / "b.jsonl"), table)
    found = list(groups(table))
    assert [group.prompts[0] for group in found] == list(table.prompt)


def test_messages_hold_no_more_than_a_glimpse_of_a_value(tmp_path):
    (tmp_path / "a.jsonl").write_text(json.dumps({"prompt": "p", "log_prob": "x\x1b[31m" * 5000}) + "\n")
    with pytest.raises(LogError) as refusal:
        read_logs(tmp_path / "a.jsonl")
    assert len(str(refusal.value)) < 400
    assert "\x1b" not in str(refusal.value)


def test_lines_for_a_terminal_hold_nothing_that_controls_it():
    table = strange_table()
    assert len(table) == len(STRANGE)
    path = "\x1b[2Jname.jsonl"
    line = json.dumps({"\x07question": "p", "prompt": "\x1b[31m", "answer": "nan\r"})
    reading = read_from(line.encode() + b"\n")[1]
    for text in (*reading.lines(), *reading.__class__(**{**vars(reading), "notes": (path,)}).lines()):
        assert text.isprintable()


def read_from(content, **options):
    class Stdin:
        buffer = io.BytesIO(content)

    saved, sys.stdin = sys.stdin, Stdin()
    try:
        return read_logs("-", **options)
    finally:
        sys.stdin = saved


TABLE = "prompt,sample,log_prob,correct\np,0,-1.5,True\np,1,-2.5,False\n"
LINES = (
    '{"prompt": "p", "sample": 0, "log_prob": -1.5, "correct": true}\n{"prompt": "p", "sample": 1, "log_prob": -2.5, "correct": false}\n'
)


OBJECTS = json.loads("[" + LINES.strip().replace("\n", ",") + "]")


@pytest.mark.parametrize("text", [
    TABLE, TABLE.replace(",", "\t"), TABLE.replace(",", ";"), TABLE.replace("\n", "\r\n"), "\ufeff" + TABLE, TABLE[:-1],
    LINES, "\ufeff" + LINES, LINES[:-1], LINES.replace("\n", "\n\n"), LINES.replace("true", "1").replace("false", "0.0"),
    json.dumps(OBJECTS), json.dumps(OBJECTS, indent=1), json.dumps({"data": OBJECTS}),
    "\n".join(json.dumps(one, indent=2) for one in OBJECTS),
])  # fmt: skip
@pytest.mark.parametrize("how", ["plain", "gzip", "utf-16"])
def test_the_same_table_however_it_is_written(text, how, tmp_path):
    content = text.encode("utf-16" if how == "utf-16" else "utf-8")
    content = gzip.compress(content) if how == "gzip" else content
    for name in ("a.csv", "a.jsonl", "a.txt", "a"):
        (tmp_path / name).write_bytes(content)
    read = [read_logs(tmp_path / name)[0] for name in ("a.csv", "a.jsonl", "a.txt", "a")] if text.lstrip("\ufeff")[0] in "[{" else [
        read_logs(tmp_path / "a.csv")[0]]  # fmt: skip
    for table in (*read, read_from(content)[0]):
        assert (table.log_prob.tolist(), table.correct.tolist(), table.sample.tolist()) == ([-1.5, -2.5], [1.0, 0.0], [0, 1])


CORRUPT = [
    (LINES + '{"prompt": "p", "sam', "jsonl", 3, "not JSON"),
    ("{bad\n" + LINES, "jsonl", 1, "not JSON"),
    (LINES + "[1, 2]\n", "jsonl", 3, "must be a JSON object; got [1, 2]"),
    (LINES + "null\n", "jsonl", 3, "must be a JSON object; got None"),
    (LINES + LINES.split("\n")[0] + LINES.split("\n")[0] + "\n", "jsonl", 3, "not JSON (Extra data"),
    (LINES + "[" * 100_000 + "\n", "jsonl", 3, "not JSON"),
    (TABLE + "p,2,-1\n", "csv", 4, "must have 4 cells like the header; got 3"),
    (TABLE + 'p,2,-1,"Tr"ue\n', "csv", 4, "not CSV"),
    (
        'prompt,sample,log_prob,correct\n"p\nq",0,-1,True\np,x,-1,True\n"p\nq",1,-1,True\n',
        "csv",
        4,
        "`sample` must be a whole number; got 'x'",
    ),
    (TABLE + "p,2,-1,maybe\n", "csv", 4, "`correct` must be True or False; got 'maybe'"),
]


@pytest.mark.parametrize(("text", "ending", "line", "reason"), CORRUPT)
def test_a_corrupt_line_is_named_or_skipped(text, ending, line, reason, tmp_path):
    path = tmp_path / f"a.{ending}"
    path.write_text(text)
    with pytest.raises(LogError) as refusal:
        read_logs(path)
    assert str(refusal.value).startswith(f"{path}, line {line}: {reason}")
    table, reading = read_logs(path, skip_bad=True)
    assert (len(table), reading.skipped_rows, reading.skipped[0].line) == (2, 1, line)
    assert f"{path}, line {line}: {reason}" in "\n".join(reading.lines())


@pytest.mark.parametrize(("text", "ending"), [(TABLE, "csv"), (LINES, "jsonl")])
def test_bytes_that_are_no_text_are_named(text, ending, tmp_path):
    path = tmp_path / f"a.{ending}"
    third = text.encode().rstrip(b"\n").split(b"\n")[-1].replace(b"p", b"p\xff", 1).replace(b"1", b"2", 1)
    path.write_bytes(text.encode() + third + b"\n")
    with pytest.raises(LogError, match=r"line \d: not UTF-8 \(invalid start byte at byte \d+ of the line\)"):
        read_logs(path)
    table, reading = read_logs(path, skip_bad=True)
    assert (len(table), reading.skipped_rows) == (2, 1)


def test_a_cut_gzip_file_is_named(tmp_path):
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(LINES.encode() * 1000)[:-20])
    with pytest.raises(LogError, match=r"could not read .*a\.jsonl\.gz"):
        read_logs(tmp_path / "a.jsonl.gz")


def test_many_bad_lines_are_counted_and_some_named(tmp_path):
    (tmp_path / "a.jsonl").write_text(LINES + "{\n" * 500)
    _, reading = read_logs(tmp_path / "a.jsonl", skip_bad=True)
    assert (reading.skipped_rows, len(reading.skipped), reading.rows) == (500, 20, 2)
    (tmp_path / "b.jsonl").write_text("{\n" * 5)
    with pytest.raises(LogError, match="5 lines were skipped"):
        read_logs(tmp_path / "b.jsonl", skip_bad=True)


def lines_of(**columns):
    return "".join(json.dumps(dict(zip(columns, row, strict=True))) + "\n" for row in zip(*columns.values(), strict=True)).encode()


def test_prompts_may_have_any_number_of_draws():
    table, reading = read_from(lines_of(prompt=["p", "q", "p", "p"], seed=[0, 4, 1, 1], sample=[3, 0, 0, 7], correct=[1, 0, 1, 0]))
    (group,) = groups(table)
    assert (group.counts.tolist(), reading.draws) == ([3, 1], (1, 2.0, 3))
    assert list(zip(group.seeds, group.samples, strict=True)) == [(0, 3), (1, 0), (1, 7), (4, 0)]


def test_what_is_missing_is_counted_and_left_out_where_it_is_needed():
    table, reading = read_from(lines_of(
        prompt=list("ppqq"), log_prob=[None, -1.0, float("nan"), -0.5], tokens=[0, None, 1, 2], answer=[None, "4", float("nan"), "5"],
        correct=[True, None, False, True]))  # fmt: skip
    assert reading.missing == {"log_prob": 2, "tokens": 1, "answer": 2, "correct": 1}
    (group,) = groups(table)
    assert group.tokens[0] == 0
    np.testing.assert_array_equal(group.answers, [-1, 0, -1, 1])
    assert group.having("log_probs").counts.tolist() == [1, 1]
    both = group.having("log_probs", "correct")
    assert (both.prompts.tolist(), both.counts.tolist(), both.log_probs.tolist()) == (["q"], [1], [-0.5])
    assert group.having("answers", "tokens").counts.tolist() == [1]
    with pytest.raises(ValueError, match="`columns` must be among"):
        group.having("answer")


def test_answers_that_are_none_have_no_vote_and_are_counted():
    marks = ["", "None", "nan", "[invalid]", " [INVALID] ", "null", "  "]
    table, reading = read_from(lines_of(prompt=["p"] * 9, answer=[*marks, "none of these", None], correct=[False] * 9))
    assert table.answer.tolist() == [""] * 7 + ["none of these", ""]
    assert reading.no_answer == {mark: 1 for mark in marks if mark}
    assert reading.missing["answer"] == 8
    # But where "None" is right, it is an answer.
    table, reading = read_from(lines_of(prompt=["p"] * 2, answer=["None", "None"], correct=[True, False]))
    assert (table.answer.tolist(), dict(reading.no_answer)) == (["None", "None"], {})


def test_only_correctness_or_only_log_probabilities_will_do():
    table, reading = read_from(lines_of(prompt=["p", "p"], correct=[True, False]))
    assert set(reading.missing) == {"log_prob", "tokens", "answer"}
    assert table.sample.tolist() == [0, 1]
    table, reading = read_from(lines_of(prompt=["p", "p"], log_prob=[-1, -2]))
    assert set(reading.missing) == {"tokens", "answer", "correct"}


def test_the_same_draw_twice(tmp_path):
    (tmp_path / "a.jsonl").write_text(LINES)
    (tmp_path / "b.jsonl").write_text(LINES)
    table, reading = read_logs([tmp_path / "a.jsonl", tmp_path / "b.jsonl", tmp_path / "a.jsonl"])
    assert (len(table), reading.repeated, len(reading.files)) == (2, 2, 2)
    (tmp_path / "b.jsonl").write_text("\n" + LINES.replace("-2.5", "-3.5"))
    with pytest.raises(LogError, match=r"b\.jsonl, line 3: .*; 1 stands in .*a\.jsonl, line 2 too, with another content"):
        read_logs([tmp_path / "a.jsonl", tmp_path / "b.jsonl"])
    table, reading = read_logs([tmp_path / "a.jsonl", tmp_path / "b.jsonl"], skip_bad=True)
    assert (table.log_prob.tolist(), reading.skipped_rows, reading.repeated) == ([-1.5, -2.5], 1, 1)


def test_temperatures():
    content = lines_of(prompt=["p", "p"], correct=[True, False], temperature=[0.7, 0.7])
    _, reading = read_from(content)
    assert (reading.temperature, reading.top_p, reading.own_policy) == (0.7, None, False)
    assert any("log_prob` is of another policy" in note for note in reading.notes)
    _, reading = read_from(content, temperature=1.0, top_p=0.9)
    assert (reading.temperature, reading.top_p, reading.own_policy) == (1.0, 0.9, False)
    _, reading = read_from(lines_of(prompt=["p", "p"], correct=[True, False]))
    assert reading.own_policy is None
    table, reading = read_from(lines_of(prompt=["p", "p"], correct=[True, False], temperature=[0, 1]))
    assert table.sample.tolist() == [-1, 0]
    _, reading = read_from(lines_of(prompt=["p", "p"], correct=[True, False], temperature=[0.5, 1]))
    assert any("several values of temperature: 0.5, 1" in warning for warning in reading.warnings)
    for bad in ({"temperature": -1.0}, {"top_p": 0.0}, {"top_p": 1.5}, {"pattern": "("}):
        with pytest.raises(ValueError, match=f"`{next(iter(bad))}` must be"):
            read_from(content, **bad)


def test_wrong_endings_and_files_get_a_suggestion(tmp_path):
    table = strange_table()
    for name, said in (
        ("a.parqet", "Did you mean 'a.parquet'?"),
        ("a.json", "Did you mean 'a.jsonl'?"),
        ("a.xlsx", "must end in .csv"),
        ("a", "must end in"),
    ):
        with pytest.raises(LogError, match=said.replace("?", r"\?")):
            write_samples(tmp_path / name, table)
        with pytest.raises(LogError, match=said.replace("?", r"\?")):
            convert([], tmp_path / name)
    for content, said in (
        (b"PK\x03\x04", "zip"),
        (b"\x28\xb5\x2f\xfd", "zstd"),
        (b"\x93NUMPY", "--policy"),
        (b"\x80\x04\x95", "pickle"),
        (b"\x00\x01", "first bytes"),
    ):
        (tmp_path / "x").write_bytes(content + b"0" * 20)
        with pytest.raises(LogError, match=said):
            read_logs(tmp_path / "x")
    (tmp_path / "empty").mkdir()
    with pytest.raises(LogError, match="no file in the folder"):
        read_logs(tmp_path / "empty")
    with pytest.raises(LogError, match="at least one log; got none"):
        read_logs([])
    assert not list(tmp_path.glob("a*"))


def test_progress_is_told(tmp_path):
    told = []
    (tmp_path / "a.jsonl").write_bytes(lines_of(prompt=[str(i) for i in range(50_000)], correct=[True] * 50_000))
    read_logs(tmp_path / "a.jsonl", progress=lambda rows, share: told.append((rows, share)))
    assert len(told) > 5
    assert told == sorted(told)
    assert told[-1] == (50_000, 1.0)
    read_from(lines_of(prompt=["p"], correct=[1]), progress=lambda rows, share: told.append((rows, share)))
    assert told[-1] == (1, None)


def test_the_record_is_json(tmp_path):
    (tmp_path / "a.jsonl").write_text(LINES + "{")
    _, reading = read_logs(tmp_path / "a.jsonl", skip_bad=True, temperature=0.5)
    record = json.loads(json.dumps(reading.as_dict()))
    assert (record["rows"], record["own_policy"], record["skipped"][0]["line"], record["files"][0]["format"]) == (2, False, 3, "table")
    assert set(COLUMNS) >= set(record["files"][0]["fields"])


MEASURED = """
import csv, json, re, sys, time
from pathlib import Path
from sharpsim.logs import read_logs
path = Path(sys.argv[1])
begin = time.process_time()
table, reading = read_logs(path)
seconds = time.process_time() - begin
# Not getrusage, whose peak includes what the process was started from.
kilobytes = re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]
begin = time.process_time()
if path.suffix == ".parquet":
    from pyarrow.parquet import ParquetFile
    held = [batch.to_pylist() for batch in ParquetFile(path).iter_batches()]
else:
    held = [list(csv.reader(file)) if path.suffix == ".csv" else [json.loads(line) for line in file] for file in [path.open()]]
print(len(table), seconds, time.process_time() - begin, int(kilobytes) / 2**20)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the peak of memory is read from /proc")
@pytest.mark.parametrize("ending", [".csv", ".jsonl", ".parquet"])
def test_a_million_rows_take_ten_seconds_and_a_gigabyte(ending, tmp_path):
    """Processor time. A busy machine may take longer, but at most 5 times as long as a plain reader that only holds the rows."""
    if "parquet" in ending:
        pytest.importorskip("pyarrow")
    n, draws = 1_000_000, 100
    rng = np.random.default_rng(0)
    table = SampleTable(
        model=np.full(n, "some/model-7b"), task=np.full(n, "gsm8k"), seed=np.zeros(n), sample=np.tile(np.arange(draws), n // draws),
        prompt=np.repeat([f"What is number {i} of the sequence that nobody has written down yet? " * 2 for i in range(n // draws)], draws),
        log_prob=-rng.exponential(20, n), tokens=rng.integers(1, 500, n), answer=rng.integers(0, 10_000, n).astype(str),
        correct=rng.random(n) < 0.4,
    )  # fmt: skip
    write_samples(tmp_path / f"a{ending}", table)
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, str(tmp_path / f"a{ending}")], check=True, capture_output=True, text=True, cwd=ROOT
    )
    rows, seconds, plain, gigabytes = map(float, done.stdout.split())
    assert rows == n
    assert seconds < max(10, 5 * plain)
    assert gigabytes < 1
