"""The small models on tasks with exact answers: their draws as a table of samples, and the head of each prompt's law by exact search."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.engine.frame import Context
from experiments.engine.models import MODELS, NAMES, available_prompts, encode_prompts, load
from experiments.engine.rows import Refused
from sharpsim.logs import GREEDY, SampleTable
from sharpsim.tasks import TASKS, Task

HEAD = 1000
"""Responses of a prompt's head that are kept: the search finds more, nearly all of no account."""
PRETRAINED = "g2p-en"
"""The network read from an installed package; it knows one task."""


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


def cells(context: Context, questions: Sequence[Question], *, prompts: int, seeds: int, draws: int, expansions: int) -> Iterator[Cell]:
    """Every model on every question, `seeds` x `draws` draws of each of `prompts` prompts (all there are, where they are fewer)."""
    import jax

    for column, question in enumerate(questions):
        task = TASKS[question.task](level=question.level)
        try:
            texts = available_prompts(task, question.split, prompts, context.seed)
        except ImportError as error:
            raise Refused(str(error)) from error
        models = (*MODELS, *((PRETRAINED,) if question.task == "pronunciation" else ()))
        for row, model in enumerate(models):
            key = jax.random.fold_in(jax.random.fold_in(context.key(), column), row)
            yield _cell(question, task, model, texts, seeds=seeds, draws=draws, expansions=expansions, key=key)


def _cell(question: Question, task: Task, model: str, texts: list[str], *, seeds: int, draws: int, expansions: int, key: Any) -> Cell:
    from sharpsim.decoding import head, sample_many

    policy, prompts, judge = _pretrained(task, texts) if model == PRETRAINED else _trained(task, model, texts)
    drawn = sample_many(policy, prompts, draws=seeds * draws, key=key)
    heads = head(policy, prompts, max_expansions=expansions)
    best, best_log_probs = _greedy(policy, prompts)
    log_probs = np.minimum(np.asarray(drawn.log_probs, dtype=np.float64), 0.0)
    judged = [judge(i, drawn.responses[i]) for i in range(len(texts))]
    of_greedy = [judge(i, best[i : i + 1]) for i in range(len(texts))]
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


def _greedy(policy: Any, prompts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Greedy's response to each prompt and its log-probability."""
    import equinox as eqx
    import jax

    from sharpsim.decoding import greedy

    def both(policy: Any, prompt: Any) -> Any:
        response = greedy(policy, prompt)
        return response, policy.log_prob(prompt, response)

    # The policy is an argument: closed over, its weights would be folded into the program.
    responses, log_probs = eqx.filter_jit(jax.vmap(both, (None, 0)))(policy, prompts)
    return np.asarray(responses), np.minimum(np.asarray(log_probs, dtype=np.float64), 0.0)


Judge = Callable[[int, np.ndarray], tuple[np.ndarray, np.ndarray]]
"""(number of the prompt, responses [m, horizon]) -> (correct [m], answers [m]); each distinct response is judged once."""


def _found(
    policy: Any, heads: list[Any], judge: Judge, drawn: np.ndarray, best: np.ndarray, of_greedy: list[tuple[np.ndarray, np.ndarray]]
) -> Found:
    shape = (len(heads), min(HEAD, max(1, *(len(found.log_probs) for found in heads))))
    log_probs, correct, lengths = np.full(shape, -np.inf), np.zeros(shape, dtype=bool), np.ones(shape, dtype=np.int64)
    left, edge = np.zeros(len(heads)), np.zeros(len(heads))
    for i, found in enumerate(heads):
        size = min(HEAD, len(found.log_probs))
        if size:
            log_probs[i, :size], lengths[i, :size] = found.log_probs[:size], policy.lengths(found.responses[:size])
            correct[i, :size] = judge(i, found.responses[:size])[0]
        # What is cut off joins what was not found, and its likeliest is one more bound.
        left[i] = found.remaining_mass + np.exp(found.log_probs[size:]).sum()
        edge[i] = max(found.bound, found.log_probs[size:].max(initial=-np.inf))
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


def _trained(task: Task, model: str, texts: list[str]) -> tuple[Any, np.ndarray, Judge]:
    def read(prompt: str, response: np.ndarray) -> tuple[bool, str]:
        text = task.decode_response(response)
        return task.is_correct(prompt, text), task.answer(text) or ""

    return load(task.name, model), encode_prompts(task, texts), _judge(texts, read)


def _pretrained(task: Task, texts: list[str]) -> tuple[Any, np.ndarray, Judge]:
    from sharpsim.policies import pretrained_g2p

    try:
        policy = pretrained_g2p()
    except ImportError as error:
        raise Refused(str(error)) from error

    def read(prompt: str, response: np.ndarray) -> tuple[bool, str]:
        text = " ".join(policy.decode(response))
        return task.is_correct(prompt, text), task.answer(text) or ""

    return policy, np.stack([policy.encode(text) for text in texts]), _judge(texts, read)


def _judge(texts: list[str], read: Callable[[str, np.ndarray], tuple[bool, str]]) -> Judge:
    known: list[dict[bytes, tuple[bool, str]]] = [{} for _ in texts]

    def judge(number: int, responses: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        found = []
        for response in np.ascontiguousarray(responses):
            name = response.tobytes()
            if name not in known[number]:
                known[number][name] = read(texts[number], response)
            found.append(known[number][name])
        return np.array([right for right, _ in found], dtype=bool), np.array([answer for _, answer in found], dtype=object)

    return judge
