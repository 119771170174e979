"""Checks of unit 12: all subsets, and the accuracy of best of N by `laws.best_of_n`."""

import itertools
import math
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np

from sharpsim import laws as exact
from sharpsim.exercises._answers import array, close, laws, parts, reaches
from sharpsim.exercises._exercise import Exercise, Wrong
from sharpsim.theory import inference


def _weight_cases(rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    for total in (1, 2, 3, 5, 6, 50):
        for draws in sorted({1, 2, total // 2, total - 1, total}):
            if 1 <= draws <= total:
                yield {"total": total, "draws": draws}


def _weights(answer: Any, *, total: int, draws: int) -> None:
    found = array(answer, (total,), "the weights")
    if total <= 6:
        want = np.zeros(total)
        for subset in itertools.combinations(range(total), draws):
            want[min(subset)] += 1 / math.comb(total, draws)
    else:
        want = inference.subsample_weights(total=total, draws=draws)
    close(found, want, "the weight")


def _law_and_answers(answer: Any, size: int | None) -> tuple[np.ndarray, np.ndarray]:
    one, two = parts(answer, 2, "(p, correct)")
    p = laws(one, (size,), "p")
    correct = array(two, p.shape, "correct")
    if (p <= 0).any():
        raise Wrong("all probabilities must be positive.")
    if not np.isin(correct, (0, 1)).all():
        raise Wrong("correct must hold truth values.")
    return p, correct == 1


def _accuracy(p: np.ndarray, correct: np.ndarray, draws: int) -> float:
    log_p = np.log(p)[None]
    return float(np.exp(exact.best_of_n(log_p, log_p, draws=draws))[0] @ correct)


def _rise_cases(rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    for rise in (0.01, 0.05, 0.1, 0.15, 0.2, 0.22):
        yield {"rise": rise}


def _helps(answer: Any, *, rise: float) -> None:
    p, correct = _law_and_answers(answer, None)
    if p.size > 100 or (p.size > 1 and np.diff(np.sort(p)).min() <= 1e-9):
        raise Wrong(f"return at most 100 probabilities, no two equal up to 1e-9; got {p.size}.")
    one, two, many = (_accuracy(p, correct, draws) for draws in (1, 2, 1000))
    if not two >= one + rise:
        raise Wrong(f"the accuracy must grow by at least {rise:g} from N = 1 to N = 2; it goes from {one:.4f} to {two:.4f}.")
    if not many < 0.01:
        raise Wrong(f"the accuracy at N = 1000 must be below 0.01; it is {many:.4f}.")


def _hump_cases(rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    for responses in (4, 6, 10, 20):
        yield {"responses": responses}


def _height(p: np.ndarray, correct: np.ndarray) -> float:
    top = p >= p.max() * (1 - 1e-12)
    limit = float(p[top & correct].sum() / p[top].sum())
    return max(_accuracy(p, correct, draws) for draws in range(1, 201)) - max(_accuracy(p, correct, 1), limit)


@cache
def _known(responses: int) -> float:
    best, N = 0.0, np.arange(1, 201)
    for j in range(1, responses - 1):
        for a in np.linspace(1 / responses, 1 / (1 + j), 301)[1:-1]:
            best = max(best, float(np.max((1 - a) ** N - (1 - a - j * a) ** N) - j * a))
    return best


def _hump(answer: Any, *, responses: int) -> None:
    p, correct = _law_and_answers(answer, responses)
    reaches(_height(p, correct), 0.95 * _known(responses), "the hump", f"the known construction has {_known(responses):.6g}")


EXERCISES = (
    Exercise("12.1", "easy", "all subsets of N from one set of draws", "subset_weights", _weight_cases, _weights),
    Exercise("12.2", "proof", "two draws help, many hurt", "helps_then_hurts", _rise_cases, _helps),
    Exercise("12.3", "open", "the highest hump of the accuracy", "highest_hump", _hump_cases, _hump),
)
