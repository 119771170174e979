"""Blocks of CSV, with commas, tabs or semicolons between cells. A cell may hold any text, line ends and quotes included."""

import csv
from collections.abc import Iterator
from itertools import chain, islice
from typing import Any

import numpy as np

from sharpsim.logs._block import ROWS, Block, Faults
from sharpsim.logs._errors import LogError, shown

_LONGEST_CELL = 2**31 - 1


def csv_blocks(name: str, lines: Iterator[str], faults: Faults) -> Iterator[Block]:
    """The rows under the header. `faults` gains lines that are no UTF-8 while `lines` are read.

    Raises `LogError` for a header that is unreadable or names a column twice.
    """
    limit = csv.field_size_limit(_LONGEST_CELL)
    try:
        first = next(lines, "")
        # The header says what separates cells.
        reader = csv.reader(chain([first], lines), delimiter=max(",\t;", key=first.count), strict=True)
        header = _header(name, reader, faults)
        done = False
        while not done:
            rows, at, done = _rows(reader, len(header), faults)
            columns: Any = zip(*rows, strict=True) if rows else [()] * len(header)
            yield Block(at, columns=dict(zip(header, columns, strict=True)), faults=faults[:])
            faults.clear()
    finally:
        csv.field_size_limit(limit)


def _header(name: str, reader: Any, faults: Faults) -> list[str]:
    try:
        header = [cell.strip() for cell in next(reader, [])]
    except csv.Error as error:
        raise LogError(f"{name}, line 1: must be a header of column names ({error}).") from error
    if faults:
        raise LogError(f"`paths` must name readable logs; could not read {name}, line {faults[0][0]}: {faults[0][1]}.")
    if twice := [column for column in dict.fromkeys(header) if header.count(column) > 1]:
        raise LogError(f"{name}: the header must name each column once; got {shown(twice[0])} twice.")
    return header


def _rows(reader: Any, width: int, faults: Faults) -> tuple[list[list[str]], np.ndarray, bool]:
    """About `ROWS` rows of `width` cells, their first lines, and whether the file is at its end."""
    rows: list[list[str]] = []
    start, known, ended = reader.line_num, len(faults), True
    try:
        rows.extend(islice(reader, ROWS))
        ended = len(rows) < ROWS
    except csv.Error as error:
        # What was read before the error is kept; the error is of the row after.
        ended = False
        at = start + 1 + sum(map(_lines_of, rows))
        faults.append((at, f"not CSV ({error}){_until(at, reader.line_num)}"))
        known += 1
    if reader.line_num - start == len(rows):
        lines = np.arange(start + 1, start + 1 + len(rows))
    else:
        lines = start + 1 + np.append(0, np.cumsum([_lines_of(row) for row in rows], dtype=np.int64)[:-1] if rows else [])[: len(rows)]
    if set(map(len, rows)) <= {width} and len(faults) == known:
        return rows, lines, ended
    garbled = np.array([line for line, reason in faults if reason.startswith("not UTF-8")], dtype=np.int64)
    spoilt = set((np.searchsorted(lines, garbled, side="right") - 1).tolist())
    good = []
    for number, row in enumerate(rows):
        if len(row) not in (0, width) and number not in spoilt:
            faults.append((int(lines[number]), f"must have {width} cells like the header; got {len(row)}"))
        if len(row) == width and number not in spoilt:
            good.append(number)
    return [rows[number] for number in good], lines[good], ended


def _lines_of(row: list[str]) -> int:
    return 1 + sum(cell.count("\n") for cell in row)


def _until(start: int, end: int) -> str:
    return f", up to line {end}" if end > start else ""
