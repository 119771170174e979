"""Cells of models and tasks: the table of samples is what model and checker say, exact bands hold the draws, theory's columns by hand."""

import jax
import numpy as np
import pytest

from experiments.engine.frame import Context
from experiments.engine.models import available_prompts, encode_prompts
from experiments.inference.exact import _covariance, profile_rows, theory_row, with_exact
from experiments.inference.panels import panels
from experiments.inference.zoo import Found, Question, cells
from sharpsim import decoding
from sharpsim.logs._cells import cells as grouped
from sharpsim.policies import trained_policy
from sharpsim.tasks import TASKS

QUESTION = Question("arithmetic", 1, "held_out")


@pytest.fixture(scope="module")
def cell():
    size = {"prompts": 12, "seeds": 3, "draws": 20, "expansions": 200, "kept": 1000}
    return next(cells(Context(scale="test", quiet=True), [QUESTION], "arithmetic", "gru", **size))


def test_the_table_is_what_model_and_checker_say(cell):
    task, policy = TASKS["arithmetic"](level=1), trained_policy("arithmetic", "gru")
    own = next(grouped(cell.table))
    assert own.log_probs.shape == (12, 3, 20)
    texts = list(dict.fromkeys(cell.table.prompt.tolist()))
    assert texts == task.prompts("held_out", 12, 0)
    prompts = encode_prompts(task, texts)
    for i, prompt in enumerate(texts):
        rows = np.flatnonzero((cell.table.prompt == prompt) & (cell.table.correct == 1))
        # A right answer is the value of the prompt, so all right draws vote for one thing.
        assert {cell.table.answer[row] for row in rows} <= {str(eval(prompt))}
        found = cell.found.log_probs[i]
        drawn = np.unique(own.log_probs[i])
        # What was drawn and is likelier than the search's bound was found, with the same log-probability.
        for value in drawn[drawn > cell.found.tail_bound[i] + 1e-6]:
            assert np.abs(found - value).min() < 1e-4
    greedy = jax.vmap(lambda x: policy.log_prob(x, decoding.greedy(policy, x)))(prompts)
    np.testing.assert_allclose(cell.found.greedy_log_probs, greedy, atol=1e-5)
    assert (cell.found.incumbent >= cell.found.greedy_log_probs).all()


def test_exact_bands_hold_the_draws(cell):
    """Every literal accuracy is within 6 standard errors of its band; a band of other prompts does not hold it."""
    parts = panels(cell.table, N=[1, 5, 20], level=0.95, bins=20)
    with_exact(parts, cell.found, floor=-40.0)
    rows = [row for row in parts["cells"] if np.isfinite(row["exact_lower"])]
    assert {row["rule"] for row in rows} == {"best of N", "length-normalised", "pass@N"}
    for row in rows:
        allowed = 6 * 0.5 / np.sqrt(12 * 3 * (20 // row["N"]))
        assert row["exact_lower"] - allowed <= row["accuracy"] <= row["exact_upper"] + allowed
        assert 0 <= row["exact_lower"] <= row["exact_upper"] <= 1 + 1e-12
    one = next(row for row in parts["cells"] if row["rule"] == "best of N" and row["N"] == 1)
    known = (np.exp(cell.found.log_probs) * cell.found.correct).sum(axis=1).mean()
    assert one["exact_lower"] == pytest.approx(known, rel=1e-4)


def test_columns_of_theory(cell):
    row = theory_row(cell, grid=(1, 5, 20, 100), share=0.1, level=0.95, floor=-40.0)
    own = next(grouped(cell.table))
    by_hand = np.mean([[np.cov(own.correct[i, s], own.log_probs[i, s])[0, 1] for s in range(3)] for i in range(12)])
    assert row["covariance"] == pytest.approx(by_hand, rel=1e-10)
    assert row["prompts"] == 12
    assert 1 <= row["coverage_low"] <= row["coverage_high"]
    assert 0 <= row["agree"] <= row["told"] <= 12
    profile = profile_rows(cell, N=(1.0, 3.0, 1e6))
    assert (profile[0]["uncovered_high"], profile[2]["uncovered_high"]) == (1, 0)
    for entry in profile:
        assert entry["uncovered_low"] <= entry["uncovered_high"] <= entry["bound"] + 1e-12


def test_covariance_is_unbiased():
    rng = np.random.default_rng(0)
    correct, values = rng.random((4, 2, 30)) < 0.4, rng.normal(size=(4, 2, 30))
    assert _covariance(correct, values)[2, 1] == pytest.approx(np.cov(correct[2, 1], values[2, 1])[0, 1])


def test_a_short_list_of_prompts_is_taken_whole():
    task = TASKS["game of 24"](level=2)
    with pytest.raises(ValueError, match="at most") as refusal:
        task.prompts("held_out", 5000, 0)
    assert f"at most {len(available_prompts(task, 'held_out', 5000, 0))}," in str(refusal.value)


def test_proven_is_strict():
    found = Found(
        log_probs=np.log([[0.5, 0.2], [0.25, 0.2]]),
        correct=np.zeros((2, 2), bool),
        lengths=np.ones((2, 2), int),
        remaining_mass=np.array([0.3, 0.55]),
        tail_bound=np.log([0.3, 0.25]),
        incumbent=np.log([0.5, 0.25]),
        greedy_log_probs=np.log([0.5, 0.2]),
        greedy_correct=np.zeros(2, bool),
        horizon=3,
    )
    assert found.proven.tolist() == [True, False]


def test_figure_2d_can_fail():
    """Greedy below one draw everywhere, or equal on all tasks, reproduces nothing; an impossible accuracy is a violation."""
    from experiments.engine.frame import Table
    from experiments.inference.predictions import _greedy, _greedy_and_mode

    accuracy = np.array([0.1, 0.4, 0.7])

    def told(greedy: list[float]) -> str:
        lift = 100 * (accuracy - greedy)
        ends = {"lift_low": lift - 10, "lift_high": lift + 10}
        return _greedy(Table({"rule": ["best of N"] * 3, "N": [1] * 3, "accuracy": accuracy, "greedy": greedy, **ends})).verdict

    assert told([0.25, 0.55, 0.9]) == "reproduced"
    assert told([0.25, 0.2, 0.5]) == "vacuous"
    assert told([0.55, 0.55, 0.9]) == "vacuous"
    words = {"greedy_correct": [True, True, False, False], "mode_correct": [True, False, False, False]}
    assert _greedy_and_mode(Table({**words, "greedy_is_mode": [True, False, True, True]})).verdict == "holds"
    assert _greedy_and_mode(Table({**words, "greedy_is_mode": [True] * 4})).verdict == "violated"
