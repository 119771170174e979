"""Files that are written whole or not at all, alone or as a set, and arrays whose sizes are read before memory is taken.

A file is first written as a draft beside its place, then moved there. A draft goes when the writing fails; that of a process that was
killed goes when its folder is next tried (`try_folder`).
"""

import contextlib
import os
import re
import shutil
import time
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from sharpsim._arguments import WORDS, checked, count
from sharpsim._kind import Is

PROBE = 2**20
"""Bytes that `try_folder` writes: an output that leaves less room is none."""
STALE = 600.0
"""Age in seconds from which a draft whose process is gone is deleted. A younger one may belong to another machine."""
_DRAFT = re.compile(r"\.(.+)\.(\d+)\.draft")
_REMOVED = ".removed"
_LIVE: set[Path] = set()
"""The drafts of this process."""
_CONTENT = Is("text or bytes", lambda value: isinstance(value, (str, bytes)))
_NAME = Is("the name of a file, without a folder", lambda value: isinstance(value, str) and value != "" and Path(value).name == value)
_STREAM = Is("a binary stream", lambda value: all(hasattr(value, name) for name in ("read", "seek", "tell")))


@checked(content=_CONTENT)
def write_whole(path: Path, content: bytes | str) -> None:
    """Write a file and the folders above it. Whatever goes wrong leaves the old file and no draft. Raises `OSError` that names the file."""
    with _naming(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with _draft(path.parent, path.name) as draft:
            draft.write_bytes(content.encode() if isinstance(content, str) else content)
            draft.replace(path)


@checked(name=_NAME, old=WORDS)
@contextlib.contextmanager
def replacing(folder: Path, name: str, old: Collection[str]) -> Iterator[Path]:
    """Yields a new folder for the files of a set; after the block they replace the files `old` of `folder`, all of them or none.

    The set becomes valid in one step, when its folder is renamed; a process that is killed while the files move is completed by `finish`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with _draft(folder, name) as draft:
        draft.mkdir()
        yield draft
        gone = sorted(set(old) - {path.name for path in draft.iterdir()})
        (draft / _REMOVED).write_text("\n".join(gone))
        finish(folder, name)
        draft.rename(_ready(folder, name))
    finish(folder, name)


@checked(name=_NAME)
def finish(folder: Path, name: str) -> None:
    """Move the files of a set that is complete and was not moved yet; does nothing where there is none."""
    ready = _ready(folder, name)
    if not ready.is_dir():
        return
    # An equal process beside this one may move the same files.
    with contextlib.suppress(FileNotFoundError):
        for gone in filter(None, (ready / _REMOVED).read_text().split("\n")):
            (folder / gone).unlink(missing_ok=True)
        for path in sorted(path for path in ready.iterdir() if path.name != _REMOVED):
            path.replace(folder / path.name)
    shutil.rmtree(ready, ignore_errors=True)


@checked
def try_folder(folder: Path) -> None:
    """Write `PROBE` bytes into a folder and delete them, with the drafts of processes that are gone.

    Raises `OSError` that names the folder where it cannot be written.
    """
    with _naming(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with _draft(folder, "probe") as draft:
            draft.write_bytes(bytes(PROBE))
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            owner = _DRAFT.fullmatch(path.name)
            if owner and not _alive(int(owner[2])) and time.time() - path.stat().st_mtime > STALE:
                _delete(path)


def abandon() -> None:
    """Delete the drafts of this process, which is about to end."""
    for draft in tuple(_LIVE):
        _delete(draft)


@checked(file=_STREAM, size=count(0, 2**62))
def read_npy(file: Any, size: int) -> np.ndarray:
    """The array of a binary stream in NumPy's format that has `size` bytes left. No memory is taken before its header is found to fit them.

    Raises `ValueError` with the reason: not this format, Python objects, a size that differs from the header's, more than the memory.
    """
    form: Any = np.lib.format
    start = file.tell()
    try:
        version = form.read_magic(file)
        header = {(1, 0): form.read_array_header_1_0, (2, 0): form.read_array_header_2_0}.get(version)
        if header is None:
            raise ValueError(f"its version {version} is not 1.0 or 2.0")
        shape, _, dtype = header(file)
    except (ValueError, EOFError, SyntaxError, UnicodeDecodeError, TypeError) as error:
        raise ValueError(f"its header is not one of a .npy file: {str(error).splitlines()[0]}") from error
    if dtype.hasobject:
        raise ValueError("it holds Python objects")
    if any(length < 0 for length in shape):
        raise ValueError(f"its shape {shape} has a negative length")
    need, there = dtype.itemsize, size - (file.tell() - start)
    for length in shape:
        need *= int(length)
    if need != there:
        raise ValueError(f"its header says {dtype} {shape}, {need} bytes, and {there} bytes follow")
    if need > (most := memory()):
        raise ValueError(f"it needs {need / 1e9:.3g} GB, and this machine has {most / 1e9:.3g} GB of memory")
    file.seek(start)
    return form.read_array(file, allow_pickle=False)


def memory() -> int:
    """Bytes of memory of this machine; where it does not say, 2^63."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return 2**63


@contextlib.contextmanager
def _naming(path: Path) -> Iterator[None]:
    """An `OSError` of the block names `path`, not the draft."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error


@contextlib.contextmanager
def _draft(folder: Path, name: str) -> Iterator[Path]:
    draft = folder / f".{name}.{os.getpid()}.draft"
    _LIVE.add(draft)
    try:
        yield draft
    finally:
        _delete(draft)
        _LIVE.discard(draft)


def _ready(folder: Path, name: str) -> Path:
    return folder / f".{name}.ready"


def _delete(path: Path) -> None:
    with contextlib.suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _alive(process: int) -> bool:
    if os.name != "posix":
        return True  # elsewhere signal 0 is no question
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
