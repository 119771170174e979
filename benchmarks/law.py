"""Best of N by its exact law: against the same method in NumPy and PyTorch, and against itself at another N."""

import numpy as np

from benchmarks import _numpy, _ours, _torch
from benchmarks._alias_table import Tables
from benchmarks._instances import SETTINGS, table
from benchmarks._results import Row, compared
from benchmarks._timing import Entry, sized

PROMPTS = {"full": 2**21, "tiny": 64}
DRAWS = 10**4


def run(scale: str) -> list[Row]:
    """Million prompts per second at N = 10^4; then, on S1, the time at N = 10^6 divided by the time at N = 10."""
    n, rows, rng = PROMPTS[scale], [], np.random.default_rng(3)
    for case, setting in SETTINGS[scale].items():
        log_probs, weights = table(setting)
        tables = Tables.of(log_probs, weights)
        rivals: dict[str, dict[str, Entry]] = {
            "NumPy law": {"all prompts at once": sized(lambda m, t=tables: _numpy.law_flat(t, m, DRAWS, rng), n, 1)},
            "NumPy law, prompt by prompt": {"": sized(lambda m, t=tables: _numpy.law(t, m, DRAWS, rng), n, 1)},
            "torch law": {},
        }
        if _torch.available():
            tensors = _torch.TorchTables(tables)
            rivals["torch law"] = {"by prompt": sized(lambda m, t=tensors: t.law(m, DRAWS), n, 1)}
        ours = Entry(_ours.law_static(log_probs, weights, n=n, N=DRAWS), n)
        rows += compared("law", case, "LawOracle.best_of", "Mprompt/s", ours, rivals)
    log_probs, weights = table(SETTINGS[scale]["S1"])
    few_draws, many_draws = (Entry(_ours.law(log_probs, weights, n=n, N=N)) for N in (10, 10**6))
    # A ratio of times is the inverse ratio of rates: the rate at N = 10 over the rate at N = 10^6.
    return rows + compared(
        "law", "time at N = 10^6 over N = 10", "LawOracle.best_of", "calls/s", few_draws, {"itself": {"": many_draws}}, scale=1
    )
