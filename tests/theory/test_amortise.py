"""Sharpening of sequence models: ceiling, shortfall, distance to best of N; on generated laws, and the experiment's own small parts."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharpsim.laws import KeptLaw, best_of_n, kept_law
from sharpsim.theory import AssumptionError, hellinger, require
from sharpsim.theory import amortise as theory

RNG = np.random.default_rng(0)


def law(rng, prompts: int, responses: int, sharp: float) -> np.ndarray:
    return np.log(rng.dirichlet(np.full(responses, sharp), prompts))


def whole(table):
    """A head that lists all responses."""
    return table, np.zeros(len(table)), np.full(len(table), -np.inf)


# --- value


def test_value_of_the_ceiling():
    assert theory.likelihood_ceiling(np.log([0.5, 0.25]), [0.5, 0.5]) == pytest.approx(1.5 * math.log(0.5), rel=1e-14)
    assert theory.likelihood_ceiling(np.log([0.5, 0.25]), [1.0, 0.0]) == pytest.approx(math.log(0.5), rel=1e-14)


def test_value_of_gaps():
    """log(.5/.3); a tie at the top is one set, so log(.4/.2); a tail bound above what was found second."""
    table = np.log([[0.5, 0.3, 0.2], [0.4, 0.4, 0.2], [0.5, 0.1, 0.1]])
    found = theory.gaps(table, np.log([1e-9, 1e-9, 0.2]))
    np.testing.assert_allclose(found, np.log([5 / 3, 2.0, 2.5]), rtol=1e-12)


def test_value_of_the_fraction_allowed():
    """delta = 1/2: prompts cost .1, .2, .5 and weigh 1/4, 1/4, 1/2; .06 nats pay for the first and .035 of the second's .05."""
    gaps, weights = [1.0, 0.2, 0.4], [0.5, 0.25, 0.25]
    assert theory.unsharpened_from_shortfall(gaps, weights, shortfall=0.06, delta=0.5) == pytest.approx(
        0.25 + 0.25 * 0.035 / 0.05, rel=1e-9
    )
    assert theory.unsharpened_from_shortfall(gaps, weights, shortfall=9.0, delta=0.5) == 1.0
    assert theory.unsharpened_from_shortfall(gaps, weights, shortfall=0.0, delta=0.5) < 1e-300


def test_value_of_the_distance_form():
    """base(Y*) = .5, N = 4, so b = 1/16; c = h(.25, 1/16) = (.5 - .25)^2 + (sqrt .75 - sqrt .9375)^2. A prompt at .05 is not covered."""
    price = 0.0625 + (math.sqrt(0.75) - math.sqrt(0.9375)) ** 2
    found = theory.unsharpened_from_distance([0.5, 0.05], [0.5, 0.5], distance=0.1 * price, N=4, delta=0.25)
    assert found == pytest.approx(0.5 + 0.1, rel=1e-9)


def test_value_of_variation():
    """D = 2 - 2 cos s gives sin s: at s = pi/3, D = 1 and sqrt(3)/2; at 2, disjoint."""
    assert theory.variation_bound(distance=1.0) == pytest.approx(math.sqrt(3) / 2, rel=1e-12)
    assert theory.variation_bound(distance=2.0) == pytest.approx(1.0, rel=1e-12)
    assert theory.variation_bound(distance=0.0) < 1e-150


def test_value_of_the_squared_distance():
    """On a whole head the exact one, without a factor 1/2; what is not known is one response, or two disjoint ones."""
    table = np.log([[0.6, 0.3, 0.1]])
    mine, kept = theory.policy_law(np.log([[0.2, 0.5, 0.3]])), KeptLaw(np.array([[0.8, 0.15, 0.05]]), np.zeros(1))
    exact = sum((math.sqrt(p) - math.sqrt(q)) ** 2 for p, q in zip((0.8, 0.15, 0.05), (0.2, 0.5, 0.3), strict=True))
    found = theory.squared_hellinger(kept, mine, table, [-np.inf])
    np.testing.assert_allclose([found.lower[0], found.upper[0]], exact, rtol=1e-7)
    band = theory.squared_hellinger(kept, mine, table, np.log([0.3]))
    top, rest = (math.sqrt(0.8) - math.sqrt(0.2)) ** 2, (math.sqrt(0.2) - math.sqrt(0.8)) ** 2
    np.testing.assert_allclose([band.lower[0], band.upper[0]], [top + rest, top + 1.0], rtol=1e-12)


def test_value_of_unsharpened():
    """Equality fails, also where floats put it a rounding above."""
    masses = [0.9, 0.9 + 1e-12, 0.9 + 1e-6, 0.1]
    assert theory.unsharpened(masses, [0.1, 0.2, 0.3, 0.4], delta=0.1) == pytest.approx(0.7)


def test_value_of_a_policys_law():
    found = theory.policy_law(np.log([[0.5, 0.25, 0.0]], where=[[True, True, False]], out=np.full((1, 3), -np.inf)))
    np.testing.assert_allclose(found.found, [[0.5, 0.25, 0.0]], rtol=1e-14)
    np.testing.assert_allclose(found.unknown, [0.25], rtol=1e-14)


# --- inverse


@pytest.mark.parametrize("eps", [0.1, 0.3, 0.7])
def test_inverse_of_the_shortfall(eps):
    gaps, weights = RNG.gamma(1.0, size=20), RNG.dirichlet(np.ones(20))
    needed = theory.shortfall_needed(gaps, weights, eps=eps, delta=0.2)
    assert theory.unsharpened_from_shortfall(gaps, weights, shortfall=needed, delta=0.2) == pytest.approx(eps, rel=1e-9)
    assert theory.unsharpened_from_shortfall(gaps, weights, shortfall=0.99 * needed, delta=0.2) < eps


@pytest.mark.parametrize("eps", [0.4, 0.9])
def test_inverse_of_the_distance(eps):
    masses, weights = np.concatenate([RNG.uniform(0.3, 0.9, 15), [0.01]]), np.full(16, 1 / 16)
    needed = theory.distance_needed(masses, weights, eps=eps, N=30, delta=0.2)
    assert theory.unsharpened_from_distance(masses, weights, distance=needed, N=30, delta=0.2) == pytest.approx(eps, rel=1e-9)
    assert theory.unsharpened_from_distance(masses, weights, distance=0.99 * needed, N=30, delta=0.2) < eps
    assert theory.distance_needed(masses, weights, eps=1 / 17, N=30, delta=0.2) == 0


@pytest.mark.parametrize("t", [1e-9, 0.1, 0.5, 0.999, 1.0])
def test_inverse_of_the_variation(t):
    assert theory.variation_bound(distance=theory.distance_of_variation(variation=t)) == pytest.approx(t, rel=1e-12)


# --- sandwich


@given(seed=st.integers(0, 2**31), N=st.integers(1, 60), delta=st.floats(0.05, 0.9), mix=st.floats(0, 1))
def test_sandwich(seed, N, delta, mix):
    """Policies between pi_N and noise stay below the ceiling, within the bounds from shortfall and distance, and within the variation."""
    rng = np.random.default_rng(seed)
    base, weights = law(rng, 6, 5, 0.5), rng.dirichlet(np.ones(6))
    kept = np.exp(best_of_n(base, base, draws=N))
    policy = (1 - mix) * kept + mix * np.exp(law(rng, 6, 5, 0.5))
    head = whole(base)
    known, mine = kept_law(*head, draws=N), theory.policy_law(np.log(policy))
    top = base.max(axis=1)
    modes = np.arange(6), base.argmax(axis=1)
    means = (policy * np.maximum(base, -700)).sum(axis=1)
    ceiling = theory.likelihood_ceiling(top, weights)
    assert means @ weights <= ceiling + 1e-9
    distance = theory.squared_hellinger(known, mine, base, head[2])
    exact = ((np.sqrt(kept) - np.sqrt(policy)) ** 2).sum(axis=1)
    # A mass that is 1 only up to its rounding leaves its square root.
    np.testing.assert_allclose(distance.lower, exact, atol=1e-7)
    failed = theory.unsharpened(policy[modes], weights, delta=delta)
    total = min(2.0, float(distance.upper @ weights))
    shortfall = max(ceiling - float(means @ weights), 0.0)
    by_distance = theory.unsharpened_from_distance(np.exp(top), weights, distance=total, N=N, delta=delta)
    by_shortfall = theory.unsharpened_from_shortfall(theory.gaps(base, head[2]), weights, shortfall=shortfall, delta=delta)
    # The guard counts masses within 1e-9 of the edge as failed.
    assert failed <= by_distance + 1e-6
    assert failed <= by_shortfall + 1e-6
    right = rng.random((6, 5)) < 0.5
    apart = abs(((policy - kept) * right).sum(axis=1) @ weights)
    assert apart <= theory.variation_bound(distance=total) + 1e-9


@given(seed=st.integers(0, 2**31))
def test_the_log_likelihood_of_best_of_n_rises_to_the_ceiling(seed):
    base = law(np.random.default_rng(seed), 3, 6, 1.0)
    means = [(np.exp(best_of_n(base, base, draws=N)) * base).sum() / 3 for N in (1, 2, 5, 20, 100, 1e9)]
    assert all(after >= before - 1e-12 for before, after in itertools.pairwise(means))
    assert means[-1] == pytest.approx(theory.likelihood_ceiling(base.max(axis=1), np.full(3, 1 / 3)), abs=1e-4)


# --- sharpness


def test_sharpness_of_the_shortfall():
    """Mass delta on the second best of the cheapest prompts, all else on the mode: as many prompts fail as the shortfall allows."""
    base, delta = np.log([[0.5, 0.4, 0.1], [0.6, 0.3, 0.1], [0.8, 0.1, 0.1]]), 0.3
    weights, policy = np.full(3, 1 / 3), np.eye(3)[[0, 0, 0]]
    policy[:2] = [[0.7, 0.3, 0.0]] * 2
    shortfall = theory.likelihood_ceiling(base.max(axis=1), weights) - (policy * base).sum() / 3
    assert theory.unsharpened(policy[:, 0], weights, delta=delta) == pytest.approx(2 / 3)
    allowed = theory.unsharpened_from_shortfall(theory.gaps(base, np.full(3, -np.inf)), weights, shortfall=shortfall, delta=delta)
    assert allowed == pytest.approx(2 / 3, rel=1e-9)


def test_sharpness_of_the_distance():
    """pi_N with its mode's mass cut to 1 - delta, the rest in proportion: the least distance at which a prompt fails."""
    base, N, delta = np.log([[0.5, 0.3, 0.2]] * 2), 5, 0.2
    kept = np.exp(best_of_n(base, base, draws=N))
    policy = kept.copy()
    policy[0] = [1 - delta, *(delta * kept[0, 1:] / kept[0, 1:].sum())]
    distance = ((np.sqrt(kept) - np.sqrt(policy)) ** 2).sum() / 2
    assert distance == pytest.approx(hellinger(delta, 0.5**N) / 2, rel=1e-9)
    found = theory.unsharpened_from_distance([0.5, 0.5], [0.5, 0.5], distance=distance, N=N, delta=delta)
    assert found == pytest.approx(0.5, rel=1e-9)


@pytest.mark.parametrize("s", [0.01, 0.5, 1.2])
def test_sharpness_of_the_variation(s):
    """Two laws on two responses that mirror each other attain it."""
    p, q = math.cos(math.pi / 4 - s / 2) ** 2, math.cos(math.pi / 4 + s / 2) ** 2
    assert theory.variation_bound(distance=hellinger(p, q)) == pytest.approx(abs(p - q), rel=1e-9)


# --- assumptions


def test_assumptions():
    base = law(RNG, 4, 5, 1.0)
    good = theory.checks(*whole(base), base)
    require(good)
    assert theory.checks(base, np.full(4, 0.1), np.full(4, -np.inf), base)["whole"] < 0
    assert theory.checks(base, np.zeros(4), base.max(axis=1), base)["mode_found"] < 0
    assert theory.checks(*whole(base), base + 0.1)["policy"] < 0
    with pytest.raises(AssumptionError, match="`policy`"):
        require(theory.checks(*whole(base), base + 0.1))


# --- refusals


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: theory.likelihood_ceiling([-1.0], [0.5]), "`prompt_weights`"),
        (lambda: theory.gaps(np.log([[0.5, 0.5]]), [0.0]), "`log_probs` must hold a certified mode in every row; row 0"),
        (lambda: theory.unsharpened([0.5], [1.0], delta=1.0), "`delta` must be in"),
        (lambda: theory.unsharpened_from_shortfall([0.0], [1.0], shortfall=1.0, delta=0.5), "`gaps` must be positive"),
        (lambda: theory.unsharpened_from_shortfall([1.0], [1.0], shortfall=-1.0, delta=0.5), "`shortfall` must be at least 0"),
        (lambda: theory.unsharpened_from_shortfall([1.0], [1.0], shortfall=1.0, delta=0.0), "`delta` must be in"),
        (lambda: theory.shortfall_needed([1.0], [1.0], eps=0.0, delta=0.5), "`eps` must be in"),
        (lambda: theory.unsharpened_from_distance([0.5], [1.0], distance=2.1, N=2, delta=0.5), r"`distance` must be in \[0, 2\]; got 2.1"),
        (lambda: theory.unsharpened_from_distance([0.0], [1.0], distance=0.1, N=2, delta=0.5), "`mode_masses` must be in"),
        (lambda: theory.unsharpened_from_distance([0.5], [1.0], distance=0.1, N=0, delta=0.5), "`N` must be"),
        (lambda: theory.variation_bound(distance=-0.1), "`distance` must be in"),
        (lambda: theory.distance_of_variation(variation=1.5), "`variation` must be in"),
        (lambda: theory.policy_law(np.log([[0.9, 0.2]])), "`log_policy` must have rows that sum to at most 1"),
        (lambda: theory.policy_law([[np.nan, 0.0]]), "`log_policy`"),
        (lambda: theory.squared_hellinger(KeptLaw(np.ones((1, 2)), np.zeros(1)), KeptLaw(np.ones((1, 3)), np.zeros(1)), [], []), "shape"),
    ],
)
def test_refusals(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_statements_are_labelled():
    labels = [entry.label for entry in theory.STATEMENTS]
    assert labels == ["Figure 7", "Figure 8", "Figure 9", "Likelihood ceiling", "Shortfall", "Thm 4.1' (distance measured)"]
    assert {entry.side for entry in theory.STATEMENTS} == {"upper"}
