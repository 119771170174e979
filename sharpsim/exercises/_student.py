"""Runs the check of a student's file in a process of its own, so that an endless loop or a crash cannot take the command with it."""

import importlib.util
import multiprocessing
import time
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

from sharpsim.exercises._catalogue import find
from sharpsim.exercises._exercise import Outcome, run

TIME_LIMIT = 20.0
"""Seconds that a whole check may take; worked solutions need at most a few."""


def check_file(number: str, path: Path, *, limit: float = TIME_LIMIT) -> Outcome:
    """The outcome of exercise `number` for the function in the file at `path`; never raises for anything that the file does."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(number, str(path), there), daemon=True)
    process.start()
    there.close()
    outcome, count, shown, end = None, 0, "", time.monotonic() + limit
    try:
        while outcome is None and here.poll(max(0.0, end - time.monotonic())):
            message = here.recv()
            if isinstance(message, Outcome):
                outcome = message
            else:
                # The clock starts with the first instance: importing SciPy on a busy machine is not the student's fault.
                end = time.monotonic() + limit if not count else end
                count, shown = count + 1, message
        if outcome is None:
            outcome = Outcome(False, count, f"your code was still running after {limit:g} seconds: is there an endless loop?", shown)
    except EOFError:
        outcome = Outcome(False, count, "your code ended the Python process.", shown)
    finally:
        process.kill()
        process.join()
        here.close()
    return outcome


def _work(number: str, path: str, pipe: Connection) -> None:
    pipe.send(judge_file(number, path, pipe.send))


def judge_file(number: str, path: str, before: Callable[[str], None] | None = None) -> Outcome:
    """The outcome of exercise `number` for the file at `path`, in this process and without a time limit; `before` as in `run`."""
    exercise = find(number)
    try:
        spec = importlib.util.spec_from_file_location("answer", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    except SyntaxError as error:
        return Outcome(False, 0, f"line {error.lineno} of {path} is not Python: {error.msg}.")
    except (Exception, SystemExit) as error:
        line = traceback.extract_tb(error.__traceback__)[-1].lineno
        return Outcome(False, 0, f"reading {path} raised {type(error).__name__}: {error} (line {line}).")
    function = getattr(module, exercise.function, None)
    if not callable(function):
        return Outcome(False, 0, f"{path} defines no function `{exercise.function}`.")
    return run(exercise, function, before=before)
