"""Optimistic least squares: against enumeration, grids and nets; the limit alpha -> 0+; count traced; refusals."""

import itertools
import time

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sharpsim import Oracle, TabularPolicy, algorithms, laws
from sharpsim.algorithms import run_rounds
from sharpsim.classes import AllTabular, FiniteClass, LinearSoftmaxBall, ProductClass, WithReference
from sharpsim.classes._descent import _problem, on_ball
from sharpsim.instances import hidden_arms, random_table, row_permutations
from sharpsim.testing import multinomial_test

BETA = 0.4


def data(rng, base, n, noise=0.0):
    prompts, responses = base.shape
    x, y, z = rng.integers(0, prompts, n), rng.integers(0, responses, n), rng.integers(0, responses, n)
    goals = (1 + BETA) * base
    targets = goals[x, y] - goals[x, z] + noise * rng.normal(size=n)
    return tuple(jnp.asarray(a) for a in (x, y, z, targets))


def objective(tables, x, y, z, targets, alpha, count):
    """The objective written out, `[members]`, for tables `[members, prompts, responses]`."""
    x, y, z, targets = (np.asarray(a)[:count] for a in (x, y, z, targets))
    likelihood = tables[:, x, z].sum(axis=1)
    return likelihood, ((BETA * (tables[:, x, y] - tables[:, x, z]) - targets) ** 2).sum(axis=1)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("alpha", [0.0, 1e-3, 0.3, 30.0])
def test_lists_and_products_are_exact(seed, alpha):
    rng = np.random.default_rng(seed)
    base, _ = random_table(rng, prompts=2, responses=4, concentration=1.0)
    members = row_permutations(rng, laws.tilted(base, base, beta=BETA), members=4)
    rows, count = data(rng, base, 9, noise=float(seed % 2)), int(rng.integers(1, 10))
    every = np.stack([np.stack([members[0, a], members[1, b]]) for a, b in itertools.product(range(4), repeat=2)])
    likelihood, loss = objective(every, *rows, alpha, count)
    for policy_class in (ProductClass(members), FiniteClass(every)):
        fit = policy_class.optimistic_least_squares(*rows, beta=BETA, alpha=alpha, count=count, key=jax.random.key(seed))
        assert bool(fit.info["exact"])
        if alpha > 0:
            assert float(fit.info["objective"]) == pytest.approx((alpha * likelihood + loss).min(), rel=1e-10, abs=1e-10)
        else:
            fitting = loss <= loss.min() + 1e-10
            assert float(fit.info["loss"]) == pytest.approx(loss.min(), rel=1e-10, abs=1e-10)
            assert float(fit.info["log_likelihood"]) == pytest.approx(likelihood[fitting].min(), rel=1e-10)
        got = objective(np.asarray(fit.policy.log_probs)[None], *rows, alpha, count)
        assert got[0][0] == pytest.approx(float(fit.info["log_likelihood"]), rel=1e-10)
        assert got[1][0] == pytest.approx(float(fit.info["loss"]), rel=1e-10, abs=1e-10)


@pytest.mark.parametrize("alpha", [0.0, 1e-9, 1.0])
def test_equal_losses_tie_in_whatever_order_they_were_added(alpha):
    """A member with its responses in another order has the same squares; one that is off by 1e-7 has not."""
    for seed in range(10):
        rng = np.random.default_rng(seed)
        law = np.log(np.append(0.4, 0.6 * rng.dirichlet(np.ones(6))))
        # The squares grow as the logarithms of 1 to 6 fall, those of the least mass most.
        worse = np.exp(law) + 1e-7 * (np.eye(7)[law.argmax()] - np.eye(7)[law.argmin()])
        members = np.stack([law, np.append(law[0], law[:0:-1]), np.log(worse)])[:, None]
        rows = (jnp.zeros(60, int), jnp.tile(jnp.arange(1, 7), 10), jnp.zeros(60, int), jnp.full(60, 3.0))
        key = jax.random.key(seed)
        info = FiniteClass(members).optimistic_least_squares(*rows, beta=BETA, alpha=alpha, count=60, key=key).info
        assert int(info["minimisers"]) == 2


@pytest.mark.parametrize("kind", ["list", "product", "ball"])
def test_every_class_starts_from_a_parameter_of_its_own(kind):
    """More responses than members and more members than prompts: the parameter before any data has the shape of those after."""
    tables = np.stack([random_table(np.random.default_rng(s), prompts=2, responses=4, concentration=1.0)[0] for s in range(3)])
    policy_class = {
        "list": lambda: FiniteClass(tables),
        "product": lambda: ProductClass(np.swapaxes(tables, 0, 1)),
        "ball": lambda: LinearSoftmaxBall(np.random.default_rng(0).normal(size=(2, 4, 3)), 1.0),
    }[kind]()
    parameter = policy_class.any_parameter()
    assert policy_class.policy_at(parameter).log_probs.shape == (2, 4)
    found = policy_class.most_optimistic(policy_class.no_evidence(), alpha=0.1, key=jax.random.key(0), start=parameter).parameter
    assert (found.shape, found.dtype) == (parameter.shape, parameter.dtype)
    run = algorithms.xpo(
        Oracle(TabularPolicy(tables[0]), np.full(2, 0.5)), policy_class, T=2, beta=0.3, alpha=0.1, key=jax.random.key(0), validation=2
    )
    assert run.policy.log_probs.shape == (2, 4)


def linear(rng, *, d, responses=5, prompts=1):
    features = rng.normal(size=(prompts, responses, d))
    features /= np.linalg.norm(features, axis=2, keepdims=True)
    star = rng.normal(size=d)
    scores = features @ (star / np.linalg.norm(star))
    return features, scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)


def net_of(d, radius, rng):
    """A grid of the disc for d = 2, a net of random points and their directions' ends for d = 3."""
    if d == 2:
        r, a = np.meshgrid(radius * np.linspace(0, 1, 120), np.linspace(0, 2 * np.pi, 361))
        return np.stack([r * np.cos(a), r * np.sin(a)], axis=-1).reshape(-1, 2)
    points = rng.normal(size=(60_000, d))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    return radius * points * np.where(rng.uniform(size=(60_000, 1)) < 0.5, 1.0, rng.uniform(size=(60_000, 1)) ** (1 / d))


@eqx.filter_jit
def fit(policy_class, rows, count, alpha):
    return policy_class.optimistic_least_squares(*rows, beta=BETA, alpha=alpha, count=count, key=jax.random.key(0)).info


@pytest.mark.parametrize("d", [2, 3])
def test_linear_search_is_no_worse_than_a_net(d):
    """Small instances, all strengths of optimism: the search's objective is at most the net's best (up to the net's own coarseness)."""
    radius, gaps = 5.0, []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        features, base = linear(rng, d=d, prompts=2)
        policy_class, net = LinearSoftmaxBall(features, radius), net_of(d, radius, rng)
        scores = np.einsum("xyd,md->mxy", features, net)
        tables = scores - np.logaddexp.reduce(scores, axis=2, keepdims=True)
        rows = data(rng, base, 8, noise=0.3 * (seed % 3))
        for count, alpha in itertools.product((1, 3, 8), (1e-3, 0.03, 0.3, 3.0)):
            likelihood, loss = objective(tables, *rows, alpha, count)
            best = (alpha * likelihood + loss).min()
            info = fit(policy_class, rows, jnp.asarray(count), jnp.asarray(alpha))
            assert not bool(info["exact"])
            assert np.linalg.norm(info["theta"]) <= radius * (1 + 1e-12)
            gaps.append(float(info["objective"]) - best)
            got = np.einsum("xyd,d->xy", features, np.asarray(info["theta"]))[None]
            parts = objective(got - np.logaddexp.reduce(got, axis=2, keepdims=True), *rows, alpha, count)
            assert float(info["objective"]) == pytest.approx(float((alpha * parts[0] + parts[1])[0]), rel=1e-8, abs=1e-8)
    assert max(gaps) <= 1e-9, f"{np.sum(np.array(gaps) > 1e-9)} of {len(gaps)} above the net, by at most {max(gaps)}"


def test_a_feature_that_no_response_has_changes_nothing():
    """Its coordinate rests from the start, and the search goes on until all rest: on two pairs it takes up to 43 steps."""
    for seed in range(4):
        rng = np.random.default_rng(seed)
        features, base = linear(rng, d=3, prompts=2)
        rows, count, alpha = data(rng, base, 2, noise=0.3), jnp.asarray(2), jnp.asarray(1.0)
        plain, more = (fit(LinearSoftmaxBall(f, 5.0), rows, count, alpha) for f in (features, np.pad(features, [(0, 0), (0, 0), (0, 1)])))
        assert float(more["objective"]) == pytest.approx(float(plain["objective"]), rel=1e-9)
        # Of 3 to 43 steps the search may take 60; more would mean that it does not see where it rests.
        assert int(more["steps"]) < 50


def test_small_alpha_tends_to_the_limit():
    """alpha = 0 meets the squares exactly, lies on the sphere where directions are free, and is where small alpha goes."""
    rng = np.random.default_rng(3)
    features, base = linear(rng, d=4, responses=9)
    policy_class, rows = LinearSoftmaxBall(features, 8.0), data(rng, base, 20)
    for count in (1, 2, 3):
        limit, small = (fit(policy_class, rows, jnp.asarray(count), jnp.asarray(alpha)) for alpha in (0.0, 1e-7))
        assert float(limit["loss"]) == pytest.approx(0, abs=1e-12)
        assert np.linalg.norm(limit["theta"]) == pytest.approx(8.0, rel=1e-12)
        assert float(small["log_likelihood"]) == pytest.approx(float(limit["log_likelihood"]), abs=1e-4)
    pinned = fit(policy_class, rows, jnp.asarray(20), jnp.asarray(0.0))
    exact = policy_class.least_squares(*rows, beta=BETA, key=jax.random.key(1)).info
    assert int(exact["rank"]) == 4
    np.testing.assert_allclose(pinned["theta"], exact["theta"], atol=1e-9)


@jax.jit
def newtons_step(features, sums, theta):
    problem = _problem(features, sums, 50.0, 0.05)
    at = problem.look(theta)
    return at.objective, problem.newton(at)


@jax.jit
def written_out(theta, features, rows):
    """F, its gradient and its second derivatives."""

    def F(theta):
        table = jax.nn.log_softmax(features @ theta)
        x, y, z, targets = rows
        return 0.05 * table[x, z].sum() + ((BETA * (table[x, y] - table[x, z]) - targets) ** 2).sum()

    return F(theta), jax.grad(F)(theta), jax.hessian(F)(theta)


def test_pairs_seen_thousands_of_times_leave_the_other_direction_free():
    """Two pairs in turn, d = 3: the rounding of their sums grows with the rows, and is no third equation; theta is normal to both."""

    @jax.jit
    def found(features, key):
        ball = LinearSoftmaxBall(features, 5.0)
        again = lambda i, sums: ball.observe(sums, 0, 2 * (i % 2), 2 * (i % 2) + 1, 0.0, beta=BETA)  # noqa: E731
        return ball.most_optimistic(jax.lax.fori_loop(0, 3000, again, ball.no_evidence()), alpha=0.0, key=key).parameter

    for seed in range(12):
        features = np.random.default_rng(seed).normal(size=(1, 4, 3))
        normal = np.cross(features[0, 0] - features[0, 1], features[0, 2] - features[0, 3])
        theta = found(features, jax.random.key(seed))
        assert abs(theta @ normal) == pytest.approx(5 * np.linalg.norm(normal), rel=1e-9)


def test_newtons_step_minimises_the_second_order_model():
    """Inside the ball and where F is convex it is theta - F''^-1 F', derivatives by JAX of F written out."""
    for seed in range(3):
        rng = np.random.default_rng(seed)
        features, base = linear(rng, d=3, prompts=2)
        policy_class, rows = LinearSoftmaxBall(features, 50.0), data(rng, base, 12, noise=0.5)
        sums = policy_class.no_evidence()
        for x, y, z, target in zip(*rows, strict=True):
            sums = policy_class.observe(sums, x, y, z, target, beta=BETA)
        theta = rng.normal(size=3)
        objective, step = newtons_step(features, sums, theta)
        value, gradient, hessian = written_out(theta, features, rows)
        assert float(objective) == pytest.approx(float(value), rel=1e-12)
        assert (np.linalg.eigvalsh(hessian) > 0.01).all()
        np.testing.assert_allclose(step, theta - np.linalg.solve(hessian, gradient), rtol=1e-8, atol=1e-8)


def test_one_minimum_is_claimed_where_the_objective_is_convex_alone():
    """Its second derivatives, by JAX, at 50 points of the ball; two rows leave a direction free, twelve pin all three."""

    @jax.jit
    def settled(sums, features, alpha):
        return _problem(features, sums, 5.0, alpha).settled()

    @jax.jit
    def least(sums, features, alpha, points):
        def F(theta):
            log_partitions = jax.nn.logsumexp(features @ theta, axis=1)
            return alpha * (sums.seen @ theta - sums.prompts @ log_partitions) + theta @ sums.gram @ theta

        return jnp.linalg.eigvalsh(jax.vmap(jax.hessian(F))(points)).min()

    seen = []
    for seed, count in itertools.product(range(4), (2, 12)):
        rng = np.random.default_rng(seed)
        features, base = linear(rng, d=3, prompts=2)
        policy_class, points = LinearSoftmaxBall(features, 5.0), net_of(3, 5.0, rng)[:50]
        sums = policy_class.no_evidence()
        for x, y, z, target in zip(*data(rng, base, count), strict=True):
            sums = policy_class.observe(sums, x, y, z, target, beta=BETA)
        for alpha in (1e-4, 1e-3, 1e-2, 0.1):
            seen.append((bool(settled(sums, features, alpha)), float(least(sums, features, alpha, points))))
    assert all(least >= -1e-12 for claimed, least in seen if claimed)
    assert sum(claimed for claimed, _ in seen) >= 4
    assert sum(least < -1e-6 for _, least in seen) >= 12


def test_a_start_does_not_decide_among_equals():
    """Both responses seen as often, nothing compared: theta = 3 and -3 are equally optimistic, and the iterate before was one of them."""
    ball = LinearSoftmaxBall(np.array([[[1.0], [-1.0]]]), 3.0)
    sums = ball.no_evidence()
    for response in (0, 1):
        sums = ball.observe(sums, 0, response, response, 0.0, beta=BETA)
    keys = jax.random.split(jax.random.key(0), 400)
    found = jax.jit(jax.vmap(lambda key: ball.most_optimistic(sums, alpha=0.1, key=key, start=jnp.array([3.0])).parameter[0]))(keys)
    np.testing.assert_allclose(np.abs(found), 3.0, rtol=1e-12)
    assert 100 <= int((found > 0).sum()) <= 300


def test_on_ball_against_a_grid():
    """Both signs of curvature, against the disc's grid; the multiplier's Newton steps have converged."""
    angles = np.linspace(0, 2 * np.pi, 20_001)
    circle = 1.7 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    disc = np.concatenate([circle * r for r in np.linspace(0, 1, 60)])
    for seed in range(40):
        rng = np.random.default_rng(seed)
        w, c = rng.normal(size=2) * 10.0 ** rng.uniform(-6, 3), rng.normal(size=2) * 10.0 ** rng.uniform(-6, 3)
        z = np.asarray(jax.jit(on_ball)(w, c, 1.7))
        best = ((disc**2) @ w / 2 - disc @ c).min()
        assert (z**2) @ w / 2 - z @ c <= best + 1e-6 * (np.abs(w).max() + np.abs(c).max())


def test_minimisers_on_the_ball_have_the_conditions_of_a_least_value():
    """(w + lam) z = c with lam >= 0 and w + lam >= 0, and lam = 0 inside the ball: then z is least, whatever the signs of w."""
    for seed in range(100):
        rng = np.random.default_rng(seed)
        d = int(rng.choice([1, 2, 6]))
        w, c, radius = rng.normal(size=d), rng.normal(size=d) * 10.0 ** rng.uniform(-2, 2), 10.0 ** rng.uniform(-1, 1)
        c[rng.random(d) < 0.2] = 0
        w[c == 0] = np.abs(w[c == 0])
        z = np.asarray(jax.jit(on_ball)(w, c, radius))
        assert np.linalg.norm(z) <= radius * (1 + 1e-12)
        assert not z[c == 0].any()
        if (c != 0).any():
            lam = (c[c != 0] / z[c != 0]) - w[c != 0]
            np.testing.assert_allclose(lam, lam[0], rtol=1e-6, atol=1e-9 * (1 + np.abs(w).max()))
            assert (w + lam[0] >= -1e-9).all()
            assert lam[0] == pytest.approx(0, abs=1e-9) or (lam[0] > 0 and np.linalg.norm(z) == pytest.approx(radius, rel=1e-9))


def test_one_compile_for_every_count():
    """Rows beyond `count` are not looked at, and a traced count compiles once."""
    rng = np.random.default_rng(0)
    base, _ = random_table(rng, prompts=1, responses=5, concentration=1.0)
    policy_class = FiniteClass(np.stack([random_table(rng, prompts=1, responses=5, concentration=1.0)[0] for _ in range(9)]))
    rows, compiled = data(rng, base, 8), []

    @eqx.filter_jit
    def run(count, alpha):
        compiled.append(1)
        return policy_class.optimistic_least_squares(*rows, beta=BETA, alpha=alpha, count=count, key=jax.random.key(0)).info["objective"]

    for count in (1, 4, 8):
        cut = tuple(part[:count] for part in rows)
        got = policy_class.optimistic_least_squares(*cut, beta=BETA, alpha=0.1, count=count, key=jax.random.key(0))
        assert float(run(jnp.asarray(count), jnp.asarray(0.1))) == pytest.approx(float(got.info["objective"]), rel=1e-12)
    assert len(compiled) == 1


def test_a_member_without_mass_is_ruled_out():
    """pi(y') = 0 would be boundless optimism; the base drew y', so that member's loss is infinite."""
    with np.errstate(divide="ignore"):
        tables = np.log([[[0.5, 0.5, 0.0]], [[0.2, 0.3, 0.5]]])
    rows = tuple(jnp.asarray(a) for a in ([0], [0], [2], [0.7]))
    for first in (0, 2):
        rows = (rows[0], jnp.asarray([first]), rows[2], rows[3])
        fit = FiniteClass(tables).optimistic_least_squares(*rows, beta=BETA, alpha=10.0, count=1, key=jax.random.key(0))
        assert int(fit.info["member"]) == 1


def test_refusals():
    rng = np.random.default_rng(0)
    features, base = linear(rng, d=2)
    rows = data(rng, base, 4)
    good = {"beta": BETA, "alpha": 0.1, "count": 4, "key": jax.random.key(0)}
    for policy_class in (LinearSoftmaxBall(features, 3.0), FiniteClass(base[None])):
        for name, value in (("beta", 0.0), ("alpha", -0.1), ("alpha", np.nan), ("alpha", np.inf), ("count", 5), ("count", -1)):
            with pytest.raises(ValueError, match=f"`{name}`"):
                policy_class.optimistic_least_squares(*rows, **{**good, name: value})
    assert not hasattr(AllTabular(1, 5), "optimistic_least_squares")
    ball = LinearSoftmaxBall(features, 3.0)
    ball.observe(ball.no_evidence(), 0, 1, 2, -1e15, beta=BETA)
    with pytest.raises(ValueError, match="`target` must be from -1e15 to 1e15"):
        ball.observe(ball.no_evidence(), 0, 1, 2, np.nextafter(1e15, 2e15), beta=BETA)


# The algorithm on these classes


def test_xpo_on_linear_classes_needs_d_rounds():
    """alpha -> 0+, exact likelihoods: d rounds of full rank find pi_beta, with either way to choose the iterate; samples are counted."""
    rng = np.random.default_rng(1)
    features, base = linear(rng, d=4, responses=40)

    oracle, inner = Oracle(TabularPolicy(base), np.ones(1)), LinearSoftmaxBall(features, 8.0)
    knowing = WithReference(inner, TabularPolicy(base), np.ones(1))
    target = laws.tilted(base, base, beta=0.25)
    told = algorithms.xpo(oracle, knowing, T=6, beta=0.25, alpha=0.0, key=jax.random.key(0))
    np.testing.assert_allclose(np.asarray(told.policy.log_probs), target, atol=1e-8)
    assert told.samples_used == 12
    values = [
        laws.regularised_value(np.asarray(inner.policy_at(t).log_probs), base, base, np.ones(1), beta=0.25) for t in told.info["iterates"]
    ]
    np.testing.assert_allclose(told.info["values"], values, rtol=1e-12)
    # Rounds may be equal but for rounding.
    assert values[int(told.info["chosen"])] == pytest.approx(np.max(values), rel=1e-12)
    validated = algorithms.xpo(oracle, inner, T=6, beta=0.25, alpha=0.0, key=jax.random.key(0), validation=50)
    assert validated.samples_used == 12 + 7 * 50
    np.testing.assert_allclose(np.asarray(validated.policy.log_probs), target, atol=1e-8)
    last = algorithms.xpo(oracle, inner, T=6, beta=0.25, alpha=0.0, key=jax.random.key(0))
    assert int(last.info["chosen"]) == 5


def test_printed_sign_seeks_the_worst_fit():
    """Erratum: minus the squares settles on the member that fits worst, plus on pi_beta; same keys."""
    base, weights = random_table(np.random.default_rng(4), prompts=2, responses=5, concentration=1.0)
    target = laws.tilted(base, base, beta=0.4)
    members = np.stack([target, *(random_table(np.random.default_rng(s), prompts=2, responses=5, concentration=1.0)[0] for s in range(4))])
    regret = [laws.regularised_regret(member, base, base, weights, beta=0.4) for member in members]
    oracle = Oracle(TabularPolicy(base), weights)

    @eqx.filter_jit
    def last(key, sign):
        shared = {"T": 40, "beta": 0.4, "alpha": 0.01, "key": key}
        found = run_rounds(oracle, FiniteClass(members), view=lambda seen: seen._replace(loss=sign * seen.loss), **shared)
        return found.iterates[-10:]

    for seed in range(5):
        assert (np.asarray(last(jax.random.key(seed), jnp.asarray(1.0))) == 0).all()
        wrong = np.asarray(last(jax.random.key(seed), jnp.asarray(-1.0)))
        assert (wrong != 0).all()
        assert min(regret[member] for member in wrong) > 0.1


def test_validation_estimates_the_value():
    """At pi_beta the estimator has no variance: r - beta log(pi_beta/base) is the same at every response."""

    base, weights = random_table(np.random.default_rng(2), prompts=1, responses=6, concentration=1.0)
    target = laws.tilted(base, base, beta=0.3)
    only = FiniteClass(target[None])
    run = algorithms.xpo(Oracle(TabularPolicy(base), weights), only, T=3, beta=0.3, alpha=0.1, key=jax.random.key(0), validation=4)
    exact = laws.regularised_value(target, base, base, weights, beta=0.3)
    np.testing.assert_allclose(run.info["values"], exact, rtol=1e-12)
    assert run.samples_used == 6 + (1 + 1) * 4


def test_a_finite_list_is_judged_member_by_member():
    """The iterates of a list repeat: M members cost (M + 1) `validation`, the largest estimate among the iterates is chosen."""
    base, weights = random_table(np.random.default_rng(2), prompts=1, responses=6, concentration=1.0)
    members = np.stack([random_table(np.random.default_rng(s), prompts=1, responses=6, concentration=1.0)[0] for s in range(3)])
    members = np.concatenate([laws.tilted(base, base, beta=0.3)[None], members])
    shared = {"beta": 0.3, "alpha": 0.5, "key": jax.random.key(3), "validation": 5000}
    run = algorithms.xpo(Oracle(TabularPolicy(base), weights), FiniteClass(members), T=40, **shared)
    assert run.samples_used == 80 + 5 * 5000
    iterates = np.asarray(run.info["iterates"])
    exact = np.array([laws.regularised_value(member, base, base, weights, beta=0.3) for member in members])
    np.testing.assert_allclose(run.info["values"], exact[iterates], atol=0.1)
    assert exact[iterates[run.info["chosen"]]] == exact[iterates].max()
    few = algorithms.xpo(Oracle(TabularPolicy(base), weights), FiniteClass(members), T=3, **shared)
    assert few.samples_used == 6 + 4 * 5000


def test_xpo_refuses():

    base, weights = random_table(np.random.default_rng(2), prompts=1, responses=3, concentration=1.0)
    oracle, key = Oracle(TabularPolicy(base), weights), jax.random.key(0)
    good = {"T": 3, "beta": 0.3, "alpha": 0.1, "key": key}
    for name, value in (("T", 0), ("beta", 0.0), ("alpha", -1.0), ("validation", 0)):
        with pytest.raises(ValueError, match=f"`{name}`"):
            algorithms.xpo(oracle, FiniteClass(base[None]), **{**good, name: value})
    with pytest.raises(ValueError, match="`policy_class`"):
        algorithms.xpo(oracle, AllTabular(1, 3), **good)
    with np.errstate(divide="ignore"):
        narrow = Oracle(TabularPolicy(np.log([[0.5, 0.5, 0.0]])), np.ones(1))
    with pytest.raises(ValueError, match="outside the base's support"):
        algorithms.xpo(narrow, FiniteClass(np.log([[[0.01, 0.01, 0.98]]])), **good)
    with pytest.raises(ValueError, match="`reward`"):
        WithReference(FiniteClass(base[None]), TabularPolicy(base), weights, reward=np.zeros((2, 2)))


def test_equal_minima_are_chosen_uniformly():
    """Eight arms that nothing tells apart: optimism picks each equally often, whatever the order of the coordinates."""
    arms = hidden_arms(arms=8, bulk=256, gap=1.0)
    ball = LinearSoftmaxBall(arms.features, 12.0)
    bulk = ball.observe(ball.no_evidence(), jnp.int32(0), jnp.int32(20), jnp.int32(30), jnp.float64(0.0), beta=0.1)

    def chosen(key):
        return jnp.argmax(ball.policy_at(ball.most_optimistic(bulk, alpha=0.0, key=key).parameter).log_probs[0])

    picked = np.asarray(jax.jit(jax.vmap(chosen))(jax.random.split(jax.random.key(4), 2000)))
    assert picked.max() < 8
    assert multinomial_test(np.bincount(picked, minlength=8), np.full(8, 1 / 8))


@pytest.mark.slow
def test_speed_of_one_run():
    """T = 1,000 rounds, d = 8, 4,096 responses, warm: under 5 s (0.4 s at alpha -> 0+ and 1 s at alpha = 0.01 were measured)."""
    rng = np.random.default_rng(0)
    features = rng.normal(size=(1, 4096, 8))
    features /= np.linalg.norm(features, axis=-1, keepdims=True)
    base = np.asarray(jax.nn.log_softmax(features @ np.full(8, 0.7)))
    oracle, ball = Oracle(TabularPolicy(base), np.ones(1)), LinearSoftmaxBall(features, 8.0)
    run = jax.jit(lambda key, alpha: algorithms.xpo(oracle, ball, T=1000, beta=0.5, alpha=alpha, key=key).info["loss"])
    run(jax.random.key(0), 0.0).block_until_ready()
    for alpha in (0.0, 0.01):
        started = time.perf_counter()
        run(jax.random.key(1), alpha).block_until_ready()
        assert time.perf_counter() - started < 5


def test_a_whole_float_counts_rows():
    rows = tuple(map(jnp.asarray, ([0, 1], [0, 1], [1, 2], [0.1, 0.2])))
    members = FiniteClass(np.log(np.full((1, 2, 4), 0.25)))
    found = [members.optimistic_least_squares(*rows, beta=BETA, alpha=0.1, count=n, key=jax.random.key(0)) for n in (0.0, 1.0, 2.0)]
    np.testing.assert_allclose([float(fit.info["loss"]) for fit in found], [0.0, 0.01, 0.05], rtol=1e-12)
