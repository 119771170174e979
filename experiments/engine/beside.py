"""Independent pieces of one run, each in one of as many processes as there are cores. The answer does not depend on how many those are."""

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait
from typing import Any, TypeVar

from experiments.engine.interrupt import deaf
from experiments.engine.rows import Refused

Result = TypeVar("Result")
MEMORY = 3 * 2**30
"""Bytes that a process may need: there are no more processes than the machine has room for."""
_THREADS = "NPROC"
"""The variable of the environment from which XLA takes the number of its threads."""


def side_by_side(work: Callable[..., Result], pieces: Sequence[tuple[Any, ...]]) -> Iterator[Result]:
    """Yields `work(*piece)` for each of the pieces, in their order. Pieces are begun in that order too: the longest first is the fastest.

    `work` is a top-level function of a module; what it takes and gives can be pickled. It is called in this process where a second one
    would not help: for one piece, on one core, beside an accelerator, and inside of such a process.

    Raises what `work` raises, and `Refused` where a process died.
    """
    count = min(len(pieces), processes())
    if count < 2:
        for piece in pieces:
            yield work(*piece)
        return
    others = multiprocessing.active_children()
    done = False
    with deaf():
        pool = ProcessPoolExecutor(count, multiprocessing.get_context("spawn"), _begin, (max(1, cores() // count),))
        futures = [pool.submit(work, *piece) for piece in pieces]
    mine = [child for child in multiprocessing.active_children() if child not in others]
    try:
        for future in futures:
            yield future.result()
        done = True
    except BrokenProcessPool:
        raise Refused("a process of this run died, often for lack of memory.") from None
    finally:
        if not done:
            for child in mine:
                child.kill()
        pool.shutdown(wait=done, cancel_futures=True)


def processes() -> int:
    """How many processes may work side by side: one for each core, as many as memory has room for; one beside an accelerator."""
    import jax

    if multiprocessing.parent_process() is not None or jax.default_backend() != "cpu":
        return 1
    return max(1, min(cores(), os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // MEMORY))


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _begin(threads: int) -> None:
    """Before the first piece: so many threads for XLA, the settings of JAX, and an end where the caller has ended, however it did."""
    os.environ[_THREADS] = str(threads)
    caller: Any = multiprocessing.parent_process()

    def follow() -> None:
        wait([caller.sentinel])
        os._exit(1)

    threading.Thread(target=follow, daemon=True).start()
    from experiments.engine.compiled import prepare_jax

    prepare_jax()


__all__ = ["cores", "processes", "side_by_side"]
