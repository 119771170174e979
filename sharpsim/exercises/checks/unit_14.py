"""Checks of unit 14: `theory.win_rate`, and an adversary who sinks the cells that a rule answers with most often."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from sharpsim.exercises._answers import array, close, laws, parts, reaches
from sharpsim.exercises._exercise import Exercise, Wrong
from sharpsim.theory import win_rate


def _law_cases(rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    yield {"base": np.array([0.5, 0.25, 0.25]), "draws": 2, "kept": 1}
    for draws, kept in ((1, 1), (3, 2), (4, 4), (10, 3), (60, 7)):
        yield {"base": rng.dirichlet(np.full(5, 0.8)), "draws": draws, "kept": kept}


def _law(answer: Any, *, base: np.ndarray, draws: int, kept: int) -> None:
    exact = win_rate.best_k_law(np.log(base)[None], np.arange(len(base), dtype=float)[None], draws=draws, kept=kept)[0]
    for i, (got, want) in enumerate(zip(laws(answer, (len(base),), "the law"), exact, strict=True)):
        close(float(got), float(want), f"the probability of response {i}", absolute=1e-9)


def _hacked_cases(rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    for draws in (2, 3, 10, 100, int(rng.integers(20, 500))):
        yield {"draws": draws}


def _hacked(answer: Any, *, draws: int) -> None:
    one, two, three = parts(answer, 3, "(base, truth, proxy)")
    base = laws(one, (None,), "base")
    if base.size > 500:
        raise Wrong(f"use at most 500 responses; got {base.size}.")
    truth, proxy = array(two, (base.size,), "truth"), array(three, (base.size,), "proxy")
    with np.errstate(divide="ignore"):
        table = np.log(base)[None]
    error = float(win_rate.pairwise_error(table, truth[None], proxy[None])[0])
    if error <= 1e-12:
        raise Wrong("the pairwise error must be above 0.")
    seen, true = (float(win_rate.best_of_n(table, reward[None], proxy[None], draws=draws)[0]) for reward in (proxy, truth))
    level = 0.99 * (1 - 1 / draws)
    reaches((seen - true) / (draws * error / 2), level, "R^ - R over N e/2", f"{level:.6g} is asked for")


def _rule_cases(rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    for cells, wrong in ((10, 1), (50, 1), (50, 4), (200, 2), (int(rng.integers(60, 150)), 3)):
        yield {"cells": cells, "wrong": wrong}


def _rule(answer: Any, *, cells: int, wrong: int) -> None:
    law = laws(answer, (cells,), "the law")
    best = min(_loss(np.where(np.arange(cells) >= cells - width, 1 / width, 0.0), wrong) for width in range(1, cells + 1))
    found = _loss(law, wrong)
    if found > 1.01 * best:
        raise Wrong(f"the adversary makes this rule lose {found:.6g}; a uniform law on some top cells loses {best:.6g}.")


def _loss(law: np.ndarray, wrong: int) -> float:
    """1 - R where the likeliest cells sink; of equal ones those that the proxy ranks worst."""
    order = np.argsort(-law, kind="stable")
    true = np.empty(len(law))
    true[np.concatenate([np.sort(order[:wrong]), np.sort(order[wrong:])])] = (np.arange(len(law)) + 0.5) / len(law)
    return 1 - float(law @ true)


EXERCISES = (
    Exercise("14.1", "easy", "the law of the best k of N", "best_k_law", _law_cases, _law),
    Exercise("14.2", "proof", "the world that is hacked most", "most_hacked", _hacked_cases, _hacked),
    Exercise("14.3", "open", "the safest rule", "safest_rule", _rule_cases, _rule),
)
