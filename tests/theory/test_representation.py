"""Prop E.2: no member passes 1/2 on the base's mode, at any norm; the effects of temperature, greedy decoding and a single layer."""

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize

from sharpsim import decoding, instances, laws
from sharpsim.policies import MultilayerSoftmaxPolicy, tabulate
from sharpsim.testing import assert_bound
from sharpsim.theory import AssumptionError, require
from sharpsim.theory import representation as theory

weights = st.lists(st.floats(-60, 60), min_size=4, max_size=4).map(lambda flat: np.array(flat).reshape(2, 2))
vocabularies = st.integers(2, 30)


def mass(instance, theta, token=(1, 0)):
    """pi(2,1) of a member, from every conditional."""
    first, second = theory.conditionals(instance.features, theta)
    return float(np.exp(first[0, token[0]] + second[(0, *token)]))


def paper(n, scale=1.0):
    return instances.not_closed(vocabulary=n, scale=scale)


# Value


def test_base_by_hand():
    """n = 3, B = log 2: first (2, 2, 1)/5; after 2, (2, 1, 1)/4; else uniform."""
    instance = paper(3, math.log(2))
    law = np.exp(theory.table(instance.features, instance.weights)).reshape(3, 3)
    want = [[2 / 15] * 3, [1 / 5, 1 / 10, 1 / 10], [1 / 15] * 3]
    np.testing.assert_allclose(law, want, rtol=1e-14)
    assert theory.tempered(vocabulary=3, scale=math.log(2), temperature=1.0)["mode"] == pytest.approx(1 / 5, rel=1e-14)
    assert theory.tempered(vocabulary=3, scale=math.log(2), temperature=1.0)["first"] == pytest.approx(2 / 15, rel=1e-14)


def test_largest_mass_by_hand():
    assert theory.largest_mass(vocabulary=3, norm=0.0) == pytest.approx(1 / 9, rel=1e-15)
    assert theory.largest_mass(vocabulary=3, norm=math.log(2) / math.sqrt(2)) == pytest.approx(1 / (2.5 * 2), rel=1e-14)
    assert theory.largest_mass(vocabulary=5, norm=math.inf) == theory.bound() == 0.5


@pytest.mark.parametrize("k", [0.1, 0.5, 0.9, 0.99])
def test_strict_bound_against_mpmath(k):
    """The maximum over a of 1/(e^((1-k)a) + 1 + e^(-ka)), found by root of its derivative."""
    with mpmath.workdps(40):
        k_ = mpmath.mpf(k)
        total = lambda a: mpmath.exp((1 - k_) * a) + 1 + mpmath.exp(-k_ * a)  # noqa: E731
        best = mpmath.findroot(lambda a: mpmath.diff(total, a), mpmath.log(k_ / (1 - k_)) + mpmath.mpf("0.1"))
        assert theory.bound_strict(second_token=k) == pytest.approx(float(1 / total(best)), rel=1e-13)
    assert theory.bound_strict() == pytest.approx(0.419437, abs=1e-6)
    assert theory.bound_strict(second_token=0.5) == pytest.approx(1 / 3, rel=1e-14)
    assert instances.not_closed_strict(vocabulary=3).features[0][0, 1, 0] == theory.SECOND_TOKEN


# Inverse


@given(vocabularies, st.floats(1e-3, 0.4999))
def test_norm_needed_both_ways(n, value):
    norm = theory.norm_needed(vocabulary=n, mass=value)
    if value <= 1 / n**2:
        assert norm == 0
    else:
        assert theory.largest_mass(vocabulary=n, norm=norm) == pytest.approx(value, rel=1e-9)
    reached = theory.largest_mass(vocabulary=n, norm=2.0)
    assert theory.norm_needed(vocabulary=n, mass=reached) == pytest.approx(2.0, rel=1e-6)


def test_no_norm_is_enough_for_one_half():
    assert theory.norm_needed(vocabulary=4, mass=0.5) == math.inf
    assert theory.norm_needed(vocabulary=4, mass=np.array([0.6, 0.99])).tolist() == [math.inf] * 2
    assert math.isfinite(theory.norm_needed(vocabulary=4, mass=0.499999))


@given(st.floats(0.01, 10), st.floats(0.01, 10))
def test_beta_reached_both_ways(norm, more):
    beta = theory.beta_reached(norm=norm, radius=norm + more)
    assert theory.sharpened_norm(norm=norm, beta=beta) == pytest.approx(norm + more, rel=1e-9)
    assert theory.beta_reached(norm=norm, radius=norm) == math.inf


# Sandwich


def test_no_member_passes_one_half():
    report = assert_bound(
        instances=st.tuples(vocabularies, weights),
        exact=lambda at: mass(paper(at[0]), at[1]),
        bound=lambda at: theory.bound(),
        side="upper",
        near_extremal=(5, np.array([[12.0, -12.0], [12.0, -12.0]])),
    )
    assert report.instances > 20


def test_no_member_of_the_strict_variant_passes_its_bound():
    report = assert_bound(
        instances=st.tuples(st.integers(3, 30), weights),
        exact=lambda at: mass(instances.not_closed_strict(vocabulary=at[0]), at[1]),
        bound=lambda at: theory.bound_strict(),
        side="upper",
        near_extremal=(5, np.array([[math.log(9), -40.0], [20.0, -20.0]])),
    )
    assert report.instances > 20


@given(vocabularies, weights)
def test_no_member_passes_the_maximum_of_its_norm(n, theta):
    norm = float(np.linalg.norm(theta, axis=1).max())
    assert mass(paper(n), theta) <= theory.largest_mass(vocabulary=n, norm=norm) * (1 + 1e-12)


@pytest.mark.parametrize("strict", [False, True])
def test_optimiser_never_passes_and_comes_near(strict):
    """Restarts without any limit on the norm, blind to the closed form."""
    instance = instances.not_closed_strict(vocabulary=4) if strict else paper(4)
    bound = theory.bound_strict() if strict else theory.bound()
    rng = np.random.default_rng(3)
    starts = [rng.normal(size=4) * size for size in (0.1, 1.0, 5.0, 20.0)]
    ends = [optimize.minimize(lambda x: -math.log(max(mass(instance, x.reshape(2, 2)), 1e-300)), start).x for start in starts]
    found = [mass(instance, end.reshape(2, 2)) for end in ends]
    assert max(found) <= bound
    assert max(found) > 0.999 * bound


@given(vocabularies, st.floats(0.05, 20), st.floats(0.02, 50))
def test_temperature_stays_in_the_class(n, scale, temperature):
    instance = paper(n, scale)
    member = instance.weights / temperature
    exact = theory.tempered(vocabulary=n, scale=scale, temperature=temperature)
    assert mass(instance, member) == pytest.approx(exact["mode"], rel=1e-12)
    assert mass(instance, member, (0, n - 1)) == pytest.approx(exact["first"], rel=1e-12)
    first, second = theory.conditionals(instance.features, instance.weights)
    powered = [rows / temperature for rows in (first, second)]
    tempered = [rows - np.logaddexp.reduce(rows, axis=-1, keepdims=True) for rows in powered]
    assert float(np.exp(tempered[0][0, 1] + tempered[1][0, 1, 0])) == pytest.approx(exact["mode"], rel=1e-11)


def test_policy_and_theory_say_the_same_law():
    for instance in (paper(4), instances.not_closed_strict(vocabulary=4)):
        policy = MultilayerSoftmaxPolicy.from_tables(instance.features, instance.weights)
        np.testing.assert_allclose(tabulate(policy, np.arange(1))[1], theory.table(instance.features, instance.weights), rtol=1e-13)


def test_one_layer_is_closed_up_to_the_norm():
    rng = np.random.default_rng(8)
    for beta in (5.0, 0.4, 0.05):
        features, theta = rng.normal(size=(1, 9, 3)), rng.normal(size=(1, 3))
        base = theory.table([features], theta)
        member = theory.table([features], (1 + 1 / beta) * theta)
        np.testing.assert_allclose(member, laws.tilted(base, base, beta=beta), rtol=1e-11, atol=1e-11)
        assert np.abs(np.exp(member) - np.exp(base)).sum() > 0.05
        # A member of a smaller ball is another law: features of full rank tell all weights apart.
        nearer = theory.table([features], 0.9 * (1 + 1 / beta) * theta)
        assert np.abs(np.exp(member) - np.exp(nearer)).max() > 1e-6


def test_two_layers_are_not_closed():
    """The base's own sharpened law has more on (2,1) than any member; multiplying the weights instead gives another law."""
    instance = paper(3)
    base = theory.table(instance.features, instance.weights)
    sharpened = np.exp(laws.tilted(base, base, beta=0.1))
    assert sharpened[0, 3] > 0.98 > theory.bound()
    assert np.exp(theory.table(instance.features, 11 * instance.weights))[0, 3] < theory.bound()


# Sharpness


@pytest.mark.parametrize("n", [2, 3, 20])
def test_sharpness(n):
    """R (1,-1)/sqrt 2 attains the maximum of its norm, which tends to 1/2."""
    for norm in (0.5, 3.0, 25.0):
        theta = np.tile(np.array([1.0, -1.0]) * norm / math.sqrt(2), (2, 1))
        assert mass(paper(n), theta) == pytest.approx(theory.largest_mass(vocabulary=n, norm=norm), rel=1e-12)
        assert not mass(paper(n), theta) <= 0.7 * theory.largest_mass(vocabulary=n, norm=norm)
    assert theory.largest_mass(vocabulary=n, norm=25.0) > 0.5 * (1 - 1e-13)


@pytest.mark.parametrize("n", [2, 3, 20])
def test_low_temperature_tends_to_its_limits_and_high_to_uniform(n):
    """Errata, App. E.2: lowering the temperature raises pi(2,1), raising it tends to 1/n^2."""
    temperatures = np.array([100.0, 4.0, 1.0, 0.3, 0.02])
    exact = theory.tempered(vocabulary=n, scale=1.0, temperature=temperatures)
    assert (np.diff(exact["mode"]) > 0).all()
    assert (exact["mode"] <= theory.bound()).all()
    limits = theory.tempered_limits(vocabulary=n)
    assert exact["mode"][-1] == pytest.approx(limits["mode"], rel=1e-12)
    assert exact["first"][-1] == pytest.approx(limits["first"], rel=1e-12)
    assert exact["mode"][0] == pytest.approx(1 / n**2, rel=0.05)


def test_greedy_ties_and_errs_strictly_on_the_variant():
    """Erratum, Sec. E.2: with tokens 1 and 2 swapped greedy's tie-break yields the argmax; on the strict variant no order does."""
    for n in (3, 6):
        swap = [1, 0, *range(2, n)]
        strict = instances.not_closed_strict(vocabulary=n)
        for instance, lead in ((paper(n), 0.0), (strict, 0.1 * math.log(n))):
            policy = MultilayerSoftmaxPolicy.from_tables(instance.features, instance.weights)
            swapped = MultilayerSoftmaxPolicy.from_tables(
                [instance.features[0][:, swap], instance.features[1][:, swap][:, :, swap]], instance.weights
            )
            found = decoding.most_likely(policy, 0, max_expansions=100)
            assert found.responses.tolist() == [[1, 0]]
            assert decoding.greedy(policy, 0).tolist()[0] == 0
            assert np.array(swap)[np.asarray(decoding.greedy(swapped, 0))][0] == (1 if lead == 0 else 0)
            first = theory.conditionals(instance.features, instance.weights)[0][0]
            assert first[0] - first[1] == pytest.approx(lead, rel=1e-12, abs=1e-15)


def test_some_member_is_sharpened_at_delta_above_one_half():
    """Erratum, end of Prop E.2: "for any delta > 1/2" is false, delta = .6 is reached at norm 1.65; no delta <= 1/2 is at any."""
    norm = theory.norm_needed(vocabulary=3, mass=1 - 0.6)
    assert norm == pytest.approx(1.6548973855, rel=1e-9)
    theta = np.tile(np.array([1.0, -1.0]) * norm * 1.001 / math.sqrt(2), (2, 1))
    assert mass(paper(3), theta) > 1 - 0.6
    assert theory.norm_needed(vocabulary=3, mass=1 - 0.5) == math.inf


# Assumptions


def test_assumptions_change_sign_where_they_should():
    good = {"vocabulary": 3, "scale": 0.5, "norm": 1.0, "beta": 0.5, "radius": 3.0}
    require(theory.checks(**good))
    assert theory.checks(**good | {"radius": 2.999})["in_ball"] < 0
    assert theory.checks(**good | {"scale": 0.0})["unique_mode"] < 0
    assert theory.checks(**good | {"scale": -0.1})["unique_mode"] < 0
    with pytest.raises(AssumptionError, match="`in_ball` fails"):
        require(theory.checks(**good | {"beta": 0.49}))
    instance = paper(5, 0.7)
    law = np.sort(theory.table(instance.features, instance.weights)[0])
    assert theory.checks(**good | {"vocabulary": 5, "scale": 0.7})["unique_mode"] == pytest.approx(law[-1] - law[-2], rel=1e-12)


# Refusals


def test_refusals():
    for n in (1, 0):
        with pytest.raises(ValueError, match="`vocabulary` must be a whole number of at least 2"):
            theory.largest_mass(vocabulary=n, norm=1.0)
        with pytest.raises(ValueError, match="`vocabulary`"):
            instances.not_closed(vocabulary=n, scale=1.0)
    with pytest.raises(ValueError, match="`vocabulary` must be a whole number of at least 3"):
        instances.not_closed_strict(vocabulary=2)
    with pytest.raises(ValueError, match="`scale` must be positive"):
        instances.not_closed(vocabulary=2, scale=0.0)
    with pytest.raises(ValueError, match="`norm` must be at least 0"):
        theory.largest_mass(vocabulary=2, norm=-1.0)
    with pytest.raises(ValueError, match=r"`mass` must be in \(0, 1\); got 1.0"):
        theory.norm_needed(vocabulary=2, mass=1.0)
    with pytest.raises(ValueError, match="`temperature` must be positive"):
        theory.tempered(vocabulary=2, scale=1.0, temperature=0.0)
    with pytest.raises(ValueError, match="`beta` must be positive"):
        theory.sharpened_norm(norm=1.0, beta=0.0)
    with pytest.raises(ValueError, match="`radius` must be at least 2"):
        theory.beta_reached(norm=2.0, radius=1.0)
    with pytest.raises(ValueError, match=r"`second_token` must be in \(0, 1\)"):
        theory.bound_strict(second_token=1.0)
    with pytest.raises(ValueError, match=r"`weights` must be \[2, 2\]"):
        theory.conditionals(paper(3).features, np.zeros((2, 3)))


def test_statements():
    parts = ("maximum", "temperature", "strict", "one layer")
    assert [entry.label for entry in theory.STATEMENTS] == ["Prop E.2", *(f"Prop E.2 ({part})" for part in parts)]
