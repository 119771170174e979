"""Reads a source block by block, whatever it holds."""

import io
from collections.abc import Iterable, Iterator
from itertools import chain

from sharpsim.logs._block import Block, Faults
from sharpsim.logs._csv import csv_blocks
from sharpsim.logs._errors import LogError
from sharpsim.logs._json import json_blocks
from sharpsim.logs._parquet import parquet_blocks
from sharpsim.logs._sources import Source

CHUNK = 2**22
"""Bytes that are decoded at once."""


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
    """Lines as text, each with its end; one that is no UTF-8 is a fault, and comes with marks in place of its bad bytes.

    Lines end at line feeds alone; what else looks like a line end is text.
    """
    if source.utf16:
        return io.StringIO(source.stream.read().decode("utf-16").removeprefix("\ufeff"), newline="\n")
    return chain.from_iterable(_pieces(source, faults))


def _pieces(source: Source, faults: Faults) -> Iterator[Iterable[str]]:
    """Large pieces of a file, each as its lines."""
    encoding, seen = "utf-8-sig", 0
    while chunk := source.stream.read(CHUNK):
        chunk += source.stream.readline()
        try:
            yield io.StringIO(chunk.decode(encoding), newline="\n")
        except UnicodeDecodeError:
            yield _one_by_one(chunk, encoding, seen, faults)
        seen += chunk.count(b"\n")
        encoding = "utf-8"


def _one_by_one(chunk: bytes, encoding: str, seen: int, faults: Faults) -> Iterator[str]:
    for number, line in enumerate(io.BytesIO(chunk), seen + 1):
        try:
            yield line.decode(encoding)
        except UnicodeDecodeError as error:
            faults.append((number, f"not UTF-8 ({error.reason} at byte {error.start + 1} of the line)"))
            yield line.decode(encoding, errors="replace")
