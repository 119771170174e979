"""Simple graphs as adjacency matrices: float64 [n, n], symmetric, 0 and 1, zero diagonal."""

import itertools

import numpy as np

from sharpsim import _checks
from sharpsim._arguments import SHARE, checked, count

LISTED = 6
"""The most vertices for which all connected graphs are listed; with 7 vertices there are 853 graphs."""


def from_edges(vertices: int, edges: object) -> np.ndarray:
    """The graph on 0..vertices - 1 with these edges [k, 2]."""
    ends = np.asarray(edges, dtype=np.int64).reshape(-1, 2)
    adjacency = np.zeros((vertices, vertices))
    adjacency[ends[:, 0], ends[:, 1]] = adjacency[ends[:, 1], ends[:, 0]] = 1.0
    return adjacency


@checked(vertices=count(2, 2**53))
def complete_graph(vertices: int) -> np.ndarray:
    """All n(n-1)/2 edges; its maximum cut has floor(n^2/4)."""
    _checks.affordable("vertices", vertices, size=16.0 * vertices**2)
    return 1.0 - np.eye(int(vertices))


@checked(vertices=count(3, 2**53))
def cycle_graph(vertices: int) -> np.ndarray:
    """n vertices in a ring; its maximum cut has n edges where n is even, n - 1 where it is odd."""
    _checks.affordable("vertices", vertices, size=16.0 * vertices**2)
    each = np.arange(int(vertices))
    return from_edges(int(vertices), np.stack([each, (each + 1) % int(vertices)], axis=1))


@checked
def complete_bipartite_graph(left: int, right: int) -> np.ndarray:
    """K_{a,b}: every vertex of the first a joined to every one of the last b; its maximum cut is all ab edges."""
    left, right = int(left), int(right)
    _checks.affordable_counts(8.0 * (left + right) ** 2 + 180.0 * left * right, right=right, left=left)
    return from_edges(left + right, list(itertools.product(range(left), range(left, left + right))))


@checked(ring=count(3, 2**53))
def generalised_petersen_graph(ring: int, step: int) -> np.ndarray:
    """GP(n, k): an outer ring of n vertices, n spokes, an inner star that joins i to i + k; 2n vertices. GP(5, 2) is Petersen's graph.

    Raises `ValueError` unless n >= 3 and 1 <= k < n/2.
    """
    _checks.affordable("ring", ring, size=64.0 * ring**2)
    ring, step = int(ring), int(step)
    if step >= ring / 2:
        raise ValueError(f"`step` must be at least 1 and below {ring / 2:g}; got {step!r}.")
    each = np.arange(ring)
    pairs = [
        np.stack([each, (each + 1) % ring], 1),
        np.stack([each, ring + each], 1),
        np.stack([ring + each, ring + (each + step) % ring], 1),
    ]
    return from_edges(2 * ring, np.concatenate(pairs))


@checked(vertices=count(2, 2**53), edge_probability=SHARE)
def random_graph(rng: np.random.Generator, *, vertices: int, edge_probability: float) -> np.ndarray:
    """Erdos and Renyi's graph, each pair an edge with this probability in (0, 1], drawn again while it has no edge.

    Raises `ValueError` for fewer than 2 vertices or a probability outside (0, 1].
    """
    vertices = int(vertices)
    chance = min(1.0, edge_probability * vertices**2 / 2)
    _checks.affordable("edge_probability", edge_probability, seconds=(1e-5 + 1e-8 * vertices**2) / chance)
    _checks.affordable("vertices", vertices, size=16.0 * vertices**2)
    while True:
        above = np.triu(rng.random((vertices, vertices)) < edge_probability, 1).astype(np.float64)
        if above.any():
            return above + above.T


@checked(vertices=count(2, 2**53))
def connected_graphs(vertices: int) -> np.ndarray:
    """Every connected graph on n vertices once up to relabelling, [count, n, n]: 1, 2, 6, 21, 112 of them for n = 2..6.

    By orbits: of all relabellings of a graph the one with the smallest code is kept. Raises `ValueError` unless n is in 2..6.
    """
    if vertices > LISTED:
        raise ValueError(f"`vertices` must be at most {LISTED} (there are 853 connected graphs on 7); got {vertices!r}.")
    n = int(vertices)
    pairs = np.array(list(itertools.combinations(range(n), 2)))
    place = np.zeros((n, n), dtype=np.int64)
    place[pairs[:, 0], pairs[:, 1]] = place[pairs[:, 1], pairs[:, 0]] = np.arange(len(pairs))
    orders = np.array(list(itertools.permutations(range(n))))
    # Row r, column e: where edge e goes under the r-th relabelling.
    moved = place[orders[:, pairs[:, 0]], orders[:, pairs[:, 1]]]
    seen, kept = np.zeros(2 ** len(pairs), dtype=bool), []
    for code in range(1, 2 ** len(pairs)):
        if not seen[code]:
            present = np.flatnonzero(code >> np.arange(len(pairs)) & 1)
            seen[(1 << moved[:, present]).sum(axis=1)] = True
            graph = from_edges(n, pairs[present])
            if is_connected(graph):
                kept.append(graph)
    return np.stack(kept)


def is_connected(adjacency: np.ndarray) -> bool:
    """Whether every vertex can be reached from the first."""
    walks = np.linalg.matrix_power(np.eye(len(adjacency)) + adjacency, len(adjacency))
    return bool((walks[0] > 0).all())
