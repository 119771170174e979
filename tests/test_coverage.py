"""Coefficients: by hand, the inequalities between them, the ends of their ranges, JAX against NumPy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharpsim import coverage, sharpness
from sharpsim.testing import log_prob_tables, policies_with_margin, prompt_weights

SHAPE = {"prompts": 3, "responses": 5}
tables = st.one_of(log_prob_tables(**SHAPE), log_prob_tables(**SHAPE, ties=True), log_prob_tables(**SHAPE, zeros=True, extreme=True))
full_tables = log_prob_tables(**SHAPE, ties=True)
weights = prompt_weights(prompts=3)
slacks = st.sampled_from([0.0, 0.25, 0.5, 0.99])

TABLE = np.log([[0.5, 0.3, 0.2], [0.4, 0.4, 0.2]])
MU = np.array([0.25, 0.75])


def test_by_hand():
    """Masses of the maximisers .5 and .8, their largest single masses .5 and .4, slack 1/2 adds .3 and .2."""
    assert coverage.coverage_coefficient(TABLE, MU) == pytest.approx(0.25 * 2 + 0.75 * 1.25, rel=1e-14)
    assert coverage.coverage_coefficient(TABLE, MU, power=2) == pytest.approx((0.25 * 4 + 0.75 * 1.25**2) ** 0.5, rel=1e-14)
    assert coverage.coverage_coefficient(TABLE, MU, slack=0.5) == pytest.approx(0.25 / 0.8 + 0.75, rel=1e-14)
    assert coverage.mode_coverage(TABLE, MU) == pytest.approx(0.25 * 2 + 0.75 * 2.5, rel=1e-14)
    assert coverage.margin(TABLE, MU) == pytest.approx(2 / 3, rel=1e-14)
    uniform = np.full((2, 3), -np.log(3))
    assert coverage.concentrability(TABLE, uniform, MU) == pytest.approx(3 * (0.25 * 0.38 + 0.75 * 0.36), rel=1e-14)
    # Not the other way round: E_policy[policy/base], and not E_base.
    assert coverage.concentrability(uniform, TABLE, MU) == pytest.approx((0.25 * (2 + 10 / 3 + 5) + 0.75 * (2.5 + 2.5 + 5)) / 9, rel=1e-14)
    half = 0.25 * sum(p * (3 * p) ** 0.5 for p in (0.5, 0.3, 0.2)) + 0.75 * sum(p * (3 * p) ** 0.5 for p in (0.4, 0.4, 0.2))
    assert coverage.ratio_moment(TABLE, uniform, MU, beta=0.5) == pytest.approx(half, rel=1e-14)


def test_profile_by_hand():
    """The prompt of mass 1/2 is covered by 2 draws and not by 1.99; equality covers."""
    got = coverage.coverage_profile(TABLE, MU, draws=np.array([1.0, 1.24, 1.25, 1.99, 2.0, 1e12]))
    np.testing.assert_array_equal(got, [1.0, 1.0, 0.25, 0.25, 0.0, 0.0])


@given(tables, weights, slacks, st.sampled_from([0.5, 1, 3]))
def test_order_of_the_coefficients(table, mu, slack, power):
    """1 <= C_cov,g <= C_cov <= Cbar_cov, non-decreasing in the power, Markov for the profile."""
    room = 1 + 1e-12
    plain = coverage.coverage_coefficient(table, mu)
    slackened = coverage.coverage_coefficient(table, mu, slack=slack)
    assert 1 - 1e-12 <= slackened <= plain * room
    assert plain <= coverage.mode_coverage(table, mu) * room <= 5 * room * room
    assert coverage.coverage_coefficient(table, mu, slack=slack, power=power) <= (
        coverage.coverage_coefficient(table, mu, slack=slack, power=2 * power) * room
    )
    draws = np.array([1.5, 2.0, 10.0])
    assert (coverage.coverage_profile(table, mu, draws=draws, slack=slack) <= slackened / draws * room).all()


@given(policies_with_margin(prompts=3, responses=4, margin=0.3), weights)
def test_a_unique_mode_makes_both_coverages_equal(table, mu):
    assert coverage.mode_coverage(table, mu) == pytest.approx(coverage.coverage_coefficient(table, mu), rel=1e-12)


@given(tables, weights)
def test_margin_is_the_largest(table, mu):
    """At g the assumption holds on every prompt with weight, at g + 1% it fails on one."""
    g = coverage.margin(table, mu)
    p, outside = np.exp(table), ~sharpness.maximisers(table)
    worst = np.where(outside, p, 0.0).max(axis=1)[mu > 0]
    modes = p.max(axis=1)[mu > 0]
    if np.isinf(g):
        # Nothing outside, or nothing that a ratio of floats can hold.
        assert (worst <= modes * 1e-290).all()
    else:
        assert (modes >= (1 + g) * worst * (1 - 1e-11)).all()
        assert (modes < (1 + g) * worst * (1 + 1e-11)).any()


@given(tables, weights)
def test_base_against_itself_is_one(table, mu):
    assert coverage.concentrability(table, table, mu) == pytest.approx(1.0, rel=1e-12)
    assert coverage.ratio_moment(table, table, mu, beta=7.0) == pytest.approx(1.0, rel=1e-12)


@given(full_tables, full_tables, weights)
def test_concentrability_is_one_plus_chi_square(policy, base, mu):
    p, q = np.exp(policy), np.exp(base)
    chi = mu @ ((p - q) ** 2 / q).sum(axis=1)
    assert coverage.concentrability(policy, base, mu) == pytest.approx(1 + chi, rel=1e-10)
    assert coverage.ratio_moment(policy, base, mu, beta=1e-9) == pytest.approx(1.0, abs=1e-7)


with np.errstate(divide="ignore"):
    HOLE, POINT = np.log([[1.0, 0.0], [0.5, 0.5]]), np.log([[0.5, 0.5], [0.0, 1.0]])


def test_mass_where_base_has_none_is_infinite():
    assert coverage.concentrability(POINT, HOLE, np.array([0.5, 0.5])) == np.inf
    assert coverage.concentrability(POINT, HOLE, np.array([0.0, 1.0])) == pytest.approx(2.0)
    assert coverage.concentrability(HOLE, POINT, np.array([1.0, 0.0])) == pytest.approx(2.0)
    assert coverage.ratio_moment(POINT, HOLE, np.array([0.5, 0.5]), beta=1e-3) == np.inf


def test_prompts_without_weight_contribute_nothing():
    """Also where their own value is infinite or their margin 0."""
    mu = np.array([1.0, 0.0])
    wild = np.array([[np.log(0.75), np.log(0.25)], [np.log1p(-1e-300), np.log(1e-300)]])
    assert coverage.coverage_coefficient(wild, mu) == pytest.approx(4 / 3, rel=1e-14)
    assert coverage.mode_coverage(wild, mu) == pytest.approx(4 / 3, rel=1e-14)
    assert coverage.margin(wild, mu) == pytest.approx(2.0, rel=1e-14)
    assert coverage.margin(wild, mu[::-1]) == pytest.approx(1e300, rel=1e-10)
    assert coverage.margin(np.zeros((1, 1)), np.ones(1)) == np.inf


def test_extreme_powers_stay_finite():
    """The mean is taken in logs: E[m^-p] overflows long before its p-th root does."""
    rows = np.array([[np.log(1e-200)] * 2 + [np.log1p(-2e-200)]])[:, ::-1]
    tail = np.stack([np.full(10, -np.log(10)), np.r_[np.log(0.19), np.full(9, np.log(0.09))]])
    assert coverage.coverage_coefficient(rows, np.ones(1), power=1e3) == pytest.approx(1.0)
    assert coverage.coverage_coefficient(tail, np.array([0.0, 1.0]), power=1e6) == pytest.approx(1 / 0.19, rel=1e-9)


JITTED = {
    "coverage": jax.jit(lambda t, o, w, g: coverage.coverage_coefficient(t, w, slack=g, power=2.0)),
    "mode": jax.jit(lambda t, o, w, g: coverage.mode_coverage(t, w)),
    "margin": jax.jit(lambda t, o, w, g: coverage.margin(t, w)),
    "ratio": jax.jit(lambda t, o, w, g: coverage.ratio_moment(t, o, w, beta=0.7)),
}


@given(full_tables, full_tables, weights, slacks)
def test_jax_agrees_and_differentiates(table, other, mu, slack):
    args = jnp.asarray(table), jnp.asarray(other), jnp.asarray(mu), slack
    want = {
        "coverage": coverage.coverage_coefficient(table, mu, slack=slack, power=2.0),
        "mode": coverage.mode_coverage(table, mu),
        "margin": coverage.margin(table, mu),
        "ratio": coverage.ratio_moment(table, other, mu, beta=0.7),
    }
    for name, call in JITTED.items():
        np.testing.assert_allclose(call(*args), want[name], rtol=1e-11)


@pytest.mark.parametrize("name", ["coverage", "mode", "ratio"])
def test_gradients_are_finite(name):
    """Also at responses without mass and prompts without weight."""
    with np.errstate(divide="ignore"):
        table = jnp.log(jnp.array([[0.5, 0.3, 0.2, 0.0], [0.4, 0.4, 0.2, 0.0]]))
    gradients = jax.grad(JITTED[name], argnums=(0, 2))(table, table, jnp.array([1.0, 0.0]), 0.3)
    assert all(np.isfinite(np.asarray(g)).all() for g in gradients)
    assert any(np.asarray(g).any() for g in gradients)


def test_vmap_over_tables():
    stack = np.stack([TABLE, TABLE[::-1]])
    got = jax.vmap(coverage.coverage_coefficient, in_axes=(0, None))(jnp.asarray(stack), jnp.asarray(MU))
    np.testing.assert_allclose(got, [coverage.coverage_coefficient(t, MU) for t in stack], rtol=1e-14)
