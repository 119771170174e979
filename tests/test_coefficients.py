"""Coverage, sharpness and self-rewards: identities, limits, edges and refusals."""

import math

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharpsim import coverage, laws, rewards, sharpness
from sharpsim.testing import log_prob_tables, policies_with_margin, prompt_weights

TABLES = log_prob_tables(prompts=3, responses=5, ties=True, zeros=True)
WEIGHTS = prompt_weights(prompts=3)


@given(TABLES, WEIGHTS, st.floats(0.0, 0.99), st.floats(0.1, 5.0))
def test_order_of_the_coefficients(table, weights, slack, power):
    plain = coverage.coverage_coefficient(table, weights)
    assert 1 - 1e-12 <= coverage.coverage_coefficient(table, weights, slack=slack) <= plain * (1 + 1e-12)
    assert coverage.mode_coverage(table, weights) >= plain * (1 - 1e-12)
    assert coverage.coverage_coefficient(table, weights, power=power) <= coverage.coverage_coefficient(table, weights, power=power + 1) * (
        1 + 1e-9
    )
    draws = np.array([0.5, 1.0, 10.0, 1000.0])
    assert (coverage.coverage_profile(table, weights, draws=draws, slack=slack) <= plain / draws * (1 + 1e-9)).all()


@given(policies_with_margin(prompts=3, responses=4, margin=0.5), WEIGHTS)
def test_unique_maximisers(table, weights):
    assert coverage.mode_coverage(table, weights) == pytest.approx(coverage.coverage_coefficient(table, weights), rel=1e-12)
    assert coverage.margin(table, weights) >= 0.5 * (1 - 1e-9)


@given(TABLES, WEIGHTS)
def test_concentrability_is_one_at_base(table, weights):
    assert coverage.concentrability(table, table, weights) == pytest.approx(1.0, rel=1e-12)
    assert coverage.ratio_moment(table, table, weights, beta=0.3) == pytest.approx(1.0, rel=1e-12)


def test_concentrability_by_hand_and_in_order():
    policy, base = np.log([[0.9, 0.1]]), np.log([[0.5, 0.5]])
    assert coverage.concentrability(policy, base, np.ones(1)) == pytest.approx(0.81 / 0.5 + 0.01 / 0.5, rel=1e-14)
    assert coverage.concentrability(base, policy, np.ones(1)) == pytest.approx(0.25 / 0.9 + 0.25 / 0.1, rel=1e-14)
    assert coverage.ratio_moment(policy, base, np.ones(1), beta=2.0) == pytest.approx(0.9 * 1.8**2 + 0.1 * 0.2**2, rel=1e-14)


def test_ends_and_weightless_prompts():
    with np.errstate(divide="ignore"):
        base, policy = np.log([[1.0, 0.0], [0.5, 0.5]]), np.log([[0.5, 0.5], [0.5, 0.5]])
    assert coverage.concentrability(policy, base, np.array([0.5, 0.5])) == math.inf
    assert coverage.concentrability(policy, base, np.array([0.0, 1.0])) == pytest.approx(1.0)
    assert coverage.margin(base, np.array([0.5, 0.5])) == math.inf
    tiny = np.array([[-690.0, np.log1p(-np.exp(-690.0))], [0.0, -np.inf]])
    assert coverage.coverage_coefficient(tiny, np.array([0.0, 1.0]), power=9) == 1.0
    assert coverage.coverage_coefficient(np.zeros((1, 1)), np.ones(1)) == 1.0


@given(TABLES, WEIGHTS, st.floats(0.01, 0.99))
def test_sharpness(table, weights, delta):
    profile = sharpness.sharpness_profile(table, table, weights, deltas=np.array([delta / 2, delta]))
    assert profile[0] >= profile[1]
    assert profile[1] == sharpness.unsharpened_fraction(table, table, weights, delta=delta)
    sharp = np.where(sharpness.maximisers(table), 0.0, -np.inf)
    sharp = sharp - np.log(np.exp(sharp).sum(axis=1, keepdims=True))
    assert sharpness.unsharpened_fraction(sharp, table, weights, delta=delta) == 0
    jitted = sharpness.unsharpened_fraction(jnp.asarray(table), jnp.asarray(table), jnp.asarray(weights), delta=delta)
    assert float(jitted) == pytest.approx(profile[1], abs=1e-12)


def test_the_edge_fails():
    base = np.log([[0.7, 0.3]])
    for delta, expected in ((0.3, 1.0), (0.3 + 1e-8, 0.0), (0.3 - 1e-8, 1.0)):
        assert sharpness.unsharpened_fraction(base, base, np.ones(1), delta=delta) == expected
    counts = np.log([[63 / 90, 27 / 90]])
    assert sharpness.unsharpened_fraction(counts, base, np.ones(1), delta=0.3) == 1.0
    # A miss far below the guard still tells a small delta.
    tiny = np.log([[1 - 1e-12, 1e-12]])
    assert sharpness.unsharpened_fraction(tiny, base, np.ones(1), delta=1e-11) == 0.0
    assert sharpness.unsharpened_fraction(tiny, base, np.ones(1), delta=1e-13) == 1.0


def test_slack_widens_the_set():
    row = np.log([[0.4, 0.2, 0.2, 0.2]])
    assert sharpness.maximisers(row).tolist() == [[True, False, False, False]]
    assert sharpness.maximisers(row, slack=0.5).all()
    assert not sharpness.maximisers(row, slack=0.49).all()
    # Erratum to Lemma 4.1': weights 1 and ten of 1/2, slack 1/2 takes in all.
    weights = np.log(np.array([[1.0] + [0.5] * 10]) / 6)
    assert coverage.coverage_coefficient(weights, np.ones(1), slack=0.5) == pytest.approx(1.0)


def test_erratum_to_lemma_4_1():
    """C_{pi_beta} at beta = 0.1 is 5.94, above the printed C_cov,g/(1-g) = 2; the corrected bound holds."""
    base = np.log(np.array([[1.0] + [0.5] * 10]) / 6)
    target = laws.tilted(base, base, beta=0.1)
    value = coverage.concentrability(target, base, np.ones(1))
    assert value == pytest.approx(5.94, abs=0.01)
    cover = coverage.coverage_coefficient(base, np.ones(1), slack=0.5)
    q = 0.5**10
    assert value > cover / (1 - 0.5)
    assert value <= min(coverage.coverage_coefficient(base, np.ones(1)), cover * (1 + q) ** 2 / (4 * q))


@given(TABLES)
def test_rewards(table):
    assert (rewards.log_likelihood(table) == table).all()
    answers = np.array([0, 1, 0, 1, 2])
    votes = rewards.majority(table, answers)
    for answer in range(3):
        mine = answers == answer
        with np.errstate(divide="ignore"):
            expected = np.log(np.exp(table[:, mine]).sum(axis=1))
        np.testing.assert_allclose(votes[:, mine], np.repeat(expected[:, None], mine.sum(), axis=1), rtol=1e-12, atol=1e-12)
    lengths = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    np.testing.assert_array_equal(rewards.length_normalised(table, lengths), table / lengths)


@pytest.mark.parametrize("beta", [1e-8, 1e8])
def test_limits_of_the_tilted_law(beta):
    base = np.log([[0.4, 0.4, 0.2]])
    limit = [0.5, 0.5, 0.0] if beta < 1 else [0.4, 0.4, 0.2]
    np.testing.assert_allclose(np.exp(laws.tilted(base, base, beta=beta))[0], limit, atol=1e-7)


def test_limits_of_best_of_n_and_no_mass_stays_none():
    with np.errstate(divide="ignore"):
        base = np.log([[0.4, 0.4, 0.2, 0.0]])
    np.testing.assert_allclose(laws.best_of_n(base, base, draws=1), base, rtol=1e-15)
    np.testing.assert_allclose(np.exp(laws.best_of_n(base, base, draws=1e12))[0], [0.5, 0.5, 0, 0], atol=1e-300)
    # The reward prefers what base never says.
    assert laws.best_of_n(base, np.array([[0.0, 0.0, 0.0, 9.0]]), draws=100)[0, 3] == -np.inf
    assert laws.tilted(base, np.array([[0.0, 0.0, 0.0, 9.0]]), beta=0.01)[0, 3] == -np.inf


GOOD, MU = np.log([[0.5, 0.5], [0.9, 0.1]]), np.array([0.5, 0.5])


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: coverage.coverage_coefficient(np.log([[0.5, 0.4]]), np.ones(1)), "log_probs"),
        (lambda: coverage.coverage_coefficient(np.array([[np.nan, 0.0]]), np.ones(1)), "log_probs"),
        (lambda: coverage.coverage_coefficient(GOOD[0], np.ones(1)), "log_probs"),
        (lambda: coverage.coverage_coefficient(GOOD, MU[:1]), "prompt_weights"),
        (lambda: coverage.coverage_coefficient(GOOD, np.array([1.5, -0.5])), "prompt_weights"),
        (lambda: coverage.coverage_coefficient(GOOD, np.array([0.5, 0.4])), "prompt_weights"),
        (lambda: coverage.coverage_coefficient(GOOD, MU, slack=1.0), "slack"),
        (lambda: coverage.coverage_coefficient(GOOD, MU, slack=-0.1), "slack"),
        (lambda: coverage.coverage_coefficient(GOOD, MU, power=0.0), "power"),
        (lambda: coverage.coverage_profile(GOOD, MU, draws=np.array([0.0])), "draws"),
        (lambda: coverage.ratio_moment(GOOD, GOOD, MU, beta=0.0), "beta"),
        (lambda: coverage.concentrability(GOOD, GOOD[:1], MU), "log_base"),
        (lambda: sharpness.unsharpened_fraction(GOOD, GOOD, MU, delta=1.0), "delta"),
        (lambda: sharpness.unsharpened_fraction(GOOD, GOOD, MU, delta=float("nan")), "delta"),
        (lambda: sharpness.unsharpened_fraction(GOOD, GOOD[:1], MU, delta=0.5), "log_policy"),
        (lambda: laws.best_of_n(GOOD, GOOD, draws=0), "draws"),
        (lambda: laws.best_of_n(GOOD, GOOD[:1], draws=2), "reward"),
        (lambda: laws.best_of_n(GOOD, np.full((2, 2), np.nan), draws=2), "reward"),
        (lambda: laws.tilted(GOOD, GOOD, beta=0.0), "beta"),
        (lambda: laws.tilted(GOOD, np.full((2, 2), np.inf), beta=1.0), "reward"),
        (lambda: laws.stopping_time_mean(GOOD[0], stop=-1.0), "stop"),
        (lambda: laws.stopping_time_survival(GOOD[0], stop=1.0, after=np.array([-1])), "after"),
        (lambda: laws.plurality(votes=np.array([1]), labels=1, mass=0.5), "labels"),
        (lambda: laws.plurality(votes=np.array([5000]), labels=8, mass=0.125), "votes"),
        (lambda: rewards.length_normalised(GOOD, np.array([0.0, 1.0])), "lengths"),
        (lambda: rewards.majority(GOOD, np.array([0, -1])), "answers"),
        (lambda: rewards.majority(GOOD, np.array([0, 1, 2])), "answers"),
    ],
)
def test_refusals_name_the_argument(call, name):
    with pytest.raises(ValueError, match=f"`{name}`"):
        call()
