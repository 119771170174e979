"""Checks of unit 3: `laws.best_of_n` and, for small instances, enumeration of all N draws; `theory.best_of_n`."""

import itertools
import math
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
from scipy.optimize import minimize

from sharpsim import laws as exact
from sharpsim.exercises._answers import close, laws, reaches, whole
from sharpsim.exercises._exercise import Exercise, Wrong
from sharpsim.exercises._instances import row
from sharpsim.theory import best_of_n as theory


def _law_cases(rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    for size, draws in ((2, 1), (2, 2), (3, 1), (3, 2), (3, 3), (4, 3), (5, 4), (8, 10), (20, 100)):
        for levels in (size + 3, 3, 2):
            yield {"base": row(rng, size), "reward": rng.integers(levels, size=size) - 1.0, "N": draws}


def _law(answer: Any, *, base: np.ndarray, reward: np.ndarray, N: int) -> None:
    law = laws(answer, base.shape, "the law")
    if len(base) ** N <= 1000:
        want = np.zeros(len(base))
        for drawn in itertools.product(range(len(base)), repeat=N):
            want[max(drawn, key=lambda y: reward[y])] += math.prod(base[y] for y in drawn)
    else:
        want = np.exp(exact.best_of_n(np.log(base)[None], reward[None], draws=N))[0]
    close(law, want, "the probability")


def _draws_cases(rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    for p, rho in ((1.0, 0.5), (0.5, 0.5), (0.5, 0.25), (0.5, 0.2), (0.9, 0.5), (0.75, 0.01), (0.1, 0.1), (0.01, 0.05), (1e-6, 1e-3)):
        yield {"p": p, "rho": rho}
    for p, rho in zip(rng.uniform(size=8), rng.uniform(size=8), strict=True):
        yield {"p": float(p), "rho": float(rho)}
    yield {"p": 1e-9, "rho": 0.5}
    yield {"p": 1e-12, "rho": 0.1}


def _draws(answer: Any, *, p: float, rho: float) -> None:
    found, want = whole(answer), theory.least_samples(covered_mass=p, rho=rho)
    if abs(found - want) > 1e-9 * want:
        raise Wrong(f"the least N is {want}; got {found}.")


def _atom_cases(rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    for atoms, draws in ((2, 2), (2, 10), (3, 2), (3, 10), (4, 30)):
        yield {"atoms": atoms, "N": draws}


def _divergence(base: np.ndarray, draws: int) -> float:
    return float(theory.exact_kl(np.log(base)[None], np.arange(len(base), dtype=float)[None], draws=draws)[0])


@cache
def _best_known(atoms: int, draws: int) -> float:
    def law(logits: np.ndarray) -> np.ndarray:
        base = np.exp(logits.clip(-30, 30) - logits.clip(-30, 30).max())
        return base / base.sum()

    def shortfall(logits: np.ndarray) -> float:
        edges = np.concatenate([[0.0], np.cumsum(law(logits))])
        kept = np.diff(edges**draws)
        return -float(np.sum(kept * np.log(np.maximum(kept, 1e-300) / np.diff(edges))))

    starts = (np.zeros(atoms), -np.arange(atoms) * np.log(3.0))
    return max(_divergence(law(minimize(shortfall, start, method="BFGS", tol=1e-7).x), draws) for start in starts)


def _far(answer: Any, *, atoms: int, N: int) -> None:
    base = laws(answer, (atoms,), "base")
    if (base <= 0).any():
        raise Wrong("all base probabilities must be positive.")
    best, ceiling = _best_known(atoms, N), float(theory.kl_bound(draws=N))
    reaches(_divergence(base, N), best - 1e-4, "KL(best of N || base)", f"best known {best:.6g}, no law reaches {ceiling:.6g}")


EXERCISES = (
    Exercise("03.1", "easy", "the exact law of best of N, with ties", "best_of_n_law", _law_cases, _law),
    Exercise("03.2", "proof", "the least number of draws, exactly", "least_draws", _draws_cases, _draws),
    Exercise("03.3", "open", "the law that best of N moves farthest", "far_from_base", _atom_cases, _far),
)
