"""The largest resident memory of a stretch of a run."""

import sys
from contextlib import suppress
from pathlib import Path

_STATUS, _RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def forget_peak() -> None:
    """From now on `peak_mib` counts anew, where the system allows it (Linux)."""
    with suppress(OSError):
        _RESET.write_text("5")


def peak_mib() -> int | None:
    """The largest resident memory of this process since `forget_peak`, or of one of the processes that it has seen end, in MiB.

    None where the system does not say.
    """
    if not sys.platform.startswith("linux"):
        return None
    import resource

    own = next(line for line in _STATUS.read_text().splitlines() if line.startswith("VmHWM")).split()[1]
    return max(int(own), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) // 1024
