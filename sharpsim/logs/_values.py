"""Typed columns from the values of a log, whatever wrote it: text, numbers, True or False, each possibly missing.

Each function takes the values of a column (a list, or an array) and returns the column and its faults. A fault is (row, rule): the value in
that row cannot be read, and what stands in the column there has no meaning. Missing is what CSV, JSON and pandas write for it: an empty
cell, None, null, NaN, NA.
"""

import json
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

MISSING = frozenset(("", "None", "none", "null", "NULL", "nan", "NaN", "NAN", "NA", "N/A", "<NA>"))
"""Texts that stand for a missing value in a column of numbers or of True and False."""
Fault = tuple[int, str]
NOWHERE = -(2**63)
"""A missing whole number."""
_JUDGED: dict[Any, float] = {
    **dict.fromkeys(("True", "true", "TRUE", "T", "t", "yes", "Yes", "YES", "1", "1.0", True), 1.0),
    **dict.fromkeys(("False", "false", "FALSE", "F", "f", "no", "No", "NO", "0", "0.0", False), 0.0),
    **dict.fromkeys((*MISSING, None), float("nan")),
}


def as_list(values: Any) -> list[Any]:
    """The values as Python's own."""
    return values.tolist() if isinstance(values, np.ndarray) else list(values)


def as_text(value: Any) -> str:
    """One value as text: empty if missing; a whole float as a whole number, since pandas turns 18 into 18.0; lists as JSON."""
    if isinstance(value, str):
        return value
    if value is None or value != value:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, dict | list | tuple):
        return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def text(values: Any) -> tuple[np.ndarray, list[Fault]]:
    """Object array of text; equal texts are one object, which a million rows with a few prompts need."""
    given = as_list(values)
    if set(map(type, given)) != {str}:
        given = [as_text(v) for v in given]
    known: dict[str, str] = {}
    made = np.empty(len(given), dtype=object)
    made[:] = list(map(known.setdefault, given, given))
    return made, []


def real(values: Any) -> tuple[np.ndarray, list[Fault]]:
    """float64, NaN where missing."""
    if isinstance(values, np.ndarray) and values.dtype.kind in "iuf":
        return values.astype(np.float64), []
    given = as_list(values)
    if bool not in set(map(type, given)):
        try:
            return np.array(given, dtype=object).astype(np.float64), []
        except (TypeError, ValueError, OverflowError):
            pass
    return _one_by_one(given, number, np.float64, "a number")


def whole(values: Any) -> tuple[np.ndarray, list[Fault]]:
    """int64, `NOWHERE` where missing."""
    if isinstance(values, np.ndarray) and values.dtype.kind in "iu":
        return values.astype(np.int64), []
    given = as_list(values)
    try:
        # int() would cut 1.5 off.
        if set(map(type, given)) <= {int, str}:
            return np.array(given, dtype=object).astype(np.int64), []
    except (ValueError, OverflowError):
        pass
    return _one_by_one(given, _whole_number, np.int64, "a whole number")


def judged(values: Any) -> tuple[np.ndarray, list[Fault]]:
    """float64: 1.0 for what says right, 0.0 for what says wrong, NaN where missing."""
    if isinstance(values, np.ndarray) and values.dtype == bool:
        return values.astype(np.float64), []
    given = as_list(values)
    try:
        return np.array([_JUDGED[v] for v in given], dtype=np.float64), []
    except (KeyError, TypeError):
        return _one_by_one(given, _judgement, np.float64, "True or False")


def score(values: Any) -> tuple[np.ndarray, list[Fault]]:
    """float64: like `judged`, but any other number stays as it is."""
    made, faults = judged(values)
    if not faults:
        return made, faults
    return _one_by_one(as_list(values), lambda v: _JUDGED[v] if _known(v) else number(v), np.float64, "True, False or a number")


def _one_by_one(given: Sequence[Any], read: Callable[[Any], Any], kind: Any, rule: str) -> tuple[np.ndarray, list[Fault]]:
    made, faults = np.zeros(len(given), dtype=kind), []
    for row, value in enumerate(given):
        try:
            made[row] = read(value)
        except (TypeError, ValueError, KeyError, OverflowError):
            faults.append((row, rule))
    return made, faults


def _known(value: Any) -> bool:
    return isinstance(value, str | bool | int | float | None) and value in _JUDGED


def number(value: Any) -> float:
    """One value as a number, NaN if missing. Raises `TypeError` or `ValueError` for another."""
    if value is None or (isinstance(value, str) and value.strip() in MISSING):
        return float("nan")
    if isinstance(value, bool):
        raise TypeError
    return float(value)


def _whole_number(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lstrip("+-").isdecimal():
        return int(value)
    read = number(value)
    if read != read:
        return NOWHERE
    if read != np.floor(read) or abs(read) >= 2**53:
        raise ValueError
    return int(read)


def _judgement(value: Any) -> float:
    if isinstance(value, str):
        return _JUDGED[value.strip()]
    return float("nan") if value is None or value != value else _JUDGED[value]
