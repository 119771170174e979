"""The small models on tasks with exact answers: their draws as a table of samples, and the head of each prompt's law by exact search."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.engine.asked import PRETRAINED, Judge, decoded_greedily, load
from experiments.engine.frame import Context
from experiments.engine.models import NAMES, available_prompts
from experiments.engine.rows import Refused
from sharpsim.logs import GREEDY, SampleTable
from sharpsim.tasks import TASKS, Task

MODELS = ("gru", "transformer-small", "transformer-large")
"""The n-gram model is not asked: it is never right, or at most on one prompt in twenty, and a longer context does not mend it."""
LONGEST = ("transformer-large", PRETRAINED, "transformer-small", "gru")
"""The models in the order of the time that they take."""


@dataclass(frozen=True)
class Question:
    """Prompts of one level of a task. Held-out prompts were in no model's training pairs."""

    task: str
    level: int
    split: str

    @property
    def name(self) -> str:
        """As figures call it."""
        return f"{self.task} {self.level}" + ("" if self.split == "held_out" else " (seen)")


@dataclass(frozen=True)
class Found:
    """The head of each prompt's law; rows descend, padded with log-probability -inf. Arrays are [prompts, k] or [prompts]."""

    log_probs: np.ndarray
    correct: np.ndarray
    lengths: np.ndarray
    remaining_mass: np.ndarray
    tail_bound: np.ndarray
    incumbent: np.ndarray
    """The largest log-probability of anything found, drawn or decoded greedily."""
    greedy_log_probs: np.ndarray
    greedy_correct: np.ndarray
    horizon: int

    @property
    def proven(self) -> np.ndarray:
        """Of which prompts the mode is certain."""
        return self.log_probs.max(axis=1) > self.tail_bound


@dataclass(frozen=True)
class Cell:
    """One model on one question."""

    model: str
    question: Question
    table: SampleTable
    found: Found


def models_of(task: str) -> tuple[str, ...]:
    """The models that are asked the questions of a task."""
    return (*MODELS, *((PRETRAINED,) if task == "pronunciation" else ()))


def cells(
    context: Context,
    questions: Sequence[Question],
    task: str,
    model: str,
    *,
    prompts: int,
    seeds: int,
    draws: int,
    expansions: int,
    kept: int,
) -> Iterator[Cell]:
    """One model on those of the questions that are of one task, `seeds` x `draws` draws of each of `prompts` prompts, or of all there are.

    Of the responses that the search finds the `kept` likeliest are kept; the rest joins the mass that was not found. The draws depend on
    the run's seed and on the places of question and model in their lists.
    """
    import jax

    for column, question in enumerate(questions):
        if question.task != task:
            continue
        asked = TASKS[task](level=question.level)
        try:
            texts = available_prompts(asked, question.split, prompts, context.seed)
        except ImportError as error:
            raise Refused(str(error)) from error
        key = jax.random.fold_in(jax.random.fold_in(context.key(), column), models_of(task).index(model))
        yield _cell(question, asked, model, texts, seeds=seeds, draws=draws, expansions=expansions, kept=kept, key=key)


def _cell(
    question: Question, task: Task, model: str, texts: list[str], *, seeds: int, draws: int, expansions: int, kept: int, key: Any
) -> Cell:
    from sharpsim.decoding import head, sample_many

    asked = load(task, model)
    policy, prompts, judge = asked.policy, asked.encode(texts), Judge(task, texts, asked.decode)
    drawn = sample_many(policy, prompts, draws=seeds * draws, key=key)
    heads = [one.first(kept) for one in head(policy, prompts, max_expansions=expansions)]
    best, best_log_probs = decoded_greedily(policy, prompts)
    log_probs = np.minimum(np.asarray(drawn.log_probs, dtype=np.float64), 0.0)
    judged = [judge(drawn.responses[i], i) for i in range(len(texts))]
    of_greedy = [judge(best[i : i + 1], i) for i in range(len(texts))]
    n, each = log_probs.shape
    table = SampleTable(
        model=np.full(n * (each + 1), NAMES.get(model, model), dtype=object),
        task=np.full(n * (each + 1), question.name, dtype=object),
        prompt=np.repeat(np.array(texts, dtype=object), each + 1),
        seed=np.tile(np.append(np.repeat(np.arange(seeds), draws), 0), n),
        sample=np.tile(np.append(np.tile(np.arange(draws), seeds), GREEDY), n),
        log_prob=np.concatenate([log_probs, best_log_probs[:, None]], axis=1).ravel(),
        tokens=np.concatenate([policy.lengths(drawn.responses), policy.lengths(best)[:, None]], axis=1).ravel(),
        answer=np.concatenate([np.append(mine[1], other[1]) for mine, other in zip(judged, of_greedy, strict=True)]),
        correct=np.concatenate([np.append(mine[0], other[0]) for mine, other in zip(judged, of_greedy, strict=True)]),
    )
    return Cell(NAMES.get(model, model), question, table, _found(policy, heads, judge, log_probs, best_log_probs, of_greedy))


def _found(
    policy: Any, heads: list[Any], judge: Judge, drawn: np.ndarray, best: np.ndarray, of_greedy: list[tuple[np.ndarray, np.ndarray]]
) -> Found:
    shape = (len(heads), max(1, *(len(found.log_probs) for found in heads)))
    log_probs, correct, lengths = np.full(shape, -np.inf), np.zeros(shape, dtype=bool), np.ones(shape, dtype=np.int64)
    left, edge = np.zeros(len(heads)), np.zeros(len(heads))
    for i, found in enumerate(heads):
        if size := len(found.log_probs):
            log_probs[i, :size], lengths[i, :size] = found.log_probs, policy.lengths(found.responses)
            correct[i, :size] = judge.correct(found.responses, i)
        left[i], edge[i] = found.remaining_mass, found.bound
    return Found(
        log_probs=log_probs,
        correct=correct,
        lengths=lengths,
        remaining_mass=left,
        tail_bound=edge,
        incumbent=np.maximum(np.maximum(log_probs.max(axis=1), best), drawn.max(axis=1)),
        greedy_log_probs=best,
        greedy_correct=np.array([right[0] for right, _ in of_greedy]),
        horizon=policy.horizon,
    )
