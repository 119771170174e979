"""Where logs come from: files, patterns such as `runs/*.jsonl`, folders and standard input; packed or not; and what is inside.

What is inside is told by the first bytes, not by the ending: Parquet by its mark, JSON by its first bracket, and anything else is CSV.
"""

import glob
import gzip
import io
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from sharpsim._arguments import PATH
from sharpsim._kind import Is
from sharpsim.logs._errors import LogError

ENDINGS = (".csv", ".tsv", ".parquet", ".jsonl", ".json", ".ndjson")
STANDARD_INPUT = "-"
PATHS = Is(
    "a path, as text or a Path, or a sequence of them",
    lambda value: PATH.test(value) or (isinstance(value, (list, tuple)) and all(map(PATH.test, value))),
)
SEVERAL_PATHS = Is(
    "a sequence of paths, at least one",
    lambda value: isinstance(value, (list, tuple)) and len(value) > 0 and all(map(PATH.test, value)),
)
_FOREIGN = {
    b"PK\x03\x04": "a zip archive (or a spreadsheet): unpack it, or export the sheet as CSV",
    b"\x28\xb5\x2f\xfd": "zstd: unpack it with `zstd -d`",
    b"BZh": "bzip2: unpack it with `bunzip2`",
    b"\xfd7zXZ": "xz: unpack it with `unxz`",
    b"\x93NUMPY": "a NumPy array: a table of probabilities goes to `--policy`",
    b"ARROW1": "an Arrow file: write it as Parquet",
    b"SQLite format": "an SQLite database: export the table as CSV",
    b"\x80\x04": "a pickle, which can run any code when it is read: write it as JSONL",
    b"\x80\x05": "a pickle, which can run any code when it is read: write it as JSONL",
}


@dataclass
class Source:
    """One opened log: `name` as given, `stream` of its unpacked bytes, `kind` ("csv", "json" or "parquet"), `path` if it is a file."""

    name: str
    stream: Any
    kind: str
    raw: Any
    size: int | None
    path: Path | None = None
    utf16: bool = False

    @property
    def fraction(self) -> float | None:
        """How much of the file has been read; None for standard input."""
        return None if not self.size else min(1.0, self.raw.tell() / self.size)

    def close(self) -> None:
        """Close the file; standard input stays open."""
        if self.path is not None:
            self.stream.close()
            self.raw.close()


def expand(paths: Sequence[str | Path] | str | Path) -> list[str]:
    """The files that `paths` name, each once: patterns and folders are expanded in sorted order, "-" is standard input.

    Of a folder with lm-evaluation-harness logs (`samples_*.jsonl`) those are taken, of another every file with an ending of a log.
    Raises `LogError` for a path that names nothing; it suggests the nearest name there is.
    """
    given = [paths] if isinstance(paths, str | Path) else list(paths)
    if not given:
        raise LogError("`paths` must name at least one log; got none.")
    found: dict[str, str] = {}
    for path in map(str, given):
        for one in [path] if path == STANDARD_INPUT else _files(path):
            found.setdefault(str(Path(one).resolve()) if one != STANDARD_INPUT else one, one)
    return list(found.values())


def _files(path: str) -> list[str]:
    if Path(path).is_dir():
        inside = sorted(str(one) for one in Path(path).rglob("*") if one.is_file() and suffix(one) in ENDINGS and not _aside(one.name))
        harness = [one for one in inside if Path(one).name.startswith("samples_")]
        if not inside:
            raise LogError(f"`paths` must name logs; no file in the folder {path!r} ends in {', '.join(ENDINGS)}.")
        return harness or inside
    if Path(path).exists():
        return [path]
    if matches := sorted(one for one in glob.glob(path, recursive=True) if Path(one).is_file()):
        return matches
    folder = Path(path).parent
    near = get_close_matches(Path(path).name, [one.name for one in folder.iterdir()] if folder.is_dir() else [], 1)
    raise LogError(f"`paths` must name logs that exist; there is no file {path!r}." + (f" Did you mean {near[0]!r}?" if near else ""))


def _aside(name: str) -> bool:
    """Whether a file only goes with a log: hidden ones, and records of how one was made."""
    return name.startswith((".", "results_")) or name.endswith(".about.json")


def suffix(path: str | Path) -> str:
    """The ending that says the kind: of `a.jsonl.gz` it is .jsonl."""
    path = Path(path)
    return Path(path.stem).suffix.lower() if path.suffix.lower() == ".gz" else path.suffix.lower()


def open_source(name: str) -> Source:
    """Open a log, unpack gzip, and look at its first bytes. Raises `LogError` for what is no log, with what to do."""
    path = None if name == STANDARD_INPUT else Path(name)
    raw: Any = None
    try:
        raw = sys.stdin.buffer if path is None else path.open("rb")
        return _opened("standard input" if path is None else name, raw, path)
    except BaseException as error:
        if raw is not None and path is not None:
            raw.close()
        if isinstance(error, OSError | EOFError):
            raise LogError(f"`paths` must name readable logs; could not read {name} ({error}).") from error
        raise


def _opened(shown: str, raw: Any, path: Path | None) -> Source:
    stream = io.BufferedReader(raw) if path is None else raw
    head = _peek(stream)
    if head.startswith(b"\x1f\x8b"):
        stream = io.BufferedReader(gzip.GzipFile(fileobj=stream), 2**20)
        head = _peek(stream)
    utf16 = head.startswith((b"\xff\xfe", b"\xfe\xff"))
    kind = _kind(shown, head.decode("utf-16", "ignore").encode() if utf16 else head)
    return Source(shown, stream, kind, raw, None if path is None else path.stat().st_size, path, utf16)


def _peek(stream: Any, size: int = 4096) -> bytes:
    if hasattr(stream, "peek"):
        return stream.peek(size)[:size]
    head = stream.read(size)
    stream.seek(0)
    return head


def _kind(name: str, head: bytes) -> str:
    for mark, what in _FOREIGN.items():
        if head.startswith(mark):
            raise LogError(f"{name} must be CSV, JSONL, JSON or Parquet; it is {what}.")
    if head.startswith(b"PAR1"):
        return "parquet"
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith((b"{", b"[")):
        return "json"
    if b"\x00" in head[:16]:
        raise LogError(f"{name} must be CSV, JSONL, JSON or Parquet; its first bytes are {head[:8]!r}.")
    # A first line that is corrupt does not make JSONL a table.
    return "json" if suffix(name) in (".jsonl", ".json", ".ndjson") else "csv"
