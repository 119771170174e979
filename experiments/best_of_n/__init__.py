"""Tests Prop C.1 and the exact law of best of N: success, KL divergence, win rate, and repeated rounds.

Responses are drawn literally and from the exact law. Prop C.1 would be refuted by a measured success outside the exact binomial interval
around 1 - (1-p)^N; the law by a frequency that it does not give; the bounds on divergence and win rate by an exact value above them. Other
self-rewards follow the same law: best of N finds the maximisers of that reward, which need not be the base's mode.
"""

from dataclasses import dataclass, replace
from typing import Any

import jax
import numpy as np

from experiments.best_of_n.responses import Drawer
from experiments.engine.columns import Column, columns
from experiments.engine.counting import frequency, surprises
from experiments.engine.frame import Context, Table, Verdict
from sharpsim import instances, rewards
from sharpsim.theory import best_of_n as theory


@dataclass(frozen=True)
class Settings:
    """Masses p of Y*_g at slack g; numbers of draws, literal and by law; trials a point; the table of the other parts; rounds (M, N)."""

    masses: tuple[float, ...]
    slack: float
    literal: tuple[int, ...]
    by_law: tuple[int, ...]
    trials: int
    responses: int
    concentration: float
    levels: int
    rhos: tuple[float, ...]
    rounds: tuple[tuple[int, int], ...]


_MANY = tuple(int(N) for N in np.unique(np.round(np.geomspace(1, 10**5, 61))))
_DEFAULT = Settings(
    masses=(0.5, 0.05, 0.005, 0.0005),
    slack=0.1,
    # Powers of two, like the oracle's chunks: no remainder, nothing compiled twice.
    literal=(1, 8, 64, 256),
    by_law=tuple(10**k for k in range(13)),
    trials=4096,
    responses=200,
    concentration=0.3,
    levels=5,
    rhos=(0.1, 0.01, 1e-6),
    rounds=((2, 8), (10, 8), (3, 64)),
)
SETTINGS = {
    "smoke": replace(_DEFAULT, masses=(0.5, 0.05), literal=(16,), by_law=(1, 10**4, 10**12), trials=512, responses=50, rounds=((2, 16),)),
    "default": _DEFAULT,
    "full": replace(_DEFAULT, masses=(0.5, 0.05, 0.005, 0.0005, 0.00005), literal=(1, 4, 16, 64, 256, 1024, 4096), trials=2**17),
}


_FREQUENCY: dict[str, Any] = {"derived": "hits", "simulated": {"measured": "low high"}}
"""Hits are the numerator of `measured`, whose interval judges both."""
_LAW = "kl win_rate win_rate_ties_won win_rate_bound kl_bound"
_LANDS = "best_exact mode_exact mode_if_likeliest"
COLUMNS: dict[str, dict[str, Column]] = {
    "": columns(text="how", count="draws trials", exact="covered_mass slack exact exact_by_law closed bound", **_FREQUENCY),
    "curve": columns(count="draws", exact="covered_mass exact bound"),
    "law": columns(text="reward", count="draws", exact=f"{_LAW} {_LANDS}"),
    "needed": columns(exact="covered_mass rho samples least_samples ratio success"),
    "divergence": columns(text="reward how", count="draws trials", exact=_LAW, **_FREQUENCY),
    "rewards": columns(
        text="reward how",
        count="draws best_trials mode_trials",
        exact=f"{_LANDS} upper_set",
        derived="best_hits mode_hits",
        simulated={"best_measured": "best_low best_high", "mode_measured": "mode_low mode_high"},
    ),
    # The two laws are equal in exact arithmetic: below the verdict's 1e-9 their gap is the rounding of sums over 200 responses.
    "rounds": columns(text="reward", count="first second trials", exact="exact", floor={"gap": 1e-9}, **_FREQUENCY),
}


def run(settings: Settings, context: Context) -> dict[str, list[dict[str, Any]]]:
    """Part "": success on Y*_g; "needed": the N of Prop C.1; "divergence": KL and win rate; "rewards"; "rounds".

    "curve" and "law" hold the exact values at many N, to be drawn as lines.
    """
    rng = np.random.default_rng([context.seed, 32])
    success_key, reward_key, round_key = jax.random.split(context.key(), 3)
    success = _success(settings, context, rng, success_key)
    tables = _tables(rng, settings)
    divergence, own = _divergence(settings, context, *tables, reward_key)
    return {
        "": success,
        "curve": [
            {
                "covered_mass": p,
                "draws": N,
                "exact": theory.success(covered_mass=p, draws=N),
                "bound": theory.bound(covered_mass=p, draws=N),
            }
            for p in settings.masses
            for N in _MANY
        ],
        "law": [row for N in _MANY for row in _exact(*tables, N)],
        "needed": _needed(settings),
        "divergence": divergence,
        "rewards": own,
        "rounds": _rounds(settings, context, *tables, round_key),
    }


def _row_of_mass(rng: np.random.Generator, p: float) -> np.ndarray:
    """Two near-maximal responses share p; the rest, each at most 0.85 times as likely as the first, the remainder."""
    first, second = p / 1.95, p * 0.95 / 1.95
    weights = rng.uniform(0.3, 0.8, size=int(np.ceil((1 - p) / (0.5 * first))))
    return np.log(np.concatenate([[first, second], (1 - p) * weights / weights.sum()]))


def _success(settings: Settings, context: Context, rng: np.random.Generator, key: Any) -> list[dict[str, Any]]:
    made, rows = [_row_of_mass(rng, p) for p in settings.masses], []
    width = max(map(len, made))
    table = np.stack([np.concatenate([row, np.full(width - len(row), -np.inf)]) for row in made])
    for N, how, kept in Drawer(table, settings.trials).sweep(settings.literal, settings.by_law, context, key, "success"):
        exact = theory.success_probability(table, draws=N, slack=settings.slack)
        by_law = theory.success_probability(table, table, draws=N, slack=settings.slack)
        for i, p in enumerate(settings.masses):
            closed, bound = (formula(covered_mass=p, draws=N) for formula in (theory.success, theory.bound))
            at = {"covered_mass": p, "draws": N, "how": how, "slack": settings.slack}
            rows.append(at | frequency(kept[i] < 2) | {"exact": exact[i], "exact_by_law": by_law[i], "closed": closed, "bound": bound})
    return rows


def _needed(settings: Settings) -> list[dict[str, Any]]:
    rows = []
    for p in (0.9, 0.5, 0.1, 1e-2, 1e-4, 1e-8, 1e-16, 1e-300):
        for rho in settings.rhos:
            draws, least = theory.samples_needed(covered_mass=p, rho=rho), theory.least_samples(covered_mass=p, rho=rho)
            row = {"covered_mass": p, "rho": rho, "samples": float(draws), "least_samples": float(least), "ratio": draws / least}
            rows.append(row | {"success": theory.success(covered_mass=p, draws=float(draws))})
    return rows


def _tables(rng: np.random.Generator, settings: Settings) -> tuple[tuple[str, ...], np.ndarray, np.ndarray]:
    """Names of rewards, and for each a row of base log-probabilities and a row of rewards."""
    size = settings.responses
    row = instances.random_table(rng, prompts=1, responses=size, concentration=settings.concentration)[0]
    flat = np.full(row.shape, -np.log(size))
    lengths, answers = rng.integers(1, 9, size=row.shape), rng.integers(0, max(2, size // 8), size=row.shape)
    ranks = rng.permutation(size)[None]
    found = {
        "log-likelihood": (row, row),
        "uniform base, no ties": (flat, ranks.astype(np.float64)),
        "uniform base, many ties": (flat, (ranks * settings.levels // size).astype(np.float64)),
        "length-normalised": (row, rewards.length_normalised(row, lengths)),
        "majority": (row, rewards.majority(row, answers)),
    }
    return tuple(found), np.concatenate([table for table, _ in found.values()]), np.concatenate([reward for _, reward in found.values()])


def _exact(names: tuple[str, ...], table: np.ndarray, reward: np.ndarray, N: int) -> list[dict[str, Any]]:
    """Exact values and bounds for each reward at one N: divergence, win rate, and where its best of N lands."""
    half, full = (theory.win_rate(table, reward, draws=N, tie_credit=credit) for credit in (0.5, 1.0))
    columns = {
        "kl": theory.exact_kl(table, reward, draws=N),
        "win_rate": half,
        "win_rate_ties_won": full,
        "best_exact": theory.success(covered_mass=theory.best_mass(table, reward), draws=N),
        "mode_exact": theory.success_probability(table, reward, draws=N, slack=0.0),
        "mode_if_likeliest": theory.success_probability(table, draws=N, slack=0.0),
    }
    bounds = {"win_rate_bound": theory.win_rate_bound(draws=N), "kl_bound": theory.kl_bound(draws=N)}
    return [
        {"reward": name, "draws": N} | {column: values[i] for column, values in columns.items()} | bounds for i, name in enumerate(names)
    ]


_DIVERGENCE = ("kl", "kl_bound", "win_rate", "win_rate_bound", "win_rate_ties_won")


def _divergence(
    settings: Settings, context: Context, names: tuple[str, ...], table: np.ndarray, reward: np.ndarray, key: Any
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """KL and win rate for each reward, and where its best of N lands: on the reward's own maximisers and on the base's mode."""
    rival_key, coin_key, key = jax.random.split(key, 3)
    drawer, divergence, own = Drawer(table, settings.trials, reward), [], []
    upper_set = [theory.checks(table[[i]], reward[[i]], draws=1, slack=0.0)["upper_set"] for i in range(len(names))]
    for j, (N, how, kept) in enumerate(drawer.sweep(settings.literal, settings.by_law, context, key, "win rate")):
        mine = np.take_along_axis(reward, kept, axis=1)
        theirs = np.take_along_axis(reward, drawer.by_law(1, jax.random.fold_in(rival_key, j)), axis=1)
        # A fair coin for each tie makes the half-counted win rate a frequency, with an exact interval.
        coins = np.asarray(jax.random.bernoulli(jax.random.fold_in(coin_key, j), 0.5, theirs.shape))
        won = (mine > theirs) | ((mine == theirs) & coins)
        for i, exact in enumerate(_exact(names, table, reward, N)):
            at = {"reward": exact["reward"], "draws": N, "how": how}
            divergence.append(at | frequency(won[i]) | {name: exact[name] for name in _DIVERGENCE})
            # A uniform base has no mode to find.
            if np.ptp(table[i]) > 0:
                numbers = {name: exact[name] for name in ("best_exact", "mode_exact", "mode_if_likeliest")}
                on_best, on_mode = frequency(mine[i] == reward[i].max(), "best_"), frequency(kept[i] == table[i].argmax(), "mode_")
                own.append(at | on_best | on_mode | numbers | {"upper_set": upper_set[i]})
    return divergence, own


def _rounds(
    settings: Settings, context: Context, names: tuple[str, ...], table: np.ndarray, reward: np.ndarray, key: Any
) -> list[dict[str, Any]]:
    """A second round drawn literally from the first round's law, against one round of N M draws."""
    rows, best = [], reward == reward.max(axis=1, keepdims=True)
    for j, (M, N) in enumerate(context.track(settings.rounds, "rounds")):
        two = theory.rounds(table, reward, draws=(M, N))
        one = theory.rounds(table, reward, draws=(theory.composed_draws(draws=(M, N)),))
        kept = Drawer(theory.rounds(table, reward, draws=(M,)), settings.trials, reward).literal(N, jax.random.fold_in(key, j))
        for i, name in enumerate(names):
            representable = one[i] > -600
            gap = float(np.abs(np.expm1((two[i] - one[i])[representable])).max())
            exact = float(np.exp(one[i, best[i]]).sum())
            rows.append({"reward": name, "first": M, "second": N, "gap": gap} | frequency(best[i, kept[i]]) | {"exact": exact})
    return rows


def verdicts(tables: dict[str, Table]) -> list[Verdict]:
    """Frequencies against exact values at one false-alarm rate, exact values against bounds."""
    main, needed, divergence, own, rounds = (tables[part] for part in ("", "needed", "divergence", "rewards", "rounds"))
    agree = float(np.abs(main["exact"] / main["closed"] - 1).max() + np.abs(main["exact_by_law"] / main["closed"] - 1).max())
    wrong, low = surprises(main, exact="exact"), float((main["exact"] / main["bound"]).min())
    loosest = float((main["exact"] / main["bound"]).max())
    enough = bool((needed["success"] >= 1 - needed["rho"] * (1 + 1e-9)).all())
    law_wrong = surprises(own, exact="best_exact", prefix="best_") + surprises(own, exact="mode_exact", prefix="mode_")
    misled = own.take(own["upper_set"] < 0)
    departs = float(np.abs(misled["mode_exact"] - misled["mode_if_likeliest"]).max(initial=0.0))
    more = divergence.take(divergence["draws"] > 1)
    kl_gap, win_gap = float((more["kl_bound"] - more["kl"]).min()), float((more["win_rate_bound"] - more["win_rate"]).min())
    win_wrong = surprises(divergence, exact="win_rate")
    won_gap = float((divergence["win_rate_ties_won"] - divergence["win_rate_bound"]).min())
    kl_most = float((more["kl"] / more["kl_bound"]).max())
    won_least = float((divergence["win_rate_ties_won"] / divergence["win_rate_bound"]).min())
    rounds_wrong, gap = surprises(rounds, exact="exact"), float(rounds["gap"].max())

    def judged(name: str, claim: str, measured: Any, bound: Any, sound: bool, slack: float, kind: str, good: str = "holds") -> Verdict:
        return Verdict(name, claim, measured, bound, good if sound else "violated", slack, kind)

    def points(failed: int, total: int) -> str:
        return f"{total - failed} of {total} points"

    law, same = "Law of best of N", "reproduced"
    total, looseness, most = points(wrong, len(main)), float(needed["ratio"].min()), float(((1 - needed["success"]) / needed["rho"]).max())
    landed, all_won = points(law_wrong, 2 * len(own)), points(win_wrong, len(divergence))
    exact = wrong == 0 and agree < 1e-10
    return [
        judged("Prop C.1 (exact)", "P[best of N in Y*_g] = 1-(1-p)^N", total, "all", exact, agree, "relative gap of law and formula", same),
        judged("Prop C.1", "it is at least 1-exp(-pN)", low, 1.0, low >= 1, loosest, "largest ratio of exact to bound"),
        judged(
            "Prop C.1 (samples)", "with log(1/rho)/p draws, P[fail]/rho <= 1", most, 1.0, enough, looseness, "least ratio to the least N"
        ),
        judged(
            law,
            "best of N finds the maximisers of the reward it is given, at the exact rate",
            landed,
            "all",
            law_wrong == 0,
            departs,
            "largest gap on the mode, if misled",
            same,
        ),
        judged(f"{law} (KL)", "KL/(log N-(N-1)/N) below 1 for N > 1", kl_most, 1.0, kl_gap > 0, kl_gap, "least gap, nats"),
        judged(f"{law} (win rate)", "ties half: below N/(N+1)", all_won, "N/(N+1)", win_wrong == 0 and win_gap > 0, win_gap, "least gap"),
        judged(f"{law} (ties won)", "ties won, over N/(N+1): above 1", won_least, 1.0, won_gap > 0, won_gap, "least gap"),
        judged(
            f"{law} (rounds)",
            "best of N among responses that are each the best of M is best of NM",
            gap,
            0.0,
            rounds_wrong == 0 and gap < 1e-9,
            gap,
            "gap of the laws",
            same,
        ),
    ]
