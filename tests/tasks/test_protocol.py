"""What every task must keep: splits that never meet, codecs that lose nothing, checkers that no text upsets, equal draws everywhere."""

import importlib.util
import itertools
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from sharpsim.tasks import HELD_OUT_SHARE, TASKS, Arithmetic, Task
from sharpsim.tasks._draws import Draws
from sharpsim.tasks._task import BEGIN, END

NEEDS_DICTIONARY = pytest.mark.skipif(importlib.util.find_spec("pocketsphinx") is None, reason="needs the extra sharpsim[real]")
EVERY = [
    pytest.param(cls(level), id=f"{cls.name}-{level}", marks=[NEEDS_DICTIONARY] if cls.name == "pronunciation" else [])
    for cls in TASKS.values()
    for level in cls.levels
]
MALFORMED = [
    "",
    " ",
    "  ",
    "\n",
    "=",
    "24",
    " = ",
    ";",
    " ; ",
    " . ",
    "true",
    "é",
    "<end>",
    "<begin>",
    "0/0",
    "1 / 0 = 1",
    "((((",
    "9" * 300,
]
MALFORMED += ["9" * 5000, f"{'9' * 5000} + 1 = 24", f"1 + {'9' * 5000}", "(" * 5000]
# What anyone must get, on any platform, from the code below: prompts, pairs and splits of the tasks that need no dictionary.
FINGERPRINT = "57d1e614d11e3b06"
CODE = """
import hashlib
from sharpsim.tasks import TASKS
seen = []
for name in ("game of 24", "deduction", "arithmetic", "many writers"):
    for level in TASKS[name].levels:
        task = TASKS[name](level)
        seen += [task.prompts("held_out", 30, 3), task.prompts("train", 30, 3), task.training_pairs(60, 3)]
print(hashlib.sha256(repr(seen).encode()).hexdigest()[:16])
"""


@pytest.mark.parametrize("task", EVERY)
def test_training_never_sees_what_is_held_out(task):
    held_out = {prompt for seed in range(2) for prompt in task.prompts("held_out", 80, seed)}
    trained = {prompt for seed in range(2) for prompt, _ in task.training_pairs(250, seed)} | set(task.prompts("train", 100, 0))
    assert len(trained) > 300
    assert not held_out & trained
    assert {task.split_of(prompt) for prompt in held_out} == {"held_out"}
    assert {task.split_of(prompt) for prompt in trained} == {"train"}


@pytest.mark.parametrize("task", EVERY)
def test_one_in_five_is_held_out_and_enough_for_the_figures(task):
    listed = task._all_prompts()
    assert len(task.prompts("held_out", 256, 0)) == 256
    if listed is not None:
        held_out = task._held_out(listed)
        assert stats.binomtest(sum(held_out), len(listed), 1 / HELD_OUT_SHARE).pvalue > 1e-6
        # `split_of` says it of one prompt: asked of one in twenty, as lists are long.
        assert [task.split_of(prompt) == "held_out" for prompt in listed[::20]] == held_out[::20]
    other = type(task)(task.level, split_seed=1)
    assert {other.split_of(prompt) for prompt in task.prompts("held_out", 100, 0)} == {"train", "held_out"}


@pytest.mark.parametrize("task", EVERY)
def test_samples_are_distinct_nested_and_their_seeds(task):
    prompts = task.prompts("held_out", 100, 5)
    assert len(set(prompts)) == 100
    assert task.prompts("held_out", 40, 5) == prompts[:40]
    assert task.prompts("held_out", 100, 6) != prompts
    pairs = task.training_pairs(100, 5)
    assert task.training_pairs(40, 5) == pairs[:40]
    assert task.training_pairs(100, 6) != pairs
    assert [prompt for prompt, _ in pairs] == task.training_prompts(100, 5) != task.prompts("train", 100, 5)


@pytest.mark.parametrize("task", EVERY)
def test_fresh_prompts_are_in_no_training_pair_and_not_held_out(task):
    fresh = task.fresh_prompts(150, 4, pairs=600, training_seed=1)
    assert len(set(fresh)) == 150
    assert not set(fresh) & {prompt for prompt, _ in task.training_pairs(600, 1)}
    assert {task.split_of(prompt) for prompt in fresh} == {"train"}
    assert task.fresh_prompts(60, 4, pairs=600, training_seed=1) == fresh[:60]
    assert task.fresh_prompts(60, 5, pairs=600, training_seed=1) != fresh[:60]
    # Those of `prompts` in their order, the seen ones left out.
    unseen = [prompt for prompt in task.prompts("train", 60, 4) if prompt not in set(task.training_prompts(600, 1))]
    assert fresh[: len(unseen)] == unseen


def test_fresh_prompts_end_where_training_prompts_begin():
    task = Arithmetic(1)
    size = sum(task.split_of(prompt) == "train" for prompt in task._all_prompts())
    assert len(task.fresh_prompts(size - 1000, 0, pairs=1000, training_seed=0)) == size - 1000
    with pytest.raises(ValueError, match=rf"at most {size - 1000}, the number of prompts in 'train' that are not excluded; got {size}\."):
        task.fresh_prompts(size, 0, pairs=1000, training_seed=0)
    with pytest.raises(ValueError, match="`n` must be at most 0, "):
        task.fresh_prompts(1, 0, pairs=size, training_seed=0)


def test_listed_prompts_come_once_before_any_comes_again():
    task = Arithmetic(1)
    size = sum(task.split_of(prompt) == "train" for prompt in task._all_prompts())
    drawn = [prompt for prompt, _ in task.training_pairs(2 * size, 0)]
    assert len(set(drawn[:size])) == size == len(set(drawn[size:]))
    assert drawn[:size] != drawn[size:]


@pytest.mark.parametrize("task", EVERY)
def test_references_are_right_and_fit_the_codec(task):
    # Training text itself may be wrong (many writers); references never are.
    pairs = [(prompt, task.references(prompt)[0]) for prompt in task.training_prompts(75, 0)]
    pairs += [(prompt, task.references(prompt)[-1]) for prompt in task.prompts("held_out", 75, 0)]
    prompts, responses = task.encode_pairs(pairs)
    assert prompts.dtype == responses.dtype == np.int32
    assert prompts.shape == (150, task.prompt_length)
    assert responses.shape == (150, task.horizon)
    assert task.horizon <= 32
    assert (responses < task.response_size).all()
    assert (responses != task.begin_token).all()
    assert (responses[:, -1] == task.end_token).all()
    for (prompt, response), read, written in zip(pairs, prompts, responses, strict=True):
        assert (task.decode_prompt(read), task.decode_response(written)) == (prompt, response)
        assert task.is_correct(prompt, response)
        assert task.answer(response) is not None
    # Each response against the next prompt: mostly wrong, so that being right means something.
    assert np.mean([task.is_correct(after[0], before[1]) for before, after in itertools.pairwise(pairs)]) < 0.2


@pytest.mark.parametrize("task", EVERY)
def test_no_text_upsets_a_checker(task):
    prompt = task.prompts("held_out", 1, 0)[0]
    reference = task.references(prompt)[0]
    for response in [*MALFORMED, *(reference + more for more in (" ", "x", BEGIN, "\n"))]:
        assert task.is_correct(prompt, response) is False
        assert isinstance(task.answer(response), str | None)
    for response in ("", " ", "é", END):
        assert task.answer(response) is None


@pytest.mark.parametrize("task", EVERY)
def test_every_array_a_model_may_draw_has_a_text(task):
    rng = np.random.default_rng(0)
    prompt = task.prompts("held_out", 1, 0)[0]
    drawn = rng.integers(0, len(task.vocabulary), size=(50, task.horizon))
    for tokens in [*drawn, np.zeros(task.horizon, dtype=int), np.ones(task.horizon, dtype=int)]:
        text = task.decode_response(tokens)
        assert not task.is_correct(prompt, text)
        if text and BEGIN not in text:
            ended = np.cumsum(tokens == task.end_token) > 0
            np.testing.assert_array_equal(task.encode_response(text), np.where(ended, task.end_token, tokens))
    assert task.decode_response(np.zeros(task.horizon, dtype=int)) == ""


@pytest.mark.parametrize("task", EVERY)
def test_refusals_name_the_argument(task):
    for call, message in (
        (lambda: type(task)(9), "`level` must be one of 1, 2"),
        (lambda: task.prompts("test", 1, 0), "`split` must be one of train, held_out; got 'test'"),
        (lambda: task.prompts("train", 0, 0), "`n` must be a whole number of at least 1 and at most 10,000,000, as .*; got 0"),
        (lambda: task.training_pairs(0, 0), "`n` must be"),
        (lambda: task.encode_prompt("§"), "`prompt` must consist of the task's tokens; got '§'"),
        (lambda: task.encode_prompt(""), "`prompt` must consist"),
        (lambda: task.encode_response(END), "`response` must consist"),
        (lambda: task.decode_response(np.zeros(3, dtype=int)), rf"`response` must be integers of shape \({task.horizon},\)"),
        (lambda: task.decode_response(np.zeros(task.horizon)), "`response` must be integers"),
        (lambda: task.decode_response(np.full(task.horizon, 999)), "`response` must hold tokens in 0.."),
        (lambda: task.references("no prompt"), "`prompt` must be"),
        (lambda: task.is_correct("no prompt", ""), "`prompt` must be"),
    ):
        with pytest.raises(ValueError, match=message):
            call()
    word = task.vocabulary[2]
    with pytest.raises(ValueError, match=f"`response` must have at most {task.horizon} tokens; .* which has {task.horizon + 1}"):
        task.encode_response(task.response_separator.join([word] * (task.horizon + 1)))


@pytest.mark.parametrize("name", ["arithmetic", "game of 24"])
def test_more_prompts_than_there_are_is_refused(name):
    task = TASKS[name](1)
    with pytest.raises(ValueError, match=r"`n` must be at most \d+, the number of prompts in 'held_out'; got 5000"):
        task.prompts("held_out", 5000, 0)


@pytest.mark.parametrize("hash_seed", ["0", "1"])
def test_every_process_draws_the_same(hash_seed):
    done = subprocess.run(
        [sys.executable, "-c", CODE],
        check=True,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONHASHSEED": hash_seed},
        cwd=Path(__file__).parents[2],
    )
    assert done.stdout.strip() == FINGERPRINT


def test_tasks_load_no_jax():
    code = "import sys, sharpsim.tasks; sys.exit(any(name in sys.modules for name in ('jax', 'scipy', 'pocketsphinx')))"
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], check=False).returncode == 0


def doubling(**changed):
    """The task that the head of `_task.py` shows."""
    body = {
        "name": "doubling",
        "levels": (1, 2),
        "vocabulary": (END, BEGIN, "|"),
        "response_size": 3,
        "prompt_length": 20,
        "horizon": 41,
        "_all_prompts": lambda self: tuple("|" * size for size in range(1, 10 * self.level + 1)),
        "references": lambda self, prompt: (2 * prompt,),
        "is_correct": lambda self, prompt, response: response == 2 * prompt,
        "answer": lambda self, response: response or None,
    }
    return type("Doubling", (Task,), body | changed)


def test_a_user_can_add_a_task():
    task = doubling()(2)
    assert sorted(task.prompts("train", 14, 0) + task.prompts("held_out", 6, 0)) == ["|" * size for size in range(1, 21)]
    pairs = task.training_pairs(50, 0)
    assert all(response == 2 * prompt for prompt, response in pairs)
    assert task.encode_pairs(pairs)[1].sum() == 2 * sum(len(response) for _, response in pairs)
    with pytest.raises(ValueError, match="`vocabulary` must hold distinct tokens, '<end>' and '<begin>' first"):
        doubling(vocabulary=("|", END, BEGIN))
    with pytest.raises(ValueError, match=r"`response_size` must be in 3\.\.3"):
        doubling(response_size=4)


def test_a_generator_that_runs_out_is_refused_and_one_that_is_missing_is_said():
    few = doubling(_all_prompts=Task._all_prompts, _draw_prompt=lambda self, draws: "|" * (1 + draws.below(20)))(1)
    assert len(few.prompts("train", 14, 0)) == 14
    with pytest.raises(ValueError, match="`n` must be at most 14, the number of prompts in 'train'; got 15"):
        few.prompts("train", 15, 0)
    with pytest.raises(NotImplementedError, match="must define _all_prompts or _draw_prompt"):
        doubling(_all_prompts=Task._all_prompts)(1).prompts("train", 1, 0)


def test_draws_are_uniform():
    draws = Draws("a", 1)
    counts = np.bincount([draws.below(6) for _ in range(6000)], minlength=6)
    assert stats.chisquare(counts).pvalue > 1e-6
    orders = [tuple(draws.shuffled("abc")) for _ in range(6000)]
    assert stats.chisquare([orders.count(order) for order in set(orders)]).pvalue > 1e-6
    assert len(set(orders)) == 6
    assert Draws("a", 1).below(2**40) != Draws("a", 2).below(2**40)
