"""The command `sharpsim`: cards, conversion, one-line errors with exit status 2, no JAX for logs, and it works outside a clone."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from sharpsim.commands import main, one_line, parser
from sharpsim.logs import read_samples
from tests.cards.logs import write_log


@pytest.fixture
def log(tmp_path):
    return str(write_log(tmp_path / "a.csv", prompts=5, draws=6))


def outside(code: str, tmp_path, **environment) -> subprocess.CompletedProcess:
    """Run in a folder that is no clone."""
    roots = os.pathsep.join(path for path in sys.path if path)
    env = os.environ | {"PYTHONPATH": roots} | environment
    return subprocess.run([sys.executable, *code.split()], cwd=tmp_path, capture_output=True, text=True, timeout=120, env=env)


def test_a_card_is_printed_and_written(log, tmp_path, capsys):
    out = tmp_path / "made" / "card.html"
    assert main(["card", log, "--no-predictions", "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    content = json.loads(out.with_suffix(".json").read_text())
    assert content["curves"]["pass"]["N"] == [1, 2, 3, 4, 5, 6]
    assert content["sentences"][1][:50] in printed.replace("\n", " ")
    assert f"written: {out}" in printed


def test_goals_and_levels_reach_the_card(log, tmp_path):
    out = tmp_path / "card.json"
    main(["card", log, "--no-predictions", "--level", "0.5", "--eps", "0.2", "--parameters", "1e9", "--out", str(out)])
    content = json.loads(out.read_text())
    assert (content["level"], content["needs"]["eps"], content["needs"]["parameters"]) == (0.5, 0.2, 1e9)


def test_the_card_of_a_policy(tmp_path, capsys):
    np.save(tmp_path / "t.npy", np.array([[0.6, 0.4], [0.5, 0.5]]))
    np.save(tmp_path / "w.npy", np.array([0.75, 0.25]))
    np.save(tmp_path / "c.npy", np.array([[True, False], [False, True]]))
    command = ["card", "--policy", str(tmp_path / "t.npy"), "--weights", str(tmp_path / "w.npy"), "--correct", str(tmp_path / "c.npy")]
    assert main([*command, "--out", str(tmp_path / "card.svg")]) == 0
    content = json.loads((tmp_path / "card.json").read_text())
    assert content["kind"] == "exact"
    assert content["curves"]["pass"]["value"][0] == pytest.approx(0.75 * 0.6 + 0.25 * 0.5)
    assert "nothing is estimated" in capsys.readouterr().out


def test_convert_writes_what_reading_gives(log, tmp_path, capsys):
    assert main(["convert", log, "--to", str(tmp_path / "b.csv.gz")]) == 0
    table = read_samples(tmp_path / "b.csv.gz")
    assert len(table) == 30
    assert "log_prob from log_prob" in capsys.readouterr().out


def test_standard_input(log, tmp_path):
    with open(log, "rb") as file:
        done = subprocess.run(
            [sys.executable, "-m", "sharpsim", "card", "-", "--no-predictions"], stdin=file, capture_output=True, text=True, timeout=120
        )
    assert done.returncode == 0, done.stderr
    assert "5 prompts with 6 draws each" in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["card"], "`LOGS` must name at least one log"),
        (["card", "missing.csv"], "there is no file 'missing.csv'"),
        (["card", "LOG", "--out", "card.pdf"], "`out` must end in .html"),
        (["card", "LOG", "--format", "lmeval"], "`format` must be"),
        (["card", "LOG", "--field", "reward"], "`--field` must be COLUMN=NAME"),
        (["card", "LOG", "--min-draws", "7"], "`min_draws` must be at most 6"),
        (["card", "LOG", "--min-draws", "0"], "`min_draws` must be a whole number of at least 1"),
        (["card", "LOG", "--level", "1"], "`level` must be in (0, 1)"),
        (["card", "LOG", "--temperature", "-1"], "`temperature` must be at least 0"),
        (["card", "LOG", "--weights", "w.npy"], "`--weights` goes with --policy"),
        (["card", "LOG", "--policy", "t.npy"], "`--policy` takes no logs beside it"),
        (["card", "--policy", "missing.npy"], "could not read it ('missing.npy'"),
        (["card", "--policy", "LOG"], "it is no .npy file"),
        (["convert", "LOG", "--to", "b.xls"], "must end in"),
    ],
)
def test_refusals_are_one_line(log, arguments, said, capsys):
    assert main([log if word == "LOG" else word for word in arguments]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert said in error
    assert error.count("\n") == 1


def test_pickles_are_not_loaded(tmp_path, capsys):
    np.save(tmp_path / "t.npy", np.array([[{}]], dtype=object), allow_pickle=True)
    assert main(["card", "--policy", str(tmp_path / "t.npy")]) == 2
    assert "it holds Python objects" in capsys.readouterr().err


def test_a_place_that_cannot_be_written(log, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main(["card", log, "--no-predictions", "--out", str(tmp_path / "file" / "card.html")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_messages_cannot_control_the_terminal():
    assert one_line(ValueError("a\nb\x1b[31m")) == "a b [31m"
    assert one_line(OSError(2, "No such file or directory", "x")) == "x: No such file or directory."


def test_bad_lines_stop_or_are_skipped(log, capsys):
    with open(log, "a") as file:
        file.write("question 0,9,0.5,1,a,True\n")
    assert main(["card", log]) == 2
    assert "line 32" in capsys.readouterr().err
    assert main(["card", log, "--skip-bad", "--no-predictions"]) == 0
    assert "skipped" in capsys.readouterr().out


def test_logs_load_no_jax_and_no_torch(log, tmp_path):
    done = outside(f"-X importtime -m sharpsim card {log} --no-predictions --out card.html", tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    loaded = {line.split("|")[-1].strip().split(".")[0] for line in done.stderr.splitlines() if line.startswith("import time:")}
    assert "numpy" in loaded
    assert not {"jax", "jaxlib", "equinox", "torch", "matplotlib", "experiments", "figures"} & loaded
    assert (tmp_path / "card.json").exists()


def test_help_names_every_command():
    text = parser().format_help()
    assert all(name in text for name in ("card", "convert", "samples", "exercises"))


def test_exercises_are_delegated(capsys):
    assert main(["exercises", "list"]) == 0
    assert "01.1" in capsys.readouterr().out
