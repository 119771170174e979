"""The time of `make reproduce` at default scale, set-up included, and the time of each stem.

`python -m benchmarks reproduce --record` clones the commit into a temporary folder, times `make reproduce` there, and writes
`recorded.json`. It is not part of `make bench`, which reads the recorded time. Without a record, the sum of the stems' times is a lower
bound.
"""

import json
import subprocess
import tempfile
import time
from typing import Any

from benchmarks._results import HERE, Row, hardware
from experiments.engine.provenance import commit
from experiments.engine.rows import ROOT, Places
from experiments.engine.run import stems
from sharpsim.files import write_whole

RECORD = HERE / "recorded.json"
CASE = "make reproduce, set-up included"


def run(scale: str) -> list[Row]:
    """Seconds of the recorded run, and the wall time of each stem from its provenance."""
    walls = {stem: Places.reference().provenance(stem).get("wall_seconds") for stem in stems()}
    known = {stem: float(wall) for stem, wall in walls.items() if wall is not None}
    rows = [Row("reproduce", f"stem {stem}", "make reproduce", "", "s", wall) for stem, wall in known.items()]
    if RECORD.exists():
        record: dict[str, Any] = json.loads(RECORD.read_text())
        note = f"recorded at commit {record['commit'][:7]} on {record['hardware']}"
        return [Row("reproduce", CASE, "make reproduce", "", "s", record["seconds"], note=note), *rows]
    note = f"not recorded yet; {len(known)} stems alone take {sum(known.values()):.0f} s"
    return [Row("reproduce", CASE, "make reproduce", "", "s", float("nan"), note=note), *rows]


def record() -> None:
    """Time `make reproduce` in a clone of the committed state and write `recorded.json`."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), folder], check=True)
        started = time.perf_counter()
        subprocess.run(["make", "reproduce"], cwd=folder, check=True)
        took = time.perf_counter() - started
    found = {"seconds": round(took, 1), "how": "make reproduce in a fresh clone", "commit": commit()["commit"], "hardware": hardware()}
    write_whole(RECORD, json.dumps(found, indent=1) + "\n")
