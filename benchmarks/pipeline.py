"""The whole SFT pipeline over a grid: 20 values of n, 10 of N, 1,000 seeds each; draws by law, counts, maximum likelihood, failed mass."""

import json
from typing import Any

import numpy as np

from benchmarks import _numpy_sequences, _ours
from benchmarks._probe import probe
from benchmarks._results import Row, compared
from benchmarks._timing import Entry, Ratio, burst
from sharpsim import laws
from sharpsim.instances import random_table

DELTA = 0.3
SIZES = {
    "full": {
        "n": np.unique(np.geomspace(10, 1000, 20).round().astype(int)),
        "N": np.geomspace(1, 100, 10).round().astype(int),
        "seeds": 1000,
    },
    "tiny": {"n": np.array([5, 9]), "N": np.array([1, 4]), "seeds": 20},
}


def grid(scale: str) -> dict[str, Any]:
    """The base (6 prompts, 16 responses, as in the stem `sft`), the cells (n, N) and the seeds."""
    log_probs, weights = random_table(np.random.default_rng(6), prompts=6, responses=16, concentration=1.0)
    cells = [(int(n), int(N)) for n in SIZES[scale]["n"] for N in SIZES[scale]["N"]]
    return {"log_probs": log_probs, "weights": weights, "cells": cells, "delta": DELTA, "seeds": SIZES[scale]["seeds"]}


def by_numpy(draw: Any, setting: dict[str, Any], rng: np.random.Generator) -> np.ndarray:
    """Risks [cells], each cell vectorised over its seeds."""
    base, weights, seeds = setting["log_probs"], setting["weights"], setting["seeds"]
    found = []
    for n, N in setting["cells"]:
        law = laws.best_of_n(base, base, draws=N)
        # At most 2^21 draws at once: 32 MiB of them.
        part = max(1, min(seeds, 2**21 // n))
        failed = [
            draw(base, weights, law, n=n, delta=setting["delta"], seeds=min(part, seeds - first), rng=rng)
            for first in range(0, seeds, part)
        ]
        found.append(np.concatenate(failed).mean())
    return np.array(found)


def run(scale: str) -> list[Row]:
    """Cells per second against NumPy; first run over warm, programs compiled and memory growth from a process of their own."""
    setting, rng = grid(scale), np.random.default_rng(7)
    cells = len(setting["cells"])
    call, _ = _ours.pipeline(**setting)
    rivals = {
        "NumPy vectorised": {"over seeds, by law": Entry(lambda: by_numpy(_numpy_sequences.sft_draws, setting, rng), cells)},
        "NumPy, multinomial counts": {"": Entry(lambda: by_numpy(_numpy_sequences.sft_multinomial, setting, rng), cells)},
    }
    case = f"{cells} cells x {setting['seeds']:,} seeds"
    rows = compared("pipeline", case, "sweep", "cells/s", Entry(call, cells), rivals, scale=1, counted=1)
    seen = [json.loads(probe("pipeline", scale)) for _ in range(3 if scale == "full" else 1)]
    ratios = np.array([one["first"] / one["warm"] for one in seen])
    first = float(np.median([one["first"] for one in seen]))
    warm = float(np.median([one["warm"] for one in seen]))
    spread = Ratio(first, warm, float(np.median(ratios)), float(ratios.min()), float(ratios.max()), "seconds")
    growth, programs = float(np.median([one["growth_mib"] for one in seen])), float(max(one["programs"] for one in seen))
    return [
        *rows,
        Row.of("pipeline", "first run over warm", "sweep", "itself", "s", spread, scale=1),
        Row("pipeline", "programs compiled", "sweep", "", "programs", programs),
        Row("pipeline", "memory growth", "sweep", "", "MiB", growth, note=f"{int(max(one['peak_mib'] for one in seen))} MiB at the peak"),
    ]


def measured(scale: str, peak: Any) -> dict[str, float]:
    """In a fresh process: seconds of the first and of a warm run, programs compiled, growth of the peak memory."""
    import time

    call, programs = _ours.pipeline(**grid(scale))
    _ours.keys()()
    before, started = peak(), time.perf_counter()
    call()
    first = time.perf_counter() - started
    warm = burst(call, 3)
    return {"first": first, "warm": warm, "programs": programs(), "growth_mib": (peak() - before) / 2**20, "peak_mib": peak() / 2**20}
