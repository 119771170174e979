"""`make mutants`: wrong versions of single lines, and whether the tests of their module notice.

Each mutant changes one operator or constant of one line: a comparison, + and -, * and /, a number by one, min and max, and and or, or it
leaves a term out. Axes become one less, as one that an array does not have is noticed by any call. A sample of them, the same at every run
with the same seed, is tried in a copy of the project. A mutant is killed when the tests of its module fail; those that take too long are
counted apart. Mutants that change nothing that can be seen are listed in `equivalent_mutants.csv`, each with the reason. A journal holds
what became of each, so that a run that was cut off goes on, and one after a new test tries the survivors alone.

The usual mutation testers rewrite every function, or import the project anew inside one process. Neither goes with the import hook of the
runtime type checks, nor with programs that JAX keeps compiled.
"""

import argparse
import csv
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.mutations import ROOT, Mutant, mutants

PACKAGES = ("theory", "laws", "classes", "sampling")
EQUIVALENT = Path(__file__).with_name("equivalent_mutants.csv")
COPIED = ("sharpsim", "tests", "experiments", "benchmarks", "figures", "docs", "templates", "pyproject.toml")
TESTS = {
    "laws": ("tests/laws/test_*.py", "tests/test_named.py", "tests/test_accuracy.py"),
    "classes": ("tests/classes/test_*.py",),
    "sampling": ("tests/sampling/test_*.py", "tests/test_oracle.py"),
}
UNCHANGING = ("-p", "no:cacheprovider", "-m", "not slow", "-W", "ignore::pytest.PytestAssertRewriteWarning")
PASS = 0.9
"""Least share of killed mutants, of those that are not equivalent."""


def tests_of(file: str, line: int) -> list[str]:
    """The tests of a module's own, first those that notice most: of the stem, of the stems that import a shared file of the theory, or all
    of the package: the file named like the module, those that call the function of this line, those that name most of what it defines.
    """
    house, package, name = file.split("/")[:3]
    stem = name.removesuffix(".py")
    if house == "experiments":
        return [f"tests/experiments/test_{stem}.py"]
    if package != "theory":
        text = (ROOT / file).read_text()
        names = re.findall(r"^ *(?:def|class) (\w+)", text, re.MULTILINE)
        above = re.findall(r"^ *def (\w+)", "\n".join(text.splitlines()[: line + 1]), re.MULTILINE)
        called, named = re.compile(rf"\b{[stem, *above][-1]}\("), re.compile(rf"\b({'|'.join([stem, *names])})\b")
        texts = {str(p.relative_to(ROOT)): p.read_text() for folder in TESTS[package] for p in sorted(ROOT.glob(folder))}
        own = f"/test{stem}.py" if stem.startswith("_") else f"/test_{stem}.py"
        return sorted(texts, key=lambda t: (not t.endswith(own), called.search(texts[t]) is None, -len(named.findall(texts[t]))))
    users = [stem]
    while any(user.startswith("_") for user in users):
        shared = next(user for user in users if user.startswith("_"))
        importing = [
            p.stem
            for p in sorted((ROOT / "sharpsim/theory").glob("*.py"))
            if re.search(rf"\b{shared}\b.* import|import {shared}\b", p.read_text())
        ]
        users = [*(u for u in users if u != shared), *(u for u in importing if u not in users and u not in ("__init__", shared))]
    return [*(own for user in users if (ROOT / (own := f"tests/theory/test_{user}.py")).exists()), "tests/test_named.py"]


def chosen(text: str) -> str:
    """A package, or a file by its path in the project."""
    if text not in PACKAGES and not (ROOT / text).is_file():
        raise argparse.ArgumentTypeError(f"one of {', '.join(PACKAGES)} or the path of a file is needed; got {text!r}.")
    return text


def sample(part: str, size: int, seed: int) -> list[Mutant]:
    """`size` mutants of a package or file, chosen by a hash of their text, so that a change elsewhere leaves the choice as it is."""
    inside = sorted(p for p in (ROOT / "sharpsim" / part).rglob("*.py") if p.name not in ("__init__.py", "_items.py", "_errata.py"))
    files = inside if part in PACKAGES else [ROOT / part]
    found = [m for p in files for m in mutants(str(p.relative_to(ROOT)))]
    return sorted(found, key=lambda m: hashlib.sha256(repr((seed, *m.name)).encode()).digest())[:size]


def equivalents() -> dict[tuple[str, str, str], str]:
    """The mutants known to change nothing that can be seen, each with the reason."""
    return {name: row["why"] for name, row in named(EQUIVALENT).items()}


def named(path: Path) -> dict[tuple[str, str, str], dict[str, str]]:
    """The rows of a CSV of mutants by their names; the last of several, none where there is no file."""
    if not path.exists():
        return {}
    with path.open(newline="") as file:
        return {(row["file"], row["before"], row["after"]): row for row in csv.DictReader(file)}


def record(journal: Path | None, mutant: Mutant, found: str) -> None:
    """A row of the journal, at once."""
    if journal is not None:
        with journal.open("a", newline="") as file:
            writer = csv.writer(file)
            if not file.tell():
                writer.writerow(("file", "before", "after", "outcome"))
            writer.writerow((*mutant.name, found))


def copied(folder: Path) -> None:
    """A copy of the project to break; compiled programs are shared."""
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__", "out"))
        else:
            shutil.copy(source, folder / name)
    (ROOT / "build").mkdir(exist_ok=True)
    (folder / "build").symlink_to(ROOT / "build")


def outcome(mutant: Mutant, folder: Path, seconds: float, server: "subprocess.Popen[str]") -> str:
    """ "killed", "survived" or "timed out"."""
    path = folder / mutant.file
    text = path.read_text()
    lines = text.splitlines(keepends=True)
    lines[mutant.line] = mutant.after + "\n"
    path.write_text("".join(lines))
    try:
        # One after another, as reading all of them takes longer than running the first.
        for tests in tests_of(mutant.file, mutant.line):
            answer = tested([tests], seconds, server)
            if answer in ("", "4", "5"):
                raise RuntimeError(f"{tests} did not run: pytest answered {answer!r}.")
            if answer != "0":
                return "timed out" if answer == "late" else "killed"
        return "survived"
    finally:
        path.write_text(text)


def tested(files: Iterable[str], seconds: float, server: "subprocess.Popen[str]") -> str:
    """The answer of `tests.forked` to a run of these tests, which ends with the first that fails."""
    assert server.stdin is not None
    assert server.stdout is not None
    print(json.dumps([seconds, ["-q", "-x", *UNCHANGING, *files]]), file=server.stdin, flush=True)
    return server.stdout.readline().strip()


def started(folder: Path) -> "subprocess.Popen[str]":
    """The process that runs the tests in a copy of the project. Raises `RuntimeError` where it cannot read any."""
    environment = {**os.environ, "HYPOTHESIS_PROFILE": "mutants", "PYTHONDONTWRITEBYTECODE": "1"}
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    server = subprocess.Popen([sys.executable, "-m", "tests.forked"], cwd=folder, env=environment, **pipes)
    if (answer := tested(["--collect-only", "tests/test_named.py"], 600, server)) != "0":
        raise RuntimeError(f"tests of the unbroken copy cannot be read: pytest answered {answer!r}.")
    return server


def main() -> int:
    """Try the sample; print each mutant, then a line for each package. Status 1 below the least share."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description="Mutation score of the exact parts of the library.")
    parser.add_argument("parts", nargs="*", type=chosen, default=list(PACKAGES), metavar="PART", help=f"{', '.join(PACKAGES)}, or a file")
    parser.add_argument("--size", type=int, default=60, help="mutants in the sample, shared equally")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=600, help="longest run of one file or folder of tests, in processor time")
    parser.add_argument("--journal", type=Path, help="a CSV to add outcomes to; what it calls killed is not tried again")
    options = parser.parse_args()
    known, lines, score = equivalents(), [], 1.0
    done = {name for name, row in named(options.journal).items() if row["outcome"] == "killed"} if options.journal else set()
    with tempfile.TemporaryDirectory() as name:
        copied(Path(name))
        server = started(Path(name))
        for part in options.parts:
            counts = {"killed": 0, "survived": 0, "timed out": 0, "equivalent": 0}
            for mutant in sample(part, options.size // len(options.parts), options.seed):
                began = time.perf_counter()
                if mutant.name in known or mutant.name in done:
                    counts["equivalent" if mutant.name in known else "killed"] += 1
                    continue
                found = outcome(mutant, Path(name), options.seconds, server)
                counts[found] += 1
                record(options.journal, mutant, found)
                print(f"{found:10} {time.perf_counter() - began:4.0f} s  {mutant.file}:{mutant.line + 1}", flush=True)
                if found == "survived":
                    print(f"    - {mutant.before.strip()}\n    + {mutant.after.strip()}", flush=True)
            tried = counts["killed"] + counts["survived"]
            score = min(score, counts["killed"] / tried if tried else 1.0)
            lines.append(
                f"{part:10} {counts['killed']:3} of {tried} killed, {counts['timed out']} timed out, {counts['equivalent']} equivalent"
            )
        server.communicate()
    print("\n".join(lines))
    return 0 if score >= PASS else 1


if __name__ == "__main__":
    sys.exit(main())
