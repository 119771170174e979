"""In which rows of a table a column may hold NaN: a condition on the other columns, in words.

"method = sft"              equal to this, as text or as a number; "method = sft | dpo" is one of several, "method !=" not blank
"power <= 1"                also <, >, >=, for numbers; text is none of these
"limit = nan"               where that column is NaN
"correct = 0; incorrect = 0"  where one of them is true
"anywhere"                  where the columns do not say: whether a search ended, for example
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

ANYWHERE = "anywhere"
_ONE = re.compile(r"(\w+) (!=|<=|>=|=|<|>)(?: (.*))?")


def parsed(condition: str) -> list[tuple[str, str, str]]:
    """(column, relation, value) of each alternative. Raises `ValueError` for what is no condition."""
    if condition == ANYWHERE:
        return []
    found = [_ONE.fullmatch(one.strip()) for one in condition.split(";")]
    if not all(found):
        raise ValueError(f'a condition must read "COLUMN = VALUE", with =, !=, <, <=, > or >=; got {condition!r}.')
    return [(one[1], one[2], one[3] or "") for one in found if one]


def rows_where(condition: str, table: Mapping[str, Sequence[Any] | np.ndarray], rows: int) -> np.ndarray:
    """The mask of the rows in which the condition holds. It holds nowhere where it asks for a column that the table lacks."""
    if condition == ANYWHERE:
        return np.ones(rows, dtype=bool)
    where = np.zeros(rows, dtype=bool)
    for column, relation, value in parsed(condition):
        if column in table:
            where |= _holds(np.asarray(table[column]), relation, value)
    return where


def _holds(values: np.ndarray, relation: str, value: str) -> np.ndarray:
    if relation in ("=", "!="):
        same = np.zeros(len(values), dtype=bool)
        for one in value.split("|"):
            same |= _equal(values, one.strip())
        return ~same if relation == "!=" else same
    if values.dtype.kind not in "biuf":
        return np.zeros(len(values), dtype=bool)
    numbers, limit = values.astype(float), float(value)
    return {"<": numbers < limit, "<=": numbers <= limit, ">": numbers > limit, ">=": numbers >= limit}[relation]


def _equal(values: np.ndarray, value: str) -> np.ndarray:
    if values.dtype.kind not in "biuf":
        return np.array([str(each) == value for each in values])
    try:
        number = float(value)
    except ValueError:
        return np.zeros(len(values), dtype=bool)
    return np.isnan(values.astype(float)) if np.isnan(number) else values == number
