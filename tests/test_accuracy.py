"""Digits by kind: every exact function against 400 digits, where the mode's mass is near 1, between and near 0; and floats of 32 bits."""

import math

import jax
import jax.numpy as jnp
import mpmath as mp
import numpy as np
import pytest
from scipy import stats

from benchmarks import _exact as exact
from benchmarks import accuracy
from experiments.engine.rows import ROOT
from sharpsim import coverage, laws, sharpness
from sharpsim.theory import sft, sft_adaptive


@pytest.fixture(scope="module")
def worst():
    return accuracy.errors()


def test_every_function_has_its_digits_in_every_regime(worst):
    wrong = {(name, regime): value for name, found in worst.items() for regime, value in found.items() if not value <= accuracy.TOLERANCE}
    assert not wrong
    for needed in ("theory.sft.best_of_n_miss", "theory.sft.exact_risk", "theory.sft.family_risk", "laws.best_of_n, N = 50"):
        assert set(worst[needed]) == set(accuracy.REGIMES)


def test_the_page_names_every_function_and_its_errors(worst):
    told = (ROOT / "docs" / "accuracy.md").read_text()
    assert told.splitlines()[:4] == accuracy.page(worst).splitlines()[:4]
    shown = {line.split(" | ")[0].removeprefix("| "): line for line in told.splitlines() if line.startswith("| ")}
    assert set(shown) == {"function", *worst}
    for name, found in worst.items():
        for cell, regime in zip(shown[name].strip(" |").split(" | ")[1:], accuracy.REGIMES, strict=False):
            # The last bit, and with it the power of ten, is the machine's.
            assert found.get(regime, 0.0) <= 30 * max(float(cell or 0), 1e-16)


def test_a_complement_from_the_wrong_side_is_seen():
    """1 - mass has no digits left at an outside mass of 1e-16, and 8 of them at 1e-8: more than the tolerance."""
    for outside in (1e-8, 1e-12, 1e-16):
        table = np.array([[math.log1p(-outside), math.log(outside)]])
        with mp.workdps(accuracy.DIGITS):
            truth = exact.miss(exact.row(table[0]))
            right = accuracy.Case("", "", sft.best_of_n_miss(table, N=1)[0], truth)
            wrong = accuracy.Case("", "", 1 - math.exp(sharpness.mode_log_mass(table)[0]), truth)
            assert accuracy.error(right) < 1e-14
            assert accuracy.error(wrong) > 1e-9


@pytest.mark.parametrize(("delta", "count", "least"), [
    (0.3, 90, 27), (0.1, 10, 1), (1 / 3, 3, 1), (0.7, 10, 7), (1e-10, 10**10, 1), (1e-10, 10**10 + 1, 2), (1e-10, 3 * 10**10 + 1, 4),
    (1e-300, 5, 1), (0.5, 0, 0), (1 - 1e-16, 7, 7), (math.nextafter(0.3, 1), 10, 4),
])  # fmt: skip
def test_counts_on_the_edge_are_decided_by_exact_division(delta, count, least):
    from sharpsim.theory._family import least_failing

    assert least_failing(np.array([count]), delta)[0] == least
    assert count == 0 or (least / count >= delta and (least == 1 or (least - 1) / count < delta))


@pytest.mark.parametrize("delta", [1e-10, 3e-10])
def test_exact_risk_below_the_old_guard(delta):
    """10^10 + 1 pairs and a miss of 1e-10: at delta = 1e-10 two misses are needed, not one."""
    n, miss = 10**10 + 1, 1e-10
    table = np.array([[math.log1p(-miss), math.log(miss)]])
    got = sft.exact_risk(table, np.ones(1), n=n, N=1, delta=delta)
    needed = math.ceil(delta * n)
    with mp.workdps(60):
        kept = [exact.binomial(n, miss, m) for m in range(needed)]
        assert got == pytest.approx(float(1 - mp.fsum(kept)), rel=1e-12)
    assert got < 0.5


def test_family_misses_on_the_edge():
    """(1 - 2/M)^N as the nearest float: at M = 20 one draw misses with probability 0.9, which is not below delta = 0.9."""
    family = {"hard_prompts": 2, "hard_mass": 0.4}
    for labels, N, delta in ((20, 1, 0.9), (4, 2, 0.25), (10, 2, 0.64), (8, 3, 0.421875)):
        assert sft.family_risk(n=30, N=N, delta=delta, labels=labels, **family) == 0.4
        assert sft.family_risk(n=30, N=N, delta=math.nextafter(delta, 1), labels=labels, **family) < 0.38
    # The adaptive rule's other labels stop it at ceil(s M (M-1)/(M-2)) draws: 2 at M = 4, s = 1/3.
    assert sft_adaptive.family_risk(n=30, stop=1 / 3, delta=0.25, labels=4, **family) == 0.4


def test_risks_far_below_1e_18():
    """n pairs of one prompt, two labels in play: the risk is the sum of a few powers, down to 1e-280."""
    miss = 1e-20
    table = np.array([[math.log1p(-miss), math.log(miss)]])
    with mp.workdps(400):
        for n in (5, 20, 27):
            truth = exact.saturated_risk([exact.miss(exact.row(table[0]))], [1.0], n, exact.Fraction(1, 2))
            assert sft.exact_risk(table, np.ones(1), n=n, N=1, delta=0.5) == pytest.approx(float(truth), rel=1e-11)
            assert float(truth) < 1e-55
    # A prompt that is hardly ever drawn misses its pairs with probability (1 - mu)^n, far in the binomial's lower tail.
    weights = np.array([0.5, 0.5])
    certain = np.array([[0.0, -np.inf], [0.0, -np.inf]])
    assert sft.exact_risk(certain, weights, n=600, N=1, delta=0.5) == pytest.approx(0.5**600, rel=1e-11)
    assert sft.risk_of_masses(np.ones(2), weights, n=600, N=1, delta=0.5) == pytest.approx(0.5**600, rel=1e-11)


def test_a_binomials_lower_tail_is_kept_where_it_is_asked_for():
    values, mass = laws.binomial_window(2000, 0.5)
    assert values[0] > 0
    assert mass.sum() == pytest.approx(1, rel=1e-14)
    assert values @ mass == pytest.approx(1000, rel=1e-12)
    assert (values - 1000) ** 2 @ mass == pytest.approx(500, rel=1e-10)
    values, mass = laws.binomial_window(900, 0.5, lower=1e-300)
    assert values[0] == 0
    assert mass[0] == pytest.approx(0.5**900, rel=1e-11)
    assert values[-1] < 900
    for p, only in ((0.0, 0), (1.0, 7)):
        values, mass = laws.binomial_window(7, p)
        assert (values.tolist(), mass.tolist()) == ([only], [1.0])


def test_a_certain_favourite_still_loses_sometimes():
    """Two votes, three labels, one vote in 1e20 astray: one of the two is astray and the tie is lost, 2 miss / 2."""
    lost = laws.plurality_miss(votes=np.arange(4), labels=3, miss=1e-20, negligible=1e-300)
    np.testing.assert_allclose(lost, [2 / 3, 1e-20, 1e-20, 2.5e-40], rtol=1e-12)
    assert laws.plurality_miss(votes=np.array([3]), labels=3, miss=1e-20)[0] == 0.0
    assert laws.plurality_miss(votes=np.array([0, 5, 10**6]), labels=3, miss=0.0).tolist() == pytest.approx([2 / 3, 0.0, 0.0])
    np.testing.assert_allclose(
        laws.plurality(votes=np.arange(9), labels=4, mass=0.4), 1 - laws.plurality_miss(votes=np.arange(9), labels=4, miss=0.6)
    )
    with pytest.raises(ValueError, match="`miss`"):
        laws.plurality_miss(votes=np.array([1]), labels=3, miss=1.1)


def test_the_best_of_n_below_the_smallest_float():
    """At N = 1 the law is the base, also for a response of probability exp(-800) that has the best reward."""
    for low in (-700.0, -720.5, -745.0, -800.0, -1e5):
        table = np.array([0.0, low])
        assert laws.best_of_n(table, -table, draws=1).tolist() == pytest.approx([0.0, low], rel=1e-15)
        assert laws.best_of_n(table, -table, draws=10**6)[1] == pytest.approx(low + math.log(10**6), rel=1e-15)
        # Level by level: two such responses share their level.
        three = np.array([0.0, low, low])
        assert laws.best_of_n(three, -three, draws=5)[1] == pytest.approx(low + math.log(5), rel=1e-14)


# 32 bits


@pytest.fixture
def no_64_bits():
    with jax.enable_x64(False):
        yield


def single(values):
    return jnp.asarray(np.asarray(values, dtype=np.float64), dtype=jnp.float32)


@pytest.mark.parametrize("low", [-60.0, -87.5, -95.0, -104.0, -800.0])
def test_float32_laws_are_finite_where_the_table_is(low, no_64_bits):
    table = np.array([0.0, low])
    for draws in (1, 1000):
        got = laws.best_of_n(single(table), single(-table), draws=draws)
        assert got.dtype == jnp.float32
        np.testing.assert_allclose(got, laws.best_of_n(table, -table, draws=draws), rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(laws.tilted(single(table), single(table), beta=0.5), laws.tilted(table, table, beta=0.5), rtol=1e-6)
    np.testing.assert_allclose(sharpness.mode_log_miss(single(table)), sharpness.mode_log_miss(table), rtol=1e-6)


def test_float32_refuses_what_it_cannot_hold(no_64_bits):
    """A margin and a concentrability of exp(100) are numbers of float64, not of float32; infinite ones are infinite in both."""
    table, weights = np.array([[0.0, -100.0]]), np.ones(1)
    half = np.log([[0.5, 0.5]])
    assert coverage.margin(table, weights) == pytest.approx(math.expm1(100))
    for refused in (
        lambda: coverage.margin(single(table), single(weights)),
        lambda: coverage.concentrability(single(half), single(table), single(weights)),
        lambda: coverage.ratio_moment(single(half), single(table), single(weights), beta=1.0),
    ):
        with pytest.raises(ValueError, match=r"must be float64 where the answer is above 3.4e\+38"):
            refused()
    certain = np.array([[0.0, -np.inf]])
    assert coverage.margin(single(certain), single(weights)) == math.inf
    assert coverage.concentrability(single(half), single(certain), single(weights)) == math.inf
    with pytest.raises(ValueError, match="`log_probs_row` must be float64"):
        laws.stopping_time_mean(single(np.full(4, math.log(0.25))), stop=3e38)
    for delta in (1 - 1e-9, 1e-36):
        with pytest.raises(ValueError, match="`delta` must be in"):
            sharpness.unsharpened_fraction(single(half), single(half), single(weights), delta=delta)
        sharpness.unsharpened_fraction(half, half, weights, delta=delta)


def test_float32_keeps_a_slack_next_to_1(no_64_bits):
    """1 - 1e-9 is 1 in float32, at which every response would be maximal."""
    table = np.log([[0.6, 0.4 - 1e-4, 1e-4 - 1e-11, 1e-11]])
    assert sharpness.maximisers(single(table), slack=1 - 1e-9).tolist() == [[True, True, True, False]]
    assert sharpness.maximisers(table, slack=1 - 1e-9).tolist() == [[True, True, True, False]]


def test_float32_tables_stop_on_time(no_64_bits):
    """30 draws of a uniform response of 10 at s = 3, not 31, whichever library holds the 32 bits; a mass of 1/7 is covered by 7 draws."""
    tenth = np.log(np.full(10, 0.1, dtype=np.float32))
    for table in (tenth, jnp.asarray(tenth)):
        assert np.asarray(laws.stopping_deadlines(table, stop=3.0)).tolist() == [30.0] * 10
        assert float(laws.stopping_time_mean(table, stop=3.0)) == 30.0
    for size in (7, 1000):
        uniform = np.full((1, size), -math.log(size), dtype=np.float32)
        uniform[0, 0] = np.nextafter(uniform[0, 0], np.float32(0))
        assert float(coverage.coverage_profile(jnp.asarray(uniform), single([1.0]), draws=float(size))) == 0.0
        assert float(coverage.coverage_profile(jnp.asarray(uniform), single([1.0]), draws=size * 0.999)) == 1.0


@pytest.mark.parametrize("miss", [0.05, 0.2, 0.4])
def test_a_loss_is_called_nothing_only_where_it_is_negligible(miss):
    """Two labels, where the loss is a binomial tail: every value of 1e-17 and more is there, however the bound on the rest is drawn."""
    votes = np.arange(1, 400)
    exact = stats.binom.sf(votes // 2, votes, miss) + np.where(votes % 2 == 0, 0.5 * stats.binom.pmf(votes // 2, votes, miss), 0.0)
    found = laws.plurality_miss(votes=votes, labels=2, miss=miss)
    large = exact >= 1e-17
    np.testing.assert_allclose(found[large], exact[large], rtol=1e-10)
    assert not large.all() or miss == 0.4
