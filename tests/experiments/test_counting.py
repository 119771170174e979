"""How many intervals may miss: the binomial law of the level, against exact tails."""

import numpy as np
import pytest
from scipy.stats import binom

from experiments.engine.counting import FALSE_ALARM, enough_cover


@pytest.mark.parametrize(("count", "level"), [(1, 0.95), (8, 0.95), (44, 0.95), (1000, 0.95), (20, 1 - 1e-6), (50, 0.5)])
def test_the_edge_is_that_of_the_binomial_law(count, level):
    tails = [binom.sf(missed - 1, count, 1 - level) for missed in range(count + 1)]
    for missed, tail in enumerate(tails):
        assert enough_cover(np.arange(count) >= missed, level) == (tail >= FALSE_ALARM)


def test_nothing_covers_nothing():
    assert not enough_cover([])
    # A share of 0.9 let 4 of 44 intervals miss, and cried wolf at 1 of 8.
    assert enough_cover([False] + [True] * 7)
    assert not enough_cover([False] * 14 + [True] * 30)
