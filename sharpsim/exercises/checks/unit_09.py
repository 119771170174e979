"""Checks of unit 9: the regret identity (`laws.regularised_regret`), Lemma F.2 (`theory.xpo.elliptic_bound`), and every secret arm."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from sharpsim import laws as exact
from sharpsim.exercises._answers import array, close, number, parts, reaches, whole
from sharpsim.exercises._exercise import Exercise, Wrong
from sharpsim.exercises._instances import row
from sharpsim.theory import xpo as theory


def _regret_cases(rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    for size in (2, 3, 5, 10):
        for beta in (1.0, 0.2, 3.0):
            reward = np.round(rng.uniform(-1, 1, size=size), 2)
            yield {"policy": row(rng, size), "base": row(rng, size), "reward": reward, "beta": beta}


def _regret(answer: Any, *, policy: np.ndarray, base: np.ndarray, reward: np.ndarray, beta: float) -> None:
    want = exact.regularised_regret(np.log(policy)[None], np.log(base)[None], reward[None], np.ones(1), beta=beta)
    close(number(answer), want, "the regret", rel=1e-8)


def _elliptic_cases(rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    for d, K, lam in ((1, 1.0, 1.0), (2, 1.0, 1.0), (2, 0.5, 2.0), (3, 4.0, 1.0), (5, 1.0, 0.1), (8, 2.0, 3.0)):
        yield {"d": d, "K": K, "lam": lam}


def _elliptic(answer: Any, *, d: int, K: float, lam: float) -> None:
    steps = [array(step, (d, d), f"A_{t + 1}") for t, step in enumerate(parts(answer, d, "A_1..A_d"))]
    gram, total = lam * np.eye(d), 0.0
    for t, step in enumerate(steps):
        if not np.allclose(step, step.T) or np.linalg.eigvalsh((step + step.T) / 2)[0] < -1e-9:
            raise Wrong(f"A_{t + 1} is not positive semidefinite.")
        if np.trace(step) > K + 1e-9:
            raise Wrong(f"A_{t + 1} has trace {np.trace(step):.6g}, above K = {K:g}.")
        total += float(np.trace(np.linalg.solve(gram, step)))
        gram = gram + step
    bound = float(theory.elliptic_bound(d=d, T=d, trace_max=K, lam=lam))
    reaches(total, bound * (1 - 1e-9), "the sum", f"no sequence exceeds {bound:.8g}")


class _Arms:
    """Answers queries for one secret, and counts them."""

    def __init__(self, arms: int, secret: int, scale: float) -> None:
        self.arms, self.secret, self.scale, self.left = arms, secret, scale, arms - 1

    def __call__(self, arm: int) -> float:
        arm = whole(arm, "the queried arm")
        if not 0 <= arm < self.arms:
            raise ValueError(f"there is no arm {arm}")
        if self.left == 0:
            return math.nan
        self.left -= 1
        return (2.0 if arm == self.secret else 1.0) * self.scale

    def __repr__(self) -> str:
        return f"<the secret is arm {self.secret}, the scale {self.scale:g}>"


def _explore_cases(rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    for arms in (3, 4, 7):
        for secret in range(arms):
            for scale in (0.1, 1e-6):
                yield {"arms": arms, "query": _Arms(arms, secret, scale)}


def _explore(answer: Any, *, arms: int, query: _Arms) -> None:
    found = whole(answer, "the arm")
    if found != query.secret:
        raise Wrong(f"the secret is arm {query.secret}; got {found} (queries beyond the {arms - 1}th return NaN).")


EXERCISES = (
    Exercise("09.1", "easy", "regret is a KL divergence", "regret", _regret_cases, _regret),
    Exercise("09.2", "proof", "directions that attain Lemma F.2", "attain_elliptic", _elliptic_cases, _elliptic),
    Exercise("09.3", "open", "find the secret arm", "explore", _explore_cases, _explore),
)
