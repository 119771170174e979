"""The optimal learner against the literal oracle: its measured risk and cost are the exact minimax ones."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sharpsim import Oracle, TabularPolicy, algorithms
from sharpsim.classes import AllTabular, FiniteClass, ProductClass
from sharpsim.instances import hard_family, random_table
from sharpsim.theory import limits, limits_adaptive

FAMILY = {"hard_prompts": 3, "labels": 6, "hard_mass": 0.6}
MEMBER = hard_family(**FAMILY, secrets=np.array([2, 5, 6]))
ROW = hard_family(**FAMILY).log_probs[1]
CANDIDATES = ProductClass(MEMBER.members(ROW))
ORACLE = Oracle(TabularPolicy(MEMBER.log_probs), MEMBER.prompt_weights)
SEEDS = 20_000


def replicates(algorithm, seed=0, seeds=SEEDS):
    def one(key):
        result = algorithm(key)
        wrong = jnp.any(result.policy.log_probs[jnp.arange(4), jnp.concatenate([jnp.zeros(1, int), MEMBER.secrets])][:, None] < 0, axis=1)
        return jnp.sum(jnp.where(wrong, MEMBER.prompt_weights, 0.0)), jnp.asarray(result.samples_used, float)

    failed, spent = jax.jit(jax.vmap(one))(jax.random.split(jax.random.key(seed), seeds))
    return np.asarray(failed), np.asarray(spent)


def hoeffding(width, seeds=SEEDS):
    """Half an interval of a bounded mean that misses with probability 1e-6."""
    return width * math.sqrt(math.log(2e6) / (2 * seeds))


@pytest.mark.parametrize(("n", "N"), [(18, 1), (9, 2), (6, 3)])
def test_attains_the_exact_minimax_risk(n, N):
    failed, spent = replicates(lambda key: algorithms.candidate_elimination(ORACLE, CANDIDATES, n=n, N=N, key=key))
    exact = limits.minimax_risk(n=n, N=N, **FAMILY)
    room = hoeffding(FAMILY["hard_mass"])
    assert abs(failed.mean() - exact) <= room
    # Power: another number of prompts, the bound scaled, and the other splits of the same cost would be seen.
    assert abs(failed.mean() - limits.minimax_risk(n=n + 3, N=N, **FAMILY)) > room
    assert not abs(failed.mean() - 1.3 * exact) <= room
    assert (spent == n * N).all()


@pytest.mark.parametrize("remaining", [1, 2.4, 4, 6])
def test_adaptive_rule_attains_the_frontier(remaining):
    n = 12
    failed, spent = replicates(lambda key: algorithms.candidate_elimination_adaptive(ORACLE, CANDIDATES, n=n, remaining=remaining, key=key))
    risk = limits_adaptive.rule_risk(n=n, remaining=remaining, **FAMILY)
    cost = limits_adaptive.rule_samples(n=n, remaining=remaining, **FAMILY)
    assert abs(failed.mean() - risk) <= hoeffding(FAMILY["hard_mass"])
    # Costs have geometric tails, so their mean over 20,000 seeds is normal as far out as five standard errors (6e-7).
    error = spent.std() / math.sqrt(SEEDS)
    assert abs(spent.mean() - cost) <= 5 * error + 1e-9
    assert remaining == 6 or abs(spent.mean() - 0.95 * cost) > 5 * error


def test_secret_seen_is_secret_answered():
    result = algorithms.candidate_elimination(ORACLE, CANDIDATES, n=2000, N=1, key=jax.random.key(3))
    np.testing.assert_array_equal(result.info["answers"], [0, 2, 5, 6])
    np.testing.assert_array_equal(result.info["candidates"], [1, 1, 1, 1])
    np.testing.assert_array_equal(np.exp(result.policy.log_probs).sum(axis=1), 1.0)


def test_finite_class_uses_what_one_prompt_says_of_another():
    """Two members that differ at both prompts: one informative response settles the prompt that was never drawn."""
    left = np.log([[0.6, 0.4], [0.7, 0.3]])
    members = np.stack([left, left[:, ::-1]])
    oracle = Oracle(TabularPolicy(left), np.array([1.0, 0.0]))
    joint = algorithms.candidate_elimination(oracle, FiniteClass(members), n=1, N=1, key=jax.random.key(0))
    np.testing.assert_array_equal(joint.info["answers"], [0, 0])
    apart = algorithms.candidate_elimination(oracle, ProductClass(np.swapaxes(members, 0, 1)), n=1, N=1, key=jax.random.key(0))
    np.testing.assert_array_equal(apart.info["candidates"], [1, 2])


def test_class_of_all_tables_waits_for_a_certificate():
    """Adaptive, down to one candidate: the answer is then the mode, whatever the base, since no unseen response can exceed it."""
    base, weights = random_table(np.random.default_rng(2), prompts=5, responses=8, concentration=0.5)
    oracle = Oracle(TabularPolicy(base), weights)
    result = algorithms.candidate_elimination_adaptive(oracle, AllTabular(5, 8), n=2000, remaining=1, key=jax.random.key(1))
    np.testing.assert_array_equal(result.info["answers"], base.argmax(axis=1))
    np.testing.assert_array_equal(result.info["candidates"], 1)
    votes = np.asarray(AllTabular(1, 3).maximiser_votes(jnp.array([[jnp.nan, math.log(0.4), jnp.nan]])))
    np.testing.assert_array_equal(votes, [[0.5, 1.0, 0.5]])
    votes = np.asarray(AllTabular(1, 2).maximiser_votes(jnp.array([[jnp.nan, math.log(0.4)]])))
    np.testing.assert_array_equal(votes, [[0.5, 0.0]])


def test_misspecified_class_answers_with_the_likeliest_seen():
    base = np.log([[0.2, 0.5, 0.3]])
    wrong = ProductClass(np.log([[[0.9, 0.05, 0.05], [0.8, 0.1, 0.1]]]))
    result = algorithms.candidate_elimination(Oracle(TabularPolicy(base), np.ones(1)), wrong, n=1, N=200, key=jax.random.key(0))
    assert int(result.info["answers"][0]) == 1
    assert int(result.info["candidates"][0]) == 0


def test_refusals():
    with pytest.raises(ValueError, match="`policy_class`"):
        algorithms.candidate_elimination(ORACLE, AllTabular(2, 7), n=1, N=1, key=jax.random.key(0))
    with pytest.raises(ValueError, match="`remaining`"):
        algorithms.candidate_elimination_adaptive(ORACLE, CANDIDATES, n=1, remaining=0.5, key=jax.random.key(0))
    with pytest.raises(ValueError, match="`n`"):
        algorithms.candidate_elimination_adaptive(ORACLE, CANDIDATES, n=0, remaining=1, key=jax.random.key(0))
