"""Checks of unit 10: enumeration of small cubes and `instances.cube_law`, log-linear bases with a known theta, all subsets of responses."""

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from sharpsim.exercises._answers import close, number, parts, reaches, whole
from sharpsim.exercises._exercise import Exercise, Wrong
from sharpsim.instances import cube_law


def _cube_cases(rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    for d in (1, 2, 3, 4, 8, 12, 64, 500, 1000):
        yield {"d": d}


def _cube(answer: Any, *, d: int) -> None:
    if d <= 12:
        corners = np.array(list(itertools.product((-1.0, 1.0), repeat=d))) / np.sqrt(d)
        want = float(np.sum(np.exp(corners @ corners[-1] - 1)))
    else:
        want = float(np.exp(cube_law(dimension=d).log_coverage))
    close(number(answer), want, "C_cov")


def _linear_cases(rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    for d, responses in ((1, 3), (1, 5), (2, 5), (2, 8), (3, 10), (5, 40), (8, 200)):
        for _ in range(4):
            features, theta = rng.normal(size=(responses, d)), rng.normal(size=d)
            order = np.argsort(features @ theta)
            if d + 1 < responses:
                # The mode itself is not among the seen.
                seen = rng.permutation(order[:-1])[: d + 1]
                scores = features @ theta
                if abs(np.linalg.det(features[seen[1:]] - features[seen[0]])) > 1e-3 and scores[order[-1]] - scores[order[-2]] > 1e-3:
                    log_base = scores - np.log(np.sum(np.exp(scores)))
                    yield {"features": features, "seen": seen, "log_probs": log_base[seen]}


def _linear(answer: Any, *, features: np.ndarray, seen: np.ndarray, log_probs: np.ndarray) -> None:
    extended = np.column_stack([features[seen], np.ones(len(seen))])
    scores = features @ np.linalg.solve(extended, log_probs)[:-1]
    found, want = whole(answer), int(np.argmax(scores))
    if found != want:
        raise Wrong(f"the most likely response is number {want}; got {found}.")


def _design_cases(rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    for d, responses in ((1, 3), (1, 6), (2, 5), (2, 8), (3, 8), (3, 12)):
        for _ in range(2):
            features = rng.normal(size=(responses, d))
            # The first responses nearly coincide.
            features[1 : d + 1] = features[0] + 0.01 * rng.normal(size=(d, d))
            yield {"features": np.round(features, 4)}


def _design(answer: Any, *, features: np.ndarray) -> None:
    responses, d = features.shape
    if isinstance(answer, np.ndarray) and answer.ndim == 1:
        answer = answer.tolist()
    chosen = [whole(i, "an index") for i in parts(answer, d + 1, "the indices of the responses")]
    if len(set(chosen)) != d + 1 or min(chosen) < 0 or max(chosen) >= responses:
        raise Wrong(f"the indices must be {d + 1} different numbers in 0..{responses - 1}; got {chosen}.")

    def least(subset: Any) -> float:
        return float(np.linalg.svd(features[list(subset[1:])] - features[subset[0]], compute_uv=False)[-1])

    subsets = itertools.combinations(range(responses), d + 1)
    best = max(least((first, *(i for i in subset if i != first))) for subset in subsets for first in subset)
    reaches(least(tuple(chosen)), 0.6 * best, "the smallest singular value", f"the best choice has {best:.6g}")


EXERCISES = (
    Exercise("10.1", "easy", "the coverage of the cube", "cube_coverage", _cube_cases, _cube),
    Exercise("10.2", "proof", "d + 1 likelihoods reveal the mode", "read_off", _linear_cases, _linear),
    Exercise("10.3", "open", "which responses to evaluate", "what_to_evaluate", _design_cases, _design),
)
