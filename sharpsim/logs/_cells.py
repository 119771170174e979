"""Splits a table of samples into cells, one for each model and task, as arrays that estimators take."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from sharpsim._arguments import checked
from sharpsim.logs._layout import rectangular
from sharpsim.logs._samples import GREEDY, SampleTable, codes, table_codes


@dataclass(frozen=True)
class Cell:
    """The samples of one model on one task, as many for each prompt and seed. `Group` is for tables where they are not.

    `log_probs` (nats), `tokens`, `answers` and `correct` (bool) are [prompts, seeds, draws]. `answers` are integer labels, -1 for no
    answer. `greedy_log_probs` and `greedy_correct` are [prompts], NaN where the table holds no greedy decoding.
    """

    model: str
    task: str
    log_probs: np.ndarray
    tokens: np.ndarray
    answers: np.ndarray
    correct: np.ndarray
    greedy_log_probs: np.ndarray
    greedy_correct: np.ndarray

    @property
    def sizes(self) -> dict[str, int]:
        """Numbers of prompts, seeds and draws."""
        return dict(zip(("prompts", "seeds", "draws"), self.log_probs.shape, strict=True))


@checked
def cells(table: SampleTable) -> Iterator[Cell]:
    """The cells in the order in which the table first names them. Prompts are in that order too; seeds and draws ascend.

    Raises `LogError` for a table that is not `rectangular`.
    """
    return _cells(rectangular(table))


def _cells(table: SampleTable) -> Iterator[Cell]:
    cell, names, prompt = table_codes(table)
    label = answer_codes(table.answer)[0]
    order = np.lexsort((table.sample, table.seed, prompt, cell))
    starts = np.searchsorted(cell[order], np.arange(len(names) + 1))
    for number, (model, task) in enumerate(names):
        rows = order[starts[number] : starts[number + 1]]
        greedy = rows[table.sample[rows] == GREEDY]
        drawn = rows[table.sample[rows] != GREEDY]
        shape = (len(np.unique(prompt[drawn])), len(np.unique(table.seed[drawn])), -1)
        missing = np.full(shape[0], np.nan)
        yield Cell(
            model, task,
            *(values[drawn].reshape(shape) for values in (table.log_prob, table.tokens, label, table.correct == 1)),
            *(values[greedy] if len(greedy) else missing for values in (table.log_prob, table.correct)),
        )  # fmt: skip


def answer_codes(answers: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """(integer label of each answer, texts by label). No answer has the label -1. Equal labels matter within a prompt only."""
    found, texts = codes(answers)
    if "" not in texts:
        return found, texts
    empty = texts.index("")
    labels = np.where(found == empty, -1, found - (found > empty))
    return labels, [*texts[:empty], *texts[empty + 1 :]]
