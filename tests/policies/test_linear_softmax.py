"""Linear softmax policies: the law by hand, draws that follow it, refusals."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sharpsim.policies import LinearSoftmaxPolicy
from sharpsim.testing import multinomial_test

FEATURES = np.array([[[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]], [[2.0, 1.0], [0.0, 0.0], [1.0, 1.0]]])
THETA = np.log([2.0, 3.0])


def test_law_by_hand():
    policy = LinearSoftmaxPolicy(FEATURES, THETA)
    want = np.array([[1, 2, 3], [12, 1, 6]])
    np.testing.assert_allclose(np.exp(policy.log_probs), want / want.sum(axis=1, keepdims=True), rtol=1e-14)
    np.testing.assert_allclose(np.exp(policy.log_prob(jnp.int32(1), jnp.int32(2))), 6 / 19, rtol=1e-14)
    np.testing.assert_array_equal(policy.tabular().log_probs, policy.log_probs)
    assert (policy.prompts, policy.responses) == (2, 3)


def test_draws_follow_the_law():
    policy = LinearSoftmaxPolicy(FEATURES, THETA)
    drawn = jax.jit(jax.vmap(lambda key: policy.sample(jnp.int32(1), key=key)))(jax.random.split(jax.random.key(0), 20_000))
    counts = np.bincount(np.asarray(drawn), minlength=3)
    assert multinomial_test(counts, np.array([12, 1, 6]) / 19)
    assert not multinomial_test(counts, np.array([11, 2, 6]) / 19)


def test_large_scores_stay_finite():
    policy = LinearSoftmaxPolicy(FEATURES * 1e6, THETA)
    assert np.isfinite(policy.log_probs).all()


@pytest.mark.parametrize(
    ("features", "theta", "name"),
    [
        (np.zeros((1, 2)), np.zeros(2), "features"),
        (np.zeros((1, 0, 2)), np.zeros(2), "features"),
        (np.full((1, 2, 2), np.nan), np.zeros(2), "features"),
        (np.zeros((1, 2, 2)), np.zeros(3), "theta"),
        (np.zeros((1, 2, 2)), np.full(2, np.inf), "theta"),
    ],
)
def test_refusals(features, theta, name):
    with pytest.raises(ValueError, match=f"`{name}`"):
        LinearSoftmaxPolicy(features, theta)
