"""Blocks of Parquet, and pyarrow, which is imported by what needs it."""

import importlib.util
import io
from collections.abc import Iterator
from typing import Any

import numpy as np

from sharpsim.logs._block import ROWS, Block
from sharpsim.logs._errors import LogError
from sharpsim.logs._sources import Source


def pyarrow_parts() -> tuple[Any, Any]:
    """The modules pyarrow and pyarrow.parquet. Raises `LogError`, which says what to install."""
    if importlib.util.find_spec("pyarrow") is None:
        raise LogError("Parquet needs pyarrow: `pip install sharpsim[samples]`, or give the table as CSV.")
    import pyarrow
    import pyarrow.parquet

    return pyarrow, pyarrow.parquet


def parquet_blocks(source: Source) -> Iterator[Block]:
    """The rows of a Parquet file, numbered from 1."""
    arrow, parquet = pyarrow_parts()
    seen = 0
    try:
        # Packed files and standard input cannot be read from the end.
        file = parquet.ParquetFile(source.stream if source.stream is source.raw else io.BytesIO(source.stream.read()))
        for batch in file.iter_batches(batch_size=ROWS):
            columns = {name: _values(arrow, values) for name, values in zip(batch.schema.names, batch.columns, strict=True)}
            yield Block(np.arange(seen + 1, seen + batch.num_rows + 1), columns=columns)
            seen += batch.num_rows
    except arrow.ArrowInvalid as error:
        raise OSError(error) from error


def _values(arrow: Any, values: Any) -> Any:
    if arrow.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    kinds = (arrow.types.is_integer, arrow.types.is_floating, arrow.types.is_boolean)
    plain = not values.null_count and any(is_kind(values.type) for is_kind in kinds)
    return values.to_numpy(zero_copy_only=False) if plain else values.to_pylist()
