"""Maximisers, missing mass and the sharpness profile: by hand, on the edge, and as identities."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharpsim import sharpness
from sharpsim.testing import log_prob_tables, prompt_weights

SHAPE = {"prompts": 3, "responses": 5}
tables = st.one_of(log_prob_tables(**SHAPE), log_prob_tables(**SHAPE, ties=True), log_prob_tables(**SHAPE, zeros=True, extreme=True))
slacks = st.sampled_from([0.0, 1e-6, 0.25, 0.5, 0.999])


def test_maximisers_by_hand():
    row = np.log([0.4, 0.3, 0.2, 0.1])
    for slack, inside in ((0.0, 1), (0.24, 1), (0.25, 2), (0.5, 3), (0.75, 4), (0.7, 3)):
        assert sharpness.maximisers(row, slack=slack).tolist() == [True] * inside + [False] * (4 - inside), slack
    assert sharpness.maximisers(np.log([0.25] * 4)).all()


def test_exact_ties_only_at_slack_zero():
    """Values one rounding apart are not a tie; the tolerance applies only at slack > 0."""
    row = np.array([np.log(0.5), np.nextafter(np.log(0.5), -1)])
    assert sharpness.maximisers(row).tolist() == [True, False]
    assert sharpness.maximisers(row, slack=1e-13).all()


@given(tables, slacks, slacks)
def test_maximisers_grow_with_slack(table, first, second):
    small, large = sorted((first, second))
    inner, outer = sharpness.maximisers(table, slack=small), sharpness.maximisers(table, slack=large)
    assert inner.any(axis=-1).all()
    assert (inner <= outer).all()
    assert not outer[table == -np.inf].any()


@given(tables, slacks)
def test_mass_inside_and_outside_is_one(table, slack):
    inside = np.exp(sharpness.mode_log_mass(table, slack=slack))
    np.testing.assert_allclose(inside + sharpness.missing_mass(table, table, slack=slack), 1.0, rtol=1e-12)


def test_a_tiny_miss_keeps_its_digits():
    table = np.array([[np.log1p(-3e-300), np.log(1e-300), np.log(2e-300)]])
    assert sharpness.missing_mass(table, table)[0] == pytest.approx(3e-300, rel=1e-12)


def test_equality_fails_everywhere():
    """pi(Y*|x) = 1 - delta is a failure, whichever way the floats round; 1e-7 above it is not."""
    base = np.log([[0.6, 0.4]])
    for delta in (0.1, 0.3, 0.5, 1 / 3, 0.7, 0.9, 1e-12):
        assert sharpness.unsharpened_fraction(np.log([[1 - delta, delta]]), base, np.ones(1), delta=delta) == 1.0
        inside = delta * (1 - 1e-2) if delta < 1e-9 else delta - 1e-7
        assert sharpness.unsharpened_fraction(np.log([[1 - inside, inside]]), base, np.ones(1), delta=delta) == 0.0
    # 27 misses in 90 at delta = 0.3.
    assert sharpness.fails(27 / 90, delta=0.3)


def test_maximisers_are_the_bases():
    """A policy that puts all mass on base's second most likely response fails at every delta."""
    base = np.log([[0.6, 0.4]])
    with np.errstate(divide="ignore"):
        wrong = np.log([[0.0, 1.0]])
    assert sharpness.unsharpened_fraction(wrong, base, np.ones(1), delta=0.999) == 1.0
    assert sharpness.unsharpened_fraction(wrong, base, np.ones(1), delta=0.999, slack=0.4) == 0.0


def test_prompts_without_weight_count_nothing():
    base = np.log([[0.6, 0.4], [0.9, 0.1]])
    assert sharpness.unsharpened_fraction(base, base, np.array([0.0, 1.0]), delta=0.2) == 0.0
    assert sharpness.unsharpened_fraction(base, base, np.array([0.25, 0.75]), delta=0.2) == 0.25


@given(tables, tables, prompt_weights(prompts=3))
def test_profile_is_the_fraction_at_each_delta(policy, base, weights):
    deltas = np.array([1e-6, 0.1, 0.5, 0.9, 1 - 1e-6])
    profile = sharpness.sharpness_profile(policy, base, weights, deltas=deltas)
    assert (np.diff(profile) <= 0).all()
    assert list(profile) == [sharpness.unsharpened_fraction(policy, base, weights, delta=delta) for delta in deltas]


jitted_fraction = jax.jit(lambda p, b, w, d, g: sharpness.unsharpened_fraction(p, b, w, delta=d, slack=g))
jitted_missing = jax.jit(lambda p, b, g: sharpness.missing_mass(p, b, slack=g))


@given(tables, tables, prompt_weights(prompts=3), st.sampled_from([0.01, 0.3, 0.5]), slacks)
def test_jax_agrees(policy, base, weights, delta, slack):
    args = jnp.asarray(policy), jnp.asarray(base)
    np.testing.assert_allclose(jitted_missing(*args, slack), sharpness.missing_mass(policy, base, slack=slack), rtol=1e-12)
    got = jitted_fraction(*args, jnp.asarray(weights), delta, slack)
    np.testing.assert_allclose(got, sharpness.unsharpened_fraction(policy, base, weights, delta=delta, slack=slack), rtol=1e-12)


def test_float32_has_a_wider_guard():
    """float32 cannot hold 0.3 to 1e-9: the edge is found there, too."""
    policy = jnp.log(jnp.array([[0.7, 0.3]], jnp.float32))
    assert float(sharpness.unsharpened_fraction(policy, policy, jnp.ones(1, jnp.float32), delta=0.3)) == 1.0
