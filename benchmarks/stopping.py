"""The adaptive stopping rule, which draws until k max_j base(y_j|x) >= 8: the exact law against a vectorised NumPy simulation."""

import numpy as np

from benchmarks import _numpy, _ours
from benchmarks._alias_table import Tables
from benchmarks._instances import SETTINGS, table
from benchmarks._results import Row, compared
from benchmarks._timing import Entry, sized

STOP = 8.0
SIZES = {"full": {"ours": 2**20, "rival": 10**4}, "tiny": {"ours": 64, "rival": 8}}


def run(scale: str) -> list[Row]:
    """Million prompts per second on the tables S1 and S2."""
    rows, rng = [], np.random.default_rng(4)
    for case in ("S1", "S2"):
        log_probs, weights = table(SETTINGS[scale][case])
        ranked, most = Tables.of(log_probs, weights).best_first(), SIZES[scale]["rival"]
        rivals = {"NumPy simulation": {"alias, in step": sized(lambda n, t=ranked: _numpy.stopping(t, n, STOP, rng), most, 1, 0.4)}}
        ours = Entry(_ours.stopping(log_probs, weights, n=SIZES[scale]["ours"], stop=STOP), SIZES[scale]["ours"])
        rows += compared("stopping", case, "LawOracle.best_until", "Mprompt/s", ours, rivals, counted=3)
    return rows
