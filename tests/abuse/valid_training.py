"""Valid calls of the package `training`: one step on four pairs of the smallest policy."""

from typing import Any

import numpy as np

from sharpsim.training import NeuralClass, Pairs, Schedule, negative_log_likelihood
from tests.abuse.valid import LEFT_OUT, Made
from tests.tiny import FREE, gru

SCHEDULE = {
    "steps": 1,
    "batch": 2,
    "learning_rate": 0.05,
    "warmup": 0,
    "weight_decay": 0.1,
    "clip": 10.0,
    "evaluate_every": 1,
    "patience": 1,
}
PROMPTS, FIRST, SECOND = np.array([0, 1, 0]), np.array([[0, 1], [2, 0], [1, 1]]), np.array([[1, 1], [0, 0], [2, 1]])
PAIRS = Pairs(PROMPTS, FIRST)
RUN: dict[str, Any] = {
    "policy": FREE, "pairs": PAIRS, "data": PAIRS, "held_out": PAIRS, "schedule": Schedule(**SCHEDULE), "watch": LEFT_OUT, "batch": 2,
    "loss": negative_log_likelihood,
}  # fmt: skip
CLASS: dict[str, Any] = {"reference": FREE, "prompts": np.arange(2), "schedule": RUN["schedule"], "held_out": 1}
FIT: dict[str, Any] = {
    "self": Made(lambda: NeuralClass(**CLASS)), "prompts": PROMPTS, "responses": FIRST, "first": FIRST, "second": SECOND,
    "targets": np.array([0.1, -0.2, 0.3]), "likelihoods": np.ones((3, 2)),
}  # fmt: skip

BY_FUNCTION: dict[str, dict[str, Any]] = {
    "training.LowRankPolicy": {"base": Made(gru), "rank": 1},
    "training.NeuralClass": {**CLASS, "watch": LEFT_OUT, "rank": 1, "temperatures": (1.0,)},
    "training.NeuralClass.least_squares": FIT,
    "training.NeuralClass.maximum_likelihood": FIT,
    "training.Schedule": SCHEDULE,
    **{f"training.{name}": RUN for name in ("fit", "mean_loss", "minimise")},
    "training.negative_log_likelihood": {"policy": FREE, "pair": Pairs(PROMPTS[0], FIRST[0])},
}
