"""Low-rank adaptation: base at first, only the factors trained, the merged policy the same; the update has the rank it was given."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sharpsim.policies import TransformerPolicy
from sharpsim.training import LowRankPolicy, NeuralClass, Schedule
from sharpsim.training._low_rank import trained_parts

BASE = TransformerPolicy(
    vocabulary_size=5,
    horizon=3,
    prompt_length=2,
    prompt_vocabulary_size=None,
    end_token=0,
    layers=1,
    width=8,
    heads=2,
    key=jax.random.key(0),
)
PROMPTS = np.array([[1, 2], [3, 4]])
PAIRS = np.array([0, 1] * 8), np.array([[2, 3, 0], [4, 0, 0]] * 8)
SCHEDULE = Schedule(steps=20, batch=8, learning_rate=0.05, warmup=0, weight_decay=0.1, clip=1.0, evaluate_every=10, patience=5)


def matrices(policy) -> list[np.ndarray]:
    return [np.asarray(leaf) for leaf in jax.tree.leaves(policy) if eqx.is_inexact_array(leaf) and leaf.ndim == 2]


def test_it_is_base_at_first():
    made = LowRankPolicy(BASE, 2, key=jax.random.key(1))
    for policy in (made, made.merged()):
        np.testing.assert_allclose(policy.log_prob(PROMPTS[0], PAIRS[1][0]), BASE.log_prob(PROMPTS[0], PAIRS[1][0]), rtol=1e-6)
    trained = [leaf.shape for leaf in jax.tree.leaves(eqx.filter(made, trained_parts(made)))]
    assert sorted(trained) == sorted(shape for leaf in matrices(BASE) for shape in ((leaf.shape[0], 2), (2, leaf.shape[1])))


def test_a_step_in_the_factors_is_the_product_added():
    made = LowRankPolicy(BASE, 2, key=jax.random.key(1))
    moved = eqx.tree_at(lambda one: one.right, made, [right + 0.3 for right in made.right])
    for old, new, left, right in zip(matrices(BASE), matrices(moved.merged()), moved.left, moved.right, strict=True):
        np.testing.assert_allclose(new, old + np.asarray(left) @ np.asarray(right), rtol=1e-5, atol=1e-6)
    one = moved.token_log_probs(jnp.asarray(PROMPTS[0]), jnp.asarray(PAIRS[1][0]))
    np.testing.assert_allclose(one, moved.merged().token_log_probs(PROMPTS[0], PAIRS[1][0]), rtol=1e-5)
    state = moved.start(jnp.asarray(PROMPTS[0]))
    np.testing.assert_allclose(moved.step(state, 1)[1], moved.merged().step(moved.merged().start(jnp.asarray(PROMPTS[0])), 1)[1], rtol=1e-5)


@pytest.mark.parametrize("rank", [1, 2])
def test_a_fit_moves_every_matrix_by_that_rank_and_vectors_not_at_all(rank):
    seen = []
    fitted = NeuralClass(BASE, PROMPTS, SCHEDULE, 2, lambda step, policy: seen.append(type(policy)), rank)
    found = fitted.maximum_likelihood(*PAIRS, key=jax.random.key(2))
    assert set(seen) == {TransformerPolicy}
    assert isinstance(found.policy, TransformerPolicy)
    assert found.info["held_out_loss"][-1] < 0.7 * found.info["held_out_loss"][0]
    ranks = [np.linalg.matrix_rank(new - old, tol=1e-4) for new, old in zip(matrices(found.policy), matrices(BASE), strict=True)]
    assert max(ranks) == rank
    for new, old in zip(jax.tree.leaves(found.policy), jax.tree.leaves(BASE), strict=True):
        if eqx.is_inexact_array(new) and new.ndim != 2:
            np.testing.assert_array_equal(new, old)


@pytest.mark.parametrize("rank", [0, -1])
def test_ranks_below_one_are_refused(rank):
    with pytest.raises(ValueError, match="`rank`"):
        LowRankPolicy(BASE, rank, key=jax.random.key(0))
    with pytest.raises(ValueError, match="`rank`"):
        NeuralClass(BASE, PROMPTS, SCHEDULE, 2, None, rank)
