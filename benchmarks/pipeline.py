"""The whole SFT-Sharpening pipeline over a grid of 20 values of n and 10 of N, with 1,000 seeds each.

A seed draws n best-of-N responses by their exact law, counts them, finds the maximum-likelihood policy, and sums the failed prompt mass.
"""

import json
import time
from typing import Any

import numpy as np

from benchmarks import _numpy_sequences, _ours
from benchmarks._processes import probe
from benchmarks._results import Row, compared
from benchmarks._timing import Entry, Ratio, burst
from experiments.engine.cost import peak
from experiments.sft.trials import Setting
from sharpsim import laws
from sharpsim.instances import random_table, row_permutations

DELTA = 0.3
SIZES: dict[str, dict[str, Any]] = {
    "full": {
        "n": np.unique(np.geomspace(10, 1000, 20).round().astype(int)),
        "N": np.geomspace(1, 100, 10).round().astype(int),
        "seeds": 1000,
    },
    "tiny": {"n": np.array([5, 9]), "N": np.array([1, 4]), "seeds": 20},
}


def grid(scale: str) -> list[Setting]:
    """One cell for each (n, N): a base (6 prompts, 16 responses), its best-of-N law, and a product class with 8 members per prompt."""
    log_probs, weights = random_table(np.random.default_rng(6), prompts=6, responses=16, concentration=1.0)
    cells = []
    for N in SIZES[scale]["N"]:
        law = laws.best_of_n(log_probs, log_probs, draws=int(N))
        members = row_permutations(np.random.default_rng(7), law, members=8)
        cells += [Setting(log_probs, weights, law, members, int(n), int(N), DELTA, 0.0) for n in SIZES[scale]["n"]]
    return cells


def by_numpy(count: Any, cells: list[Setting], seeds: int, rng: np.random.Generator) -> list[_numpy_sequences.Found]:
    """The results of all seeds, one cell at a time, vectorised over the seeds of a cell."""
    return [_numpy_sequences.sft(at, count, seeds, rng) for at in cells]


def run(scale: str) -> list[Row]:
    """Cells per second against NumPy. Fresh processes measure the first run over a warm run, programs compiled and memory growth."""
    cells, seeds, rng = grid(scale), SIZES[scale]["seeds"], np.random.default_rng(7)
    call, _ = _ours.pipeline(cells, seeds=seeds)
    rivals = {
        "NumPy vectorised": {"by law": Entry(lambda: by_numpy(_numpy_sequences.law_counts, cells, seeds, rng), len(cells))},
        "NumPy, joint table": {"": Entry(lambda: by_numpy(_numpy_sequences.drawn_counts, cells, seeds, rng), len(cells))},
        "NumPy, multinomial counts": {"": Entry(lambda: by_numpy(_numpy_sequences.multinomial_counts, cells, seeds, rng), len(cells))},
    }
    case = f"{len(cells)} cells x {seeds:,} seeds"
    rows = compared("pipeline", case, "sweep", "cells/s", Entry(call, len(cells)), rivals, scale=1, counted=1)
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


def measured(scale: str) -> dict[str, float]:
    """To be called in a fresh process: seconds of the first and of a warm run, programs compiled, growth of the peak memory."""
    call, programs = _ours.pipeline(grid(scale), seeds=SIZES[scale]["seeds"])
    _ours.keys()()
    before, started = peak(), time.perf_counter()
    call()
    first, compiled = time.perf_counter() - started, programs()
    warm = burst(call, 3)
    return {"first": first, "warm": warm, "programs": compiled, "growth_mib": (peak() - before) / 2**20, "peak_mib": peak() / 2**20}
