"""Graphs as adjacency matrices: numbers of edges, degrees and connected graphs, which are known."""

import itertools

import numpy as np
import pytest

from sharpsim import instances
from sharpsim.instances import _graphs


@pytest.mark.parametrize(("vertices", "count"), [(2, 1), (3, 2), (4, 6), (5, 21), (6, 112)])
def test_all_connected_graphs_are_listed_once(vertices, count):
    graphs = instances.connected_graphs(vertices)
    assert graphs.shape == (count, vertices, vertices)
    assert all(_graphs.is_connected(graph) for graph in graphs)
    if vertices <= 5:
        # No two are relabellings of each other.
        orders = [list(order) for order in itertools.permutations(range(vertices))]
        codes = [min(graph[np.ix_(order, order)].tobytes() for order in orders) for graph in graphs]
        assert len(set(codes)) == count


@pytest.mark.parametrize(
    ("graph", "vertices", "edges", "degree"),
    [
        (instances.complete_graph(5), 5, 10, 4),
        (instances.cycle_graph(6), 6, 6, 2),
        (instances.complete_bipartite_graph(3, 3), 6, 9, 3),
        (instances.generalised_petersen_graph(5, 2), 10, 15, 3),
        (instances.generalised_petersen_graph(7, 2), 14, 21, 3),
    ],
)
def test_named_graphs(graph, vertices, edges, degree):
    assert graph.shape == (vertices, vertices)
    assert (graph == graph.T).all()
    assert graph.sum() == 2 * edges
    assert (graph.sum(axis=0) == degree).all()
    assert not np.diag(graph).any()
    assert _graphs.is_connected(graph)


def test_petersen_has_no_short_cycle():
    """Girth 5: no triangles, and two vertices have at most one common neighbour."""
    graph = instances.generalised_petersen_graph(5, 2)
    assert np.trace(np.linalg.matrix_power(graph, 3)) == 0
    common = graph @ graph - np.diag(np.diag(graph @ graph))
    assert common.max() == 1


def test_random_graphs_have_an_edge_and_their_density():
    rng = np.random.default_rng(0)
    assert all(instances.random_graph(rng, vertices=3, edge_probability=0.05).any() for _ in range(50))
    edges = sum(instances.random_graph(rng, vertices=20, edge_probability=0.3).sum() / 2 for _ in range(50))
    # 9,500 pairs at .3: six standard deviations are 268.
    assert abs(edges - 2850) < 270
    again = [instances.random_graph(np.random.default_rng(1), vertices=9, edge_probability=0.5) for _ in range(2)]
    np.testing.assert_array_equal(*again)


def test_refusals():
    for call, said in (
        (lambda: instances.complete_graph(1), "`vertices` must be a whole number of at least 2"),
        (lambda: instances.cycle_graph(2), "`vertices` must be a whole number of at least 3"),
        (lambda: instances.complete_bipartite_graph(0, 3), "`left` must be"),
        (lambda: instances.generalised_petersen_graph(6, 3), "`step` must be at least 1 and below 3; got 3"),
        (
            lambda: instances.random_graph(np.random.default_rng(0), vertices=3, edge_probability=0.0),
            r"`edge_probability` must be in \(0, 1\]",
        ),
        (lambda: instances.connected_graphs(7), "`vertices` must be at most 6"),
    ):
        with pytest.raises(ValueError, match=said):
            call()
