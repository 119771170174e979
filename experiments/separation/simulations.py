"""Simulates DPO, XPO and likelihood fitting on noise-free linear softmax likelihoods, in closed form, for many seeds at once.

Likelihoods carry no noise here. After some comparisons, d-dimensional least squares therefore knows the projection of its target
(1 + 1/beta) theta* on the span of the comparisons. DPO, and XPO in the limit alpha -> 0+, need a few projections in each round, whatever
the number of responses. `experiments.separation.algorithms` compares this with `algorithms.dpo` and `algorithms.xpo` where responses can
be listed.
"""

from typing import Any, NamedTuple

import numpy as np

from experiments.separation.worlds import mode_mass
from sharpsim.estimators import clopper_pearson
from sharpsim.instances import SpherePacking

STEPS, RANDOM_STARTS = 25, 3


class Spans:
    """Orthonormal bases of what each seed has compared, grown a row at a time, and the projection of `target` on them."""

    def __init__(self, target: np.ndarray, seeds: int):
        d = len(target)
        self.target, self.rank = target, np.zeros(seeds, dtype=np.int64)
        self.basis, self.pinned = np.zeros((seeds, d, d)), np.zeros((seeds, d))

    def free(self, vectors: np.ndarray, seeds: Any) -> np.ndarray:
        """Vectors `[seeds, .., d]` of these seeds less their projection on the span."""
        basis = self.basis[seeds]
        flat = vectors.reshape(len(basis), -1, vectors.shape[-1])
        return (flat - (flat @ basis.swapaxes(1, 2)) @ basis).reshape(vectors.shape)

    def add(self, rows: np.ndarray) -> None:
        """One row `[seeds, d]` more; rows that depend on earlier ones change nothing."""
        # Twice, so that what rounding leaves of a dependent row is no direction.
        everyone = slice(None)
        rest = self.free(self.free(rows, everyone), everyone)
        size = np.linalg.norm(rest, axis=1)
        new = size > 1e-9
        unit = np.where(new[:, None], rest / np.where(new, size, 1.0)[:, None], 0.0)
        self.basis[np.flatnonzero(new), self.rank[new]] = unit[new]
        self.rank += new
        self.pinned += (unit @ self.target)[:, None] * unit


def fitted_success(world: Any, rng: np.random.Generator, *, seeds: int, steps: int, beta: float, delta: float, paired: bool) -> np.ndarray:
    """`[seeds, steps]`: whether the shortest least-squares fit after k comparisons puts more than 1 - delta on the mode.

    `paired`: comparison k is of two fresh base responses (DPO, m = 2k); else of response k + 1 with the first (fitting the
    likelihoods of m = k + 1 responses).
    """
    spans = Spans((1 + 1 / beta) * world.theta, seeds)
    at_base = np.broadcast_to(world.theta, (seeds, len(world.theta)))
    first, found = world.draw(rng, at_base), np.zeros((seeds, steps), dtype=bool)
    for k in range(steps):
        if paired and k:
            first = world.draw(rng, at_base)
        spans.add(world.draw(rng, at_base) - first)
        found[:, k] = mode_mass(world, spans.pinned) > 1 - delta
    return found


class XPO(NamedTuple):
    """Whether XPO stopped after k rounds (m = 2k) returns a policy with more than 1 - delta on the mode, `[seeds, rounds]`: its `last`
    iterate, or the `best` by J_beta, which takes a judge who knows the base.
    """

    last: np.ndarray
    best: np.ndarray


def xpo_success(world: Any, rng: np.random.Generator, *, seeds: int, rounds: int, beta: float, radius: float, delta: float) -> XPO:
    """XPO at alpha -> 0+: each new iterate fits all comparisons so far and is, of those that do, the least likely to have drawn the
    base's responses.
    """
    d, goal = len(world.theta), (1 + 1 / beta) * world.theta
    spans, seen = Spans(goal, seeds), np.zeros((seeds, d))
    at_base = np.broadcast_to(world.theta, (seeds, d))
    top = world.log_partition(goal[None])
    best, chosen = np.full(seeds, -np.inf), np.zeros(seeds, dtype=bool)
    found = XPO(np.zeros((seeds, rounds), dtype=bool), np.zeros((seeds, rounds), dtype=bool))
    current = None
    for k in range(rounds):
        base = world.draw(rng, at_base)
        # The first iterate is base, whose parameter the learner does not know: no search may start there.
        spans.add(world.draw(rng, at_base if current is None else current) - base)
        seen += base
        current = _most_optimistic(world, rng, spans, seen, k + 1, current, radius)
        sharp = mode_mass(world, current) > 1 - delta
        value = ((goal - current) * world.mean(current)).sum(axis=1) + world.log_partition(current) - top
        best, chosen = np.maximum(value, best), np.where(value > best, sharp, chosen)
        found.last[:, k], found.best[:, k] = sharp, chosen
    return found


def _most_optimistic(world: Any, rng: Any, spans: Spans, seen: Any, count: int, current: Any, radius: float) -> np.ndarray:
    """Least <seen, theta> - count log Z(theta) on the ball among parameters with the pinned projection, by its tangents' minima from
    several starts, ties between them broken at random.
    """
    begin = rng.normal(size=(len(seen), RANDOM_STARTS, seen.shape[1]))
    if current is not None:
        begin = np.concatenate([begin, current[:, None]], axis=1)
    ties = rng.random(begin.shape[:2])
    room = np.sqrt(np.maximum(radius**2 - (spans.pinned**2).sum(axis=1), 0.0))[:, None, None]
    thetas = spans.pinned[:, None] + _outward(spans, begin, room, slice(None))
    # A seed that has compared in all directions has no choice left.
    going = np.flatnonzero(spans.rank < seen.shape[1])
    for _ in range(STEPS):
        if not len(going):
            break
        gradient = seen[going, None] - count * world.mean(thetas[going])
        new = spans.pinned[going, None] + _outward(spans, -gradient, room[going], going)
        moved = np.abs(new - thetas[going]).max(axis=(1, 2)) > 1e-9 * radius
        thetas[going] = new
        going = going[moved]
    objective = (seen[:, None] * thetas).sum(axis=-1) - count * world.log_partition(thetas)
    least = objective.min(axis=1, keepdims=True)
    equal = objective <= least + 1e-9 * np.maximum(np.abs(least), 1.0)
    return thetas[np.arange(len(seen)), np.where(equal, ties, -1.0).argmax(axis=1)]


def _outward(spans: Spans, vectors: Any, room: Any, seeds: Any) -> np.ndarray:
    """The free parts of `vectors`, stretched to length `room`; nothing for seeds without a free direction."""
    along = spans.free(vectors, seeds)
    size = np.linalg.norm(along, axis=-1, keepdims=True)
    left = (size > 1e-9 * np.linalg.norm(vectors, axis=-1, keepdims=True)) & (spans.rank[seeds] < vectors.shape[-1])[:, None, None]
    return np.where(left, room * along / np.where(left, size, 1.0), 0.0)


def consistent_counts(rng: np.random.Generator, packing: SpherePacking, *, seeds: int, draws: int) -> np.ndarray:
    """`[seeds, draws]`: how many of the code's words, as the base's centre, give each of the first m responses the likelihood seen.

    For the family of all centres of a code; likelihoods show distances, and the code is its own group of translations.
    """
    size, d = packing.features.shape[1], packing.features.shape[2]
    words = ((packing.features[0] < 0) @ (1 << np.arange(d))).astype(np.int64)
    secret = words[packing.mode]
    drawn = words[rng.choice(size, p=np.exp(packing.log_probs[0]), size=(seeds, draws))]
    counts = np.ones((seeds, draws), dtype=np.int64)
    for s in range(seeds):
        left = words
        for k in range(draws):
            left = left[np.bitwise_count(left ^ drawn[s, k]) == np.bitwise_count(secret ^ drawn[s, k])]
            counts[s, k] = len(left)
            if len(left) == 1:
                break
    return counts


def least_with(success: np.ndarray, *, rho: float) -> tuple[int, int, int]:
    """(k, low, high): the least number of steps at which a share 1 - rho of seeds succeeds, `success` `[seeds, steps]`, and the steps at
    which the exact 95% interval of that share first reaches 1 - rho with its upper and with its lower end.

    0 where that does not happen within the steps.
    """
    seeds = len(success)
    hits = success.sum(axis=0)
    low, high = clopper_pearson(hits, seeds)
    ends = (hits >= (1 - rho) * seeds, high >= 1 - rho, low >= 1 - rho)
    k, first, last = (int(np.argmax(reached)) + 1 if reached.any() else 0 for reached in ends)
    return k, first, last
