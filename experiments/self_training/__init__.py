"""Tests what rounds of self-training converge to, by the reward, and which part of a fall of accuracy is sharpening.

One question, and a world of many, follow the exact recursions under a fixed reward, the current likelihood, votes of N answers,
self-certainty and entropy; rounds of votes are also drawn literally. A world whose prompts share the parameters of a linear softmax class
shows the parts of the change of accuracy. A stopping rule that sees no answer key is judged on random worlds. Trained sequence models
are fine-tuned, round after round, on what a reward or a vote prefers among their own draws.

Each of these would refute the theory: a closed form off the recursion; measured rounds of votes off their law; an initial majority of two
that takes over less often than it wins one vote; a part of the fall with the wrong sign; a belief that falls on tables.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from experiments.engine.columns import Column, columns
from experiments.engine.frame import Context, Table, Verdict
from experiments.self_training import exact, literal, models, stopping
from experiments.self_training.claims import judged


@dataclass(frozen=True)
class Settings:
    """The question: the masses of its answers, the first correct. `beta`, `draws` N of a vote, `rounds`, k of pass@k.

    The world: prompts and answers, Dirichlet concentration, the number `shared` of features, literal `repeats` of shared rounds, `trials`
    of rounds of votes. Takeover: log-odds, betas, N; `tables` of three answers searched. Worlds of the stopping rule: how many are judged,
    as many others to choose its settings, `labels` that the rules with labels see. `trained`: the sequence models and their rounds.
    """

    question: tuple[float, ...]
    beta: float
    draws: int
    rounds: int
    k: int
    prompts: int
    answers: int
    concentration: float
    shared: int
    repeats: int
    trials: int
    log_odds: tuple[float, ...]
    betas: tuple[float, ...]
    votes: tuple[int, ...]
    tables: int
    worlds: int
    labels: int
    trained: models.Trained


_DEFAULT = Settings(
    question=(0.36, 0.33, 0.21, 0.1),
    beta=2.0,
    draws=8,
    rounds=24,
    k=8,
    prompts=24,
    answers=3,
    concentration=2.0,
    shared=16,
    repeats=3000,
    trials=20_000,
    log_odds=(0.1, 0.4, 1.0),
    betas=tuple(float(f"{b:.4g}") for b in np.geomspace(0.02, 200, 25)),
    votes=(1, 3, 9, 33),
    tables=400,
    worlds=200,
    labels=10,
    trained=models.DEFAULT,
)
SETTINGS = {
    "smoke": replace(
        _DEFAULT,
        rounds=12,
        prompts=8,
        shared=6,
        repeats=3000,
        trials=2000,
        betas=(0.02, 0.5, 5.0, 50.0),
        votes=(1, 3),
        tables=32,
        worlds=60,
        trained=models.SMOKE,
    ),
    "default": _DEFAULT,
    "full": replace(
        _DEFAULT, repeats=20_000, trials=1_000_000, tables=5000, worlds=2000, trained=replace(models.DEFAULT, rounds=12, prompts=256)
    ),
}

_FREQUENCY: dict[str, Any] = {"derived": "hits", "simulated": {"measured": "low high"}}
_WORLD = "start stopped end best alone"
COLUMNS: dict[str, dict[str, Column]] = {
    "": columns(text="claim", count="answers draws round trials", exact="log_odds beta exact", **_FREQUENCY),
    "question": columns(text="reward", count="round answer", exact="mean low high"),
    "curve": columns(text="reward", count="round", exact="accuracy log_likelihood pass_at_k", floor={"deviation": 1e-12, "entropy": 1e-12}),
    "closed": columns(text="claim", count="round", exact="beta stepped closed"),
    "label": columns(count="round", exact="mass beta exact bound"),
    "takeover": columns(count="draws", exact="log_odds beta exact bound normal"),
    "tables": columns(count="answers draws instances", exact="beta ratio"),
    "parts": columns(
        count="round repeats",
        exact="start labelled voted",
        floor=dict.fromkeys(("right_modes", "wrong_modes", "flips", "rescues"), 1e-12),
        simulated={"shared": "shared_low shared_high"},
        derived="sharing total",
    ),
    "belief": columns(text="reward", count="instances", floor={"fall": 1e-12, "shared_fall": 1e-12}),
    "blind": columns(count="rounds", exact="mass beta bound minimax"),
    "turns": columns(
        text="reward",
        count="trials lost_trials",
        exact="trust",
        derived="hits lost_hits",
        simulated={"measured": "low high", "lost_measured": "lost_low lost_high"},
    ),
    "worlds": columns(count="world dimension stop best_round", exact=f"trust {_WORLD}"),
    "stopping": columns(
        text="rule",
        count="trials harm_trials",
        exact=_WORLD,
        derived="hits harm_hits",
        simulated={"measured": "low high", "harm_measured": "harm_low harm_high"},
    ),
    **models.COLUMNS,
}


def run(settings: Settings, context: Context) -> dict[str, list[dict[str, Any]]]:
    """Part "": measured rounds of votes; "parts", "worlds", "stopping": shared parameters; "models": trained ones; the others are exact."""
    rng = np.random.default_rng([context.seed, 47])
    base, correct = exact.world(settings, rng)
    worlds, rules = stopping.judged(settings, rng, context)
    return {
        "": literal.votes(settings, rng, context),
        "question": exact.question(settings),
        "curve": exact.curves(settings, base, correct),
        "closed": exact.closed_forms(settings, base, correct, rng),
        "label": exact.label(settings),
        "takeover": exact.takeover(settings),
        "tables": exact.searched(settings, rng),
        "parts": literal.parts(settings, base, correct, rng, context),
        "belief": exact.beliefs(settings, rng),
        "blind": exact.blind(settings),
        "turns": exact.turns(settings, rng),
        "worlds": worlds,
        "stopping": rules,
        "models": models.rows(settings.trained, settings.k, context),
    }


def verdicts(tables: dict[str, Table]) -> list[Verdict]:
    """One verdict for each statement, and one for the stopping rule."""
    return judged(tables)
