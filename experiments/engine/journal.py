"""The journal of a run: results of finished units on disk, so that a run that was killed resumes instead of starting again.

It is deleted when the rows are written.
"""

import contextlib
import hashlib
import io
import os
import pickle
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from experiments.engine.rows import ROOT, write_atomic

FOLDER = ROOT / "build" / "journal"


def code_digest(root: Path = ROOT) -> str:
    """A digest, sixteen hex digits, of all Python files of `experiments` and `sharpsim`: any change there may change a number."""
    content = hashlib.sha256()
    for path in sorted(path for folder in ("experiments", "sharpsim") for path in (root / folder).rglob("*.py")):
        content.update(f"{path.relative_to(root)}\0".encode() + path.read_bytes() + b"\0")
    return content.hexdigest()[:16]


class Journal:
    """One file for each finished unit. The folder's name is a digest of everything that decides the numbers; None keeps nothing.

    Files are written as a whole or not at all. A file that cannot be read is ignored, and its unit is computed again.
    """

    def __init__(self, folder: Path | None):
        self.folder = folder

    @classmethod
    def of(cls, stem: str, *decisive: Any) -> "Journal":
        """The journal of one run of a stem, named by the values in `decisive` and by the code."""
        name = hashlib.sha256("\0".join(map(str, (stem, *decisive, code_digest()))).encode()).hexdigest()[:16]
        return cls(FOLDER / f"{stem}-{name}")

    def part(self, *decisive: Any) -> "Journal":
        """The journal of one sweep of the run."""
        return Journal(None if self.folder is None else self.folder / hashlib.sha256(repr(decisive).encode()).hexdigest()[:16])

    def finished(self, names: Iterable[str]) -> dict[str, Any]:
        """The units among `names` that are on disk, each with the leaves of its result in order."""
        if self.folder is None or not self.folder.is_dir():
            return {}
        there = {path.name for path in self.folder.glob("*.npz")}
        read = {name: _read(self.folder / f"{name}.npz") for name in names if f"{name}.npz" in there}
        return {name: leaves for name, leaves in read.items() if leaves is not None}

    def add(self, name: str, leaves: list[np.ndarray]) -> None:
        """Write the result of one unit."""
        if self.folder is None:
            return
        content = io.BytesIO()
        np.savez(content, *leaves)
        # An equal run beside this one may have finished and dropped the folder.
        with contextlib.suppress(FileNotFoundError):
            write_atomic(self.folder / f"{name}.npz", content.getvalue())

    def drop(self) -> None:
        """Delete the journal, once the rows are written."""
        if self.folder is not None and self.folder.is_dir():
            # Renamed first: half a journal would make a later run do the other half again.
            dropped = self.folder.with_name(f".{self.folder.name}.{os.getpid()}")
            with contextlib.suppress(FileNotFoundError):
                self.folder.rename(dropped)
                shutil.rmtree(dropped, ignore_errors=True)


def settings_digest(cells: Any) -> str:
    """A digest of nested arrays, which names a sweep."""
    return hashlib.sha256(pickle.dumps(cells, protocol=5)).hexdigest()


def _read(path: Path) -> list[np.ndarray] | None:
    try:
        with np.load(path, allow_pickle=False) as file:
            return [file[f"arr_{i}"] for i in range(len(file.files))]
    except (OSError, ValueError, KeyError, EOFError):
        return None
