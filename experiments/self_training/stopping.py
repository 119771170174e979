"""Random worlds whose prompts share parameters, and rules that say when to stop, judged by an answer key that they do not see."""

from typing import Any, NamedTuple

import numpy as np
from scipy import special

from experiments.engine.counting import frequency
from experiments.engine.frame import Context
from sharpsim.theory import self_training as theory

Rows = list[dict[str, Any]]
PROMPTS, ANSWERS, ROUNDS, BETA = 40, 5, 40, 1.0
DIMENSIONS = (10, 20, 40, 80)
TRUSTS = (0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0)
CLOSE = 0.01
"""A hit is an accuracy within this of the best round's; harm is one below base's by more than this."""


class World(NamedTuple):
    """Base, the planned path of policies `[rounds + 1, prompts, answers]`, the answer key, and what the world was made with."""

    base: np.ndarray
    path: np.ndarray
    key: np.ndarray
    dimension: int
    trust: float


def _world(rng: np.random.Generator) -> World:
    """The prior: normal logits of a random scale, normal features, the key drawn from base^trust, log trust normal(-0.3, 0.7)."""
    dimension = int(rng.choice(DIMENSIONS))
    base = special.log_softmax(rng.uniform(0.5, 2.5) * rng.normal(size=(PROMPTS, ANSWERS)), axis=1)
    features = rng.normal(size=(PROMPTS, ANSWERS, dimension))
    trust = float(np.exp(rng.normal(-0.3, 0.7)))
    key = np.array([rng.choice(ANSWERS, p=row) for row in np.exp(special.log_softmax(trust * base, axis=1))])
    weights = np.full(PROMPTS, 1 / PROMPTS)
    seen = theory.shared_reward(base, weights, features, theory.reward(base, base, kind="majority"))
    path = np.exp(theory.fixed_reward(base, seen, beta=BETA, rounds=np.arange(ROUNDS + 1)))
    return World(base, path, key, dimension, trust)


def _accuracies(world: World, prompts: slice) -> np.ndarray:
    """Accuracy after each round on some of the prompts."""
    mine = world.path[:, prompts]
    return mine[:, np.arange(mine.shape[1]), world.key[prompts]].mean(axis=1)


def _alone(world: World, prompts: slice) -> float:
    """Accuracy after all rounds on some of the prompts, were each of them trained by itself."""
    path = theory.path(world.base[prompts], kind="majority", beta=BETA, rounds=ROUNDS)
    return float(theory.accuracy(path[-1], world.key[prompts, None] == np.arange(ANSWERS)).mean())


def _believed(world: World, trust: float) -> int:
    return theory.stopping_round(world.base, np.full(PROMPTS, 1 / PROMPTS), world.path, trust=trust)


def _likeliest_trust(world: World, labels: int) -> float:
    """The trust under which the answers of the first prompts are most likely."""
    known = world.key[:labels]
    fits = [float(special.log_softmax(trust * world.base[:labels], axis=1)[np.arange(labels), known].sum()) for trust in TRUSTS]
    return TRUSTS[int(np.argmax(fits))]


def judged(settings: Any, rng: np.random.Generator, context: Context) -> tuple[Rows, Rows]:
    """One row for each world, by belief; and one for each rule: means, hits and harms over the worlds.

    All rules are judged on the prompts that are not labelled. The fixed round and the fitted trust are those that do best on as many
    other worlds.
    """
    others = [_world(rng) for _ in context.track(range(settings.worlds), "worlds to choose by")]
    worlds = [_world(rng) for _ in context.track(range(settings.worlds), "worlds to judge by")]
    asked = slice(settings.labels, None)
    before = np.array([_accuracies(world, asked) for world in others])
    fixed = int(before.mean(axis=0).argmax())
    gains = [np.mean([row[_believed(world, trust)] for world, row in zip(others, before, strict=True)]) for trust in TRUSTS]
    trust = TRUSTS[int(np.argmax(gains))]
    chosen = {
        "no round": [0 for _ in worlds],
        "all rounds": [ROUNDS for _ in worlds],
        "fixed round": [fixed for _ in worlds],
        "belief": [_believed(world, 1.0) for world in worlds],
        "belief, fitted trust": [_believed(world, trust) for world in worlds],
        "belief, trust by labels": [_believed(world, _likeliest_trust(world, settings.labels)) for world in worlds],
        "labels": [int(_accuracies(world, slice(None, settings.labels)).argmax()) for world in worlds],
    }
    curves = np.array([_accuracies(world, asked) for world in worlds])
    best, start, alone = curves.max(axis=1), curves[:, 0], np.array([_alone(world, asked) for world in worlds])
    rules: Rows = []
    for rule, stops in chosen.items():
        reached = curves[np.arange(len(worlds)), stops]
        means = {"start": start, "stopped": reached, "end": curves[:, -1], "best": best, "alone": alone}
        row = {"rule": rule} | {name: float(values.mean()) for name, values in means.items()}
        rules.append(row | frequency(reached >= best - CLOSE) | frequency(reached < start - CLOSE, "harm_"))
    rows: Rows = []
    for i, (world, stop) in enumerate(zip(worlds, chosen["belief"], strict=True)):
        row = {"world": i, "dimension": world.dimension, "trust": world.trust, "stop": stop, "best_round": int(curves[i].argmax())}
        values = {"start": curves[i, 0], "stopped": curves[i, stop], "end": curves[i, -1], "best": best[i], "alone": alone[i]}
        rows.append(row | {name: float(value) for name, value in values.items()})
    return rows, rules
