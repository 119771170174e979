"""Blocks of JSON: one object a line, or one value of any shape over many lines (an array of objects, or objects one after the other)."""

import io
import json
from collections.abc import Iterator
from itertools import chain, islice
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
    seen, first = 0, True
    while batch := list(islice(lines, ROWS)):
        records = None if faults else _at_once(batch)
        at = np.arange(seen + 1, seen + 1 + len(batch))
        if records is None:
            records, at = _one_by_one(batch, seen, faults)
        if first and records:
            found, first = unwrapped(records[0]), False
            records[:1] = found
            at = np.append(np.repeat(at[0], len(found)), at[1:])
        yield Block(at, records=records, faults=faults[:])
        faults.clear()
        seen += len(batch)


def _at_once(lines: list[str]) -> list[dict[str, Any]] | None:
    """The records of lines that are all objects, by one call of the parser; None if they are not."""
    try:
        records = json.loads(f"[{','.join(lines)}]")
    except (ValueError, RecursionError):
        return None
    # Two halves of an object in two lines would make one record.
    return records if len(records) == len(lines) and set(map(type, records)) == {dict} else None


def _one_by_one(lines: list[str], seen: int, faults: Faults) -> tuple[list[dict[str, Any]], np.ndarray]:
    records, at = [], []
    for number, line in enumerate(lines, seen + 1):
        if (record := _carefully(line, number, faults)) is not None:
            records.append(record)
            at.append(number)
    return records, np.array(at, dtype=np.int64)


def _carefully(line: str, number: int, faults: Faults) -> dict[str, Any] | None:
    """The record of a line; None if it is empty or faulty."""
    if not line.strip() or any(bad == number for bad, _ in faults):
        return None
    try:
        record = json.loads(line)
    except json.JSONDecodeError as error:
        faults.append((number, f"not JSON ({error.msg} at column {error.colno})"))
        return None
    except (ValueError, RecursionError) as error:
        faults.append((number, f"not JSON ({error})"))
        return None
    if type(record) is not dict:
        faults.append((number, f"must be a JSON object; got {shown(record)}"))
        return None
    return record


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
