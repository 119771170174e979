"""Blocks of JSON: one object a line, or one value of any shape over many lines (an array of objects, or objects one after the other)."""

import io
import json
from collections.abc import Iterator
from itertools import chain
from typing import Any

import numpy as np

from sharpsim.logs._block import ROWS, Block, Faults
from sharpsim.logs._errors import shown
from sharpsim.logs._fields import ALIASES

_DECODER = json.JSONDecoder()
_WRAPPERS = ("samples", "data", "rows", "records", "results", "examples")


def json_blocks(lines: Iterator[str], faults: Faults) -> Iterator[Block]:
    """The objects, in blocks. `faults` gains lines that are no UTF-8 while `lines` are read."""
    first = next(lines, "")
    if first.lstrip().startswith("[") or (first.lstrip().startswith("{") and not _starts_with_json(first)):
        text = first + "".join(lines)
        # Otherwise the first line alone is corrupt.
        if text.lstrip().startswith("[") or _starts_with_json(text):
            yield from _whole(text, faults)
            return
        first, lines = "", iter(io.StringIO(text, newline="\n"))
    yield from _by_line(chain([first], lines) if first else lines, faults)


def _starts_with_json(text: str) -> bool:
    try:
        _DECODER.raw_decode(text, len(text) - len(text.lstrip()))
    except (ValueError, RecursionError):
        return False
    return True


def _by_line(lines: Iterator[str], faults: Faults) -> Iterator[Block]:
    records: list[dict[str, Any]] = []
    at: list[int] = []
    first = True
    scan = _DECODER.scan_once  # pyright: ignore[reportAttributeAccessIssue]
    for number, line in enumerate(lines, 1):
        try:
            record, end = scan(line, 0)
        except (ValueError, StopIteration, RecursionError):
            record, end = None, 0
        if type(record) is not dict or first or faults or line[end:] != "\n":
            found = _carefully(line, number, faults, first)
            first = first and not found
            records += found
            at += [number] * len(found)
        else:
            records.append(record)
            at.append(number)
        if len(records) >= ROWS:
            yield Block(np.array(at, dtype=np.int64), records=records, faults=faults[:])
            records, at = [], []
            faults.clear()
    yield Block(np.array(at, dtype=np.int64), records=records, faults=faults[:])


def _carefully(line: str, number: int, faults: Faults, first: bool) -> list[dict[str, Any]]:
    """The records of a line that is not just an object: of none if it is empty or faulty."""
    if not line.strip() or any(bad == number for bad, _ in faults):
        return []
    try:
        record = json.loads(line)
    except json.JSONDecodeError as error:
        faults.append((number, f"not JSON ({error.msg} at column {error.colno})"))
        return []
    except (ValueError, RecursionError) as error:
        faults.append((number, f"not JSON ({error})"))
        return []
    if type(record) is not dict:
        faults.append((number, f"must be a JSON object; got {shown(record)}"))
        return []
    return unwrapped(record) if first else [record]


def _whole(text: str, faults: Faults) -> Iterator[Block]:
    """Values one after the other, or within one array. A value that is no object is a fault; what is no JSON ends the file."""
    records: list[dict[str, Any]] = []
    at: list[int] = []
    place, line, closed = 0, 1, not text.lstrip().startswith("[")
    while True:
        start = place
        while place < len(text) and (text[place].isspace() or text[place] in ",[]"):
            closed = closed or text[place] == "]"
            place += 1
        line += text.count("\n", start, place)
        if place >= len(text):
            break
        try:
            record, end = _DECODER.raw_decode(text, place)
        except (ValueError, RecursionError) as error:
            wrong = line + text.count("\n", place, getattr(error, "pos", place))
            faults.append((wrong, f"not JSON ({getattr(error, 'msg', error)}); nothing after this can be read"))
            closed = True
            break
        found = unwrapped(record) if isinstance(record, dict) else []
        if not found:
            faults.append((line, f"must be a JSON object; got {shown(record)}"))
        records += found
        at += [line] * len(found)
        line += text.count("\n", place, end)
        place = end
        if len(records) >= ROWS:
            yield Block(np.array(at, dtype=np.int64), records=records, faults=faults[:])
            records, at = [], []
            faults.clear()
    if not closed:
        faults.append((line, "not JSON (the array has no end)"))
    yield Block(np.array(at, dtype=np.int64), records=records, faults=faults[:])


def unwrapped(record: dict[str, Any]) -> list[dict[str, Any]]:
    """The records within a file's one object: a table given as columns and data, or a list (or named lists) of records under one key."""
    if isinstance(record.get("columns"), list) and isinstance(record.get("data"), list):
        return [dict(zip(record["columns"], row, strict=False)) for row in record["data"] if isinstance(row, list)]
    if any(name in record for name in ALIASES["prompt"]):
        return [record]
    for key in _WRAPPERS:
        inside = record.get(key)
        named: dict[str, Any] = inside if isinstance(inside, dict) else {"": inside}
        if named and all(isinstance(group, list) and group and isinstance(group[0], dict) for group in named.values()):
            shared = {name: value for name, value in record.items() if name in ("model", "task", "temperature", "top_p")}
            return [
                shared | ({"task": name} if name else {}) | one for name, group in named.items() for one in group if isinstance(one, dict)
            ]
    return [record]
