"""Maximum likelihood over each class: by hand, against each other, with ties, impossible data and prompts without data."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharpsim import TabularPolicy
from sharpsim.classes import AllTabular, FiniteClass, ProductClass
from sharpsim.testing import log_prob_tables, multinomial_test

KEY = jax.random.key(0)
pairs = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 2)), min_size=6, max_size=6).map(np.array)
four_members = st.tuples(*[log_prob_tables(prompts=2, responses=3, zeros=True, ties=True)] * 4).map(np.stack)


def fit(policy_class, data, key=KEY):
    return policy_class.maximum_likelihood(jnp.asarray(data[:, 0]), jnp.asarray(data[:, 1]), key=key)


def likelihood(table, data):
    return np.asarray(table)[data[:, 0], data[:, 1]].sum()


def test_all_tables_by_hand():
    data = np.array([[0, 2], [0, 2], [0, 1], [0, 2]])
    got = fit(AllTabular(2, 3), data)
    np.testing.assert_allclose(np.exp(got.policy.log_probs), [[0, 0.25, 0.75], [1 / 3, 1 / 3, 1 / 3]], rtol=1e-14)
    assert got.info["seen"].tolist() == [4, 0]
    reference = TabularPolicy.from_probs(np.array([[0.2, 0.3, 0.5], [0.6, 0.3, 0.1]]))
    got = fit(AllTabular(2, 3, reference), data)
    np.testing.assert_allclose(np.exp(got.policy.log_probs), [[0, 0.25, 0.75], [0.6, 0.3, 0.1]], rtol=1e-14)
    got = fit(AllTabular(2, 3, reference), np.array([[1, 2]]))
    np.testing.assert_allclose(np.exp(got.policy.log_probs), [[0.2, 0.3, 0.5], [0, 0, 1]], rtol=1e-14)
    assert AllTabular(2, 3).log_size == math.inf


@given(four_members, pairs)
def test_no_member_of_a_finite_class_is_likelier(members, data):
    got = fit(FiniteClass(members), data)
    scores = np.array([likelihood(member, data) for member in members])
    assert likelihood(got.policy.log_probs, data) == pytest.approx(scores.max(), rel=1e-12)
    assert likelihood(fit(AllTabular(2, 3), data).policy.log_probs, data) >= scores.max() - 1e-12
    np.testing.assert_array_equal(got.policy.log_probs, members[int(got.info["member"])])


@given(four_members, pairs)
def test_a_product_class_is_the_finite_class_of_all_combinations(members, data):
    """16 combinations of two prompts' members, enumerated here and never there."""
    by_prompt = np.swapaxes(members, 0, 1)
    everything = np.stack([np.stack([a, b]) for a in by_prompt[0] for b in by_prompt[1]])
    product, finite = fit(ProductClass(by_prompt), data), fit(FiniteClass(everything), data)
    want = likelihood(finite.policy.log_probs, data)
    assert likelihood(product.policy.log_probs, data) == pytest.approx(want, rel=1e-12)


def test_log_sizes_count_members_once():
    rows = np.log([[[0.5, 0.5], [0.9, 0.1], [0.5, 0.5]], [[0.2, 0.8]] * 3])
    assert ProductClass(rows).log_size == pytest.approx(math.log(2))
    assert FiniteClass(np.swapaxes(rows, 0, 1)).log_size == pytest.approx(math.log(3))


def test_ties_are_fair_and_depend_on_the_key_alone():
    """Permuted tables have equal likelihoods though their sums round differently; impossible data ties all members."""
    rng = np.random.default_rng(0)
    row = np.log(rng.dirichlet(np.ones(9)))
    data = np.array([[0, y] for y in range(9)])
    members = np.stack([rng.permutation(row)[None] for _ in range(5)])
    with np.errstate(divide="ignore"):
        impossible = np.log(np.eye(9)[:5, None, :])
    keys = jax.random.split(KEY, 4000)
    for tied in (members, impossible):
        chosen = jax.jit(jax.vmap(lambda key, tied=tied: fit(FiniteClass(tied), data, key).info["member"]))(keys)
        assert multinomial_test(np.bincount(np.asarray(chosen), minlength=5), np.full(5, 0.2))
    assert int(fit(FiniteClass(members), data).info["member"]) == int(fit(FiniteClass(members), data).info["member"])


def test_responses_that_never_occur_cost_nothing():
    """A member that forbids them is not turned into NaN, and wins if it explains the rest better."""
    with np.errstate(divide="ignore"):
        members = np.log([[[0.4, 0.4, 0.2]], [[0.5, 0.5, 0.0]]])
    got = fit(FiniteClass(members), np.array([[0, 0], [0, 1]]))
    assert int(got.info["member"]) == 1
    assert float(got.info["log_likelihood"]) == pytest.approx(2 * math.log(0.5))


def test_refusals():
    row = np.log([[0.5, 0.5]])
    for make, message in (
        (lambda: FiniteClass(np.zeros((0, 1, 2))), "at least one member"),
        (lambda: FiniteClass(row), "members, prompts, responses"),
        (lambda: FiniteClass(row[None] * 2), "sum to 1"),
        (lambda: FiniteClass(np.full((1, 1, 2), np.nan)), "not hold NaN"),
        (lambda: ProductClass(np.zeros((1, 0, 2))), "at least one member"),
        (lambda: ProductClass(row[None] * 2), "sum to 1"),
    ):
        with pytest.raises(ValueError, match=f"`log_probs` must .*{message}"):
            make()
    for make, name in ((lambda: AllTabular(0, 1), "prompts"), (lambda: AllTabular(1, 0), "responses")):
        with pytest.raises(ValueError, match=f"`{name}` must be a whole number"):
            make()
    for shape, name in (((2**40, 2), "prompts"), ((2, 2**40), "responses")):
        with pytest.raises(ValueError, match=rf"`{name}` must be smaller, as the call would take about 1\.8e\+04 GB"):
            AllTabular(*shape)
    with pytest.raises(ValueError, match="`reference` must be a table"):
        AllTabular(2, 2, TabularPolicy(row))
    for policy_class in (FiniteClass(row[None]), ProductClass(row[None]), AllTabular(1, 2)):
        none = jnp.zeros(0, jnp.int32)
        with pytest.raises(ValueError, match="`prompts` must hold at least one pair"):
            policy_class.maximum_likelihood(none, none, key=KEY)
        with pytest.raises(ValueError, match="`responses` must have 2 pairs, as `prompts` has"):
            policy_class.maximum_likelihood(jnp.zeros(2, jnp.int32), jnp.zeros(1, jnp.int32), key=KEY)
        with pytest.raises(ValueError, match=r"`responses` must be integers in 0\.\.1"):
            policy_class.maximum_likelihood(jnp.zeros(1, jnp.int32), jnp.full(1, 2), key=KEY)
