"""Fetch from the npm registry the one file of MathJax that the pages load, and axe-core for the test in the browser.

The packages are unpacked into build/npm, once; MathJax's file is copied into docs/_static, which is not committed.
"""

import shutil
import subprocess
import tarfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
STORE = ROOT / "build" / "npm"
# Version 4 of MathJax fetches fonts while a page is shown; version 3 carries them in this file.
PACKAGES = {"mathjax": "3.2.2", "axe-core": "4.10.3"}
MATHJAX = "es5/tex-svg-full.js"


def unpacked(name: str) -> Path:
    """The folder of an npm package, downloaded where it is not there yet."""
    version = PACKAGES[name]
    folder = STORE / f"{name}-{version}"
    if not (folder / "package.json").exists():
        STORE.mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "pack", "--silent", f"{name}@{version}"], cwd=STORE, check=True, stdout=subprocess.DEVNULL)
        with tarfile.open(STORE / f"{name}-{version}.tgz") as archive:
            archive.extractall(STORE / f".{name}", filter="data")
        shutil.move(STORE / f".{name}" / "package", folder)
    return folder


def place_mathjax() -> Path:
    """Copy MathJax's single file to docs/_static/mathjax; return where it lies."""
    source = unpacked("mathjax") / MATHJAX
    target = ROOT / "docs" / "_static" / "mathjax" / source.name
    if not target.exists() or target.stat().st_size != source.stat().st_size:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    return target


if __name__ == "__main__":
    print(place_mathjax().relative_to(ROOT))
