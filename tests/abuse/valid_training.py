"""Valid calls of the package `training`: one step on four pairs of the smallest policy."""

from typing import Any

import jax
import numpy as np

from sharpsim.training import LowRankPolicy, NeuralClass, Pairs, Schedule, TrainingDiverged
from tests.abuse.valid import LEFT_OUT, Made
from tests.tiny import gru, pairs

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
POLICY, (PROMPTS, RESPONSES) = Made(gru), pairs(0, 3)
NUMBERS, PAIRS = np.array([0, 1, 0]), Pairs(PROMPTS, RESPONSES)


def _class() -> NeuralClass:
    return NeuralClass(gru(), PROMPTS, Schedule(**SCHEDULE), 1)


def _square(point: Any, example: Any) -> Any:
    # Of any shapes: whether they fit is the business of a loss.
    return (point**2).sum() + (example**2).sum(), 1.0


RUN: dict[str, Any] = {
    "policy": POLICY, "pairs": PAIRS, "held_out": PAIRS, "schedule": Schedule(**SCHEDULE), "watch": LEFT_OUT, "batch": 2,
}  # fmt: skip
LOW_RANK: dict[str, Any] = {
    "self": Made(lambda: LowRankPolicy(gru(), 1, key=jax.random.key(0))), "prompt": PROMPTS[0], "prompts": PROMPTS,
    "response": RESPONSES[0], "responses": RESPONSES, "token": np.int32(0), "temperature": 2.0,
    "state": Made(lambda: gru().start(PROMPTS[0])),
}  # fmt: skip
FIT: dict[str, Any] = {
    "self": Made(_class), "prompts": NUMBERS, "responses": RESPONSES, "first": RESPONSES, "second": RESPONSES[::-1],
    "targets": np.array([0.1, -0.2, 0.3]), "likelihoods": np.ones((3, 2)),
}  # fmt: skip

BY_FUNCTION: dict[str, dict[str, Any]] = {
    "training.LowRankPolicy": {"base": POLICY, "rank": 1},
    **{f"training.LowRankPolicy.{name}": LOW_RANK for name in (
        "at_temperature", "check_prompt", "check_prompts", "check_responses", "lengths", "log_prob", "sample", "start", "step",
        "token_log_probs")},
    "training.NeuralClass": {
        "reference": POLICY, "prompts": PROMPTS, "schedule": RUN["schedule"], "held_out": 1, "watch": LEFT_OUT, "rank": 1,
        "temperatures": (1.0,),
    },
    "training.NeuralClass.least_squares": FIT,
    "training.NeuralClass.maximum_likelihood": FIT,
    "training.Schedule": SCHEDULE,
    **{f"training.{name}": RUN for name in ("fit", "mean_loss")},
    "training.minimise": {**RUN, "policy": np.zeros(3), "data": np.eye(3), "held_out": np.eye(3), "loss": _square},
    "training.negative_log_likelihood": {"policy": POLICY, "pair": Pairs(PROMPTS[0], RESPONSES[0])},
}  # fmt: skip

SAYS: dict[str, tuple[type[Exception], ...]] = {
    f"training.{name}": (TrainingDiverged,) for name in ("fit", "minimise", "NeuralClass.least_squares", "NeuralClass.maximum_likelihood")
}
"""A loss that is not finite."""
