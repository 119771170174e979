"""Inference-time answers: which of equal draws is kept, on draws that are known."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sharpsim import Oracle, TabularPolicy
from sharpsim.algorithms import BestOfNPolicy

BASE = TabularPolicy.from_probs(np.array([[0.3, 0.3, 0.4]]))


class Scripted(Oracle):
    """An oracle whose draws for every prompt are 0, 1, 2, 1, 0, .. in this order."""

    def _draw_responses(self, prompts, N, key):
        responses = jnp.broadcast_to(jnp.array([0, 1, 2, 1, 0])[:N], (prompts.shape[0], N))
        return responses, self._base.log_probs[prompts[:, None], responses]


@pytest.mark.parametrize(("N", "reward", "kept"), [(2, None, 0), (5, None, 2), (5, [[0.0, 5.0, 5.0]], 1), (5, [[1.0, 1.0, 1.0]], 0)])
def test_the_first_drawn_of_equals_is_kept(N, reward, kept):
    """In law, the last drawn of equals is the same as the first; what the docstring promises shows on known draws only."""
    # A function as reward: with a table, the draws themselves are not made.
    table = np.asarray(BASE.log_probs[0] if reward is None else reward)
    oracle = Scripted(BASE, np.ones(1), reward=lambda prompt, response, value: jnp.asarray(table)[response])
    batch = oracle.respond(jnp.zeros(3, jnp.int32), N, key=jax.random.key(0))
    assert batch.responses.tolist() == [kept] * 3
    assert batch.cost == 3 * N
    np.testing.assert_array_equal(batch.log_probs, BASE.log_probs[0, kept])


def test_a_policy_of_best_draws_answers_as_its_oracle():
    oracle = Oracle(BASE, np.ones(1))
    policy, key = BestOfNPolicy(oracle, 4), jax.random.key(3)
    got = policy.sample(jnp.int32(0), key=key)
    assert int(got) == int(oracle.respond(jnp.zeros(1, jnp.int32), 4, key=key).responses[0])


def test_no_prompts_are_refused():
    with pytest.raises(ValueError, match="`prompts` must hold at least one prompt"):
        Oracle(BASE, np.ones(1)).respond(jnp.zeros(0, jnp.int32), 2, key=jax.random.key(0))
