"""Where the exercises of each unit are found: their checks, the text of their stubs and of their solutions."""

import ast
import importlib
from functools import cache
from pathlib import Path

from sharpsim._arguments import checked
from sharpsim.exercises._exercise import Exercise

HERE = Path(__file__).parent
UNITS = tuple(int(path.stem.removeprefix("unit_")) for path in sorted((HERE / "checks").glob("unit_*.py")))
"""The units that have exercises."""


@cache
def unit(number: int) -> tuple[Exercise, ...]:
    """The exercises of one unit."""
    return importlib.import_module(f"sharpsim.exercises.checks.unit_{number:02d}").EXERCISES


def all_exercises() -> tuple[Exercise, ...]:
    """All exercises, in the order of their numbers."""
    return tuple(exercise for number in UNITS for exercise in unit(number))


@checked
def find(number: str) -> Exercise:
    """The exercise with this number, such as "05.2" (or "5.2"). Raises `ValueError` where there is none."""
    head, _, tail = number.partition(".")
    if head.isdigit() and tail.isdigit() and int(head) in UNITS:
        for exercise in unit(int(head)):
            if exercise.number == f"{int(head):02d}.{int(tail)}":
                return exercise
    raise ValueError(
        f"`number` must be an exercise's; there is no exercise {number!r}. `sharpsim-exercises list` shows all {len(all_exercises())}."
    )


@checked
def stub_of(exercise: Exercise) -> str:
    """The text of the file that a student completes."""
    return f'"""Exercise {exercise.number}: {exercise.title}."""\n\n' + _text("stubs", exercise)


@checked
def solution_of(exercise: Exercise) -> str:
    """The text of a file with the worked solution."""
    return f'"""A solution of exercise {exercise.number}: {exercise.title}."""\n\n' + _text("solutions", exercise)


def _text(folder: str, exercise: Exercise) -> str:
    source = (HERE / folder / f"unit_{exercise.number[:2]}.py").read_text(encoding="utf-8")
    imports, found = [], ""
    for node in ast.parse(source).body:
        part = ast.get_source_segment(source, node) or ""
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            imports.append(part)
        elif isinstance(node, ast.FunctionDef) and node.name == exercise.function:
            found = part
    return "\n".join(imports) + ("\n\n\n" if imports else "") + found + "\n"
