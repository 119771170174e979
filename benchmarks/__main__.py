"""`python -m benchmarks [NAME ...]`: run the benchmarks, each in its own process, and write the results."""

import argparse
import importlib
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from experiments.engine.rows import ROOT
from sharpsim.files import write_whole

NAMES = (
    "limits",
    "best_of_n",
    "law",
    "stopping",
    "markov",
    "transformer",
    "search",
    "pipeline",
    "cold_start",
    "reproduce",
    "memory",
    "growth",
    "accelerator",
)
SCALES = ("full", "tiny")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Time the library against what one would use instead.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one or more of {', '.join(NAMES)}; all if none is given")
    parser.add_argument("--scale", choices=SCALES, default="full", help="tiny only shows that everything runs; its timings mean nothing")
    parser.add_argument("--quick", action="store_true", help="full size, but one round of single calls; its timings mean nothing")
    parser.add_argument("--out", type=Path, help="folder for the results; without it the committed results are replaced")
    parser.add_argument("--record", action="store_true", help="first time the project's commands in a fresh clone (use with `reproduce`)")
    options = parser.parse_args(arguments)
    for name in options.names:
        if name not in NAMES:
            parser.error(f"no benchmark {name!r}; there are {', '.join(NAMES)}.")
    if options.out is None and options.scale == "tiny":
        options.out = ROOT / "out" / "benchmarks-tiny"
    if options.record:
        from benchmarks.reproduce import record

        record()
    if len(options.names) == 1:
        return _one(options.names[0], options.scale, options.out, options.quick)
    return _many(options.names or NAMES, options.scale, options.out, options.quick)


def _one(name: str, scale: str, out: Path | None, quick: bool) -> int:
    import jax

    from benchmarks import _report, _results
    from benchmarks._timing import Protocol

    Protocol.quick = quick
    jax.config.update("jax_enable_x64", True)
    folder = out or _results.HERE
    folder.mkdir(parents=True, exist_ok=True)
    module: Any = importlib.import_module(f"benchmarks.{name}")
    if hasattr(module, "FILE"):
        # These benchmarks time warm calls only, so programs may come from the compilation cache.
        jax.config.update("jax_compilation_cache_dir", str(ROOT / "build" / "jax"))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
    found = module.run(scale)
    if hasattr(module, "FILE"):
        stamps = {"hardware": _results.hardware(), "versions": _results.versions()}
        order = list(dict.fromkeys(row[module.BY] for row in found))
        _results.replace(folder / module.FILE, module.COLUMNS, [row | stamps for row in found], order, module.BY)
    else:
        _results.write(found, NAMES, folder)
        for row in found:
            judged = row.judged()
            bar = f"bar {judged['bar']:g}: {judged['met']}" if judged["bar"] != "" else ""
            print(f"{row.benchmark:12} {row.case:36} {row.rival:28} {row.held:10.4g}  {bar}")
    write_whole(folder / "RESULTS.md", _report.report(folder))
    return 0


def _many(names: Sequence[str], scale: str, out: Path | None, quick: bool) -> int:
    """Run each benchmark in its own process, so that none is affected by another's threads or memory. A failure does not stop the rest."""
    started, failed = time.perf_counter(), []
    for name in names:
        began = time.perf_counter()
        command = [
            sys.executable,
            "-m",
            "benchmarks",
            name,
            "--scale",
            scale,
            *(["--out", str(out)] if out else []),
            *(["--quick"] if quick else []),
        ]
        if subprocess.run(command, cwd=ROOT).returncode:
            failed.append(name)
        print(f"-- {name}: {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
    print(f"-- all: {time.perf_counter() - started:.0f} s", file=sys.stderr)
    for name in failed:
        print(f"FAILED: {name}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
