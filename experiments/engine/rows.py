"""Rows on disk: writes and reads the CSV files of a run, and says in which folder they lie.

Figures import this module and nothing else of `experiments`, so it imports no JAX, and of the library the writer of files alone.
"""

import contextlib
import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from experiments.engine.columns import Column, Tables, from_kinds, refused
from sharpsim.files import finish, replacing, try_folder, write_whole

ROOT = Path(__file__).resolve().parents[2]
STAMPS = ("seed", "setting", "versions")
"""Columns that are added to every row."""
VERDICTS = "verdicts"
"""The name of the part that holds a stem's verdicts; no experiment may use it for a part of its own."""
_WHOLE = re.compile(r"-?\d{1,18}")


class Refused(ValueError):
    """A request that cannot be carried out as given. The command line prints the message without a traceback."""


def stems_in(folder: Path) -> set[str]:
    """The stems of a folder: its modules, and its packages other than the machinery, `engine`."""
    found = {path.stem for path in folder.glob("*.py")} | {path.parent.name for path in folder.glob("*/__init__.py")}
    return {name for name in found if not name.startswith("_") and name != "engine"}


def place_of(folder: str, stem: str) -> str:
    """A stem's file in a folder, relative to the repository's root: STEM.py, or STEM/__init__.py where it is a folder of its own."""
    package = f"{folder}/{stem}/__init__.py"
    return package if (ROOT / package).exists() else f"{folder}/{stem}.py"


class Table:
    """A table with read-only columns of equal length. `t["n"]` is a column as an array; `t.where(d=4)` is the table of rows with d = 4."""

    def __init__(self, columns: Mapping[str, Any]):
        self._columns = {name: np.array(values) for name, values in columns.items()}
        for values in self._columns.values():
            values.setflags(write=False)
        if len({len(values) for values in self._columns.values()}) > 1:
            raise ValueError(f"columns must have one length; got { {k: len(v) for k, v in self._columns.items()} }.")

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns, in the order of the file."""
        return tuple(self._columns)

    def __len__(self) -> int:
        return len(next(iter(self._columns.values()))) if self._columns else 0

    def __getitem__(self, column: str) -> np.ndarray:
        if column not in self._columns:
            raise KeyError(f"no column {column!r}; there are {', '.join(self._columns)}")
        return self._columns[column]

    def where(self, **equals: Any) -> "Table":
        """The table of rows whose columns equal the given values exactly."""
        keep = np.ones(len(self), dtype=bool)
        for column, value in equals.items():
            keep &= self[column] == value
        return self.take(keep)

    def take(self, rows: Any) -> "Table":
        """The table of rows selected by a boolean mask or an array of indices."""
        return Table({name: values[rows] for name, values in self._columns.items()})

    def unique(self, column: str) -> np.ndarray:
        """The distinct values of a column, sorted."""
        return np.unique(self[column])

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yields each row as a dict of Python values."""
        lists = [values.tolist() for values in self._columns.values()]
        return (dict(zip(self._columns, row, strict=True)) for row in zip(*lists, strict=True))


@dataclass(frozen=True)
class Places:
    """The folders of one run's rows and figures. Every run writes below `out/`; the committed folders are `reference()`."""

    rows: Path
    figures: Path

    @classmethod
    def of(cls, scale: str, *, seed: int = 0, base: bool = False, out: Path | None = None) -> "Places":
        """`out/SCALE`, with the seed and what else the run was given in its name; or the folder `out`, which must not be the reference."""
        variant = scale + (f"-seed{seed}" if seed else "") + ("-base" if base else "")
        folder = out or ROOT / "out" / variant
        if (folder / "rows").resolve() == cls.reference().rows:
            raise Refused(f"`out` must not be where the repository's own rows are; got {out}.")
        return cls(folder / "rows", folder / "figures")

    @classmethod
    def reference(cls) -> "Places":
        """The committed rows and drawings, which runs are compared with. Only `make update` writes there."""
        return cls(ROOT / "experiments" / "rows", ROOT / "figures" / "out")

    @property
    def full(self) -> "Places":
        """Where rows of a full run are kept beside the reference. They are drawn as STEM-full."""
        return Places(self.rows / "full", self.figures)

    def part(self, stem: str, part: str = "") -> Path:
        """The CSV file of one part of a stem."""
        return self.rows / f"{stem_part(stem, part)}.csv"

    def parts(self, stem: str) -> dict[str, Path]:
        """The CSV files of a stem that are on disk, by the name of the part; without its verdicts.

        A set that a killed run had completed and not yet moved (`replaced`) is moved first.
        """
        finish(self.rows, stem)
        found = {"": self.part(stem)} | {p.stem[len(stem) + 1 :]: p for p in sorted(self.rows.glob(f"{stem}-*.csv"))}
        return {name: path for name, path in found.items() if name != VERDICTS and path.exists()}

    def every_part(self, stem: str) -> dict[str, Path]:
        """The CSV files of a stem that are on disk, its verdicts included."""
        verdicts = self.part(stem, VERDICTS)
        return self.parts(stem) | ({VERDICTS: verdicts} if verdicts.exists() else {})

    def provenance(self, stem: str) -> dict[str, Any]:
        """The provenance that the stem's run recorded; empty if it has not run."""
        path = self.rows / f"{stem}.json"
        return json.loads(path.read_text()) if path.exists() else {}

    def try_out(self, *, figures: bool = False) -> None:
        """Refuse folders of rows, and of figures, that cannot be written, before anything is computed."""
        for folder in (self.rows, self.figures) if figures else (self.rows,):
            try:
                try_folder(folder)
            except OSError as error:
                raise Refused(f"`out` must be a folder that can be written; {error.filename}: {error.strerror}.") from error

    @contextlib.contextmanager
    def replaced(self, stem: str) -> Iterator["Places"]:
        """Yields places whose rows are an empty folder. After the block its files replace all of the stem's files here, or none.

        Raises `Refused` where they cannot be written.
        """
        old = [*(path.name for path in self.every_part(stem).values()), f"{stem}.json"]
        try:
            with replacing(self.rows, stem, old) as draft:
                yield Places(draft, self.figures)
        except OSError as error:
            raise Refused(f"the rows of {stem!r} could not be written to {self.rows}: {error.strerror}; no file was changed.") from error


def stem_part(stem: str, part: str) -> str:
    """The file name of a part without its ending: STEM or STEM-part."""
    return f"{stem}-{part}" if part else stem


def _cell(value: Any, column: str) -> str:
    value = value.item() if isinstance(value, np.generic) or (hasattr(value, "shape") and value.shape == ()) else value
    if not isinstance(value, str | bool | int | float):
        raise TypeError(f"column {column!r} must hold str, int, float or bool; got {type(value).__name__}.")
    return repr(value) if isinstance(value, float) else str(value)


def _floored(value: Any, column: Column | None) -> Any:
    return 0.0 if column and column.floor and abs(value) < column.floor else value


def write_rows(
    path: Path, rows: Sequence[Mapping[str, Any]], stamps: Mapping[str, Any], declared: Mapping[str, Column] | None = None
) -> None:
    """Write rows as CSV; floats in their shortest form that reads back to the same bits.

    A number that is smaller in size than the floor of its column is rounding noise and is written as 0.0. Raises `ValueError`, and writes
    nothing, where a column holds what its declaration does not allow: see `columns.refused`.
    """
    declared = declared or {}
    if not rows:
        raise ValueError(f"no rows for {path.name}: a part must have at least one.")
    header = list(rows[0])
    if clash := [name for name in header if name in STAMPS]:
        raise ValueError(f"columns {clash} of {path.name} are written by the frame; name yours otherwise.")
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*header, *stamps])
    tail = [_cell(value, name) for name, value in stamps.items()]
    for row in rows:
        if list(row) != header:
            raise ValueError(f"rows of {path.name} must have the same keys in the same order; got {list(row)} after {header}.")
        writer.writerow([_cell(_floored(value, declared.get(name)), name) for name, value in row.items()] + tail)
    if wrong := refused({name: [row[name] for row in rows] for name in header}, declared):
        raise ValueError(f"rows of {path.name} hold what no row may: {wrong}.")
    write_whole(path, text.getvalue())


def _typed(values: list[str]) -> np.ndarray:
    if set(values) <= {"True", "False"}:
        return np.array([value == "True" for value in values])
    if all(_WHOLE.fullmatch(value) for value in values):
        return np.array(values, dtype=np.int64)
    try:
        return np.array([float(value) for value in values], dtype=np.float64)
    except ValueError:
        return np.array(values, dtype=str)


def read_table(path: Path) -> Table:
    """Read a CSV file. Each column is bool, int64, float64 or str: the first of these that can hold every cell."""
    with path.open(newline="") as file:
        header, *rows = list(csv.reader(file))
    return Table({name: _typed([row[i] for row in rows]) for i, name in enumerate(header)})


def read_parts(stem: str, places: Places, declared: Tables | None = None) -> dict[str, Table]:
    """Every part of a stem as a table, by the name of the part; the main part is "".

    `declared` is what the stem declares; without it, what the run that wrote the rows recorded. Raises `Refused` where there are no rows,
    and where a column holds what its declaration does not allow.
    """
    parts = places.parts(stem)
    if not parts:
        raise Refused(f"no rows of {stem!r} in {places.rows}: run `python -m experiments run {stem}` first.")
    recorded = places.provenance(stem).get("columns", {}) if declared is None else {}
    allowed = {name: from_kinds(recorded.get(path.name, {})) for name, path in parts.items()} if declared is None else declared
    return checked(stem, {name: read_table(path) for name, path in parts.items()}, allowed)


def checked(stem: str, tables: Mapping[str, Table], declared: Tables) -> dict[str, Table]:
    """The tables of a stem. Raises `Refused` where a column holds what its declaration does not allow: see `columns.refused`."""
    for part, table in tables.items():
        if wrong := refused({name: table[name] for name in table.columns}, declared.get(part, {})):
            raise Refused(f"rows of {stem_part(stem, part)} hold what no row may: {wrong}.")
    return dict(tables)
