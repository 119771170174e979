"""The largest resident memory of a process, from its start or of a stretch of a run."""

import sys
from contextlib import suppress
from pathlib import Path

_STATUS, _RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def peak() -> int:
    """The largest memory that this process has held so far, or since `forget_peak`, in bytes.

    Linux counts from the start of each program. Elsewhere `getrusage` is used, which also counts what the parent held when it forked.
    """
    try:
        return 1024 * next(int(line.split()[1]) for line in _STATUS.read_text().splitlines() if line.startswith("VmHWM"))
    except (OSError, StopIteration):
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def forget_peak() -> None:
    """From now on `peak` counts anew, where the system allows it (Linux)."""
    with suppress(OSError):
        _RESET.write_text("5")


def peak_mib() -> int | None:
    """The largest resident memory of this process since `forget_peak`, or of one of the processes that it has seen end, in MiB.

    None where the system does not say.
    """
    if not sys.platform.startswith("linux"):
        return None
    import resource

    return max(peak(), 1024 * resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) // 2**20
