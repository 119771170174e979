"""Ctrl-C, SIGTERM and workers that die: one line each, with what to do; a file-size limit set by the operating system."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from experiments.__main__ import main
from experiments.engine import cluster
from experiments.engine.interrupt import STATUS, line
from experiments.engine.rows import ROOT, Refused

SAID = "interrupted; to go on: python -m experiments run sft --scale smoke --out {}\n"


# A test that runs in the background of a script is deaf to SIGINT, and so would be what it starts.
HEARING = "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"


def started(*command, **environment):
    """A process in a group of its own that hears SIGINT, as a terminal starts one; its standard error is a pipe."""
    given = {"env": {**os.environ, **environment}, "stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen([sys.executable, "-c", HEARING, "-m", *command], cwd=ROOT, start_new_session=True, **given)


def stopped(process, number=signal.SIGINT):
    os.killpg(process.pid, number)
    said = process.communicate(timeout=120)[1]
    return process.returncode, said


def test_the_command_can_be_pasted():
    assert line("experiments", ["run", "sft", "--out", "my runs"]) == "interrupted; to go on: python -m experiments run sft --out 'my runs'"


def test_an_interrupt_inside_a_call_of_main_is_one_line(monkeypatch, capsys):
    monkeypatch.setattr("experiments.engine.run.stems_in", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
    assert main(["list"]) == STATUS == 130
    assert capsys.readouterr().err == "interrupted; to go on: python -m experiments list\n"


def listens(process):
    """Whether the process has a handler for SIGTERM, which Python by itself does not install."""
    caught = re.search(r"SigCgt:\s+(\w+)", Path(f"/proc/{process.pid}/status").read_text())
    return bool(int(caught[1], 16) >> (signal.SIGTERM - 1) & 1)


@pytest.mark.skipif(sys.platform != "linux", reason="what a process listens to is read from /proc")
@pytest.mark.parametrize(("after", "number"), [(0.0, signal.SIGINT), (0.3, signal.SIGTERM)])
def test_an_interrupt_among_the_imports_is_one_line(after, number, tmp_path):
    process = started("experiments", "run", "sft", "--scale", "smoke", "--out", str(tmp_path))
    while not listens(process):
        assert process.poll() is None
        time.sleep(0.01)
    time.sleep(after)
    assert stopped(process, number) == (STATUS, SAID.format(tmp_path))


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_sweep_is_one_line_and_goes_on_where_it_was(number, tmp_path):
    process = started("tests.walks", str(tmp_path), WALKS_STEPS="20000")
    while len(list(tmp_path.rglob("*.unit"))) < 2:
        assert process.poll() is None
        time.sleep(0.01)
    assert stopped(process, number) == (STATUS, SAID.format(tmp_path))
    assert not list(tmp_path.rglob("*.draft"))
    assert list(tmp_path.rglob("*.unit"))
    done = started("tests.walks", str(tmp_path), WALKS_STEPS="20000")
    assert done.communicate(timeout=300)[1].count("\n") == 1  # the line of progress
    assert (tmp_path / "rows/sft.csv").exists()


@pytest.mark.slow
def test_ctrl_c_with_workers_is_one_line(tmp_path):
    pytest.importorskip("distributed")
    process = started("tests.walks", str(tmp_path), "--workers", "2", WALKS_STEPS="20000")
    while not list(tmp_path.rglob("*.unit")):
        assert process.poll() is None
        time.sleep(0.01)
    assert stopped(process) == (STATUS, SAID.format(tmp_path).replace("\n", " --workers 2\n"))


@pytest.mark.slow
def test_workers_that_die_again_and_again_are_one_line(tmp_path):
    pytest.importorskip("distributed")
    process = started("tests.walks", str(tmp_path), "--workers", "1", WALKS_DIE="1")
    said = process.communicate(timeout=500)[1]
    assert (process.returncode, said) == (2, f"error: {cluster._DIED}\n")


def test_a_file_size_limit_is_one_line_and_leaves_no_draft(tmp_path):
    command = [sys.executable, "-m", "experiments", "run", "sft", "--scale", "smoke", "--out", str(tmp_path)]
    # Python does not notice that it could write a compiled module only in part, and would read it the next time.
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    # By a shell, as a process that has loaded JAX must not fork.
    limited = ["bash", "-c", 'ulimit -f 1; exec "$@"', "bash", *command]
    done = subprocess.run(limited, cwd=ROOT, capture_output=True, text=True, timeout=120, env=environment)
    said = f"error: `out` must be a folder that can be written; {tmp_path / 'rows'}: File too large.\n"
    assert (done.returncode, done.stderr) == (2, said)
    assert list(tmp_path.rglob("*")) == [tmp_path / "rows"]


class Future:
    def __init__(self, error):
        self.error = error

    def result(self):
        raise self.error


class Completed(list):
    """What `as_completed` gives: futures, `ready` or not."""

    ready = True

    def __init__(self):
        super().__init__()

    def add(self, future):
        self.append(future)

    def has_ready(self):
        return self.ready

    def __next__(self):
        return self.pop()


@pytest.mark.parametrize(
    ("client", "ready", "said"),
    [
        ("killed", True, "the workers died again and again"),
        ("cancelled", True, r"scheduler or its workers are gone \(CancelledError\)"),
        ("closed", True, r"scheduler or its workers are gone \(CommClosedError\)"),
        ("no workers", False, "the workers died again and again"),
    ],
)
def test_what_the_cluster_says_is_one_line(client, ready, said, monkeypatch):
    distributed = pytest.importorskip("distributed")
    given = {
        "killed": distributed.KilledWorker("work-0", None, 3),
        "cancelled": distributed.CancelledError("work-0"),
        "closed": distributed.comm.CommClosedError("gone"),
        "no workers": None,
    }
    monkeypatch.setattr(Completed, "ready", ready)
    monkeypatch.setattr(distributed, "as_completed", Completed)
    monkeypatch.setattr(cluster, "PATIENCE", 0.5)
    fake = SimpleNamespace(cluster=object(), nthreads=dict, submit=lambda *_, **__: Future(given[client]))
    with pytest.raises(Refused, match=said):
        next(cluster.finished(fake, None, [None], [SimpleNamespace(cell=0, first=0)], words=None, chunk=1))
