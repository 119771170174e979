"""Checks of unit 8: `laws.tilted`, the corrected Lemma 4.1' (`theory.dpo`), and the largest beta by root finding."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from sharpsim import coverage
from sharpsim import laws as exact
from sharpsim.exercises._answers import close, laws, number, reaches
from sharpsim.exercises._exercise import Exercise, Wrong
from sharpsim.exercises._instances import row
from sharpsim.theory import dpo as theory

ONE = np.ones(1)


def _tilt_cases(rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    for size in (1, 2, 3, 5, 10):
        for beta in (1.0, 0.1, 10.0, 1e-5):
            yield {"base": row(rng, size), "reward": np.round(rng.uniform(-1, 1, size=size), 2), "beta": beta}


def _tilt(answer: Any, *, base: np.ndarray, reward: np.ndarray, beta: float) -> None:
    want = np.exp(exact.tilted(np.log(base)[None], reward[None], beta=beta))[0]
    close(laws(answer, base.shape, "the policy"), want, "the probability")


def _lemma_cases(rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    for slack, beta in ((0.5, 0.1), (0.5, 0.25), (0.2, 0.1), (0.9, 0.5), (0.1, 0.02), (0.3, 0.05)):
        yield {"slack": slack, "beta": beta}


def _lemma(answer: Any, *, slack: float, beta: float) -> None:
    base = laws(answer, (None,), "base")
    if (base <= 0).any() or base.size > 10_000:
        raise Wrong(f"return at most 10,000 positive probabilities; got {base.size}, the smallest {base.min():.3g}.")
    log_base = np.log(base)[None]
    found = float(coverage.concentrability(theory.target(log_base, beta=beta), log_base, ONE))
    cover = float(coverage.coverage_coefficient(log_base, ONE, slack=slack))
    bound = float(theory.concentrability_bound(coverage=cover, slack=slack, beta=beta))
    reaches(found / bound, 0.9, "C / corrected bound", f"C = {found:.6g}, corrected {bound:.6g}, printed {cover / (1 - slack):.6g}")
    if not found > cover / (1 - slack):
        raise Wrong(f"C = {found:.6g} does not exceed the printed bound {cover / (1 - slack):.6g}.")


def _beta_cases(rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    for size in (2, 2, 3, 4, 8, 20):
        for delta in (0.5, 0.1, 0.01):
            base = row(rng, size)
            if base.max() < 1 - delta / 2 and np.sort(base)[-2] < base.max():
                yield {"base": base, "delta": delta}


def _beta(answer: Any, *, base: np.ndarray, delta: float) -> None:
    beta = number(answer, "beta")
    if not (math.isfinite(beta) and beta > 0):
        raise Wrong(f"beta must be positive and finite; got {beta!r}.")
    best = float(theory.beta_exact(np.log(base)[None], ONE, delta=delta))
    if best < beta <= best * (1 + 1e-9):
        return
    missed = float(theory.bias(np.log(base)[None], beta=beta)[0])
    if beta > best:
        raise Wrong(f"at beta = {beta:.8g} the policy misses Y* by {missed:.8g}, above delta/2 = {delta / 2:g}.")
    reaches(beta, 0.999 * best, "beta", f"the largest is {best:.8g}")


EXERCISES = (
    Exercise("08.1", "easy", "the maximiser of a KL-regularised reward", "tilted", _tilt_cases, _tilt),
    Exercise("08.2", "proof", "the printed Lemma 4.1' is false for small beta", "breaks_the_printed_lemma", _lemma_cases, _lemma),
    Exercise("08.3", "open", "the largest KL weight that sharpens", "largest_beta", _beta_cases, _beta),
)
