"""Least squares to compared pairs over each class: against enumeration, a generic optimiser, the geometry of all minimisers, ties."""

import itertools
import time

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.optimize
from hypothesis import given
from hypothesis import strategies as st

from sharpsim import TabularPolicy, laws
from sharpsim.classes import AllTabular, FiniteClass, LinearSoftmaxBall, ProductClass, _linear_softmax
from sharpsim.classes._ball import minimise_on_ball, rank_cut
from sharpsim.classes._compared import squared_residuals
from sharpsim.instances import random_table
from sharpsim.testing import log_prob_tables, multinomial_test

KEY = jax.random.key(0)
BETA = 0.4
triples = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 2), st.integers(0, 2)), min_size=6, max_size=6).map(np.array)
four_members = st.tuples(*[log_prob_tables(prompts=2, responses=3)] * 4).map(np.stack)
numbers = st.lists(st.floats(-2, 2), min_size=6, max_size=6).map(np.array)


def fit(policy_class, data, targets, *, beta=BETA, key=KEY):
    x, y, z = (jnp.asarray(column) for column in data.T)
    return policy_class.least_squares(x, y, z, jnp.asarray(targets, float), beta=beta, key=key)


def loss(table, data, targets, beta=BETA):
    x, y, z = data.T
    table = np.asarray(table)
    return ((beta * (table[x, y] - table[x, z]) - targets) ** 2).sum()


@given(four_members, triples, numbers)
def test_finite_and_product_against_enumeration(members, data, targets):
    losses = np.array([loss(member, data, targets) for member in members])
    got = fit(FiniteClass(members), data, targets)
    assert float(got.info["loss"]) == pytest.approx(losses.min(), rel=1e-9, abs=1e-12)
    assert loss(got.policy.log_probs, data, targets) == pytest.approx(losses.min(), rel=1e-9, abs=1e-12)
    by_prompt = np.swapaxes(members, 0, 1)
    best = min(loss(np.stack(rows), data, targets) for rows in itertools.product(*by_prompt))
    got = fit(ProductClass(by_prompt), data, targets)
    assert loss(got.policy.log_probs, data, targets) == pytest.approx(best, rel=1e-9, abs=1e-12)
    assert float(got.info["loss"]) == pytest.approx(best, rel=1e-9, abs=1e-12)
    np.testing.assert_array_equal(got.policy.log_probs, by_prompt[np.arange(2), np.asarray(got.info["members"])])
    # Without data all members of a prompt tie.
    assert (np.asarray(got.info["minimisers"])[np.setdiff1d([0, 1], data[:, 0])] == 4).all()


def test_a_residual_within_the_rounding_of_large_terms_is_none():
    """A term of -1e6 beside one of -.1: their difference is known to 16 parts in 2^52 of 2e6, that is to 7e-9."""
    terms = jnp.array([-1e6]), jnp.array([-0.1])
    for off, none in ((0.0, True), (1e-10, True), (6e-9, True), (8e-9, False)):
        square = squared_residuals(*terms, jnp.array([-1e6 + 0.1 + off]), jnp.array([False]), beta=1.0)
        assert (float(square[0]) == 0) == none


def test_exact_solutions_tie_and_near_ones_do_not():
    """Members that solve the equations share loss 0 whatever their rounding, and one off by 1e-7 does not; ties are fair."""
    base, _ = random_table(np.random.default_rng(0), prompts=1, responses=5, concentration=1.0)
    target = laws.tilted(base, base, beta=BETA)
    same = np.concatenate([target[:, :3] + np.log(0.7), target[:, 3:] + 0.1], axis=1)
    same -= np.log(np.exp(same).sum())
    near = target + np.array([[1e-7, 0, 0, 0, 0]])
    near -= np.log(np.exp(near).sum())
    data = np.array([[0, 0, 1], [0, 1, 2], [0, 2, 0]] * 40)
    goal = (1 + BETA) * base[0]
    targets = goal[data[:, 1]] - goal[data[:, 2]]
    policy_class = FiniteClass(np.stack([near, target, same]))
    keys = jax.random.split(KEY, 2000)
    result = jax.jit(jax.vmap(lambda key: fit(policy_class, data, targets, key=key).info))(keys)
    assert set(np.asarray(result["minimisers"])) == {2}
    assert (np.asarray(result["loss"]) == 0).all()
    chosen = np.bincount(np.asarray(result["member"]), minlength=3)
    assert chosen[0] == 0
    assert multinomial_test(chosen[1:], np.full(2, 0.5))


def test_missing_mass_costs_everything_but_comparison_with_itself():
    with np.errstate(divide="ignore"):
        members = np.log([[[0.5, 0.5, 0.0]], [[0.1, 0.1, 0.8]]])
    targets = np.array([0.0, 5.0])
    got = fit(FiniteClass(members), np.array([[0, 0, 1], [0, 0, 2]]), targets)
    assert int(got.info["member"]) == 1
    got = fit(FiniteClass(members), np.array([[0, 0, 1], [0, 2, 2]]), np.zeros(2))
    assert int(got.info["minimisers"]) == 2


@given(log_prob_tables(prompts=2, responses=5), st.integers(0, 10**6), st.integers(1, 12))
def test_all_tables_reach_zero_and_keep_component_masses(base, seed, n):
    rng = np.random.default_rng(seed)
    data = np.stack([rng.integers(0, 2, 12), rng.integers(0, 5, 12), rng.integers(0, 5, 12)], axis=1)
    data[n:] = data[0]
    goal = (1 + BETA) * base
    targets = goal[data[:, 0], data[:, 1]] - goal[data[:, 0], data[:, 2]]
    got = fit(AllTabular(2, 5, TabularPolicy(base)), data, targets)
    law, component = np.asarray(got.policy.log_probs), np.asarray(got.info["component"])
    np.testing.assert_allclose(np.exp(law).sum(axis=1), 1, rtol=1e-12)
    assert loss(law, data, targets) <= 1e-20
    # The components are those of a plain union-find.
    for x in range(2):
        leader = list(range(5))
        for _ in range(5):
            for a, b in data[data[:, 0] == x][:, 1:]:
                leader[a] = leader[b] = min(leader[a], leader[b])
        assert component[x].tolist() == leader
        for c in set(leader):
            inside = component[x] == c
            assert np.exp(law[x, inside]).sum() == pytest.approx(np.exp(base[x, inside]).sum(), rel=1e-10)
            step = law[x, inside] - (1 + 1 / BETA) * base[x, inside]
            np.testing.assert_allclose(step, step[0], atol=1e-10 * (1 + np.abs(base).max() / BETA))


def test_all_tables_ends():
    """A path of 300 responses, a response without mass, a class without reference, and targets that contradict each other."""
    base, _ = random_table(np.random.default_rng(1), prompts=1, responses=300, concentration=1.0)
    data = np.array([[0, i, i + 1] for i in range(299)])[::-1]
    targets = (1 + BETA) * (base[0, data[:, 1]] - base[0, data[:, 2]])
    got = fit(AllTabular(1, 300, TabularPolicy(base)), data, targets)
    np.testing.assert_allclose(got.policy.log_probs, laws.tilted(base, base, beta=BETA), rtol=1e-10, atol=1e-10)
    with np.errstate(divide="ignore"):
        zero = np.log([[0.5, 0.3, 0.2, 0.0]])
    got = fit(AllTabular(1, 4, TabularPolicy(zero)), np.array([[0, 0, 1]]), np.array([1.4 * np.log(5 / 3)]))
    want = 0.8 * np.array([0.5**3.5, 0.3**3.5]) / (0.5**3.5 + 0.3**3.5)
    np.testing.assert_allclose(np.exp(got.policy.log_probs)[0], [*want, 0.2, 0.0], rtol=1e-12)
    got = fit(AllTabular(1, 4), np.array([[0, 0, 1]]), np.array([0.0]))
    np.testing.assert_allclose(np.exp(got.policy.log_probs)[0], 0.25, rtol=1e-12)
    got = fit(AllTabular(1, 4), np.array([[0, 0, 1], [0, 1, 0]]), np.array([1.0, 1.0]))
    assert float(got.info["loss"]) > 1


@pytest.mark.parametrize("radius", [0.5, 2.0, 50.0])
def test_linear_ball_against_a_generic_optimiser(radius):
    rng = np.random.default_rng(3)
    features = rng.normal(size=(2, 7, 3))
    data = np.stack([rng.integers(0, 2, 20), rng.integers(0, 7, 20), rng.integers(0, 7, 20)], axis=1)
    targets = rng.normal(size=20)
    rows = BETA * (features[data[:, 0], data[:, 1]] - features[data[:, 0], data[:, 2]])
    got = fit(LinearSoftmaxBall(features, radius), data, targets)
    inside = {"type": "ineq", "fun": lambda t: radius**2 - t @ t}
    best = scipy.optimize.minimize(
        lambda t: ((rows @ t - targets) ** 2).sum(),
        np.zeros(3),
        constraints=[inside],
        method="SLSQP",
        options={"ftol": 1e-14, "maxiter": 500},
    )
    theta = np.asarray(got.info["theta"])
    assert float(got.info["loss"]) <= best.fun * (1 + 1e-9)
    np.testing.assert_allclose(theta, best.x, atol=1e-4)
    assert np.linalg.norm(theta) <= radius * (1 + 1e-12)
    assert (np.linalg.norm(theta) < radius * 0.999) == (float(got.info["multiplier"]) == 0)
    # Optimality: the gradient is minus the multiplier times theta; and it is no projection of the free solution.
    np.testing.assert_allclose(rows.T @ (rows @ theta - targets), -float(got.info["multiplier"]) * theta, atol=1e-10)
    assert loss(got.policy.log_probs, data, targets) == pytest.approx(float(got.info["loss"]), rel=1e-9)
    if radius == 0.5:
        free = np.linalg.lstsq(rows, targets, rcond=None)[0]
        projected = free * radius / np.linalg.norm(free)
        assert ((rows @ projected - targets) ** 2).sum() > float(got.info["loss"]) * 1.0001


def test_minimisers_on_the_ball_meet_their_conditions():
    """Karush-Kuhn-Tucker, which say it all as the problem is convex: (w + lam) z = c, lam >= 0, and lam = 0 inside the ball."""
    for seed in range(60):
        rng = np.random.default_rng(seed)
        w, c = 10.0 ** rng.uniform(-3, 3, 5), rng.normal(size=5) * 10.0 ** rng.uniform(-3, 3)
        w[rng.random(5) < 0.2] = 0
        has = w > 0
        free = np.linalg.norm(c[has] / w[has])
        for radius in (free * np.array([0.01, 0.6, 0.999, 1.0, 1.001, 3.0])) if free else [1.0]:
            z, lam = map(np.asarray, jax.jit(minimise_on_ball)(w, c, radius))
            np.testing.assert_allclose(((w + lam) * z)[has], c[has], rtol=1e-11)
            assert not z[~has].any()
            if radius < free:
                assert lam > 0
                assert np.linalg.norm(z) == pytest.approx(radius, rel=1e-12)
            else:
                assert lam == 0


def test_linear_ball_takes_the_shortest_minimiser_and_d_pairs_suffice():
    rng = np.random.default_rng(4)
    features = rng.normal(size=(1, 40, 6))
    theta = rng.normal(size=6)
    goal = features[0] @ theta
    for n in (3, 6):
        data = np.stack([np.zeros(n, int), np.arange(n), np.arange(n) + 20], axis=1)
        targets = BETA * (goal[data[:, 1]] - goal[data[:, 2]])
        got = fit(LinearSoftmaxBall(features, 100.0), data, targets)
        rows = features[0, data[:, 1]] - features[0, data[:, 2]]
        np.testing.assert_allclose(got.info["theta"], np.linalg.pinv(rows) @ (rows @ theta), atol=1e-11)
        assert int(got.info["rank"]) == n
    np.testing.assert_allclose(got.info["theta"], theta, atol=1e-11)
    # Nothing compared: the shortest theta is 0.
    got = fit(LinearSoftmaxBall(features, 100.0), np.array([[0, 1, 1]]), np.zeros(1))
    assert not np.asarray(got.info["theta"]).any()
    assert int(got.info["rank"]) == 0
    # Equal pairs, and pairs that two others imply, add nothing to the rank.
    for pairs, rank in (([[0, 1], [0, 1], [1, 0]], 1), ([[0, 1], [1, 2], [0, 2], [2, 0]], 2), ([[i, i + 1] for i in range(9)], 6)):
        data = np.array([[0, *pair] for pair in pairs])
        assert int(fit(LinearSoftmaxBall(features, 100.0), data, np.zeros(len(data))).info["rank"]) == rank


@pytest.mark.parametrize("radius", [0.3, 3.0, 300.0])
def test_linear_maximum_likelihood_against_a_generic_optimiser(radius):
    rng = np.random.default_rng(5)
    features = rng.normal(size=(2, 6, 3))
    x, y = rng.integers(0, 2, 15), rng.integers(0, 6, 15)
    got = LinearSoftmaxBall(features, radius).maximum_likelihood(jnp.asarray(x), jnp.asarray(y), key=KEY)

    def negative(t):
        scores = features @ t
        return -(scores - np.log(np.exp(scores).sum(axis=1, keepdims=True)))[x, y].sum()

    inside = {"type": "ineq", "fun": lambda t: radius**2 - t @ t}
    best = scipy.optimize.minimize(negative, np.zeros(3), constraints=[inside], method="SLSQP", options={"ftol": 1e-14, "maxiter": 500})
    assert -float(got.info["log_likelihood"]) <= best.fun + 1e-9
    assert float(got.info["gap"]) <= 1e-8
    # One response seen alone is pushed to the edge of the ball.
    got = LinearSoftmaxBall(features, radius).maximum_likelihood(jnp.zeros(1, int), jnp.zeros(1, int), key=KEY)
    assert float(got.info["gap"]) <= 1e-8 * radius
    if radius < 100:
        assert np.linalg.norm(got.info["theta"]) == pytest.approx(radius, rel=1e-6)


def test_what_rounding_can_make_grows_with_the_rows():
    """Of 1,000 rows a value of 500 parts in 2^52 is no rank, of 100 it is one; few rows in many dimensions count as the dimensions."""
    eps = np.finfo(float).eps
    for rows, columns, kept in ((1000, 2, 1), (100, 2, 2), (2, 1000, 1)):
        values = np.append(np.zeros(columns - 2), [500 * eps, 1.0])
        assert int((np.asarray(rank_cut(jnp.asarray(values), rows)) > 0).sum()) == kept


@pytest.mark.parametrize("most", [1, 2])
def test_newton_stops_at_the_most_steps(most, monkeypatch):
    """Without jit: another test's program of a hundred steps must not be at hand."""
    monkeypatch.setattr(_linear_softmax, "STEPS", most)
    rng = np.random.default_rng(6)
    features, x, y = rng.normal(size=(2, 6, 3)), jnp.asarray(rng.integers(0, 2, 15)), jnp.asarray(rng.integers(0, 6, 15))
    with jax.disable_jit():
        info = LinearSoftmaxBall(features, 3.0).maximum_likelihood(x, y, key=KEY).info
    assert int(info["steps"]) == most


def test_steps_to_an_inner_maximum_do_not_depend_on_the_radius():
    """The certified gap has the rounding of the gradient times the radius: a search for less than that would go on to the last step."""
    for seed in range(4):
        rng = np.random.default_rng(seed)
        features, x, y = rng.normal(size=(2, 6, 3)), jnp.asarray(rng.integers(0, 2, 60)), jnp.asarray(rng.integers(0, 6, 60))
        found = [LinearSoftmaxBall(features, radius).maximum_likelihood(x, y, key=KEY).info for radius in (10.0, 1e3, 1e6)]
        assert np.linalg.norm(found[0]["theta"]) < 1
        assert len({int(info["steps"]) for info in found}) == 1
        # Newton's steps double the digits.
        assert int(found[0]["steps"]) <= 10
        for info, radius in zip(found, (10.0, 1e3, 1e6), strict=True):
            assert float(info["gap"]) <= 1e-12 * radius


def test_jit_and_vmap_agree_with_eager():
    rng = np.random.default_rng(6)
    base, _ = random_table(rng, prompts=2, responses=5, concentration=1.0)
    features = rng.normal(size=(2, 5, 3))
    data = rng.integers(0, 2, (3, 9)), rng.integers(0, 5, (3, 9)), rng.integers(0, 5, (3, 9))
    targets = 1.4 * (base[data[0], data[1]] - base[data[0], data[2]])
    for policy_class in (AllTabular(2, 5, TabularPolicy(base)), LinearSoftmaxBall(features, 1.5), FiniteClass(base[None])):

        def run(x, y, z, t, beta, policy_class=policy_class):
            return policy_class.least_squares(x, y, z, t, beta=beta, key=KEY).policy.log_probs

        arrays = [jnp.asarray(a) for a in (*data, targets)]
        many = jax.jit(jax.vmap(run, in_axes=(0, 0, 0, 0, None)))(*arrays, 0.4)
        for i in range(3):
            np.testing.assert_allclose(run(*(a[i] for a in arrays), 0.4), many[i], rtol=1e-9, atol=1e-11)


@pytest.mark.slow
def test_a_large_fit_is_fast():
    """n = 1e5 pairs, d = 16, warm: under half a second."""
    rng = np.random.default_rng(8)
    policy_class = LinearSoftmaxBall(rng.normal(size=(1, 2048, 16)), 100.0)
    first, second = (jnp.asarray(rng.integers(0, 2048, 10**5)) for _ in range(2))
    goal = np.asarray(policy_class.features)[0] @ rng.normal(size=16)
    targets = jnp.asarray(BETA * (goal[np.asarray(first)] - goal[np.asarray(second)]))
    run = jax.jit(lambda t: policy_class.least_squares(jnp.zeros(10**5, int), first, second, t, beta=BETA, key=KEY).info["theta"])
    run(targets).block_until_ready()
    times = []
    for _ in range(5):
        started = time.perf_counter()
        run(targets).block_until_ready()
        times.append(time.perf_counter() - started)
    assert min(times) < 0.5


def test_refusals():
    base, _ = random_table(np.random.default_rng(0), prompts=1, responses=3, concentration=1.0)
    classes = (AllTabular(1, 3), FiniteClass(base[None]), ProductClass(base[None]), LinearSoftmaxBall(np.ones((1, 3, 2)), 1.0))
    good = {"prompts": jnp.zeros(2, int), "first": jnp.zeros(2, int), "second": jnp.ones(2, int), "targets": jnp.zeros(2)}
    for policy_class in classes:
        for change in (
            {"beta": 0.0},
            {"beta": -1.0},
            {"prompts": jnp.zeros(0, int)},
            {"first": jnp.zeros(3, int)},
            {"second": jnp.full(2, 3)},
            {"prompts": jnp.full(2, 1)},
            {"targets": jnp.array([0.0, jnp.inf])},
        ):
            name = next(iter(change))
            with pytest.raises(ValueError, match=f"`{name}` must"):
                policy_class.least_squares(**{**good, "beta": 0.3, **change}, key=KEY)
    for make, name in (
        (lambda: LinearSoftmaxBall(np.ones((1, 3)), 1.0), "features"),
        (lambda: LinearSoftmaxBall(np.full((1, 3, 2), np.inf), 1.0), "features"),
        (lambda: LinearSoftmaxBall(np.ones((1, 3, 2)), 0.0), "radius"),
    ):
        with pytest.raises(ValueError, match=f"`{name}` must be"):
            make()
