"""Checks of unit 16: `theory.self_training`."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from sharpsim.exercises._answers import laws, parts, whole
from sharpsim.exercises._exercise import Exercise, Wrong
from sharpsim.theory import self_training


def _needed_cases(rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    for mass, goal, beta in ((0.5, 0.9, 1.0), (0.6, 0.95, 4.0), (1e-6, 0.99, 0.5), (0.2, 0.999, 30.0)):
        yield {"mass": mass, "goal": goal, "beta": beta}
    yield {"mass": float(rng.uniform(0.1, 0.4)), "goal": 0.9, "beta": float(rng.uniform(1, 9))}


def _needed(answer: Any, *, mass: float, goal: float, beta: float) -> None:
    got, want = whole(answer), self_training.rounds_needed(mode_probability=mass, beta=beta, delta=1 - goal)
    if got != want:
        raise Wrong(f"after {got} rounds the label has {_label(mass, beta, got):.6g}; {want} rounds are the least.")


def _label(mass: float, beta: float, rounds: int) -> float:
    return 1 - float(self_training.label_miss(mode_probability=mass, beta=beta, rounds=max(0, min(rounds, 10**9))))


def _blind_cases(rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    for mass, beta, rounds in ((0.6, 2.0, 1), (0.7, 3.0, 5), (0.51, 1.0, 40), (float(rng.uniform(0.6, 0.9)), 8.0, 12)):
        yield {"mass": mass, "beta": beta, "rounds": rounds}


def _blind(answer: Any, *, mass: float, beta: float, rounds: int) -> None:
    law = laws(answer, (rounds + 1,), "the law")
    label = 1 - np.asarray(self_training.label_miss(mode_probability=mass, beta=beta, rounds=np.arange(rounds + 1)))
    mine = float(law @ label)
    regret = max(float(label[-1]) - mine, mine - float(label[0]))
    least = float(self_training.blind_regret(mode_probability=mass, beta=beta, rounds=rounds))
    if regret > 1.001 * least + 1e-12:
        raise Wrong(f"in one of the two worlds the regret is {regret:.6g}; {least:.6g} can be had.")


def _rise_cases(rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    for beta in (1, 4, 2, int(rng.integers(5, 12))):
        yield {"beta": beta}


def _rise(answer: Any, *, beta: int) -> None:
    one, two = parts(answer, 2, "(base, answer)")
    base, correct = laws(one, (None,), "base"), whole(two, "the number of the answer")
    if base.size > 200:
        raise Wrong(f"use at most 200 answers; got {base.size}.")
    if not 0 <= correct < base.size:
        raise Wrong(f"the answer must be one of 0..{base.size - 1}; got {correct}.")
    with np.errstate(divide="ignore"):
        table = np.log(base)[None]
    path = np.exp(self_training.path(table, kind="fixed", beta=float(beta), rounds=15 * beta))[:, 0, correct]
    if not path[0] > 0:
        raise Wrong("the correct answer must have some probability.")
    best = int(path.argmax())
    if not path[best] >= 2 * path[0]:
        raise Wrong(f"the correct answer rises from {path[0]:.4g} to {path[best]:.4g} at most: less than twice.")
    if not path[-1] <= path[0] / 10:
        raise Wrong(f"the correct answer falls to {path[-1]:.4g} at last, from {path[0]:.4g} at first: more than a tenth.")


EXERCISES = (
    Exercise("16.1", "easy", "rounds until the label is likely", "rounds_to_reach", _needed_cases, _needed),
    Exercise("16.2", "proof", "when to stop without knowing the answer", "blind_rule", _blind_cases, _blind),
    Exercise("16.3", "open", "a question that gets better, then worse", "rise_and_fall", _rise_cases, _rise),
)
