"""Chains and particles drawn token by token from the next-token laws, many at a time."""

from typing import Any, NamedTuple

import numpy as np

from experiments.engine.counting import frequency
from experiments.power_sampling.bases import Base
from sharpsim.estimators import clopper_pearson
from sharpsim.theory.power_sampling import Space


class Sampler:
    """Draws continuations of prefixes under base, or under base at temperature 1/alpha token by token."""

    def __init__(self, space: Space, alpha: float, suffix: str):
        self.space, self.ancestors, self.whole = space, space.ancestors(), space.whole()
        steps = space.log_step if suffix == "base" else space.tempered_steps(alpha)
        self.log_p, self.log_q = space.log_mass, space.along(steps)
        self.gain = np.where(space.parent >= 0, alpha * space.log_step - steps, 0.0)
        counts = np.bincount(space.parent[1:], minlength=space.prefixes)
        order = np.argsort(space.parent[1:], kind="stable") + 1
        place = np.arange(len(order)) - np.concatenate([[0], np.cumsum(counts)])[space.parent[order]]
        self.children = np.zeros((space.prefixes, counts.max()), dtype=np.int64)
        self.children[space.parent[order], place] = order
        probs = np.zeros(self.children.shape)
        probs[space.parent[order], place] = np.exp(steps[order])
        self.edges = np.cumsum(probs, axis=1)
        # A uniform number above the last edge by rounding takes the last token.
        self.edges[np.arange(self.children.shape[1]) >= counts[:, None] - 1] = np.inf

    def next(self, at: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """One token more."""
        which = (rng.random(len(at))[:, None] > self.edges[at]).sum(axis=1)
        return self.children[at, which]

    def extended(self, at: np.ndarray, limit: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Tokens until the end, or until there are `limit` tokens."""
        found = at.copy()
        for _ in range(self.space.horizon):
            open_ = np.flatnonzero(~self.whole[found] & (self.space.depth[found] < limit))
            if not len(open_):
                break
            found[open_] = self.next(found[open_], rng)
        return found


class Rule(NamedTuple):
    """A kernel by its name in the tables: the law of its cut, whether it is cut at the current length, whether |y| is in the acceptance."""

    name: str
    cut: str
    truncated: bool = False
    corrected: bool = True


RULES = (
    Rule("independent", "whole"),
    Rule("blocks, mended", "current"),
    Rule("blocks, fixed cuts", "horizon"),
    Rule("blocks, no length", "current", corrected=False),
    Rule("truncated", "current", truncated=True, corrected=False),
)
SUFFIXES = ("base", "tempered")


def chains(base: Base, alpha: float, rule: Rule, suffix: str, *, count: int, steps: int, rng: np.random.Generator) -> np.ndarray:
    """The prefixes at which so many chains are after so many steps from draws of base."""
    space, sampler = base.space, Sampler(base.space, alpha, suffix)
    state = space.leaf[rng.choice(len(space.leaf), size=count, p=np.exp(space.log_probs))]
    score = alpha * sampler.log_p - sampler.log_q
    if rule.cut == "current" and rule.corrected:
        score = score - np.log(np.maximum(space.depth, 1))
    for _ in range(steps):
        length = space.depth[state]
        span = {"whole": np.ones_like(length), "current": length, "horizon": np.full_like(length, space.horizon)}[rule.cut]
        cut = (rng.random(count) * span).astype(np.int64)
        moved = np.flatnonzero(cut < length)
        limit = length[moved] if rule.truncated else np.full(len(moved), space.horizon)
        proposal = sampler.extended(sampler.ancestors[state[moved], cut[moved]], limit, rng)
        current = sampler.ancestors[state[moved], space.depth[proposal]] if rule.truncated else state[moved]
        taken = np.log(rng.random(len(moved))) < score[proposal] - score[current]
        state[moved[taken]] = proposal[taken]
    return state


def particles(base: Base, alpha: float, suffix: str, *, count: int, trials: int, rng: np.random.Generator) -> dict[str, Any]:
    """Sequential Monte Carlo with resampling at every token: its answer's total variation to pi^alpha, its normaliser over Z, its calls.

    The total variation is the largest excess law(A) - pi(A) over events: A is chosen by one half of the trials, its excess measured on the
    other half, with an exact 95% interval over them. So it is below the truth on average, and little so with many trials.
    """
    space, sampler = base.space, Sampler(base.space, alpha, suffix)
    at, log_normaliser, calls = np.zeros((trials, count), dtype=np.int64), np.zeros(trials), 0
    for _ in range(space.horizon):
        open_ = ~sampler.whole[at]
        calls += int(open_.sum())
        moved = at.copy()
        moved[open_] = sampler.next(at[open_], rng)
        gain = np.where(open_, sampler.gain[moved], 0.0)
        top = gain.max(axis=1, keepdims=True)
        weights = np.exp(gain - top)
        log_normaliser += top[:, 0] + np.log(weights.mean(axis=1))
        edges = np.cumsum(weights, axis=1)
        where = rng.random((trials, count)) * edges[:, -1:]
        picked = np.minimum((where[:, :, None] > edges[:, None, :]).sum(axis=2), count - 1)
        at = np.take_along_axis(moved, picked, axis=1)
    log_pi = alpha * space.log_probs - space.log_zeta(alpha)[0]
    pi = np.zeros(space.prefixes)
    pi[space.leaf] = np.exp(log_pi)
    half = trials // 2
    event = np.bincount(at[:half, 0], minlength=space.prefixes) / half > pi
    found = frequency(event[at[half:, 0]])
    low, high = clopper_pearson(found["hits"], found["trials"])
    ratio = np.exp(log_normaliser - space.log_zeta(alpha)[0])
    error = 1.96 * ratio.std(ddof=1) / trials**0.5
    return {
        "trials": trials,
        "calls": calls / trials,
        "variation": found["measured"] - float(pi[event].sum()),
        "variation_low": float(low) - float(pi[event].sum()),
        "variation_high": float(high) - float(pi[event].sum()),
        "normaliser": float(ratio.mean()),
        "normaliser_low": float(ratio.mean() - error),
        "normaliser_high": float(ratio.mean() + error),
    }
