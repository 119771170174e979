"""Records where rows come from: settings, seed, versions, commit, hardware. It is published, so it holds no host name and no path."""

import hashlib
import json
import platform
import subprocess
import sys
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any

from experiments.engine.machine import cores
from experiments.engine.rows import ROOT

_OUTPUT = ("experiments/rows", "figures/out", "paper_repro.md", "README.md", "docs")
"""What is made from runs: a change there does not change the code that ran."""


def versions() -> str:
    """The versions of the packages that decide the numbers, as text for every row."""
    import sharpsim

    return f"sharpsim {sharpsim.__version__}, jax {metadata.version('jax')}, numpy {metadata.version('numpy')}"


def digest(settings: Any, scale: str, *given: Path) -> str:
    """A short name of one setting: the scale, and a digest (eight hex digits) of all its values and of the files that were given."""
    files = [file_digest(path) for path in given]
    content = json.dumps([scale, asdict(settings), files[0] if len(files) == 1 else files or None], sort_keys=True, default=str)
    return f"{scale}-{hashlib.sha256(content.encode()).hexdigest()[:8]}"


def file_digest(path: Path) -> str:
    """The SHA-256 of a file's bytes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def commit() -> dict[str, Any]:
    """The commit that ran, and whether tracked files other than output of runs differ from it."""
    try:
        head = _git("rev-parse", "HEAD")
        changed = _git("status", "--porcelain", "--untracked-files=no", "--", ".", *(f":!{path}" for path in _OUTPUT))
    except (OSError, subprocess.CalledProcessError):
        return {"commit": "unknown", "dirty": None}
    return {"commit": head, "dirty": bool(changed)}


def hardware() -> dict[str, Any]:
    """The kind of machine: platform, number of cores, device."""
    import jax

    device = jax.devices()[0]
    return {
        "platform": f"{platform.system()} {platform.machine()}",
        "cpus": cores(),
        "device": f"{jax.default_backend()}: {device.device_kind}",
    }


def libraries() -> dict[str, str]:
    """Versions of Python and of the numerical packages."""
    named = {name: metadata.version(name) for name in ("jax", "jaxlib", "equinox", "numpy", "scipy")}
    return {"python": sys.version.split()[0], **named}


def other_generator(here: dict[str, Any], there: dict[str, Any]) -> list[str]:
    """One line where two runs drew their random numbers from different generators: simulated numbers differ, whatever the code."""
    ours, theirs = here.get("generator"), there.get("generator")
    return [] if ours == theirs else [f"random numbers come from {ours} here, from {theirs} in the reference."]


def other_versions(here: dict[str, Any], there: dict[str, Any]) -> list[str]:
    """In words, what differs between the circumstances of two runs that may decide their numbers: generator and library versions."""
    said = other_generator(here, there)
    ours, theirs = here.get("versions", {}), there.get("versions", {})
    said += [
        f"{name} is {ours.get(name)} here, {theirs.get(name)} in the reference."
        for name in sorted({*ours, *theirs})
        if ours.get(name) != theirs.get(name)
    ]
    return said


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()
