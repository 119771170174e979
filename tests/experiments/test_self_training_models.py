"""Rounds of trained models: who wins a vote, what a reward prefers, and rows whose parts add up."""

import numpy as np
import pytest

from experiments.engine.frame import Context
from experiments.self_training.models import SMOKE, Trained, preferred, rows, winner


def test_the_winner_has_the_answer_of_most_draws():
    assert winner(np.array(["", "7", "3", "7", "3", "3"], object)) == 2
    assert winner(np.array(["", "", ""], object)) == 0
    # Of equal counts the first answer in the order of texts; draws without an answer have no vote.
    assert winner(np.array(["", "", "", "9", "8"], object)) == 4


def test_what_a_reward_prefers():
    answers = np.array([["1", "2", "2"], ["3", "3", "4"]], object)
    assert preferred(answers, None).tolist() == [1, 0]
    assert preferred(answers, np.array([[-3.0, -2.0, -1.0], [-1.0, -2.0, -3.0]])).tolist() == [2, 0]


def test_rounds_of_a_small_model():
    """Round 0 is base, whatever the reward; training on own draws sharpens; the parts are changes since half of its draws.

    Its second half, that is: the first said which prompts' modes are right. In round 0 the change is 0.
    """
    few = Trained(SMOKE.cells, ("likelihood", "fixed"), rounds=1, prompts=8, draws=8, steps=10, learning_rate=1e-3)
    found = rows(few, 2, Context(scale="smoke", seed=0, quiet=True))
    assert [row["round"] for row in found] == [0, 1, 0, 1]
    first, last = found[:2]
    for name in ("accuracy", "log_likelihood", "pass_at_k", "right_modes"):
        # In the first round both rewards prefer the same draws.
        assert found[2][name] == first[name]
        assert found[3][name] == pytest.approx(last[name], abs=1e-6)
    assert last["log_likelihood"] > first["log_likelihood"]
    for row in found:
        assert row["low"] <= row["accuracy"] <= row["high"]
        assert row["accuracy"] <= row["pass_at_k"] <= 1
    change = last["accuracy"] - first["accuracy"]
    assert [first[f"{part}{end}"] for part in ("right_modes", "wrong_modes") for end in ("", "_low", "_high")] == [0.0] * 6
    # The two halves of the eight draws have the mean accuracy of round 0: what the second had is a number of eighths of halves.
    since_half = last["right_modes"] + last["wrong_modes"]
    assert last["accuracy"] - since_half == pytest.approx(round((last["accuracy"] - since_half) * 32) / 32, abs=1e-12)
    assert abs(since_half - change) <= min(first["accuracy"], 1 - first["accuracy"]) + 1e-12
