"""The models of the sequence experiments: what is trained on each task, on which pairs, by which schedule."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sharpsim.tasks import TASKS, Task

MODELS = ("ngram", "gru", "transformer-small", "transformer-large")
"""Smallest reach first."""
NAMES = {"ngram": "n-gram", "gru": "GRU", "transformer-small": "transformer S", "transformer-large": "transformer L"}
PADDING = -1
VALIDATION = 512
"""Training prompts of each level that only decide when to stop."""


@dataclass(frozen=True)
class Recipe:
    """How the models of one task are trained: pairs from each level, steps and orders by model."""

    levels: tuple[int, ...]
    pairs: int
    steps: dict[str, int]
    order: int


BATCH = 64
RATES = {"gru": 4e-3, "transformer-small": 2e-3, "transformer-large": 1.5e-3}
RECIPES = {
    "pronunciation": Recipe((1, 2, 3), 40_000, {"gru": 6000, "transformer-small": 4000, "transformer-large": 2000}, order=2),
    "game of 24": Recipe((1, 2), 60_000, {"gru": 6000, "transformer-small": 3000, "transformer-large": 1500}, order=2),
    "deduction": Recipe((1, 2, 3), 60_000, {"gru": 4000, "transformer-small": 3000, "transformer-large": 1800}, order=3),
    "arithmetic": Recipe((1, 2, 3), 60_000, {"gru": 6000, "transformer-small": 4000, "transformer-large": 2000}, order=3),
}
"""Fixed before the first model was judged on a held-out prompt."""


def load(task: str, model: str) -> Any:
    """The committed model of a task."""
    from sharpsim.policies import trained_policy

    return trained_policy(task, model)


def available_prompts(task: Task, split: str, prompts: int, seed: int) -> list[str]:
    """`task.prompts`, or all there are of a list that is shorter."""
    try:
        return task.prompts(split, prompts, seed)
    except ValueError as refusal:
        least = re.search(r"must be at most (\d+)", str(refusal))
        if least is None:
            raise
        return task.prompts(split, int(least[1]), seed)


def encode_prompts(task: Task, texts: Iterable[str]) -> np.ndarray:
    """int32 [n, prompt_length], padded as policies want it."""
    encoded = np.stack([task.encode_prompt(text) for text in texts])
    return np.where(encoded == task.end_token, PADDING, encoded).astype(np.int32)


def encode_pairs(task: Task, pairs: Sequence[tuple[str, str]]) -> Any:
    """`sharpsim.training.Pairs` of texts."""
    from sharpsim.training import Pairs

    prompts, responses = task.encode_pairs(pairs)
    return Pairs(np.where(prompts == task.end_token, PADDING, prompts).astype(np.int32), responses)


def sizes(task: type[Task]) -> dict[str, Any]:
    """What the policies of a task are built with. Prompts that use other tokens than responses have an alphabet of their own."""
    shared = task.response_size == len(task.vocabulary)
    return {
        "vocabulary_size": task.response_size, "horizon": task.horizon, "prompt_length": task.prompt_length,
        "prompt_vocabulary_size": None if shared else len(task.vocabulary), "end_token": task.end_token,
    }  # fmt: skip


def blank(task: type[Task], model: str, *, key: Any) -> Any:
    """The untrained policy of a model that is trained by gradients."""
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
    """Pairs to train on and pairs that decide when to stop, all from the split "train": held-out prompts are in neither.

    Of a short list of prompts a tenth decides.
    """
    train, validation = [], []
    for level in recipe.levels:
        asked = TASKS[task](level=level)
        pairs = asked.training_pairs(recipe.pairs, seed)
        distinct = list(dict.fromkeys(prompt for prompt, _ in pairs))
        kept = set(distinct[: min(VALIDATION, len(distinct) // 10)])
        train += [pair for pair in pairs if pair[0] not in kept]
        validation += [(prompt, asked.references(prompt)[0]) for prompt in sorted(kept)]
    return train, validation
