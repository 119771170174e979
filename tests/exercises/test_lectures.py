"""Every lecture runs, in a process of its own and with warnings as errors, and includes its exercises and their solutions."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from sharpsim.exercises import UNITS, find

ROOT = Path(__file__).parents[2]
LECTURES = sorted((ROOT / "docs" / "lectures").glob("[0-9][0-9]-*.md"))
CELL = re.compile(r"^```\{code-cell\} python\n(?:---\n.*?\n---\n)?(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_a_lecture_for_each_unit():
    assert [int(path.name[:2]) for path in LECTURES] == list(UNITS)


@pytest.mark.parametrize("path", LECTURES, ids=lambda path: path.stem)
def test_lecture_runs(path, tmp_path):
    cells = CELL.findall(path.read_text())
    assert len(cells) >= 3
    script = tmp_path / "lecture.py"
    script.write_text("import matplotlib\nmatplotlib.use('Agg')\n" + "\n".join(cells) + "\nimport sys\nassert 'jax' not in sys.modules\n")
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-W", "error", str(script)]
    ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout


@pytest.mark.parametrize("path", LECTURES, ids=lambda path: path.stem)
def test_lecture_has_its_parts(path):
    text, unit = path.read_text(), int(path.name[:2])
    for part in (
        "**Question.**",
        "**Guess before running.**",
        "## What was shown, and what was not",
        "**Two pointers.**",
        "svg(figure)",
        "alt: ",
    ):
        assert part in text, part
    for place in (1, 2, 3):
        exercise = find(f"{unit}.{place}")
        assert f"{exercise.number} (" in text
        assert f": {exercise.title}\n" in text
        assert text.count(f":pyobject: {exercise.function}\n") == 2
    for folder in ("stubs", "solutions"):
        assert f"../../sharpsim/exercises/{folder}/unit_{unit:02d}.py" in text
