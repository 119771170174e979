"""Reads and writes tables of samples: CSV, or Parquet where pyarrow is installed. The ending of the file name decides which."""

import csv
import importlib.util
import io
import os
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from sharpsim.logs._errors import LogError
from sharpsim.logs._samples import COLUMNS, OPTIONAL, TEXT, SampleTable, concatenate, refuse

SUFFIXES = (".csv", ".parquet")


def read_samples(path: Path) -> SampleTable:
    """The table in a file. Columns may be in any order; unknown ones are ignored.

    Raises `LogError`, which names the file, for what `SampleTable` refuses and for a file that is not such a table.
    """
    path = Path(path)
    read = _read_parquet if suffix_of(path) == ".parquet" else _read_csv
    try:
        columns, rows = read(path)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise LogError(f"`samples` must be a readable table; could not read {path.name} ({error}).") from error
    try:
        if missing := [name for name in COLUMNS if name not in columns and name not in OPTIONAL]:
            raise LogError(f"column `{missing[0]}` must be there; the columns are {', '.join(columns) or 'none'}.")
        filled = {name: np.full(rows, value, dtype=object if isinstance(value, str) else None) for name, value in OPTIONAL.items()}
        return SampleTable(**{name: (filled | columns)[name] for name in COLUMNS})
    except LogError as refusal:
        raise LogError(f"{path.name}: {refusal}") from None


def read_all(paths: Sequence[Path]) -> SampleTable:
    """Several files as one table."""
    return concatenate([read_samples(path) for path in paths])


def write_samples(path: Path, table: SampleTable) -> None:
    """Write a table such that `read_samples` returns it unchanged, bit for bit."""
    path = Path(path)
    content = io.BytesIO()
    if suffix_of(path) == ".parquet":
        arrow, parquet = _pyarrow()
        parquet.write_table(arrow.table({name: arrow.array(getattr(table, name)) for name in COLUMNS}), content)
    else:
        text = io.TextIOWrapper(content, encoding="utf-8", newline="", write_through=True)
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(zip(*(getattr(table, name).tolist() for name in COLUMNS), strict=True))
    # Whole or not at all: a killed process leaves the old file.
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_bytes(content.getvalue())
    draft.replace(path)


def suffix_of(path: Path) -> str:
    """The ending, .csv or .parquet. Refuses another ending, and Parquet where pyarrow is not installed."""
    if path.suffix.lower() not in SUFFIXES:
        raise LogError(f"`samples` must end in {' or '.join(SUFFIXES)}; got {path.name!r}.")
    if path.suffix.lower() == ".parquet":
        _pyarrow()
    return path.suffix.lower()


def _read_csv(path: Path) -> tuple[dict[str, np.ndarray], int]:
    # Prompts are text of any length; the module's limit is on one cell.
    limit = csv.field_size_limit(2**31 - 1)
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file, strict=True)
            header = next(reader, [])
            columns, rows = _columns(path.name, header, filter(None, reader))
    finally:
        csv.field_size_limit(limit)
    if len(set(header)) < len(header):
        raise LogError(f"{path.name}: the header must name each column once; got {', '.join(header)}.")
    return dict(zip(header, columns, strict=True)), rows


def _columns(name: str, header: list[str], lines: Iterator[list[str]]) -> tuple[list[np.ndarray], int]:
    """Block by block, as a million lists at once keep the garbage collector busy; equal texts are one object."""
    parts: list[list[np.ndarray]] = [[] for _ in header]
    known: list[dict[str, str]] = [{} for _ in header]
    rows = 0
    while block := list(islice(lines, 2**14)):
        for number, line in enumerate(block):
            if len(line) != len(header):
                raise LogError(f"{name}: row {rows + number + 1} must have {len(header)} cells like the header; got {len(line)}.")
        for i, values in enumerate(zip(*block, strict=True)):
            shared = [known[i].setdefault(value, value) for value in values] if header[i] in TEXT else values
            # Object arrays: NumPy's own text type pads each cell to the longest.
            parts[i].append(np.array(shared, dtype=object))
        rows += len(block)
    return [np.concatenate(part) if part else np.empty(0, dtype=object) for part in parts], rows


def _read_parquet(path: Path) -> tuple[dict[str, np.ndarray], int]:
    arrow, parquet = _pyarrow()
    try:
        table = parquet.read_table(path, columns=[name for name in parquet.read_schema(path).names if name in COLUMNS])
    except arrow.ArrowInvalid as error:
        raise OSError(error) from error
    columns = {}
    for name in table.column_names:
        values = table[name]
        if name == "answer":
            values = arrow.compute.fill_null(values, "") if values.type != arrow.null() else arrow.array([""] * len(values))
        elif values.null_count:
            raise refuse(values.is_null().to_pylist().index(True), name, "there", None)
        if arrow.types.is_dictionary(values.type):
            values = values.cast(values.type.value_type)
        columns[name] = values.to_numpy()
    return columns, table.num_rows


def _pyarrow() -> tuple[Any, Any]:
    if importlib.util.find_spec("pyarrow") is None:
        raise LogError("Parquet needs pyarrow: `pip install sharpsim[samples]`, or give the table as CSV.")
    import pyarrow
    import pyarrow.compute
    import pyarrow.parquet

    return pyarrow, pyarrow.parquet
