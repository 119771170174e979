"""Blocks of CSV, with commas, tabs or semicolons between cells. A cell may hold any text, line ends and quotes included."""

import csv
from collections.abc import Iterator
from itertools import chain
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
            yield Block(np.array(at, dtype=np.int64), columns=dict(zip(header, columns, strict=True)), faults=faults[:])
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


def _rows(reader: Any, width: int, faults: Faults) -> tuple[list[list[str]], list[int], bool]:
    """Up to `ROWS` rows of `width` cells, their first lines, and whether the file is at its end."""
    rows: list[list[str]] = []
    at: list[int] = []
    while len(rows) < ROWS:
        start, known = reader.line_num + 1, len(faults)
        try:
            row = next(reader)
        except StopIteration:
            return rows, at, True
        except csv.Error as error:
            faults.append((start, f"not CSV ({error}){_until(start, reader.line_num)}"))
            continue
        if len(row) != width:
            if row:
                faults.append((start, f"must have {width} cells like the header; got {len(row)}"))
        elif len(faults) == known:
            # Otherwise one of its lines is no UTF-8.
            rows.append(row)
            at.append(start)
    return rows, at, False


def _until(start: int, end: int) -> str:
    return f", up to line {end}" if end > start else ""
