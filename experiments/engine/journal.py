"""The journal of a run: results of finished units on disk, so that a run that was killed resumes instead of starting again.

It is deleted when the rows are written. What it holds is never believed unseen: an entry that is not the whole and unchanged result of its
unit, by this code, is set aside and the unit is computed again. A journal that cannot be written costs a line, not the run.
"""

import hashlib
import io
import json
import os
import pickle
import shutil
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from experiments.engine.rows import ROOT
from sharpsim.files import write_whole

FOLDER = ROOT / "build" / "journal"
ENDING = ".unit"
ASIDE = "aside"
"""The folder, inside a sweep's, of entries that were not believed."""
_MARK = b"sharpsim journal 2 "
Shapes = Sequence[tuple[tuple[int, ...], np.dtype]]
"""Shape and dtype of each leaf of a unit's result, in order."""


def code_digest(root: Path = ROOT) -> str:
    """A digest, sixteen hex digits, of all Python files of `experiments` and `sharpsim`: any change there may change a number."""
    content = hashlib.sha256()
    for path in sorted(path for folder in ("experiments", "sharpsim") for path in (root / folder).rglob("*.py")):
        content.update(f"{path.relative_to(root)}\0".encode() + path.read_bytes() + b"\0")
    return content.hexdigest()[:16]


class Journal:
    """One file for each finished unit. The folder's name is a digest of everything that decides the numbers; None keeps nothing.

    A file is the mark, the SHA-256 of the rest, a line of JSON (code, unit, shape and dtype of each leaf), and the leaves in NumPy's
    format. It is written as a whole or not at all.
    """

    def __init__(self, folder: Path | None, *, code: str | None = None, failed: list[str] | None = None):
        self.folder = folder
        self._code = code
        self._failed: list[str] = [] if failed is None else failed

    @classmethod
    def of(cls, stem: str, *decisive: Any) -> "Journal":
        """The journal of one run of a stem, named by the values in `decisive` and by the code."""
        code = code_digest()
        name = hashlib.sha256("\0".join(map(str, (stem, *decisive, code))).encode()).hexdigest()[:16]
        return cls(FOLDER / f"{stem}-{name}", code=code)

    def part(self, *decisive: Any) -> "Journal":
        """The journal of one sweep of the run."""
        inside = None if self.folder is None else self.folder / hashlib.sha256(repr(decisive).encode()).hexdigest()[:16]
        return Journal(inside, code=self._code, failed=self._failed)

    @property
    def code(self) -> str:
        """The digest of the code that computes the entries."""
        self._code = self._code or code_digest()
        return self._code

    def finished(self, names: Iterable[str], shapes: Callable[[], Shapes]) -> dict[str, list[np.ndarray]]:
        """The units among `names` that are on disk and sound, each with the leaves of its result in order.

        `shapes` says what leaves a result has; it is called if there is any entry. Entries that are not sound are set aside, with one line.
        """
        if self.folder is None or not self.folder.is_dir():
            return {}
        there = {path.name for path in self.folder.glob(f"*{ENDING}")}
        found, wrong, expected = {}, {}, None
        for name in names:
            if f"{name}{ENDING}" in there:
                expected = shapes() if expected is None else expected
                try:
                    found[name] = self._read(name, expected)
                except (OSError, ValueError) as error:
                    wrong[name] = error.strerror if isinstance(error, OSError) else str(error)
                    self._set_aside(name)
        if wrong:
            first, why = next(iter(wrong.items()))
            say(f"journal: {len(wrong)} of {len(there)} entries set aside and computed again ({first}: {why}).")
        return found

    def add(self, name: str, leaves: list[np.ndarray]) -> None:
        """Write the result of one unit, unless it holds NaN. The first failure costs a line, and the rest of the run is not kept."""
        if self.folder is None or self._failed or any(_has_nan(leaf) for leaf in leaves):
            return
        content = io.BytesIO()
        about = {"code": self.code, "unit": self._place(name), "leaves": [[list(leaf.shape), leaf.dtype.str] for leaf in leaves]}
        content.write(json.dumps(about).encode() + b"\n")
        for leaf in leaves:
            np.lib.format.write_array(content, np.asarray(leaf), allow_pickle=False)
        try:
            write_whole(self.folder / f"{name}{ENDING}", _signed(content.getvalue()))
        except OSError as error:
            self._failed.append(name)
            say(f"journal: {error.filename}: {error.strerror}; if this run is interrupted, what follows is computed again.")

    def drop(self) -> None:
        """Delete the journal, once the rows are written."""
        if self.folder is not None and self.folder.is_dir():
            # Renamed first: half a journal would make a later run do the other half again.
            dropped = self.folder.with_name(f".{self.folder.name}.{os.getpid()}")
            try:
                self.folder.rename(dropped)
                shutil.rmtree(dropped, ignore_errors=True)
            except FileNotFoundError:
                pass  # an equal run beside this one has finished and dropped it
            except OSError as error:
                say(f"journal: {self.folder}: {error.strerror}; it is not deleted.")

    def _place(self, name: str) -> str:
        return f"{self.folder.name if self.folder else ''}/{name}"

    def _read(self, name: str, expected: Shapes) -> list[np.ndarray]:
        """The leaves of an entry. Raises `ValueError` with what is wrong with it, `OSError` where it cannot be read."""
        assert self.folder is not None
        content = (self.folder / f"{name}{ENDING}").read_bytes()
        body = content[len(_signed(b"")) :]
        if not content.startswith(_MARK):
            raise ValueError("it is no entry of a journal")
        if _signed(body) != content:
            raise ValueError("it is cut or changed: its checksum is another")
        try:
            stream = io.BytesIO(body)
            about = json.loads(stream.readline())
            written, code, unit = about["leaves"], about["code"], about["unit"]
            leaves = [np.lib.format.read_array(stream, allow_pickle=False) for _ in written]
        except (ValueError, KeyError, TypeError, EOFError) as error:
            raise ValueError("it does not hold what it should") from error
        if code != self.code:
            raise ValueError("other code computed it")
        if unit != self._place(name):
            raise ValueError("it is the entry of another unit")
        if [(leaf.shape, leaf.dtype) for leaf in leaves] != [(tuple(shape), np.dtype(dtype)) for shape, dtype in expected]:
            raise ValueError(f"its arrays are {[(leaf.dtype.name, leaf.shape) for leaf in leaves]}, not those of this sweep")
        if any(_has_nan(leaf) for leaf in leaves):
            raise ValueError("it holds NaN")
        return leaves

    def _set_aside(self, name: str) -> None:
        assert self.folder is not None
        entry, aside = self.folder / f"{name}{ENDING}", self.folder / ASIDE
        number = len(list(aside.iterdir())) if aside.is_dir() else 0
        try:
            aside.mkdir(exist_ok=True)
            entry.rename(aside / f"{name}{ENDING}.{number}")
        except OSError:
            pass  # it is computed again all the same; where it cannot be replaced either, `add` says so


def say(text: str) -> None:
    """One line on standard error."""
    print(text, file=sys.stderr, flush=True)


def settings_digest(cells: Any) -> str:
    """A digest of nested arrays, which names a sweep."""
    return hashlib.sha256(pickle.dumps(cells, protocol=5)).hexdigest()


def _signed(body: bytes) -> bytes:
    return _MARK + hashlib.sha256(body).hexdigest().encode() + b"\n" + body


def _has_nan(leaf: np.ndarray) -> bool:
    return leaf.dtype.kind in "fc" and bool(np.isnan(leaf).any())
