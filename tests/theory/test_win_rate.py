"""Win rate under a wrong reward: values by hand and enumeration, bounds on random tables, extremal worlds, refusals."""

import itertools
import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats

from sharpsim import coverage, instances, laws
from sharpsim.theory import best_of_n, win_rate

seeds = st.integers(0, 2**32 - 1)


def world(seed, *, responses=7, levels=5, changed=0.4):
    """A base, a true reward with ties, and a proxy that differs from it here and there."""
    rng = np.random.default_rng(seed)
    base = instances.random_table(rng, prompts=1, responses=responses, concentration=0.5)[0]
    truth = rng.integers(levels, size=(1, responses)).astype(float)
    return base, truth, np.where(rng.random((1, responses)) < changed, rng.integers(levels, size=(1, responses)), truth)


def equal(size):
    return np.full((1, size), -math.log(size)), np.arange(size, dtype=float)[None]


def sunk(size, wrong):
    """A proxy that is right but for its best `wrong` responses, which are worst."""
    base, proxy = equal(size)
    return base, np.where(proxy >= size - wrong, proxy - size, proxy), proxy


def lost(law, base, truth):
    """1 - R of a law."""
    return 1 - (law * win_rate.mid_rank(base, truth)).sum()


# Value


def test_values_by_hand():
    base, truth, proxy = np.log([[0.5, 0.3, 0.2]]), np.array([[2.0, 1.0, 0.0]]), np.array([[0.0, 1.0, 1.0]])
    np.testing.assert_allclose(win_rate.mid_rank(base, truth), [[0.75, 0.35, 0.1]], rtol=1e-14)
    np.testing.assert_allclose(win_rate.mid_rank(base, proxy), [[0.25, 0.75, 0.75]], rtol=1e-14)
    # Pairs (1, 2) and (1, 3) are reversed, (2, 3) is a tie for the proxy; each counts in both orders.
    assert win_rate.pairwise_error(base, truth, proxy)[0] == pytest.approx(2 * (0.15 + 0.1) + 2 * 0.06 * 0.5, rel=1e-14)
    assert win_rate.win_rate(base, base, truth)[0] == pytest.approx(0.5, rel=1e-14)
    assert win_rate.best_of_n(base, truth, truth, draws=1)[0] == pytest.approx(0.5, rel=1e-14)
    assert win_rate.misranked_mass(error=0.5) == 0.5
    assert win_rate.misranked_mass(error=0.18) == pytest.approx(0.1, rel=1e-14)
    assert win_rate.hacking_bound(error=0.1, draws=20, kept=5) == pytest.approx(0.2, rel=1e-15)
    assert win_rate.shortfall_bound(error=0.1, draws=4) == pytest.approx(0.4, rel=1e-15)
    assert win_rate.comparator_bound(cut=2.0, excess=0.5) == 1 - 1 / 16


def test_infinite_rewards_tie():
    truth, proxy = np.array([[np.inf, np.inf, 0.0]]), np.array([[1.0, 1.0, 0.0]])
    assert win_rate.pairwise_error(np.log([[0.2, 0.3, 0.5]]), truth, proxy)[0] == 0.0


@pytest.mark.parametrize(("draws", "kept"), [(1, 1), (3, 1), (3, 2), (4, 3), (3, 3)])
def test_the_law_of_the_best_k_by_enumeration(draws, kept):
    """Every sequence of draws; ties at the edge are chosen among in every order."""
    probs, proxy = [Fraction(1, 2), Fraction(1, 4), Fraction(1, 8), Fraction(1, 8)], [0, 1, 1, 2]
    law = [Fraction(0)] * 4
    for drawn in itertools.product(range(4), repeat=draws):
        weight = math.prod(probs[y] for y in drawn)
        ranked = sorted(proxy[y] for y in drawn)[::-1]
        for place in range(kept):
            level = [y for y in drawn if proxy[y] == ranked[place]]
            for y in level:
                law[y] += weight / (kept * len(level))
    found = win_rate.best_k_law(np.log([[float(p) for p in probs]]), np.array([proxy], float), draws=draws, kept=kept)
    np.testing.assert_allclose(found[0], [float(x) for x in law], rtol=1e-13)


@given(seeds, st.integers(1, 40))
def test_the_ends_are_best_of_n_and_base(seed, draws):
    base, truth, proxy = world(seed)
    np.testing.assert_allclose(
        win_rate.best_k_law(base, proxy, draws=draws, kept=1), np.exp(laws.best_of_n(base, proxy, draws=draws)), atol=1e-13
    )
    np.testing.assert_allclose(win_rate.best_k_law(base, proxy, draws=draws, kept=draws), np.exp(base), atol=1e-13)
    seen = win_rate.best_of_n(base, proxy, proxy, draws=draws)
    np.testing.assert_allclose(seen, best_of_n.win_rate(base, proxy, draws=draws), atol=1e-12)
    np.testing.assert_allclose(
        win_rate.best_k_of_n(base, truth, proxy, draws=draws, kept=1), win_rate.best_of_n(base, truth, proxy, draws=draws), atol=1e-12
    )


def test_the_last_levels_keep_their_digits():
    """Best of 2: a level of 1e-20 above one of 1e-15 has the mass (1e-15 + 1e-20)^2 - 1e-30. What is above it is 1 but for its rounding."""
    below, level = mpmath.mpf("1e-15"), mpmath.mpf("1e-20")
    law = win_rate.best_k_law(np.log([[1e-15, 1e-20, 1.0]]), np.arange(3.0)[None], draws=2, kept=1)[0]
    with mpmath.workdps(60):
        np.testing.assert_allclose(law[1], float((below + level) ** 2 - below**2), rtol=1e-12)


@pytest.mark.parametrize("kept", [1, 3, 10])
def test_rare_levels_keep_their_digits(kept):
    """At the top, in the middle and at the bottom; at k = N the law is base."""
    masses, density, exactly = [1e-25, 0.5, 1e-18, 0.5, 1e-20], 10 / kept, {"rel": 1e-13, "abs": 0}
    law = win_rate.best_k_law(np.log([masses]), np.arange(5.0)[None], draws=10, kept=kept)[0]
    assert law[4] == pytest.approx(density * 1e-20, **exactly)
    assert law[2] == pytest.approx(density * 1e-18 * stats.binom.cdf(kept - 1, 9, 0.5) if kept < 10 else 1e-18, **exactly)
    assert law[0] == pytest.approx(1e-25 if kept == 10 else 0.0, rel=1e-13, abs=1e-40)


def test_best_k_of_n_drawn_literally():
    base, truth, proxy = world(11)
    rng, trials, draws, kept = np.random.default_rng(0), 100_000, 6, 2
    drawn = rng.choice(7, size=(trials, draws), p=np.exp(base[0]) / np.exp(base[0]).sum())
    # Ties in any order, by a number below the distance of two levels.
    order = np.argsort(-(proxy[0][drawn] + rng.random((trials, draws)) / 2), axis=1)
    answer = drawn[np.arange(trials), order[np.arange(trials), rng.integers(kept, size=trials)]]
    rival = rng.choice(7, size=trials, p=np.exp(base[0]) / np.exp(base[0]).sum())
    won = (truth[0][answer] > truth[0][rival]) | ((truth[0][answer] == truth[0][rival]) & (rng.random(trials) < 0.5))
    exact = win_rate.best_k_of_n(base, truth, proxy, draws=draws, kept=kept)[0]
    assert stats.binom.ppf(1e-6, trials, exact) <= won.sum() <= stats.binom.isf(1e-6, trials, exact)


# Inverse


@pytest.mark.parametrize("error", [1e-8, 1e-4, 0.01, 0.2, 0.5])
def test_the_best_number_of_draws_is_the_best(error):
    N = win_rate.best_draws(error=error)
    values = [win_rate.shortfall_bound(error=error, draws=M) for M in (max(1, N - 1), N, N + 1)]
    assert min(values) == values[1]
    assert values[1] <= math.sqrt(2 * error)
    assert pytest.approx(math.sqrt(2 / error), abs=2) == N


@given(st.floats(1e-12, 0.5))
def test_the_misranked_mass_inverts_the_error(error):
    s = win_rate.misranked_mass(error=error)
    assert 2 * s * (1 - s) == pytest.approx(error, rel=1e-12)


# Sandwich


@given(seeds, st.integers(1, 60), st.integers(1, 60))
def test_no_table_is_hacked_by_more_than_the_bound(seed, draws, kept):
    kept = min(draws, kept)
    base, truth, proxy = world(seed)
    error = win_rate.pairwise_error(base, truth, proxy)[0]
    lost = win_rate.best_k_of_n(base, proxy, proxy, draws=draws, kept=kept) - win_rate.best_k_of_n(
        base, truth, proxy, draws=draws, kept=kept
    )
    assert lost[0] <= win_rate.hacking_bound(error=error, draws=draws, kept=kept) + 1e-12


@given(seeds, st.floats(0.05, 30.0))
def test_no_comparator_passes_its_bound(seed, cut):
    base, truth, _ = world(seed)
    policy = world(seed + 1)[0]
    excess = min(1.0, float(coverage.excess_coverage(policy, base, np.ones(1), cut=cut)))
    assert win_rate.win_rate(policy, base, truth)[0] <= win_rate.comparator_bound(cut=cut, excess=excess) + 1e-12


@pytest.mark.parametrize("wrong", [0, 1, 5, 40, 300])
@pytest.mark.parametrize(("draws", "kept"), [(1, 1), (10, 1), (100, 1), (100, 10), (1000, 30)])
def test_worlds_without_atoms_keep_their_bounds(wrong, draws, kept):
    base, truth, proxy = sunk(2000, wrong)
    error = float(win_rate.pairwise_error(base, truth, proxy)[0])
    short = 1 - win_rate.best_k_of_n(base, truth, proxy, draws=draws, kept=kept)[0]
    # Atoms of 1/2000 are worth half of that.
    assert short <= win_rate.shortfall_bound(error=error, draws=draws, kept=kept) + 1 / 4000


# Sharpness


@pytest.mark.parametrize("draws", [2, 10, 300])
def test_a_rare_response_hacks_as_much_as_the_bound_allows(draws):
    """(N-1)/N of the bound: times 0.7 it would be false from N = 4 on."""
    base = np.log([[1e-9, *np.full(999, (1 - 1e-9) / 999)]])
    truth, proxy = np.array([[-1.0, *range(999)]]), np.array([[1e6, *range(999)]])
    lost = win_rate.best_of_n(base, proxy, proxy, draws=draws) - win_rate.best_of_n(base, truth, proxy, draws=draws)
    error = win_rate.pairwise_error(base, truth, proxy)[0]
    assert lost[0] / win_rate.hacking_bound(error=error, draws=draws) == pytest.approx(1 - 1 / draws, abs=1e-5)


@pytest.mark.parametrize("cut", [1.0, 2.0, 5.0])
def test_the_top_of_base_attains_the_comparators_bound(cut):
    base, ranks = equal(1000)
    with np.errstate(divide="ignore"):
        top = np.log(np.where(ranks >= 1000 - 1000 / cut, cut / 1000, 0.0))
    assert win_rate.win_rate(top, base, ranks)[0] == pytest.approx(win_rate.comparator_bound(cut=cut, excess=0.0), abs=1e-12)


@pytest.mark.parametrize("error", [1e-6, 1e-3, 0.05, 0.3])
def test_the_lower_bound_is_the_least_over_all_densities(error):
    """The least over lambda of the proof, by a search; and by a linear program over densities, which must not be below it."""
    s = win_rate.misranked_mass(error=error)
    found = optimize.minimize_scalar(
        lambda a: a - s + (1 - a) ** 2 * s / (2 * a), bounds=(1e-9, 1), method="bounded", options={"xatol": 1e-12}
    )
    assert win_rate.shortfall_lower_bound(error=error) == pytest.approx(max(0.0, found.fun), rel=1e-6, abs=1e-12)


@pytest.mark.parametrize("cells", [40, 200])
def test_no_density_escapes_the_adversary(cells):
    """Any density in the proxy's rank, a share s sunk where it is largest: 1 - R is above the lower bound, and close for a uniform one."""
    rng = np.random.default_rng(cells)
    ranks, wrong = (np.arange(cells) + 0.5) / cells, 2
    s = wrong / cells
    bound = win_rate.shortfall_lower_bound(error=2 * s * (1 - s))
    densities = [rng.dirichlet(np.full(cells, 0.3)) for _ in range(200)]
    densities += [np.where(np.arange(cells) >= cells - width, 1 / width, 0.0) for width in range(1, cells + 1)]
    least = min(_short(mass, ranks, wrong) for mass in densities)
    assert bound <= least <= bound + 3.5 * s


def _short(mass, ranks, wrong):
    """1 - R where the cells with the largest mass sink below all others, which keep their order."""
    order = np.argsort(-mass, kind="stable")
    sunk_cells, others = order[:wrong], np.sort(order[wrong:])
    true = np.empty(len(mass))
    true[np.concatenate([np.sort(sunk_cells), others])] = ranks
    return 1 - float(mass @ true)


def test_order_of_all_rules():
    for error in (1e-6, 1e-4, 1e-2):
        root = math.sqrt(error)
        assert win_rate.shortfall_lower_bound(error=error) == pytest.approx(root, rel=1.2 * root)
        assert win_rate.shortfall_bound(error=error, draws=10**10, kept=round(10**10 * root)) == pytest.approx(root, rel=1e-4)
        assert win_rate.shortfall_bound(error=error, draws=win_rate.best_draws(error=error)) == pytest.approx(
            math.sqrt(2) * root, rel=1.2 * root
        )
    with mpmath.workdps(50):
        s = (1 - mpmath.sqrt(1 - 2 * mpmath.mpf(1e-12))) / 2
        exact = mpmath.sqrt(2 * s * (1 + s / 2)) - 2 * s
    assert win_rate.shortfall_lower_bound(error=1e-12) == pytest.approx(float(exact), rel=1e-12)


# Chi-square regularisation


@given(seeds, st.floats(1e-6, 1e6))
def test_the_chi_square_law_is_optimal(seed, beta):
    """Its density is (proxy - lambda)_+ / beta for one lambda, so no law near it or far from it is better."""
    base, _, proxy = world(seed)
    law, p, rng = win_rate.chi_square_law(base, proxy, beta=beta), np.exp(base), np.random.default_rng(seed)
    assert law.sum() == pytest.approx(1, rel=1e-12)
    worth = (law * proxy).sum() - beta / 2 * (p * (law / p - 1) ** 2).sum()
    for other in rng.dirichlet(np.full(7, 0.3), size=20):
        for mixed in (other, 0.999 * law[0] + 0.001 * other):
            assert (mixed * proxy).sum() - beta / 2 * (p * (mixed / p - 1) ** 2).sum() <= worth + 1e-9 * (1 + beta)


def test_the_chi_square_law_by_hand():
    base, proxy = np.log([[0.5, 0.25, 0.25]]), np.array([[0.0, 1.0, 2.0]])
    # lambda = 1 - beta/... : with all responses weighed, lambda = mean - beta.
    np.testing.assert_allclose(win_rate.chi_square_law(base, proxy, beta=3.0), [[0.375, 0.25 * 3.25 / 3, 0.25 * 4.25 / 3]], rtol=1e-14)
    # lambda = 1.5: the best alone.
    np.testing.assert_allclose(win_rate.chi_square_law(base, proxy, beta=0.125), [[0.0, 0.0, 1.0]], atol=0)
    np.testing.assert_allclose(win_rate.chi_square_law(base, proxy, beta=1e9), np.exp(base), rtol=1e-8)


@pytest.mark.parametrize("wrong", [1, 5, 40])
@pytest.mark.parametrize("top", [0.02, 0.1, 0.4, 0.9])
def test_chi_square_on_ranks_keeps_its_bound(wrong, top):
    base, truth, proxy = sunk(4000, wrong)
    error = float(win_rate.pairwise_error(base, truth, proxy)[0])
    law = win_rate.chi_square_law(base, win_rate.mid_rank(base, proxy), beta=top**2 / 2)
    short, bound = lost(law, base, truth), win_rate.chi_square_bound(error=error, top=top)
    assert short <= bound + 1 / 4000
    # Close where few are wrong among the top: times 0.7 it would be false.
    if wrong / 4000 < top / 50:
        assert short > 0.95 * bound


@pytest.mark.parametrize("share", [0.1, 0.01])
def test_no_beta_saves_chi_square_on_values(share):
    base, truth, proxy = sunk(1000, round(1000 * share))
    values = np.where(truth < 0, 1 / (2 * share) + 1, proxy / 1000)
    losses = [lost(win_rate.chi_square_law(base, values, beta=beta), base, truth) for beta in np.geomspace(1e-4, 1e6, 200)]
    assert 0.5 <= min(losses) < 0.501
    error = win_rate.pairwise_error(base, truth, proxy)[0]
    assert 1 - win_rate.best_k_of_n(base, truth, proxy, draws=10**6, kept=round(10**6 * error**0.5))[0] < error**0.5


def test_the_guarantee_of_chi_square_is_least_where_it_is_said_to_be():
    for error in (1e-6, 1e-3, 0.1):
        found = optimize.minimize_scalar(lambda t, e=error: win_rate.chi_square_bound(error=e, top=t), bounds=(1e-6, 1), method="bounded")
        assert found.fun == pytest.approx(2 * math.sqrt(error / 3), rel=1e-3)


# Lift by pairs


def right_wrong(seed, responses=7):
    """A base, correctness and a proxy with ties; some of each kind."""
    base, truth, proxy = world(seed, responses=responses)
    right = truth >= 2
    right[0, :2] = True, False
    return base, right, proxy


@given(seeds)
def test_pairs_by_enumeration(seed):
    base, right, proxy = right_wrong(seed)
    p, r = np.exp(base[0]), proxy[0]
    beaten = sum(p[i] * p[j] * ((r[j] > r[i]) + (r[j] == r[i]) / 2) for i in range(7) for j in range(7) if right[0, i] and not right[0, j])
    found = win_rate.right_and_wrong(base, right, proxy)
    assert found.accuracy[0] == pytest.approx(p[right[0]].sum(), rel=1e-12)
    assert found.error[0] == pytest.approx(beaten / (p[right[0]].sum() * p[~right[0]].sum()), rel=1e-9, abs=1e-15)


@given(seeds, st.integers(1, 200))
def test_accuracy_of_best_of_n_is_between_its_bounds(seed, draws):
    base, right, proxy = right_wrong(seed)
    pairs = win_rate.right_and_wrong(base, right, proxy)
    accuracy = np.exp(laws.best_of_n(base, proxy, draws=draws))[right].sum()
    given_ = {"accuracy": pairs.accuracy[0], "pair_error": pairs.error[0], "draws": draws}
    lower, upper = win_rate.accuracy_lower_bound(**given_), win_rate.accuracy_upper_bound(**given_)
    assert lower - 1e-12 <= accuracy <= upper + 1e-12
    assert lower - 1e-9 <= win_rate.predicted_accuracy(**given_) <= upper + 1e-9
    if draws <= 2:
        assert lower == pytest.approx(accuracy, rel=1e-9)
        assert upper == pytest.approx(accuracy, rel=1e-9)


@pytest.mark.parametrize("draws", [3, 20, 500])
@pytest.mark.parametrize(("first", "last"), [(0.2, 0.7), (0.6, 0.9), (0.0, 0.3), (0.5, 1.0)])
def test_adjacent_responses_attain_the_bounds(draws, first, last):
    """Right ones the lower, wrong ones the upper: a bound times 1.3, or 1 - bound times 1.3, would be false."""
    base, ranks = equal(1000)
    inside = (ranks >= 1000 * first) & (ranks < 1000 * last)
    law = np.exp(laws.best_of_n(base, ranks, draws=draws))
    for right, bound in ((inside, win_rate.accuracy_lower_bound), (~inside, win_rate.accuracy_upper_bound)):
        pairs = win_rate.right_and_wrong(base, right, ranks)
        found = bound(accuracy=pairs.accuracy[0], pair_error=pairs.error[0], draws=draws)
        assert found == pytest.approx(law[right].sum(), rel=1e-9, abs=1e-14)


@given(st.floats(1e-6, 1 - 1e-6), st.floats(1e-6, 1 - 1e-6), st.integers(1, 10**4))
def test_the_prediction_is_an_integral(a, eps, draws):
    """By another quadrature, over the rank of a right response among the wrong."""
    odds = (1 - eps) / eps
    grid, weights = np.polynomial.legendre.leggauss(60)
    # x = -log of the rank, in pieces that double: the integrand may be near 0 alone, or long.
    ends = np.append(0.0, np.geomspace(1e-12, 1e9, 400))
    total = 0.0
    for low, high in itertools.pairwise(ends):
        x = (high + low) / 2 + grid * (high - low) / 2
        rank = np.maximum(a * np.expm1(-odds * x) + (1 - a) * np.expm1(-x), -1 + 1e-16)
        value = draws * a * odds * np.exp(-odds * x + (draws - 1) * np.log1p(rank))
        total += (weights * value).sum() * (high - low) / 2
    assert win_rate.predicted_accuracy(accuracy=a, pair_error=eps, draws=draws) == pytest.approx(total, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize(("a", "eps"), [(0.3, 0.2), (0.9, 0.01), (0.5, 0.6)])
def test_the_odds_are_multiplied_in_the_limit(a, eps):
    limit = win_rate.predicted_accuracy(accuracy=a, pair_error=eps, draws=10**9)
    assert limit / (1 - limit) == pytest.approx(a / (1 - a) * (1 - eps) / eps, rel=1e-6)


@given(st.floats(1e-3, 0.999), st.floats(1e-4, 1.0))
def test_no_other_number_of_draws_is_trusted_more(a, eps):
    best = win_rate.trusted_draws(accuracy=a, pair_error=eps)
    others = np.unique(np.geomspace(1, 10**6, 300).astype(int))
    largest = win_rate.accuracy_lower_bound(accuracy=a, pair_error=eps, draws=others).max()
    assert win_rate.accuracy_lower_bound(accuracy=a, pair_error=eps, draws=best) >= largest - 1e-12


def test_the_lift_at_tiny_errors_and_accuracies():
    for eps in (1e-12, 1e-15, 1e-17):
        found = win_rate.accuracy_lower_bound(accuracy=0.3, pair_error=eps, draws=round(10 / eps))
        assert found == pytest.approx(math.exp(-7), rel=1e-9)
    # As a falls to 0 the best N is near -1/log(1 - eps) = 7.18.
    assert {win_rate.trusted_draws(accuracy=a, pair_error=0.13) for a in (1e-9, 1e-17, 1e-300)} == {7.0}
    assert win_rate.trusted_draws(accuracy=0.1, pair_error=0.5) == 1.0


def test_ends_of_the_lift():
    for draws in (1, 2, 7):
        for a in (0.0, 1.0):
            for bound in (win_rate.accuracy_lower_bound, win_rate.accuracy_upper_bound, win_rate.predicted_accuracy):
                assert bound(accuracy=a, pair_error=0.3, draws=draws) == pytest.approx(a, abs=1e-15)
        assert win_rate.predicted_accuracy(accuracy=0.3, pair_error=0.0, draws=draws) == pytest.approx(1 - 0.7**draws, rel=1e-14)
        assert win_rate.predicted_accuracy(accuracy=0.3, pair_error=1.0, draws=draws) == pytest.approx(0.3**draws, rel=1e-14)
    assert win_rate.trusted_draws(accuracy=0.3, pair_error=0.0) == math.inf
    assert win_rate.trusted_draws(accuracy=0.0, pair_error=1.0) == 1.0
    none = win_rate.right_and_wrong(np.log([[0.5, 0.5]]), np.array([[True, True]]), np.array([[0.0, 1.0]]))
    assert (none.accuracy[0], none.error[0]) == (pytest.approx(1.0), 0.0)


# Refusals


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: win_rate.best_k_law(*equal(3), draws=2, kept=3), "kept"),
        (lambda: win_rate.best_k_law(*equal(3), draws=10**20, kept=3), "draws"),
        (lambda: win_rate.hacking_bound(error=0.1, draws=2, kept=np.array([1, 3])), "kept"),
        (lambda: win_rate.shortfall_bound(error=0.1, draws=2, kept=3), "kept"),
        (lambda: win_rate.comparator_bound(cut=0.25, excess=0.0), "excess"),
        (lambda: win_rate.predicted_accuracy(accuracy=0.3, pair_error=0.1, draws=1e50), "draws"),
        (lambda: win_rate.misranked_mass(error=0.6), "error"),
        (lambda: win_rate.best_draws(error=0.0), "error"),
        (lambda: win_rate.hacking_bound(error=1.5, draws=2), "error"),
        (lambda: win_rate.comparator_bound(cut=0.0, excess=0.1), "cut"),
        (lambda: win_rate.chi_square_law(*equal(3), beta=0.0), "beta"),
        (lambda: win_rate.chi_square_law(equal(3)[0], np.array([[0.0, np.inf, 1.0]]), beta=1.0), "proxy"),
        (lambda: win_rate.chi_square_bound(error=0.1, top=1.5), "top"),
        (lambda: win_rate.accuracy_lower_bound(accuracy=1.5, pair_error=0.1, draws=2), "accuracy"),
        (lambda: win_rate.accuracy_upper_bound(accuracy=0.5, pair_error=-0.1, draws=2), "pair_error"),
        (lambda: win_rate.predicted_accuracy(accuracy=0.5, pair_error=0.1, draws=0), "draws"),
        (lambda: win_rate.pairwise_error(equal(3)[0], np.full((1, 3), np.nan), equal(3)[1]), "reward"),
    ],
)
def test_refuses(call, name):
    with pytest.raises(ValueError, match=f"`{name}` must be"):
        call()
