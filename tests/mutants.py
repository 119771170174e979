"""`make mutants`: wrong versions of single lines, and whether the tests of their module notice.

Each mutant changes one operator or constant of one line: a comparison, + and -, * and /, a number by one, min and max, and and or, or it
leaves a term out. Axes become one less, as one that an array does not have is noticed by any call. A sample of them, the same at every run
with the same seed, is tried in a copy of the project. A mutant is killed when the tests of its module fail; those that take too long are
counted apart. Mutants that change nothing that can be seen are listed in `equivalent_mutants.csv`, each with the reason.

The usual mutation testers rewrite every function, or import the project anew inside one process. Neither goes with the import hook of the
runtime type checks, nor with programs that JAX keeps compiled.
"""

import argparse
import ast
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
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("theory", "laws", "classes", "sampling")
EQUIVALENT = Path(__file__).with_name("equivalent_mutants.csv")
COPIED = ("sharpsim", "tests", "experiments", "benchmarks", "figures", "docs", "templates", "pyproject.toml")
TESTS = {
    "laws": ("tests/laws", "tests/test_named.py", "tests/test_accuracy.py"),
    "classes": ("tests/classes",),
    "sampling": ("tests/sampling", "tests/test_oracle.py"),
}
UNCHANGING = ("-p", "no:cacheprovider", "-m", "not slow", "-W", "ignore::pytest.PytestAssertRewriteWarning")
PASS = 0.9
"""Least share of killed mutants, of those that are not equivalent."""
COMPARISONS = {
    ast.Lt: ("<", "<="),
    ast.LtE: ("<=", "<"),
    ast.Gt: (">", ">="),
    ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
}
ARITHMETIC = {ast.Add: ("+", "-"), ast.Sub: ("-", "+"), ast.Mult: ("*", "/"), ast.Div: ("/", "*")}
NAMES = {"min": "max", "max": "min", "minimum": "maximum", "maximum": "minimum", "floor": "ceil", "ceil": "floor"}
SKIPPED = (ast.JoinedStr, ast.Raise, ast.Import, ast.ImportFrom)


class Mutant(NamedTuple):
    """A line of a file, by its number from 0, and what stands there instead."""

    file: str
    line: int
    before: str
    after: str

    @property
    def name(self) -> tuple[str, str, str]:
        """What identifies it when lines move."""
        return self.file, self.before.strip(), self.after.strip()


def mutants(file: str) -> Iterator[Mutant]:
    """All mutants of a file, in the order of its syntax tree."""
    text = (ROOT / file).read_text()
    lines, tree = text.splitlines(), ast.parse(text)
    for node, is_axis in _reached(tree):
        for start, end, new in _edits(node, lines, -1 if is_axis else 1):
            line = lines[start[0]]
            if start[0] == end[0]:
                after = line[: start[1]] + new + line[end[1] :]
                if after != line:
                    yield Mutant(file, start[0], line, after)


def _reached(node: ast.AST, is_axis: bool = False) -> Iterator[tuple[ast.AST, bool]]:
    """Every node that runs, and whether it numbers axes: no annotations, messages, statements' descriptions."""
    is_axis = is_axis or (isinstance(node, ast.keyword) and node.arg == "axis")
    for name, field in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list"):
            continue
        for child in field if isinstance(field, list) else [field]:
            described = isinstance(child, ast.Call) and getattr(child.func, "id", "") == "Statement"
            if isinstance(child, ast.AST) and not isinstance(child, SKIPPED) and not described:
                numbers_axes = is_axis or (
                    isinstance(node, ast.Subscript) and name == "slice" and getattr(node.value, "attr", "") == "shape"
                )
                yield child, numbers_axes
                yield from _reached(child, numbers_axes)


Place = tuple[int, int]


def _edits(node: ast.AST, lines: list[str], step: int) -> Iterator[tuple[Place, Place, str]]:
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in COMPARISONS:
        yield from _between(node.left, node.comparators[0], lines, *COMPARISONS[type(node.ops[0])])
    elif isinstance(node, ast.BinOp) and type(node.op) in ARITHMETIC and not isinstance(node.left, ast.Tuple | ast.List):
        old, new = ARITHMETIC[type(node.op)]
        for start, end, other in _between(node.left, node.right, lines, old, new):
            yield start, end, other
            if old in "+-":
                # The second term left out.
                yield start, _end(node), ""
    elif isinstance(node, ast.BoolOp):
        old, new = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
        yield from _between(node.values[0], node.values[1], lines, old, new)
    elif isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
        yield _start(node), _end(node), repr(node.value + step)
    elif isinstance(node, ast.Name | ast.Attribute):
        word = node.id if isinstance(node, ast.Name) else node.attr
        if word in NAMES:
            line, column = _end(node)
            yield (line, column - len(word)), (line, column), NAMES[word]


def _start(node: ast.AST) -> Place:
    return node.lineno - 1, node.col_offset  # type: ignore[attr-defined]


def _end(node: ast.AST) -> Place:
    return node.end_lineno - 1, node.end_col_offset  # type: ignore[attr-defined]


def _between(left: ast.AST, right: ast.AST, lines: list[str], old: str, new: str) -> Iterator[tuple[Place, Place, str]]:
    (row, begin), (last, end) = _end(left), _start(right)
    if row == last and (found := re.search(rf"(?<![<>=*/!]){re.escape(old)}(?![<>=*/])", lines[row][begin:end])):
        yield (row, begin + found.start()), (row, begin + found.end()), new


def tests_of(file: str) -> list[str]:
    """The tests of a module's own, first those that notice most: of the stem, of the stems that import a shared file of the theory, or of
    the package.
    """
    _, package, name = file.split("/")[:3]
    stem = name.removesuffix(".py")
    if package != "theory":
        own = f"tests/{package}/test{stem}.py"
        return [*([own] if (ROOT / own).exists() else []), *TESTS[package]]
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


def sample(package: str, size: int, seed: int) -> list[Mutant]:
    """`size` mutants of a package, chosen by a hash of their text, so that a change elsewhere leaves the choice as it is."""
    files = sorted(p for p in (ROOT / "sharpsim" / package).rglob("*.py") if p.name not in ("__init__.py", "_items.py", "_errata.py"))
    found = [m for p in files for m in mutants(str(p.relative_to(ROOT)))]
    return sorted(found, key=lambda m: hashlib.sha256(repr((seed, *m.name)).encode()).digest())[:size]


def equivalents() -> dict[tuple[str, str, str], str]:
    """The mutants known to change nothing that can be seen, each with the reason."""
    with EQUIVALENT.open(newline="") as file:
        return {(row["file"], row["before"], row["after"]): row["why"] for row in csv.DictReader(file)}


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
        for tests in tests_of(mutant.file):
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
    environment = {**os.environ, "HYPOTHESIS_PROFILE": "ci", "PYTHONDONTWRITEBYTECODE": "1"}
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    server = subprocess.Popen([sys.executable, "-m", "tests.forked"], cwd=folder, env=environment, **pipes)
    if (answer := tested(["--collect-only", "tests/test_named.py"], 600, server)) != "0":
        raise RuntimeError(f"tests of the unbroken copy cannot be read: pytest answered {answer!r}.")
    return server


def main() -> int:
    """Try the sample; print each mutant, then a line for each package. Status 1 below the least share."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description="Mutation score of the exact parts of the library.")
    parser.add_argument("packages", nargs="*", choices=[*PACKAGES, []], default=list(PACKAGES), metavar="PACKAGE", help=", ".join(PACKAGES))
    parser.add_argument("--size", type=int, default=60, help="mutants in the sample, in equal parts for the packages")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=600, help="longest run of one file or folder of tests")
    options = parser.parse_args()
    known, lines, score = equivalents(), [], 1.0
    with tempfile.TemporaryDirectory() as name:
        copied(Path(name))
        server = started(Path(name))
        for package in options.packages:
            counts = {"killed": 0, "survived": 0, "timed out": 0, "equivalent": 0}
            for mutant in sample(package, options.size // len(options.packages), options.seed):
                began = time.perf_counter()
                found = "equivalent" if mutant.name in known else outcome(mutant, Path(name), options.seconds, server)
                counts[found] += 1
                print(f"{found:10} {time.perf_counter() - began:4.0f} s  {mutant.file}:{mutant.line + 1}", flush=True)
                if found == "survived":
                    print(f"    - {mutant.before.strip()}\n    + {mutant.after.strip()}", flush=True)
            tried = counts["killed"] + counts["survived"]
            score = min(score, counts["killed"] / tried if tried else 1.0)
            lines.append(
                f"{package:10} {counts['killed']:3} of {tried} killed, {counts['timed out']} timed out, {counts['equivalent']} equivalent"
            )
        server.communicate()
    print("\n".join(lines))
    return 0 if score >= PASS else 1


if __name__ == "__main__":
    sys.exit(main())
