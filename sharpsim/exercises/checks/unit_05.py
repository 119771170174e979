"""Checks of unit 5, by `theory.sft`: the bound and the exact risk."""

import math
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np

from sharpsim.exercises._answers import close, number, parts, reaches, whole
from sharpsim.exercises._exercise import Exercise, Wrong
from sharpsim.theory import sft as theory


def _error_cases(rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    yield {"log_class_size": 0.0, "n": 1, "N": 1, "delta": 0.5, "rho": 0.5, "coverage": 1.0}
    for n, N in ((1, 10), (10, 1), (100, 100), (10_000, 7), (10**6, 10**6)):
        delta, rho = (float(u) for u in np.round(rng.uniform(0.01, 0.9, size=2), 3))
        size, coverage = float(np.round(rng.exponential(10), 3)), 1 + float(np.round(rng.exponential(10), 3))
        yield {"log_class_size": size, "n": n, "N": N, "delta": delta, "rho": rho, "coverage": coverage}


def _errors(answer: Any, *, log_class_size: float, n: int, N: int, delta: float, rho: float, coverage: float) -> None:
    first, second = (number(part, "a term") for part in parts(answer, 2, "(error from n, error from N)"))
    given = {"log_class_size": log_class_size, "delta": delta, "rho": rho, "coverage": coverage}
    # Each term alone: the other vanishes as its sample size grows.
    close(first, theory.bound(n=n, N=10**300, **given), "the error from n prompts")
    close(second, theory.bound(n=10**300, N=N, **given), "the error from N responses")


def _ratio_cases(rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    for r in (0.5, 0.25, 0.01, 0.81, 0.99, *np.round(rng.uniform(0.01, 0.99, size=6), 3)):
        yield {"r": float(r)}


def _ratio(answer: Any, *, r: float) -> None:
    c = number(answer, "c")
    a = np.concatenate([np.geomspace(1e-9, 0.1, 4001), np.linspace(0.1, 1, 4001)[1:-1]])
    root = np.sqrt(1 - a)
    # (sqrt(1-a) - sqrt(1-ra))^2 by its difference of squares, so that small a keep their digits.
    ratio = (1 - math.sqrt(r)) ** 2 + ((1 - r) * a / (root + np.sqrt(1 - r * a))) ** 2 / a
    worst = int(np.argmin(ratio))
    if c > ratio[worst] * (1 + 1e-6):
        raise Wrong(f"c = {c:.8g} is too large: at a = {a[worst]:.3g}, h(a, r a)/a = {ratio[worst]:.8g}.")
    if c < ratio[worst] * (1 - 1e-6):
        raise Wrong(f"c = {c:.8g} holds, but it is not the largest: h(a, r a)/a is at least {ratio[worst]:.8g} everywhere.")


def _split_cases(rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    for prompts, m, low in (
        (1, 4, 0.3),
        (1, 10, 0.1),
        (1, 30, 0.05),
        (2, 30, 0.1),
        (2, 60, 0.3),
        (3, 60, 0.05),
        (3, 100, 0.1),
        (4, 100, 0.2),
    ):
        p = np.round(rng.uniform(low, 3 * low, size=prompts), 3)
        yield {"p": p, "weights": np.full(prompts, 1 / prompts), "m": m, "delta": 0.3}


def _risk(p: np.ndarray, weights: np.ndarray, n: int, N: int, delta: float) -> float:
    # The rest is spread over so many responses that the first stays the unique mode.
    others = 1000
    base = np.column_stack([p, np.repeat(((1 - p) / others)[:, None], others, axis=1)])
    return theory.exact_risk(np.log(base), weights, n=n, N=N, delta=delta)


@cache
def _least(p: tuple[float, ...], weights: tuple[float, ...], m: int, delta: float) -> tuple[float, tuple[int, int]]:
    return min((_risk(np.array(p), np.array(weights), m // N, N, delta), (m // N, N)) for N in range(1, m + 1))


def _split(answer: Any, *, p: np.ndarray, weights: np.ndarray, m: int, delta: float) -> None:
    n, N = (whole(part) for part in parts(answer, 2, "(n, N)"))
    if n < 1 or N < 1 or n * N > m:
        raise Wrong(f"n and N must be at least 1 and n N at most {m}; got n = {n}, N = {N}.")
    least, where = _least(tuple(p), tuple(weights), m, delta)
    found = _risk(p, weights, n, N, delta)
    reaches(-found, -1.01 * least - 1e-12, "minus the risk", f"the least risk is {least:.6g}, at (n, N) = {where}")


EXERCISES = (
    Exercise("05.1", "easy", "the two errors of Theorem 4.1'", "two_errors", _error_cases, _errors),
    Exercise("05.2", "proof", "the constant behind Theorem 4.1'", "largest_constant", _ratio_cases, _ratio),
    Exercise("05.3", "open", "the best split of a budget", "best_split", _split_cases, _split),
)
