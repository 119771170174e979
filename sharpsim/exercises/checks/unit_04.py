"""Checks of unit 4: `coverage.coverage_coefficient`, the sharp form of Markov's inequality, and a concave envelope on a fine grid."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from sharpsim import coverage
from sharpsim.exercises._answers import array, close, laws, number, parts, reaches
from sharpsim.exercises._exercise import Exercise, Wrong
from sharpsim.exercises._instances import tables


def _coefficient_cases(rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    for base, weights in tables(rng):
        for slack in (0.0, 0.5):
            yield {"base": base, "weights": weights, "slack": slack}


def _coefficient(answer: Any, *, base: np.ndarray, weights: np.ndarray, slack: float) -> None:
    close(number(answer), coverage.coverage_coefficient(np.log(base), weights, slack=slack), "C_cov")


def _prompts(answer: Any, C: float) -> tuple[np.ndarray, np.ndarray]:
    one, two = parts(answer, 2, "(p, weights)")
    p = array(one, (None,), "p")
    weights = laws(two, (p.size,), "weights")
    if p.size > 100:
        raise Wrong(f"use at most 100 prompts; got {p.size}.")
    if not ((p > 0) & (p <= 1)).all():
        raise Wrong("every p must be in (0, 1].")
    found = float(np.sum(weights / p))
    if found > C + 1e-9:
        raise Wrong(f"the coverage coefficient is {found:.10g}; it must be at most C = {C:.10g}.")
    return p, weights


def _markov_cases(rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    for C, N in ((2.0, 4.0), (1.5, 2.0), (2.0, 3.0), (3.0, 10.0), (9.0, 10.0), (5.0, 1000.0)):
        yield {"C": C, "N": N}
    for _ in range(6):
        C = 1 + float(np.round(rng.exponential(4), 3)) + 0.01
        yield {"C": C, "N": float(np.round(C * (1.01 + rng.exponential(3)), 3))}


def _markov(answer: Any, *, C: float, N: float) -> None:
    p, weights = _prompts(answer, C)
    reached, best = float(weights[p <= (1 + 1e-12) / N].sum()), (C - 1) / (N - 1)
    if reached < best - 1e-9:
        raise Wrong(f"the weight of the prompts with p <= 1/N is {reached:.8g}; {best:.8g} can be attained.")


def _miss_cases(rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    for C, N in ((2.0, 1), (2.0, 4), (1.2, 3), (5.0, 2), (5.0, 20), (3.0, 100), (50.0, 5), (1.01, 1000)):
        yield {"C": C, "N": N}


def _miss(answer: Any, *, C: float, N: int) -> None:
    p, weights = _prompts(answer, C)
    v = C + np.geomspace(1e-9, 200.0 * (N + C), 200_001)
    best = float(np.max((C - 1) / (v - 1) * (1 - 1 / v) ** N))
    best = max(best, (1 - 1 / C) ** N)
    reaches(float(np.sum(weights * (1 - p) ** N)), 0.999 * best, "the chance of a miss", f"the largest is {best:.8g}")


EXERCISES = (
    Exercise("04.1", "easy", "the coverage coefficient", "coverage_coefficient", _coefficient_cases, _coefficient),
    Exercise("04.2", "proof", "as many uncovered prompts as C_cov allows", "many_uncovered", _markov_cases, _markov),
    Exercise("04.3", "open", "the hardest prompts with a given C_cov", "hardest_prompts", _miss_cases, _miss),
)
