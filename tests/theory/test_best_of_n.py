"""Prop C.1 and the exact law around it: success, divergence, win rate, rounds."""

import itertools
import math
from fractions import Fraction

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from sharpsim import instances, laws, rewards
from sharpsim.theory import AssumptionError, require
from sharpsim.theory import best_of_n as theory

FALSE_ALARM = 1e-6
NUMBERS = (1, 2, 3, 10, 1000, 10**12)


def table(seed, *, responses=12, concentration=0.5):
    return instances.random_table(np.random.default_rng(seed), prompts=1, responses=responses, concentration=concentration)[0]


def by_enumeration(probs, reward, draws):
    """The law of the kept response, in exact rationals, from every sequence of draws (ties to the first drawn)."""
    law = [Fraction(0)] * len(probs)
    for sequence in itertools.product(range(len(probs)), repeat=draws):
        law[max(sequence, key=lambda y: reward[y])] += math.prod(probs[y] for y in sequence)
    return law


seeds = st.integers(0, 2**32 - 1)
strengths = st.floats(0.02, 5.0)
counts = st.sampled_from(NUMBERS)
tie_levels = st.integers(1, 12)


def tied(seed, levels):
    """A random table, and rewards that fall in few levels."""
    return table(seed), np.random.default_rng(seed).integers(0, levels, size=(1, 12)).astype(np.float64)


def literal_best(base, reward, draws, trials, key):
    """Draw N, keep the first best, with none of the library's code."""
    cumulative = np.cumsum(np.exp(base[0]))
    drawn = np.searchsorted(cumulative / cumulative[-1], np.asarray(jax.random.uniform(key, (trials, draws))), side="right")
    return drawn[np.arange(trials), np.argmax(reward[0][drawn], axis=1)]


# Value


def test_value_by_hand():
    assert theory.success(covered_mass=0.5, draws=3) == 0.875
    assert theory.success(covered_mass=1.0, draws=1) == 1.0
    assert theory.bound(covered_mass=0.5, draws=2) == pytest.approx(1 - math.exp(-1), rel=1e-14)
    assert theory.samples_needed(covered_mass=0.1, rho=0.05) == 30
    assert theory.least_samples(covered_mass=0.1, rho=0.05) == 29
    assert theory.kl_bound(draws=2) == pytest.approx(math.log(2) - 0.5, rel=1e-14)
    assert theory.win_rate_bound(draws=4) == 0.8
    assert theory.kl_bound(draws=1) == 0


@pytest.mark.parametrize("p", [1e-300, 1e-12, 0.3, 1 - 1e-12])
@pytest.mark.parametrize("draws", [1, 2, 1000, 10**12])
def test_value_against_mpmath(p, draws):
    with mpmath.workdps(400):
        truth = 1 - (1 - mpmath.mpf(p)) ** draws
        below = 1 - mpmath.exp(-mpmath.mpf(p) * draws)
        assert abs(theory.success(covered_mass=p, draws=draws) - truth) <= 1e-12 * truth
        assert abs(theory.bound(covered_mass=p, draws=draws) - below) <= 1e-12 * below
        assert theory.bound(covered_mass=p, draws=draws) <= below


def test_exact_quantities_by_enumeration():
    probs, reward, draws = [Fraction(1, 2), Fraction(1, 6), Fraction(1, 4), Fraction(1, 12)], [1.0, 2.0, 2.0, 5.0], 3
    law = by_enumeration(probs, reward, draws)
    base, scores = np.log([[float(p) for p in probs]]), np.array([reward])
    kl = sum(float(q) * math.log(q / p) for q, p in zip(law, probs, strict=True))
    assert theory.exact_kl(base, scores, draws=draws)[0] == pytest.approx(kl, rel=1e-13)
    pairs = list(itertools.product(range(4), repeat=2))
    for credit in (0.0, 0.5, 1.0):
        wins = sum(law[y] * probs[z] * ((reward[y] > reward[z]) + Fraction(credit) * (reward[y] == reward[z])) for y, z in pairs)
        assert theory.win_rate(base, scores, draws=draws, tie_credit=credit)[0] == pytest.approx(float(wins), rel=1e-13)
    # Y*_g at g = 1/2 holds responses 0 and 2, which the reward does not rank on top.
    assert theory.success_probability(base, scores, draws=draws, slack=0.5)[0] == pytest.approx(float(law[0] + law[2]), rel=1e-13)
    assert theory.success_probability(base, draws=draws, slack=0.5)[0] == pytest.approx(1 - 0.25**3, rel=1e-13)
    assert theory.best_mass(base, scores)[0] == pytest.approx(1 / 12, rel=1e-13)


def test_divergence_and_win_rate_at_the_extremes_of_the_mass():
    tiny = np.array([[np.log1p(-1e-12), np.log(1e-12)]])
    with mpmath.workdps(60):
        q = mpmath.mpf(1e-12) / (mpmath.exp(mpmath.mpf(tiny[0, 0])) + mpmath.exp(mpmath.mpf(tiny[0, 1])))
        kept = q**2
        truth = (1 - kept) * mpmath.log((1 - kept) / (1 - q)) + kept * mpmath.log(kept / q)
    assert theory.exact_kl(tiny, tiny, draws=2)[0] == pytest.approx(float(truth), rel=1e-10)
    assert theory.exact_kl(np.zeros((2, 1)), np.zeros((2, 1)), draws=10**12).tolist() == [0.0, 0.0]
    with np.errstate(divide="ignore"):
        certain = np.log([[1.0, 0.0]])
    assert theory.exact_kl(certain, certain, draws=5)[0] == 0
    assert theory.win_rate(certain, certain, draws=5)[0] == 0.5


# Inverse


@pytest.mark.parametrize("p", [0.9, 0.5, 0.1, 1e-3, 1e-7])
@pytest.mark.parametrize("rho", [0.5, 0.1, 0.001, 1e-9])
def test_inverse_both_ways(p, rho):
    draws, least = theory.samples_needed(covered_mass=p, rho=rho), theory.least_samples(covered_mass=p, rho=rho)
    # Values near 1 are rounded at 1e-16.
    guard = rho * 1e-9 + 2e-15
    assert theory.bound(covered_mass=p, draws=draws) >= 1 - rho - guard
    assert draws == 1 or theory.bound(covered_mass=p, draws=draws - 1) < 1 - rho + guard
    assert theory.success(covered_mass=p, draws=least) >= 1 - rho - guard
    assert least == 1 or theory.success(covered_mass=p, draws=least - 1) < 1 - rho + guard
    assert least <= draws


@pytest.mark.parametrize(("p", "rho", "least"), [(0.9, 0.001, 3), (0.5, 0.125, 3), (0.7, 0.09, 2), (0.99, 1e-8, 4), (1.0, 1e-9, 1)])
def test_whole_numbers_of_draws_are_found_as_such(p, rho, least):
    assert theory.least_samples(covered_mass=p, rho=rho) == least


def test_numbers_of_draws_at_the_smallest_masses():
    assert theory.samples_needed(covered_mass=1e-300, rho=0.05) == pytest.approx(-math.log(0.05) * 1e300, rel=1e-14)
    assert theory.least_samples(covered_mass=1e-300, rho=0.05) == theory.samples_needed(covered_mass=1e-300, rho=0.05)
    assert theory.samples_needed(covered_mass=1.0, rho=0.999) == 1


# Sandwich


@given(seeds, strengths, counts, st.sampled_from([0.0, 0.1, 0.5, 0.99]))
def test_sandwich_success(seed, strength, draws, slack):
    base = table(seed, concentration=strength)
    exact = theory.success_probability(base, draws=draws, slack=slack)[0]
    p = theory.success_probability(base, draws=1, slack=slack)[0]
    assert exact >= theory.bound(covered_mass=min(p, 1.0), draws=draws)
    assert exact == pytest.approx(theory.success(covered_mass=min(p, 1.0), draws=draws), rel=1e-10)
    assert exact == pytest.approx(theory.success_probability(base, base, draws=draws, slack=slack)[0], rel=1e-10)


@given(seeds, tie_levels, counts)
def test_sandwich_divergence_and_win_rate(seed, levels, draws):
    base, reward = tied(seed, levels)
    assert 0 <= theory.exact_kl(base, reward, draws=draws)[0] <= theory.kl_bound(draws=draws)
    lost, half, won = (theory.win_rate(base, reward, draws=draws, tie_credit=credit)[0] for credit in (0.0, 0.5, 1.0))
    middle = theory.win_rate_bound(draws=draws)
    assert lost <= half <= middle + 1e-14
    assert middle - 1e-14 <= won <= 1 + 1e-14
    if draws == 1:
        assert half == pytest.approx(0.5, abs=1e-14)


@given(seeds, tie_levels, st.lists(st.integers(1, 40), min_size=1, max_size=4))
def test_rounds_compose(seed, levels, draws):
    base, reward = tied(seed, levels)
    one = laws.best_of_n(base, reward, draws=theory.composed_draws(draws=draws))
    shown = one > -600
    assert theory.rounds(base, reward, draws=draws)[shown] == pytest.approx(one[shown], abs=1e-9)
    assert theory.composed_draws(draws=draws) == math.prod(draws)


def test_rounds_rewarded_by_their_own_likelihood_compose_too():
    base = table(4)
    first = laws.best_of_n(base, base, draws=3)
    assert laws.best_of_n(first, first, draws=5) == pytest.approx(laws.best_of_n(base, base, draws=15), abs=1e-10)


@pytest.mark.parametrize("draws", [1, 2, 7, 40])
@pytest.mark.parametrize("which", ["log-likelihood", "length-normalised", "majority", "ties"])
def test_literal_draws_have_the_exact_law(which, draws):
    base = table(17, responses=8, concentration=2.0)
    labels = np.array([0, 1, 2, 0, 1, 2, 3, 3])
    reward = {
        "log-likelihood": base,
        "length-normalised": rewards.length_normalised(base, labels + 1.0),
        "majority": rewards.majority(base, labels),
        "ties": labels[None].astype(np.float64),
    }[which]
    trials, law = 40_000, np.exp(laws.best_of_n(base, reward, draws=draws)[0])
    kept = literal_best(base, reward, draws, trials, jax.random.key(draws))
    seen = np.bincount(kept, minlength=8)
    tail = np.minimum(binom.cdf(seen, trials, law), binom.sf(seen - 1, trials, law))
    assert tail.min() >= FALSE_ALARM / (2 * 8 * 16)
    # The sample can see one draw too many or too few: a law off by one is refused.
    for wrong in {draws + 1, max(draws - 1, 1)} - {draws} if draws <= 7 else ():
        other = np.exp(laws.best_of_n(base, reward, draws=wrong)[0])
        assert np.minimum(binom.cdf(seen, trials, other), binom.sf(seen - 1, trials, other)).min() < FALSE_ALARM / (2 * 8 * 16)


@pytest.mark.parametrize("kind", ["Oracle", "LawOracle"])
def test_oracles_draw_the_exact_success_and_win_rate(kind):
    import sharpsim

    base, reward = table(23, responses=10, concentration=1.0), np.arange(10.0)[None] // 3
    oracle = getattr(sharpsim, kind)(sharpsim.TabularPolicy(base), np.ones(1), reward=jnp.asarray(reward))
    trials, draws, (key, other) = 40_000, 6, jax.random.split(jax.random.key(5))
    prompts = jnp.zeros(trials, jnp.int32)
    mine = reward[0, np.asarray(oracle.respond(prompts, draws, key=key).responses)]
    theirs = reward[0, np.asarray(oracle.respond(prompts, 1, key=other).responses)]
    expected = [
        ((mine == reward.max()).sum(), theory.success(covered_mass=theory.best_mass(base, reward)[0], draws=draws)),
        ((mine > theirs).sum(), theory.win_rate(base, reward, draws=draws, tie_credit=0.0)[0]),
        ((mine >= theirs).sum(), theory.win_rate(base, reward, draws=draws, tie_credit=1.0)[0]),
    ]
    for hits, probability in expected:
        assert binom.ppf(FALSE_ALARM / 6, trials, probability) <= hits <= binom.isf(FALSE_ALARM / 6, trials, probability)
    assert expected[1][1] < theory.win_rate_bound(draws=draws) < expected[2][1]


# Sharpness


def test_sharpness_of_success_at_small_mass():
    for p in (1e-4, 1e-9):
        draws = round(0.5 / p)
        exact, bound = theory.success(covered_mass=p, draws=draws), theory.bound(covered_mass=p, draws=draws)
        assert bound <= exact < bound * (1 + 2 * p)
        assert 1.3 * bound > exact
        assert theory.samples_needed(covered_mass=p, rho=0.1) * 0.7 < theory.least_samples(covered_mass=p, rho=0.1)
        assert theory.samples_needed(covered_mass=p, rho=0.1) < 1.3 * theory.least_samples(covered_mass=p, rho=0.1)


@pytest.mark.parametrize("draws", [2, 10, 100])
def test_sharpness_of_divergence_and_win_rate_without_ties(draws):
    size = 200_000
    base, reward = np.full((1, size), -np.log(size)), np.arange(float(size))[None]
    kl, win = theory.exact_kl(base, reward, draws=draws)[0], theory.win_rate(base, reward, draws=draws)[0]
    assert theory.kl_bound(draws=draws) * (1 - 1e-4) < kl < theory.kl_bound(draws=draws)
    assert theory.win_rate_bound(draws=draws) * (1 - 1e-6) < win < theory.win_rate_bound(draws=draws)
    assert theory.win_rate(base, reward, draws=draws, tie_credit=1.0)[0] < theory.win_rate_bound(draws=draws) * (1 + 1e-3)
    # So the bounds with 0.7 for 1 would be false here, and so would the lower one with 1.3.
    assert kl > 0.7 * theory.kl_bound(draws=draws)
    assert win > 0.7 * theory.win_rate_bound(draws=draws)


def test_limits_in_the_number_of_draws():
    base, reward = table(2), np.arange(12.0)[None] // 5
    p = theory.best_mass(base, reward)[0]
    assert theory.exact_kl(base, reward, draws=10**12)[0] == pytest.approx(-math.log(p), rel=1e-10)
    assert theory.win_rate(base, reward, draws=10**12)[0] == pytest.approx(1 - p / 2, rel=1e-10)
    assert theory.exact_kl(base, reward, draws=1)[0] == 0


# Assumptions


def test_assumptions_and_what_fails_without_them():
    base = np.log([[0.4, 0.35, 0.25]])
    assert theory.checks(base, base, draws=3, slack=0.2) == pytest.approx(
        {"upper_set": math.log(0.35 / 0.25), "covered_mass": 0.75, "draws": 2}
    )
    wrong = rewards.length_normalised(base, np.array([1, 9, 1]))
    found = theory.checks(base, wrong, draws=3, slack=0.0)
    assert found["upper_set"] < 0
    with pytest.raises(AssumptionError, match="`upper_set` fails"):
        require(found)
    # Prop C.1's formula is then not what happens: the mode is ever less likely to be kept.
    kept = [theory.success_probability(base, wrong, draws=N, slack=0.0)[0] for N in (1, 5, 50)]
    assert kept[0] > kept[1] > kept[2]
    assert kept[2] < 1e-6 < theory.success(covered_mass=0.4, draws=50)
    assert theory.success(covered_mass=theory.best_mass(base, wrong)[0], draws=50) == pytest.approx(1, abs=1e-6)
    assert theory.checks(base, np.zeros((1, 3)), draws=1, slack=0.0)["upper_set"] < 0
    assert theory.checks(base, np.zeros((1, 3)), draws=1, slack=0.5)["upper_set"] == math.inf
    assert theory.checks(base, base, draws=0, slack=0.0)["draws"] == -1
    # A response without mass has no say, however large its reward.
    without = np.array([[math.log(0.75), math.log(0.25), -math.inf]])
    assert theory.checks(without, np.array([[3.0, 1.0, 9.0]]), draws=1, slack=0.0)["upper_set"] == 2


# Refusals


@pytest.mark.parametrize("formula", [theory.success, theory.bound])
def test_refuses_masses_and_draws(formula):
    for p in (0.0, -1.0, 1.5, math.nan):
        with pytest.raises(ValueError, match=r"`covered_mass` must be in \(0, 1\]; got"):
            formula(covered_mass=p, draws=1)
    for draws in (0, -1, 1.5, math.nan, math.inf):
        with pytest.raises(ValueError, match="`draws` must be a whole number of at least 1; got"):
            formula(covered_mass=0.5, draws=draws)


@pytest.mark.parametrize("formula", [theory.samples_needed, theory.least_samples])
def test_refuses_rho(formula):
    for rho in (0.0, 1.0, math.nan):
        with pytest.raises(ValueError, match=r"`rho` must be in \(0, 1\); got"):
            formula(covered_mass=0.5, rho=rho)
    with pytest.raises(ValueError, match="`covered_mass`"):
        formula(covered_mass=5e-324, rho=0.1)


def test_refusals():
    base = table(0)
    for formula in (theory.kl_bound, theory.win_rate_bound):
        with pytest.raises(ValueError, match="`draws`"):
            formula(draws=0)
    with pytest.raises(ValueError, match=r"`slack` must be in \[0, 1\); got 1"):
        theory.success_probability(base, draws=2, slack=1.0)
    with pytest.raises(ValueError, match="`draws`"):
        theory.success_probability(base, draws=0, slack=0.0)
    with pytest.raises(ValueError, match="`reward` must have 12 responses, as `log_probs` has"):
        theory.exact_kl(base, base[:, 1:], draws=2)
    with pytest.raises(ValueError, match="rows that sum to 1"):
        theory.exact_kl(base + 0.1, base, draws=2)
    with pytest.raises(ValueError, match="`reward` must be numbers, not NaN"):
        theory.win_rate(base, np.full_like(base, np.nan), draws=2)
    with pytest.raises(ValueError, match=r"`tie_credit` must be in \[0, 1\]; got 2"):
        theory.win_rate(base, base, draws=2, tie_credit=2.0)
    with pytest.raises(ValueError, match="`draws` must be one or more numbers"):
        theory.rounds(base, base, draws=())
    with pytest.raises(ValueError, match="`draws`"):
        theory.composed_draws(draws=(2, 0))


def test_statements():
    labels = [entry.label for entry in theory.STATEMENTS]
    assert len(labels) == len(set(labels))
    assert {"Prop C.1", "Law of best of N", "Law of best of N (KL)", "Law of best of N (win rate)", "Law of best of N (rounds)"} <= set(
        labels
    )
    assert {entry.side for entry in theory.STATEMENTS} == {"upper", "lower", "identity"}
