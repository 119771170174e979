"""Power sampling: values by fractions and enumeration, kernels drawn literally, bounds on random trees, extremal instances, refusals."""

import itertools
import math
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sharpsim import laws
from sharpsim.theory import power_sampling as theory

seeds = st.integers(0, 2**32 - 1)
END = 0
THIRDS = {
    (): {0: Fraction(1, 4), 1: Fraction(1, 2), 2: Fraction(1, 4)},
    (1,): {0: Fraction(1, 3), 1: Fraction(2, 3)},
    (2,): {0: Fraction(4, 5), 2: Fraction(1, 5)},
    (1, 1): {0: Fraction(3, 4), 2: Fraction(1, 4)},
    (2, 2): {1: Fraction(1)},
}
"""Next-token laws with an end token and at most three tokens."""


def responses_of(laws_, end=END, horizon=3):
    """Response -> probability."""
    found, open_ = {}, {(): 1}
    while open_:
        prefix, mass = open_.popitem()
        for token, share in laws_[prefix].items():
            longer = (*prefix, token)
            (found if token == end or len(longer) == horizon else open_)[longer] = mass * share
    return found


def space_of(found, end: int | None = END):
    width = max(map(len, found))
    tokens = np.array([[*y, *[0 if end is None else end] * (width - len(y))] for y in found])
    return theory.Space(tokens, np.log([float(p) for p in found.values()]), end_token=end)


def random_tree(seed, *, size=3, horizon=4, concentration=1.0, end: int | None = END):
    rng, tree = np.random.default_rng(seed), {}
    open_ = [()]
    while open_:
        prefix = open_.pop()
        probs = np.maximum(rng.dirichlet(np.full(size, concentration)), 1e-9)
        tree[prefix] = dict(enumerate(probs / probs.sum()))
        if len(prefix) < horizon - 1:
            open_ += [(*prefix, v) for v in range(size) if v != end]
    return space_of(responses_of(tree, end, horizon), end)


SMALL = responses_of(THIRDS)
SPACE = space_of(SMALL)


def power(space, alpha):
    return np.exp(theory.power_law(space.log_probs[None], alpha=alpha)[0])


def prefix_at(space, i):
    y = int(np.flatnonzero((space.path == i).any(axis=1))[0])
    return tuple(space.responses[y, : space.depth[i]].tolist())


# Value


def test_values_by_hand():
    # p = 1/4, 1/6, 1/4, 1/12, 1/5, 1/20 on 0, 10, 110, 112, 20, 221.
    assert {
        (0,): Fraction(1, 4), (1, 0): Fraction(1, 6), (1, 1, 0): Fraction(1, 4), (1, 1, 2): Fraction(1, 12), (2, 0): Fraction(1, 5),
        (2, 2, 1): Fraction(1, 20),
    } == SMALL  # fmt: skip
    squares = {y: p * p for y, p in SMALL.items()}
    total = sum(squares.values())
    np.testing.assert_allclose(power(SPACE, 2.0), [float(squares[y] / total) for y in SMALL], rtol=1e-14)
    np.testing.assert_allclose(SPACE.lengths, [len(y) for y in SMALL])
    assert np.exp(SPACE.log_zeta(2.0)[0]) == pytest.approx(float(total), rel=1e-14)
    # The first token at temperature 1/2: 1/16, 1/4, 1/16.
    law = dict(zip(SMALL, theory.temperature_law(SPACE, alpha=2.0), strict=True))
    assert law[0,] == pytest.approx(1 / 6, rel=1e-14)
    assert law[1, 0] == pytest.approx(4 / 6 * 1 / 5, rel=1e-14)
    mean = sum(len(y) * s for y, s in squares.items()) / total
    biased = [float(len(y) * s / total / mean) for y, s in squares.items()]
    np.testing.assert_allclose(theory.length_biased_law(SPACE, alpha=2.0), biased, rtol=1e-14)
    assert theory.total_variation([0.5, 0.5], [0.25, 0.75]) == 0.25
    assert theory.independent_gap(SPACE.log_probs[None], alpha=2.0)[0] == pytest.approx(float(4 * total), rel=1e-14)
    assert theory.independent_bound(gap=0.25, steps=1) == pytest.approx(0.5625, rel=1e-15)
    np.testing.assert_array_equal(theory.power_law(SPACE.log_probs[None], alpha=1)[0], SPACE.log_probs)


@pytest.mark.parametrize("alpha", [1.0, 2.0, 3.7, 40.0])
def test_the_next_token_law_gives_the_power_law(alpha):
    space = random_tree(3)
    steps = theory.next_token_law(space, alpha=alpha)
    np.testing.assert_allclose(np.exp(space.along(np.log(steps))[space.leaf]), power(space, alpha), rtol=1e-12)
    sums = np.bincount(space.parent[1:], steps[1:], space.prefixes)
    np.testing.assert_allclose(sums[~space.whole()], 1.0, rtol=1e-12)
    with mpmath.workdps(40):
        total = sum(mpmath.exp(alpha * mpmath.mpf(x)) for x in space.log_probs)
        assert space.log_zeta(alpha)[0] == pytest.approx(float(mpmath.log(total)), abs=1e-12)


@pytest.mark.parametrize("end", [None, 0])
@pytest.mark.parametrize("alpha", [1.0, 2.5, 300.0])
def test_zeta_of_a_markov_policy_by_enumeration(end, alpha):
    rng, size, horizon = np.random.default_rng(5), 3, 4
    table = rng.dirichlet(np.ones(size), size=size + 1)
    tree = {(): dict(enumerate(table[size]))}
    for h in range(1, horizon):
        tree |= {y: dict(enumerate(table[y[-1]])) for y in itertools.product(range(size), repeat=h)}
    space = space_of(responses_of(tree, end, horizon), end)
    zeta, found = space.log_zeta(alpha), theory.markov_log_zeta(np.log(table), horizon=horizon, alpha=alpha, end_token=end)
    for i in range(space.prefixes):
        last = prefix_at(space, i)[-1] if i else size
        assert zeta[i] == pytest.approx(found[horizon - space.depth[i], last], rel=1e-12, abs=1e-12)


def tempered(laws_, alpha):
    raised = {prefix: {v: p**alpha for v, p in law.items()} for prefix, law in laws_.items()}
    return {prefix: {v: p / sum(law.values()) for v, p in law.items()} for prefix, law in raised.items()}


def prefix_mass(laws_, prefix, start=0):
    return math.prod((laws_[prefix[:h]][prefix[h]] for h in range(start, len(prefix))), start=Fraction(1))


def block_by_fractions(cut, suffix, corrected, alpha=2, horizon=3):
    q, chain = (tempered(THIRDS, alpha) if suffix == "tempered" else THIRDS), {}
    for y in SMALL:
        row = dict.fromkeys(SMALL, Fraction(0))
        for c in range({"whole": 1, "current": len(y), "horizon": horizon}[cut]):
            weight = Fraction(1, {"whole": 1, "current": len(y), "horizon": horizon}[cut])
            if c >= len(y):
                row[y] += weight
                continue
            for other in (z for z in SMALL if z[:c] == y[:c] and len(z) > c):
                ratio = (SMALL[other] / SMALL[y]) ** alpha * prefix_mass(q, y, c) / prefix_mass(q, other, c)
                if cut == "current" and corrected:
                    ratio *= Fraction(len(y), len(other))
                row[other] += weight * prefix_mass(q, other, c) * min(1, ratio)
                row[y] += weight * prefix_mass(q, other, c) * (1 - min(1, ratio))
        assert sum(row.values()) == 1
        chain[y] = row
    return np.array([[float(chain[y][z]) for z in SMALL] for y in SMALL])


@pytest.mark.parametrize("corrected", [True, False])
@pytest.mark.parametrize("suffix", ["base", "tempered"])
@pytest.mark.parametrize("cut", ["whole", "current", "horizon"])
def test_block_kernels_by_fractions(cut, suffix, corrected):
    kernel = theory.block_kernel(SPACE, alpha=2.0, cut=cut, suffix=suffix, corrected=corrected)
    np.testing.assert_allclose(kernel.matrix, block_by_fractions(cut, suffix, corrected), atol=1e-15)
    expected = theory.length_biased_law(SPACE, alpha=2.0) if cut == "current" and not corrected else power(SPACE, 2.0)
    np.testing.assert_allclose(theory.stationary_law(kernel.matrix), expected, rtol=1e-13)
    assert theory.has_detailed_balance(kernel.matrix)


def truncated_by_fractions(suffix, alpha=2):
    q = tempered(THIRDS, alpha) if suffix == "tempered" else THIRDS
    states = sorted({y[:h] for y in SMALL for h in range(1, len(y) + 1)})
    chain = {}
    for y in states:
        t, row = len(y), dict.fromkeys(states, Fraction(0))
        for c in range(t):
            for z in (z for z in states if z[:c] == y[:c] and len(z) > c and (len(z) == t or (len(z) < t and z in SMALL))):
                short = y[: len(z)]
                ratio = (prefix_mass(THIRDS, z) / prefix_mass(THIRDS, short)) ** alpha
                ratio *= prefix_mass(q, short, c) / prefix_mass(q, z, c)
                row[z] += Fraction(1, t) * prefix_mass(q, z, c) * min(1, ratio)
                row[y] += Fraction(1, t) * prefix_mass(q, z, c) * (1 - min(1, ratio))
        assert sum(row.values()) == 1
        chain[y] = row
    return states, chain


@pytest.mark.parametrize("suffix", ["base", "tempered"])
def test_the_truncated_kernel_by_fractions(suffix):
    kernel = theory.truncated_kernel(SPACE, alpha=2.0, suffix=suffix)
    _, chain = truncated_by_fractions(suffix)
    names = [prefix_at(SPACE, i) for i in range(1, SPACE.prefixes)]
    np.testing.assert_allclose(kernel.matrix, [[float(chain[y][z]) for z in names] for y in names], atol=1e-15)
    law = theory.stationary_law(kernel.matrix)
    np.testing.assert_allclose(law, theory.truncated_law(SPACE, alpha=2.0), rtol=1e-13, atol=1e-300)
    # The shortest response has one token; the first tokens have 1/16, 1/4, 1/16.
    np.testing.assert_allclose(law[:3], [1 / 6, 4 / 6, 1 / 6], rtol=1e-13)
    assert not theory.has_detailed_balance(kernel.matrix)


def test_the_published_algorithm_by_fractions():
    """Two parts of two tokens at most, two steps after each, with proposals at temperature 1/2."""
    q, (_, chain) = tempered(THIRDS, 2), truncated_by_fractions("tempered")
    law, done = {(): Fraction(1)}, {}
    for _ in range(2):
        for _ in range(2):
            grown = {}
            for y, mass in law.items():
                for z, share in {(*y, v): s for v, s in q[y].items()}.items() if y not in SMALL else ((y, 1),):
                    grown[z] = grown.get(z, 0) + mass * share
            law = grown
        for _ in range(2):
            law = {z: sum((mass * chain[y][z] for y, mass in law.items()), Fraction(0)) for z in chain}
        done |= {y: done.get(y, 0) + mass for y, mass in law.items() if y in SMALL}
        law = {y: mass for y, mass in law.items() if y not in SMALL and mass}
    found, calls = theory.published_law(SPACE, alpha=2.0, blocks=2, steps=2)
    for i in range(SPACE.prefixes):
        y = prefix_at(SPACE, i) if i else ()
        assert found[i] == pytest.approx(float(done.get(y, 0) + law.get(y, 0)), abs=1e-14)
    assert 2 < calls < 15


def test_the_cost_of_a_step_by_fractions():
    kernel = theory.block_kernel(SPACE, alpha=2.0, cut="current")
    for i, y in enumerate(SMALL):
        expected = sum(
            Fraction(1, len(y)) * prefix_mass(THIRDS, z, c) * (len(z) - c)
            for c in range(len(y)) for z in SMALL if z[:c] == y[:c] and len(z) > c
        )  # fmt: skip
        assert kernel.calls[i] == pytest.approx(float(expected), rel=1e-14)


def test_stationary_laws_keep_digits_that_a_solver_loses():
    # A chain on five states whose law spans 60 decades, by the product of its quotients.
    up, down = [1e-3, 1e-20, 1e-15, 1e-25], [1e-1, 1e-2, 1e-1, 1e-1]
    chain = np.diag(up, 1) + np.diag(down, -1)
    np.fill_diagonal(chain, 1 - chain.sum(axis=1))
    exact = np.cumprod([1.0, *(u / d for u, d in zip(up, down, strict=True))])
    np.testing.assert_allclose(theory.stationary_law(chain), exact / exact.sum(), rtol=1e-13)
    assert theory.spectral_gap(np.array([[0.9, 0.1], [0.3, 0.7]])) == pytest.approx(0.4, rel=1e-13)
    cycle = np.roll(np.eye(3), 1, axis=1)
    assert theory.spectral_gap(0.5 * cycle + 0.5 * np.eye(3)) == pytest.approx(0.5, rel=1e-12)


# Estimates from rollouts


TWO = np.log([[0.7, 0.2, 0.1]])


def by_rollouts(K, function, row=(0.7, 0.2, 0.1)):
    """Mean of a function of K draws, by all sequences of draws."""
    with mpmath.workdps(30):
        total = mpmath.mpf(0)
        for drawn in itertools.product(range(len(row)), repeat=K):
            total += mpmath.fprod(row[i] for i in drawn) * function(drawn)
        return total


@pytest.mark.parametrize("K", [2, 3, 5])
@pytest.mark.parametrize("alpha", [1.5, 4.0])
def test_biases_by_enumeration(K, alpha):
    row = [mpmath.mpf(p) for p in ("0.7", "0.2", "0.1")]
    zeta = mpmath.log(sum(p**alpha for p in row))

    def plug_in(drawn):
        return mpmath.log(sum(row[i] ** (alpha - 1) for i in drawn) / len(drawn))

    def jackknife(drawn):
        left_out = [plug_in(drawn[:k] + drawn[k + 1 :]) for k in range(K)]
        return K * plug_in(drawn) - (K - 1) * sum(left_out) / K

    for name, estimate in ((False, plug_in), (True, jackknife)):
        found = theory.log_zeta_bias(TWO, alpha=alpha, rollouts=K, jackknife=name)[0]
        assert found == pytest.approx(float(by_rollouts(K, estimate, row) - zeta), rel=1e-11, abs=1e-13)


@pytest.mark.parametrize("draws", [1, 2, 4])
def test_importance_resampling_by_enumeration(draws):
    row, alpha = (0.7, 0.2, 0.1), 3.0
    law = theory.resampling_law(TWO, alpha=alpha, draws=draws)[0]
    for y in range(3):
        share = by_rollouts(draws, lambda drawn, y=y: sum(row[i] ** 2 for i in drawn if i == y) / sum(row[i] ** 2 for i in drawn))
        assert law[y] == pytest.approx(float(share), rel=1e-13)


@pytest.mark.parametrize("alpha", [400.0, 3000.0])
def test_estimates_where_powers_are_below_the_smallest_float(alpha):
    """One draw is a draw of base, and two draws keep the likelier; log zeta from one draw is the mean of (alpha - 1) log p."""
    row = np.log([[0.9, 0.1]])
    np.testing.assert_allclose(theory.resampling_law(row, alpha=alpha, draws=1), [[0.9, 0.1]], rtol=1e-11)
    np.testing.assert_allclose(theory.resampling_law(row, alpha=alpha, draws=2), [[0.99, 0.01]], rtol=1e-11)
    expected = (alpha - 1) * (np.exp(row) @ row[0])[0] - alpha * row[0, 0]
    assert theory.log_zeta_bias(row, alpha=alpha, rollouts=1)[0] == pytest.approx(expected, rel=1e-12)
    # The total variation of a draw of base to the mode.
    assert theory.resampling_bound(row, alpha=alpha, draws=1)[0] == pytest.approx(0.1, rel=1e-14)
    assert theory.resampling_bound(np.array([[0.0, -250.0]]), alpha=4.0, draws=1)[0] < 1e-100
    space = theory.Space([[0, 0], [0, 1], [1, 0], [1, 1]], np.log([0.45, 0.05, 0.3, 0.2]))
    # Token 0 wins where its rollout is the likely one (0.9), else token 1; behind it 0 is certain, and 1 next to nothing.
    found = theory.next_token_estimate(space, alpha=alpha, rollouts=1)
    np.testing.assert_allclose(found[1:3], [0.9, 0.1], rtol=1e-10)
    assert theory.rollout_law(space, alpha=alpha, rollouts=1).sum() == pytest.approx(1, abs=1e-10)


def test_zeta_of_a_row_that_sums_to_one_but_for_rounding():
    table = np.log([[0.5, 0.5], [0.5, 0.5], [0.5, 0.5]])
    found = theory.markov_log_zeta(table + 9e-10, horizon=1000, alpha=3.0)
    np.testing.assert_allclose(found, theory.markov_log_zeta(table, horizon=1000, alpha=3.0), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("jackknife", [False, True])
def test_the_estimated_next_token_by_enumeration(jackknife):
    """All pairs of rollouts behind each of three first tokens."""
    alpha, K = 2.5, 2
    below = {v: {y[1:]: float(p / THIRDS[()][v]) for y, p in SMALL.items() if y[0] == v} for v in range(3)}
    first = {v: float(p) for v, p in THIRDS[()].items()}

    def law(pairs):
        raw = [first[v] ** alpha * sum(below[v][y] ** (alpha - 1) for y in pairs[v]) for v in range(3)]
        return np.array(raw) / sum(raw)

    total = np.zeros(3)
    for pairs in itertools.product(*(itertools.product(below[v], repeat=K) for v in range(3))):
        weight = math.prod(below[v][y] for v in range(3) for y in pairs[v])
        one = law(pairs)
        if jackknife:
            one = K * one - (K - 1) * np.mean([law([pair[:k] + pair[k + 1 :] for pair in pairs]) for k in range(K)], axis=0)
        total += weight * one
    found = theory.next_token_estimate(SPACE, alpha=alpha, rollouts=K, jackknife=jackknife)
    np.testing.assert_allclose(found[1:4], total, rtol=1e-12)


def test_the_law_and_cost_of_answers_by_rollouts():
    step = theory.next_token_estimate(SPACE, alpha=3.0, rollouts=2)
    by_prefix = {prefix_at(SPACE, i): step[i] for i in range(1, SPACE.prefixes)}
    law = theory.rollout_law(SPACE, alpha=3.0, rollouts=2)
    np.testing.assert_allclose(law, [math.prod(by_prefix[y[:h]] for h in range(1, len(y) + 1)) for y in SMALL], rtol=1e-13)
    cost = 0.0
    for y, mass in zip(SMALL, law, strict=True):
        for h in range(len(y)):
            cost += mass
            if len(THIRDS[y[:h]]) > 1:
                for v in THIRDS[y[:h]]:
                    below = [z for z in SMALL if z[: h + 1] == (*y[:h], v)]
                    cost += mass * 2 * sum(float(prefix_mass(THIRDS, z, h + 1)) * (len(z) - h - 1) for z in below)
    assert theory.rollout_calls(SPACE, alpha=3.0, rollouts=2) == pytest.approx(cost, rel=1e-12)


@pytest.mark.parametrize("alpha", [1.5, 4.0])
def test_orders_of_the_biases(alpha):
    """K times the plug-in's bias tends to -CV^2/2; K^2 times the jackknife's to a constant. Near 0 one order more would be noise."""
    space = random_tree(2)
    row, p = space.log_probs[None], np.exp(space.log_probs)
    values = p ** (alpha - 1)
    relative = (p @ values**2) / (p @ values) ** 2 - 1
    plug_in = [theory.log_zeta_bias(row, alpha=alpha, rollouts=K)[0] * K for K in (2000, 4000)]
    assert plug_in[1] == pytest.approx(-relative / 2, rel=5e-3)
    jackknife = [theory.log_zeta_bias(row, alpha=alpha, rollouts=K, jackknife=True)[0] * K**2 for K in (1000, 2000)]
    assert jackknife[0] == pytest.approx(jackknife[1], rel=0.02)
    assert abs(jackknife[1]) > 0.01


# Drawn literally


def drawn(rng, laws_, prefix, limit=3):
    """Tokens from the next-token laws after a prefix, to the end or to `limit` tokens in all."""
    while len(prefix) < limit and prefix not in SMALL:
        tokens = list(laws_[prefix])
        prefix = (*prefix, tokens[int(rng.choice(len(tokens), p=[float(p) for p in laws_[prefix].values()]))])
    return prefix


@pytest.mark.parametrize(("truncated", "corrected"), [(False, True), (False, False), (True, False)])
def test_chains_drawn_literally(truncated, corrected):
    """Chains of 12 steps from draws of base, token by token, against powers of the matrix."""
    rng, chains, steps, alpha = np.random.default_rng(1), 3000, 12, 2.0
    ends = []
    for _ in range(chains):
        y = drawn(rng, THIRDS, ())
        for _ in range(steps):
            c = int(rng.integers(len(y)))
            z = drawn(rng, THIRDS, y[:c], len(y) if truncated else 3)
            short = y[: len(z)] if truncated else y
            ratio = float(prefix_mass(THIRDS, z) / prefix_mass(THIRDS, short)) ** (alpha - 1) * (len(y) / len(z) if corrected else 1)
            y = z if rng.random() < ratio else y
        ends.append(y)
    names = [prefix_at(SPACE, i) for i in range(1, SPACE.prefixes)] if truncated else list(SMALL)
    if truncated:
        kernel = theory.truncated_kernel(SPACE, alpha=alpha)
    else:
        kernel = theory.block_kernel(SPACE, alpha=alpha, cut="current", corrected=corrected)
    law = np.array([float(SMALL.get(y, 0)) for y in names]) @ np.linalg.matrix_power(kernel.matrix, steps)
    for y, mass in zip(names, law, strict=True):
        count = ends.count(y)
        assert stats.binom.ppf(1e-8, chains, min(mass, 1.0)) <= count <= stats.binom.isf(1e-8, chains, min(mass, 1.0)), y


# Inverse


@given(st.floats(1e-6, 1.0), st.floats(1e-9, 0.9))
def test_the_steps_are_the_fewest(gap, eps):
    t = theory.independent_steps(gap=gap, eps=eps)
    assert theory.independent_bound(gap=gap, steps=t) <= eps
    assert t == 0 or theory.independent_bound(gap=gap, steps=t - 1) > eps


# Sandwich


@given(seeds, st.floats(1.0, 12.0), st.floats(0.1, 3.0))
def test_bounds_on_random_trees(seed, alpha, concentration):
    space = random_tree(seed, concentration=concentration)
    pi, base = power(space, alpha), np.exp(space.log_probs)
    apart = theory.total_variation(theory.temperature_law(space, alpha=alpha), pi)
    assert apart <= theory.temperature_bound(space, alpha=alpha) + 1e-12
    row = space.log_probs[None]
    gap = float(theory.independent_gap(row, alpha=alpha)[0])
    assert base.max() - 1e-12 <= gap <= 1
    chain = theory.block_kernel(space, alpha=alpha, cut="whole")
    assert theory.spectral_gap(chain.matrix) == pytest.approx(gap, abs=1e-11)
    found, calls = theory.trajectory(chain, base, pi, steps=30)
    assert (found <= theory.independent_bound(gap=gap, steps=np.arange(31)) + 1e-12).all()
    np.testing.assert_allclose(calls, np.arange(31) * (base @ space.lengths), rtol=1e-12)
    for draws in (1, 2, 10, 300):
        law = theory.resampling_law(row, alpha=alpha, draws=draws)[0]
        assert law.sum() == pytest.approx(1, abs=1e-12)
        assert theory.total_variation(law, pi) <= theory.resampling_bound(row, alpha=alpha, draws=draws)[0] + 1e-12


@given(seeds, st.floats(1.1, 8.0))
def test_stationary_laws_on_random_trees(seed, alpha):
    space = random_tree(seed)
    pi = power(space, alpha)
    for suffix in ("base", "tempered"):
        for cut in ("whole", "current", "horizon"):
            law = theory.stationary_law(theory.block_kernel(space, alpha=alpha, cut=cut, suffix=suffix).matrix)
            np.testing.assert_allclose(law, pi, rtol=1e-10)
        plain = theory.block_kernel(space, alpha=alpha, cut="current", suffix=suffix, corrected=False)
        biased = theory.stationary_law(plain.matrix)
        np.testing.assert_allclose(biased, theory.length_biased_law(space, alpha=alpha), rtol=1e-10)
        mean = pi @ space.lengths
        assert theory.total_variation(biased, pi) == pytest.approx(pi @ np.abs(space.lengths / mean - 1) / 2, abs=1e-12)
        ends = theory.stationary_law(theory.truncated_kernel(space, alpha=alpha, suffix=suffix).matrix)
        np.testing.assert_allclose(ends, theory.truncated_law(space, alpha=alpha), rtol=1e-10, atol=1e-300)
        whole = ends[space.leaf - 1]
        assert np.abs(whole - pi).sum() / 2 + (1 - whole.sum()) / 2 >= pi[space.lengths > space.lengths.min()].sum() - 1e-12


@given(seeds, st.floats(1.0, 6.0), st.integers(1, 200))
def test_plug_in_is_biased_down(seed, alpha, rollouts):
    assert theory.log_zeta_bias(random_tree(seed).log_probs[None], alpha=alpha, rollouts=rollouts)[0] <= 1e-13


# Sharpness


@pytest.mark.parametrize("share", [0.99, 0.9, 0.5, 0.1, 0.001])
def test_the_two_points_that_attain_the_temperature_bound(share):
    """Behind token 1 lies a choice of many, behind token 0 none; pi has 1/(1 + e^(D/2)) behind 1. Then 0.99 of tanh(D/4) is too little."""
    alpha, behind = 2.0, np.array([share, 1 - share]) if share > 0.5 else np.full(round(1 / share), share)
    gained = (behind**alpha).sum()
    D = -math.log(gained)
    target = 1 / (1 + math.exp(D / 2))
    odds = math.sqrt(target / (1 - target) / gained)
    space = space_of({(0, 0): 1 / (1 + odds)} | {(1, v): odds / (1 + odds) * b for v, b in enumerate(behind)}, None)
    apart = theory.total_variation(theory.temperature_law(space, alpha=alpha), power(space, alpha))
    bound = theory.temperature_bound(space, alpha=alpha)
    assert bound == pytest.approx(math.tanh(D / 4), rel=1e-12)
    assert 0.99 * bound < apart <= bound * (1 + 1e-12)


def test_at_a_large_power_the_chain_is_best_of_n():
    space = random_tree(11)
    base = np.exp(space.log_probs)
    chain = theory.block_kernel(space, alpha=1e5, cut="whole")
    law = base
    for t in range(1, 8):
        law = law @ chain.matrix
        np.testing.assert_allclose(law, np.exp(laws.best_of_n(space.log_probs[None], space.log_probs[None], draws=t + 1)[0]), atol=1e-12)


@pytest.mark.parametrize("steps", [0, 5, 50])
def test_the_bound_of_independent_proposals_is_nearly_attained(steps):
    """pi nearly a point mass: the total variation is the miss of best of t + 1, and 0.99 of the bound is false."""
    probs = np.array([0.02, *np.full(98, 0.01)])
    space = theory.Space(np.arange(99)[:, None], np.log(probs / probs.sum()))
    pi, gap = power(space, 60.0), float(theory.independent_gap(space.log_probs[None], alpha=60.0)[0])
    found, _ = theory.trajectory(theory.block_kernel(space, alpha=60.0, cut="whole"), np.exp(space.log_probs), pi, steps=steps)
    bound = theory.independent_bound(gap=gap, steps=steps)
    assert 0.99 * bound < found[-1] <= bound * (1 + 1e-12)


def test_the_bound_of_resampling_is_attained_at_one_draw():
    row = random_tree(4).log_probs[None]
    exact = theory.total_variation(theory.resampling_law(row, alpha=3.0, draws=1)[0], np.exp(theory.power_law(row, alpha=3.0)[0]))
    assert theory.resampling_bound(row, alpha=3.0, draws=1)[0] == pytest.approx(exact, rel=1e-12)


# Assumptions


def test_with_equal_lengths_nothing_is_biased():
    space = random_tree(6, end=None, horizon=3)
    assert theory.checks(space)["lengths"] < 0 < theory.checks(SPACE)["lengths"] + 0.5
    pi = power(space, 3.0)
    np.testing.assert_allclose(theory.length_biased_law(space, alpha=3.0), pi, rtol=1e-13)
    # Prefixes of each length are a class of their own; among whole responses the law is pi.
    chain, whole = theory.truncated_kernel(space, alpha=3.0).matrix, space.leaf - 1
    np.testing.assert_allclose(theory.stationary_law(chain[np.ix_(whole, whole)]), pi, rtol=1e-11)
    np.testing.assert_allclose(theory.truncated_law(space, alpha=3.0)[whole], pi, rtol=1e-12)
    found, _ = theory.published_law(space, alpha=3.0, blocks=3, steps=400)
    np.testing.assert_allclose(found[space.leaf], pi, rtol=1e-9)


# Refusals


ROW = np.log([0.5, 0.3, 0.2])
SEVERAL: Any = np.array([1, 2, 3])
LONG = theory.Space(np.repeat(np.arange(300)[:, None], 40, axis=1), np.full(300, -math.log(300)))


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: theory.Space([[0], [0], [1]], ROW), "`responses` must all be different"),
        (lambda: theory.Space([[0, 1], [1, 0], [1, 1]], ROW, end_token=0), "nothing but the end token after the end"),
        (lambda: theory.Space([[0], [1]], ROW), "`log_probs` must have 2 responses"),
        (lambda: theory.Space([[0], [1]], np.array([0.0, -np.inf])), "leave out the responses that cannot occur"),
        (lambda: theory.Space(np.arange(5000)[:, None], np.full(5000, -math.log(5000))), "`responses` must be at most 4096"),
        (lambda: theory.Space([[0.5], [1], [2]], ROW), "`responses` must be"),
        (lambda: theory.block_kernel(SPACE, alpha=0.5, cut="whole"), "`alpha` must be at least 1"),
        (lambda: theory.block_kernel(SPACE, alpha=2.0, cut="half"), "`cut` must be one of"),
        (lambda: theory.block_kernel(SPACE, alpha=2.0, cut="whole", suffix="hot"), "`suffix` must be one of"),
        (lambda: theory.stationary_law(np.eye(2)), "`matrix` must have one closed class of states; got 2"),
        (lambda: theory.stationary_law(np.array([[0.5, 0.4], [0.1, 0.9]])), "`matrix` must have rows with sum 1"),
        (lambda: theory.log_zeta_bias(TWO, alpha=2.0, rollouts=1, jackknife=True), "`rollouts` must be at least 2"),
        (lambda: theory.markov_log_zeta(TWO, horizon=2, alpha=2.0), r"`log_probs` must have shape \[V \+ 1, V\]"),
        (lambda: theory.independent_bound(gap=0.0, steps=1), "`gap` must be in"),
        (lambda: theory.resampling_bound(TWO, alpha=2.0, draws=SEVERAL), "`draws` must be one number"),
        (lambda: theory.resampling_law(np.log([[0.9, *[0.001] * 100]]), alpha=1e6, draws=2), "`alpha` must be smaller"),
        (lambda: theory.next_token_estimate(random_tree(3), alpha=1e6, rollouts=2), "`alpha` must be smaller"),
        (lambda: theory.total_variation([0.5, 0.1], [0.5, 0.5]), "`law` must be probabilities with sum 1"),
        (lambda: theory.total_variation([0.5, 0.5], [1.0, 1.0]), "`target` must be probabilities with sum 1"),
        (lambda: theory.truncated_kernel(LONG, alpha=2.0), "`space` must be smaller"),
        (lambda: SPACE.along([0.0, 1.0]), "`log_steps` must hold 11 numbers"),
        (lambda: SPACE.log_zeta(0.5), "`alpha` must be at least 1"),
        (lambda: theory.trajectory(theory.block_kernel(SPACE, alpha=2.0, cut="whole"), [1.0], [1.0], steps=1), "`start` must be"),
    ],
)
def test_refuses(call, said):
    with pytest.raises(ValueError, match=said):
        call()
