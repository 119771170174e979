"""Runs of the made-up stem killed at random moments and started again: python -m tests.kill FOLDER KILLS prints a record as JSON.

Runs are forks of one process that has imported everything and started nothing, so that a life is short and mostly simulation.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path

import numpy as np

from experiments.__main__ import main
from experiments.engine.journal import Journal
from tests.walks import Settings, install

CSV = Path("rows/sft.csv")


def life(out: Path, log: Path) -> int:
    """A run in a process of its own; every unit that it has put into the journal is a line of `log`, and of `begun` before that.

    A kill may fall between the journal and the line: such a unit is kept, and only `begun` knows of it.
    """
    child = os.fork()
    if child:
        return child
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.dup2(1, 2)
    add = Journal.add
    before, after = (os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY) for path in (begun(log), log))

    def logged(self, name, leaves):
        os.write(before, f"{name}\n".encode())
        add(self, name, leaves)
        os.write(after, f"{name}\n".encode())

    Journal.add = logged
    os._exit(main(["run", "sft", "--scale", "smoke", "--out", str(out)]))


def ended(child: int) -> bool:
    return os.waitpid(child, os.WNOHANG) != (0, 0)


def record(folder: Path, kills: int) -> dict:
    """How many were killed, in how many runs, units lost or repeated, and whether every finished CSV was the undisturbed one."""
    folder.mkdir(parents=True, exist_ok=True)
    install(Settings(cells=12, seeds=37, steps=1500), folder / "journal")
    for _ in range(2):
        started = time.perf_counter()
        os.waitpid(life(folder / "whole", folder / "whole.log"), 0)
        whole_seconds = time.perf_counter() - started
    whole = (folder / "whole" / CSV).read_bytes()
    units = len((folder / "whole.log").read_text().splitlines()) // 2
    rng = np.random.default_rng(0)
    found = {
        "kills": 0,
        "runs": 0,
        "units": units,
        "units_at_kill": [],
        "repeats": 0,
        "lost": 0,
        "equal": True,
        "whole_seconds": whole_seconds,
    }
    while found["kills"] < kills or (folder / "cut.log").exists():
        child = life(folder / "cut", folder / "cut.log")
        if found["kills"] < kills:
            patience = time.perf_counter() + rng.uniform(0, whole_seconds)
            over = False
            while time.perf_counter() < patience and not (over := ended(child)):
                time.sleep(0.002)
            if not over:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
                found["kills"] += 1
                found["units_at_kill"].append(len(lines(folder / "cut.log")))
                # The journal goes last: without one, and with every unit done, the run was over before it was killed.
                if len(lines(folder / "cut.log")) < units or list((folder / "journal").glob("sft-*")):
                    continue
        else:
            os.waitpid(child, 0)
        names = lines(folder / "cut.log")
        found["runs"] += 1
        found["repeats"] += len(names) - len(set(names))
        found["lost"] += units - len(set(lines(begun(folder / "cut.log"))))
        found["equal"] &= (folder / "cut" / CSV).read_bytes() == whole
        (folder / "cut" / CSV).unlink()
        for log in (folder / "cut.log", begun(folder / "cut.log")):
            log.unlink()
    return found


def begun(log: Path) -> Path:
    return log.with_suffix(".begun")


def lines(log: Path) -> list[str]:
    return log.read_text().splitlines() if log.exists() else []


if __name__ == "__main__":
    print(json.dumps(record(Path(sys.argv[1]), int(sys.argv[2]))))
