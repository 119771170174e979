"""The public testing tools: the strategies generate what their docstrings say, and the assertions can fail."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharpsim import TabularPolicy, coverage, laws, sharpness
from sharpsim.policies import TabularSequencePolicy
from sharpsim.testing import (
    assert_bound,
    binomial_interval,
    log_prob_tables,
    multinomial_test,
    policies_with_margin,
    prompt_weights,
    sample_size_to_see,
    sequence_conditionals,
)


@given(log_prob_tables(prompts=2, responses=4, zeros=True, extreme=True), prompt_weights(prompts=2))
def test_tables_are_policies(table, weights):
    TabularPolicy(table)
    assert coverage.coverage_coefficient(table, weights) >= 1 - 1e-12


@given(policies_with_margin(prompts=2, responses=3, margin=0.25))
def test_margin_is_kept(table):
    assert coverage.margin(table, np.array([0.5, 0.5])) >= 0.25 - 1e-9
    assert (sharpness.maximisers(table).sum(axis=1) == 1).all()


@given(sequence_conditionals(prompts=1, vocabulary=2, horizon=3, ties=True))
def test_sequences_are_policies(conditionals):
    assert [c.shape for c in conditionals] == [(1, 2), (1, 2, 2), (1, 2, 2, 2)]
    TabularSequencePolicy(conditionals)


def test_a_users_bound_passes_and_reports():
    """Prop C.1's inverse as a user would state it: the miss of best-of-N is at most exp(-N p)."""
    report = assert_bound(
        instances=st.tuples(log_prob_tables(prompts=1, responses=4, ties=True), st.integers(1, 50)),
        exact=lambda case: 1 - np.exp(laws.best_of_n(case[0], case[0], draws=case[1]))[sharpness.maximisers(case[0])].sum(),
        bound=lambda case: math.exp(-case[1] * np.exp(case[0])[sharpness.maximisers(case[0])].sum()) + 1e-12,
        side="upper",
        near_extremal=(np.log(np.array([[0.001, *[0.999 / 2000] * 1998, 0.999 / 1000]])), 10),
        trivial=1.0,
    )
    assert report.instances > 10
    assert report.least_ratio >= 1 - 1e-6


def test_wrong_weak_and_vacuous_bounds_are_caught():
    numbers = st.floats(1.0, 2.0)
    with pytest.raises(AssertionError, match="wrong side"):
        assert_bound(instances=numbers, exact=lambda x: x, bound=lambda x: 0.99 * x, side="upper", near_extremal=1.0)
    with pytest.raises(AssertionError, match="no power"):
        assert_bound(instances=numbers, exact=lambda x: x, bound=lambda x: 2 * x, side="upper", near_extremal=1.0)
    with pytest.raises(AssertionError, match="vacuous"):
        assert_bound(instances=numbers, exact=lambda x: x, bound=lambda x: x, side="upper", near_extremal=1.0, trivial=1.0)
    with pytest.raises(AssertionError, match="wrong side"):
        assert_bound(instances=numbers, exact=lambda x: x, bound=lambda x: math.nan, side="lower", near_extremal=1.0)
    with pytest.raises(ValueError, match="`tolerance`"):
        assert_bound(instances=numbers, exact=lambda x: x, bound=lambda x: x, side="upper", near_extremal=1.0, tolerance=0.0)
    assert assert_bound(instances=numbers, exact=lambda x: x, bound=lambda x: x, side="identity", near_extremal=1.0).largest_ratio == 1


def test_multinomial_test_keeps_its_rate_and_has_power():
    rng = np.random.default_rng(0)
    p = np.array([0.5, 0.3, 0.2 - 1e-6, 1e-6])
    assert all(multinomial_test(rng.multinomial(1000, p), p) for _ in range(500))
    assert not multinomial_test(np.array([500, 299, 200, 1]), np.array([0.5, 0.3, 0.2, 0.0]))
    n = sample_size_to_see(gap=0.02, false_alarm=1e-6, missed=1e-3)
    shifted = np.array([0.52, 0.28, 0.2 - 1e-6, 1e-6])
    assert sum(multinomial_test(rng.multinomial(2 * n, shifted), p) for _ in range(200)) == 0
    # The rate itself, where it can be seen: a level of 10% rejects at most 10% of true laws.
    rejected = sum(not multinomial_test(rng.multinomial(200, p), p, false_alarm=0.1) for _ in range(2000))
    assert binomial_interval(rejected, 2000, level=1 - 1e-6)[0] <= 0.1


def test_interval_by_hand_and_refusals():
    assert binomial_interval(0, 10, level=0.95) == (0.0, pytest.approx(1 - 0.025**0.1))
    assert binomial_interval(10, 10, level=0.95)[1] == 1.0
    with pytest.raises(ValueError, match="`successes`"):
        binomial_interval(11, 10, level=0.95)
    with pytest.raises(ValueError, match="`level`"):
        binomial_interval(1, 10, level=1.0)
    with pytest.raises(ValueError, match="`counts`"):
        multinomial_test(np.array([0, 0]), np.array([0.5, 0.5]))
    with pytest.raises(ValueError, match="`probs`"):
        multinomial_test(np.array([1, 0]), np.array([0.5, 0.6]))
    with pytest.raises(ValueError, match="`margin`"):
        given(policies_with_margin(prompts=1, responses=2, margin=0.0))(lambda table: None)()
