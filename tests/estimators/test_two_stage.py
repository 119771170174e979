"""Intervals over prompts, draws and seeds: by hand, at the ends, and how often they hold the truth."""

import numpy as np
import pytest
from scipy import stats

from sharpsim.estimators import crossed_interval, paired_interval, two_stage_interval
from tests.estimators import simulation


def test_student_by_hand():
    one = two_stage_interval(np.array([[1.0, 3.0], [4.0, 4.0], [6.0, 6.0]]), 0.9)
    half = stats.t.ppf(0.95, 2) * np.std([2, 4, 6], ddof=1) / np.sqrt(3)
    assert (one.mean, one.low, one.high) == pytest.approx((4, 4 - half, 4 + half))
    # Within prompts: squares 1 + 1 over 3 degrees of freedom; between: variance 4 less (2/3)/2.
    assert one.sd_draws == pytest.approx(np.sqrt(2 / 3))
    assert one.sd_prompts == pytest.approx(np.sqrt(4 - 1 / 3))
    assert one.prompts == 3


def test_prompts_weigh_equally_whatever_their_draws():
    one = two_stage_interval([[1.0, 3.0], [4.0], [6.0, 6.0, 6.0]], 0.9)
    assert one.mean == pytest.approx(4)
    assert one.sd_draws == pytest.approx(np.sqrt(2 / 3))
    assert one.sd_prompts == pytest.approx(np.sqrt(4 - (2 / 3) * np.mean([1 / 2, 1, 1 / 3])))
    assert np.isnan(two_stage_interval([[1.0], [2.0]], 0.9).sd_draws)


def test_wilson_by_hand():
    """7 of 20 prompts, one draw each: s^2/n = p(1-p)/(n-1), so the effective size is 19, and t has 19 degrees of freedom."""
    one = two_stage_interval((np.arange(20) < 7)[:, None].astype(float), 0.95, bounds=(0, 1))
    t, p, n = stats.t.ppf(0.975, 19), 0.35, 19
    roots = np.roots([1 + t**2 / n, -(2 * p + t**2 / n), p**2])
    assert (one.low, one.high) == pytest.approx((roots.min(), roots.max()))
    scaled = two_stage_interval(10 * (np.arange(20) < 7)[:, None].astype(float) - 2, 0.95, bounds=(-2, 8))
    assert (scaled.low, scaled.high) == pytest.approx((10 * one.low - 2, 10 * one.high - 2))


@pytest.mark.parametrize(("value", "end"), [(0.0, "low"), (1.0, "high")])
def test_all_wrong_or_all_right_has_an_interval(value, end):
    one = two_stage_interval(np.full((50, 4), value), 0.95, bounds=(0, 1))
    assert getattr(one, end) == value
    t = stats.t.ppf(0.975, 49) ** 2
    assert one.high - one.low == pytest.approx(t / (50 + t))
    # Without bounds, nothing is known of what might have been.
    flat = two_stage_interval(np.full((50, 4), value), 0.95)
    assert flat.low == flat.high == value


def test_tiny_values_are_no_surer_than_zeros():
    """Fifty prompts of accuracy 1e-12 and one of 3e-12 do not exclude that one prompt in fifty is easy."""
    values = np.full((50, 1), 1e-12)
    values[0] = 3e-12
    tiny, zero = two_stage_interval(values, 0.95, bounds=(0, 1)), two_stage_interval(np.zeros((50, 1)), 0.95, bounds=(0, 1))
    assert tiny.high == pytest.approx(zero.high, rel=1e-6)
    # Accuracies around one half that hardly differ are known far better than 50 single draws.
    level = two_stage_interval(0.5 + 0.01 * np.linspace(-1, 1, 50)[:, None], 0.95, bounds=(0, 1))
    assert level.high - level.low < 0.04


def test_one_prompt_has_no_interval():
    for one in (
        two_stage_interval(np.ones((1, 5)), 0.9, bounds=(0, 1)),
        two_stage_interval(np.arange(4.0)[:, None], 0.9, groups=["a"] * 4),
        paired_interval([[1.0, 0.0]], [[0.0]], 0.9),
    ):
        assert np.isnan([one.low, one.high]).all()
        assert one.method == "not available with one prompt"
    assert two_stage_interval([[0.2, 0.4]], 0.9).mean == pytest.approx(0.3)


def test_clusters_are_the_sample():
    """Each prompt written four times is no more information than once; taken as 80 prompts the interval would be half as wide."""
    rng = np.random.default_rng(0)
    once = rng.random((20, 1))
    single, copied = two_stage_interval(once, 0.9), two_stage_interval(np.repeat(once, 4, axis=0), 0.9, groups=np.repeat(np.arange(20), 4))
    assert (single.low, single.high) == pytest.approx((copied.low, copied.high))
    naive = two_stage_interval(np.repeat(once, 4, axis=0), 0.9)
    assert naive.high - naive.low < 0.55 * (single.high - single.low)


def test_paired_by_hand():
    """d = 1, 0, 0, -1, 1: with d = 0, -1/2 and +1/2 added in weights 1, 1/2, 1/2 the mean is 1/7 and the squares are 4."""
    one = paired_interval(np.array([[1.0], [1], [0], [0], [1]]), np.array([[0.0], [1], [0], [1], [0]]), 0.95)
    variance = (4 / 7 - 1 / 49) / 7
    half = stats.t.ppf(0.975, 4) * np.sqrt(variance)
    assert one.mean == pytest.approx(0.2)
    assert (one.low, one.high) == pytest.approx((1 / 7 - half, min(1 / 7 + half, 1)))
    free = paired_interval([[3.0], [1.0], [2.0]], [[0.0], [0.0], [1.0]], 0.9, bounds=None)
    half = stats.t.ppf(0.95, 2) * np.std([3, 1, 1], ddof=1) / np.sqrt(3)
    assert (free.low, free.high) == pytest.approx((5 / 3 - half, 5 / 3 + half))


def test_equal_systems_have_an_interval_around_zero():
    same = np.tile([[1.0], [0.0]], (20, 1))
    one = paired_interval(same, same, 0.95)
    assert one.low < 0 < one.high
    assert one.high == pytest.approx(-one.low)
    # No discordant pair of 40: an exact 97.5% limit on their share is 1 - 0.025^(1/40) = 0.088.
    assert 0.02 < one.high < 0.09


def test_crossed_by_hand():
    """[[1, 3], [2, 8]]: means of prompts 2 and 5, of seeds 1.5 and 5.5; A = 2 * 4.5 = 9, B = 2 * 8 = 16, E = 4."""
    one = crossed_interval(np.array([[1.0, 3.0], [2.0, 8.0]]), 0.9)
    half = stats.t.ppf(0.95, 25**2 / (81 + 256)) * np.sqrt((9 + 16 - 4) / 4)
    assert (one.mean, one.low, one.high) == pytest.approx((3.5, 3.5 - half, 3.5 + half))
    assert (one.sd_prompts, one.sd_seeds, one.sd_draws) == pytest.approx((np.sqrt(5 / 2), np.sqrt(12 / 2), 2))
    minus = crossed_interval(np.array([[1.0, 3.0], [2.0, 8.0]]), 0.9, minus=[1.0, 1.0])
    assert (minus.low, minus.high) == pytest.approx((one.low - 1, one.high - 1))


def test_crossed_is_wider_than_either_alone():
    rng = np.random.default_rng(1)
    table = rng.normal(size=(40, 1)) + rng.normal(size=(1, 4)) + rng.normal(size=(40, 4))
    both, prompts = crossed_interval(table, 0.9), two_stage_interval(table, 0.9)
    assert both.high - both.low > prompts.high - prompts.low
    for lone, word in ((table[:1], "prompt"), (table[:, :1], "seed")):
        none = crossed_interval(lone, 0.9)
        assert np.isnan(none.low)
        assert none.method == f"not available with one {word}"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: two_stage_interval(np.ones((2, 2)), 1.0), "`level`"),
        (lambda: two_stage_interval(np.ones(3), 0.9), r"`values` must be \[prompts, replicates\]"),
        (lambda: two_stage_interval([[1.0], []], 0.9), "`values` must have at least one prompt"),
        (lambda: two_stage_interval([[1.0], [np.nan]], 0.9), "`values` must not hold NaN; got 1 of 2"),
        (lambda: two_stage_interval([[1.0], [1.5]], 0.9, bounds=(0, 1)), "`values` must be in `bounds`"),
        (lambda: two_stage_interval([[1.0], [0.5]], 0.9, groups=[1]), "`groups`"),
        (lambda: paired_interval([[1.0], [0.5]], [[1.0]], 0.9), "`second` must have the 2 prompts of `first`; got 1"),
        (lambda: paired_interval([[1.0]], [[2.0]], 0.9), "`second` must be in `bounds`"),
        (lambda: crossed_interval(np.ones(3), 0.9), "`values`"),
        (lambda: crossed_interval(np.ones((3, 2)), 0.9, minus=[1.0]), "`minus`"),
    ],
)
def test_refusals(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_intervals_hold_the_truth():
    """Over 25 worlds with 120 logs each: 93% to 97% on average, and no world much below."""
    held = simulation.interval_coverage(25, 120, seed=7)
    assert (np.abs(held.mean(axis=0) - 0.95) <= 0.02).all()
    assert held.min() > 0.85


def test_crossed_intervals_hold_the_truth():
    held = simulation.crossed_coverage(40, 100, seed=8)
    assert abs(held.mean() - 0.95) <= 0.02
    assert held.min() > 0.84


@pytest.mark.slow
def test_intervals_hold_the_truth_in_two_hundred_worlds():
    held = simulation.interval_coverage(200, 100, seed=1)
    assert (np.abs(held.mean(axis=0) - 0.95) <= 0.02).all()
    assert abs(simulation.crossed_coverage(200, 100, seed=2).mean() - 0.95) <= 0.02
