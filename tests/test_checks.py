"""Every refusal of the core names the argument, the rule and the value; what is traced is answered with NaN."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sharpsim import TabularPolicy, _checks, coverage, laws, rewards, sharpness

ROW = np.log([0.5, 0.3, 0.2])
TABLE, ONE = ROW[None], np.ones(1)


def refuses(call, argument, rule, value=""):
    with pytest.raises(ValueError, match=f"`{re.escape(argument)}` must .*{re.escape(rule)}") as caught:
        call()
    assert value in str(caught.value)


BAD_ROWS = {
    "NaN": (np.array([np.nan, 0.0]), "not hold NaN", "(0,)"),
    "unnormalised": (np.log([0.5, 0.4]), "sum to 1", "0.1"),
    "over": (np.array([0.0, -1e-8]), "sum to 1", "off by"),
    "infinite": (np.array([np.inf, 0.0]), "sum to 1", "inf"),
    "empty": (np.zeros(0), "at least one", "(0,)"),
    "integers": (np.array([0]), "floating-point", "array([0])"),
}


@pytest.mark.parametrize("kind", BAD_ROWS)
def test_rows(kind):
    row, rule, value = BAD_ROWS[kind]
    for call in (
        lambda: sharpness.maximisers(row),
        lambda: laws.best_of_n(row, row, draws=2),
        lambda: laws.tilted(row, row, beta=1.0),
        lambda: rewards.log_likelihood(row),
        lambda: rewards.majority(row, np.zeros(row.shape, dtype=int)),
    ):
        refuses(call, "log_probs", rule, value)
    refuses(lambda: laws.stopping_time_mean(row, stop=1.0), "log_probs_row", rule, value)


def test_tables_and_policies():
    refuses(lambda: TabularPolicy(np.array([[0.0], [-1.0]])), "log_probs", "sum to 1", "row 1")
    refuses(lambda: TabularPolicy.from_probs(np.array([[0.5, 0.5], [1.5, -0.5]])), "probs", "non-negative", "(1, 1)")
    refuses(lambda: TabularPolicy.from_probs(np.array([[0.5, np.nan]])), "probs", "non-negative", "nan")
    refuses(lambda: TabularPolicy.from_probs(np.array([[0.5, 0.4]])), "probs", "sum to 1", "row 0")
    refuses(lambda: coverage.margin(ROW, ONE), "log_probs", "[prompts, responses]", "(3,)")
    refuses(lambda: sharpness.missing_mass(TABLE, np.vstack([ROW, ROW])), "log_base", "1 prompts", "(2, 3)")
    refuses(lambda: coverage.concentrability(TABLE, np.zeros((1, 1)), ONE), "log_base", "3 responses", "(1, 1)")


BAD_WEIGHTS = {
    "short": (np.array([1.0]), "2 prompts", "(1,)"),
    "scalar": (np.float64(1.0), "[prompts]", "()"),
    "negative": (np.array([1.5, -0.5]), "non-negative", "-0.5"),
    "NaN": (np.array([np.nan, 1.0]), "non-negative", "nan"),
    "unnormalised": (np.array([0.5, 0.4]), "sum to 1", "0.1"),
}


@pytest.mark.parametrize("kind", BAD_WEIGHTS)
def test_weights(kind):
    weights, rule, value = BAD_WEIGHTS[kind]
    table = np.vstack([ROW, ROW])
    for call in (
        lambda: coverage.coverage_coefficient(table, weights),
        lambda: coverage.mode_coverage(table, weights),
        lambda: coverage.coverage_profile(table, weights, draws=np.ones(1)),
        lambda: coverage.margin(table, weights),
        lambda: coverage.concentrability(table, table, weights),
        lambda: sharpness.unsharpened_fraction(table, table, weights, delta=0.1),
        lambda: sharpness.sharpness_profile(table, table, weights, deltas=np.array([0.1])),
    ):
        refuses(call, "prompt_weights", rule, value)


OUTSIDE = (0.0, 1.0, -0.1, 1.1, np.nan)


@pytest.mark.parametrize("value", OUTSIDE)
def test_open_unit(value):
    refuses(lambda: sharpness.unsharpened_fraction(TABLE, TABLE, ONE, delta=value), "delta", "in (0, 1)", repr(value))
    refuses(lambda: sharpness.sharpness_profile(TABLE, TABLE, ONE, deltas=np.array([0.5, value])), "deltas", "in (0, 1)")


@pytest.mark.parametrize("value", [1.0, -1e-9, np.nan])
def test_slack(value):
    for call in (
        lambda: sharpness.maximisers(ROW, slack=value),
        lambda: sharpness.mode_log_mass(ROW, slack=value),
        lambda: coverage.coverage_coefficient(TABLE, ONE, slack=value),
        lambda: coverage.coverage_profile(TABLE, ONE, draws=np.ones(1), slack=value),
    ):
        refuses(call, "slack", "in [0, 1)", repr(value))


@pytest.mark.parametrize("value", [0.0, -1.0, np.nan, np.inf])
def test_positive(value):
    refuses(lambda: coverage.coverage_coefficient(TABLE, ONE, power=value), "power", "positive", repr(value))
    refuses(lambda: coverage.ratio_moment(TABLE, TABLE, ONE, beta=value), "beta", "positive", repr(value))
    refuses(lambda: laws.tilted(ROW, ROW, beta=value), "beta", "positive", repr(value))
    refuses(lambda: laws.stopping_time_mean(ROW, stop=value), "stop", "positive", repr(value))
    refuses(lambda: laws.stopping_deadlines(ROW, stop=value), "stop", "positive", repr(value))


@pytest.mark.parametrize("value", [0, 0.5, -3, np.nan, np.inf])
def test_draws(value):
    refuses(lambda: laws.best_of_n(ROW, ROW, draws=value), "draws", "", repr(value))


def test_rewards():
    refuses(lambda: laws.best_of_n(ROW, np.array([0.0, np.nan, 0.0]), draws=2), "reward", "not NaN")
    refuses(lambda: laws.best_of_n(ROW, np.zeros(2), draws=2), "reward", "shape", "(2,)")
    refuses(lambda: laws.tilted(ROW, np.array([0.0, np.inf, 0.0]), beta=1.0), "reward", "NaN or +inf")
    refuses(lambda: rewards.length_normalised(ROW, np.array([1, 0, 1])), "lengths", "at least 1")
    refuses(lambda: rewards.length_normalised(ROW, np.array([1, 1])), "lengths", "shape", "(2,)")
    refuses(lambda: rewards.majority(ROW, np.array([0, -1, 0])), "answers", "whole number of at least 0")
    refuses(lambda: rewards.majority(ROW, np.array([0.0, 1.0, 0.0])), "answers", "whole number of at least 0", "array")
    refuses(lambda: rewards.majority(ROW, np.array([0, 1])), "answers", "shape", "(2,)")


def test_counts():
    for value in (0, -1, 1.5, np.nan, np.inf, True):
        refuses(lambda value=value: _checks.count("n", value), "n", "whole number of at least 1", repr(value))
    _checks.count("N", 1e12)
    assert _checks.static_count("N", np.float64(1e12)) == 10**12
    with pytest.raises(ValueError, match=r"the table has 1.04858e\+06 elements, more than the 1,000.*call decoding instead"):
        _checks.enumerable(2**20, 1000, "the table", "decoding")


def test_a_shape_cannot_be_traced():
    with pytest.raises(ValueError, match="`N` sets a shape"):
        jax.jit(lambda value: _checks.static_count("N", value))(3)


def test_tolerance_follows_the_float():
    """1e-9 in float64, 1e-5 in float32: a row that is off by 1e-6 passes in one and not in the other."""
    off = np.log(np.array([0.5, 0.5 + 1e-6]))
    _checks.rows("row", off.astype(np.float32))
    refuses(lambda: _checks.rows("row", off), "row", "within 1e-09", "1e-06")


def test_traced_nonsense_is_nan():
    """A kernel cannot raise: a broken row runs when compiled, and nothing in the answer could be taken for a number."""
    broken = jnp.log(jnp.array([0.5, 0.4]))
    assert jax.jit(sharpness.maximisers)(broken).tolist() == [False, False]
    assert np.isnan(jax.jit(lambda row, beta: laws.tilted(row, row, beta=beta))(broken, 1.0)).all()
