"""Measurements that need a process of their own: peak memory, and everything that is slow only the first time."""

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from experiments.engine.rows import ROOT


def peak() -> int:
    """The most memory this process ever held, in bytes.

    Linux counts for each program from its start; `getrusage`, elsewhere, would also count what the parent held when it forked.
    """
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
        return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
    except (OSError, StopIteration):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def probe(name: str, scale: str, cache: Path | None = None) -> str:
    """Run one measurement in a fresh interpreter; its last line of output."""
    command = [sys.executable, "-m", "benchmarks._probe", name, scale, *([str(cache)] if cache else [])]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": str(ROOT)})
    if done.returncode:
        raise RuntimeError(f"`{name}` failed in a process of its own:\n{done.stderr}")
    return done.stdout.strip().splitlines()[-1]


def main(name: str, scale: str, cache: str | None = None) -> None:
    """Print one measurement as JSON."""
    import jax

    jax.config.update("jax_enable_x64", True)
    if name == "first_result":
        from benchmarks import _ours
        from experiments.__main__ import _prepare_jax

        _prepare_jax()
        jax.config.update("jax_compilation_cache_dir", cache)
        _ours.first_result()
        print(json.dumps({"peak_mib": peak() / 2**20}))
    elif name == "pipeline":
        from benchmarks import pipeline

        print(json.dumps(pipeline.measured(scale, peak)))
    else:
        from benchmarks import memory

        run: Any = memory.calls(scale)[name]()
        ready, started = peak(), time.perf_counter()
        run()
        print(json.dumps({"peak": peak(), "ready": ready, "seconds": time.perf_counter() - started}))


if __name__ == "__main__":
    main(*sys.argv[1:])
