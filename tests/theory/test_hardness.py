"""Prop E.1: the most likely sequence is a maximum cut; the sufficient B, the expansions of search, the printed coefficient."""

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharpsim import decoding, instances
from sharpsim.policies import MultilayerSoftmaxPolicy, tabulate
from sharpsim.testing import assert_bound
from sharpsim.theory import AssumptionError, inference, require
from sharpsim.theory import hardness as theory

TRIANGLE = instances.complete_graph(3)


def model(*graphs, scale=1.0, coupling=1.0):
    """All graphs as prompts of one policy."""
    weights = np.stack([instances.max_cut(graph, scale=scale, coupling=coupling).weights for graph in graphs])
    return MultilayerSoftmaxPolicy(instances.max_cut_features, weights, vocabulary_size=2)


def graphs(most):
    """Random graphs with an edge, as a strategy."""
    shapes = st.tuples(st.integers(0, 2**32 - 1), st.integers(2, most), st.floats(0.05, 1.0))
    return shapes.map(lambda at: instances.random_graph(np.random.default_rng(at[0]), vertices=at[1], edge_probability=at[2]))


def sigma(t):
    return 1 / (1 + math.exp(-t))


# Value


def test_law_by_hand():
    """The triangle at B = 1: a cut of 2 has S = 1, all on one side S = -3."""
    law = np.exp(theory.log_probs(TRIANGLE, scale=1.0))
    one_side, cut = law[0], law[1]
    assert cut[1, 1] == pytest.approx(sigma(2) * sigma(2) / 8, rel=1e-14)
    assert cut[1, 0] == pytest.approx(sigma(2) * sigma(-2) / 8, rel=1e-14)
    assert one_side[0].tolist() == pytest.approx([sigma(6) / 16] * 2, rel=1e-14)
    assert law.sum() == pytest.approx(1, rel=1e-14)
    assert theory.alignment(TRIANGLE).tolist() == [-3, 1, 1, 1, 1, 1, 1, -3]
    assert theory.mode_probability(TRIANGLE, scale=1.0) == pytest.approx(sigma(2) ** 2 / 8, rel=1e-14)


@pytest.mark.parametrize("coupling", [1e-3, 0.3, 1.0, 5.0, 30.0])
def test_bound_against_mpmath(coupling):
    with mpmath.workdps(60):
        truth = -mpmath.log(mpmath.tanh(mpmath.mpf(coupling))) / 2
        assert abs(theory.bound(coupling=coupling) - truth) <= 1e-13 * truth
        assert theory.bound(coupling=coupling) >= truth * (1 - mpmath.mpf(2) ** -50)
    assert theory.bound(coupling=1.0) == pytest.approx(0.13617073445591578, rel=1e-14)
    assert theory.bound(coupling=coupling, best_alignment=2) == pytest.approx(theory.bound(coupling=2 * coupling), rel=1e-14)


def test_least_scale_against_mpmath():
    """Where sigma(2c|E|)/2 = sigma(2cS*) sigma(2B), solved by bisection in 40 digits."""
    with mpmath.workdps(40):
        logistic = lambda t: 1 / (1 + mpmath.exp(-t))  # noqa: E731
        for graph, best, count in ((TRIANGLE, 1, 3), (instances.complete_graph(4), 2, 6), (instances.cycle_graph(5), 3, 5)):
            truth = mpmath.findroot(lambda b: logistic(2 * best) * logistic(2 * b) - logistic(2 * count) / 2, (0.01, 0.2))  # noqa: B023
            assert theory.least_scale(graph) == pytest.approx(float(truth), rel=1e-10)
    assert theory.least_scale(instances.cycle_graph(4)) == 0.0


@pytest.mark.parametrize(
    ("graph", "cut"),
    [
        (instances.complete_graph(7), 12),
        (instances.cycle_graph(9), 8),
        (instances.cycle_graph(8), 8),
        (instances.complete_bipartite_graph(3, 4), 12),
        (instances.generalised_petersen_graph(5, 2), 12),
        (instances.generalised_petersen_graph(4, 1), 12),
    ],
)
def test_known_maximum_cuts(graph, cut):
    assert theory.maximum_cut(graph) == cut


@given(graphs(6))
def test_cuts_counted_another_way(graph):
    every = theory.sides(len(graph))
    by_form = (graph.sum() - np.einsum("ki,ij,kj->k", every, graph, every)) / 4
    assert theory.cut_sizes(graph).tolist() == by_form.tolist()


# Inverse


@pytest.mark.parametrize("scale", [0.01, 0.1361707344559158, 1.0, 5.0])
def test_inverse_both_ways(scale):
    assert theory.bound(coupling=theory.coupling_needed(scale=scale)) == pytest.approx(scale, rel=1e-10)
    assert theory.coupling_needed(scale=theory.bound(coupling=0.7)) == pytest.approx(0.7, rel=1e-12)


@given(graphs(6), st.sampled_from([0.25, 1.0]))
def test_least_scale_is_where_the_argmax_changes(graph, coupling):
    least = theory.least_scale(graph, coupling=coupling)
    cuts = theory.cut_sizes(graph)

    def is_cut(scale):
        law = theory.log_probs(graph, scale=scale, coupling=coupling)
        top = np.argwhere(law == law.max())
        return bool((cuts[top[:, 0]] == cuts.max()).all() and (top[:, 1:] == 1).all())

    assert is_cut(least * (1 + 1e-6) + 1e-9)
    assert least < 1e-6 or not is_cut(least * (1 - 1e-6))


# Sandwich


@pytest.mark.parametrize("vertices", [2, 3, 4, 5])
def test_every_connected_graph(vertices):
    """Search, enumeration of the policy, and the closed form against brute-force cuts."""
    suite = instances.connected_graphs(vertices)
    policy = model(*suite)
    tokens, table = tabulate(policy, np.arange(len(suite)))
    found = decoding.most_likely_batch(policy, np.arange(len(suite)), max_expansions=3 * 2**vertices)
    for graph, result, row in zip(suite, found, table, strict=True):
        cuts = theory.cut_sizes(graph)
        np.testing.assert_allclose(row, theory.log_probs(graph, scale=1.0).ravel(), rtol=1e-13)
        assert len(result.responses) == (cuts == cuts.max()).sum()
        assert theory.is_maximum_cut(graph, result.responses).all()
        assert theory.is_maximum_cut(graph, tokens[row == row.max()]).all()
        assert result.expansions == theory.expansions(graph, scale=1.0)


@given(graphs(9), st.floats(0.14, 10.0), st.sampled_from([0.125, 0.5, 1.0]))
def test_argmax_is_a_maximum_cut_by_enumeration(graph, scale, coupling):
    slacks = theory.checks(graph, scale=scale, coupling=coupling)
    law, cuts = theory.log_probs(graph, scale=scale, coupling=coupling), theory.cut_sizes(graph)
    top = np.argwhere(law == law.max())
    holds = (cuts[top[:, 0]] == cuts.max()).all() and (top[:, 1:] == 1).all() and len(top) == (cuts == cuts.max()).sum()
    assert holds or min(slacks.values()) < 1e-9


def test_scale_bound_is_a_bound_with_power():
    report = assert_bound(
        instances=st.tuples(graphs(7), st.sampled_from([0.125, 0.5, 1.0, 2.0])),
        exact=lambda at: theory.least_scale(at[0], coupling=at[1]),
        bound=lambda at: theory.bound(coupling=at[1], best_alignment=int(theory.alignment(at[0]).max())),
        side="upper",
        near_extremal=(TRIANGLE, 1.0),
    )
    assert report.instances > 20


def test_search_bounds():
    """Between 2^(n+1) - 1 and 3 2^n - 1 on graphs of 8 vertices, and below H/P*."""
    suite = [instances.random_graph(np.random.default_rng(seed), vertices=8, edge_probability=p) for seed, p in enumerate((0.3, 0.6, 1.0))]
    found = decoding.most_likely_batch(model(*suite), np.arange(3), max_expansions=3 * 2**8)
    low, high = theory.expansions_bounds(vertices=8)
    assert (low, high) == (511, 767)
    for graph, result in zip(suite, found, strict=True):
        assert low <= result.expansions == theory.expansions(graph, scale=1.0) <= high
        p = theory.mode_probability(graph, scale=1.0)
        assert p <= 2.0**-8
        assert result.expansions <= inference.expansions_bound(mode_probability=p, horizon=10, slack=0.0)


# Sharpness


def test_sharpness():
    """The triangle needs 98% of the bound at coupling 1; K_{n,n} takes hardly more than the lower steps, a tree the upper."""
    assert theory.least_scale(TRIANGLE) > 0.97 * theory.bound(coupling=1.0)
    assert not theory.least_scale(TRIANGLE) <= 0.7 * theory.bound(coupling=1.0)
    low, high = theory.expansions_bounds(vertices=10)
    # A large B leaves only the prefixes of the best cuts.
    few = theory.expansions(instances.complete_bipartite_graph(5, 5), scale=20.0, coupling=0.125)
    assert low < few < 1.01 * low
    path = np.diag(np.ones(9), 1) + np.diag(np.ones(9), -1)
    assert theory.expansions(path, scale=1.0) == high
    # P* nears 2^-n as B and S* grow.
    assert theory.mode_probability(instances.complete_bipartite_graph(3, 3), scale=9.0) == pytest.approx(2.0**-6, rel=1e-6)


def test_large_cuts_tie_in_float64_and_a_smaller_coupling_tells_them_apart():
    """K_{6,6}: log sigma(2S) is 0 for the two best cuts. Compared as integers one is smaller; at coupling 1/8 the search sees it too."""
    graph = instances.complete_bipartite_graph(6, 6)
    law, cuts = theory.log_probs(graph, scale=1.0), theory.cut_sizes(graph)
    top = np.argwhere(law == law.max())
    assert theory.checks(graph, scale=1.0)["resolved"] < 0
    assert len(top) > (cuts == cuts.max()).sum() == 2
    assert cuts[top[:, 0]].max() == cuts.max() > cuts[top[:, 0]].min()
    assert theory.checks(graph, scale=1.0, coupling=0.125)["resolved"] > 0
    law = theory.log_probs(graph, scale=1.0, coupling=0.125)
    assert (cuts[np.argwhere(law == law.max())[:, 0]] == 36).all()


@pytest.mark.parametrize("scale", [0.25, 1.0, 3.0])
def test_printed_coefficient_does_not_give_the_printed_factor(scale):
    """Erratum: with theta_H = 2(...) the last factor is e^4/(e^4 + e^-4) = .99966 whatever B; (B/2)(...) gives e^B/(e^B + e^-B)."""
    claimed = math.exp(scale) / (math.exp(scale) + math.exp(-scale))
    assert theory.last_factor(coefficient=scale / 2) == pytest.approx(claimed, rel=1e-14)
    printed = theory.last_factor(coefficient=theory.PRINTED_COEFFICIENT)
    assert printed == pytest.approx(math.exp(4) / (math.exp(4) + math.exp(-4)), rel=1e-14)
    assert printed - claimed > 0.002
    policy = model(TRIANGLE, scale=scale)
    one, other = (float(policy.log_prob(0, [0, 1, 1, 1, last])) for last in (1, 0))
    assert 1 / (1 + math.exp(other - one)) == pytest.approx(claimed, rel=1e-12)
    # The printed weights are outside the ball of radius B for B < 2 sqrt 2, the corrected ones inside for every B.
    assert math.sqrt(2) * theory.PRINTED_COEFFICIENT > min(scale, 2.8)
    assert float(policy.norms[0, -1]) == pytest.approx(scale / math.sqrt(2), rel=1e-12)


# Assumptions


def test_assumptions_change_sign_where_they_should():
    require(theory.checks(TRIANGLE, scale=1.0))
    least = theory.least_scale(TRIANGLE)
    assert theory.checks(TRIANGLE, scale=least * 1.001)["scale"] > 0 > theory.checks(TRIANGLE, scale=least * 0.999)["scale"]
    with pytest.raises(AssumptionError, match="`scale` fails"):
        require(theory.checks(TRIANGLE, scale=0.1))
    with pytest.raises(AssumptionError, match="`has_edge` fails"):
        require(theory.checks(np.zeros((3, 3)), scale=1.0))


def test_below_the_least_scale_the_argmax_is_no_cut():
    policy = model(TRIANGLE, scale=0.12)
    found = decoding.most_likely(policy, 0, max_expansions=100)
    assert not theory.is_maximum_cut(TRIANGLE, found.responses).any()
    assert {tuple(response) for response in found.responses.tolist()} == {
        (*side, 0, last) for side in ((0, 0, 0), (1, 1, 1)) for last in (0, 1)
    }


def test_weights_inside_the_ball_encode_the_same_cuts():
    """coupling 1/8 and B = 1: ||theta_{H-1}|| = sqrt(|E|)/8 and ||theta_H|| = 1/sqrt 2 are at most 1 up to 64 edges."""
    graph = instances.generalised_petersen_graph(4, 1)
    policy = model(graph, coupling=0.125)
    assert float(policy.norms.max()) <= 1.0
    found = decoding.most_likely(policy, 0, max_expansions=3 * 2**8)
    assert theory.is_maximum_cut(graph, found.responses).all()


# Refusals


def test_refusals():
    for wrong in (np.ones((3, 3)), np.triu(np.ones((3, 3)), 1), 2 * TRIANGLE, np.zeros((2, 3)), np.zeros(3)):
        with pytest.raises(ValueError, match=r"`adjacency` must be a (symmetric matrix of 0 and 1 with zero|table)"):
            instances.max_cut(wrong, scale=1.0)
        with pytest.raises(ValueError, match="`adjacency` must"):
            theory.cut_sizes(wrong)
    with pytest.raises(ValueError, match="`adjacency` must have at least one edge; got none"):
        instances.max_cut(np.zeros((4, 4)), scale=1.0)
    for scale in (0.0, -1.0, math.nan, math.inf):
        with pytest.raises(ValueError, match="`scale` must be positive and finite"):
            instances.max_cut(TRIANGLE, scale=scale)
        with pytest.raises(ValueError, match="`scale` must be positive"):
            theory.log_probs(TRIANGLE, scale=scale)
        with pytest.raises(ValueError, match="`scale` must be positive"):
            theory.coupling_needed(scale=scale)
    with pytest.raises(ValueError, match="`coupling` must be positive"):
        theory.bound(coupling=0.0)
    with pytest.raises(ValueError, match="`best_alignment` must be at least 1"):
        theory.bound(coupling=1.0, best_alignment=0)
    with pytest.raises(ValueError, match="the set of all cuts has"):
        theory.sides(21)
    with pytest.raises(ValueError, match=r"`responses` must have shape \[k, 5\]"):
        theory.is_maximum_cut(TRIANGLE, np.zeros((1, 4), dtype=int))


def test_statements():
    assert [entry.label for entry in theory.STATEMENTS] == ["Prop E.1", *(f"Prop E.1 ({part})" for part in ("scale", "coverage", "search"))]
