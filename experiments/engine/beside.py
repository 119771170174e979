"""Independent pieces of one run, each in one of as many processes as there are cores. The answer does not depend on how many those are."""

import heapq
import itertools
import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from experiments.engine.cost import Cost, held, let_go, measured, note
from experiments.engine.interrupt import deaf, end_with_caller
from experiments.engine.machine import cores
from experiments.engine.rows import Refused

Result = TypeVar("Result")
MEMORY = 3 * 2**30
"""Bytes that a process may need: there are no more processes than the machine has room for."""
KEPT = 500 * 2**20
"""Bytes that a process holds without letting go of the programs of its last piece."""
_THREADS = ("NPROC", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS")
"""The variables of the environment from which XLA and NumPy's linear algebra take the number of their threads when they are loaded."""


class Pool:
    """As many processes as it is made with. Of the pieces that wait, the first are those of greatest weight, then those that came first.

    The processes see the variables of `environment`. Used as a context: they end with the block, at once where an error ends it.
    """

    def __init__(self, count: int, environment: dict[str, str] | None = None) -> None:
        self._others = multiprocessing.active_children()
        with deaf(), _environment(dict.fromkeys(_THREADS, str(max(1, cores() // count))) | (environment or {})):
            self._executor = ProcessPoolExecutor(count, multiprocessing.get_context("spawn"), _begin)
            for _ in range(count):
                # An executor starts a process where none is idle, and none is before it has begun.
                self._executor.submit(int)
        self._waiting: list[tuple[float, int, Future[Any], Callable[..., Any], tuple[Any, ...]]] = []
        self._number, self._free, self._lock = itertools.count(), count, threading.Lock()

    def __enter__(self) -> "Pool":
        return self

    def __exit__(self, kind: Any, *_: Any) -> None:
        if kind is not None:
            for child in multiprocessing.active_children():
                if child not in self._others:
                    child.kill()
        self._executor.shutdown(wait=kind is None, cancel_futures=True)

    def submit(self, work: Callable[..., Result], piece: tuple[Any, ...], weight: float = 0.0) -> "Future[tuple[Result, Cost]]":
        """`work(*piece)` and what it cost, when they are there. What is cancelled in time is not begun.

        The error of an answer is that of `work`, or `Refused` where a process died.
        """
        answer: Future[Any] = Future()
        with self._lock:
            heapq.heappush(self._waiting, (-weight, next(self._number), answer, work, piece))
        self._fill()
        return answer

    def _fill(self) -> None:
        """Begin what waits while a process is free."""
        while True:
            with self._lock:
                if not (self._free and self._waiting):
                    return
                *_, answer, work, piece = heapq.heappop(self._waiting)
                if not answer.set_running_or_notify_cancel():
                    continue
                self._free -= 1
            try:
                begun = self._executor.submit(_measured, work, piece)
            except RuntimeError as error:
                answer.set_exception(_named(error))
            else:
                begun.add_done_callback(lambda done, answer=answer: self._done(done, answer))

    def _done(self, done: "Future[Any]", answer: "Future[Any]") -> None:
        with self._lock:
            self._free += 1
        # The next piece first: the caller may take long over this one.
        self._fill()
        error = BrokenProcessPool() if done.cancelled() else done.exception()
        if error is None:
            answer.set_result(done.result())
        else:
            answer.set_exception(_named(error))


def _named(error: BaseException) -> BaseException:
    return Refused("a process of this run died, often for lack of memory.") if isinstance(error, BrokenProcessPool) else error


_SHARED: ContextVar[tuple[Pool, float] | None] = ContextVar("_SHARED", default=None)


@contextmanager
def shared(pool: Pool, weight: float) -> Iterator[None]:
    """In this block, and thread, pieces go to this pool with this weight."""
    token = _SHARED.set((pool, weight))
    try:
        yield
    finally:
        _SHARED.reset(token)


def side_by_side(work: Callable[..., Result], pieces: Sequence[tuple[Any, ...]]) -> Iterator[Result]:
    """Yields `work(*piece)` for each of the pieces, in their order. Pieces are begun in that order too: the longest first is the fastest.

    `work` is a top-level function of a module; what it takes and gives can be pickled. It is called in this process where a second one
    would not help: for one piece, on one core, beside an accelerator, and inside of such a process.

    Raises what `work` raises, and `Refused` where a process died.
    """
    if (given := _SHARED.get()) is not None:
        yield from _answers(*given, work, pieces)
    elif (count := min(len(pieces), processes())) > 1:
        with Pool(count) as pool:
            yield from _answers(pool, 0.0, work, pieces)
    else:
        for piece in pieces:
            yield work(*piece)


def _answers(pool: Pool, weight: float, work: Callable[..., Result], pieces: Sequence[tuple[Any, ...]]) -> Iterator[Result]:
    waiting = [pool.submit(work, piece, weight) for piece in pieces]
    try:
        for answer in waiting:
            found, cost = answer.result()
            note(cost)
            yield found
    finally:
        for answer in waiting:
            answer.cancel()


def call(work: Callable[..., Result], *given: Any) -> Result:
    """`work(*given)`: the work of `side_by_side` where each piece has its own."""
    return work(*given)


def processes() -> int:
    """How many processes may work side by side: one for each core, as many as memory has room for; one beside an accelerator."""
    import jax

    if multiprocessing.parent_process() is not None or jax.default_backend() != "cpu":
        return 1
    return max(1, min(cores(), os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // MEMORY))


@contextmanager
def _environment(settings: dict[str, str]) -> Iterator[None]:
    """Processes that are started in this block see these variables."""
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _begin() -> None:
    """Before the first piece: the settings of JAX, and an end where the caller has ended, however it did."""
    end_with_caller()
    from experiments.engine.compiled import prepare_jax

    prepare_jax()


def _measured(work: Callable[..., Result], piece: tuple[Any, ...]) -> tuple[Result, Cost]:
    """The programs of one piece are of little use to the next; to drop them takes a quarter of a second."""
    with measured() as cost:
        try:
            return work(*piece), cost()
        finally:
            if held() > KEPT:
                let_go()


__all__ = ["Pool", "call", "processes", "shared", "side_by_side"]
