"""The mutants of a file: each changes one operator or constant of one line, as `tests.mutants` says."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
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
