"""Worlds whose truth is known: a population of prompts, each a table of responses with probability, correctness and answer.

They differ in the number of responses (3 to 2,000), how fast probabilities fall, how much they differ between prompts, whether likelihood
tells right from wrong, misleads or says nothing, the share of prompts with no right response, the number of wrong answers, and votes lost.
In a third of the worlds the mode is rare: many responses of about equal probability, and in some prompts one of 0.3% to 10%, which few of
32 draws find, and which is mostly right or mostly wrong.
"""

from dataclasses import dataclass

import numpy as np

from sharpsim.estimators import Draws


@dataclass(frozen=True)
class Population:
    """Prompts with responses sorted by probability, most likely first: `probs`, `correct`, `answers` (0 is right, below 0 none), all
    [prompts, responses]."""

    probs: np.ndarray
    correct: np.ndarray
    answers: np.ndarray

    def best_of(self, N: int) -> np.ndarray:
        """Exact accuracy of the most likely of N, [prompts]."""
        above = np.cumsum(self.probs, axis=1)
        left = np.clip(1 - np.hstack([np.zeros((len(above), 1)), above]), 0, 1) ** N
        return (-np.diff(left, axis=1) * self.correct).sum(axis=1)

    def passes(self, N: int) -> np.ndarray:
        """Exact pass@N, [prompts]."""
        return 1 - (1 - np.minimum((self.probs * self.correct).sum(axis=1), 1)) ** N

    def majority(self, N: int, rng: np.random.Generator, groups: int = 1) -> np.ndarray:
        """The vote of N draws, ties in parts, mean over `groups` groups, [prompts]."""
        many = int(self.answers.max()) + 1
        laws = np.stack([np.where(self.answers == a, self.probs, 0).sum(axis=1) for a in range(-1, many)], axis=1)
        votes = rng.multinomial(N, laws / laws.sum(axis=1, keepdims=True), size=(groups, len(laws)))[..., 1:]
        most = votes.max(axis=-1)
        wins = (votes[..., 0] == most) & (most > 0)
        return (wins / (votes == most[..., None]).sum(axis=-1)).mean(axis=0)

    def sample(self, prompts: int, rng: np.random.Generator) -> "Population":
        """Prompts drawn from this population, independently: its mean over prompts is then the truth exactly."""
        chosen = rng.integers(len(self.probs), size=prompts)
        return Population(self.probs[chosen], self.correct[chosen], self.answers[chosen])

    def draw(self, counts: np.ndarray, rng: np.random.Generator) -> Draws:
        """counts[i] independent draws of prompt i."""
        edges = np.cumsum(self.probs, axis=1)
        prompt = np.repeat(np.arange(len(counts)), counts)
        flat = (edges / edges[:, -1:] + np.arange(len(edges))[:, None]).reshape(-1)
        found = np.minimum(np.searchsorted(flat, prompt + rng.random(len(prompt)), side="right"), len(flat) - 1)
        lengths = 1 + np.arange(self.probs.size) % 7
        correct, log_probs, answers = (part.reshape(-1)[found] for part in (self.correct, np.log(self.probs), self.answers))
        return Draws(counts, correct, np.minimum(log_probs, 0.0), lengths[found], answers)


@dataclass(frozen=True)
class World:
    """What makes a population: see `world`."""

    responses: int
    decay: float
    spread: float
    easy: float
    ease: float
    slope: float
    never: float
    wrong: int
    lost: float
    rare: float = 0.0
    rare_mass: float = 0.01
    rare_right: float = 0.5

    def population(self, prompts: int, rng: np.random.Generator) -> Population:
        """`prompts` prompts, independent and equally distributed."""
        shape = (prompts, self.responses)
        decay = self.decay * np.exp(0.4 * rng.normal(size=(prompts, 1)))
        logs = -decay * np.log(np.arange(1, self.responses + 1)) + self.spread * rng.normal(size=shape)
        logs = -np.sort(-logs, axis=1)
        probs = np.exp(logs - np.logaddexp.reduce(logs, axis=1)[:, None])
        standard = (logs - logs.mean(axis=1, keepdims=True)) / (logs.std(axis=1, keepdims=True) + 1e-9)
        chance = 1 / (1 + np.exp(-(self.easy + self.ease * rng.normal(size=(prompts, 1)) + self.slope * standard)))
        correct = rng.random(shape) < chance
        if self.rare:
            # The least likely response gives its place to the rare mode, where the prompt has one.
            has = rng.random(prompts) < self.rare
            probs[has] *= (1 - self.rare_mass) / probs[has, :-1].sum(axis=1, keepdims=True)
            probs[has, -1], correct[has, -1] = self.rare_mass, rng.random(has.sum()) < self.rare_right
            order = np.argsort(-probs, axis=1, kind="stable")
            probs, correct = np.take_along_axis(probs, order, 1), np.take_along_axis(correct, order, 1)
        correct &= rng.random((prompts, 1)) >= self.never
        answers = np.where(correct, 0, 1 + (rng.random(shape) ** 2 * self.wrong).astype(np.int64))
        answers = np.where(~correct & (rng.random(shape) < self.lost), -1, answers)
        return Population(probs, correct, answers)


def world(rng: np.random.Generator) -> World:
    """One at random."""
    rare = bool(rng.random() < 1 / 3)
    return World(
        responses=int(np.exp(rng.uniform(np.log(300 if rare else 3), np.log(2000)))), decay=0.0 if rare else rng.uniform(0.0, 1.5),
        spread=rng.choice([0.1, 0.5]) if rare else rng.choice([0.1, 0.5, 1.0, 1.5]), easy=rng.uniform(-4, 2), ease=rng.uniform(0, 3),
        slope=rng.uniform(-1.5, 1.5), never=rng.choice([0.0, rng.uniform(0, 0.5)]), wrong=int(rng.integers(1, 30)),
        lost=rng.choice([0.0, rng.uniform(0, 0.4)]), rare=rng.uniform(0.2, 1.0) if rare else 0.0,
        rare_mass=float(np.exp(rng.uniform(np.log(0.003), np.log(0.1)))), rare_right=float(rng.choice([0.1, 0.9])),
    )  # fmt: skip
