"""Checks of unit 13: `sharpsim.coverage`, and the exact law of rejection sampling over a fine grid of cuts."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from sharpsim import coverage, laws
from sharpsim.exercises._answers import close, number, parts, whole
from sharpsim.exercises._answers import laws as probabilities
from sharpsim.exercises._exercise import Exercise, Wrong
from sharpsim.theory import coverage_measures


def _pair(target: np.ndarray, base: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Log-probabilities of one prompt, and its weight."""
    with np.errstate(divide="ignore"):
        return np.log(target)[None], np.log(base)[None], np.ones(1)


def _measures_cases(rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    yield {"target": np.array([0.5, 0.25, 0.25]), "base": np.array([0.25, 0.25, 0.5]), "cut": 2.0}
    yield {"target": np.array([0.5, 0.5, 0.0]), "base": np.array([0.5, 0.0, 0.5]), "cut": 3.0}
    for cut in (0.5, 1.0, 1.5, 4.0):
        yield {"target": rng.dirichlet(np.full(5, 0.7)), "base": rng.dirichlet(np.full(5, 0.7)), "cut": cut}


def _measures(answer: Any, *, target: np.ndarray, base: np.ndarray, cut: float) -> None:
    given = _pair(target, base)
    wanted = (coverage.tail_coverage, coverage.excess_coverage, coverage.integrated_coverage)
    for got, measure, name in zip(parts(answer, 3, "(Cov, E, ICov)"), wanted, ("Cov_M", "E_M", "ICov_M"), strict=True):
        close(number(got, name), float(measure(*given, cut=cut)), name)


def _reverse_cases(rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    for cut in (1.5, 2.0, 10.0, 1e4):
        for share in (0.1, float(np.round(rng.uniform(0.2, 0.9), 3))):
            yield {"cut": cut, "share": share}


def _reverse(answer: Any, *, cut: float, share: float) -> None:
    one, two = parts(answer, 2, "(target, base)")
    target = probabilities(one, (None,), "target")
    base = probabilities(two, (target.size,), "base")
    if target.size > 100:
        raise Wrong(f"use at most 100 responses; got {target.size}.")
    given = _pair(target, base)
    tail = float(coverage.tail_coverage(*given, cut=cut))
    reverse = float(coverage.excess_coverage(*given, cut=share * cut)) / (1 - share)
    if tail <= 1e-6:
        raise Wrong(f"Cov_M must be above 0; it is {tail:.3g}.")
    if tail < reverse * (1 - 1e-9):
        raise Wrong(f"Cov_M is {tail:.8g} and E_cM/(1 - c) is {reverse:.8g}; they must be equal.")


def _fewest_cases(rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    # A response that is rare under base and not worth waiting for.
    yield {"target": np.array([0.6, 0.39, 0.01]), "base": np.array([0.3, 0.6999, 0.0001]), "eps": 0.1}
    for eps in (0.3, 0.1, 0.01):
        for concentration in (0.3, 2.0):
            base = rng.dirichlet(np.full(6, concentration)) * 0.99 + 0.01 / 6
            with np.errstate(divide="ignore"):
                target = np.exp(laws.tilted(np.log(base)[None], np.log(base)[None], beta=0.5))[0]
            yield {"target": target / target.sum(), "base": base, "eps": eps}


def _fewest(answer: Any, *, target: np.ndarray, base: np.ndarray, eps: float) -> None:
    one, two = parts(answer, 2, "(M, N)")
    cut, draws = number(one, "M"), whole(two, "N")
    if not (cut > 0 and draws >= 1):
        raise Wrong(f"M must be above 0 and N at least 1; got {cut:.6g} and {draws}.")
    given = _pair(target, base)

    def distance(cut: float, draws: int) -> float:
        return coverage_measures.rejection_distance(*given, cut=cut, draws=draws)

    reached = distance(cut, min(draws, 2**53))
    if reached > eps * (1 + 1e-9):
        raise Wrong(f"the total variation is {reached:.6g}; it must be at most {eps:g}.")
    least = 2**40
    for other in np.geomspace(0.2, float(np.max(target / base)), 200):
        if distance(float(other), least) <= eps:
            needed = coverage_measures.draws_needed(lambda N, other=float(other): distance(other, N), eps=eps)
            least = min(least, int(needed))
    if draws > 1.02 * least:
        raise Wrong(f"N is {draws}; {least} draws are enough with another cut.")


EXERCISES = (
    Exercise("13.1", "easy", "three measures of coverage", "measures", _measures_cases, _measures),
    Exercise("13.2", "proof", "where the reverse inequality is tight", "reverse_is_tight", _reverse_cases, _reverse),
    Exercise("13.3", "open", "rejection sampling with the fewest draws", "fewest_draws", _fewest_cases, _fewest),
)
