"""The closed forms that the separation is simulated in, against listed responses and plain least squares."""

import numpy as np
import pytest

from experiments.separation.simulations import Spans, consistent_counts, fitted_success, least_with
from experiments.separation.worlds import Arms, Cube, Listed, mode_mass
from sharpsim.instances import hidden_arms, sphere_packing
from sharpsim.testing import multinomial_test
from sharpsim.theory import separation


@pytest.mark.parametrize("dimension", [1, 3, 6])
def test_cube_is_the_listed_cube(dimension):
    thetas = np.random.default_rng(dimension).normal(size=(5, dimension)) * 4
    closed, listed = Cube(dimension), Listed(sphere_packing(dimension=dimension, distance=1))
    np.testing.assert_allclose(closed.log_partition(thetas), listed.log_partition(thetas), rtol=1e-12)
    np.testing.assert_allclose(closed.mean(thetas), listed.mean(thetas), atol=1e-12)
    np.testing.assert_allclose(mode_mass(closed, thetas), mode_mass(listed, thetas), rtol=1e-10)
    np.testing.assert_allclose(closed.theta, listed.theta, rtol=1e-15)


def test_arms_are_the_listed_arms():
    instance = hidden_arms(arms=3, bulk=7, gap=1.5, secret=0)
    world, thetas = Arms.of(instance), np.random.default_rng(0).normal(size=(4, 3)) * 3
    scores = thetas @ instance.features[0].T
    probs = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(np.exp(world.log_partition(thetas)), np.exp(scores).sum(axis=1), rtol=1e-12)
    np.testing.assert_allclose(world.mean(thetas), probs @ instance.features[0], rtol=1e-12)
    np.testing.assert_allclose(mode_mass(world, thetas), probs[:, 0], rtol=1e-12)
    np.testing.assert_array_equal(world.theta, instance.theta)


@pytest.mark.parametrize("name", ["cube", "listed", "arms"])
def test_draws_follow_the_law(name):
    runs, rng = 4000, np.random.default_rng(1)
    packing, arms = sphere_packing(dimension=3, distance=1), hidden_arms(arms=3, bulk=2, gap=2.0)
    world = {"cube": Cube(3), "listed": Listed(packing), "arms": Arms.of(arms)}[name]
    drawn = world.draw(rng, np.broadcast_to(world.theta, (runs, 3)))
    if name == "arms":
        counts = [int(drawn[:, i].sum()) for i in range(3)]
        counts, law = [*counts, runs - sum(counts)], [3 / 7, 1 / 7, 1 / 7, 2 / 7]
    else:
        counts = [int((np.abs(drawn - y).max(axis=1) < 1e-9).sum()) for y in packing.features[0]]
        law = np.exp(packing.log_probs[0])
    assert sum(counts) == runs
    assert multinomial_test(np.array(counts), np.array(law))
    assert not multinomial_test(np.array(counts), np.roll(law, 1))


def test_projection_is_the_shortest_least_squares_fit():
    rng = np.random.default_rng(2)
    rows, target = rng.integers(-1, 2, size=(6, 7, 5)).astype(float), rng.normal(size=5)
    rows[:, 3] = rows[:, 0] - rows[:, 1]
    spans = Spans(target, 6)
    for k in range(7):
        spans.add(rows[:, k])
        for seed in range(6):
            fit, _, rank, _ = np.linalg.lstsq(rows[seed, : k + 1], rows[seed, : k + 1] @ target, rcond=1e-10)
            np.testing.assert_allclose(spans.pinned[seed], fit, atol=1e-9)
            assert spans.rank[seed] == rank


def test_success_needs_no_more_than_identification():
    """The share of fits that succeed is at least the exact chance that likelihoods determine base; both rise to 1."""
    packing, rng = sphere_packing(dimension=3, distance=1), np.random.default_rng(3)
    known = separation.identified(packing.features[0], packing.log_probs[0], draws=25)
    found = fitted_success(Cube(3), rng, seeds=2000, steps=24, beta=0.02, delta=0.3, paired=False)
    room = np.sqrt(np.log(1e6) / 4000)
    assert (found.mean(axis=0) >= known[2:] - room).all()
    assert known[25] > 0.99
    k, low, high = least_with(found, rho=0.1)
    assert low <= k <= high
    assert found[:, k - 1].mean() >= 0.9 > found[:, k - 2].mean()


def test_consistent_counts_have_the_exact_error():
    members = np.array([sphere_packing(dimension=4, distance=2, mode=c).log_probs[0] for c in range(8)])
    exact = separation.consistent_errors(members, draws=6)[1:]
    counts = consistent_counts(np.random.default_rng(4), sphere_packing(dimension=4, distance=2), seeds=4000, draws=6)
    room = np.sqrt(np.log(2e6) / 8000)
    errors = (1 - 1 / counts).mean(axis=0)
    assert (abs(errors - exact) <= room).all()
    assert abs(errors[0] - 0.7 * exact[0]) > room
