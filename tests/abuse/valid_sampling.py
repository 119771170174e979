"""Valid calls of the samplers: two rows of three responses, and few draws."""

from typing import Any

import numpy as np

from sharpsim import sampling
from tests.abuse.valid import TABLE, WEIGHTS, Made

NUMBERS = np.array([0, 1, 1], np.int32)
WORDS = np.array([1, 2**31, 2**32 - 1], np.uint32)

# Not made here: in which precision is decided when the calls are made.
ALIAS = Made(lambda: sampling.AliasTables.of(np.exp(TABLE)))
HAZARDS = Made(lambda: sampling.HazardTable.of(TABLE, TABLE))
RANKING = Made(lambda: sampling.TracedRanking.of(TABLE, TABLE))
RUNNING = np.cumsum(np.exp(TABLE), axis=1)
DRAWN: dict[str, Any] = {"rows": NUMBERS, "prompts": NUMBERS, "values": TABLE, "count": 2}

BY_FUNCTION: dict[str, dict[str, Any]] = {
    "sampling.AliasTables.fits": {"rows": 2, "outcomes": 3},
    "sampling.AliasTables.of": {"mass": np.exp(TABLE)},
    "sampling.AliasTables.pick": {"self": ALIAS, "rows": NUMBERS, "words": (WORDS, WORDS)},
    "sampling.Batch": {"prompts": NUMBERS, "responses": NUMBERS, "log_probs": np.log([0.5, 0.6, 0.6]), "cost": 6},
    "sampling.HazardTable.hazard": {"self": HAZARDS, "rows": NUMBERS, "places": np.array([0, 1, 2], np.int32)},
    "sampling.HazardTable.places": {"self": HAZARDS, "rows": NUMBERS, "high": WORDS, "low": WORDS >> 5},
    **{f"sampling.{name}": {**DRAWN, "tables": ALIAS} for name in ("draw_rows", "draw_with_values")},
    **{f"sampling.{name}": {**DRAWN, "table": HAZARDS} for name in ("adaptive_by_law", "best_by_law", "best_literal")},
    **{f"sampling.{name}": DRAWN for name in ("adaptive_by_law_traced", "adaptive_literal")},
    "sampling.best_by_law_traced": {**DRAWN, "table": RANKING},
    "sampling.counter_pairs": {"block": 3, "size": 4},
    "sampling.draw_prompts": {"cumulative": np.cumsum(WEIGHTS), "n": 3},
    "sampling.in_blocks": {"draw": lambda rows, key: rows > 0, "rows": NUMBERS, "size": 2},
    "sampling.inverse_cdf_of_rows": {"cumulative": RUNNING, "rows": NUMBERS, "uniform": np.array([0.1, 0.5, 0.9])},
    "sampling.word_pairs": {"shape": (2, 3)},
}  # fmt: skip

FREE_IN = {"sampling.Batch": ("log_probs",), "sampling.in_blocks": ("rows",)}
"""Log-likelihoods are NaN where nothing was answered, and rows may be any numbers."""
