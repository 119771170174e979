"""The lower bound on C_cov: its statistic has at most the true expectation, exactly; the bound by betting; and bounds in known worlds."""

import numpy as np
import pytest
from scipy import stats

from sharpsim.coverage import coverage_coefficient, mode_coverage
from sharpsim.estimators import Draws, coverage_lower_bound, mean_lower_bound
from tests.estimators import simulation


def log_of(table, draws, rng):
    """Draws from a table of probabilities."""
    chosen = np.array([rng.choice(table.shape[1], draws, p=row) for row in table])
    return Draws.of_table(np.zeros(chosen.shape, bool), log_probs=np.log(np.take_along_axis(table, chosen, 1)))


@pytest.mark.parametrize("draws", [1, 2, 5, 30])
@pytest.mark.parametrize("peak", [0.01, 0.1, 0.3, 0.5, 0.9, 1.0])
def test_the_statistic_is_at_most_the_truth_on_average(draws, peak):
    """One prompt: the mode is seen or not. Unseen, the worst that can be seen is a response of tiny probability."""
    missed = (1 - peak) ** draws
    seen = coverage_lower_bound(Draws.of_table(np.zeros((1, draws), bool), log_probs=np.full((1, draws), np.log(peak))), 0.9).mean
    worst = coverage_lower_bound(Draws.of_table(np.zeros((1, draws), bool), log_probs=np.full((1, draws), -50.0)), 0.9).mean
    expected = (1 - missed) * seen + missed * worst
    assert expected <= (1 / peak) * (1 + 1e-12)
    # It gives little away where the mode is seen often.
    if draws * peak >= 3:
        assert seen >= 0.75 / peak
    assert 1 <= seen <= max(draws, 1)


@pytest.mark.parametrize("ties", [1, 3, 10])
def test_counts_allow_ties(ties):
    """The mass of Y* is `ties` times 0.08: the mean of (k+1)/(m+1) over the binomial count is at most 1/P*, and near it."""
    mass, k = 0.08 * ties, 20
    m = np.arange(1, k + 1)
    expected = stats.binom.pmf(m, k, mass) @ ((k + 1) / (m + 1)) + stats.binom.pmf(0, k, mass) * (k + 1) / 2
    assert expected <= 1 / mass
    rng = np.random.default_rng(ties)
    table = np.full((1, 20), (1 - mass) / (20 - ties))
    table[0, :ties] = 0.08
    found = np.mean([coverage_lower_bound(log_of(table, k, rng), 0.9, shared_mode=True).mean for _ in range(500)])
    assert found <= 1 / mass * 1.05
    if ties == 3:
        # Likelihood alone takes one of several maximisers for all of Y*, and says so in its docstring.
        alone = coverage_lower_bound(log_of(np.repeat(table, 200, axis=0), k, rng), 0.9)
        weights = np.ones(1)
        assert coverage_coefficient(np.log(table), weights) < alone.low <= mode_coverage(np.log(table), weights)


def test_numbers_by_hand():
    """Two prompts with 2 draws; p = 1/2: T = (2 - 2/4)/(1 - 1/4) = 2, the most that two draws can show; p = 1: T = 1."""
    one = coverage_lower_bound(Draws.of_table(np.zeros((2, 2), bool), log_probs=np.log([[0.5, 0.1], [1.0, 1.0]])), 0.9)
    assert one.mean == pytest.approx(1.5)
    assert one.these_prompts == pytest.approx(1.5)
    assert one.largest == 2
    assert one.prompts == 2
    assert 1 <= one.low < 1.5
    assert "cannot be bounded above" in one.statement
    # Rows without a log-probability are left out.
    part = coverage_lower_bound(Draws(np.array([2, 2]), np.zeros(4, bool), np.log([0.5, np.nan, 1.0, 1.0])), 0.9)
    assert part.these_prompts == pytest.approx(1.5)


def test_betting_bound():
    """Constant values are nearly reached; heavy tails are held; one value gives Markov's bound or less."""
    assert 0.97 < mean_lower_bound(np.ones(300), 0.95) < 1
    assert mean_lower_bound(np.zeros(10), 0.95) == 0
    assert 0 < mean_lower_bound(np.array([4.0]), 0.95) <= 4 * 0.05
    rng = np.random.default_rng(0)
    # Pareto of index 1.1: mean 10, infinite variance.
    logs = [mean_lower_bound(rng.pareto(1.1, 100), 0.95) for _ in range(300)]
    assert np.mean(np.array(logs) <= 10) >= 0.95
    assert np.mean(logs) > 1
    # With ordinary values it is not much below Student's t.
    values = rng.exponential(size=300)
    student = values.mean() - stats.t.ppf(0.95, 299) * values.std(ddof=1) / np.sqrt(300)
    assert student - 0.1 < mean_lower_bound(values, 0.95) < values.mean()


def test_bounds_in_known_worlds():
    held, size = simulation.bound_coverage(20, 20, seed=9)
    assert held.min() >= 0.95 - 3 * np.sqrt(0.05 * 0.95 / 20)
    assert held.mean() >= 0.95
    assert np.median(size) > 0.2


def test_refusals():
    for call, message in (
        (lambda: coverage_lower_bound(Draws.of_table([[True]]), 0.9), "`draws` must have `log_probs`"),
        (lambda: coverage_lower_bound(Draws.of_table([[True]], log_probs=[[-1.0]]), 1.0), "`level`"),
        (lambda: mean_lower_bound(np.array([-1.0]), 0.9), "`values`"),
    ):
        with pytest.raises(ValueError, match=message):
            call()
