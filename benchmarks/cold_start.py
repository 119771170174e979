"""From nothing to the first result of a default stem, interpreter start included: nothing compiled before, and with a warm cache."""

import tempfile
from pathlib import Path

import numpy as np

from benchmarks._probe import probe
from benchmarks._results import Row
from benchmarks._timing import seconds

TIMES = {"full": 3, "tiny": 1}


def run(scale: str) -> list[Row]:
    """Seconds, medians of three starts; each cold start has an empty compilation cache of its own, which warms the next one's."""
    cold, warm = [], []
    for _ in range(TIMES[scale]):
        with tempfile.TemporaryDirectory() as folder:
            cold.append(seconds(lambda folder=folder: probe("first_result", scale, Path(folder))))
            warm.append(seconds(lambda folder=folder: probe("first_result", scale, Path(folder))))
    return [
        Row("cold_start", f"first result, {name}", "stem sft", "", "s", float(np.median(seen)), note=f"{min(seen):.2f} to {max(seen):.2f}")
        for name, seen in (("compile included", cold), ("warm persistent cache", warm))
    ]
