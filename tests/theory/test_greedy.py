"""Prop 3.1: above 1/2 greedy decoding returns the mode, at and below it can fail; the margin with numbers."""

import itertools
import math

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharpsim import instances
from sharpsim.theory import AssumptionError, require
from sharpsim.theory import greedy as theory


def conditionals(seed, *, policies=1, size=3, horizon=3, concentration=0.4):
    rng = np.random.default_rng(seed)
    tables = []
    for h in range(horizon):
        rows = instances.random_table(rng, prompts=policies * size**h, responses=size, concentration=concentration)[0]
        tables.append(rows.reshape(policies, *[size] * (h + 1)))
    return tables


def two_responses(q):
    """The likelier of two one-token responses has probability max(q, 1-q), and nothing else does: the margin is the bound."""
    return [np.log([[q, 1 - q]])]


shapes = st.sampled_from([(2, 1), (2, 2), (2, 5), (3, 3), (7, 2)])
strengths = st.floats(0.05, 3.0)
seeds = st.integers(0, 2**32 - 1)


def paper_example(t):
    """V = {0,1}, H = 2: pi(0) = 1/2 + t, pi(.|1) a point mass, pi(.|0) uniform."""
    with np.errstate(divide="ignore"):
        return [np.log([[0.5 + t, 0.5 - t]]), np.log([[[0.5, 0.5], [0.0, 1.0]]])]


# Value


def test_value_by_hand():
    assert theory.bound(mode_probability=0.75) == pytest.approx(math.log(3), rel=1e-15)
    assert theory.bound(mode_probability=0.2) == pytest.approx(-math.log(4), rel=1e-15)
    assert theory.bound(mode_probability=0.5) == 0.0
    assert theory.bound(mode_probability=1.0) == math.inf
    assert theory.THRESHOLD == 0.5


@pytest.mark.parametrize("p", [1e-300, 1e-12, 0.3, 0.5 - 1e-13, 0.5 + 1e-13, 0.7, 1 - 1e-12])
def test_value_against_mpmath(p):
    with mpmath.workdps(400):
        truth = mpmath.log(mpmath.mpf(p) / (1 - mpmath.mpf(p)))
        assert abs(theory.bound(mode_probability=p) - truth) <= 1e-13 * abs(truth)


def test_paper_example_by_hand():
    tables = paper_example(0.1)
    assert np.exp(theory.enumerate_responses(tables))[0] == pytest.approx([0.3, 0.3, 0.0, 0.4], rel=1e-14)
    assert theory.mode(tables).tolist() == [[1, 1]]
    assert theory.greedy_response(tables).tolist() == [[0, 0]]
    assert not theory.greedy_is_mode(tables)[0]
    assert theory.greedy_margin(tables)[0] == pytest.approx(math.log(0.4 / 0.6), rel=1e-14)
    # From t = 1/6 on the mode begins with 0, and greedy finds it.
    assert theory.greedy_is_mode(paper_example(0.17))[0]


def test_enumeration_is_in_order():
    tables = conditionals(5, size=2, horizon=3)
    by_hand = [sum(tables[h][(0, *y[:h], y[h])] for h in range(3)) for y in itertools.product(range(2), repeat=3)]
    assert theory.enumerate_responses(tables)[0] == pytest.approx(by_hand, rel=1e-14)


# Inverse


@pytest.mark.parametrize("p", [1e-300, 1e-9, 0.2, 0.5, 0.75, 1 - 1e-9])
def test_inverse_both_ways(p):
    margin = theory.bound(mode_probability=p)
    assert theory.mode_probability_needed(margin=margin) == pytest.approx(p, rel=1e-12)
    assert theory.bound(mode_probability=theory.mode_probability_needed(margin=1.7)) == pytest.approx(1.7, rel=1e-14)
    assert theory.mode_probability_needed(margin=0.0) == theory.THRESHOLD


def test_may_fail_changes_exactly_at_one_half():
    edge = np.array([np.nextafter(0.5, 0), 0.5, np.nextafter(0.5, 1)])
    assert theory.may_fail(mode_probability=edge).tolist() == [True, True, False]


# Sandwich


@given(seeds, shapes, strengths)
def test_sandwich(seed, shape, strength):
    tables = conditionals(seed, policies=8, size=shape[0], horizon=shape[1], concentration=strength)
    margin, p = theory.greedy_margin(tables), theory.mode_probability(tables)
    assert (margin >= theory.mode_log_odds(tables) - 1e-9).all()
    hit = theory.greedy_is_mode(tables)
    assert hit[p > theory.THRESHOLD].all()
    assert (hit == (margin > 0))[np.abs(margin) > 1e-9].all()


def test_generated_policies_do_fail_below_one_half():
    tables = conditionals(11, policies=4000)
    p, hit = theory.mode_probability(tables), theory.greedy_is_mode(tables)
    assert hit[p > 0.5].all()
    assert (p > 0.5).sum() > 500
    # So a threshold of 0.35 (1/2 scaled by 0.7) would be false already on these.
    assert (~hit & (p > 0.35) & (p <= 0.5)).sum() > 10


def test_decoders_agree_with_enumeration():
    from sharpsim import decoding
    from sharpsim.policies import TabularSequencePolicy

    tables = conditionals(3, policies=30)
    policy = TabularSequencePolicy(tables)
    assert [decoding.greedy(policy, x).tolist() for x in range(30)] == theory.greedy_response(tables).tolist()
    found = decoding.most_likely_batch(policy, np.arange(30), max_expansions=1000)
    assert [result.responses[0].tolist() for result in found] == theory.mode(tables).tolist()
    assert [result.log_probs[0] for result in found] == pytest.approx(np.log(theory.mode_probability(tables)), abs=1e-12)


# Sharpness


@pytest.mark.parametrize("q", [0.5, 0.499999, 0.4, 1 / 3, 0.25, 0.1, 0.05, 0.01])
def test_sharpness_traps_attain_the_bound(q):
    tables = instances.greedy_trap(mode_probability=q)
    assert theory.mode_probability(tables)[0] == pytest.approx(q, rel=1e-14)
    assert not theory.greedy_is_mode(tables)[0]
    margin = theory.greedy_margin(tables)[0]
    assert margin == pytest.approx(theory.bound(mode_probability=q), rel=1e-9, abs=1e-15)
    if q < 0.49:
        assert margin < 0.7 * theory.bound(mode_probability=q)


@pytest.mark.parametrize("q", [0.501, 0.6, 0.9, 1 - 1e-9])
def test_sharpness_two_responses_attain_the_bound(q):
    margin = theory.greedy_margin(two_responses(q))[0]
    assert margin == pytest.approx(theory.bound(mode_probability=q), rel=1e-7)
    assert margin < 1.3 * theory.bound(mode_probability=q)
    assert theory.mode_log_odds(two_responses(q))[0] == pytest.approx(margin, rel=1e-12)


# Assumptions


def test_assumptions_change_sign_where_they_should():
    assert min(theory.checks(two_responses(0.6)).values()) > 0
    above, below = theory.checks(instances.greedy_trap(mode_probability=0.4)), theory.checks(two_responses(0.5))
    assert above["unique_mode"] == pytest.approx(math.log(0.4 / 0.3))
    assert above["mode_above_half"] == pytest.approx(-0.1)
    assert below["unique_mode"] < 0
    assert below["mode_above_half"] < 0
    with pytest.raises(AssumptionError, match="`mode_above_half` fails"):
        require(above, "mode_above_half")
    require(theory.checks([np.zeros((1, 1))]))


def test_ties_go_to_the_smallest_token():
    tables = [np.log(np.full((1, 2), 0.5)), np.log(np.full((1, 2, 2), 0.5))]
    assert theory.greedy_response(tables).tolist() == theory.mode(tables).tolist() == [[0, 0]]
    assert theory.greedy_is_mode(tables)[0]
    assert theory.greedy_margin(tables)[0] == 0


def test_a_certain_sequence():
    with np.errstate(divide="ignore"):
        tables = [np.log([[0.0, 1.0]])]
    assert theory.greedy_margin(tables)[0] == theory.mode_log_odds(tables)[0] == math.inf
    assert theory.greedy_is_mode(tables)[0]


# Refusals


@pytest.mark.parametrize("p", [0.0, -0.1, 1.1, math.nan])
def test_refuses_mode_probabilities(p):
    with pytest.raises(ValueError, match=r"`mode_probability` must be in \(0, 1\]; got"):
        theory.bound(mode_probability=p)
    with pytest.raises(ValueError, match="`mode_probability`"):
        theory.may_fail(mode_probability=p)


def test_refusals():
    with pytest.raises(ValueError, match="`margin` must be a number; got"):
        theory.mode_probability_needed(margin=math.nan)
    with pytest.raises(ValueError, match="`conditionals` must be a sequence of arrays"):
        theory.mode([])
    with pytest.raises(ValueError, match=r"`conditionals\[0\]` must have shape \[prompts, V\]"):
        theory.mode([np.zeros(1)])
    with pytest.raises(ValueError, match=r"`conditionals\[1\]` must have shape \(1, 2, 2\)"):
        theory.mode([np.log([[0.5, 0.5]])] * 2)
    with pytest.raises(ValueError, match=r"`conditionals\[0\]` must have rows that sum to 1"):
        theory.mode([np.log([[0.5, 0.4]])])
    with pytest.raises(ValueError, match="NaN"):
        theory.mode([np.array([[math.nan, 0.0]])])
    with pytest.raises(ValueError, match=r"9.76562e\+06 elements.*decoding.most_likely"):
        theory.mode([np.log(np.full((1, 5), 0.2))] * 10)


def test_statements():
    assert {entry.label for entry in theory.STATEMENTS} == {"Prop 3.1", "Prop 3.1 (margin)", "Prop 3.1 (tight)"}
    assert all(entry.stem == "greedy" for entry in theory.STATEMENTS)
