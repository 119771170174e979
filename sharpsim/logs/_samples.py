"""The table of samples: one row for each draw of any model. Columns are needed only by what uses them.

| column | |
|---|---|
| `model`, `task` | text; optional, then all rows are of "model" and "task" |
| `prompt` | text: the prompt itself or a name of it |
| `seed` | whole number; optional, then 0 |
| `sample` | 0, 1, ... within (model, task, prompt, seed); gaps are allowed; -1 is the greedy decoding |
| `log_prob` | of the whole response under the model that drew it at temperature 1, end token included; nats, at most 0; NaN if missing |
| `tokens` | length of the response in tokens, 0 for an empty one; NaN if missing |
| `answer` | what majority voting counts; empty: the response gives none, and votes for nothing |
| `correct` | 1.0 right, 0.0 wrong, NaN if nobody has judged it |
| `digest` | number of the response's text: equal numbers within a prompt, equal texts; 0 if the log has no texts; optional |

Prompts may have different seeds and different numbers of draws. The greedy decoding has no seed: it may be given once for a prompt, under
any seed. What contradicts itself is refused: two rows of one (model, task, prompt, seed, sample), a log-probability above 0. Two rows with
equal answers may differ in `correct`, since real logs contain such rows.
"""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from sharpsim._arguments import checked
from sharpsim._kind import Is
from sharpsim.logs import _values
from sharpsim.logs._errors import LogError, refuse

GREEDY = -1
TEXT = ("model", "task", "prompt", "answer")
DEFAULTS: dict[str, Any] = {
    "model": "model", "task": "task", "seed": 0, "log_prob": np.nan, "tokens": np.nan, "answer": "", "correct": np.nan, "digest": 0,
}  # fmt: skip
"""Columns that a log may lack, and the value of every row where one is missing."""
ROUNDING = 1e-6
"""A log-probability above 0 by no more than this is a rounded sum in single precision; it is taken as 0."""


def _is_column(value: Any) -> bool:
    try:
        return np.ndim(value) == 1
    except ValueError:
        return False


COLUMN = Is("values along one axis, one for each row", _is_column)


@checked(**dict.fromkeys(("model", "task", "prompt", "seed", "sample", "log_prob", "tokens", "answer", "correct", "digest"), COLUMN))
@dataclass(frozen=True)
class SampleTable:
    """Columns of equal length: text (object arrays), int64, float64. The rules at the head of this file are checked when it is made.

    Arrays of any kind are taken, and turned into these. `None` and NaN are missing values.

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
    digest: np.ndarray | None = None

    def __post_init__(self) -> None:
        if self.digest is None:
            object.__setattr__(self, "digest", np.zeros(len(self.sample), dtype=np.int64))
        for name in COLUMNS:
            given = np.asarray(getattr(self, name))
            made, faults = READ[name](given)
            if faults:
                raise refuse(faults[0][0], name, faults[0][1], given[faults[0][0] : faults[0][0] + 1].tolist()[0])
            object.__setattr__(self, name, made)
        for name in COLUMNS:
            if len(getattr(self, name)) != len(self):
                raise LogError(f"`{name}` must have {len(self)} rows, as `sample` has; got {len(getattr(self, name))}.")
        if not len(self):
            raise LogError("the table of samples must have at least one row; got 0.")
        for name, bad, rule in broken(vars(self)):
            if bad.any():
                raise refuse(row := int(np.argmax(bad)), name, rule, getattr(self, name)[row : row + 1].tolist()[0])
        object.__setattr__(self, "log_prob", np.minimum(self.log_prob, 0.0))
        if len(pairs := repeated(vars(self), table_codes(self))):
            raise repetition(int(pairs[0, 0]), int(pairs[0, 1]), vars(self))

    def __len__(self) -> int:
        return len(self.sample)


COLUMNS = tuple(field.name for field in fields(SampleTable))
READ = {
    **dict.fromkeys(TEXT, _values.text), **dict.fromkeys(("seed", "sample", "digest"), _values.whole),
    **dict.fromkeys(("log_prob", "tokens"), _values.real), "correct": _values.judged,
}  # fmt: skip
"""How the values of each column are read."""


TABLES = Is(
    "a list of tables of samples, at least one",
    lambda value: isinstance(value, (list, tuple)) and len(value) > 0 and all(isinstance(one, SampleTable) for one in value),
)


@checked(tables=TABLES)
def concatenate(tables: list[SampleTable]) -> SampleTable:
    """The tables one after the other, as one."""
    return SampleTable(*(np.concatenate([getattr(table, name) for table in tables]) for name in COLUMNS))


def codes(values: np.ndarray) -> tuple[np.ndarray, list[Any]]:
    """(number of each value, values in order of first appearance): hashing, as sorting a million texts takes seconds."""
    given = values.tolist()
    names = list(dict.fromkeys(given))
    numbers = dict(zip(names, range(len(names)), strict=True))
    return np.fromiter(map(numbers.__getitem__, given), np.int64, len(given)), names


def cell_codes(columns: dict[str, Any]) -> tuple[np.ndarray, list[tuple[str, str]], np.ndarray]:
    """Number of each row's (model, task), the (model, task) of each number, and the number of each row's prompt within all prompts."""
    models, model_names = codes(columns["model"])
    tasks, task_names = codes(columns["task"])
    cell, pairs = codes(models * len(task_names) + tasks)
    names = [(str(model_names[pair // len(task_names)]), str(task_names[pair % len(task_names)])) for pair in pairs]
    return cell, names, codes(columns["prompt"])[0]


def table_codes(table: SampleTable) -> tuple[np.ndarray, list[tuple[str, str]], np.ndarray]:
    """`cell_codes` of a table, kept with it: of a million rows they take a second."""
    kept = vars(table)
    if "_codes" not in kept:
        kept["_codes"] = cell_codes(kept)
    return kept["_codes"]


def broken(columns: dict[str, Any]) -> list[tuple[str, np.ndarray, str]]:
    """For each rule on single values: (column, rows that break it, rule)."""
    log_prob, tokens = columns["log_prob"], columns["tokens"]
    with np.errstate(invalid="ignore"):
        return [
            ("prompt", columns["prompt"] == "", "text that is not empty"),
            ("seed", columns["seed"] == _values.NOWHERE, "a whole number"),
            ("sample", columns["sample"] < GREEDY, "0, 1, ... or -1 for the greedy decoding"),
            ("log_prob", (log_prob > ROUNDING) | np.isinf(log_prob), "finite and at most 0 (nats)"),
            ("tokens", (tokens < 0) | np.isinf(tokens), "at least 0"),
            ("tokens", ~np.isnan(tokens) & (tokens % 1 != 0), "a whole number"),
        ]


def repeated(columns: dict[str, Any], coded: tuple[np.ndarray, Any, np.ndarray] | None = None) -> np.ndarray:
    """Pairs of rows [pairs, 2] with one (model, task, prompt, seed, sample), the earlier row first. Greedy decodings have no seed."""
    cell, _, prompt = cell_codes(columns) if coded is None else coded
    seed = np.where(columns["sample"] == GREEDY, 0, columns["seed"])
    keys = (columns["sample"], seed, prompt, cell)
    order = np.lexsort(keys)
    same = np.logical_and.reduce([key[order][1:] == key[order][:-1] for key in keys])
    at = np.flatnonzero(same)
    # The sort is stable: of equal keys the earlier row stands first.
    pairs = np.stack([order[at], order[at + 1]], axis=1)
    return pairs[np.argsort(pairs[:, 1], kind="stable")]


def repetition(earlier: int, later: int, columns: dict[str, Any]) -> LogError:
    """The refusal of two rows that are the same draw."""
    sample = int(columns["sample"][later])
    what = (
        "`sample`: the greedy decoding (-1) must stand once for each prompt of a (model, task); it"
        if sample == GREEDY
        else f"`sample`: a (model, task, prompt, seed, sample) must stand once; {sample}"
    )
    return LogError(f"row {later + 1}, {what} stands in row {earlier + 1} too.", rows=(later, earlier), what=what)
