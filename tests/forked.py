"""Runs of pytest in forks of one process that has imported the libraries, but nothing of the project: a run starts in a second or two.

`python -m tests.forked` reads lines of JSON, [seconds, arguments of pytest], and answers each with a line: the exit status, or "late".
"""

import contextlib
import json
import math
import os
import resource
import signal
import sys
import time

import hypothesis.strategies
import jax.numpy
import mpmath
import pytest
import scipy.optimize
import scipy.stats

import tests.conftest

LOADED = (hypothesis.strategies, jax.numpy, mpmath, scipy.optimize, scipy.stats, tests.conftest)


def status(arguments: list[str], seconds: float) -> int | None:
    """The exit status of a run of pytest; None if it was stopped after `seconds` of processor time, or ten times as long by the clock.

    On a busy machine the clock says little of what the tests do.
    """
    process = os.fork()
    if process == 0:
        os.setpgid(0, 0)
        resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(seconds), math.ceil(seconds) + 5))
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nowhere, stream)
        os._exit(int(pytest.main(arguments)))
    end = time.monotonic() + 10 * seconds
    while time.monotonic() < end:
        ended, found = os.waitpid(process, os.WNOHANG)
        if ended:
            code = os.waitstatus_to_exitcode(found)
            return None if code == -signal.SIGXCPU else code
        time.sleep(0.05)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process, signal.SIGKILL)
    os.waitpid(process, 0)
    return None


if __name__ == "__main__":
    for line in sys.stdin:
        limit, given = json.loads(line)
        found = status(given, limit)
        print("late" if found is None else found, flush=True)
