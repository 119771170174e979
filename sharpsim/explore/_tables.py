"""Reads a table of probabilities from text, from a .csv file or from a .npy file."""

import io
import re
from pathlib import Path
from typing import Any

import numpy as np

from sharpsim import _checks
from sharpsim._arguments import PATH, checked, count
from sharpsim._kind import Is


@checked
def parse_table(text: str) -> np.ndarray:
    """A table of probabilities `[prompts, responses]`, float64, from text: one line for each prompt.

    Entries are separated by spaces, commas, semicolons or tabs. An entry is a decimal number or a fraction such as 1/3. Empty lines and
    everything after `#` are ignored.

    Raises `ValueError`, which names the line, for text without numbers, an entry that is not a number and lines of different lengths; and
    for entries that are negative or NaN and rows that do not sum to one within 1e-9.
    """
    rows: list[list[float]] = []
    first = 0
    for number, line in enumerate(text.splitlines(), start=1):
        entries = _entries(line)
        if not entries:
            continue
        row = [_number(entry, "table", f" in line {number}") for entry in entries]
        first = first or number
        if rows and len(row) != len(rows[0]):
            lengths = f"line {first} has {len(rows[0])} entries and line {number} has {len(row)}"
            raise ValueError(f"`table` must have lines of equal length; {lengths}.")
        rows.append(row)
    if not rows:
        raise ValueError("`table` must hold at least one line of probabilities; got no numbers.")
    return _checked(np.array(rows))


@checked(prompts=count(1, 2**31))
def parse_weights(text: str, prompts: int) -> np.ndarray:
    """Prompt weights from text, separated as in `parse_table`; empty text gives equal weights.

    Raises `ValueError` for an entry that is not a number and for weights that are not a distribution over `prompts` prompts.
    """
    entries = _entries(text.replace("\n", " "))
    if not entries:
        return np.full(prompts, 1 / prompts)
    weights = np.array([_number(entry, "prompt_weights") for entry in entries])
    _checks.prompt_weights(weights, prompts)
    return weights


@checked(path=PATH, contents=Is("bytes", lambda value: isinstance(value, bytes)))
def read_table(path: Any, contents: bytes | None = None) -> np.ndarray:
    """A table of probabilities `[prompts, responses]`, float64, from a file whose name ends in .npy, .csv or .txt.

    A .npy file holds an array of floats; arrays of Python objects are refused, since loading them would run code. Float32 rows may be off
    by 1e-5; they are divided by their sum. Other files are read by `parse_table`. `contents` replaces the bytes of the file; the name then
    only tells the format.

    Raises `ValueError`, which names the file, for a file that cannot be read or is not such a table.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in (".npy", ".csv", ".txt"):
        raise ValueError(f"`path` must end in .npy, .csv or .txt; got {path.name!r}.")
    try:
        data = path.read_bytes() if contents is None else contents
        if suffix == ".npy":
            return _checked(_array(data))
        return parse_table(data.decode("utf-8-sig"))
    except OSError as error:
        raise ValueError(f"{path.name}: the file cannot be read ({error.strerror}).") from error
    except ValueError as error:
        raise ValueError(f"{path.name}: {error}") from error


def _array(data: bytes) -> np.ndarray:
    try:
        return np.lib.format.read_array(io.BytesIO(data), allow_pickle=False)
    except (ValueError, EOFError, SyntaxError) as error:
        raise ValueError(
            "`table` must be an array of floats saved by `numpy.save`; got something else, or an array of Python objects."
        ) from error


def _entries(line: str) -> list[str]:
    return [entry for entry in re.split(r"[\s,;]+", line.partition("#")[0]) if entry]


def _number(entry: str, name: str, where: str = "") -> float:
    top, slash, bottom = entry.partition("/")
    try:
        return float(top) / float(bottom) if slash else float(top)
    except (ValueError, ZeroDivisionError):
        raise ValueError(f"`{name}` must hold numbers; got {entry!r}{where}.") from None


def _checked(values: np.ndarray) -> np.ndarray:
    if values.dtype.kind not in "fiu":
        raise ValueError(f"`table` must hold floating-point probabilities; got dtype {values.dtype}.")
    if values.ndim != 2:
        raise ValueError(f"`table` must be a table [prompts, responses]; got shape {values.shape}.")
    _checks.probabilities("table", values)
    table = values.astype(np.float64)
    return table if values.dtype.kind != "f" or values.dtype.itemsize >= 8 else table / table.sum(axis=1, keepdims=True)
