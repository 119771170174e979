"""Checks of unit 6: `theory.limits.guess_error`, the same step of the Markov chain, and the game played on all draws of small instances."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from sharpsim.exercises._answers import close, laws, number
from sharpsim.exercises._exercise import Exercise
from sharpsim.theory import limits as theory


def _error_cases(rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    for M in (3, 4, 8, 20):
        for k in (0, 1, 2, 5, 12):
            yield {"M": M, "k": k}
    yield {"M": 50, "k": 200}


def _error(answer: Any, *, M: int, k: int) -> None:
    close(number(answer), theory.guess_error(labels=M, draws=k), "e(k)", rel=1e-8)


def _worth_cases(rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    for M in (3, 4, 5, 8, 30):
        for U in sorted({1, 2, 3, M // 2, M - 1, M} - {0}):
            yield {"M": M, "U": U}


def _worth(answer: Any, *, M: int, U: int) -> None:
    def error(unseen: int) -> float:
        return 1 - 1 / unseen

    fresh = (U - 1) * (M - 2) / (M * (M - 1))
    after = fresh * error(max(U - 1, 1)) + (1 - 2 / M - fresh) * error(U)
    close(number(answer), error(U) - after if U > 1 else 0.0, "the worth of a draw")


def _likelihood(M: int, label: int, secret: int) -> float:
    return 2 / M if label == secret else (M - 2) / (M * (M - 1))


def _game_cases(rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    for M in (3, 4, 5):
        for k in (0, 1, 2, 3):
            # Relabelling a history leaves the game as it is, so the histories below stand for all.
            for drawn in itertools.product(range(min(M, k + 1)), repeat=k):
                for secret in sorted({0, M - 1}):
                    yield {"M": M, "labels": list(drawn), "likelihoods": [_likelihood(M, label, secret) for label in drawn]}


def _game(answer: Any, *, M: int, labels: list[int], likelihoods: list[float]) -> None:
    law = laws(answer, (M,), "the guess")
    known = [label for label, likelihood in zip(labels, likelihoods, strict=True) if abs(likelihood - 2 / M) < 1e-9]
    if known:
        close(law[known[0]], 1.0, f"the probability of label {known[0]}, which was drawn with likelihood 2/M,")
        return
    unseen = sorted(set(range(M)) - set(labels))
    # Any other law has a secret, among the unseen labels, on which it errs more often.
    for label in unseen:
        close(law[label], 1 / len(unseen), f"the probability of label {label} (unseen: {unseen})")


def worst_error(strategy: Callable[..., Any], *, M: int, k: int) -> float:
    """The largest error of a strategy over all secrets, with k draws, by enumeration of all histories."""
    worst = 0.0
    for secret in range(M):
        error = 0.0
        for drawn in itertools.product(range(M), repeat=k):
            chances = [_likelihood(M, label, secret) for label in drawn]
            error += float(np.prod(chances)) * (1 - float(strategy(M=M, labels=list(drawn), likelihoods=chances)[secret]))
        worst = max(worst, error)
    return worst


EXERCISES = (
    Exercise("06.1", "easy", "the error of the best guess", "guess_error", _error_cases, _error),
    Exercise("06.2", "proof", "the worth of one more draw", "worth_of_a_draw", _worth_cases, _worth),
    Exercise("06.3", "open", "the game of the lower bound", "guess", _game_cases, _game),
)
