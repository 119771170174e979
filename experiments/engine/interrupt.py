"""What a command says when it is interrupted (Ctrl-C) or terminated (SIGTERM): one line with the command that goes on, exit status 130.

It imports nothing heavy: it is in place before the imports of the command, which take a second.
"""

import multiprocessing
import multiprocessing.connection
import os
import shlex
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

STATUS = 130
"""The exit status after either signal."""


def line(module: str, arguments: Sequence[str]) -> str:
    """The line that is printed: a run that is started again continues from its journal."""
    return f"interrupted; to go on: {shlex.join(['python', '-m', module, *arguments])}"


def listen(module: str, arguments: Sequence[str]) -> None:
    """From now on either signal ends the process at once: drafts deleted, one line, no traceback of any thread or worker."""

    def end(*_: Any) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        if files := sys.modules.get("sharpsim.files"):
            getattr(files, "abandon", lambda: None)()
        # Past Python's buffers, which the interrupted code may be writing to. On a terminal the bar of progress goes.
        clear = "\r\x1b[K" if sys.stderr.isatty() else ""
        os.write(2, f"{clear}{line(module, arguments)}\n".encode(errors="replace"))
        os._exit(STATUS)

    for number in (signal.SIGINT, signal.SIGTERM):
        # Started in the background of a script (SIGINT ignored), it stays deaf to it.
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, end)


@contextmanager
def deaf() -> Iterator[None]:
    """Threads and processes that are started in the block never see Ctrl-C, which a terminal sends to all: the caller alone answers it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    _track_resources()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def end_with_caller() -> None:
    """In a process that another one started: from now on it ends where that one has ended, however it did."""
    caller: Any = multiprocessing.parent_process()

    def follow() -> None:
        multiprocessing.connection.wait([caller.sentinel])
        os._exit(1)

    threading.Thread(target=follow, daemon=True).start()


def _track_resources() -> None:
    """Start multiprocessing's tracker beforehand, as its start unblocks the signal; what it says of a caller that is gone goes nowhere."""
    from multiprocessing import resource_tracker

    shown, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        resource_tracker.ensure_running()
    finally:
        os.dup2(shown, 2)
        os.close(shown)
        os.close(nowhere)
