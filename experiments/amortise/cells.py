"""A cell of `amortise` is a model on one level of a task: base's performance on held-out prompts, its modes, and the head of each law."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.engine.asked import PRETRAINED, Judge, decoded_greedily, load, scored
from experiments.engine.models import available_fresh, available_prompts
from experiments.engine.rows import Refused
from sharpsim.theory import amortise as theory
from sharpsim.theory import inference

NEW, SAME = "new prompts", "same prompts"
"""Judged on prompts that tuning did not see; or, as in Theorem 4.1, tuned (without answers) on the very prompts that are judged."""


@dataclass(frozen=True)
class Head:
    """The first k found responses of each prompt, [prompts, k, horizon]; all else is remaining mass, below the bound."""

    responses: np.ndarray
    log_probs: np.ndarray
    correct: np.ndarray
    remaining_mass: np.ndarray
    tail_bound: np.ndarray


@dataclass(frozen=True)
class Cell:
    """One base policy and the held-out prompts it is judged on, [m]; all of them have a proven mode."""

    task: str
    level: int
    model: str
    policy: Any
    judge: Judge
    texts: tuple[str, ...]
    prompts: np.ndarray
    """The held-out prompts as text, and as the policy reads them."""
    groups: np.ndarray
    """int [m], equal for prompts that ask the same thing (orders of the same numbers): intervals over prompts take these as the sample."""
    fresh: np.ndarray
    """Prompts to tune on that are neither judged nor in the model's training pairs (the pretrained network's are not known)."""
    validation: np.ndarray
    """As many again, never tuned on: they decide when tuning stops."""
    unproven: int
    """Held-out prompts left out because the search for their mode ran out of expansions."""
    greedy_correct: np.ndarray
    greedy_log_probs: np.ndarray
    modes: np.ndarray
    """int32 [k, horizon], all modes of all prompts, and `mode_of` [k], the prompt of each."""
    mode_of: np.ndarray
    mode_log_probs: np.ndarray
    mode_correct: np.ndarray
    head: Head

    @property
    def greedy_accuracy(self) -> float:
        """The share of prompts that base's greedy decoding answers correctly."""
        return float(self.greedy_correct.mean())

    @property
    def greedy_log_prob(self) -> float:
        """The mean log-probability of base's greedy responses, in nats."""
        return float(self.greedy_log_probs.mean())

    @property
    def mode_accuracy(self) -> float:
        """The share of prompts whose mode (the first found of equals) is correct."""
        return float(self.mode_correct.mean())

    @property
    def weights(self) -> np.ndarray:
        """Every held-out prompt counts the same."""
        return np.full(len(self.prompts), 1 / len(self.prompts))

    @property
    def names(self) -> dict[str, Any]:
        """What tells this cell from others, for the rows."""
        return {"task": self.task, "level": self.level, "model": self.model}

    def mode_masses(self, policy: Any) -> np.ndarray:
        """pi(Y*(x)|x) of each prompt, Y* base's modes."""
        return np.minimum(np.bincount(self.mode_of, np.exp(scored(policy, self.prompts[self.mode_of], self.modes))), 1.0)

    def head_log_probs(self, policy: Any) -> np.ndarray:
        """log pi of the head's responses, [prompts, k]; -inf where there are fewer."""
        listed = self.head.log_probs > -np.inf
        table = np.full(listed.shape, -np.inf)
        table[listed] = scored(policy, self.prompts[np.nonzero(listed)[0]], self.head.responses[listed])
        return table

    def to_tune_on(self, asked: str) -> np.ndarray:
        """All prompts to tune on in the setting `asked`, `NEW` or `SAME`."""
        return self.prompts if asked == SAME else self.fresh

    def kept(self, N: int) -> inference.KeptLaw:
        """The law of what best of N keeps."""
        return inference.kept_law(self.head.log_probs, self.head.remaining_mass, self.head.tail_bound, draws=N)

    def kept_accuracy(self, N: int) -> inference.Band:
        """The accuracy of best of N on each prompt, in its certified band."""
        return inference.accuracy(self.kept(N), self.head.correct)

    def base_masses(self) -> np.ndarray:
        """base(Y*(x)|x), as the search summed it."""
        return inference.mode_mass(self.head.log_probs, self.head.tail_bound)

    def gaps(self, floor: float) -> np.ndarray:
        """log P* less the next log-probability, no more than down to `floor`: so it prices shortfalls that are cut there."""
        return np.minimum(theory.gaps(self.head.log_probs, self.head.tail_bound), self.mode_log_probs - floor)


def gather(
    name: tuple[str, int, str], *, prompts: int, validation: int, held_out: int, expansions: int, search: int, head_size: int, seed: int
) -> Cell:
    """Load the model, draw its prompts, decode greedily, prove the modes, list the head."""
    from sharpsim.decoding import head, most_likely_batch
    from sharpsim.tasks import TASKS

    task_name, level, model = name
    task = TASKS[task_name](level=level)
    asked = load(task, model)
    policy, texts = asked.policy, available_prompts(task, "held_out", held_out, seed)
    encoded = asked.encode(texts)
    found = most_likely_batch(policy, encoded, max_expansions=search, on_budget="return")
    heads = head(policy, encoded, max_expansions=expansions)
    proven = [i for i in range(len(texts)) if hasattr(found[i], "responses") and heads[i].certified >= len(found[i].responses)]
    if not proven:
        raise Refused(f"no held-out prompt of {task_name}, level {level}, has a mode that {model} was proven to have.")
    found, heads = [found[i] for i in proven], [heads[i] for i in proven]
    judge, every = Judge(task, [texts[i] for i in proven], asked.decode), np.arange(len(proven))
    decoded = decoded_greedily(policy, encoded)[0][proven]
    encoded = encoded[proven]
    kept, unseen = apart(task, _to_tune_on(task, model, validation + prompts, seed), validation)
    return Cell(
        task=task_name,
        level=level,
        model=model,
        policy=policy,
        judge=judge,
        texts=tuple(texts[i] for i in proven),
        prompts=encoded,
        groups=np.unique([task.split_key(texts[i]) for i in proven], return_inverse=True)[1],
        fresh=asked.encode(unseen),
        validation=asked.encode(kept),
        unproven=len(texts) - len(proven),
        greedy_correct=judge.correct(decoded, every),
        greedy_log_probs=scored(policy, encoded, decoded),
        modes=np.concatenate([one.responses for one in found]),
        mode_of=np.repeat(every, [len(one.responses) for one in found]),
        mode_log_probs=np.array([one.log_probs[0] for one in found]),
        mode_correct=judge.correct(np.stack([one.responses[0] for one in found]), every),
        head=_padded(heads, head_size, judge),
    )


def _to_tune_on(task: Any, model: str, count: int, seed: int) -> list[str]:
    """Prompts of the training split that the model has not seen; all there are, where they are fewer than `count`."""
    if model == PRETRAINED:
        return available_prompts(task, "train", count, seed)
    return available_fresh(task, count, seed)


def apart(task: Any, texts: list[str], size: int) -> tuple[list[str], list[str]]:
    """`size` prompts for validation, and the prompts that ask none of the same: orders of one set of numbers stay on one side."""
    keys = [task.split_key(text) for text in texts]
    kept, found = set(), 0
    for key, count in Counter(keys).items():
        if found >= size:
            break
        kept.add(key)
        found += count
    sides = [(text, key in kept) for text, key in zip(texts, keys, strict=True)]
    return [text for text, validates in sides if validates][:size], [text for text, validates in sides if not validates]


def _padded(heads: list[Any], size: int, judge: Judge) -> Head:
    """The first `size` of each: what is cut off joins the remaining mass, and its likeliest is one more bound."""
    n, horizon = len(heads), heads[0].responses.shape[1]
    made = Head(np.zeros((n, size, horizon), np.int32), np.full((n, size), -np.inf), np.zeros((n, size), bool), np.zeros(n), np.zeros(n))
    for row, one in enumerate(found.first(size) for found in heads):
        k = len(one.log_probs)
        made.responses[row, :k], made.log_probs[row, :k] = one.responses, one.log_probs
        made.correct[row, :k] = judge.correct(one.responses, row)
        made.remaining_mass[row], made.tail_bound[row] = one.remaining_mass, one.bound
    return made
