"""Checks of unit 15: laws and distances by enumeration, and the exact bias of an estimate on two-valued samples."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy import stats

from sharpsim.exercises._answers import array, close, laws, reaches
from sharpsim.exercises._exercise import Exercise, Wrong


def _first_cases(rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    yield {"joint": np.array([[0.4, 0.0], [0.3, 0.3]]), "alpha": 2.0}
    for alpha in (1.0, 1.5, 4.0, 30.0):
        yield {"joint": rng.dirichlet(np.full(12, 0.5)).reshape(4, 3), "alpha": alpha}
    yield {"joint": rng.dirichlet(np.full(6, 5.0)).reshape(2, 3), "alpha": 2000.0}


def _first(answer: Any, *, joint: np.ndarray, alpha: float) -> None:
    exact = _power(joint, alpha).sum(axis=1)
    for i, (got, want) in enumerate(zip(laws(answer, (len(joint),), "the law"), exact, strict=True)):
        close(float(got), float(want), f"the probability of first token {i}", rel=1e-8, absolute=1e-12)


def _worst_cases(rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    for alpha, columns in ((2.0, 4), (1.5, 10), (4.0, 10), (3.0, int(rng.integers(50, 200)))):
        yield {"alpha": alpha, "columns": columns}


def _worst(answer: Any, *, alpha: float, columns: int) -> None:
    joint = laws(array(answer, (2, columns), "joint").reshape(1, -1), (1, None), "joint").reshape(2, columns)
    first = joint.sum(axis=1, keepdims=True)
    if (first <= 0).any():
        raise Wrong("both first tokens must occur.")
    powers = (joint / first) ** alpha
    lowered = first**alpha / (first**alpha).sum() * powers / powers.sum(axis=1, keepdims=True)
    distance = float(np.abs(lowered - _power(joint, alpha)).sum() / 2)
    most = float(np.tanh((alpha - 1) * np.log(columns) / 4))
    reaches(distance, 0.99 * most, "the total variation", f"tanh(D/4) is {most:.6g}")


def _power(joint: np.ndarray, alpha: float) -> np.ndarray:
    weights = (joint / joint.max()) ** alpha
    return weights / weights.sum()


def _mean_cases(rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    """Every number of large values among K, in some order."""
    for size, high in ((10, 2.0), (20, 4.0), (40, 5.0), (int(rng.integers(20, 40)), 3.0)):
        yield {"samples": rng.permuted(np.where(np.arange(size) < np.arange(size + 1)[:, None], high, 1.0), axis=1)}


def _means(answer: Any, *, samples: np.ndarray) -> None:
    rows, size = samples.shape
    high, estimates, plug_in = float(samples.max()), array(answer, (rows,), "the estimates"), np.log(samples.mean(axis=1))
    # W is `high` with some chance, else 1, and row c has c large values: the same estimates must do for every chance.
    for chance in (0.2, 0.5, 0.8):
        law = stats.binom.pmf(np.arange(rows), size, chance)
        truth = float(np.log1p(chance * (high - 1)))
        found, simple = float(law @ estimates) - truth, float(law @ plug_in) - truth
        if not abs(found) <= 0.2 * abs(simple):
            raise Wrong(f"the bias is {found:.4g}, that of the plug-in {simple:.4g}; W is {high:g} with probability {chance}, else 1.")


EXERCISES = (
    Exercise("15.1", "easy", "the first token of pi^alpha", "first_token", _first_cases, _first),
    Exercise("15.2", "proof", "where a low temperature is most wrong", "worst_base", _worst_cases, _worst),
    Exercise("15.3", "open", "a logarithm with less bias", "log_means", _mean_cases, _means),
)
