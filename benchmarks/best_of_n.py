"""The best of N literal draws, tabular: against every way to do it by hand, and against the random numbers it is made of."""

import numpy as np

from benchmarks import _numpy, _ours, _torch
from benchmarks._alias_table import Tables
from benchmarks._compiled import Compiled, library
from benchmarks._instances import SETTINGS, Setting, table
from benchmarks._results import Row, compared
from benchmarks._timing import Entry

SHARE = 0.1
"""Slow rivals draw for a tenth of the prompts; rates are per draw."""


def run(scale: str) -> list[Row]:
    """S1, S2 and S3, in million draws per second."""
    return [row for case, setting in SETTINGS[scale].items() for row in _case(case, setting)]


def _case(case: str, setting: Setting) -> list[Row]:
    log_probs, weights = table(setting)
    tables, rng, N = Tables.of(log_probs, weights), np.random.default_rng(2), setting.N
    ranked = tables.best_first()
    few = max(1, int(setting.n * SHARE))
    loop = max(1, few // 10)

    def numpy(function: _numpy.Sampler, n: int, given: Tables = tables) -> Entry:
        return Entry(lambda: function(given, n, N, rng), n * N)

    rivals: dict[str, dict[str, Entry]] = {
        "NumPy loop of choice": {"choice": numpy(_numpy.choice_loop, loop)},
        "NumPy searchsorted": {"by prompt": numpy(_numpy.searchsorted, few), "flat": numpy(_numpy.searchsorted_flat, few)},
        "NumPy alias table": {"likelihoods": numpy(_numpy.alias, few), "ranks": numpy(_numpy.alias_ranked, few, ranked)},
        "NumPy, least of N uniforms": {"by prompt": numpy(_numpy.smallest_uniform, few)},
        "torch, best": {},
        "C, two threads": {},
    }
    if _torch.available():
        tensors = _torch.TorchTables(tables)
        rivals["torch, best"] = {way: Entry(lambda way=way: tensors.literal(way, few, N), few * N) for way in _torch.WAYS}
    if library() is not None:
        compiled = Compiled(tables)
        rivals["C, two threads"] = {"alias": Entry(lambda: compiled.literal(setting.n, N), setting.n * N)}
    ours = Entry(_ours.literal(log_probs, weights, n=setting.n, N=N), setting.n * N)
    rivals["random numbers alone"] = {"in chunks": Entry(_ours.uniforms(chunk=2**17, chunks=32), 2**22)}
    return compared("best_of_n", case, "Oracle.best_of", "Mdraw/s", ours, rivals)
