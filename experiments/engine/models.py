"""The models of the sequence experiments: which are trained on each task, on which pairs of prompt and response, for how many steps."""

import functools
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sharpsim.tasks import TASKS, Task

MODELS = ("ngram", "gru", "transformer-small", "transformer-large")
"""From the shortest context to the longest."""
NAMES = {"ngram": "n-gram", "gru": "GRU", "transformer-small": "transformer S", "transformer-large": "transformer L"}
PADDING = -1
VALIDATION = 512
"""Number of training prompts of each level that are held back as validation data: they decide when training stops."""


@dataclass(frozen=True)
class Recipe:
    """How the models of one task are trained: levels, pairs from each level (one number, or by level), steps by model, order of the n-gram.

    `drawn`: whether a validation prompt keeps the response of its training pair, for text that may be wrong; otherwise it gets its first
    reference. Either way its pairs leave the training data.
    """

    levels: tuple[int, ...]
    pairs: int | dict[int, int]
    steps: dict[str, int]
    order: int
    drawn: bool = False

    def pairs_of(self, level: int) -> int:
        """The number of training pairs drawn at a level, those held back for validation among them."""
        return self.pairs if isinstance(self.pairs, int) else self.pairs[level]


BATCH = 64
RATES = {"gru": 4e-3, "transformer-small": 2e-3, "transformer-large": 1.5e-3}
RECIPES = {
    "pronunciation": Recipe((1, 2, 3), 40_000, {"gru": 6000, "transformer-small": 4000, "transformer-large": 2000}, order=2),
    "game of 24": Recipe(
        (1, 2, 3), {1: 20_000, 2: 20_000, 3: 12_000}, {"gru": 6000, "transformer-small": 4000, "transformer-large": 1500}, order=2
    ),
    "deduction": Recipe((1, 2, 3), 60_000, {"gru": 4000, "transformer-small": 3000, "transformer-large": 2600}, order=3),
    "arithmetic": Recipe((1, 2, 3), 60_000, {"gru": 6000, "transformer-small": 4000, "transformer-large": 2000}, order=3),
    "many writers": Recipe(
        (1, 2, 3, 4, 5, 6, 7), 20_000, {"gru": 6000, "transformer-small": 5000, "transformer-large": 3500}, order=3, drawn=True
    ),
}
"""Steps and rates were chosen by validation loss alone. The game of 24 got its third level, and other numbers of pairs and steps, after
models trained on two levels had been judged on test prompts; all other recipes were fixed before their first model was judged."""


def load(task: str, model: str) -> Any:
    """The committed model of a task."""
    from sharpsim.policies import trained_policy

    return trained_policy(task, model)


def available_prompts(task: Task, split: str, prompts: int, seed: int) -> list[str]:
    """`prompts` prompts of a split, or all of them where the task has fewer."""
    return _as_many(lambda n: task.prompts(split, n, seed), prompts)


def available_fresh(task: Task, prompts: int, seed: int) -> list[str]:
    """`prompts` prompts that no model of the task has seen in training (`fresh_prompts`), or all of them where there are fewer."""
    return _as_many(lambda n: fresh_prompts(task, n, seed), prompts)


def _as_many(drawn: Callable[[int], list[str]], prompts: int) -> list[str]:
    try:
        return drawn(prompts)
    except ValueError as refusal:
        least = re.search(r"must be at most (\d+)", str(refusal))
        if least is None:
            raise
        return drawn(int(least[1]))


def encode_prompts(task: Task, texts: Iterable[str]) -> np.ndarray:
    """The tokens of the prompts, int32 `[n, prompt_length]`, padded with -1 as policies expect."""
    encoded = np.stack([task.encode_prompt(text) for text in texts])
    return np.where(encoded == task.end_token, PADDING, encoded).astype(np.int32)


def encode_pairs(task: Task, pairs: Sequence[tuple[str, str]]) -> Any:
    """The pairs of texts as `sharpsim.training.Pairs` of tokens."""
    from sharpsim.training import Pairs

    prompts, responses = task.encode_pairs(pairs)
    return Pairs(np.where(prompts == task.end_token, PADDING, prompts).astype(np.int32), responses)


def sizes(task: type[Task]) -> dict[str, Any]:
    """The sizes that the policies of a task are built with. Prompts that use other tokens than responses have their own vocabulary."""
    shared = task.response_size == len(task.vocabulary)
    return {
        "vocabulary_size": task.response_size, "horizon": task.horizon, "prompt_length": task.prompt_length,
        "prompt_vocabulary_size": None if shared else len(task.vocabulary), "end_token": task.end_token,
    }  # fmt: skip


def blank(task: type[Task], model: str, *, key: Any) -> Any:
    """The untrained policy of a neural model."""
    import equinox as eqx

    from sharpsim.policies import GRUPolicy, TransformerPolicy

    shape: dict[str, tuple[type, dict[str, int]]] = {
        "gru": (GRUPolicy, {"width": 32, "hidden": 128}),
        "transformer-small": (TransformerPolicy, {"layers": 2, "width": 64, "heads": 4}),
        "transformer-large": (TransformerPolicy, {"layers": 3, "width": 96, "heads": 4}),
    }
    kind, widths = shape[model]
    return eqx.filter_jit(kind)(**sizes(task), **widths, key=key)


def training_pairs(task: str, recipe: Recipe, *, seed: int) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """(training pairs, validation pairs), both from the split "train": test prompts are in neither.

    `VALIDATION` prompts of each level are held back for validation, or a tenth of the prompts where there are few; with them goes, at all
    levels, what asks the same (`Task.split_key`).
    """
    drawn = {level: TASKS[task](level=level).training_pairs(recipe.pairs_of(level), seed) for level in recipe.levels}
    kept: set[str] = set()
    for level, pairs in drawn.items():
        keys = list(dict.fromkeys(map(TASKS[task](level=level).split_key, _prompts_of(pairs))))
        if kept.isdisjoint(keys):
            kept.update(keys[: min(VALIDATION, len(keys) // 10)])
    train, validation = [], []
    for level, pairs in drawn.items():
        asked = TASKS[task](level=level)
        held_back = [asked.split_key(prompt) in kept for prompt in _prompts_of(pairs)]
        train += [pair for pair, held in zip(pairs, held_back, strict=True) if not held]
        written = dict(pair for pair, held in zip(pairs, held_back, strict=True) if held)
        validation += [
            (prompt, written[prompt] if recipe.drawn else asked.references(prompt)[0]) for prompt in sorted(list(written)[:VALIDATION])
        ]
    return train, validation


def fresh_prompts(task: Task, n: int, seed: int, *, training_seed: int = 0) -> list[str]:
    """`n` distinct prompts of a level's training split that no model of the task has seen in training, at any level.

    Raises `ValueError` for more than there are; the message says how many there are.
    """
    return task.prompts("train", n, seed, without=_seen(type(task), task.split_seed, training_seed))


@functools.cache
def _seen(task: type[Task], split_seed: int, training_seed: int) -> frozenset[str]:
    recipe = RECIPES[task.name]
    levels = (task(level, split_seed) for level in recipe.levels)
    return frozenset(prompt for asked in levels for prompt in asked.training_prompts(recipe.pairs_of(asked.level), training_seed))


def _prompts_of(pairs: Iterable[tuple[str, str]]) -> Iterable[str]:
    return (prompt for prompt, _ in pairs)
