"""The paper's instances: the properties that their docstrings state, by hand and over the range of their arguments."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharpsim import coverage, laws, sharpness
from sharpsim.instances import greedy_trap, hard_family, random_table, row_permutations


def test_hard_family_by_hand():
    family = hard_family(hard_prompts=2, labels=4, hard_mass=0.5, secrets=np.array([3, 1]))
    want = [[1, 0, 0, 0, 0], [0, 1 / 6, 1 / 6, 1 / 2, 1 / 6], [0, 1 / 2, 1 / 6, 1 / 6, 1 / 6]]
    np.testing.assert_allclose(np.exp(family.log_probs), want, rtol=1e-14)
    assert family.prompt_weights.tolist() == [0.5, 0.25, 0.25]
    assert family.log_class_size == pytest.approx(2 * math.log(4))


@given(st.integers(1, 5), st.integers(3, 30), st.floats(1e-6, 1.0), st.floats(0.5, 3.0))
def test_hard_family_coverage(d, m, mass, power):
    """C_cov,1/2,p = ((1-D) + D (M/2)^p)^(1/p), the same for every member."""
    secrets = np.random.default_rng(d * m).integers(1, m + 1, d)
    family = hard_family(hard_prompts=d, labels=m, hard_mass=mass, secrets=secrets)
    want = ((1 - mass) + mass * (m / 2) ** power) ** (1 / power)
    assert coverage.coverage_coefficient(family.log_probs, family.prompt_weights, power=power) == pytest.approx(want, rel=1e-12)
    assert (sharpness.maximisers(family.log_probs)[1:].argmax(axis=1) == secrets).all()


def test_members_are_all_relabellings():
    """The best-of-N law of any member of the family is in the product class made from one of them."""
    family = hard_family(hard_prompts=3, labels=5, hard_mass=0.3)
    row = laws.best_of_n(family.log_probs[1], family.log_probs[1], draws=4)
    members = family.members(row)
    assert members.shape == (4, 5, 6)
    for secret in range(1, 6):
        other = hard_family(hard_prompts=3, labels=5, hard_mass=0.3, secrets=np.full(3, secret))
        want = laws.best_of_n(other.log_probs[1], other.log_probs[1], draws=4)
        np.testing.assert_allclose(np.exp(members[1:, secret - 1]), np.exp(np.tile(want, (3, 1))), rtol=1e-12)
    assert (members[0] == family.log_probs[0]).all()


def test_hard_family_refusals():
    good = {"hard_prompts": 2, "labels": 4, "hard_mass": 0.5}
    for name, value in (("hard_prompts", 0), ("labels", 2), ("hard_mass", 0.0), ("hard_mass", 1.1), ("hard_mass", math.nan)):
        with pytest.raises(ValueError, match=f"`{name}` must be"):
            hard_family(**{**good, name: value})
    for secrets in (np.array([1]), np.array([0, 1]), np.array([1, 5])):
        with pytest.raises(ValueError, match="`secrets` must be 2 labels"):
            hard_family(**good, secrets=secrets)


def sequence_probs(conditionals):
    """[V, V] probabilities of the two-token sequences of a trap."""
    return np.exp(conditionals[0][0])[:, None] * np.exp(conditionals[1][0])


@given(st.one_of(st.floats(0.01, 0.5), st.integers(2, 100).map(lambda k: 1 / k)))
def test_trap_has_its_mode_at_one_one_and_greedy_elsewhere(q):
    """The mode is unique, also where (1-q)/q is whole and rounds down, as at q = 1/20."""
    conditionals = greedy_trap(mode_probability=q)
    probs = sequence_probs(conditionals)
    assert probs.sum() == pytest.approx(1.0)
    assert probs[1, 1] == pytest.approx(q, rel=1e-14)
    rest = np.delete(probs.ravel(), probs.shape[1] + 1)
    assert rest.max() < q * (1 - 1e-9)
    assert conditionals[0][0].argmax() == 0


def test_trap_refusals():
    for q in (0.0, 0.51, -0.1, math.nan):
        with pytest.raises(ValueError, match=r"`mode_probability` must be in \(0, 1/2\]"):
            greedy_trap(mode_probability=q)
    with pytest.raises(ValueError, match=r"more than the 16,777,216 that can be enumerated; call greedy_trap with a larger"):
        greedy_trap(mode_probability=1e-6)


@pytest.mark.parametrize("concentration", [0.005, 0.3, 1.0, 100.0])
def test_random_tables_are_policies(concentration):
    """At low concentration masses underflow long before their logarithms do."""
    table, weights = random_table(np.random.default_rng(0), prompts=6, responses=9, concentration=concentration)
    assert np.isfinite(table).all()
    assert coverage.mode_coverage(table, weights) >= 1
    again, _ = random_table(np.random.default_rng(0), prompts=6, responses=9, concentration=concentration)
    np.testing.assert_array_equal(table, again)


def test_random_rows_are_dirichlet():
    """The mean of 4,000 rows is uniform: each entry has variance (K-1)/(K^2 (K c + 1)) at concentration c; six deviations."""
    table, _ = random_table(np.random.default_rng(1), prompts=4000, responses=4, concentration=0.5)
    room = 6 * math.sqrt(3 / (16 * 3) / 4000)
    np.testing.assert_allclose(np.exp(table).mean(axis=0), 0.25, atol=room)
    np.testing.assert_allclose((np.exp(table) ** 2).mean(), (1 / 16) + 3 / (16 * 3), atol=room)


def test_row_permutations_start_with_the_row():
    table, _ = random_table(np.random.default_rng(2), prompts=3, responses=5, concentration=1.0)
    members = row_permutations(np.random.default_rng(3), table, members=4)
    assert members.shape == (3, 4, 5)
    np.testing.assert_array_equal(members[:, 0], table)
    np.testing.assert_array_equal(np.sort(members, axis=2), np.sort(np.repeat(table[:, None], 4, axis=1), axis=2))
    for call, name in (
        (lambda: random_table(np.random.default_rng(0), prompts=0, responses=2, concentration=1.0), "prompts"),
        (lambda: random_table(np.random.default_rng(0), prompts=1, responses=2, concentration=0.0), "concentration"),
        (lambda: row_permutations(np.random.default_rng(0), table, members=0), "members"),
    ):
        with pytest.raises(ValueError, match=f"`{name}` must be"):
            call()
