"""How much a learner knows after m draws of base with their likelihoods: exact, on instances small enough to list.

`consistent_errors` gives the error of the best learner that must tell the members of a finite family apart. `identified` gives the
probability that the likelihoods seen determine a linear softmax base everywhere. Both follow a Markov chain whose state is the set of
members that are still possible, or the set of responses whose likelihood is determined. `separation` exports both.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from sharpsim import _checks
from sharpsim._arguments import FINITE, ROW, TABLE, arrays, checked, count

STATES = 20_000
"""The most states that a chain may visit."""


def _chain(start: bytes, step: Callable[[bytes], dict[bytes, float]], draws: int) -> list[dict[bytes, float]]:
    """The distribution of the state after 0, 1, .., `draws` draws; `step(state)` is the distribution of the next state."""
    known: dict[bytes, dict[bytes, float]] = {}
    _checks.affordable("draws", draws, seconds=4e-6 * draws)
    laws = [{start: 1.0}]
    for _ in range(int(draws)):
        following: dict[bytes, float] = {}
        for state, mass in laws[-1].items():
            if state not in known:
                _checks.enumerable(len(known), STATES, "the set of states of knowledge", "a simulation")
                known[state] = step(state)
            for after, chance in known[state].items():
                following[after] = following.get(after, 0.0) + mass * chance
        laws.append(following)
    return laws


@checked(log_members=replace(TABLE, axes=("members", "responses")), draws=count(0))
def consistent_errors(log_members: Any, *, draws: int, truth: int = 0) -> np.ndarray:
    """`[draws + 1]`: E[1 - 1/|consistent|] after m = 0..draws draws of member `truth`. A member is consistent when it gives every
    response drawn the likelihood that was seen.

    Suppose that relabellings of the responses act transitively on the family `log_members` `[members, responses]`, and that all modes are
    different. Then this is the exact minimax error of sample-and-evaluate learners (delta <= 1/2). The reason: all consistent members
    give the data the same probability, so a uniform secret is uniform among them; and only one response can have more than half of the
    mass.

    Raises `ValueError` for rows that do not sum to one, a truth that is no member, draws below 0, more than 20,000 states.
    """
    members = np.asarray(log_members, dtype=np.float64)
    if not 0 <= truth < len(members):
        raise ValueError(f"`truth` must be one of the {len(members)} members; got {truth!r}.")
    own = members[int(truth)]
    responses = np.flatnonzero(own > -np.inf)
    # Members differ by design or not at all; equal ones differ by rounding.
    match = np.abs(members[:, responses] - own[responses]) < 1e-9
    classes, where = np.unique(match, axis=1, return_inverse=True)
    probs = np.bincount(where.ravel(), weights=np.exp(own[responses]), minlength=classes.shape[1])

    def step(state: bytes) -> dict[bytes, float]:
        after = np.frombuffer(state, bool)[:, None] & classes
        return _gathered(after.T, probs)

    laws = _chain(np.ones(len(members), bool).tobytes(), step, int(draws))
    return np.array([sum(mass * (1 - 1 / np.frombuffer(state, bool).sum()) for state, mass in law.items()) for law in laws])


@checked(features=arrays(FINITE, "responses", "d"), log_probs=ROW, draws=count(0))
def identified(features: Any, log_probs: Any, *, draws: int) -> np.ndarray:
    """`[draws + 1]`: P[the likelihoods of m = 0..draws responses determine log base on all responses], base linear softmax, exact.

    This happens when the affine hull of the drawn feature vectors equals the affine hull of all `features` `[responses, d]`; it takes
    d + 1 affinely independent responses when the features span d dimensions, so the probability is 0 below d + 1 draws. The Markov chain
    runs over flats: sets of responses that contain every response in their own affine hull.

    Raises `ValueError` for shapes that do not fit, rows that do not sum to one, draws below 0, more than 20,000 flats.
    """
    points, own = np.asarray(features, dtype=np.float64), np.asarray(log_probs, dtype=np.float64)
    if points.ndim != 2 or own.shape != (len(points),):
        raise ValueError(f"`features` must be [responses, d] with one log-probability each; got {points.shape} and {own.shape}.")
    probs = np.exp(own)

    def hull(inside: np.ndarray) -> np.ndarray:
        """The points of the affine hull of those inside."""
        origin = points[inside][0]
        directions = points[inside] - origin
        _, sizes, axes = np.linalg.svd(directions, full_matrices=False)
        axes = axes[sizes > 1e-9]
        away = points - origin
        return np.linalg.norm(away - away @ axes.T @ axes, axis=1) < 1e-9

    def step(state: bytes) -> dict[bytes, float]:
        inside = np.frombuffer(state, bool)
        found = {state: float(probs[inside].sum())}
        left = ~inside
        # Each response outside lies in exactly one of the flats that cover this one.
        while left.any():
            wider = inside.copy()
            wider[int(np.argmax(left))] = True
            flat = hull(wider)
            found[flat.tobytes()] = float(probs[flat & ~inside].sum())
            left &= ~flat
        return found

    everything = np.ones(len(points), bool).tobytes()
    laws = _chain(np.zeros(len(points), bool).tobytes(), step, int(draws))
    return np.array([law.get(everything, 0.0) for law in laws])


def _gathered(states: np.ndarray, probs: np.ndarray) -> dict[bytes, float]:
    found: dict[bytes, float] = {}
    for state, chance in zip(np.ascontiguousarray(states), probs, strict=True):
        mark = state.tobytes()
        found[mark] = found.get(mark, 0.0) + float(chance)
    return found
