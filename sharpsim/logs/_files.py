"""Reads and writes tables of samples: CSV, JSONL, or Parquet where pyarrow is installed. The ending of the file name says what to write."""

import csv
import gzip
import io
import json
import math
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from itertools import repeat
from pathlib import Path
from typing import Any

import numpy as np

from sharpsim._arguments import FINITE, PATH, checked
from sharpsim._kind import Is
from sharpsim.files import write_whole
from sharpsim.logs._errors import LogError
from sharpsim.logs._parquet import pyarrow_parts
from sharpsim.logs._read import read_logs
from sharpsim.logs._reading import Reading
from sharpsim.logs._samples import COLUMNS, TEXT, SampleTable, concatenate
from sharpsim.logs._sources import PATHS, SEVERAL_PATHS, suffix

SUFFIXES = (".csv", ".parquet", ".jsonl")


def _are_constants(value: Any) -> bool:
    try:
        for name, number in value.items():
            if not isinstance(name, str):
                return False
            FINITE.require("", number)
    except (AttributeError, ValueError):
        return False
    return True


CONSTANTS = Is("a mapping of names to finite numbers", _are_constants)


@checked(path=PATH)
def read_samples(path: str | Path) -> SampleTable:
    """The table in one file, whatever its layout. Raises `LogError`; `read_logs` has options, and says what was taken for what."""
    return read_logs([path])[0]


@checked(paths=SEVERAL_PATHS)
def read_all(paths: Sequence[str | Path]) -> SampleTable:
    """Several files as one table. A draw must not stand in two of them."""
    return concatenate([read_samples(path) for path in paths])


@checked(paths=PATHS, to=PATH)
def convert(paths: Sequence[str | Path] | str | Path, to: str | Path, **options: Any) -> Reading:
    """Read logs with the `options` of `read_logs` and write them as a table, such that reading that gives the same table again."""
    suffix_of("to", to)
    table, reading = read_logs(paths, **options)
    write_samples(to, table)
    return reading


@checked(path=PATH, constants=CONSTANTS)
def write_samples(path: str | Path, table: SampleTable, *, constants: Mapping[str, float] | None = None) -> None:
    """Write a table such that `read_samples` returns it unchanged, bit for bit. A name that ends in .gz is packed.

    `constants` are written as more columns, the same in each row: at which temperature and top-p the draws were made.

    Raises `LogError` for an ending that is not .csv, .parquet or .jsonl, perhaps with .gz.
    """
    path = Path(path)
    kind = suffix_of("path", path)
    content = io.BytesIO()
    names = [name for name in COLUMNS if name != "digest" or (table.digest is not None and table.digest.any())]
    if kind == ".parquet":
        arrow, parquet = pyarrow_parts()
        columns = {name: arrow.array(getattr(table, name)) for name in names}
        columns |= {name: arrow.array(np.full(len(table), value)) for name, value in (constants or {}).items()}
        parquet.write_table(arrow.table(columns), content)
    else:
        text = io.TextIOWrapper(content, encoding="utf-8", errors="surrogatepass", newline="", write_through=True)
        _write_text(text, kind, names, table, constants or {})
    packed = gzip.compress(content.getvalue(), mtime=0) if path.suffix.lower() == ".gz" else content.getvalue()
    write_whole(path, packed)


def _write_text(text: Any, kind: str, names: list[str], table: SampleTable, constants: Mapping[str, float]) -> None:
    columns = [_plain(name, getattr(table, name).tolist()) for name in names]
    rows = zip(*columns, *(repeat(value, len(table)) for value in constants.values()), strict=True)
    header = [*names, *constants]
    if kind == ".csv":
        # A carriage return by itself needs quotes, which the writer leaves out.
        returns = any("\r" in value for name in TEXT for value in getattr(table, name).tolist())
        writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL if returns else csv.QUOTE_MINIMAL)
        writer.writerow(header)
        writer.writerows(rows)
    else:
        encode = json.JSONEncoder(allow_nan=False).encode
        text.writelines(encode(dict(zip(header, row, strict=True))) + "\n" for row in rows)


def _plain(name: str, values: list[Any]) -> list[Any]:
    """Values as CSV and JSON show them: whole tokens, True and False, nothing where something is missing."""
    if name in ("tokens", "correct"):
        kind = int if name == "tokens" else bool
        return [None if value != value else kind(value) for value in values]
    if name == "log_prob":
        return [None if math.isnan(value) else value for value in values]
    return values


def suffix_of(name: str, path: str | Path) -> str:
    """The ending to write: .csv, .parquet or .jsonl, perhaps with .gz. Refuses another, and Parquet where pyarrow is not installed."""
    kind = suffix(path)
    if kind not in SUFFIXES:
        near = get_close_matches(kind, SUFFIXES, 1, 0.5)
        guess = f" Did you mean {Path(path).name.removesuffix(kind) + near[0]!r}?" if kind and near else ""
        raise LogError(
            f"`{name}` must end in {', '.join(SUFFIXES)}, perhaps with .gz, as a table of samples; got {Path(path).name!r}.{guess}"
        )
    if kind == ".parquet":
        pyarrow_parts()
    return kind
