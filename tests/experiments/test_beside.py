"""Pieces of a run side by side: the same answers in the same order however many processes, and nothing left behind however it ends."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time

import pytest

from experiments.engine import beside
from experiments.engine.beside import processes, side_by_side
from experiments.engine.machine import cores
from experiments.engine.rows import ROOT, Refused
from tests.experiments.test_interrupt import HEARING


def power(base, exponent):
    import jax.numpy as jnp

    assert jnp.zeros(1).dtype == "float64"
    return float(jnp.asarray(base, dtype=float) ** exponent), os.getpid(), os.environ.get("NPROC"), processes()


def broken(how):
    if how == "raises":
        raise ValueError("`how` must be kind")
    if how == "dies":
        os._exit(9)
    time.sleep(600)


@pytest.fixture
def three(monkeypatch):
    monkeypatch.setattr(beside, "processes", lambda: 3)


PIECES = [(2, k) for k in range(7)]


def test_the_answers_do_not_depend_on_the_processes(monkeypatch):
    answers, used = {}, {}
    for count in (1, 3):
        monkeypatch.setattr(beside, "processes", lambda count=count: count)
        found = list(side_by_side(power, PIECES))
        answers[count], used[count] = [value for value, *_ in found], {pid for _, pid, *_ in found}
        if count > 1:
            assert {(threads, inner) for *_, threads, inner in found} == {(str(max(1, cores() // 3)), 1)}
    assert answers[1] == answers[3] == [2.0**k for k in range(7)]
    assert used[1] == {os.getpid()}
    assert os.getpid() not in used[3]
    assert 1 <= len(used[3]) <= 3


def test_there_are_no_more_processes_than_cores_pieces_and_memory(monkeypatch):
    assert 1 <= processes() <= cores()
    monkeypatch.setattr(beside, "MEMORY", 2**60)
    assert processes() == 1
    assert [pid for _, pid, *_ in side_by_side(power, PIECES[:2])] == [os.getpid()] * 2


@pytest.mark.parametrize(("how", "error"), [("raises", ValueError), ("dies", Refused)])
def test_a_failure_is_the_callers_and_ends_the_others(three, how, error):
    with pytest.raises(error, match=r"`how` must be kind|a process of this run died"):
        list(side_by_side(broken, [(how,), ("sleeps",), ("sleeps",)]))
    # The processes take seconds to begin; they are to be gone long before they have slept.
    begin = time.monotonic()
    while multiprocessing.active_children():
        assert time.monotonic() - begin < 60
        time.sleep(0.05)


SAID = "interrupted; to go on: python -m experiments run x\n"
CALLER = """
import sys
from experiments.engine import beside
from experiments.engine.interrupt import listen
from tests.experiments.test_beside import asleep
if __name__ == "__main__":
    listen("experiments", ["run", "x"])
    beside.processes = lambda: 2
    list(beside.side_by_side(asleep, [(sys.argv[1], k) for k in range(2)]))
"""


def asleep(folder, number):
    with open(f"{folder}/{number}", "w") as file:
        file.write(str(os.getpid()))
    os.rename(f"{folder}/{number}", f"{folder}/{number}.pid")
    time.sleep(100)


@pytest.mark.skipif(sys.platform != "linux", reason="which processes live is read from /proc")
@pytest.mark.parametrize(("number", "said"), [(signal.SIGINT, SAID), (signal.SIGKILL, "")])
def test_no_process_outlives_the_caller(number, said, tmp_path):
    """However the caller ends; and Ctrl-C, which a terminal sends to all of them, is one line."""
    (tmp_path / "caller.py").write_text(CALLER)
    command = [sys.executable, "-c", HEARING, str(tmp_path / "caller.py"), str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    caller = subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True, stderr=subprocess.PIPE, text=True)
    begin = time.monotonic()
    while len(found := list(tmp_path.glob("*.pid"))) < 2:
        assert caller.poll() is None
        assert time.monotonic() - begin < 90
        time.sleep(0.05)
    if number == signal.SIGINT:
        os.killpg(caller.pid, number)
    else:
        os.kill(caller.pid, number)
    assert caller.communicate(timeout=30)[1] == said
    begin = time.monotonic()
    while any(os.path.exists(f"/proc/{path.read_text()}") for path in found):
        assert time.monotonic() - begin < 10
        time.sleep(0.05)
