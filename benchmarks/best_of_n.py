"""Best of N literal draws from a table: against NumPy, PyTorch and C, and against the cost of the random numbers alone."""

import numpy as np

from benchmarks import _numpy, _ours, _torch
from benchmarks._alias_table import Tables
from benchmarks._compiled import Compiled, library
from benchmarks._instances import SETTINGS, Setting, table
from benchmarks._results import Row, compared
from benchmarks._timing import Entry, sized


def run(scale: str) -> list[Row]:
    """Million draws per second on the tables S1, S2 and S3."""
    return [row for case, setting in SETTINGS[scale].items() for row in _case(case, setting)]


def _case(case: str, setting: Setting) -> list[Row]:
    log_probs, weights = table(setting)
    tables, rng, N = Tables.of(log_probs, weights), np.random.default_rng(2), setting.N
    ranked = tables.best_first()

    def numpy(function: _numpy.Sampler, given: Tables = tables) -> Entry:
        return sized(lambda n: function(given, n, N, rng), setting.n, N)

    rivals: dict[str, dict[str, Entry]] = {
        "NumPy loop of choice": {"choice": numpy(_numpy.choice_loop)},
        "NumPy searchsorted": {"by prompt": numpy(_numpy.searchsorted), "flat": numpy(_numpy.searchsorted_flat)},
        "NumPy alias table": {"likelihoods": numpy(_numpy.alias), "ranks": numpy(_numpy.alias_ranked, ranked)},
        "NumPy, least of N uniforms": {"by prompt": numpy(_numpy.smallest_uniform)},
        "torch, best": {},
        "C, two threads": {},
    }
    if _torch.available():
        tensors = _torch.TorchTables(tables)
        rivals["torch, best"] = {way: sized(lambda n, way=way: tensors.literal(way, n, N), setting.n, N) for way in _torch.WAYS}
    if library() is not None:
        compiled = Compiled(tables)
        rivals["C, two threads"] = {"alias": Entry(lambda: compiled.literal(setting.n, N), setting.n * N)}
    ours = Entry(_ours.literal(log_probs, weights, n=setting.n, N=N), setting.n * N)
    rivals["random numbers alone"] = {"in chunks": Entry(_ours.uniforms(chunk=2**17, chunks=32), 2**22)}
    return compared("best_of_n", case, "Oracle.best_of", "Mdraw/s", ours, rivals)
