"""Reads a source block by block, whatever it holds."""

import io
from collections.abc import Iterator

from sharpsim.logs._block import Block, Faults
from sharpsim.logs._csv import csv_blocks
from sharpsim.logs._errors import LogError
from sharpsim.logs._json import json_blocks
from sharpsim.logs._parquet import parquet_blocks
from sharpsim.logs._sources import Source


def blocks(source: Source) -> Iterator[Block]:
    """The rows of a source. A line that cannot be read is a fault of its block; a file that cannot be read raises `LogError`."""
    faults: Faults = []
    try:
        if source.kind == "parquet":
            yield from parquet_blocks(source)
        elif source.kind == "json":
            yield from json_blocks(_lines(source, faults), faults)
        else:
            yield from csv_blocks(source.name, _lines(source, faults), faults)
    except (OSError, EOFError, UnicodeError) as error:
        raise LogError(f"`paths` must name readable logs; could not read {source.name} ({error}).") from error


def _lines(source: Source, faults: Faults) -> Iterator[str]:
    """Lines as text, each with its end; one that is no UTF-8 is a fault, and comes with marks in place of its bad bytes."""
    if source.utf16:
        yield from io.TextIOWrapper(source.stream, encoding="utf-16", newline="\n")
        return
    encoding = "utf-8-sig"
    for number, line in enumerate(source.stream, 1):
        try:
            yield line.decode(encoding)
        except UnicodeDecodeError as error:
            faults.append((number, f"not UTF-8 ({error.reason} at byte {error.start + 1} of the line)"))
            yield line.decode(encoding, errors="replace")
        encoding = "utf-8"
