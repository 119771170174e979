"""Checks of unit 2, by `theory.greedy`: enumeration of all sequences, and greedy decoding on the same tables."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from sharpsim.exercises._answers import array, laws, parts, reaches, whole
from sharpsim.exercises._exercise import Exercise, Wrong
from sharpsim.exercises._instances import dyadic_row, row
from sharpsim.theory import greedy as theory


def _pairs_cases(rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    yield {"first": np.array([0.5, 0.5]), "second": np.full((2, 2), 0.5)}
    for size in (2, 2, 2, 2, 3, 3, 3, 4, 4, 6):
        for make in (dyadic_row, row):
            yield {"first": make(rng, size), "second": np.stack([make(rng, size) for _ in range(size)])}


def _logs(*tables: np.ndarray) -> list[np.ndarray]:
    with np.errstate(divide="ignore"):
        return [np.log(table)[None] for table in tables]


def _pairs(answer: Any, *, first: np.ndarray, second: np.ndarray) -> None:
    found = [tuple(whole(token, "a token") for token in parts(pair, 2, "two tokens")) for pair in parts(answer, 2, "(greedy, mode)")]
    start = int(np.argmax(first))
    joint = first[:, None] * second
    best = [(a, b) for a in range(len(first)) for b in range(len(first)) if joint[a, b] >= joint.max() * (1 - 1e-12)]
    want = ((start, int(np.argmax(second[start]))), min(best))
    for name, got, true in zip(("greedy", "the mode"), found, want, strict=True):
        if got != true:
            raise Wrong(f"{name} is {true}, with probability {joint[true]:.6g}; got {got}.")


def _q_cases(rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    for q in (0.4, 0.3, 0.25, 0.2, 1 / 3, 0.45, 0.49, 0.1, 0.05, 0.01, *np.round(rng.uniform(0.01, 0.49, size=8), 4)):
        yield {"q": float(q)}


def _trap(answer: Any, *, q: float) -> None:
    one, two = parts(answer, 2, "(first, second)")
    first = laws(one, (None,), "first")
    second = laws(two, (first.size, first.size), "second")
    if not 2 <= first.size <= 500:
        raise Wrong(f"use 2 to 500 tokens; got {first.size}.")
    joint = np.sort((first[:, None] * second).ravel())
    if abs(joint[-1] - q) > 1e-9:
        raise Wrong(f"the most likely pair has probability {joint[-1]:.8g}; it should be q = {q:.8g}.")
    if joint[-2] > joint[-1] - 1e-12:
        raise Wrong("the most likely pair is not unique.")
    if np.sort(first)[-2] > first.max() - 1e-12:
        raise Wrong("greedy's first token ties with another first token.")
    if theory.greedy_is_mode(_logs(first, second))[0]:
        raise Wrong("greedy decoding finds the most likely pair.")


def _shape_cases(rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    for vocabulary, horizon in ((2, 2), (2, 3), (3, 2), (3, 3), (4, 3), (2, 6), (5, 4)):
        yield {"vocabulary": vocabulary, "horizon": horizon}


def _worst(answer: Any, *, vocabulary: int, horizon: int) -> None:
    tables = parts(answer, horizon, "one table for each token")
    tables = [laws(array(t, (vocabulary,) * (h + 1)), (vocabulary,) * (h + 1), f"conditionals[{h}]") for h, t in enumerate(tables)]
    logs = _logs(*tables)
    found = tuple(theory.greedy_response(logs)[0])
    joint = np.exp(theory.enumerate_responses(logs)[0]).reshape((vocabulary,) * horizon)
    bound = float(vocabulary ** (horizon - 1))
    reaches(float(joint.max() / joint[found]), 0.9 * bound, "P(mode) / P(greedy)", f"no policy exceeds V^(H-1) = {bound:g}")


EXERCISES = (
    Exercise("02.1", "easy", "greedy decoding and the mode of two tokens", "greedy_and_mode", _pairs_cases, _pairs),
    Exercise("02.2", "proof", "a mode of any probability below 1/2 that greedy misses", "trap", _q_cases, _trap),
    Exercise("02.3", "open", "how much likelier than greedy's answer the mode can be", "worst_trap", _shape_cases, _worst),
)
