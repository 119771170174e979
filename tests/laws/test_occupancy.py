"""`occupancy_means` against inclusion and exclusion in 60 digits and a dense recursion; its certified truncation; small means."""

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharpsim.laws import occupancy_means


def dense(value, draws, idle=0.0, survival=1.0):
    cells = len(value) - 1
    p, means = np.zeros(cells + 1), []
    p[0] = 1
    for _ in range(draws + 1):
        means.append(p @ value)
        o = np.arange(cells + 1)
        q = (1 - idle) / cells
        p, step = survival * p * (idle + o * q), survival * p * (cells - o) * q
        p[1:] += step[:-1]
    return np.array(means)


def test_against_inclusion_and_exclusion():
    """P[Occ_k = o] = C(c, o) sum_i (-1)^i C(o, i) ((o - i)/c)^k: another formula, in 60 digits."""
    with mpmath.workdps(60):
        for cells, k in ((7, 5), (12, 12), (30, 9)):
            law = [
                mpmath.binomial(cells, o)
                * mpmath.fsum((-1) ** i * mpmath.binomial(o, i) * (mpmath.mpf(o - i) / cells) ** k for i in range(o + 1))
                for o in range(cells + 1)
            ]
            value = np.linspace(1, 0, cells + 1) ** 2
            expected = float(mpmath.fsum(p * mpmath.mpf(float(v)) for p, v in zip(law, value, strict=True)))
            assert occupancy_means(value, draws=k).means[k] == pytest.approx(expected, rel=1e-13)


@given(st.integers(1, 40), st.integers(0, 60), st.floats(0, 0.9), st.floats(0.1, 1.0), st.integers(0, 10**6))
def test_band_equals_dense_recursion(cells, draws, idle, survival, seed):
    value = np.random.default_rng(seed).random(cells + 1)
    got = occupancy_means(value, draws=draws, idle=idle, survival=survival)
    np.testing.assert_allclose(got.means, dense(value, draws, idle, survival), rtol=1e-12, atol=1e-30)


def test_band_is_narrow_and_its_truncation_certified():
    """Work grows as draws sqrt(cells), not draws cells; what left the band is below 1e-16 and bounds the difference to no band at all."""
    works = {}
    for cells in (500, 2000, 8000):
        got = occupancy_means(np.ones(cells + 1), draws=cells)
        assert got.truncation < 1e-16
        np.testing.assert_allclose(got.means, 1.0, rtol=1e-12)
        works[cells] = got.work
    exponent = math.log(works[8000] / works[500]) / math.log(16)
    assert 1.4 < exponent < 1.6
    value = 1 / (1.0 + np.arange(501))
    got = occupancy_means(value, draws=700)
    np.testing.assert_allclose(got.means, dense(value, 700), rtol=1e-11)


def test_without_a_cut_off_small_means_keep_their_digits():
    """Six cells, thousands of draws: P[some cell is missed] is about 6 (5/6)^k, far below the default cut-off."""
    value = 1 - 1 / (7 - np.arange(7.0))
    means = occupancy_means(value, draws=3600, negligible=0.0).means
    with mpmath.workdps(60):
        for k in (300, 1500, 3600):
            law = [
                mpmath.binomial(6, o)
                * mpmath.fsum((-1) ** i * mpmath.binomial(o, i) * mpmath.exp(k * mpmath.log(mpmath.mpf(o - i) / 6)) for i in range(o))
                for o in range(1, 7)
            ]
            expected = float(mpmath.fsum(p * mpmath.mpf(float(v)) for p, v in zip(law, value[1:], strict=True)))
            assert means[k] == pytest.approx(expected, rel=1e-11, abs=0)
    assert means[3600] < 1e-280
    assert occupancy_means(value, draws=3600).means[3600] == 0


def test_floor_ends_the_pass_early_and_says_zero():
    got = occupancy_means(np.ones(9), draws=5000, survival=0.75, floor=1e-20)
    exact = 0.75 ** np.arange(5001)
    np.testing.assert_allclose(got.means, exact, rtol=1e-12, atol=1e-20)
    assert got.means[-1] == 0
    assert got.work < 9 * 300


def test_refusals():
    with pytest.raises(ValueError, match="`value`"):
        occupancy_means(np.array([0.5, 1.5]), draws=1)
    with pytest.raises(ValueError, match="`value`"):
        occupancy_means(np.array([0.5, math.nan]), draws=1)
    with pytest.raises(ValueError, match="`value`"):
        occupancy_means(np.ones(1), draws=1)
    with pytest.raises(ValueError, match="`draws`"):
        occupancy_means(np.ones(3), draws=-1)
    with pytest.raises(ValueError, match="`survival`"):
        occupancy_means(np.ones(3), draws=1, survival=0.0)
    with pytest.raises(ValueError, match="`negligible`"):
        occupancy_means(np.ones(3), draws=1, negligible=-1e-34)
    with pytest.raises(ValueError, match="`idle`"):
        occupancy_means(np.ones(3), draws=1, idle=1.0)
