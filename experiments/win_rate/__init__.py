"""Tests how a reward that is partly wrong hacks best of N, and how a random one of the best k of N escapes.

In a world of many equally likely responses the proxy reward is right but for the top share s, which in truth is worst. Best of N and the
best k of N are drawn literally and computed exactly. The bounds are compared on random tables with ties. Chi-square regularisation of the
proxy's ranks and of its values is computed in the same world, and the accuracy of best of N is predicted from pairs on the tables.

Each of these would refute the theory: a table on which the proxy's win rate exceeds the true one by more than D e/2; a comparator above its
bound; measured losses off the exact law; a rule below the lower bound; an accuracy outside the bounds from pairs.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from experiments.engine.columns import Column, columns
from experiments.engine.counting import frequency
from experiments.engine.frame import Context
from experiments.win_rate.claims import verdicts
from experiments.win_rate.tables import ratios
from sharpsim.theory import win_rate as theory


@dataclass(frozen=True)
class Settings:
    """`responses` equally likely responses, of which the share in `shares` is misranked; draws N, literal ones up to `most_drawn`, `trials`
    each. Random tables: how many, their size, levels of reward (ties), N and k, cuts of comparators. Betas that are tried for chi-square
    regularisation of values. Errors of the minimax part.
    """

    responses: int
    shares: tuple[float, ...]
    draws: tuple[int, ...]
    most_drawn: int
    trials: int
    tables: int
    size: int
    levels: int
    rules: tuple[tuple[int, int], ...]
    cuts: tuple[float, ...]
    betas: tuple[float, ...]
    errors: tuple[float, ...]


_DEFAULT = Settings(
    responses=2000,
    shares=(0.05, 0.01, 0.0025),
    draws=(1, 2, 4, 7, 14, 28, 56, 112, 224, 448, 896, 1792),
    most_drawn=224,
    trials=20_000,
    tables=100_000,
    size=8,
    levels=6,
    rules=((1, 1), (2, 1), (5, 1), (20, 1), (100, 1), (5, 2), (20, 5), (20, 20)),
    cuts=(0.5, 1.0, 1.5, 3.0, 10.0),
    betas=tuple(float(f"{beta:.4g}") for beta in np.geomspace(1e-6, 1e6, 121)),
    errors=tuple(float(f"{e:.4g}") for e in np.geomspace(1e-6, 0.3, 24)),
)
SETTINGS = {
    "smoke": replace(
        _DEFAULT, responses=400, shares=(0.05,), draws=(1, 7, 28, 448), most_drawn=28, trials=2000, tables=500, errors=(1e-4, 0.01)
    ),
    "default": _DEFAULT,
    "full": replace(_DEFAULT, trials=1_000_000, tables=3_000_000),
}

_FREQUENCY: dict[str, Any] = {"derived": "hits", "simulated": {"measured": "low high"}}
__all__ = ["COLUMNS", "SETTINGS", "Settings", "run", "verdicts"]
COLUMNS: dict[str, dict[str, Column]] = {
    "": columns(text="rule", count="draws kept trials", exact="share error exact", **_FREQUENCY),
    "curve": columns(text="rule", count="draws kept", exact="share error exact proxy bound lower"),
    # At k = N nothing is hacked, and the ratio is rounding.
    "tables": columns(text="claim", count="draws kept instances", exact="cut", floor={"ratio": 1e-6, "extremal": 1e-6}),
    "regularised": columns(text="rule", exact="share error strength exact bound"),
    "minimax": columns(count="best_draws", exact="error lower best_of_n best_k_of_n chi_square"),
}


def run(settings: Settings, context: Context) -> dict[str, list[dict[str, Any]]]:
    """Part "": measured losses in the hacked world; "curve": exact ones and bounds; "tables": ratios; "regularised": chi-square beside the
    best k of N; "minimax": all rules against e.
    """
    rng = np.random.default_rng([context.seed, 43])
    rows, curve = [], []
    for share in context.track(settings.shares, "hacked worlds"):
        measured, exact = _world(settings, share, rng)
        rows += measured
        curve += exact
    regularised = [row for share in settings.shares for row in _regularised(settings, share)]
    return {"": rows, "curve": curve, "tables": ratios(settings, rng), "regularised": regularised, "minimax": _minimax(settings)}


def _hacked(size: int, share: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Base, truth and proxy: equally likely responses, of which the best by the proxy are worst in truth."""
    base, proxy = np.full((1, size), -np.log(size)), np.arange(size, dtype=np.float64)[None]
    return base, np.where(proxy >= size - round(share * size), proxy - size, proxy), proxy


def _world(settings: Settings, share: float, rng: np.random.Generator) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    size = settings.responses
    base, truth, proxy = _hacked(size, share)
    error = float(theory.pairwise_error(base, truth, proxy)[0])
    rank, lower = theory.mid_rank(base, truth)[0], theory.shortfall_lower_bound(error=error)
    measured, curve = [], []
    for N in settings.draws:
        # The share that is optimal for this error, and best of N.
        for rule, kept in (("best of N", 1), ("best k of N", max(1, round(N * error**0.5)))):
            at = {"share": share, "error": error, "rule": rule, "draws": N, "kept": kept}
            exact = 1 - float(theory.best_k_of_n(base, truth, proxy, draws=N, kept=kept)[0])
            seen = 1 - float(theory.best_k_of_n(base, proxy, proxy, draws=N, kept=kept)[0])
            bound = float(theory.shortfall_bound(error=error, draws=N, kept=kept))
            curve.append(at | {"exact": exact, "proxy": seen, "bound": bound, "lower": lower})
            if settings.most_drawn >= N:
                # Responses are numbered by the proxy, so the best k of N are the largest k numbers.
                drawn = np.sort(rng.integers(size, size=(settings.trials, N)), axis=1)
                answer = drawn[np.arange(settings.trials), N - 1 - rng.integers(kept, size=settings.trials)]
                measured.append(at | frequency(rng.random(settings.trials) < 1 - rank[answer]) | {"exact": exact})
    return measured, curve


def _regularised(settings: Settings, share: float) -> list[dict[str, Any]]:
    """1 - R in the hacked world: of the best k of N, and of chi-square regularisation of the proxy's ranks, each at the setting that its
    guarantee prefers; and of chi-square regularisation of its values, at the beta that is best in truth, where the top share is valued
    at a million and the others between 0 and 1.
    """
    base, truth, proxy = _hacked(settings.responses, share)
    error = float(theory.pairwise_error(base, truth, proxy)[0])
    many = 10**6
    kept, top = round(many * error**0.5), (3 * error) ** 0.5
    safe = 1 - float(theory.best_k_of_n(base, truth, proxy, draws=many, kept=kept)[0])
    ranked = theory.chi_square_law(base, theory.mid_rank(base, proxy), beta=top**2 / 2)
    values = np.where(truth < 0, 1e6, proxy / settings.responses)
    losses = [_loss(theory.chi_square_law(base, values, beta=beta), base, truth) for beta in settings.betas]
    best = int(np.argmin(losses))
    made = (
        ("best k of N", kept / many, safe, theory.shortfall_bound(error=error, draws=many, kept=kept)),
        ("chi-square on ranks", top, _loss(ranked, base, truth), theory.chi_square_bound(error=error, top=top)),
        ("chi-square on values", settings.betas[best], losses[best], 1.0),
    )
    return [
        {"share": share, "error": error, "rule": rule, "strength": strength, "exact": exact, "bound": float(bound)}
        for rule, strength, exact, bound in made
    ]


def _loss(law: np.ndarray, base: np.ndarray, truth: np.ndarray) -> float:
    return 1 - float((law * theory.mid_rank(base, truth)).sum())


def _minimax(settings: Settings) -> list[dict[str, Any]]:
    """Guarantees at the best N, and in the limit of N for the best k of N: min over D of D e/2 + 1/(2D)."""
    rows = []
    for error in settings.errors:
        N = theory.best_draws(error=error)
        many = 10**9
        best_k = theory.shortfall_bound(error=error, draws=many, kept=max(1, round(many * error**0.5)))
        lower = theory.shortfall_lower_bound(error=error)
        best_of_n = theory.shortfall_bound(error=error, draws=N)
        chi_square = theory.chi_square_bound(error=error, top=min((3 * error) ** 0.5, 0.999))
        rows.append(
            {"error": error, "best_draws": N, "lower": lower, "best_of_n": best_of_n, "best_k_of_n": best_k, "chi_square": chi_square}
        )
    return rows
