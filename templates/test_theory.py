"""How often N draws all miss a response: the six headings of a theorem's test. They fail when the formula is scaled by 0.7 or 1.3."""

import numpy as np
import pytest
from scipy.stats import binomtest

from sharpsim.theory import missed_mode as theory


def test_value():
    """Against numbers worked out elsewhere, not by the code's own formula."""
    assert theory.bound(response_probability=0.5, N=2) == pytest.approx(0.36787944117144233, rel=1e-12)
    assert theory.bound(response_probability=0.0, N=7) == 1.0
    assert theory.exact(response_probability=0.5, N=2) == 0.25
    assert theory.exact(response_probability=1.0, N=3) == 0.0


def test_inverse():
    """Both ways: the bound holds at the number of draws that it asks for, and one draw less is too few."""
    for p, eps in ((0.3, 0.1), (0.02, 1e-6), (1e-4, 0.5)):
        N = theory.draws_needed(response_probability=p, eps=eps)
        assert theory.bound(response_probability=p, N=N) <= eps < theory.bound(response_probability=p, N=N - 1)


def test_sandwich():
    """On generated instances the exact probability is below the bound; a simulation agrees at false-alarm rate 1e-6."""
    rng = np.random.default_rng(0)
    p, N = rng.uniform(0, 1, 200), rng.integers(1, 50, 200)
    assert (theory.exact(response_probability=p, N=N) <= theory.bound(response_probability=p, N=N)).all()
    missed = int((rng.uniform(size=(20_000, 5)) >= 0.2).all(axis=1).sum())
    assert binomtest(missed, 20_000, theory.exact(response_probability=0.2, N=5)).pvalue > 1e-6
    assert binomtest(missed, 20_000, 0.7 * theory.exact(response_probability=0.2, N=5)).pvalue < 1e-6


def test_sharpness():
    """At small p the bound is nearly attained, so a formula with a smaller constant would be false."""
    exact, bound = (formula(response_probability=1e-6, N=1_000_000) for formula in (theory.exact, theory.bound))
    assert exact <= bound <= 1.001 * exact


def test_assumptions():
    """The slack is positive where the assumption holds and negative where it is broken on purpose."""
    assert theory.checks(response_probability=0.1)["has_mass"] > 0
    assert theory.checks(response_probability=0.0)["has_mass"] < 0


def test_refusals():
    """Each bad argument is refused: name, rule and value."""
    for call, message in (
        (lambda: theory.bound(response_probability=1.5, N=2), r"`response_probability` must be in \[0, 1\]; got 1.5"),
        (lambda: theory.bound(response_probability=0.5, N=0), "`N` must be at least 1; got 0"),
        (lambda: theory.draws_needed(response_probability=0.0, eps=0.1), "`response_probability` must be positive"),
        (lambda: theory.draws_needed(response_probability=0.5, eps=1.0), r"`eps` must be in \(0, 1\); got 1.0"),
    ):
        with pytest.raises(ValueError, match=message):
            call()
