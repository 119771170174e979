"""Checks of unit 11, by `theory.hardness` (all sequences, cuts counted in integers) and `theory.representation`."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from sharpsim.exercises._answers import array, parts, reaches, whole
from sharpsim.exercises._exercise import Exercise, Wrong
from sharpsim.instances import complete_graph, cycle_graph, not_closed, random_graph
from sharpsim.theory import hardness, representation


def _cut_cases(rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    for graph in (complete_graph(2), complete_graph(3), cycle_graph(4), cycle_graph(5), complete_graph(5)):
        yield {"adjacency": graph, "scale": 1.0}
    for n in (3, 4, 5, 6, 7, 8):
        yield {"adjacency": random_graph(rng, vertices=n, edge_probability=0.5), "scale": 2.0}


def _cut(answer: Any, *, adjacency: np.ndarray, scale: float) -> None:
    found = tuple(whole(part) for part in parts(answer, 2, "(cut, count)"))
    joint = hardness.log_probs(adjacency, scale=scale, coupling=1.0)
    top = np.argwhere(joint >= joint.max() - 1e-12)
    cuts = hardness.cut_sizes(adjacency)[top[:, 0]]
    if found != (int(cuts[0]), len(top)):
        raise Wrong(f"the most likely sequences cut {int(cuts[0])} edges, and there are {len(top)} of them; got {found}.")


def _mass_cases(rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    for vocabulary, mass in ((3, 0.2), (3, 0.4), (3, 0.49), (10, 0.4), (100, 0.49), (1000, 0.4999), (50, 0.4999999)):
        yield {"vocabulary": vocabulary, "mass": mass}


def _mass(answer: Any, *, vocabulary: int, mass: float) -> None:
    weights = np.stack([array(part, (2,), "theta") for part in parts(answer, 2, "(theta_1, theta_2)")])
    if not (np.abs(weights) <= 1000).all():
        raise Wrong(f"entries of theta must be at most 1,000 in absolute value; got {np.abs(weights).max():.6g}.")
    table = representation.conditionals(not_closed(vocabulary=vocabulary, scale=1.0).features, weights)
    reaches(float(np.exp(table[0][0, 1] + table[1][0, 1, 0])), mass, "pi(2, 1)", "no member reaches 1/2")


def _stuck_cases(rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    for n in (4, 8, 12, 16):
        yield {"n": n}


def _is_stuck(answer: Any, *, n: int) -> None:
    one, two = parts(answer, 2, "(adjacency, signs)")
    graph, signs = array(one, (n, n), "adjacency"), array(two, (n,), "signs")
    if not (np.isin(graph, (0, 1)).all() and (graph == graph.T).all() and not np.diag(graph).any() and graph.any()):
        raise Wrong("adjacency must be a symmetric 0/1 matrix with zero diagonal and at least one edge.")
    if not np.isin(signs, (-1, 1)).all():
        raise Wrong("signs must be -1 or 1.")
    cut = graph * (signs[:, None] != signs[None, :])
    gains = graph.sum(axis=1) - 2 * cut.sum(axis=1)
    if gains.max() > 0:
        raise Wrong(f"changing the sign of vertex {int(np.argmax(gains))} makes the cut larger by {int(gains.max())}.")
    reaches(hardness.maximum_cut(graph) / (cut.sum() / 2), 2 - 1e-9, "maximum cut / your cut", "no local maximum has more than 2")


EXERCISES = (
    Exercise("11.1", "easy", "the most likely sequence is a maximum cut", "most_likely_signs", _cut_cases, _cut),
    Exercise("11.2", "proof", "as near to one half as one likes", "nearly_half", _mass_cases, _mass),
    Exercise("11.3", "open", "a local maximum that is half of the maximum cut", "stuck", _stuck_cases, _is_stuck),
)
