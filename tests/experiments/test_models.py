"""The trained models: a tiny one from nothing to its file, the committed ones and their log, no held-out prompt in training."""

import csv
import dataclasses
import functools

import numpy as np
import pytest

from experiments.engine.models import BATCH, MODELS, RECIPES, VALIDATION, encode_pairs, encode_prompts, fresh_prompts, training_pairs
from experiments.engine.rows import Refused
from experiments.engine.train import LOG, train
from sharpsim.policies import WEIGHTS, load_policy, trained_policies, trained_policy, weights_path
from sharpsim.tasks import TASKS
from sharpsim.training import mean_loss

TINY = {"arithmetic": dataclasses.replace(RECIPES["arithmetic"], levels=(1,), pairs=400, steps={"gru": 40})}


def log_rows(folder):
    with (folder / LOG).open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_tiny_model_from_nothing_to_its_file(tmp_path):
    """Trained, stored, logged, read back; training again replaces its lines and leaves those of others; same seed, same bytes."""
    train(tasks=["arithmetic"], models=["ngram", "gru"], seed=0, folder=tmp_path, recipes=TINY)
    rows = [row for row in log_rows(tmp_path) if row["model"] == "gru"]
    assert [int(row["step"]) for row in rows] == list(range(0, 41, 4))
    losses = np.array([float(row["validation_loss"]) for row in rows])
    # Untrained, 16 tokens are about equally likely.
    assert abs(losses[0] - np.log(16)) < 0.3
    assert losses.min() < losses[0] - 0.3
    path = tmp_path / weights_path("arithmetic", "gru").name
    _, validation = training_pairs("arithmetic", TINY["arithmetic"], seed=0)
    held_out = encode_pairs(TASKS["arithmetic"](level=1), validation)
    assert mean_loss(load_policy(path), held_out, batch=BATCH) == pytest.approx(losses.min(), abs=2e-3)

    before, count = path.read_bytes(), len(log_rows(tmp_path))
    train(tasks=["arithmetic"], models=["gru"], seed=0, folder=tmp_path, recipes=TINY)
    assert path.read_bytes() == before
    assert len(log_rows(tmp_path)) == count


def test_unknown_names_are_refused(tmp_path):
    with pytest.raises(Refused, match="no task 'arithmetics'"):
        train(tasks=["arithmetics"], models=["gru"], seed=0, folder=tmp_path)
    with pytest.raises(Refused, match="no model 'lstm'"):
        train(tasks=["arithmetic"], models=["lstm"], seed=0, folder=tmp_path)
    with pytest.raises(ValueError, match="`task` and `model` must be a trained pair"):
        trained_policy("arithmetic", "lstm")


def test_every_model_of_every_task_is_there():
    assert set(trained_policies()) == {(task, model) for task in RECIPES for model in MODELS}
    assert sum(path.stat().st_size for path in WEIGHTS.iterdir()) < 8 * 2**20
    logged = {(row["task"], row["model"]): int(row["bytes"]) for row in log_rows(WEIGHTS)}
    assert logged == {pair: weights_path(*pair).stat().st_size for pair in trained_policies()}


@pytest.fixture(scope="module")
def held_out():
    """The validation pairs of the committed models."""
    _, validation = training_pairs("arithmetic", RECIPES["arithmetic"], seed=0)
    return encode_pairs(TASKS["arithmetic"](level=1), validation)


@pytest.mark.parametrize("model", ["gru", "transformer-small"])
def test_the_log_is_that_of_the_weights(model, held_out):
    """The committed weights have the validation loss that the log claims for their best step (float16 costs little)."""
    rows = [row for row in log_rows(WEIGHTS) if (row["task"], row["model"]) == ("arithmetic", model)]
    best = next(float(row["validation_loss"]) for row in rows if row["step"] == row["best_step"])
    assert mean_loss(trained_policy("arithmetic", model), held_out, batch=BATCH) == pytest.approx(best, abs=5e-3)


@functools.cache
def few_pairs(task):
    """(training pairs, validation pairs) of 2,000 pairs at each level."""
    return training_pairs(task, dataclasses.replace(RECIPES[task], pairs=2000), seed=0)


@pytest.mark.parametrize("task", RECIPES)
def test_no_held_out_prompt_is_trained_on(task):
    recipe, (train_pairs, validation) = RECIPES[task], few_pairs(task)
    own = TASKS[task](level=1)
    assert {own.split_of(prompt) for prompt, _ in [*train_pairs, *validation]} == {"train"}
    assert not {prompt for prompt, _ in train_pairs} & {prompt for prompt, _ in validation}
    assert 0 < len(validation) <= VALIDATION * len(recipe.levels)


@pytest.mark.parametrize("task", ["game of 24", "many writers"])
def test_what_asks_the_same_is_on_one_side(task):
    """A multiset in another order, or an expression from another source, does not bring a validation prompt into training."""
    recipe, (train_pairs, validation) = RECIPES[task], few_pairs(task)
    key = TASKS[task](level=1).split_key
    assert not {key(prompt) for prompt, _ in train_pairs} & {key(prompt) for prompt, _ in validation}
    assert len(validation) > 150 * len(recipe.levels)


def test_validation_text_of_many_writers_is_drawn_like_training_text():
    _, validation = few_pairs("many writers")
    wrong = np.mean([not TASKS["many writers"](level=1).is_correct(*pair) for pair in validation])
    assert 0.15 < wrong < 0.4


@pytest.mark.parametrize(("task", "level", "n"), [("game of 24", 3, 5000), ("many writers", 2, 30_000), ("pronunciation", 2, 9000)])
def test_fresh_prompts_are_in_no_training_pair_of_any_level(task, level, n):
    if task == "pronunciation":
        pytest.importorskip("pocketsphinx")
    asked, recipe = TASKS[task](level=level), RECIPES[task]
    fresh = set(fresh_prompts(asked, n, 0))
    assert len(fresh) == n
    assert {asked.split_of(prompt) for prompt in fresh} == {"train"}
    for other in recipe.levels:
        trained = TASKS[task](level=other).training_prompts(recipe.pairs_of(other), 0)
        assert not fresh & set(trained)
    if task == "many writers":
        # New with every source in front, not with its own alone.
        assert not {*map(asked.split_key, fresh)} & {*map(asked.split_key, TASKS[task](level=1).training_prompts(20_000, 0))}
    with pytest.raises(ValueError, match=r"`n` must be at most \d+, the number of prompts in 'train' that are not excluded; got 99999"):
        fresh_prompts(asked, 99_999, 0)


def test_prompts_are_padded_as_policies_want_them():
    task = TASKS["arithmetic"](level=1)
    prompts = encode_prompts(task, ["1+2+3", "9*8-7"])
    assert prompts.shape == (2, task.prompt_length)
    assert (prompts[:, 5:] == -1).all()
    trained_policy("arithmetic", "ngram").check_prompts(prompts)
