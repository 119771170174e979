"""The command `sharpsim-exercises`: what a student sees for right, wrong and broken answers."""

import re
from pathlib import Path

import pytest

from sharpsim.exercises import all_exercises, find, solution_of
from sharpsim.exercises._command import main
from sharpsim.exercises._student import check_file, judge_file


def test_list_shows_every_exercise(capsys):
    assert main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [exercise.number for exercise in all_exercises()]


def test_start_writes_the_stub_once(tmp_path: Path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["start", "5.2"]) == 0
    assert "def largest_constant" in (tmp_path / "exercise_05_2.py").read_text()
    assert main(["start", "05.2"]) == 2
    assert "exists already" in capsys.readouterr().err
    assert main(["check", "05.2"]) == 1
    assert "still a stub" in capsys.readouterr().out


def test_a_solution_passes(tmp_path: Path, capsys):
    path = tmp_path / "answer.py"
    path.write_text(solution_of(find("05.2")))
    assert main(["check", "05.2", "--file", str(path)]) == 0
    assert "passed" in capsys.readouterr().out


def test_a_wrong_answer_is_told_its_smallest_instance(tmp_path: Path, capsys):
    path = tmp_path / "answer.py"
    path.write_text("def largest_constant(r):\n    return 1 - r\n")
    assert main(["check", "05.2", "--file", str(path)]) == 1
    out = capsys.readouterr().out
    assert "too large" in out
    assert "r = 0.5" in out
    assert "Traceback" not in out


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("def largest_constant(r):\n    return 1 / (r - r)\n", "raised ZeroDivisionError: .*line 2 of"),
        ("def largest_constant(x):\n    return 1\n", "raised TypeError"),
        ("def largest_constant(r)\n    return 1\n", "line 1 of .* is not Python"),
        ("import nothing_of_this_name\n", "raised ModuleNotFoundError"),
        ("def other(r):\n    return 1\n", "defines no function `largest_constant`"),
        ("def largest_constant(r):\n    return float('nan')\n", "is NaN"),
        ("def largest_constant(r):\n    return [1, 2]\n", "must be one number"),
        ("def largest_constant(r):\n    pass\n", "is None"),
    ],
)
def test_broken_answers_get_a_line(tmp_path: Path, source, said):
    path = tmp_path / "answer.py"
    path.write_text(source)
    outcome = judge_file("05.2", str(path))
    assert not outcome.passed
    assert re.search(said, outcome.message)


def test_the_end_of_the_process_is_seen(tmp_path: Path):
    path = tmp_path / "answer.py"
    path.write_text("import os\n\ndef largest_constant(r):\n    os._exit(0)\n")
    assert "ended the Python process" in check_file("05.2", path).message


def test_an_endless_loop_is_stopped(tmp_path: Path):
    path = tmp_path / "answer.py"
    path.write_text("def largest_constant(r):\n    while True:\n        pass\n")
    outcome = check_file("05.2", path, limit=2.0)
    assert not outcome.passed
    assert "endless loop" in outcome.message


def test_questions_that_make_no_sense(capsys, tmp_path):
    assert main(["check", "99.1"]) == 2
    assert "no exercise '99.1'" in capsys.readouterr().err
    assert main(["check", "05.2", "--file", str(tmp_path / "none.py")]) == 2
    assert "no file" in capsys.readouterr().err
