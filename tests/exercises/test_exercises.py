"""Every worked solution passes its check, every stub fails with a sentence, and every wrong solution kept here is caught."""

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from sharpsim.exercises import UNITS, Exercise, all_exercises, find, run, solution_of, stub_of
from sharpsim.exercises.checks.unit_06 import worst_error
from sharpsim.theory import limits

EXERCISES = all_exercises()
HERE = Path(__file__).parent


def mutants_of(unit: int) -> dict[str, list[tuple[str, ...]]]:
    spec = importlib.util.spec_from_file_location(f"mutants_{unit:02d}", HERE / "mutants" / f"unit_{unit:02d}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.MUTANTS


MUTANTS = {number: mutants for unit in UNITS for number, mutants in mutants_of(unit).items()}


def function_of(exercise: Exercise, source: str):
    module = ModuleType("answer")
    exec(compile(source, "answer.py", "exec"), module.__dict__)
    return getattr(module, exercise.function)


def mutated(source: str, edits: tuple[str, ...]) -> str:
    for old, new in zip(edits[::2], edits[1::2], strict=True):
        assert old in source, f"{old!r} is not in the solution"
        source = source.replace(old, new)
    return source


PAIR = (np.full(2, 0.5), np.full((2, 2), 0.5))
NONSENSE = [None, "text", float("nan"), True, object(), [], (1, 2, 3), [[1], [1, 2]], 10**400, 1j, -np.inf, np.zeros(0), {}, PAIR]
"""Answers that no exercise accepts."""


def test_three_exercises_a_unit():
    assert [exercise.number for exercise in EXERCISES] == [f"{unit:02d}.{place}" for unit in UNITS for place in (1, 2, 3)]
    assert [exercise.kind for exercise in EXERCISES] == ["easy", "proof", "open"] * len(UNITS)


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.number)
def test_solution_passes(exercise):
    outcome = run(exercise, function_of(exercise, solution_of(exercise)))
    assert outcome.passed, f"{outcome.message}\n{outcome.instance}"
    assert outcome.instances >= 4


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.number)
def test_stub_fails_with_a_sentence(exercise):
    outcome = run(exercise, function_of(exercise, stub_of(exercise)))
    assert not outcome.passed
    assert "still a stub" in outcome.message


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.number)
@pytest.mark.parametrize("answer", NONSENSE, ids=range(len(NONSENSE)))
def test_answers_of_a_wrong_type_get_a_sentence(exercise, answer):
    outcome = run(exercise, lambda **_: answer)
    assert not outcome.passed
    assert outcome.message.endswith(".")
    assert "raised" not in outcome.message


@pytest.mark.parametrize("k", [0, 1, 2, 3])
def test_the_worked_strategy_plays_the_game_at_its_minimax_value(k):
    exercise = find("06.3")
    error = worst_error(function_of(exercise, solution_of(exercise)), M=4, k=k)
    assert error == pytest.approx(limits.guess_error(labels=4, draws=k), rel=1e-12)


def test_every_exercise_has_five_mutants():
    assert set(MUTANTS) == {exercise.number for exercise in EXERCISES}
    assert min(len(mutants) for mutants in MUTANTS.values()) >= 5


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.number)
def test_every_mutant_is_caught(exercise):
    passed = []
    for what, *edits in MUTANTS[exercise.number]:
        outcome = run(exercise, function_of(exercise, mutated(solution_of(exercise), tuple(edits))))
        # A mutant is a wrong answer, not code that does not run.
        assert "raised" not in outcome.message, f"{what}: {outcome.message}"
        if outcome.passed:
            passed.append(what)
    assert not passed, f"{len(MUTANTS[exercise.number]) - len(passed)} of {len(MUTANTS[exercise.number])} caught; not: {passed}"
