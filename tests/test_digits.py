"""Float64 judged by balls: every error is explained by its condition number, the page tells them, and a lost digit is seen."""

import math

import pytest
from flint import arb

from benchmarks import digits
from experiments.engine.rows import ROOT
from sharpsim import certified
from sharpsim.certified import bounds
from sharpsim.theory import hellinger


@pytest.fixture(scope="module")
def found():
    return digits.measure(40)


@pytest.mark.filterwarnings("ignore")
def test_every_error_is_explained(found):
    wrong = {name: max(ones, key=digits.beyond) for name, ones in found.items() if digits.beyond(max(ones, key=digits.beyond)) > 1}
    assert not wrong
    assert len(found) > 20


def test_the_page_names_every_function(found):
    told = (ROOT / "docs" / "digits.md").read_text()
    assert told.startswith(digits.INTRODUCTION)
    assert all(f"| {name} |" in told for name in found)


def test_a_lost_digit_is_seen():
    """1 - (1-p)^N in floats has no digits left at p = 1e-12, N = 1: 2e-5 off; and log(1 + p) for log1p none at 1e-17."""
    with certified.precision(digits.BITS):
        lost = digits.error(1 - (1 - 1e-12), arb(1e-12))
        gone = digits.error(math.log(1 + 1e-17), arb(1e-17).log1p())
    assert 1e-6 < lost < 1e-3
    assert gone == 1
    assert digits.beyond(digits.Found(-12, 0, lost, 1.0)) > 1
    assert digits.beyond(digits.Found(-12, 0, 1e-15, 1.0)) < 1
    assert digits.error(0.0, arb(10) ** -400) == 0
    assert digits.error(1.0, arb(10) ** -400) == math.inf


def test_hellinger_of_two_close_numbers_far_below_1e_162():
    """The balls found it: the square of a difference of 1e-280 was 0."""
    with certified.precision(200):
        for a, b in ((1e-277, 1.01e-277), (3e-300, 2.9e-300), (1e-150, 1.1e-150), (0.25, 0.26)):
            assert digits.error(float(hellinger(a, b)), bounds.hellinger(a, b)) < 1e-13
