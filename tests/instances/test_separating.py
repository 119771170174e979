"""Sphere packings and bandits with rare arms: closed forms against the general definitions, codes against the greedy rule."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharpsim import coverage, sharpness
from sharpsim.instances import cube_law, hidden_arms, sphere_packing
from sharpsim.instances._sphere_packing import lexicode


@pytest.mark.parametrize("dimension", range(1, 10))
def test_lexicode_is_what_the_greedy_rule_keeps(dimension):
    for distance in range(1, dimension + 1):
        kept: list[int] = []
        for word in range(2**dimension):
            if all((word ^ other).bit_count() >= distance for other in kept):
                kept.append(word)
        assert lexicode(dimension=dimension, distance=distance).tolist() == kept


@given(st.integers(1, 10), st.integers(1, 10), st.integers(0, 10**6))
def test_packing_closed_forms(dimension, distance, place):
    distance = min(distance, dimension)
    words = len(lexicode(dimension=dimension, distance=distance))
    packing = sphere_packing(dimension=dimension, distance=distance, mode=place % words)
    assert packing.coverage == pytest.approx(coverage.coverage_coefficient(packing.log_probs, packing.prompt_weights), rel=1e-12)
    margin = coverage.margin(packing.log_probs, packing.prompt_weights)
    assert packing.margin == pytest.approx(margin, rel=1e-12) or packing.margin == margin == math.inf
    assert sharpness.maximisers(packing.log_probs)[0].nonzero()[0].tolist() == [packing.mode]
    # The definition: unit vectors, log base linear in them, theta one of them.
    np.testing.assert_allclose((packing.features**2).sum(axis=2), 1.0, rtol=1e-14)
    np.testing.assert_array_equal(packing.theta, packing.features[0, packing.mode])
    scores = packing.features[0] @ packing.theta
    np.testing.assert_allclose(packing.log_probs[0], scores - np.log(np.exp(scores).sum()), atol=1e-13)
    apart = np.linalg.norm(np.delete(packing.features[0], packing.mode, axis=0) - packing.theta, axis=1)
    if len(apart):
        assert packing.margin == pytest.approx(math.expm1(apart.min() ** 2 / 2), rel=1e-12)


def test_packings_of_the_paper():
    """s >= 1/4 on the cube up to d = 64; s >= 1 for codes of distance ceil(d/4); sums to zero, so C_cov in [|Y|/e, |Y|]."""
    code = sphere_packing(dimension=16, distance=4)
    assert code.features.shape == (1, 2048, 16)
    assert code.margin == pytest.approx(0.6487, abs=5e-5)
    assert code.coverage == pytest.approx(777, abs=0.5)
    for dimension in range(2, 17):
        for distance in (1, math.ceil(dimension / 4)):
            packing = sphere_packing(dimension=dimension, distance=distance)
            size = packing.features.shape[1]
            assert packing.margin >= math.expm1((1 if distance * 4 >= dimension else 1 / 16) / 2) * (1 - 1e-12)
            if abs(packing.features.sum(axis=1)).max() < 1e-9:
                assert size / math.e <= packing.coverage <= size
    assert math.expm1(1 / 32) <= cube_law(dimension=64).margin * (1 + 1e-12)


@pytest.mark.parametrize("dimension", [1, 2, 5, 12])
def test_cube_law_is_the_cube(dimension):
    law, listed = cube_law(dimension=dimension), sphere_packing(dimension=dimension, distance=1)
    assert law.margin == pytest.approx(listed.margin, rel=1e-13)
    assert math.exp(law.log_coverage) == pytest.approx(listed.coverage, rel=1e-12)
    agree = (listed.features[0] * listed.theta > 0).sum(axis=1)
    np.testing.assert_allclose(listed.log_probs[0], agree * law.log_agree + (dimension - agree) * law.log_differ, rtol=1e-12)


@given(st.integers(1, 9), st.integers(1, 600), st.floats(1e-3, 50.0), st.integers(0, 8))
def test_hidden_arms_closed_forms(arms, bulk, gap, secret):
    instance = hidden_arms(arms=arms, bulk=bulk, gap=gap, secret=secret % arms)
    assert instance.coverage == pytest.approx(coverage.coverage_coefficient(instance.log_probs, instance.prompt_weights), rel=1e-12)
    assert instance.margin == pytest.approx(float(coverage.margin(instance.log_probs, instance.prompt_weights)), rel=1e-11)
    total = bulk + arms + gap
    want = np.full(arms + bulk, 1 / total)
    want[instance.secret] = (1 + gap) / total
    np.testing.assert_allclose(np.exp(instance.log_probs[0]), want, rtol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(instance.features[0], axis=1), np.arange(arms + bulk) < arms)


def test_refusals():
    for call, message in (
        (lambda: sphere_packing(dimension=0, distance=1), "`dimension` must be a whole number of at least 1 "),
        (lambda: sphere_packing(dimension=23, distance=1), "cube_law"),
        (lambda: sphere_packing(dimension=4, distance=5), "`distance` must be at most `dimension`, 4; got 5"),
        (lambda: sphere_packing(dimension=4, distance=0), "`distance` must be"),
        (lambda: sphere_packing(dimension=2, distance=1, mode=4), "`mode` must be one of the 4 words; got 4"),
        (lambda: cube_law(dimension=0), "`dimension` must be a whole number"),
        (lambda: hidden_arms(arms=2, bulk=4, gap=0.0), "`gap` must be positive"),
        (lambda: hidden_arms(arms=2, bulk=0, gap=1.0), "`bulk` must be"),
        (lambda: hidden_arms(arms=2, bulk=4, gap=1.0, secret=2), "`secret` must be one of the 2 arms; got 2"),
        (lambda: hidden_arms(arms=20, bulk=2**24, gap=1.0), "more than the 33,554,432"),
    ):
        with pytest.raises(ValueError, match=message):
            call()
