"""Predictions beyond the draws: parts by hand or by enumeration, the optimiser against a linear program, and bands in known worlds."""

import numpy as np
import pytest
from scipy import stats

from sharpsim.estimators import Draws, predictions
from sharpsim.estimators._mixture import bounds, maximum_likelihood
from sharpsim.estimators._predict_best import _known_mass
from sharpsim.estimators._predict_pass import GRID, binomial
from sharpsim.estimators._predict_vote import chances, components, win_chance
from tests.estimators import simulation
from tests.estimators.worlds import World


def test_mixture_of_largest_likelihood_meets_its_conditions():
    """At the maximum, sum_x counts_x A_xj/(A g)_x <= total for every component, with equality where g has mass."""
    rng = np.random.default_rng(0)
    successes = rng.binomial(10, rng.beta(1, 3, 200))
    values, counts = np.unique(successes, return_counts=True)
    table = binomial(values, np.full(len(values), 10))
    fit = maximum_likelihood(table, counts.astype(float))
    slope = table.T @ (counts / (table @ fit.weights))
    assert fit.weights.sum() == pytest.approx(1)
    assert slope.max() <= 200 * (1 + 1e-3)
    assert slope @ fit.weights == pytest.approx(200)


def test_bounds_of_two_components_by_hand():
    """Components p = 0 and 1/2, one draw each of 100 prompts, 20 right: g_1 = 0.4; the ends solve the likelihood equation in g_1."""
    table, counts = np.array([[1.0, 0.5], [0.0, 0.5]]), np.array([80.0, 20.0])
    fit = maximum_likelihood(table, counts)
    assert fit.weights[1] == pytest.approx(0.4, abs=1e-4)
    low, high = bounds(table, counts, np.array([0.0, 1.0]), fit, 2.0)

    def loss(g):
        return 80 * np.log(0.8 / (1 - g / 2)) + 20 * np.log(0.2 / (g / 2)) - 2

    for end, side in ((low, -1), (high, 1)):
        assert loss(end) == pytest.approx(0, abs=0.1)
        assert loss(end + side * 0.01) > 0 > loss(end - side * 0.01)


def test_a_wider_drop_is_a_wider_band():
    rng = np.random.default_rng(1)
    values, counts = np.unique(rng.binomial(8, rng.beta(1, 2, 80)), return_counts=True)
    table, counts = binomial(values, np.full(len(values), 8)), counts.astype(float)
    fit, solved = maximum_likelihood(table, counts), 1 - (1 - GRID) ** 50
    ends = np.array([bounds(table, counts, solved, fit, drop) for drop in (0.5, 2.0, 5.0)])
    assert (np.diff(ends[:, 0]) < 0).all()
    assert (np.diff(ends[:, 1]) > 0).all()
    assert (ends[:, 0] < solved @ fit.weights).all()
    assert (solved @ fit.weights < ends[:, 1]).all()


def test_chances_of_votes_by_enumeration():
    """All outcomes of 6 draws from (a, b, ..., b, rest in single answers)."""
    kinds, table = components(), chances(6)
    np.testing.assert_allclose(table.sum(axis=(1, 2)), 1, rtol=1e-12)
    for rivals in (1, 4):
        j = int(np.flatnonzero((kinds.rivals == rivals) & (kinds.right == 0.3) & (kinds.wrong == 0.1))[0])
        law = np.append(np.r_[0.3, np.full(rivals, 0.1)], 0.7 - 0.1 * rivals)
        expected = np.zeros((7, 7))
        for counts in np.ndindex(*[7] * len(law)):
            if sum(counts) == 6:
                expected[counts[0], max(1, *counts[1 : rivals + 1])] += stats.multinomial.pmf(counts, 6, law)
        np.testing.assert_allclose(table[j], expected, atol=1e-12)


def test_chance_to_win_against_simulation():
    kinds, rng = components(), np.random.default_rng(0)
    won = win_chance(kinds, 64.0)
    for right, wrong, rivals in ((0.3, 0.25, 1), (0.25, 0.15, 4), (0.2, 0.2, 4), (0.1, 0.15, 1), (0.4, 0.0, 1)):
        j = int(np.flatnonzero((kinds.rivals == rivals) & (kinds.right == right) & (kinds.wrong == wrong))[0])
        votes = rng.multinomial(64, np.append(np.r_[right, np.full(rivals, wrong)], 1 - right - rivals * wrong), size=20_000)[:, :-1]
        most = votes.max(axis=1)
        share = ((votes[:, 0] == most) / (votes == most[:, None]).sum(axis=1)).mean()
        assert won[j] == pytest.approx(share, abs=0.02)
    assert (won[kinds.right == 0] == 0).all()


def test_known_mass_is_sure_of_what_it_has_seen():
    """Two responses, 0.9 right and 0.1 wrong, both seen by all of 400 prompts: best of N is right unless all N draws are the second."""
    table = np.log(np.tile([0.9] * 9 + [0.1], (400, 1)))
    draws = Draws.of_table(np.tile([True] * 9 + [False], (400, 1)), log_probs=table)
    low, high = _known_mass(draws, 3, 0.95)
    assert low <= 1 - 0.1**3 <= high
    assert high - low < 0.02
    # The likeliest seen has probability 0.02: an unseen one above it is likely, and the band says so.
    rare = Draws.of_table(np.ones((400, 10), bool), log_probs=np.log(np.full((400, 10), 0.02)), answers=np.tile(np.arange(10), (400, 1)))
    low, high = _known_mass(rare, 20, 0.95)
    assert high >= 1
    assert low < 0.25


def test_every_curve_is_predicted():
    rng = np.random.default_rng(2)
    people = World(40, 1.0, 0.5, 0.0, 1.0, 1.0, 0.2, 5, 0.1).population(80, rng)
    draws = people.draw(rng.integers(16, 30, 80), rng)
    made = predictions(draws, 0.95, [64, 256])
    assert list(made) == ["best_of_n", "normalised", "majority", "pass"]
    for one in made.values():
        assert one.N.tolist() == [64, 256]
        assert (one.low >= 0).all()
        assert (one.low <= one.value).all()
        assert (one.value <= one.high).all()
        assert (one.high <= 1).all()
        assert one.method.startswith("prediction: ")
    assert made["pass"].value[1] >= made["pass"].value[0]
    again = predictions(draws, 0.95, [64, 256])
    assert all((made[name].high == again[name].high).all() for name in made)
    assert list(predictions(Draws(draws.counts, draws.correct), 0.95, [64])) == ["pass"]


def test_few_prompts_have_no_band():
    one = predictions(Draws.of_table(np.tile([True, False], (4, 1))), 0.95, [8])["pass"]
    assert np.isnan(one.low).all()
    assert np.isnan(one.high).all()


def test_never_right_and_always_right():
    never = predictions(Draws.of_table(np.zeros((100, 32), bool)), 0.95, [256])["pass"]
    assert never.low[0] == 0
    assert never.high[0] < 0.25
    always = predictions(Draws.of_table(np.ones((100, 32), bool)), 0.95, [256])["pass"]
    assert always.high[0] == 1
    assert always.low[0] > 0.9


def test_refusals():
    draws = Draws.of_table(np.tile([True, False], (6, 1)))
    for call, message in (
        (lambda: predictions(draws, 0.9, [2]), r"`N` must hold numbers above 2, the fewest draws of any prompt; got \[2\]"),
        (lambda: predictions(draws, 0.9, []), "`N`"),
        (lambda: predictions(draws, 0.9, [4, 0]), "`N`"),
        (lambda: predictions(draws, 1.0, [4]), "`level`"),
    ):
        with pytest.raises(ValueError, match=message):
            call()


def held(rows):
    return (rows[..., 2] <= rows[..., 0] + 1e-9) & (rows[..., 0] <= rows[..., 3] + 1e-9)


@pytest.mark.slow
def test_bands_hold_the_truth_in_known_worlds():
    """From 32 draws, at N = 64 and 256 together: at least 95% is promised; 40 worlds with 4 misses or more would have probability 5%."""
    for name, rows in simulation.prediction_coverage(40, seed=5, N=(64, 256)).items():
        assert held(rows).all(axis=1).sum() >= 36, name
        assert np.median(rows[..., 3] - rows[..., 2]) < 0.45, name


def test_a_bending_curve_may_bend_on():
    """A right mode of 1%, all else wrong and rare: accuracy 1 - 0.99^N rises faster per doubling at 64 than at any N up to 16."""
    rng = np.random.default_rng(6)
    people = World(1500, 0.0, 0.1, -9.0, 0.0, 0.0, 0.0, 20, 0.0, rare=1.0, rare_mass=0.01, rare_right=1.0).population(300, rng)
    draws = people.draw(np.full(300, 16), rng)
    one = predictions(draws, 0.95, [64])["best_of_n"]
    truth = 1 - 0.99**64
    assert one.low[0] <= truth <= one.high[0] < 0.9
    # At the rate up to the draws alone, 16 to 64 would add no more than about twice 1 - 0.99^16 - (1 - 0.99^8).
    assert truth > (1 - 0.99**16) + 2 * (0.99**8 - 0.99**16) + 0.1
