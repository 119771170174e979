"""Runs a measurement in a fresh interpreter, for peak memory and for everything that is slow only the first time."""

import os
import subprocess
import sys
from pathlib import Path

from experiments.engine.rows import ROOT


def probe(name: str, scale: str, cache: Path | None = None) -> str:
    """Run the measurement `name` of `_probe.py` in a fresh interpreter; return its last line of output.

    Raises `RuntimeError` with the process's errors if it fails.
    """
    command = [sys.executable, "-m", "benchmarks._probe", name, scale, *([str(cache)] if cache else [])]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": str(ROOT)})
    if done.returncode:
        raise RuntimeError(f"`{name}` failed in a process of its own:\n{done.stderr}")
    return done.stdout.strip().splitlines()[-1]
