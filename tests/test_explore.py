"""The explorer page: its tables, its numbers, the script that it shows, and the page itself as a running server."""

import importlib.util
import io
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import numpy as np
import pytest

from experiments.engine.rows import ROOT
from sharpsim import coverage, laws
from sharpsim.explore import code, curves, numbers, parse_table, parse_weights, prompt_lines, prompt_rows, read_table, summary
from sharpsim.theory import dpo, sft

needs_page = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("marimo", "matplotlib")), reason="the page needs sharpsim[explore] (marimo)"
)

TABLE = np.array([[0.5, 0.3, 0.2], [0.1, 0.6, 0.3], [0.36, 0.34, 0.30]])
WEIGHTS = np.array([0.5, 0.3, 0.2])
GIVEN = {"N": 8, "n": 200, "delta": 0.2, "rho": 0.1, "beta": 0.2, "log_class_size": 3.0}


def shown(found):
    return "".join(f"{label}: {text}\n" for label, text in [*numbers(found), *prompt_lines(found)])


def printed(script, folder=ROOT):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script], cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("text", ["0.5 0.5\n0.25 0.75", "0.5, 0.5\n\n .25;0.75 # a comment", "1/2\t1/2\n1/4 3/4\n"])
def test_tables_from_text(text):
    np.testing.assert_array_equal(parse_table(text), [[0.5, 0.5], [0.25, 0.75]])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "`table` must hold at least one line"),
        ("# only a comment", "`table` must hold at least one line"),
        ("0.5 0.5\n\n1", "line 1 has 2 entries and line 3 has 1"),
        ("0.5 0.4", "`table` must have rows that sum to 1 within 1e-09; row 0 is off by 0.1"),
        ("0.5 nan", r"`table` must be non-negative numbers; got .*nan.* at \(0, 1\)"),
        ("1.5 -0.5", r"`table` must be non-negative numbers; got .*-0.5.* at \(0, 1\)"),
        ("0.5 inf", "`table` must have rows that sum to 1"),
        ("0.5 half", "`table` must hold numbers; got 'half' in line 1"),
        ("1/0 1", "`table` must hold numbers; got '1/0' in line 1"),
    ],
)
def test_text_that_is_no_table_is_refused(text, message):
    with pytest.raises(ValueError, match=message):
        parse_table(text)


def test_prompt_weights_from_text():
    np.testing.assert_array_equal(parse_weights(" ", 4), np.full(4, 0.25))
    np.testing.assert_array_equal(parse_weights("0.5, 1/2", 2), [0.5, 0.5])
    for text, message in (("0.5", "one weight for each of the 2"), ("1 1", "sum to 1"), ("a b", "`prompt_weights` must hold numbers")):
        with pytest.raises(ValueError, match=message):
            parse_weights(text, 2)


def test_tables_from_files(tmp_path):
    np.save(tmp_path / "double.npy", TABLE)
    np.save(tmp_path / "single.npy", TABLE.astype(np.float32))
    (tmp_path / "table.csv").write_text("0.5,0.3,0.2\n0.1,0.6,0.3\n0.36,0.34,0.30\n", encoding="utf-8-sig")
    np.testing.assert_array_equal(read_table(tmp_path / "double.npy"), TABLE)
    np.testing.assert_array_equal(read_table(tmp_path / "table.csv"), TABLE)
    np.testing.assert_array_equal(read_table("any.npy", (tmp_path / "double.npy").read_bytes()), TABLE)
    single = read_table(tmp_path / "single.npy")
    np.testing.assert_allclose(single, TABLE, rtol=1e-6)
    np.testing.assert_allclose(single.sum(axis=1), 1, rtol=1e-15)


def test_files_that_hold_no_table_are_refused(tmp_path):
    def stored(array):
        content = io.BytesIO()
        np.save(content, array)
        return content.getvalue()

    refused = {
        ("a.npy", stored(np.array([[0.5, 0.4]]))): "a.npy: `table` must have rows that sum to 1",
        ("a.npy", stored(np.array([0.5, 0.5]))): r"a.npy: `table` must be a table \[prompts, responses\]",
        ("a.npy", stored(np.array([[{}]], dtype=object))): "a.npy: `table` must be an array of floats saved by `numpy.save`",
        ("a.npy", stored(np.array([["a"]]))): "a.npy: `table` must hold floating-point probabilities",
        ("a.npy", stored(np.empty((0, 3)))): "a.npy: `table` must hold at least one entry per row",
        ("a.npy", b""): "a.npy: `table` must be an array of floats saved",
        ("a.npy", b"no array"): "a.npy: `table` must be an array of floats saved",
        ("a.csv", b"\xff\xfe\x00"): "a.csv: ",
        ("a.csv", b"p,q\n0.5,0.5"): "a.csv: `table` must hold numbers; got 'p' in line 1",
        ("a.xlsx", b""): "must end in .npy, .csv or .txt",
    }
    for (name, contents), message in refused.items():
        with pytest.raises(ValueError, match=message):
            read_table(name, contents)
    with pytest.raises(ValueError, match=r"none.csv: the file cannot be read"):
        read_table(tmp_path / "none.csv")


def test_summary_is_the_library():
    log_probs = np.log(TABLE)
    found = summary(TABLE, WEIGHTS, **GIVEN)
    bound = {name: GIVEN[name] for name in ("n", "N", "delta", "rho", "log_class_size")}
    np.testing.assert_array_equal(found.law, np.exp(laws.best_of_n(log_probs, log_probs, draws=8)))
    np.testing.assert_array_equal(found.tilted, np.exp(laws.tilted(log_probs, log_probs, beta=0.2)))
    np.testing.assert_allclose(found.kept_mass, 1 - (1 - TABLE.max(axis=1)) ** 8, rtol=1e-12)
    np.testing.assert_allclose(found.tilted_miss, 1 - found.tilted.max(axis=1), rtol=1e-10)
    np.testing.assert_array_equal(found.tilted_miss, dpo.bias(log_probs, beta=0.2))
    assert found.coverage == coverage.coverage_coefficient(log_probs, WEIGHTS)
    assert found.mode_coverage == coverage.mode_coverage(log_probs, WEIGHTS)
    assert found.margin == pytest.approx(0.36 / 0.34 - 1, rel=1e-12)
    assert found.risk == sft.exact_risk(log_probs, WEIGHTS, n=200, N=8, delta=0.2)
    assert found.bound == sft.bound(coverage=found.coverage, **bound)
    assert found.bound_sharp == sft.bound_sharp(log_probs, WEIGHTS, **bound)
    assert found.bound_instance == sft.bound_instance(log_probs, WEIGHTS, **bound)
    assert found.bound_instance <= found.bound_sharp <= found.bound


def test_vacuous_bounds_are_called_so():
    texts = dict(numbers(summary(TABLE, WEIGHTS, **GIVEN)))
    assert texts["bound of Theorem 4.1'"].endswith(" (vacuous)")
    texts = dict(numbers(summary(TABLE, WEIGHTS, **{**GIVEN, "n": 10**6, "N": 1000})))
    assert float(texts["bound of Theorem 4.1'"]) < 1
    assert dict(numbers(summary(TABLE, WEIGHTS, **{**GIVEN, "log_class_size": np.inf})))["bound of Theorem 4.1'"] == "inf (vacuous)"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"N": 0}, "`N` must be a whole number of at least 1; got 0"),
        ({"N": 2.5}, "`N` must be a whole number of at least 1; got 2.5"),
        ({"n": -1}, "`n` must be a whole number of at least 1; got -1"),
        ({"n": 10**15}, "`n` must be at most"),
        ({"delta": 1.0}, r"`delta` must be in \(0, 1\); got 1.0"),
        ({"rho": 0}, r"`rho` must be in \(0, 1\); got 0"),
        ({"beta": 0}, "`beta` must be positive and finite; got 0"),
        ({"beta": None}, "`beta` must be positive and finite; got None"),
        ({"log_class_size": -1}, "`log_class_size` must be at least 0; got -1"),
        ({"log_class_size": float("nan")}, "`log_class_size` must be at least 0; got nan"),
    ],
)
def test_parameters_are_refused_by_name(change, message):
    with pytest.raises(ValueError, match=message):
        summary(TABLE, WEIGHTS, **{**GIVEN, **change})


HARDER = np.array([[0.5, 0.5, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0], [1 / 3, 1 / 3, 1 / 3, 0.0], [1e-12, 1e-3, 0.1, 1 - 1e-12 - 1e-3 - 0.1]])


@pytest.mark.parametrize(
    ("table", "weights", "change"),
    [
        (TABLE, WEIGHTS, {}),
        (TABLE, np.full(3, 1 / 3), {"N": 1000.0, "n": 10**6, "beta": 1e-3}),
        (HARDER, np.array([0.25, 0.0, 0.25, 0.5]), {"N": 3, "delta": 0.07, "log_class_size": float("inf")}),
    ],
)
def test_the_code_prints_the_numbers_shown(table, weights, change):
    given = {**GIVEN, **change}
    assert printed(code(table, weights, **given)) == shown(summary(table, weights, **given))


def test_the_code_of_a_large_file_reads_the_file(tmp_path):
    table = np.random.default_rng(0).dirichlet(np.ones(30), 100).astype(np.float32)
    np.save(tmp_path / "mine.npy", table)
    loaded, weights = read_table(tmp_path / "mine.npy"), np.full(100, 0.01)
    script = code(loaded, weights, source="mine.npy", **GIVEN)
    assert "read_table('mine.npy')" in script
    assert printed(script, tmp_path) == shown(summary(loaded, weights, **GIVEN))
    assert "read_table" not in code(TABLE, WEIGHTS, source="mine.npy", **GIVEN)


def test_curves_pass_through_the_numbers():
    found = summary(TABLE, WEIGHTS, **GIVEN)
    along = curves(TABLE, WEIGHTS, **{name: value for name, value in GIVEN.items() if name != "beta"})
    at = list(along.N).index(8)
    np.testing.assert_array_equal(along.kept_mass[at], found.kept_mass)
    assert (along.risk[at], along.bound[at]) == (found.risk, found.bound)
    assert np.all(along.kept_bound <= along.kept_mass)
    assert along.N[0] == 1
    assert all(N.is_integer() for N in along.N)


def test_long_laws_are_cut_in_the_table_and_whole_in_the_lines():
    found = summary(np.full((1, 20), 0.05), [1.0], **GIVEN)
    assert prompt_rows(found)[0]["law of best of N"].endswith(" ...")
    assert len(dict(prompt_lines(found))["prompt 1: best of N"].split()) == 20


@needs_page
def test_figures_describe_themselves():
    from sharpsim.explore import figures

    found = summary(HARDER, np.full(4, 0.25), **GIVEN)
    along = curves(HARDER, np.full(4, 0.25), **{name: value for name, value in GIVEN.items() if name != "beta"})
    drawn = [
        figures.mode_figure(found, along, N=8),
        figures.risk_figure(found, along, N=8, n=200),
        figures.law_figure(found, 1, N=8, beta=0.2),
    ]
    assert all(re.match(r'<div role="img" aria-label="[^"]*N[^"]*"', text) and "<svg" in text for text in drawn)
    assert "&lt;b&gt;" in figures.html_table([{"a": "<b>"}], "caption")
    assert "counts rows" in figures.refusal("`table` must sum to 1; row 0 is off")
    assert "<script>" not in figures.refusal("<script>")


@needs_page
def test_the_page_runs_from_top_to_bottom():
    done = subprocess.run(
        [sys.executable, str(ROOT / "sharpsim" / "explore" / "app.py")],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@needs_page
def test_the_server_answers_here_and_forbids_other_servers():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "sharpsim.explore", "--no-browser", "--port", str(port)]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}/"
    try:
        deadline = time.monotonic() + 50
        while True:
            try:
                with urllib.request.urlopen(address, timeout=10) as answer:
                    text, policy = answer.read().decode(), answer.headers["content-security-policy"]
                break
            except (urllib.error.URLError, ConnectionError):
                assert server.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.2)
        assert "sharpsim explorer" in text
        sources = policy.replace(";", " ").split()
        assert [source for source in sources if "://" in source] == [f"ws://127.0.0.1:{port}"]
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(urllib.request.Request(address, headers={"Host": "elsewhere.example"}), timeout=10)
        assert refused.value.code == 400
        refused.value.close()
    finally:
        server.terminate()
        server.wait(20)


def test_without_marimo_the_command_says_what_to_install(monkeypatch, capsys):
    from sharpsim.explore import __main__ as command

    monkeypatch.setattr(command.importlib.util, "find_spec", lambda name: None)
    assert command.main([]) == 2
    assert 'pip install "sharpsim[explore]"' in capsys.readouterr().err
