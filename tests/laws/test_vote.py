"""The exact law of a majority vote: by hand, by enumeration, its limits, and a simulation."""

import itertools
import math

import numpy as np
import pytest

from sharpsim import laws
from sharpsim.testing import sample_size_to_see


def enumerated(p, right, draws: int) -> float:
    """By all counts of `draws` draws."""
    rest, total = 1 - sum(p), 0.0
    for counts in itertools.product(range(draws + 1), repeat=len(p)):
        silent, most = draws - sum(counts), max(counts)
        if silent < 0 or most == 0:
            continue
        ways = math.factorial(draws) / math.prod(math.factorial(c) for c in (*counts, silent))
        chance = ways * math.prod(q**c for q, c in zip((*p, rest), (*counts, silent), strict=True))
        winners = [i for i, c in enumerate(counts) if c == most]
        total += chance * sum(right[i] for i in winners) / len(winners)
    return total


def test_by_hand():
    # Two answers: a vote of two is one draw (ties evenly), a vote of three is p^3 + 3 p^2 q.
    np.testing.assert_allclose(laws.vote([[0.7, 0.3]], [[True, False]], draws=3), [[0.7, 0.7, 0.784]], rtol=1e-13)
    # Half of the draws are silent: right with 0.3 of one draw; of two, 0.3^2 + 2 0.3 0.5 + (2 0.3 0.2)/2.
    np.testing.assert_allclose(laws.vote([[0.3, 0.2]], [[True, False]], draws=2), [[0.3, 0.45]], rtol=1e-13)


def test_by_enumeration():
    rng = np.random.default_rng(3)
    p, right = rng.dirichlet(np.ones(5), 4)[:, :4], rng.random((4, 4)) < 0.5
    found = laws.vote(p, right, draws=7)
    expected = [[enumerated(p[x], right[x], draws) for draws in range(1, 8)] for x in range(4)]
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("answers", [2, 5, 8, 13])
def test_among_equals_every_answer_is_returned_as_often(answers):
    """By symmetry, at any number of draws: as many answers tie as there are draws, at most."""
    found = laws.vote(np.full((2, answers), 1 / answers), np.arange(answers) < [[1], [answers - 1]], draws=14)
    np.testing.assert_allclose(found, np.array([[1 / answers], [1 - 1 / answers]]) * np.ones(14), rtol=1e-12)


def test_tends_to_the_likeliest_answer_and_stays_a_probability():
    found = laws.vote([[0.45, 0.35, 0.2], [0.45, 0.35, 0.2]], [[True, False, False], [False, True, True]], draws=200)
    assert found[0, -1] > 0.93
    np.testing.assert_allclose(found.sum(axis=0), 1, atol=1e-12)
    assert ((found >= 0) & (found <= 1)).all()


def test_by_simulation():
    law, right = np.array([0.4, 0.3, 0.3]), np.array([True, False, True])
    size = sample_size_to_see(gap=0.03, false_alarm=1e-6, missed=1e-6, cells=2)
    counts = np.random.default_rng(0).multinomial(9, law, size)
    winners = counts == counts.max(axis=1, keepdims=True)
    seen = ((winners & right).sum(axis=1) / winners.sum(axis=1)).mean()
    exact = laws.vote(law[None], right[None], draws=9)[0, -1]
    assert abs(seen - exact) < math.sqrt(math.log(2e6) / (2 * size)) < 0.03


@pytest.mark.parametrize(
    ("masses", "correct", "draws", "said"),
    [
        ([[0.6, 0.6]], [[True, False]], 3, "`masses` must have rows that sum to at most 1"),
        ([[-0.1, 0.6]], [[True, False]], 3, "`masses` must be in"),
        ([[0.5, 0.5]], [[True]], 3, "`correct` must have 2 answers, as `masses` has"),
        ([[0.5, 0.5]], [[True, False]], 0, "`draws` must be a whole number of at least 1"),
    ],
)
def test_refusals(masses, correct, draws, said):
    with pytest.raises(ValueError, match=said):
        laws.vote(masses, correct, draws=draws)
