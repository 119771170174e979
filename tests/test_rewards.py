"""Self-rewards by hand, and their ties."""

import jax
import jax.numpy as jnp
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sharpsim import rewards
from sharpsim.testing import log_prob_tables

TABLE = np.log([[0.5, 0.3, 0.2], [0.2, 0.2, 0.6]])


def test_log_likelihood_is_the_table():
    np.testing.assert_array_equal(rewards.log_likelihood(TABLE), TABLE)
    assert rewards.log_likelihood([[0.0]]).shape == (1, 1)


def test_length_normalised_by_hand():
    """A long response can beat a likelier short one: log .2 / 4 > log .5 / 1."""
    got = rewards.length_normalised(TABLE, np.array([1, 2, 4]))
    np.testing.assert_allclose(got, TABLE / np.array([[1.0, 2.0, 4.0]]), rtol=1e-15)
    assert got[0].argmax() == 2
    np.testing.assert_allclose(rewards.length_normalised(TABLE, np.ones((2, 3))), TABLE)


def test_majority_by_hand():
    """Two responses of .3 and .2 with one answer tie with each other and with the single response of .5."""
    votes = rewards.majority(TABLE, np.array([0, 1, 1]))
    np.testing.assert_allclose(np.exp(votes), [[0.5, 0.5, 0.5], [0.2, 0.8, 0.8]], rtol=1e-14)
    assert votes[1, 1] == votes[1, 2]
    per_prompt = rewards.majority(TABLE, np.array([[0, 0, 0], [7, 3, 3]]))
    np.testing.assert_allclose(np.exp(per_prompt), [[1, 1, 1], [0.2, 0.8, 0.8]], rtol=1e-14)


labels = st.lists(st.integers(0, 3), min_size=5, max_size=5).map(np.array)


@given(log_prob_tables(prompts=2, responses=5, zeros=True, extreme=True), labels)
def test_majority_is_the_mass_of_the_answer(table, answers):
    votes = rewards.majority(table, answers)
    for y in range(5):
        np.testing.assert_allclose(np.exp(votes[:, y]), np.exp(table)[:, answers == answers[y]].sum(axis=1), rtol=1e-12)
        # Exact ties, which best-of-N then breaks by the order of the draws.
        assert (votes[:, answers == answers[y]] == votes[:, y : y + 1]).all()
    # One answer each is the log-likelihood, up to rounding.
    np.testing.assert_allclose(rewards.majority(table, np.arange(5)), table, rtol=1e-12)


def test_jax_agrees():
    answers = np.array([0, 1, 1])
    got = jax.jit(lambda table: rewards.majority(table, answers))(jnp.asarray(TABLE))
    np.testing.assert_allclose(got, rewards.majority(TABLE, answers), rtol=1e-12)
    lengths = np.array([1, 2, 3])
    got = jax.jit(lambda table: rewards.length_normalised(table, lengths))(jnp.asarray(TABLE))
    np.testing.assert_allclose(got, rewards.length_normalised(TABLE, lengths), rtol=1e-12)
