"""Splits a table of samples into groups, one for each model and task: flat arrays ordered by prompt, as many draws as each prompt has."""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace

import numpy as np

from sharpsim import _checks
from sharpsim._arguments import LABEL, checked
from sharpsim.logs._cells import answer_codes
from sharpsim.logs._samples import GREEDY, SampleTable, table_codes

_PER_DRAW = ("seeds", "samples", "log_probs", "tokens", "answers", "correct", "digests")


@dataclass(frozen=True)
class Group:
    """The samples of one model on one task. The draws of prompt i are rows `starts[i]` to `starts[i + 1]` of the flat arrays.

    `prompts` (text) is [prompts], in the order of the table; `starts` is [prompts + 1]. A prompt may have no draws, only a greedy decoding.
    Arrays [draws], ordered by prompt, seed and sample: `seeds`, `samples` (int64); `log_probs` (nats), `tokens`, `correct` (1.0, 0.0),
    float64 with NaN for what is missing; `answers`, integer labels that index `labels` (the texts), -1 for no answer; `digests` (int64),
    equal for equal responses, 0 where unknown. Of the greedy decoding, [prompts], NaN or -1 where there is none: `greedy_log_probs`,
    `greedy_tokens`, `greedy_correct`, `greedy_answers`.
    """

    model: str
    task: str
    prompts: np.ndarray
    starts: np.ndarray
    seeds: np.ndarray
    samples: np.ndarray
    log_probs: np.ndarray
    tokens: np.ndarray
    answers: np.ndarray
    correct: np.ndarray
    digests: np.ndarray
    labels: tuple[str, ...]
    greedy_log_probs: np.ndarray
    greedy_tokens: np.ndarray
    greedy_correct: np.ndarray
    greedy_answers: np.ndarray

    @property
    def counts(self) -> np.ndarray:
        """Draws of each prompt, [prompts]."""
        return np.diff(self.starts)

    @property
    def prompt_numbers(self) -> np.ndarray:
        """Number of each draw's prompt, [draws]."""
        return np.repeat(np.arange(len(self.prompts)), self.counts)

    @checked(prompt=LABEL)
    def draws(self, prompt: int) -> slice:
        """Where the draws of one prompt are in the flat arrays."""
        _checks.indices("prompt", prompt, len(self.prompts))
        return slice(int(self.starts[prompt]), int(self.starts[prompt + 1]))

    def having(self, *columns: str) -> "Group":
        """The draws for which none of `columns` ("log_probs", "tokens", "correct", "answers") is missing; prompts left without one go.

        With no columns, only prompts without draws go. Raises `ValueError` for another column.
        """
        keep = np.ones(len(self.seeds), dtype=bool)
        for name in columns:
            if name not in ("log_probs", "tokens", "correct", "answers"):
                raise ValueError(f"`columns` must be among log_probs, tokens, correct, answers; got {name!r}.")
            keep &= self.answers >= 0 if name == "answers" else ~np.isnan(getattr(self, name))
        counts = np.bincount(self.prompt_numbers[keep], minlength=len(self.prompts))
        left = counts > 0
        return replace(
            self,
            starts=np.append(0, np.cumsum(counts[left])),
            **{name: getattr(self, name)[keep] for name in _PER_DRAW},
            **{field.name: getattr(self, field.name)[left] for field in fields(self) if field.name == "prompts" or "greedy" in field.name},
        )


@checked
def groups(table: SampleTable) -> Iterator[Group]:
    """The groups in the order in which the table first names them."""
    cell, names, prompt = table_codes(table)
    label, texts = answer_codes(table.answer)
    order = np.lexsort((table.sample, table.seed, prompt, cell))
    ends = np.searchsorted(cell[order], np.arange(len(names) + 1))
    for number, (model, task) in enumerate(names):
        rows = order[ends[number] : ends[number + 1]]
        drawn, greedy = rows[table.sample[rows] != GREEDY], rows[table.sample[rows] == GREEDY]
        # Prompts are numbered by first appearance in the table, so their order here is that order.
        mine = np.unique(prompt[rows])
        first = rows[np.searchsorted(prompt[rows], mine)]
        at = np.searchsorted(mine, prompt[greedy])
        per_draw = (table.seed, table.sample, table.log_prob, table.tokens, label, table.correct, _digest(table))
        yield Group(
            model=model,
            task=task,
            prompts=table.prompt[first],
            starts=np.searchsorted(prompt[drawn], np.append(mine, mine[-1] + 1)),
            **dict(zip(_PER_DRAW, (values[drawn] for values in per_draw), strict=True)),
            labels=tuple(texts),
            greedy_log_probs=_placed(table.log_prob[greedy], at, len(mine)),
            greedy_tokens=_placed(table.tokens[greedy], at, len(mine)),
            greedy_correct=_placed(table.correct[greedy], at, len(mine)),
            greedy_answers=_placed(label[greedy], at, len(mine), -1),
        )


def _digest(table: SampleTable) -> np.ndarray:
    return np.zeros(len(table), dtype=np.int64) if table.digest is None else table.digest


def _placed(values: np.ndarray, at: np.ndarray, size: int, missing: float = np.nan) -> np.ndarray:
    made = np.full(size, missing, dtype=values.dtype)
    made[at] = values
    return made
