"""The largest share of each bound that random tables with ties reach, beside the table that attains it."""

from typing import Any

import numpy as np

from sharpsim import coverage, instances, laws
from sharpsim.theory import win_rate as theory


def ratios(settings: Any, rng: np.random.Generator) -> list[dict[str, Any]]:
    """The part "tables"."""
    return [*_hacking(settings, rng), *_comparators(settings, rng), *_by_pairs(settings, rng)]


def _random(settings: Any, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Bases, true rewards with ties, and proxies that differ from them at a few responses."""
    shape = (settings.tables, settings.size)
    base = instances.random_table(rng, prompts=settings.tables, responses=settings.size, concentration=0.5)[0]
    truth = rng.integers(settings.levels, size=shape).astype(np.float64)
    proxy = np.where(rng.random(shape) < 0.3, rng.integers(settings.levels, size=shape), truth)
    return base, truth, proxy


def _hacking(settings: Any, rng: np.random.Generator) -> list[dict[str, Any]]:
    """The largest share of the bound N e/(2k) that is lost: on random tables, and where a rare response is ranked first and is worst."""
    base, truth, proxy = _random(settings, rng)
    error = theory.pairwise_error(base, truth, proxy)
    by_proxy, by_truth = theory.mid_rank(base, proxy), theory.mid_rank(base, truth)
    some, rows = error > 1e-9, []
    for N, kept in settings.rules:
        law = theory.best_k_law(base, proxy, draws=N, kept=kept)
        lost = (law * by_proxy).sum(axis=-1) - (law * by_truth).sum(axis=-1)
        ratio = float((lost[some] / theory.hacking_bound(error=error[some], draws=N, kept=kept)).max())
        rows.append(
            {"claim": "hacking", "draws": N, "kept": kept, "instances": settings.tables, "cut": 1.0, "ratio": ratio}
            | {"extremal": _rare(N, kept)}
        )
    return rows


def _rare(N: int, kept: int) -> float:
    """One response of mass 1e-9 that the proxy ranks first and that is worst; the others are equal under both rewards."""
    base = np.log([[1e-9, *np.full(999, (1 - 1e-9) / 999)]])
    others = np.arange(999.0)
    truth, proxy = np.array([[-1.0, *others]]), np.array([[1e6, *others]])
    lost = theory.best_k_of_n(base, proxy, proxy, draws=N, kept=kept) - theory.best_k_of_n(base, truth, proxy, draws=N, kept=kept)
    return float(lost[0] / theory.hacking_bound(error=theory.pairwise_error(base, truth, proxy)[0], draws=N, kept=kept))


def _comparators(settings: Any, rng: np.random.Generator) -> list[dict[str, Any]]:
    """The largest (1 - bound)/(1 - R(q)) over random comparators, and that of the top 1/M of a base of equal responses."""
    base, truth, _ = _random(settings, rng)
    policy = instances.random_table(rng, prompts=settings.tables, responses=settings.size, concentration=0.5)[0]
    rate, rows = theory.win_rate(policy, base, truth), []
    for cut in settings.cuts:
        excess = np.maximum(np.exp(policy) - cut * np.exp(base), 0).sum(axis=1).clip(0, 1)
        short = 1 - theory.comparator_bound(cut=cut, excess=excess)
        at = {"claim": "comparator", "draws": 1, "kept": 1, "instances": settings.tables, "cut": cut}
        rows.append(at | {"ratio": float((short / (1 - rate)).max()), "extremal": _top(cut)})
    return rows


def _top(cut: float) -> float:
    size = 3000
    base, ranks = np.full((1, size), -np.log(size)), np.arange(size, dtype=np.float64)[None]
    with np.errstate(divide="ignore"):
        top = np.log(np.where(ranks >= size - size / max(cut, 1.0), 1.0, 0.0))
    top -= np.log(np.exp(top).sum())
    excess = min(float(coverage.excess_coverage(top, base, np.ones(1), cut=cut)), 1.0)
    return float((1 - theory.comparator_bound(cut=cut, excess=excess)) / (1 - theory.win_rate(top, base, ranks)[0]))


def _by_pairs(settings: Any, rng: np.random.Generator) -> list[dict[str, Any]]:
    """The largest ratio of the lower bound to the accuracy of best of N, and of 1 - upper bound to 1 - accuracy, as in the extremal table:
    the right responses, or the wrong ones, are adjacent in the ranking.
    """
    base, truth, proxy = _random(settings, rng)
    right = truth >= settings.levels // 2
    some = right.any(axis=1) & ~right.all(axis=1)
    base, right, proxy = base[some], right[some], proxy[some]
    size, rows = 1000, []
    flat, ranks = np.full((1, size), -np.log(size)), np.arange(size, dtype=np.float64)[None]
    inside = (ranks >= 0.6 * size) & (ranks < 0.9 * size)
    for N in sorted({N for N, _ in settings.rules if N > 2}):
        lower, upper = _shares(base, right, proxy, N)
        at = {"draws": N, "kept": 1, "instances": int(some.sum()), "cut": 1.0}
        rows.append({"claim": "pairs, lower"} | at | {"ratio": lower, "extremal": _shares(flat, inside, ranks, N)[0]})
        rows.append({"claim": "pairs, upper"} | at | {"ratio": upper, "extremal": _shares(flat, ~inside, ranks, N)[1]})
    return rows


def _shares(base: np.ndarray, right: np.ndarray, proxy: np.ndarray, N: int) -> tuple[float, float]:
    """Largest lower bound over accuracy, and largest 1 - upper bound over 1 - accuracy, where these are not tiny."""
    law = np.exp(laws.best_of_n(base, proxy, draws=N))
    hit, miss = np.where(right, law, 0.0).sum(axis=1), np.where(right, 0.0, law).sum(axis=1)
    pairs = theory.right_and_wrong(base, right, proxy)
    given = {"accuracy": pairs.accuracy, "pair_error": pairs.error, "draws": N}
    lower, upper = theory.accuracy_lower_bound(**given), theory.accuracy_upper_bound(**given)
    # Below this the rounding of 1 - upper would be compared.
    big = 1e-5
    return float((lower[hit > big] / hit[hit > big]).max()), float(((1 - upper)[miss > big] / miss[miss > big]).max())
