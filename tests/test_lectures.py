"""The lecture scripts run as they stand; their own assertions are the test."""

import importlib.util
import subprocess
import sys

import pytest

from experiments.engine.rows import ROOT

SCRIPTS = sorted((ROOT / "lectures").glob("*.py"))


def test_there_are_lectures():
    assert len(SCRIPTS) >= 3


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_lecture_runs(script):
    if script.stem == "greedy_is_not_the_mode" and importlib.util.find_spec("g2p_en") is None:
        pytest.skip("needs sharpsim[real]")
    ran = subprocess.run([sys.executable, str(script)], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout
