"""The time and the memory of the project's own commands in a fresh clone, and what each stem costs.

`python -m benchmarks reproduce --record` clones the commit into a temporary folder, runs the commands there, and writes `recorded.json`.
It is not part of `make bench`, which reads what was recorded. Without a record, the sum of the stems' times is a lower bound.
"""

import json
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks._results import HERE, Row, hardware
from experiments.engine.provenance import commit
from experiments.engine.rows import ROOT, Places
from experiments.engine.run import stems
from sharpsim.files import write_whole

RECORD = HERE / "recorded.json"
SET_UP, REPRODUCE, SMOKE, TEST = ".venv/.reproduce", "reproduce", "smoke", "test"
FIRST = {TEST: ".venv/.test"}
"""What is installed before a command is timed. Nothing is compiled before the first run; smoke and the tests have caches of their own."""
WITH_SET_UP = "make reproduce, set-up included"
PAUSE = 0.5


class Watched(NamedTuple):
    """Seconds of a command; the most memory that its processes held together, and that one of them held, in GB."""

    seconds: float
    together: float
    largest: float


def run(scale: str) -> list[Row]:
    """What was recorded, and from each stem's provenance the seconds, processor time, memory and programs of its run."""
    reference = {stem: Places.reference().provenance(stem) for stem in stems()}
    rows = [
        Row("reproduce", f"stem {stem}", "make reproduce", "", "s", float(found["wall_seconds"]), note=_cost(found))
        for stem, found in reference.items()
        if "wall_seconds" in found
    ]
    seen = dict.fromkeys((SET_UP, REPRODUCE, SMOKE, TEST), Watched(*[float("nan")] * 3))
    note = f"not recorded yet; {len(rows)} stems alone take {sum(row.ours_value for row in rows):.0f} s"
    if RECORD.exists():
        record: dict[str, Any] = json.loads(RECORD.read_text())
        note = f"recorded at commit {record['commit'][:7]} on {record['hardware']}"
        seen = {name: Watched(**found) for name, found in record["commands"].items()}
    timed = {f"make {name}": seen[name].seconds for name in (REPRODUCE, SMOKE, TEST)}
    timed[WITH_SET_UP] = seen[SET_UP].seconds + seen[REPRODUCE].seconds
    held = {"memory of make reproduce": seen[REPRODUCE].together, "memory of a worker of make test": seen[TEST].largest}
    return [
        *(Row("reproduce", case, case, "", "s", value, note=note) for case, value in timed.items()),
        *(Row("reproduce", case, case, "", "GB", value, note=note) for case, value in held.items()),
        *rows,
    ]


def _cost(found: dict[str, Any]) -> str:
    """What else the provenance knows of a run."""
    named = {"processor_seconds": "s of processor time", "peak_mib": "MiB", "programs": "programs"}
    return ", ".join(f"{found[name]:.0f} {what}" for name, what in named.items() if found.get(name) is not None)


def record() -> None:
    """Run the commands in a clone of the committed state, one after the other, and write `recorded.json`."""
    seen: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), folder], check=True)
        for name in (SET_UP, REPRODUCE, SMOKE, TEST):
            if name in FIRST:
                subprocess.run(["make", FIRST[name]], cwd=folder, check=True)
            seen[name] = watched(["make", name], Path(folder))._asdict()
    found = {"commands": seen, "how": "make in a fresh clone", "commit": commit()["commit"], "hardware": hardware()}
    write_whole(RECORD, json.dumps(found, indent=1) + "\n")


def watched(command: list[str], folder: Path) -> Watched:
    """Run the command in the folder and look at its processes twice a second. Raises `CalledProcessError` where it fails."""
    started, together, largest = time.perf_counter(), 0, 0
    process = subprocess.Popen(command, cwd=folder)
    while process.poll() is None:
        held = [_held(number) for number in _with_children(process.pid)]
        together, largest = max(together, sum(held)), max(largest, *held)
        time.sleep(PAUSE)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Watched(round(time.perf_counter() - started, 1), round(together / 1e9, 3), round(largest / 1e9, 3))


def _with_children(root: int) -> list[int]:
    """The process and all that descend from it, on Linux."""
    parents: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            # The name, in brackets, may hold anything.
            parents[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue
    found = [root]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found


def _held(number: int) -> int:
    """Bytes of resident memory; pages that several processes share are divided among them. 0 for a process that is gone."""
    try:
        lines = Path(f"/proc/{number}/smaps_rollup").read_text().splitlines()
        return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    except (OSError, StopIteration):
        return 0
