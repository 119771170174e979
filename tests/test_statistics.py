"""The statistical assertions, compared with exact binomial probabilities at the error rates that the tests use."""

import numpy as np
import pytest
from scipy.stats import binom

from sharpsim.testing import binomial_interval, multinomial_test, sample_size_to_see


@pytest.mark.parametrize(("successes", "trials"), [(1, 10), (5, 10), (9, 10), (3, 10**6), (999_999, 10**6), (400_000, 10**6)])
@pytest.mark.parametrize("level", [0.9, 1 - 1e-6])
def test_interval_ends_have_the_tails_they_claim(successes, trials, level):
    low, high = binomial_interval(successes, trials, level=level)
    tail = (1 - level) / 2
    assert binom.sf(successes - 1, trials, low) == pytest.approx(tail, rel=1e-6)
    assert binom.cdf(successes, trials, high) == pytest.approx(tail, rel=1e-3)  # `high` may be so near 1 that floats are that coarse
    assert low < successes / trials < high


def test_interval_at_extreme_levels_keeps_the_tail():
    """1 - tail has three digits left at a tail of 1e-14, so the upper end is found from the complement."""
    level = 1 - 2e-14
    high = binomial_interval(30, 100, level=level)[1]
    assert binom.cdf(30, 100, high) == pytest.approx((1 - level) / 2, rel=1e-6)


@pytest.mark.parametrize("p", [1e-3, 0.2, 0.5, 0.97])
def test_interval_covers(p):
    """Exactly: the probability of the counts whose interval misses p is at most 1 - level."""
    counts = np.arange(201)
    ends = np.array([binomial_interval(int(k), 200, level=0.99) for k in counts])
    missing = (p < ends[:, 0]) | (p > ends[:, 1])
    assert binom.pmf(counts, 200, p)[missing].sum() <= 0.01


@pytest.mark.parametrize("p", [0.01, 0.3, 0.5])
@pytest.mark.parametrize("false_alarm", [1e-6, 0.05])
def test_rate_of_two_cells_exactly(p, false_alarm):
    """All 401 outcomes: those rejected have probability at most the false-alarm rate, and some are."""
    law = np.array([p, 1 - p])
    rejected = [not multinomial_test(np.array([k, 400 - k]), law, false_alarm=false_alarm) for k in range(401)]
    assert 0 < binom.pmf(np.arange(401), 400, p)[rejected].sum() <= false_alarm


@pytest.mark.parametrize("p", [0.05, 0.5])
def test_sample_size_sees_the_gap_exactly(p):
    """At that size a law off by the gap is missed with the promised rate at most; at a tenth of it, it is missed."""
    n = sample_size_to_see(gap=0.05, false_alarm=1e-6, missed=1e-3)
    seen = []
    for size in (n, n // 10):
        counts = np.arange(size + 1)
        weight = binom.pmf(counts, size, p + 0.05)
        likely = counts[weight > 1e-9]
        kept = [weight[k] for k in likely if multinomial_test(np.array([k, size - k]), np.array([p, 1 - p]))]
        seen.append(sum(kept))
    assert seen[0] <= 1e-3
    assert seen[1] > 1e-3


def test_a_shift_along_the_order_is_seen():
    """Twenty cells each 10% off, upwards in one half: no single cell shows it at 4,000 draws, the first ten together do."""
    law, shifted = np.full(20, 0.05), np.repeat([0.055, 0.045], 10)
    counts = np.round(4000 * shifted).astype(int)
    single = [binom.sf(counts[0] - 1, 4000, 0.05), binom.cdf(counts[-1], 4000, 0.05)]
    assert min(single) > 1e-3
    assert not multinomial_test(counts, law)
    assert multinomial_test(np.round(4000 * law).astype(int), law)


def test_sample_size_refuses():
    good = {"gap": 0.1, "false_alarm": 1e-6, "missed": 0.1}
    for name in good:
        with pytest.raises(ValueError, match=f"`{name}` must be in"):
            sample_size_to_see(**{**good, name: 0.0})
    with pytest.raises(ValueError, match="`cells`"):
        sample_size_to_see(**good, cells=0)
    with pytest.raises(ValueError, match="`false_alarm`"):
        multinomial_test(np.array([1, 1]), np.array([0.5, 0.5]), false_alarm=1.0)
    with pytest.raises(ValueError, match="`counts`"):
        multinomial_test(np.array([0.5, 1]), np.array([0.5, 0.5]))
    with pytest.raises(ValueError, match="`counts`"):
        multinomial_test(np.array([1, 1, 1]), np.array([0.5, 0.5]))
