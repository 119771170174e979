"""Measures of coverage, and the draws they promise: values, inverses, sandwiches, extremal instances, assumptions, refusals."""

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

from sharpsim import coverage, instances, laws
from sharpsim.testing import log_prob_tables, prompt_weights
from sharpsim.theory import AssumptionError, require
from sharpsim.theory import coverage_measures as theory

FALSE_ALARM = 1e-6
TARGETS = log_prob_tables(prompts=3, responses=5, ties=True, zeros=True)
BASES = log_prob_tables(prompts=3, responses=5, ties=True)
WEIGHTS = prompt_weights(prompts=3)
CUTS = st.floats(1e-3, 1e6)
HALVES = np.log([[0.5, 0.25, 0.25]]), np.log([[0.25, 0.25, 0.5]]), np.ones(1)
"""A pair with ratios 2, 1 and 1/2."""


def by_fractions(target, base, cut):
    """Cov_M, E_M, ICov_M of one row, in exact rationals."""
    ratio = [q / p if p else None for q, p in zip(target, base, strict=True)]
    tail = sum(q for q, w in zip(target, ratio, strict=True) if q and (w is None or w >= cut))
    excess = sum(max(q - cut * p, 0) for q, p in zip(target, base, strict=True))
    integrated = sum(q * (cut if w is None else min(w, cut)) for q, w in zip(target, ratio, strict=True) if q)
    return tail, excess, integrated


def point(mass):
    """A target that is one response, and a base that gives it this mass."""
    with np.errstate(divide="ignore"):
        return np.log([[1.0, 0.0]]), np.log([[mass, 1 - mass]])


# Value


def test_measures_by_hand():
    assert [coverage.tail_coverage(*HALVES, cut=M) for M in (0.5, 1.0, 1.01, 2.0, 2.01)] == [1.0, 0.75, 0.5, 0.5, 0.0]
    assert coverage.excess_coverage(*HALVES, cut=1.0) == pytest.approx(0.25, rel=1e-15)
    assert coverage.integrated_coverage(*HALVES, cut=1.5) == pytest.approx(0.5 * 1.5 + 0.25 + 0.125, rel=1e-15)
    assert coverage.chi_square(*HALVES) == pytest.approx(0.25 + 0.125, rel=1e-14)
    masses = np.log([[0.5, 0.3, 0.2], [0.8, 0.1, 0.1], [0.9, 0.05, 0.05]])
    found = coverage.likelihood_quantile(masses, np.array([0.2, 0.3, 0.5]), eps=np.array([0.1, 0.2, 0.49, 0.5, 0.9]))
    np.testing.assert_allclose(found, [0.5, 0.8, 0.8, 0.9, 0.9], rtol=1e-14)


@given(st.lists(st.integers(0, 9), min_size=4, max_size=4), st.lists(st.integers(1, 9), min_size=4, max_size=4), st.integers(1, 24))
def test_measures_are_those_of_exact_rationals(target, base, quarters):
    target = [Fraction(x, sum(target)) for x in target] if sum(target) else [Fraction(1, 4)] * 4
    base, cut = [Fraction(x, sum(base)) for x in base], Fraction(quarters, 4)
    with np.errstate(divide="ignore"):
        pair = (np.log([[float(x) for x in target]]), np.log([[float(x) for x in base]]), np.ones(1))
    found = [f(*pair, cut=float(cut)) for f in (coverage.tail_coverage, coverage.excess_coverage, coverage.integrated_coverage)]
    np.testing.assert_allclose(found, [float(x) for x in by_fractions(target, base, cut)], rtol=1e-12, atol=1e-14)
    exact = sum(p * (q / p - 1) ** 2 for q, p in zip(target, base, strict=True))
    assert coverage.chi_square(*pair) == pytest.approx(float(exact), rel=1e-10, abs=1e-25)


def test_chi_square_keeps_its_digits_where_the_laws_are_close():
    base, shift = np.log([[0.5, 0.5]]), 1e-12
    near = np.array([[math.log(0.5) + math.log1p(shift), math.log(0.5) + math.log1p(-shift)]])
    assert coverage.chi_square(near, base, np.ones(1)) == pytest.approx(shift**2, rel=1e-3)


def test_measures_are_jax_functions():
    target, base, weights = (jnp.asarray(array) for array in HALVES)
    for f in (coverage.tail_coverage, coverage.excess_coverage, coverage.integrated_coverage):
        grid = jnp.array([0.5, 1.5, 3.0])
        np.testing.assert_allclose(jax.jit(lambda M, f=f: f(target, base, weights, cut=M))(grid), f(*HALVES, cut=np.asarray(grid)))
    assert float(jax.jit(coverage.chi_square)(target, base, weights)) == pytest.approx(0.375)
    slope = jax.jit(jax.grad(lambda M: coverage.integrated_coverage(target, base, weights, cut=M)))(1.5)
    assert float(slope) == pytest.approx(float(coverage.tail_coverage(*HALVES, cut=1.5)))


def test_misses_by_hand():
    masses, weights = np.array([0.5, 0.1]), np.array([0.75, 0.25])
    assert theory.miss(masses, weights, draws=2) == pytest.approx(0.75 * 0.25 + 0.25 * 0.81, rel=1e-15)
    # Thresholds .1 and .5: all prompts at .9^2, or a quarter left out and the rest at .5^2.
    assert theory.miss_bound(masses, weights, draws=2) == pytest.approx(min(0.81, 0.25 + 0.25), rel=1e-15)
    assert theory.miss_lower_bound(masses, weights, draws=2) == pytest.approx(max(0.25 * 0.81, 0.25), rel=1e-15)
    # A mass that rounding left above 1 is 1.
    assert theory.miss(np.array([1 + 1e-6]), np.ones(1), draws=2) == 0.0
    assert theory.miss_bound_by_mean(coverage=4.0, draws=3) == pytest.approx(0.75**3, rel=1e-15)
    assert theory.miss_bound_by_mean(coverage=2.0, draws=3) == pytest.approx(0.5 * (2 / 3) ** 3, rel=1e-15)
    assert theory.miss_bound_by_mean(coverage=1.0, draws=np.array([1, 5])).tolist() == [0.0, 0.0]
    assert theory.miss_bound_by_mean(coverage=math.inf, draws=10**12) == 1.0


def test_the_law_of_rejection_by_enumeration():
    target, base, cut, draws = [Fraction(5, 8), Fraction(2, 8), Fraction(1, 8)], [Fraction(1, 4), Fraction(1, 4), Fraction(1, 2)], 2, 3
    accept = [min(q / (cut * p), Fraction(1)) for q, p in zip(target, base, strict=True)]
    law = [Fraction(0)] * 3
    for path in itertools.product(range(3), [True, False], repeat=draws):
        steps = list(zip(path[::2], path[1::2], strict=True))
        weight = math.prod(base[y] * (accept[y] if kept else 1 - accept[y]) for y, kept in steps)
        law[next((y for y, kept in steps if kept), steps[-1][0])] += weight
    tables = [np.log([[float(x) for x in row]]) for row in (target, base)]
    np.testing.assert_allclose(np.exp(theory.rejection_law(*tables, cut=cut, draws=draws))[0], [float(x) for x in law], rtol=1e-13)
    distance = sum(abs(q - kept) for q, kept in zip(target, law, strict=True)) / 2
    assert theory.rejection_distance(*tables, np.ones(1), cut=cut, draws=draws) == pytest.approx(float(distance), rel=1e-13)


@pytest.mark.parametrize("draws", [1, 40, 1000, 10**5])
def test_a_small_distance_keeps_its_digits(draws):
    """A target of two responses and a cut that leaves nothing out, in 200 digits."""
    with mpmath.workdps(200):
        q, p, cut = (mpmath.mpf(0.75), mpmath.mpf(0.25)), (mpmath.mpf(0.5), mpmath.mpf(0.5)), mpmath.mpf(8)
        refuse = 1 - 1 / cut
        law = [(1 - refuse**draws) * a + refuse ** (draws - 1) * (b - a / cut) for a, b in zip(q, p, strict=True)]
        exact = sum(abs(a - b) for a, b in zip(q, law, strict=True)) / 2
    found = theory.rejection_distance(np.log([[0.75, 0.25]]), np.log([[0.5, 0.5]]), np.ones(1), cut=8.0, draws=draws)
    assert found == pytest.approx(float(exact), rel=1e-11, abs=1e-307)


def test_the_normaliser_by_enumeration():
    """Three groups of two draws: every outcome, the median of the three means."""
    mass, cut, eps = 0.5, 2.0, 0.25
    missed = 0.0
    for hits in itertools.product(range(3), repeat=3):
        median = sorted(2.0 * h / 2 for h in hits)[1]
        missed += math.prod(float(binom.pmf(h, 2, mass)) for h in hits) * (abs(median - 1) > eps)
    assert theory.normaliser_miss(mass=mass, cut=cut, per_group=2, groups=3, eps=eps) == pytest.approx(missed, rel=1e-13)
    # Four draws, a mean within 1/2 of 1 at one to three hits: the edges are within.
    assert theory.normaliser_miss(mass=0.5, cut=2.0, per_group=4, groups=1, eps=0.5) == pytest.approx(2 / 16, rel=1e-14)
    assert theory.normaliser_draws(cut=10.0, eps=0.1, delta=0.1) == (19, math.ceil(1600 / 9))
    assert theory.normaliser_draws(cut=1.0, eps=0.5, delta=0.05) == (25, 4)


@pytest.mark.parametrize(("a", "b"), [(0.5, 2.0), (1.5, 1.0), (3.0, 0.5)])
def test_heavy_tails_against_mpmath(a, b):
    with mpmath.workdps(60):
        for N in (1, 10, 10**6, 10**12):
            exact = mpmath.beta(a, b + N) / mpmath.beta(a, b)
            assert theory.beta_miss(a=a, b=b, draws=N) == pytest.approx(float(exact), rel=1e-9)
        mean = mpmath.quad(lambda p: p ** (a - 2) * (1 - p) ** (b - 1), [0, 0.5, 1]) / mpmath.beta(a, b) if a > 1 else mpmath.inf
    assert theory.beta_coverage(a=a, b=b) == pytest.approx(float(mean), rel=1e-6)


@pytest.mark.parametrize("cut", [1e-200, 1e-16, 0.1])
def test_the_distance_has_its_digits_where_nearly_all_is_left_out(cut):
    """Nearly every draw is accepted at a small cut: the law is base. And where base lacks the whole target, the last draw is kept."""
    tables = np.log([[0.8, 0.2]]), np.log([[0.5, 0.5]])
    assert theory.rejection_distance(*tables, np.ones(1), cut=cut, draws=2) == pytest.approx(0.3, rel=1e-12)
    with np.errstate(divide="ignore"):
        apart = np.log([[*np.random.default_rng(0).dirichlet(np.ones(5)), 0.0]]), np.log([[0.0] * 5 + [1.0]])
    assert theory.rejection_distance(*apart, np.ones(1), cut=2.0, draws=3) == pytest.approx(1.0, rel=1e-15)


@pytest.mark.parametrize("log_mass", [-20.0, -40.0, -600.0])
def test_rare_acceptance_is_seen(log_mass):
    pair, draws = (np.array([[0.0, -np.inf]]), np.array([[log_mass, np.log1p(-np.exp(log_mass))]])), round(5 * math.exp(-log_mass))
    at = {"cut": math.exp(-log_mass), "draws": draws}
    for found in (theory.rejection_distance(*pair, np.ones(1), **at), theory.rejection_bound(*pair, np.ones(1), **at)):
        assert found == pytest.approx(math.exp(-5), rel=1e-7)
    assert theory.rejection_law(*pair, **at)[0, 1] == pytest.approx(-5, rel=1e-7)


@pytest.mark.parametrize("a", [0.5, 1e4, 1e20, 1e100])
@pytest.mark.parametrize("b", [1e-3, 99.0, 1e6, 1e20, 1e100])
def test_large_parameters_of_beta_keep_their_digits(a, b):
    for N in (1, 10, 10**9):
        with mpmath.workdps(400):
            gamma, p, q = mpmath.loggamma, mpmath.mpf(a), mpmath.mpf(b)
            exact = float(mpmath.exp(gamma(q + N) - gamma(q) + gamma(p + q) - gamma(p + q + N)))
        assert theory.beta_miss(a=a, b=b, draws=N) == pytest.approx(exact, rel=1e-11, abs=1e-290)


def test_extreme_cuts_of_the_normaliser():
    assert theory.normaliser_miss(mass=0.5, cut=1e-50, per_group=5, groups=3, eps=0.1) == 1.0
    # One response of mass e^-600: the least cut is 4/(mass eps), beyond e^512.
    pair = np.array([[0.0, -np.inf]]), np.array([[-600.0, 0.0]])
    assert theory.normaliser_cut(*pair, np.ones(1), eps=0.1) == pytest.approx(40 * math.exp(600), rel=1e-9)


# Inverse


@given(st.lists(st.floats(1e-4, 1.0), min_size=1, max_size=6), st.floats(1e-4, 0.5))
def test_needs_invert(masses, eps):
    masses, weights = np.array(masses), np.full(len(masses), 1 / len(masses))
    for f in (theory.miss, theory.miss_bound):
        needed = int(theory.draws_needed(lambda N, f=f: f(masses, weights, draws=N), eps=eps))
        assert f(masses, weights, draws=needed) <= eps
        assert needed == 1 or f(masses, weights, draws=needed - 1) > eps


def test_needs_that_nothing_meets_are_infinite():
    assert theory.draws_needed(lambda N: 0.5, eps=0.1) == math.inf
    assert theory.normaliser_cut(np.log([[0.5, 0.5]]), point(1e-300)[0], np.ones(1), eps=0.1) == math.inf


@given(TARGETS, BASES, WEIGHTS, st.floats(0.01, 0.9))
def test_the_cut_of_the_normaliser_is_the_least(target, base, weights, eps):
    cut = theory.normaliser_cut(target, base, weights, eps=eps)
    slacks = theory.checks(target, base, weights, cut=cut, eps=eps)
    require(slacks)
    assert slacks["cut"] < 1e-8


@given(BASES, WEIGHTS, st.floats(0.01, 0.99))
def test_the_quantile_inverts_the_profile(base, weights, eps):
    quantile = float(coverage.likelihood_quantile(base, weights, eps=eps))
    above, at = (float(coverage.coverage_profile(base, weights, draws=1 / (quantile * (1 + s)))) for s in (1e-6, -1e-6))
    assert at <= eps + 1e-9
    assert above > eps - 1e-9


# Sandwich


@given(TARGETS, BASES, WEIGHTS, CUTS, st.floats(0.05, 0.95))
def test_the_measures_are_in_order(target, base, weights, cut, share):
    pair = target, base, weights
    tail, excess, integrated = (
        float(f(*pair, cut=cut)) for f in (coverage.tail_coverage, coverage.excess_coverage, coverage.integrated_coverage)
    )
    mean, less = float(coverage.concentrability(*pair)), 1 + 1e-9
    assert excess <= tail * less
    assert tail <= integrated / cut * less
    assert integrated <= mean * less
    assert tail <= float(coverage.excess_coverage(*pair, cut=share * cut)) / (1 - share) * less + 1e-9
    assert coverage.chi_square(*pair) == pytest.approx(mean - 1, rel=1e-9, abs=1e-9)
    grid = np.linspace(1e-9, cut, 4001)
    assert integrated == pytest.approx(np.trapezoid(coverage.tail_coverage(*pair, cut=grid), grid), rel=0, abs=6 * 3 * cut / 4000)


@given(st.lists(st.floats(1e-6, 1.0), min_size=1, max_size=8), st.integers(0, 2**32 - 1), st.sampled_from([1, 2, 7, 100, 10**4]))
def test_the_profile_encloses_the_miss(masses, seed, draws):
    masses, weights = np.array(masses), np.random.default_rng(seed).dirichlet(np.ones(len(masses)))
    exact = theory.miss(masses, weights, draws=draws)
    assert theory.miss_lower_bound(masses, weights, draws=draws) <= exact * (1 + 1e-9)
    assert exact <= theory.miss_bound(masses, weights, draws=draws) * (1 + 1e-9)
    assert exact <= theory.miss_bound_by_mean(coverage=float(weights @ (1 / masses)), draws=draws) * (1 + 1e-9)


@given(TARGETS, BASES, WEIGHTS, st.floats(0.1, 100.0), st.integers(1, 50))
def test_rejection_is_within_its_bound(target, base, weights, cut, draws):
    law = theory.rejection_law(target, base, cut=cut, draws=draws)
    np.testing.assert_allclose(np.exp(law).sum(axis=1), 1, rtol=1e-12)
    distance = theory.rejection_distance(target, base, weights, cut=cut, draws=draws)
    assert distance == pytest.approx(float(weights @ np.abs(np.exp(law) - np.exp(target)).sum(axis=1)) / 2, abs=1e-13)
    assert distance <= theory.rejection_bound(target, base, weights, cut=cut, draws=draws)


@pytest.mark.parametrize("draws", [1, 3, 30])
def test_rejection_drawn_literally(draws):
    base, _ = instances.random_table(np.random.default_rng(3), prompts=1, responses=6, concentration=0.5)
    target, rng, trials, cut = laws.tilted(base, base, beta=0.5), np.random.default_rng(draws), 100_000, 1.7
    drawn = rng.choice(6, size=(trials, draws), p=np.exp(base[0]) / np.exp(base[0]).sum())
    accepted = rng.random((trials, draws)) < np.minimum(np.exp(target - base)[0] / cut, 1)[drawn]
    kept = drawn[np.arange(trials), np.where(accepted.any(axis=1), accepted.argmax(axis=1), draws - 1)]
    for y, probability in enumerate(np.exp(theory.rejection_law(target, base, cut=cut, draws=draws))[0]):
        assert binom.ppf(FALSE_ALARM / 12, trials, probability) <= (kept == y).sum() <= binom.isf(FALSE_ALARM / 12, trials, probability)


@pytest.mark.parametrize("mass", [0.9, 0.3, 0.01, 1e-4])
@pytest.mark.parametrize("eps", [0.5, 0.1])
def test_the_normaliser_is_found_with_the_promised_draws(mass, eps):
    cut = theory.normaliser_cut(*point(mass), np.ones(1), eps=eps)
    groups, per_group = theory.normaliser_draws(cut=cut, eps=eps, delta=0.05)
    assert theory.normaliser_miss(mass=mass, cut=cut, per_group=per_group, groups=groups, eps=eps) <= 0.05


def test_the_promise_holds_for_tilted_targets_drawn_literally():
    """The truncated ratios of a whole table, not of one response: 300 estimates, none of which may fail more often than delta."""
    base, weights = instances.random_table(np.random.default_rng(5), prompts=1, responses=40, concentration=0.1)
    target, eps, delta, rng = laws.tilted(base, base, beta=0.3), 0.5, 0.2, np.random.default_rng(6)
    cut = theory.normaliser_cut(target, base, weights, eps=eps)
    groups, per_group = theory.normaliser_draws(cut=cut, eps=eps, delta=delta)
    ratios = np.minimum(np.exp(target - base)[0], cut)
    counts = rng.multinomial(per_group, np.exp(base[0]) / np.exp(base[0]).sum(), size=(300, groups))
    missed = np.abs(np.median(counts @ ratios / per_group, axis=1) - 1) > eps
    assert missed.sum() <= binom.isf(FALSE_ALARM, 300, delta)


# Sharpness


@pytest.mark.parametrize("cut", [1.5, 10.0, 1e5])
def test_each_inequality_of_the_measures_is_attained(cut):
    """A ratio far above the cut; a ratio at the cut. With a constant 0.7 each would be false."""
    far, at = point(1e-12), point(1 / cut)
    one = np.ones(1)
    assert coverage.excess_coverage(*far, one, cut=cut) > 0.999 * coverage.tail_coverage(*far, one, cut=cut)
    assert coverage.tail_coverage(*at, one, cut=cut) == pytest.approx(coverage.integrated_coverage(*at, one, cut=cut) / cut, rel=1e-12)
    assert coverage.integrated_coverage(*at, one, cut=cut) == pytest.approx(coverage.concentrability(*at, one), rel=1e-12)
    for share in (0.1, 0.5, 0.9):
        reverse = coverage.excess_coverage(*at, one, cut=share * cut) / (1 - share)
        assert coverage.tail_coverage(*at, one, cut=cut) == pytest.approx(reverse, rel=1e-9)


@pytest.mark.parametrize("draws", [1, 2, 9, 1000])
@pytest.mark.parametrize("mean", [1.001, 3.0, 50.0, 1e6])
def test_the_bound_by_the_mean_is_attained(mean, draws):
    """Prompts with P* = 1 and 1/v: the bound is their miss, whatever C and N; and it is at most C/(e N)."""
    v = max(mean, draws)
    share = (mean - 1) / (v - 1)
    masses, weights = np.array([1.0, 1 / v]), np.array([1 - share, share])
    assert weights @ (1 / masses) == pytest.approx(mean, rel=1e-9)
    bound = theory.miss_bound_by_mean(coverage=mean, draws=draws)
    assert bound == pytest.approx(theory.miss(masses, weights, draws=draws), rel=1e-9)
    assert bound <= mean / (math.e * draws) * (1 + 1e-12)


@pytest.mark.parametrize("draws", [1, 9, 1000])
def test_bounds_by_the_profile_are_attained(draws):
    """All prompts alike."""
    masses, weights = np.full(3, 0.01), np.full(3, 1 / 3)
    exact = theory.miss(masses, weights, draws=draws)
    assert theory.miss_bound(masses, weights, draws=draws) == pytest.approx(exact, rel=1e-12)
    assert theory.miss_lower_bound(masses, weights, draws=draws) == pytest.approx(exact, rel=1e-12)


@pytest.mark.parametrize("mass", [0.5, 0.01])
@pytest.mark.parametrize("draws", [1, 5, 400])
def test_the_bound_of_rejection_is_nearly_attained(mass, draws):
    """A target that is one response and M = 1/P: nothing is left out, and the bound is missed by the last draw alone."""
    distance, bound = (f(*point(mass), np.ones(1), cut=1 / mass, draws=draws) for f in (theory.rejection_distance, theory.rejection_bound))
    assert distance == pytest.approx((1 - mass) ** draws, rel=1e-10)
    assert distance == pytest.approx(bound, rel=1e-10)


def test_few_draws_fail():
    """Not any number of draws will do: a hundredth of the promise fails more often than delta."""
    mass, eps, delta = 0.01, 0.1, 0.05
    cut = 4 / (mass * eps)
    groups, per_group = theory.normaliser_draws(cut=cut, eps=eps, delta=delta)
    assert theory.normaliser_miss(mass=mass, cut=cut, per_group=per_group // 100, groups=groups, eps=eps) > delta


@pytest.mark.parametrize("a", [0.5, 1.0, 2.5])
def test_the_miss_falls_as_a_power_where_the_mean_may_be_infinite(a):
    few, many = (theory.beta_miss(a=a, b=2.0, draws=N) for N in (10**6, 10**8))
    assert math.log(few / many) / math.log(100) == pytest.approx(a, abs=1e-5)
    constant = math.gamma(a + 2) / math.gamma(2)
    assert many * 1e8**a == pytest.approx(constant, rel=1e-4)
    for N in (1, 100, 10**6):
        exact, bound = theory.beta_miss(a=a, b=2.0, draws=N), theory.beta_miss_bound(a=a, b=2.0, draws=N)
        # What the profile loses: a threshold a log N / N where the mass is about 1/N.
        assert exact <= bound <= 2 * exact * (2 + a * math.log(N)) ** a


# Assumptions


def test_a_cut_that_is_too_small_is_named():
    slacks = theory.checks(*point(0.01), np.ones(1), cut=100.0, eps=0.1)
    assert slacks["cut"] == pytest.approx(0.025 - 1.0)
    with pytest.raises(AssumptionError, match="`cut`"):
        require(slacks)


# Refusals


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: coverage.tail_coverage(*HALVES, cut=0.0), "cut"),
        (lambda: coverage.excess_coverage(*HALVES, cut=math.nan), "cut"),
        (lambda: coverage.likelihood_quantile(HALVES[0], HALVES[2], eps=1.0), "eps"),
        (lambda: theory.miss(np.array([0.0]), np.ones(1), draws=1), "mode_masses"),
        (lambda: theory.miss(np.array([0.5]), np.ones(1), draws=1.5), "draws"),
        (lambda: theory.miss_bound_by_mean(coverage=0.5, draws=3), "coverage"),
        (lambda: theory.rejection_law(*HALVES[:2], cut=-1.0, draws=3), "cut"),
        (lambda: theory.normaliser_draws(cut=2.0, eps=0.1, delta=0.0), "delta"),
        (lambda: theory.normaliser_draws(cut=1e308, eps=1e-3, delta=0.1), "cut"),
        (lambda: theory.normaliser_draws(cut=2.0, eps=1e-200, delta=0.1), "eps"),
        (lambda: theory.normaliser_miss(mass=2.0, cut=2.0, per_group=5, groups=3, eps=0.1), "mass"),
        (lambda: theory.beta_miss(a=0.0, b=1.0, draws=3), "a"),
        (lambda: theory.draws_needed(0.5, eps=0.1), "value"),
    ],
)
def test_refuses(call, name):
    with pytest.raises(ValueError, match=f"`{name}` must be"):
        call()
