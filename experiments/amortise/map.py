"""The map of writers: share of careful writers against number of phrasings, and who is right at each place: exact, from the law of the text.

Part "map": one row a place, for the first rate and the first N. `one_draw`, `greedy`, `best_of_n` and `mode` are accuracies, means over
prompts; `greedy_right`, `sharpening_wins`, `too_few_draws`, `mode_wrong` are the fractions of prompts in each region, and `region` is the
largest. `coverage` is C_cov; `margin` the mean over prompts of log P* less the log-probability of the next; `signed_margin` that of the
likeliest right response less that of the likeliest wrong one; `covariance` the mean over prompts of Cov(correct, log pi) under one draw,
`pooled_covariance` that of pairs (prompt, response), all in nats. `least_margin` is the gamma of Assumption 4.2.
Part "map-borders": the closed forms of `borders` as lines. Part "map-areas": for every rate and N the fraction of places in each region, and
how many places contradict a closed form. Part "map-predictors": see `map_predictors`. Part "map-models": see `model_rows`.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.amortise import borders, map_laws
from experiments.amortise.map_predictors import predictor_rows
from experiments.engine.columns import Column, columns
from sharpsim.tasks.many_writers import ManyWriters

Rows = list[dict[str, Any]]
REGIONS = ("greedy_right", "sharpening_wins", "too_few_draws", "mode_wrong")
_MEANS = (
    "one_draw greedy best_of_n mode coverage margin least_margin signed_margin covariance pooled_covariance "
    "greedy_right sharpening_wins too_few_draws mode_wrong"
)  # fmt: skip
MEASURED = ("one_draw", "greedy", "best_of_n", "tuned")
"""Accuracies of a model, each with an interval."""
PLACED = ("from_share", "to_share")
"""The share of careful writers at which one draw of the corpus is as often right as one draw of base, and of the tuned model."""
COLUMNS: dict[str, dict[str, Column]] = {
    "map": columns(text="region", count="phrasings N prompts", exact=f"rate share {_MEANS}"),
    "map-borders": columns(text="border", count="N", exact="rate share phrasings"),
    "map-areas": columns(
        text="", count="N cells greedy_off mode_off best_of_n_off", exact="rate " + " ".join(REGIONS) + " covariance_positive",
    ),
    "map-predictors": columns(
        text="target quantity threshold_from", count="N cells above", exact="rate threshold happens agree missed promised",
    ),
    "map-models": columns(
        text="task model", count="level phrasings N", exact="rate share",
        simulated={name: f"{name}_low {name}_high" for name in (*MEASURED, *PLACED)},
    ),
}  # fmt: skip


@dataclass(frozen=True)
class MapSettings:
    """`shares` is (first, last, number), evenly spaced in log-odds; `phrasings` is (last, number), integers about evenly spaced in the log.

    `rates` and `draws` (values of N) are all judged; the first of each is drawn. Best of N beats what it exceeds by more than `least`.
    """

    shares: tuple[float, float, int]
    phrasings: tuple[int, int]
    rates: tuple[float, ...]
    draws: tuple[int, ...]
    kind: str
    level: int
    prompts: int
    least: float

    def grid(self) -> tuple[np.ndarray, np.ndarray]:
        """The shares, float64, and the numbers of phrasings, distinct integers from 1."""
        first, last, number = self.shares
        odds = np.linspace(np.log(first / (1 - first)), np.log(last / (1 - last)), number)
        most, count = self.phrasings
        return 1 / (1 + np.exp(-odds)), np.unique(np.rint(np.geomspace(1, most, count)).astype(int))
