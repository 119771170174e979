"""10^5 sequences of 64 tokens from an order-1 Markov policy: against alias tables in NumPy and PyTorch, and PyTorch's own samplers."""

from typing import Any

import numpy as np

from benchmarks import _numpy_sequences, _ours, _torch
from benchmarks._alias_table import Tables
from benchmarks._instances import markov_table
from benchmarks._results import Row, compared
from benchmarks._timing import Entry, sized

SIZES = {
    "full": {"vocabularies": (32, 256, 1024), "horizon": 64, "sequences": 10**5},
    "tiny": {"vocabularies": (4,), "horizon": 3, "sequences": 32},
}


def run(scale: str) -> list[Row]:
    """Million tokens per second for each vocabulary size V."""
    size: dict[str, Any] = SIZES[scale]
    horizon, sequences, rows = size["horizon"], size["sequences"], []
    for vocabulary in size["vocabularies"]:
        log_probs = markov_table(vocabulary)
        tables, rng = Tables.of(log_probs[0], np.full(vocabulary + 1, 1 / (vocabulary + 1))), np.random.default_rng(5)

        def numpy(way: str, tables: Tables = tables, rng: np.random.Generator = rng) -> dict[str, Entry]:
            return {way: sized(lambda n: _numpy_sequences.markov(tables, way, n, horizon, rng), sequences, horizon)}

        rivals = {
            "NumPy alias table": numpy("alias"),
            "NumPy searchsorted": numpy("searchsorted"),
            "torch": {},
            "torch, alias table by hand": {},
        }
        if _torch.available():
            tensors = _torch.TorchTables(tables)
            ways = {way: sized(lambda n, way=way, t=tensors: _torch.markov(t, way, n, horizon), sequences, horizon) for way in _torch.WAYS}
            rivals["torch, alias table by hand"] = {"alias": ways.pop("alias")}
            rivals["torch"] = ways
        ours = Entry(_ours.markov(log_probs, horizon=horizon, sequences=sequences), sequences * horizon)
        rows += compared("markov", f"V = {vocabulary}", "decoding.MarkovSampler", "Mtoken/s", ours, rivals, counted=3)
    return rows
