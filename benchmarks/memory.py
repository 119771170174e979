"""Peak memory of whole processes, interpreter and compiler included, for each sampler at a large size."""

import json
from collections.abc import Callable

from benchmarks import _ours
from benchmarks._instances import SETTINGS, markov_table, table
from benchmarks._processes import probe
from benchmarks._results import Row

CASES = {
    "law": "law, n = 10^7, N = 10^4",
    "literal": "literal, n = 10^6, N = 10^3",
    "stopping": "stopping time, n = 10^7",
    "markov": "Markov, V = 256, 10^5 x 64",
}


def calls(scale: str) -> dict[str, Callable[[], _ours.Call]]:
    """For each case, a function that builds the call; a fresh process builds it and runs it once."""
    small = scale == "tiny"
    base, weights = table(SETTINGS[scale]["S1"])
    n = 50 if small else 10**7
    return {
        "law": lambda: _ours.law_static(base, weights, n=n, N=10**4),
        "literal": lambda: _ours.literal(base, weights, n=50 if small else 10**6, N=10 if small else 10**3),
        "stopping": lambda: _ours.stopping(base, weights, n=n, stop=8.0),
        "markov": lambda: _ours.markov(markov_table(4 if small else 256), horizon=3 if small else 64, sequences=n if small else 10**5),
    }


def run(scale: str) -> list[Row]:
    """Peak memory in GB, and the seconds of the single run, compilation included."""
    rows = []
    for name, case in CASES.items():
        seen = json.loads(probe(name, scale))
        note = f"{seen['ready'] / 1e9:.2f} GB before the run"
        rows.append(Row("memory", case, name, "", "GB", seen["peak"] / 1e9, cold_seconds=seen["seconds"], note=note))
    return rows
