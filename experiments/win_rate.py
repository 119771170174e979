"""Tests how a reward that is partly wrong hacks best of N, and how a random one of the best k of N escapes.

In a world of many equally likely responses the proxy reward is right but for the top share s, which in truth is worst. Best of N and the
best k of N are drawn literally and computed exactly. The bounds are compared on random tables with ties.

Each of these would refute the theory: a table on which the proxy's win rate exceeds the true one by more than D e/2; a comparator above its
bound; measured losses off the exact law; a rule below the lower bound.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from experiments.engine.columns import Column, columns
from experiments.engine.counting import frequency, surprises
from experiments.engine.frame import Context, Table, Verdict
from sharpsim import coverage, instances
from sharpsim.theory import win_rate as theory


@dataclass(frozen=True)
class Settings:
    """`responses` equally likely responses, of which the share in `shares` is misranked; draws N, literal ones up to `most_drawn`, `trials`
    each. Random tables: how many, their size, levels of reward (ties), N and k, cuts of comparators. Errors of the minimax part.
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
COLUMNS: dict[str, dict[str, Column]] = {
    "": columns(text="rule", count="draws kept trials", exact="share error exact", **_FREQUENCY),
    "curve": columns(text="rule", count="draws kept", exact="share error exact proxy bound lower"),
    "tables": columns(text="claim", count="draws kept instances", exact="cut ratio extremal"),
    "minimax": columns(count="best_draws", exact="error lower best_of_n best_k_of_n"),
}


def run(settings: Settings, context: Context) -> dict[str, list[dict[str, Any]]]:
    """Part "": measured losses in the hacked world; "curve": exact ones and bounds; "tables": ratios; "minimax": all rules against e."""
    rng = np.random.default_rng([context.seed, 43])
    rows, curve = [], []
    for share in context.track(settings.shares, "hacked worlds"):
        measured, exact = _world(settings, share, rng)
        rows += measured
        curve += exact
    return {"": rows, "curve": curve, "tables": [*_hacking(settings, rng), *_comparators(settings, rng)], "minimax": _minimax(settings)}


def _world(settings: Settings, share: float, rng: np.random.Generator) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    size = settings.responses
    base, proxy = np.full((1, size), -np.log(size)), np.arange(size, dtype=np.float64)[None]
    wrong = round(share * size)
    truth = np.where(proxy >= size - wrong, proxy - size, proxy)
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


def _random(settings: Settings, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Bases, true rewards with ties, and proxies that differ from them at a few responses."""
    shape = (settings.tables, settings.size)
    base = instances.random_table(rng, prompts=settings.tables, responses=settings.size, concentration=0.5)[0]
    truth = rng.integers(settings.levels, size=shape).astype(np.float64)
    proxy = np.where(rng.random(shape) < 0.3, rng.integers(settings.levels, size=shape), truth)
    return base, truth, proxy


def _hacking(settings: Settings, rng: np.random.Generator) -> list[dict[str, Any]]:
    """The largest share of the bound N e/(2k) that is lost: on random tables, and where a rare response is ranked first and is worst."""
    base, truth, proxy = _random(settings, rng)
    error = theory.pairwise_error(base, truth, proxy)
    rows = []
    for N, kept in settings.rules:
        lost = theory.best_k_of_n(base, proxy, proxy, draws=N, kept=kept) - theory.best_k_of_n(base, truth, proxy, draws=N, kept=kept)
        some = error > 1e-9
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


def _comparators(settings: Settings, rng: np.random.Generator) -> list[dict[str, Any]]:
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


def _minimax(settings: Settings) -> list[dict[str, Any]]:
    """Guarantees at the best N, and in the limit of N for the best k of N: min over D of D e/2 + 1/(2D)."""
    rows = []
    for error in settings.errors:
        N = theory.best_draws(error=error)
        many = 10**9
        best_k = theory.shortfall_bound(error=error, draws=many, kept=max(1, round(many * error**0.5)))
        lower = theory.shortfall_lower_bound(error=error)
        best_of_n = theory.shortfall_bound(error=error, draws=N)
        rows.append({"error": error, "best_draws": N, "lower": lower, "best_of_n": best_of_n, "best_k_of_n": best_k})
    return rows


def verdicts(tables: dict[str, Table]) -> list[Verdict]:
    """Both claims on tables; the laws of both rules, their bounds, and where best of N turns; the order sqrt(e) from both sides."""
    room, curve, rows = 1 + 1e-9, tables["curve"], tables[""]
    made = []
    for label, name, claim in (
        ("Reward hacking", "hacking", "proxy's win rate - true one <= N e/(2k): largest ratio"),
        ("Comparator", "comparator", "1 - R(q) >= (1 - E_M)^2/(2M): largest ratio"),
    ):
        mine = tables["tables"].where(claim=name)
        worst, attained = float(max(mine["ratio"].max(), mine["extremal"].max())), float(mine["extremal"].max())
        sound = worst <= room and attained > 0.98 and bool((mine["ratio"] > 0).all())
        said = f"{claim}, {int(mine['instances'].max())} tables"
        made.append(Verdict(label, said, worst, 1.0, "holds" if sound else "violated", attained, "ratio at the extremal table"))
    wrong = surprises(rows, exact="exact")
    proper = all(bool(((curve[name] >= 0) & (curve[name] <= 1)).all()) for name in ("proxy", "exact", "bound", "lower"))
    for label, rule in (("Best of N by a proxy", "best of N"), ("Best k of N", "best k of N")):
        mine, drawn = curve.where(rule=rule), rows.where(rule=rule)
        ratio = float((mine["exact"] / mine["bound"]).max())
        sound = wrong == 0 and proper and ratio <= room and bool((mine["proxy"] <= mine["exact"] * room).all())
        said = f"1 - R over its bound; {len(drawn)} of {len(drawn)} measured on the law" if wrong == 0 else "measured off the law"
        made.append(Verdict(label, said, ratio, 1.0, "holds" if sound else "violated", ratio, "largest ratio of exact to bound"))
    return [*made, _turns(curve), _optimal(tables["minimax"], curve)]


def _turns(curve: Table) -> Verdict:
    """Best of N gets worse beyond its best N; the best k of N does not by more than its rounding of k."""
    rises, falls = [], []
    for share in curve.unique("share"):
        hacked, safe = curve.where(share=share, rule="best of N"), curve.where(share=share, rule="best k of N")
        rises.append(float(hacked["exact"][-1] / hacked["exact"].min()))
        falls.append(float(safe["exact"][-1] / safe["exact"].min()))
    sound = min(rises) > 2 and max(falls) < 1.1
    claim = "1 - R at the largest N over the least: best of N, and best k of N"
    shown = f"{min(rises):.3g} or more; {max(falls):.3g} at most"
    return Verdict("Best of N by a proxy (turn)", claim, shown, "2; 1.1", "reproduced" if sound else "violated")


def _optimal(rows: Table, curve: Table) -> Verdict:
    small = rows.take(rows["error"] <= 1e-3)
    ratio = float((rows["lower"] / rows["best_k_of_n"]).max())
    meets = float((small["lower"] / small["best_k_of_n"]).min())
    worse = float((small["best_of_n"] / small["best_k_of_n"]).min())
    below = bool((curve["lower"] <= curve["exact"] * (1 + 1e-9)).all())
    sound = ratio <= 1 + 1e-9 and meets > 0.95 and worse > 1.3 and below
    claim = "lower bound over the guarantee of the best k of N, e <= 1e-3; best of N over it"
    return Verdict(
        "Minimax win rate",
        claim,
        f"{meets:.3g} or more; {worse:.3g} or more",
        "1; sqrt 2",
        "reproduced" if sound else "violated",
        ratio,
        "largest ratio",
    )
