"""Draw until k times the likeliest so far reaches s = 8: by the exact law against a simulation of all prompts in step."""

import numpy as np

from benchmarks import _numpy, _ours
from benchmarks._alias_table import Tables
from benchmarks._instances import SETTINGS, table
from benchmarks._results import Row, compared
from benchmarks._timing import Entry

STOP = 8.0
SIZES = {"full": {"ours": 2**20, "S1": 4000, "S2": 100}, "tiny": {"ours": 64, "S1": 8, "S2": 8}}


def run(scale: str) -> list[Row]:
    """Million prompts per second on S1 and S2."""
    rows, rng = [], np.random.default_rng(4)
    for case in ("S1", "S2"):
        log_probs, weights = table(SETTINGS[scale][case])
        ranked, n = Tables.of(log_probs, weights).best_first(), SIZES[scale][case]
        rivals = {"NumPy simulation": {"alias, in step": Entry(lambda t=ranked, n=n: _numpy.stopping(t, n, STOP, rng), n)}}
        ours = Entry(_ours.stopping(log_probs, weights, n=SIZES[scale]["ours"], stop=STOP), SIZES[scale]["ours"])
        rows += compared("stopping", case, "LawOracle.best_until", "Mprompt/s", ours, rivals, counted=3)
    return rows
