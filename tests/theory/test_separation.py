"""Lemmas J.4, J.5, Theorem J.3, Examples J.1 and J.1': six headings; brute force over every sequence of draws where there are few."""

import itertools
import math

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharpsim import laws
from sharpsim.instances import cube_law, hidden_arms, random_table, sphere_packing
from sharpsim.testing import binomial_interval
from sharpsim.theory import AssumptionError, require, separation, sft, xpo


def linear_table(features, theta):
    """`[responses]` log-probabilities of the linear softmax law with features `[responses, d]`."""
    scores = features @ theta
    return scores - np.logaddexp.reduce(scores)


def in_ball(rng, d, radius):
    """A point of the ball, often on its edge."""
    direction = rng.normal(size=d)
    return direction / np.linalg.norm(direction) * radius * min(1.0, 1.3 * rng.uniform()) ** (1 / d)


def cube_setting(d: int, delta: float, radius_scale: float = 1.0) -> dict:
    """Thm J.3's setting on the cube: beta and B as prescribed, and what Thm J.1's bound takes."""
    law = cube_law(dimension=d)
    shared = {"margin": law.margin, "responses": 2**d, "delta": delta}
    beta, radius = separation.beta_printed(**shared), radius_scale * separation.prescribed_radius(theta_norm=1.0, **shared)
    lam = separation.linear_lam(beta=beta, radius=radius, base_norm=1.0)
    v_max = separation.linear_v_max(beta=beta, radius=radius, base_norm=1.0)
    return {"dimension": d, "beta": beta, "radius": radius, "lam": lam, "v_max": v_max, "r_max": -d * law.log_differ}


# Value


def test_closed_forms_by_hand():
    with mpmath.workdps(40):
        net = 3 * mpmath.log(6 * mpmath.mpf(5) / mpmath.mpf("0.25"))
        term = mpmath.log(2 * 256 / mpmath.mpf("0.3"))
        margin = mpmath.exp(mpmath.mpf("0.25")) - 1
        beta, radius = margin / (2 * term), 3 * term / margin
    got = separation.log_net_size(dimension=3, radius=5.0, resolution=0.25)
    assert float(net) <= got == pytest.approx(float(net), rel=1e-14)
    assert separation.beta_printed(margin=math.expm1(0.25), responses=256, delta=0.3) == pytest.approx(float(beta), rel=1e-14)
    assert separation.prescribed_radius(theta_norm=1.0, margin=math.expm1(0.25), responses=256, delta=0.3) == pytest.approx(
        float(radius), rel=1e-14
    )


def test_draws_on_the_cube():
    """C_cov of the cube by hand: the draws that best of N takes to see the mode with probability 0.9."""
    for d in (8, 12, 16):
        with mpmath.workdps(30):
            coverage = (1 + mpmath.exp(-mpmath.mpf(2) / d)) ** d
            want = mpmath.ceil(mpmath.log(10) / -mpmath.log(1 - 1 / coverage))
        assert separation.draws_needed(coverage=math.exp(cube_law(dimension=d).log_coverage), rho=0.1) == int(want)
    assert separation.miss(coverage=4.0, draws=3) == pytest.approx(27 / 64, rel=1e-15)
    assert separation.miss(coverage=4.0, draws=0) == 1
    assert separation.miss(coverage=1.0, draws=1) == 0
    assert separation.miss(coverage=1e12, draws=1e12) == pytest.approx(math.exp(-1), rel=1e-11)


def brute_force_error(members, draws):
    """Bayes error under a uniform secret: over every sequence of draws, what the best guess gets wrong."""
    probs = np.exp(members)
    right = 0.0
    # Two members are told apart by the likelihood of what was drawn, so sequences are grouped by responses and likelihoods.
    for drawn in itertools.product(range(members.shape[1]), repeat=draws):
        seen: dict[tuple, list[float]] = {}
        for law in probs:
            marks = tuple(np.round(law[list(drawn)], 12))
            seen.setdefault(marks, []).append(float(np.prod(law[list(drawn)])))
        right += sum(max(chances) for chances in seen.values()) / len(members)
    return 1 - right


@pytest.mark.parametrize(("arms", "bulk", "gap"), [(2, 1, 1.0), (3, 2, 0.3), (4, 1, 2.0), (1, 3, 1.0)])
def test_arms_minimax_against_brute_force(arms, bulk, gap):
    members = np.array([hidden_arms(arms=arms, bulk=bulk, gap=gap, secret=j).log_probs[0] for j in range(arms)])
    for draws in range(5):
        exact = separation.arms_minimax_error(draws=draws, arms=arms, bulk=bulk, gap=gap)
        assert exact == pytest.approx(brute_force_error(members, draws), abs=1e-14)


@pytest.mark.parametrize(
    ("arms", "bulk", "gap", "tried"),
    # With few arms and little beside them, the error is that of rare samples without a hit: 7e-242 after 400 draws.
    [(7, 128, 1.0, (1, 40, 900, 5000)), (2, 1, 1.0, (40, 300, 400)), (3, 2, 0.7, (500, 800))],
)
def test_arms_minimax_keeps_its_digits(arms, bulk, gap, tried):
    """Against inclusion and exclusion in 400 digits, which cancels in floats: E[1/(d - Occ)] = sum over how many arms were missed."""
    cells = bulk + arms - 1
    for draws in tried:
        with mpmath.workdps(400):
            unseen = mpmath.mpf(0)
            for k in range(arms):
                exactly = mpmath.binomial(arms - 1, k) * sum(
                    (-1) ** i * mpmath.binomial(arms - 1 - k, i) * (mpmath.mpf(cells - k - i) / cells) ** draws for i in range(arms - k)
                )
                unseen += exactly * (1 - mpmath.mpf(1) / (k + 1))
            want = (1 - (1 + mpmath.mpf(gap)) / (bulk + arms + mpmath.mpf(gap))) ** draws * unseen
        got = separation.arms_minimax_error(draws=draws, arms=arms, bulk=bulk, gap=gap)
        assert got == pytest.approx(float(want), rel=1e-11, abs=0)
        assert got != pytest.approx(0.7 * float(want), rel=1e-2, abs=0)


def test_arms_minimax_at_the_powers_of_two():
    """Example J.1' at g = 1 and error 0.1: from e(m) alone, the draws grow as 2^d."""
    found = [separation.arms_minimax_draws(eps=0.1, arms=d, bulk=2**d, gap=1.0) for d in (4, 8, 12, 16)]
    assert found == [16, 254, 4193, 69009]
    assert separation.arms_minimax_error(draws=10**9, arms=30, bulk=2**30, gap=1.0) < 0.2
    assert [separation.arms_query_error(queries=k, arms=4) for k in (0, 1, 3, 9)] == [0.75, 0.5, 0.0, 0.0]


def test_knowledge_against_brute_force():
    """The best learner who knows that base is the cube's, with an unknown centre; and when the responses seen span everything."""
    members = np.array([sphere_packing(dimension=2, distance=1, mode=c).log_probs[0] for c in range(4)])
    errors = separation.consistent_errors(members, draws=4)
    for draws in range(5):
        assert errors[draws] == pytest.approx(brute_force_error(members, draws), abs=1e-14)
    packing = sphere_packing(dimension=3, distance=1)
    found = separation.identified(packing.features[0], packing.log_probs[0], draws=5)
    for draws in range(4, 6):
        total = 0.0
        for drawn in itertools.product(range(8), repeat=draws):
            points = packing.features[0, list(drawn)]
            if np.linalg.matrix_rank(points[1:] - points[0]) == 3:
                total += math.exp(packing.log_probs[0, list(drawn)].sum())
        assert found[draws] == pytest.approx(total, rel=1e-12)
    assert (found[:4] == 0).all()


# Inverse


@pytest.mark.parametrize("coverage", [6.8e18, 5e23, 1e300])
def test_draws_needed_where_floats_skip_whole_numbers(coverage):
    assert separation.draws_needed(coverage=coverage, rho=0.1) == pytest.approx(coverage * math.log(10), rel=1e-12)


@given(st.floats(1.0, 1e9), st.floats(1e-9, 0.999))
def test_draws_needed_both_ways(coverage, rho):
    m = separation.draws_needed(coverage=coverage, rho=rho)
    assert separation.miss(coverage=coverage, draws=m) <= rho
    assert m == 1 or separation.miss(coverage=coverage, draws=m - 1) > rho


@given(st.integers(1, 20), st.integers(1, 10**6), st.floats(0.01, 30.0), st.floats(1e-6, 0.9))
def test_arms_draws_both_ways(arms, bulk, gap, eps):
    setting = {"arms": arms, "bulk": bulk, "gap": gap}
    m = separation.arms_minimax_draws(eps=eps, **setting)
    assert separation.arms_minimax_error(draws=m, **setting) <= eps
    assert m == 0 or separation.arms_minimax_error(draws=m - 1, **setting) > eps


def test_rounds_needed_both_ways():
    setting = cube_setting(4, 0.3)

    def bound(T):
        sec = separation.sec_linear(d=4, T=T, reward_is_log_base=True)
        return separation.regret_bound(xpo.regret_bound, T=T, rho=0.1, sec=sec, **setting)

    for regret in (1.0, 1e-3):
        T = separation.rounds_needed(bound, regret=regret)
        assert bound(T) <= regret
        assert bound(float(math.floor(T * (1 - 2.0**-40))) - 1) > regret


# Sandwich


@given(st.integers(0, 10**6), st.integers(1, 3), st.floats(0.2, 8.0), st.floats(0.02, 2.0))
def test_net_of_parameters_is_a_net_of_laws(seed, d, radius, share):
    """Lemma J.4's one inequality: two members are no further apart in log-ratio than twice their parameters."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(6, d))
    features /= np.maximum(1.0, np.linalg.norm(features, axis=1))[:, None]
    first, second = in_ball(rng, d, radius), in_ball(rng, d, radius)
    second = first + share * (second - first) / 2
    apart = np.abs(linear_table(features, first) - linear_table(features, second)).max()
    assert apart <= 2 * np.linalg.norm(first - second) * (1 + 1e-12) + 1e-14


@pytest.mark.parametrize("d", [1, 2])
@pytest.mark.parametrize("resolution", [0.3, 1.0, 2.0])
def test_net_of_the_stated_size_exists(d, resolution):
    """Greedy nets of a fine grid of the ball: as far apart as e, so none can do with many fewer, and never more than (6B/e)^d."""
    radius = 1.0
    axis = np.linspace(-radius, radius, 201 if d == 1 else 41)
    grid = np.array(list(itertools.product(axis, repeat=d)))
    grid = grid[np.linalg.norm(grid, axis=1) <= radius]
    features = np.concatenate([np.eye(d), -np.eye(d)])
    scores = grid @ features.T
    tables = scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)
    left, size = np.ones(len(grid), bool), 0
    while left.any():
        centre = tables[int(np.argmax(left))]
        left &= np.abs(tables - centre).max(axis=1) > resolution
        size += 1
    assert math.log(size) <= separation.log_net_size(dimension=d, radius=radius, resolution=resolution)


@given(st.integers(0, 10**6), st.booleans(), st.sampled_from([1, 3, 20]))
def test_sec_of_subclasses_is_below_the_bound(seed, own_reward, T):
    """Lemma J.5 on finite subclasses of the ball, whose SEC has certified bounds of its own."""
    rng = np.random.default_rng(seed)
    d, radius, beta = int(rng.integers(1, 4)), float(rng.uniform(0.2, 5.0)), float(rng.uniform(0.02, 1.0))
    features = rng.normal(size=(5, d))
    features /= np.maximum(1.0, np.linalg.norm(features, axis=1))[:, None]
    star = in_ball(rng, d, radius)
    base = linear_table(features, star)[None]
    members = np.array([linear_table(features, in_ball(rng, d, radius))[None] for _ in range(4)])
    reward = base if own_reward else rng.normal(size=base.shape)
    r_max = float(np.abs(reward).max())
    lam = separation.linear_lam(
        beta=beta, radius=radius, **({"base_norm": float(np.linalg.norm(star))} if own_reward else {"r_max": r_max})
    )
    low, _ = xpo.sec_bounds(members, base, reward, np.ones(1), beta=beta, T=T, lam=lam)
    assert low <= separation.sec_linear(d=d, T=T, reward_is_log_base=own_reward)


def test_regret_bound_is_above_the_finite_one():
    """The ball's price over a finite class of its net's size: one nat and twice beta e; arrays agree with numbers."""
    setting = cube_setting(6, 0.3)
    T = np.array([10.0, 1e4, 1e9])
    sec = separation.sec_linear(d=6, T=T, reward_is_log_base=True)
    found = separation.regret_bound(xpo.regret_bound, T=T, rho=0.1, sec=sec, **setting)
    shared = {key: setting[key] for key in ("lam", "v_max", "r_max")}
    for i, rounds in enumerate(T):
        width = float(
            separation.resolution(radius=setting["radius"], beta=setting["beta"], v_max=setting["v_max"], r_max=setting["r_max"], T=rounds)
        )
        size = separation.log_net_size(dimension=6, radius=setting["radius"], resolution=width)
        bare = xpo.regret_bound(T=rounds, rho=0.1, sec=sec[i], log_class_size=size, **shared)
        assert bare < found[i] < bare * 1.05 + 2 * setting["beta"] * width
        assert found[i] == separation.regret_bound(xpo.regret_bound, T=rounds, rho=0.1, sec=sec[i], **setting)
        # What L + 1 must cover: three times T differences of squares, each at most 2R times 2 beta e.
        top = 2 * setting["v_max"] + setting["r_max"]
        assert 3 * rounds * 2 * top * 2 * setting["beta"] * width <= 2 * xpo.SHARP_CONSTANT * top**2
    assert (np.diff(found) < 0).all()


def test_splitting_the_draws_never_helps_sft():
    """Exact risk of SFT on all tables at any m = n N is at least (1 - 1/C)^m, with equality at n = 1."""
    packing = sphere_packing(dimension=3, distance=1)
    for m in (4, 12, 24):
        floor = separation.miss(coverage=packing.coverage, draws=m)
        risks = {
            n: sft.exact_risk(packing.log_probs, packing.prompt_weights, n=n, N=m // n, delta=0.3) for n in range(1, m + 1) if m % n == 0
        }
        assert risks[1] == pytest.approx(floor, rel=1e-12)
        assert all(risk >= floor * (1 - 1e-12) for risk in risks.values())


@given(st.integers(0, 10**6), st.floats(0.01, 0.5))
def test_adaptive_cost_is_least(seed, rho):
    row = random_table(np.random.default_rng(seed), prompts=1, responses=8, concentration=0.7)[0][0]
    found = separation.adaptive_cost(row, rho=rho)
    assert found.miss <= rho
    assert found.samples == pytest.approx(laws.stopping_time_mean(row, stop=found.stop), rel=1e-12)
    earlier = found.stop - math.exp(row.max())
    assert earlier < 1e-9 or laws.stopping_time_miss(row, stop=earlier) > rho


def test_simulated_learner_meets_the_minimax_error():
    """The learner that names the secret if it was drawn, else an arm not drawn, has error e(m); 0.7 e(m) is rejected."""
    arms, bulk, gap, draws, runs = 4, 16, 1.0, 12, 40_000
    instance = hidden_arms(arms=arms, bulk=bulk, gap=gap, secret=2)
    rng = np.random.default_rng(0)
    seen = rng.choice(arms + bulk, p=np.exp(instance.log_probs[0]), size=(runs, draws))
    drawn = np.stack([(seen == arm).any(axis=1) for arm in range(arms)], axis=1)
    guesses = np.where(drawn, -1.0, rng.uniform(size=drawn.shape)).argmax(axis=1)
    wrong = int((~drawn[:, 2] & (guesses != 2)).sum())
    low, high = binomial_interval(wrong, runs, level=1 - 1e-6)
    exact = separation.arms_minimax_error(draws=draws, arms=arms, bulk=bulk, gap=gap)
    assert low <= exact <= high
    assert not low <= 0.7 * exact <= high


# Sharpness


def test_log_ratio_of_two_is_nearly_attained():
    """Lemma J.4: from theta = (-20, ..) a unit step moves the unlikely response's log-probability by nearly 2; 0.7 of it would not do."""
    features = np.array([[1.0], [-1.0]])
    apart = np.abs(linear_table(features, np.array([-20.0])) - linear_table(features, np.array([-19.0]))).max()
    assert apart == pytest.approx(2, rel=1e-9)
    assert not apart <= 0.7 * 2


def test_sec_bound_is_of_the_right_order():
    """Lemma J.5's order in d: members that each reach a coordinate of their own cost half a surprise each, d in all."""
    d, T = 6, 6
    features = np.eye(d)
    base = linear_table(features, np.zeros(d))[None]
    members = np.array([linear_table(features, 30.0 * row)[None] for row in np.eye(d)])
    lam = separation.linear_lam(beta=1.0, radius=30.0, base_norm=0.0)
    low, high = xpo.sec_bounds(members, base, base, np.ones(1), beta=1.0, T=T, lam=lam)
    bound = separation.sec_linear(d=d, T=T, reward_is_log_base=True)
    assert low <= high <= bound
    assert low >= 0.5 * d
    assert not low <= 0.7 * 0.5 * d


def test_printed_proof_of_lemma_j5_has_too_few_dimensions():
    """Erratum: f = <(theta', -1), (phi(y) - phi(y'), r(y) - r(y'))> lives in d + 1 dimensions, so I_d does not fit; and a round counts
    against what came before it, Sigma^(i): against one Sigma^(t) for all, fifty copies of one direction would surprise less than once.
    """
    rng = np.random.default_rng(0)
    d, beta = 3, 0.4
    features, star, theta, reward = rng.normal(size=(8, d)), rng.normal(size=d), rng.normal(size=d), rng.normal(size=8)
    base, policy = linear_table(features, star), linear_table(features, theta)
    first, second = np.divmod(np.arange(64), 8)
    residual = beta * (policy - base)[first] - beta * (policy - base)[second] - reward[first] + reward[second]
    lifted = np.column_stack([features[first] - features[second], reward[first] - reward[second]])
    np.testing.assert_allclose(lifted @ np.append(beta * (theta - star), -1.0), residual, atol=1e-12)
    assert np.linalg.matrix_rank(lifted) == d + 1
    assert np.linalg.matrix_rank(lifted[:, :d]) == d
    steps, lam = np.ones(50), 1.0
    before = lam + np.concatenate([[0.0], np.cumsum(steps)[:-1]])
    assert (steps / before[-1]).sum() <= 1 < 4 < (steps / before).sum() <= xpo.elliptic_bound(d=1, T=50, trace_max=1.0, lam=lam)


# Assumptions


@pytest.mark.parametrize("d", [2, 5, 9])
def test_assumptions_of_the_theorem(d):
    packing, setting = sphere_packing(dimension=d, distance=1), cube_setting(d, 0.3)
    given = {"margin": packing.margin, "beta": setting["beta"], "delta": 0.3}
    slacks = separation.checks(packing.features, packing.theta, radius=setting["radius"], **given)
    require(slacks)
    # A2 and A3 imply that pi_beta is in the ball.
    assert setting["radius"] >= (1 + 1 / setting["beta"]) * (1 - 1e-12)
    for name, broken in (
        ("norm", {**given, "radius": 0.9 * setting["radius"]}),
        ("realizability", {**given, "radius": (1 + 1 / setting["beta"]) * 0.99}),
        ("margin", {**given, "radius": 1e6, "margin": 40.0}),
        ("bias", {**given, "radius": 1e6, "beta": 5.0}),
    ):
        with pytest.raises(AssumptionError, match=name):
            require(separation.checks(packing.features, packing.theta, **broken), name)
    with pytest.raises(AssumptionError, match="features"):
        require(separation.checks(1.1 * packing.features, packing.theta, radius=1e6, **given))


# Refusals


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: separation.log_net_size(dimension=2, radius=1.0, resolution=2.1), "`resolution` must be at most 2 `radius`"),
        (lambda: separation.log_net_size(dimension=0, radius=1.0, resolution=0.1), "`dimension` must be"),
        (lambda: separation.log_net_size(dimension=2, radius=-1.0, resolution=0.1), "`radius` must be positive"),
        (lambda: separation.draws_needed(coverage=0.9, rho=0.1), "`coverage` must be in"),
        (lambda: separation.draws_needed(coverage=2.0, rho=0.0), r"`rho` must be in \(0, 1\); got 0"),
        (lambda: separation.miss(coverage=2.0, draws=-1), "`draws` must be at least 0"),
        (lambda: separation.prescribed_radius(theta_norm=1.0, margin=0.0, responses=4, delta=0.1), "`margin` must be positive"),
        (lambda: separation.prescribed_radius(theta_norm=1.0, margin=1.0, responses=4, delta=1.0), "`delta` must be in"),
        (lambda: separation.rounds_needed(lambda T: 1.0, regret=0.5), "`regret` must be reachable"),
        (lambda: separation.arms_minimax_error(draws=-1, arms=2, bulk=2, gap=1.0), "`draws` must be"),
        (lambda: separation.arms_minimax_error(draws=1, arms=0, bulk=2, gap=1.0), "`arms` must be"),
        (lambda: separation.arms_minimax_draws(eps=1.0, arms=2, bulk=2, gap=1.0), "`eps` must be"),
        (lambda: separation.arms_minimax_draws(eps=0.1, arms=2, bulk=2, gap=-1.0), "`gap` must be"),
        (lambda: separation.arms_query_error(queries=-1, arms=2), "`queries` must be"),
        (lambda: separation.adaptive_cost(np.log([0.5, 0.5]), rho=1.0), "`rho` must be"),
        (lambda: separation.consistent_errors(np.log([[0.5, 0.5]]), draws=1, truth=1), "`truth` must be one of the 1 members"),
        (lambda: separation.identified(np.ones((2, 1)), np.zeros(1), draws=1), "`log_probs` must have 2 responses, as `features` has"),
    ],
)
def test_refusals(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_too_many_states_are_refused():
    members = np.array([sphere_packing(dimension=7, distance=1, mode=c).log_probs[0] for c in range(128)])
    with pytest.raises(ValueError, match="more than the 20,000 that can be enumerated; call a simulation"):
        separation.consistent_errors(members, draws=9)
