"""The content of the card of a policy: nothing is estimated. Ends that differ are certified bounds, not confidence intervals."""

from typing import Any

import numpy as np

from sharpsim import laws
from sharpsim._logspace import logsumexp
from sharpsim.cards._goal import Goal
from sharpsim.cards._law import Law
from sharpsim.cards._needs import needs
from sharpsim.theory import inference as theory

EVERY = 64
"""The curves hold every N up to here, then powers of two."""
LARGEST = 2**16
VOTERS = 64
"""Most answers of a prompt that are voted on one by one; draws of the others count as unknown."""
Content = dict[str, Any]


def exact_content(law: Law, goal: Goal) -> Content:
    """The sections of the card; see `sharpsim.cards.Card` for their keys."""
    grid = [*range(1, EVERY + 1), *(2**k for k in range(EVERY.bit_length(), LARGEST.bit_length()))]
    masses = _mode_masses(law)
    curves, limit = _curves(law, grid), _limit(law)
    return {
        "kind": "exact", "prompts": len(law.weights), "draws": None, "level": None,
        "curves": curves, "gains": _gains(curves), "predictions": {},
        "on_modes": _on_modes(law, masses, grid), "greedy": None, "limit": limit,
        "coverage": _coverage(law, masses, grid),
        "likelihood": _likelihood(law),
        "needs": needs(law.log_probs, masses[0], law.weights, goal=goal, whole=law.whole),
        "tax": _tax(curves, limit),
    }  # fmt: skip


def curve(N: list[int], ends: list[tuple[float, float]]) -> Content:
    """One curve: `value` is in the middle of `low` and `high`."""
    low, high = ([float(end[side]) for end in ends] for side in (0, 1))
    return {"N": list(N), "value": [(a + b) / 2 for a, b in zip(low, high, strict=True)], "low": low, "high": high}


def _mean(law: Law, band: laws.Band) -> tuple[float, float]:
    return float(law.weights @ band.lower), float(law.weights @ band.upper)


def _curves(law: Law, grid: list[int]) -> Content:
    nothing: Content = dict.fromkeys(("best_of_n", "normalised", "majority", "pass"))
    if law.correct is None:
        return nothing
    correct, whole = law.correct, (law.log_probs, law.remaining_mass)
    best = [theory.accuracy(kept, correct) for kept in theory.kept_laws(*whole, law.tail_bound, draws=grid)]
    made = nothing | {
        "best_of_n": curve(grid, [_mean(law, band) for band in best]),
        "pass": curve(grid, [_mean(law, theory.pass_at(law.log_probs, correct, law.remaining_mass, draws=N)) for N in grid]),
        "majority": _majority(law),
    }
    if law.lengths is not None:
        per_token = np.where(law.log_probs > -np.inf, law.log_probs, 0.0) / law.lengths
        kept = theory.kept_laws(*whole, law.tail_bound / law.horizon, draws=grid, reward=per_token)
        made["normalised"] = curve(grid, [_mean(law, theory.accuracy(one, correct)) for one in kept])
    return made


def _gains(curves: Content) -> Content | None:
    """What `EVERY` draws gain over one, by each rule."""
    made = {}
    for rule in ("best_of_n", "normalised", "majority"):
        if curve_of := curves[rule]:
            at = curve_of["N"].index(EVERY)
            low, high = curve_of["low"][at] - curve_of["high"][0], curve_of["high"][at] - curve_of["low"][0]
            made[rule] = {"N": EVERY, "value": curve_of["value"][at] - curve_of["value"][0], "low": low, "high": high}
    return made or None


def _majority(law: Law) -> Content:
    """Exact while no draw is unknown: what the others could change is the probability that some draw is."""
    assert law.correct is not None
    assert law.answers is not None
    shape = (len(law.weights), VOTERS)
    masses, right, unknown = np.zeros(shape), np.zeros(shape, dtype=bool), law.remaining_mass.copy()
    probs = np.exp(law.log_probs)
    for row, answers in enumerate(law.answers):
        votes = answers >= 0
        labels, first, where = np.unique(answers[votes], return_index=True, return_inverse=True)
        mass = np.bincount(where, weights=probs[row, votes], minlength=len(labels))
        order = np.argsort(-mass, kind="stable")
        kept = order[:VOTERS]
        masses[row, : len(kept)], right[row, : len(kept)] = mass[kept], law.correct[row, votes][first][kept]
        unknown[row] += mass[order[VOTERS:]].sum()
    used = max(1, int((masses > 0).sum(axis=1).max()))
    known = np.maximum(1 - unknown, 1e-300)
    won = laws.vote(masses[:, :used] / np.maximum(known, masses.sum(axis=1))[:, None], right[:, :used], draws=EVERY)
    sure = known[:, None] ** np.arange(1, EVERY + 1)
    return curve(list(range(1, EVERY + 1)), list(zip(law.weights @ (won * sure), law.weights @ (won * sure + 1 - sure), strict=True)))


def _mode_masses(law: Law) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper ends of pi(Y*|x): what has the largest known probability, and what an unseen response could have."""
    top = law.log_probs.max(axis=1)
    mass = np.exp(logsumexp(np.where(law.log_probs == top[:, None], law.log_probs, -np.inf), np))
    certain = top > law.tail_bound
    unseen = np.exp(np.minimum(np.maximum(law.tail_bound, top), 0.0))
    return np.clip(mass, 1e-300, 1.0), np.where(certain, np.minimum(mass, 1.0), np.clip(unseen, 1e-300, 1.0))


def _limit(law: Law) -> Content | None:
    """Accuracy of the model sharpened fully: of its modes."""
    if law.correct is None:
        return None
    top = law.log_probs.max(axis=1)
    modes = law.log_probs == top[:, None]
    right = (modes & law.correct).sum(axis=1) / modes.sum(axis=1)
    certain = top > law.tail_bound
    low, high = float(law.weights @ np.where(certain, right, 0.0)), float(law.weights @ np.where(certain, right, 1.0))
    return {"value": (low + high) / 2, "low": low, "high": high}


def _on_modes(law: Law, masses: tuple[np.ndarray, np.ndarray], grid: list[int]) -> Content:
    """Probability that best of N returns a mode: 1 - (1 - p)^N, mean over prompts."""
    with np.errstate(divide="ignore"):
        low, high = (law.weights @ -np.expm1(np.log1p(-mass)[:, None] * np.array(grid)) for mass in masses)
    return curve(grid, list(zip(low, high, strict=True)))


def _coverage(law: Law, masses: tuple[np.ndarray, np.ndarray], grid: list[int]) -> Content:
    low, high = (float(law.weights @ (1 / mass)) for mass in (masses[1], masses[0]))
    profile = [[float(law.weights @ (mass * N < 1 - 1e-12)) for N in grid] for mass in (masses[1], masses[0])]
    return {"low": low, "high": high, "profile": {"N": list(grid), "low": profile[0], "high": profile[1]}}


def _likelihood(law: Law) -> Content | None:
    if law.correct is None:
        return None
    found = np.exp(law.log_probs)
    mine = theory.lift_predictor(law.log_probs, law.correct)
    right = (found * law.correct).sum(axis=1) / found.sum(axis=1)
    values = (found * np.where(law.log_probs > -np.inf, law.log_probs, 0.0)).sum(axis=1) / found.sum(axis=1)
    within = float(law.weights @ mine)
    across = float(law.weights @ (right * values) - (law.weights @ right) * (law.weights @ values))
    zero = np.abs(mine) <= 1e-12
    last = theory.accuracy(theory.kept_law(law.log_probs, law.remaining_mass, law.tail_bound, draws=LARGEST), law.correct)
    middle = (last.lower + last.upper) / 2
    hurt, lost = (mine < 0) & ~zero & (law.weights > 0), (last.upper < right - 1e-9) & (law.weights > 0)
    named = np.flatnonzero(hurt | lost)
    return {
        "within": {"value": within, "low": within, "high": within},
        "pooled": {"value": within + across, "low": None, "high": None},
        "says": "helps" if within > 1e-12 else "hurts" if within < -1e-12 else "changes nothing",
        "prompts": [float(value) for value in mine],
        "signs": np.where(zero, 0, np.sign(mine)).astype(int).tolist(),
        "helped": int(((mine > 0) & ~zero).sum()), "hurt": int(hurt.sum()),
        "lost": int(lost.sum()), "seen_once": 0, "undecided": int(zero.sum()),
        "where_it_hurts": [
            {"prompt": law.names[x], "covariance": float(mine[x]), "one_draw": float(right[x]), "sharpened": float(middle[x])}
            for x in named[np.argsort((middle - right)[named], kind="stable")]
        ],
    }  # fmt: skip


def _tax(curves: Content, limit: Content | None) -> Content | None:
    if limit is None:
        return None
    at = curves["pass"]["N"].index(EVERY)
    value, low, high = (curves["pass"][name][at] for name in ("value", "low", "high"))
    return {
        "k": EVERY, "pass": value, "sharpened": limit["value"],
        "value": value - limit["value"], "low": low - limit["high"], "high": high - limit["low"],
    }  # fmt: skip
