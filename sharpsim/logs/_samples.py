"""The table of samples: one row for each draw of any model. Its values and its layout are checked when it is made.

| column | |
|---|---|
| `model`, `task` | text; optional, then all rows are of "model" and "task" |
| `prompt` | text: the prompt itself or a name of it |
| `seed` | whole number; optional, then 0. Each prompt of a (model, task) has the same seeds |
| `sample` | 0, 1, ... within (model, task, prompt, seed), as many for every prompt and seed of a (model, task); -1 is the greedy decoding |
| `log_prob` | of the whole response under the model that drew it at temperature 1, end token included; nats, finite, at most 0 |
| `tokens` | length of the response in tokens, at least 1 |
| `answer` | what majority voting counts; empty: the response gives none, and votes for nothing |
| `correct` | True or False (also true, TRUE, 1 and so on) |

The greedy decoding has no seed. It is given once for each prompt of a (model, task), under any seed, or for none of the prompts. Two rows
with equal answers may differ in `correct`, since real logs contain such rows; a vote is as correct as the first draw with its answer.
"""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from sharpsim.logs._errors import LogError

GREEDY = -1
TEXT = ("model", "task", "prompt", "answer")
OPTIONAL: dict[str, Any] = {"model": "model", "task": "task", "seed": 0}
"""Columns that a file may lack, and the value of every row where one is missing."""


@dataclass(frozen=True)
class SampleTable:
    """Columns of equal length: text (object arrays), int64, float64, bool. The rules at the head of this file are checked when it is made.

    Raises `LogError`, which names row (1 is the first), column, rule and value, for what is not such a table.
    """

    model: np.ndarray
    task: np.ndarray
    prompt: np.ndarray
    seed: np.ndarray
    sample: np.ndarray
    log_prob: np.ndarray
    tokens: np.ndarray
    answer: np.ndarray
    correct: np.ndarray

    def __post_init__(self) -> None:
        for field in fields(self):
            values = np.asarray(getattr(self, field.name))
            object.__setattr__(self, field.name, _TYPED[field.name](field.name, values))
        if len({len(getattr(self, name)) for name in COLUMNS}) > 1:
            raise LogError(f"columns must have one length; got { {name: len(getattr(self, name)) for name in COLUMNS} }.")
        if not len(self):
            raise LogError("the table of samples must have at least one row; got 0.")
        _check_values(self)
        _check_layout(self)

    def __len__(self) -> int:
        return len(self.sample)


COLUMNS = tuple(field.name for field in fields(SampleTable))


def concatenate(tables: list[SampleTable]) -> SampleTable:
    """The tables one after the other, as one."""
    return SampleTable(*(np.concatenate([getattr(table, name) for table in tables]) for name in COLUMNS))


def codes(values: np.ndarray) -> tuple[np.ndarray, list[Any]]:
    """(number of each value, values in order of first appearance): hashing, as sorting a million texts takes seconds."""
    numbers: dict[Any, int] = {}
    return np.fromiter((numbers.setdefault(value, len(numbers)) for value in values.tolist()), np.int64, len(values)), list(numbers)


def refuse(row: int, column: str, rule: str, value: Any) -> LogError:
    """The refusal of one value; `row` counts from 0 here and from 1 for the reader."""
    return LogError(f"row {row + 1}, `{column}` must be {rule}; got {value!r}.")


def _text(name: str, values: np.ndarray) -> np.ndarray:
    made = values.astype(object)
    if values.dtype.kind != "U":
        for row, value in enumerate(made.tolist()):
            if not isinstance(value, str):
                raise refuse(row, name, "text", value)
    return made


def _whole(name: str, values: np.ndarray) -> np.ndarray:
    if values.dtype.kind in "iu":
        return values.astype(np.int64)
    made = _real(name, values)
    bad = ~(np.isfinite(made) & (made == np.floor(made)) & (np.abs(made) < 2**53))
    if bad.any():
        raise refuse(row := int(bad.argmax()), name, "a whole number", made[row].item())
    return made.astype(np.int64)


def _real(name: str, values: np.ndarray) -> np.ndarray:
    if values.dtype.kind not in "OUiuf":
        raise refuse(0, name, "a number", values[0].item() if len(values) else values.dtype)
    try:
        return values.astype(np.float64)
    except (TypeError, ValueError):
        # Only now one by one: whose fault it is.
        for row, value in enumerate(values.tolist()):
            try:
                float(value)
            except (TypeError, ValueError):
                raise refuse(row, name, "a number", value) from None
        raise


_BOOLEAN = {
    **dict.fromkeys(("True", "true", "TRUE", "1", True), True), **dict.fromkeys(("False", "false", "FALSE", "0", False), False),
}  # fmt: skip


def _boolean(name: str, values: np.ndarray) -> np.ndarray:
    if values.dtype == bool:
        return values
    for value in dict.fromkeys(values.tolist()):
        if value not in _BOOLEAN:
            raise refuse(values.tolist().index(value), name, "True or False", value)
    return np.fromiter((_BOOLEAN[value] for value in values.tolist()), bool, len(values))


_TYPED = {
    **dict.fromkeys(TEXT, _text), "seed": _whole, "sample": _whole, "tokens": _whole, "log_prob": _real, "correct": _boolean,
}  # fmt: skip


def _check_values(table: SampleTable) -> None:
    for name, bad, rule in (
        ("prompt", table.prompt == "", "text that is not empty"),
        ("sample", table.sample < GREEDY, "0, 1, ... or -1 for the greedy decoding"),
        ("log_prob", ~(np.isfinite(table.log_prob) & (table.log_prob <= 0)), "finite and at most 0 (nats)"),
        ("tokens", table.tokens < 1, "at least 1"),
    ):
        if bad.any():
            row = int(np.argmax(bad))
            raise refuse(row, name, rule, getattr(table, name)[row : row + 1].tolist()[0])


def cell_codes(table: SampleTable) -> tuple[np.ndarray, list[tuple[str, str]], np.ndarray]:
    """Number of each row's (model, task), the (model, task) of each number, and the number of each row's prompt within all prompts."""
    models, model_names = codes(table.model)
    tasks, task_names = codes(table.task)
    cell, pairs = codes(models * len(task_names) + tasks)
    names = [(str(model_names[pair // len(task_names)]), str(task_names[pair % len(task_names)])) for pair in pairs]
    return cell, names, codes(table.prompt)[0]


def _check_layout(table: SampleTable) -> None:
    """Samples 0..k-1 for every seed of every prompt of a (model, task), nothing twice, greedy for all prompts or for none."""
    cell, names, prompt = cell_codes(table)
    for number, (model, task) in enumerate(names):
        rows = np.flatnonzero(cell == number)
        where = f"model {model!r}, task {task!r}"
        drawn, greedy = rows[table.sample[rows] != GREEDY], rows[table.sample[rows] == GREEDY]
        if not len(drawn):
            raise LogError(f"row {rows[0] + 1}, `sample`: {where} must have draws besides the greedy decoding; got none.")
        _check_draws(table, drawn, prompt, where)
        _check_greedy(drawn, greedy, prompt, where)


def _check_draws(table: SampleTable, drawn: np.ndarray, prompt: np.ndarray, where: str) -> None:
    order = drawn[np.lexsort((table.sample[drawn], table.seed[drawn], prompt[drawn]))]
    seed, sample, x = table.seed[order], table.sample[order], prompt[order]
    begins = np.append(True, (x[1:] != x[:-1]) | (seed[1:] != seed[:-1]))
    starts = np.flatnonzero(begins)
    sizes = np.diff(np.append(starts, len(order)))
    expected = np.arange(len(order)) - np.repeat(starts, sizes)
    if (sample != expected).any():
        # Ordered by sample, a repeat is the one that equals its predecessor; the later row of the file is at fault.
        at = int((sample != expected).argmax())
        if not begins[at] and sample[at] == sample[at - 1]:
            raise LogError(
                f"row {max(order[at - 1], order[at]) + 1}, `sample`: a (model, task, prompt, seed, sample) must stand once; "
                f"{sample[at]} stands in row {min(order[at - 1], order[at]) + 1} too."
            )
        raise refuse(
            int(order[at]), "sample", f"0, 1, ... without gaps within its prompt and seed (next is {expected[at]})", int(sample[at])
        )
    if (sizes != sizes[0]).any():
        at = int((sizes != sizes[0]).argmax())
        raise LogError(
            f"row {order[starts[at]] + 1}, `sample`: every prompt and seed of {where} must have as many draws; got {sizes[at]} "
            f"here and {sizes[0]} in row {order[starts[0]] + 1}."
        )
    heads = x[starts]
    turns = np.flatnonzero(np.append(True, heads[1:] != heads[:-1]))
    first = seed[starts][: turns[1] if len(turns) > 1 else len(starts)]
    for begin, end in zip(turns, np.append(turns[1:], len(starts)), strict=True):
        mine = seed[starts][begin:end]
        if not np.array_equal(mine, first):
            raise LogError(
                f"row {order[starts[begin]] + 1}, `seed`: every prompt of {where} must have the same seeds; got {mine.tolist()} "
                f"here and {first.tolist()} in row {order[0] + 1}."
            )


def _check_greedy(drawn: np.ndarray, greedy: np.ndarray, prompt: np.ndarray, where: str) -> None:
    if not len(greedy):
        return
    found, counts = np.unique(prompt[greedy], return_counts=True)
    if (counts > 1).any():
        twice = greedy[prompt[greedy] == found[counts.argmax()]]
        raise LogError(
            f"row {twice[1] + 1}, `sample`: the greedy decoding (-1) must stand once for each prompt of {where}; it stands in row "
            f"{twice[0] + 1} too."
        )
    if missing := np.setdiff1d(prompt[drawn], found).tolist():
        row = drawn[np.isin(prompt[drawn], missing).argmax()]
        raise LogError(
            f"row {row + 1}, `sample`: the greedy decoding (-1) must be there for all prompts of {where} or for none; this row's has none."
        )
    if extra := np.setdiff1d(found, prompt[drawn]).tolist():
        row = greedy[np.isin(prompt[greedy], extra).argmax()]
        raise LogError(f"row {row + 1}, `sample`: every prompt of {where} must have draws; this row's has only a greedy decoding.")
