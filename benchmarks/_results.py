"""The results of the benchmarks as rows of one CSV file. Running a benchmark again replaces its own rows only."""

import csv
import io
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from importlib import metadata
from pathlib import Path
from typing import Any

from benchmarks._bars import BARS
from benchmarks._timing import Entry, Protocol, Ratio, compare, seconds
from sharpsim.files import write_whole

HERE = Path(__file__).resolve().parent
NOT_INSTALLED = "not installed"


@dataclass(frozen=True)
class Row:
    """One measurement: our value and the rival's in `unit`, and their ratio with its range over the rounds; or a value without a rival.

    The bar is compared with `ratio`, which is NaN if the rival is not installed. `cold_seconds` is the time of our first call, including
    compilation.
    """

    benchmark: str
    case: str
    ours: str
    rival: str
    unit: str
    ours_value: float
    rival_value: float = float("nan")
    ratio: float = float("nan")
    ratio_low: float = float("nan")
    ratio_high: float = float("nan")
    cold_seconds: float = float("nan")
    note: str = ""

    @classmethod
    def of(cls, benchmark: str, case: str, ours: str, rival: str, unit: str, ratio: Ratio, *, scale: float = 1e6, **more: Any) -> "Row":
        """The row of a comparison. Rates are divided by `scale`, which converts them to `unit`."""
        values = (ratio.ours / scale, ratio.rival / scale, ratio.median, ratio.low, ratio.high)
        return cls(benchmark, case, ours, rival, unit, *values, **{"note": ratio.which, **more})

    @property
    def held(self) -> float:
        """The number that is compared with the bar: the ratio, or the value if there is no rival."""
        return self.ratio if self.rival else self.ours_value

    def judged(self) -> dict[str, object]:
        """The row with its bar and aim, and whether the bar is met: "yes", "no" or "not measured"; empty if there is no bar."""
        bar = BARS.get((self.benchmark, self.case, self.rival))
        if bar is None:
            return {**asdict(self), "bar": "", "aim": "", "sense": "", "met": ""}
        met = "not measured" if self.held != self.held else "yes" if bar.met(self.held) else "no"
        return {**asdict(self), "bar": bar.bar, "aim": bar.aim, "sense": "at most" if bar.upper else "at least", "met": met}


def compared(
    benchmark: str,
    case: str,
    name: str,
    unit: str,
    ours: Entry,
    rivals: Mapping[str, Mapping[str, Entry]],
    *,
    scale: float = 1e6,
    counted: int = 5,
) -> list[Row]:
    """One row for each rival, measured by the fastest of its variants. A rival without variants is reported as not installed."""
    cold = seconds(ours.call)
    found = compare(ours, rivals, counted=counted)
    return [
        Row.of(benchmark, case, name, rival, unit, found[rival], scale=scale, cold_seconds=cold)
        if rival in found
        else Row(benchmark, case, name, rival, unit, float("nan"), cold_seconds=cold, note=NOT_INSTALLED)
        for rival in rivals
    ]


COLUMNS = (*(field.name for field in fields(Row)), "bar", "aim", "sense", "met", "hardware", "versions")


def hardware() -> str:
    """The kind of machine: processor, cores, memory, and the accelerator that JAX uses if there is one."""
    import jax

    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        model = platform.processor() or platform.machine()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    device = jax.devices()[0]
    accelerator = "" if device.platform == "cpu" else f", {device.device_kind}"
    return f"{model}, {cores} cores, {memory:.0f} GiB{accelerator}"


def versions() -> str:
    """The versions of Python, JAX, NumPy, torch and the C compiler, as far as they are installed."""
    named = [f"python {platform.python_version()}"]
    for package in ("jax", "numpy", "torch"):
        try:
            named.append(f"{package} {metadata.version(package)}")
        except metadata.PackageNotFoundError:
            named.append(f"{package} {NOT_INSTALLED}")
    try:
        found = subprocess.run(["cc", "-dumpfullversion"], check=True, capture_output=True, text=True).stdout.strip()
        named.append(f"cc {found}")
    except (OSError, subprocess.CalledProcessError):
        named.append(f"cc {NOT_INSTALLED}")
    return "; ".join([*named, "one quick round, timings mean nothing"] if Protocol.quick else named)


def shown(value: object) -> str:
    """The text of a cell: floats with six digits, which is more than any timing has; empty for NaN."""
    return "" if value != value else f"{value:.6g}" if isinstance(value, float) else str(value)


def read(path: Path) -> list[dict[str, str]]:
    """The rows of a results file; an empty list if there is no file."""
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def replace(path: Path, columns: Sequence[str], rows: Sequence[dict[str, object]], order: Sequence[str], by: str = "benchmark") -> None:
    """Write `rows` to the file; they replace the rows with the same value in column `by`. The groups are sorted by `order`."""
    fresh = {str(row[by]) for row in rows}
    kept: list[dict[str, object]] = [dict(row) for row in read(path) if row[by] not in fresh]
    rank = {name: i for i, name in enumerate(order)}
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    for row in sorted([*kept, *rows], key=lambda row: rank.get(str(row[by]), len(rank))):
        writer.writerow({name: shown(row[name]) for name in columns})
    write_whole(path, text.getvalue())


def write(rows: Sequence[Row], order: Sequence[str], folder: Path = HERE) -> None:
    """Compare the rows with their bars and write them to `results.csv`."""
    stamps: dict[str, object] = {"hardware": hardware(), "versions": versions()}
    replace(folder / "results.csv", COLUMNS, [row.judged() | stamps for row in rows], order)
