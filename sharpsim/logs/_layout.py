"""The strict layout, for estimators that take arrays [prompts, seeds, draws]: nothing missing, and as many draws everywhere."""

import numpy as np

from sharpsim._arguments import checked
from sharpsim.logs._errors import LogError, refuse
from sharpsim.logs._samples import GREEDY, SampleTable, table_codes


@checked
def rectangular(table: SampleTable) -> SampleTable:
    """The table itself, if each (model, task) fills an array [prompts, seeds, draws].

    Raises `LogError`, which names row, column and rule, unless:

    - every row has `log_prob`, `correct` and at least one of `tokens`;
    - within a (model, task) every prompt has the same seeds, and every seed the samples 0, 1, ..., k - 1 with one k;
    - the greedy decoding (sample -1) is there for all prompts of a (model, task), or for none.
    """
    for name, bad, rule in (
        ("log_prob", np.isnan(table.log_prob), "there"),
        ("tokens", ~(table.tokens >= 1), "at least 1"),
        ("correct", np.isnan(table.correct), "there"),
    ):
        if bad.any():
            raise refuse(row := int(np.argmax(bad)), name, rule, getattr(table, name)[row].item())
    cell, names, prompt = table_codes(table)
    for number, (model, task) in enumerate(names):
        rows = np.flatnonzero(cell == number)
        where = f"model {model!r}, task {task!r}"
        drawn, greedy = rows[table.sample[rows] != GREEDY], rows[table.sample[rows] == GREEDY]
        if not len(drawn):
            raise LogError(f"row {rows[0] + 1}, `sample`: {where} must have draws besides the greedy decoding; got none.")
        _check_draws(table, drawn, prompt, where)
        _check_greedy(drawn, greedy, prompt, where)
    return table


def _check_draws(table: SampleTable, drawn: np.ndarray, prompt: np.ndarray, where: str) -> None:
    order = drawn[np.lexsort((table.sample[drawn], table.seed[drawn], prompt[drawn]))]
    seed, sample, x = table.seed[order], table.sample[order], prompt[order]
    starts = np.flatnonzero(np.append(True, (x[1:] != x[:-1]) | (seed[1:] != seed[:-1])))
    sizes = np.diff(np.append(starts, len(order)))
    expected = np.arange(len(order)) - np.repeat(starts, sizes)
    if (sample != expected).any():
        at = int((sample != expected).argmax())
        rule = f"0, 1, ... without gaps within its prompt and seed (next is {expected[at]})"
        raise refuse(int(order[at]), "sample", rule, int(sample[at]))
    if (sizes != sizes[0]).any():
        at = int((sizes != sizes[0]).argmax())
        raise LogError(
            f"row {order[starts[at]] + 1}, `sample`: every prompt and seed of {where} must have as many draws; got {sizes[at]} "
            f"here and {sizes[0]} in row {order[starts[0]] + 1}."
        )
    _check_seeds(seed[starts], x[starts], order[starts], where)


def _check_seeds(seed: np.ndarray, prompt: np.ndarray, row: np.ndarray, where: str) -> None:
    """Of every (prompt, seed) in order: its seed, its prompt, its first row."""
    turns = np.flatnonzero(np.append(True, prompt[1:] != prompt[:-1]))
    ends = np.append(turns[1:], len(prompt))
    first = seed[: ends[0]]
    for begin, end in zip(turns, ends, strict=True):
        mine = seed[begin:end]
        if not np.array_equal(mine, first):
            raise LogError(
                f"row {row[begin] + 1}, `seed`: every prompt of {where} must have the same seeds; got {mine.tolist()} "
                f"here and {first.tolist()} in row {row[0] + 1}."
            )


def _check_greedy(drawn: np.ndarray, greedy: np.ndarray, prompt: np.ndarray, where: str) -> None:
    if not len(greedy):
        return
    if len(missing := np.setdiff1d(prompt[drawn], prompt[greedy])):
        row = drawn[np.isin(prompt[drawn], missing).argmax()]
        raise LogError(
            f"row {row + 1}, `sample`: the greedy decoding (-1) must be there for all prompts of {where} or for none; this row's has none."
        )
    if len(extra := np.setdiff1d(prompt[greedy], prompt[drawn])):
        row = greedy[np.isin(prompt[greedy], extra).argmax()]
        raise LogError(f"row {row + 1}, `sample`: every prompt of {where} must have draws; this row's has only a greedy decoding.")
