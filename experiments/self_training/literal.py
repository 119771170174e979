"""Rounds of votes drawn literally: on tables, against their exact laws, and on parameters that prompts share."""

import math
from typing import Any

import numpy as np
from scipy import special

from experiments.engine.counting import frequency
from experiments.engine.frame import Context
from sharpsim.estimators import bounded_mean
from sharpsim.theory import self_training as theory

Rows = list[dict[str, Any]]


def votes(settings: Any, rng: np.random.Generator, context: Context) -> Rows:
    """One answer of each trial's policy after some rounds, and which of two answers took over, with their exact probabilities."""
    rows, base = [], np.log(settings.question)
    for N in context.track((1, settings.draws), "rounds of votes"):
        curve = theory.vote_curve(base, np.arange(len(base)) == 0, beta=settings.beta, draws=N, rounds=settings.rounds, k=1)
        logits = np.tile(base, (settings.trials, 1))
        for t in range(settings.rounds + 1):
            if t % 4 == 0:
                hits = rng.random(settings.trials) < special.softmax(logits, axis=1)[:, 0]
                at = {"claim": "accuracy", "answers": len(base), "draws": N, "round": t, "log_odds": 0.0, "beta": settings.beta}
                rows.append(at | frequency(hits) | {"exact": float(curve.accuracy[t])})
            _round(logits, N, settings.beta, rng)
    for L in settings.log_odds:
        for N in settings.votes[:3]:
            for beta in (0.2, 1.0, 5.0):
                logits, rounds = np.tile([L, 0.0], (settings.trials // 5, 1)), math.ceil(40 * beta + 40)
                for _ in range(rounds):
                    _round(logits, N, beta, rng)
                at = {"claim": "takeover", "answers": 2, "draws": N, "round": rounds, "log_odds": L, "beta": beta}
                found = theory.takeover(log_odds=L, beta=beta, draws=N)
                rows.append(at | frequency(logits[:, 0] > logits[:, 1]) | {"exact": found})
    return rows


def _round(logits: np.ndarray, draws: int, beta: float, rng: np.random.Generator) -> None:
    """One round for each row: a vote of N answers, ties at random, and a step towards the winner; in place."""
    logits[np.arange(len(logits)), _winners(logits, draws, rng)] += 1 / beta
    logits -= logits.max(axis=1, keepdims=True)


def _winners(logits: np.ndarray, draws: int, rng: np.random.Generator) -> np.ndarray:
    count = rng.multinomial(draws, special.softmax(logits, axis=-1))
    return (count + rng.random(count.shape) / 2).argmax(axis=-1)


def parts(settings: Any, base: np.ndarray, correct: np.ndarray, rng: np.random.Generator, context: Context) -> Rows:
    """The parts of the change of accuracy after each round; the accuracy on shared parameters is a mean over literal repeats."""
    weights, answers = np.full(len(base), 1 / len(base)), np.arange(base.shape[1])
    features = rng.normal(size=(*base.shape, settings.shared))
    seen = np.stack([
        theory.shared_reward(base, weights, features, one.reshape(base.shape)).ravel() for one in np.eye(base.size)
    ])  # fmt: skip
    labelled = theory.path(base, kind="majority", beta=settings.beta, rounds=settings.rounds)
    voted = np.stack([
        theory.vote_curve(row, right, beta=settings.beta, draws=settings.draws, rounds=settings.rounds, k=1).accuracy
        for row, right in zip(base, correct, strict=True)
    ])  # fmt: skip
    logits, rows = np.tile(base, (settings.repeats, 1, 1)), []
    for t in context.track(range(settings.rounds + 1), "shared rounds"):
        policy = special.softmax(logits, axis=-1)
        each = (policy * correct).sum(axis=-1)
        shared, low, high = bounded_mean(each.mean(axis=1), 1.0)
        reached = theory.accuracy(labelled[t], correct)
        mean = np.minimum(each.mean(axis=0), 1.0)
        split = theory.split(base, correct, weights, labelled=reached, voted=voted[:, t], shared=mean)
        row = {"round": t, "repeats": settings.repeats, "start": float(weights @ theory.accuracy(base, correct))}
        row |= {"labelled": float(weights @ reached), "voted": float(weights @ voted[:, t])}
        rows.append(row | {"shared": shared, "shared_low": low, "shared_high": high} | split._asdict())
        won = _winners(logits, settings.draws, rng)[..., None] == answers
        logits += (won.reshape(settings.repeats, -1).astype(float) @ seen).reshape(logits.shape) / settings.beta
    return rows
