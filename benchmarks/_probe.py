"""`python -m benchmarks._probe NAME SCALE [CACHE]`: one measurement in this process, printed as JSON. `_processes.probe` starts it."""

import json
import sys
import time
from pathlib import Path
from typing import Any

import jax

from benchmarks import _ours, memory, pipeline
from experiments.engine.compiled import prepare_jax
from experiments.engine.cost import peak


def main(name: str, scale: str, cache: str = "") -> None:
    """Measure "first_result" (with the compilation cache in the folder `cache`), "pipeline", or a case of `memory`."""
    jax.config.update("jax_enable_x64", True)
    if name == "first_result":
        prepare_jax(Path(cache))
        _ours.first_result()
        print(json.dumps({"peak_mib": peak() / 2**20}))
    elif name == "pipeline":
        print(json.dumps(pipeline.measured(scale)))
    else:
        run: Any = memory.calls(scale)[name]()
        ready, started = peak(), time.perf_counter()
        run()
        print(json.dumps({"peak": peak(), "ready": ready, "seconds": time.perf_counter() - started}))


if __name__ == "__main__":
    main(*sys.argv[1:])
