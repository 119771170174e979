"""Fitted lines and powers against SciPy's regression, and their refusals."""

import numpy as np
import pytest
from scipy import stats

from experiments.engine.fits import line, power_law

X = np.array([1.0, 2.0, 5.0, 9.0, 20.0])
Y = np.array([3.1, 2.2, 6.0, 4.5, 11.0])


@pytest.mark.parametrize("powers", [False, True])
def test_slope_and_interval_are_those_of_regression(powers):
    x, y = (np.log(X), np.log(Y)) if powers else (X, Y)
    expected = stats.linregress(x, y)
    half = stats.t.ppf(0.975, len(X) - 2) * expected.stderr
    found = power_law(X, Y) if powers else line(X, Y)
    slope, intercept = (found.exponent, np.log(found.scale)) if powers else (found.slope, found.intercept)
    assert (slope, intercept) == pytest.approx((expected.slope, expected.intercept))
    assert (found.low, found.high) == pytest.approx((slope - half, slope + half))


@pytest.mark.parametrize(("fit", "x", "y"), [(line, X[:2], Y[:2]), (line, X, Y * np.nan), (power_law, X, -Y), (power_law, X[:2], Y[:2])])
def test_too_few_or_impossible_points_are_refused(fit, x, y):
    with pytest.raises(ValueError, match="`x` and `y` must be"):
        fit(x, y)
