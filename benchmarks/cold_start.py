"""Time from starting the interpreter to the first result of the experiment `sft`, with an empty and with a filled compilation cache."""

import tempfile
from pathlib import Path

import numpy as np

from benchmarks._processes import probe
from benchmarks._results import Row
from benchmarks._timing import seconds

TIMES = {"full": 3, "tiny": 1}


def run(scale: str) -> list[Row]:
    """Seconds, medians of three starts of each kind. Each cold start fills a new compilation cache, which the next warm start uses."""
    cold, warm = [], []
    for _ in range(TIMES[scale]):
        with tempfile.TemporaryDirectory() as folder:
            cold.append(seconds(lambda folder=folder: probe("first_result", scale, Path(folder))))
            warm.append(seconds(lambda folder=folder: probe("first_result", scale, Path(folder))))
    return [
        Row("cold_start", f"first result, {name}", "stem sft", "", "s", float(np.median(seen)), note=f"{min(seen):.2f} to {max(seen):.2f}")
        for name, seen in (("compile included", cold), ("warm persistent cache", warm))
    ]
