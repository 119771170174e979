"""What a stretch of a run costs: processor time, the largest resident memory, programs requested; and letting go of memory."""

import ctypes
import gc
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import NamedTuple

from experiments.engine.compiled import counted

_STATUS, _RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


class Cost(NamedTuple):
    """Seconds of processor time; the largest resident memory of one process, in MiB (None where the system does not say); the number of
    programs that were compiled or read from the cache on disk.
    """

    processor_seconds: float
    peak_mib: int | None
    programs: int


_PIECES: ContextVar[list[Cost] | None] = ContextVar("_PIECES", default=None)


@contextmanager
def measured() -> Iterator[Callable[[], Cost]]:
    """Gives a function that says what the block has cost so far, together with its pieces in other processes.

    Of a thread beside others, processor time and programs are its own; memory is always that of the whole process.
    """
    clock = time.process_time if threading.current_thread() is threading.main_thread() else time.thread_time
    pieces: list[Cost] = []
    token, began = _PIECES.set(pieces), clock()
    forget_peak()
    try:
        with counted() as programs:

            def so_far() -> Cost:
                peaks = [one.peak_mib for one in pieces if one.peak_mib is not None]
                return Cost(
                    round(clock() - began + sum(one.processor_seconds for one in pieces), 1),
                    max([peak() // 2**20, *peaks]) if sys.platform.startswith("linux") else None,
                    len(programs) + sum(one.programs for one in pieces),
                )

            yield so_far
    finally:
        _PIECES.reset(token)


def note(piece: Cost) -> None:
    """A piece of this run cost so much in a process of its own."""
    if (pieces := _PIECES.get()) is not None:
        pieces.append(piece)


def peak() -> int:
    """The largest memory that this process has held so far, or since `forget_peak`, in bytes.

    Linux counts from the start of each program. Elsewhere `getrusage` is used, which also counts what the parent held when it forked.
    """
    try:
        return _status("VmHWM")
    except (OSError, StopIteration):
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def held() -> int:
    """The memory that this process holds now, in bytes; its peak where the system does not say."""
    try:
        return _status("VmRSS")
    except (OSError, StopIteration):
        return peak()


def _status(name: str) -> int:
    return 1024 * next(int(line.split()[1]) for line in _STATUS.read_text().splitlines() if line.startswith(name))


def forget_peak() -> None:
    """From now on `peak` counts anew, where the system allows it (Linux)."""
    with suppress(OSError):
        _RESET.write_text("5")


def let_go() -> None:
    """Drop all compiled programs, and give free memory back to the system where it can be asked (glibc keeps it otherwise)."""
    import jax

    jax.clear_caches()
    gc.collect()
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


__all__ = ["Cost", "forget_peak", "held", "let_go", "measured", "note", "peak"]
