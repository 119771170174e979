"""Hazard tables: the best of N and the adaptive rule by law, against exact laws, bisection by hand and the rule step by step."""

from functools import partial

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharpsim import LawOracle, TabularPolicy, laws
from sharpsim.sampling import HazardTable, TracedRanking, _adaptive_by_law, best_by_law, best_by_law_traced
from sharpsim.sampling import _hazard_numbers as hazards
from sharpsim.testing import multinomial_test

LARGEST = 2**59 - 1
PROGRAMS = pytest.mark.parametrize("program", ["float64", "float32", "traced"])
"""Tables of numbers, in both precisions, and a table that JAX traces, which other samplers answer for."""


def owned(table: HazardTable, row: int) -> list[int]:
    return [(int(high) << 27) + int(low) for high, low in zip(table.high[row], table.low[row], strict=True)]


find = jax.jit(lambda table, rows, high, low: table.places(rows, high, low))


def assert_found_as_by_hand(table: HazardTable, rows: int) -> None:
    """Every number at an edge of what a response owns, and the edges of all numbers."""
    for row in range(rows):
        last = owned(table, row)
        numbers = sorted({number for edge in last for number in (edge - 1, edge, edge + 1) if 0 <= number < LARGEST} | {0, LARGEST - 1})
        # One shape for all, or each table would be a program of its own.
        number = np.resize(numbers, 130 if len(numbers) <= 130 else len(numbers))
        words = (jnp.asarray(part, jnp.uint32) for part in (number >> 27, number & (2**27 - 1)))
        places = find(table, jnp.full(len(number), row, jnp.int32), *words)
        np.testing.assert_array_equal(places, np.searchsorted(np.array(last), number, side="left"))


@given(
    seed=st.integers(0, 2**31),
    rows=st.integers(1, 3),
    outcomes=st.sampled_from([1, 2, 8, 40]),
    steep=st.integers(0, 16),
    full=st.booleans(),
)
def test_numbers_are_found_in_every_cell(seed, rows, outcomes, steep, full):
    rng = np.random.default_rng(seed)
    mass = 10.0 ** -rng.uniform(0, steep, size=(rows, outcomes)) * (full | (rng.random((rows, outcomes)) < 0.8))
    mass[mass.sum(axis=1) == 0, rng.integers(outcomes)] = 1
    with np.errstate(divide="ignore"):
        table = HazardTable.of(np.log(mass / mass.sum(axis=1, keepdims=True)), rng.integers(0, 4, mass.shape).astype(float))
    assert_found_as_by_hand(table, rows)


@pytest.mark.parametrize("outcomes", [8, 32])
def test_rows_that_fill_their_table(outcomes):
    """The row behind begins where this one ends: a search that goes on there finds smaller numbers."""
    for seed in range(12):
        mass = np.random.default_rng(seed).exponential(size=(3, outcomes)) ** (1 + seed % 4)
        assert_found_as_by_hand(HazardTable.of(np.log(mass / mass.sum(axis=1, keepdims=True)), mass), 3)


def test_thousands_that_share_one_upper_word():
    mass = np.concatenate([[0.5], np.full(3000, 1e-13), [0.5 - 3e-10]])[None]
    table = HazardTable.of(np.log(mass), -np.arange(3002.0)[None])
    assert len(np.unique(table.high[0, 1:3001])) < 10
    assert len(set(owned(table, 0)[1:3001])) == 3000
    assert_found_as_by_hand(table, 1)


@given(seed=st.integers(0, 2**31), outcomes=st.integers(1, 12), draws=st.sampled_from([1, 2, 7, 1000, 10**9]))
def test_the_table_holds_the_law_of_the_best_of_n(seed, outcomes, draws):
    """exp(-N H) between neighbours is the exact law, to the last digits: as accurate for one draw as for a thousand million."""
    rng = np.random.default_rng(seed)
    mass = rng.exponential(size=(1, outcomes)) ** rng.integers(1, 9)
    log_probs, reward = np.log(mass / mass.sum()), rng.permutation(outcomes).astype(float)[None]
    table = HazardTable.of(log_probs, reward)
    places = jnp.arange(outcomes, dtype=jnp.int32)
    H = np.concatenate([[0.0], np.asarray(table.hazard(jnp.zeros(outcomes, jnp.int32), places))])
    with np.errstate(invalid="ignore"):
        law = np.exp(-draws * H[:-1]) * -np.expm1(-draws * (H[1:] - H[:-1]))
    exact = np.exp(laws.best_of_n(log_probs, reward, draws=draws))[0, np.asarray(table.ranking.order)[0, :outcomes]]
    np.testing.assert_allclose(law, exact, rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("x64", [True, False])
def test_exponential_numbers_and_their_last_digits(x64):
    """Kolmogorov-Smirnov at 1e-6; float32 numbers near 0 are no lattice, and their words go on below a float's last digit."""
    n = 400_000
    with jax.enable_x64(x64):
        level, fine = hazards.exponentials(n, jax.random.key(7))
        high, low = hazards.encode_traced(level, fine)
    sample = np.sort(np.asarray(level, dtype=np.float64))
    steps, bound = np.arange(1, n + 1) / n, np.sqrt(np.log(2 / 1e-6) / 2 / n)
    assert np.abs(steps + np.expm1(-sample)).max() < bound
    assert np.abs(steps + np.expm1(-1.02 * sample)).max() > bound
    for word, most in ((high, 2), (low >> 19, 8)):
        counts = np.bincount(np.asarray(word, dtype=np.int64) % 2**most, minlength=2**most)
        assert multinomial_test(counts, np.full(2**most, 2.0**-most))


@pytest.mark.parametrize("x64", [True, False])
def test_every_bit_of_a_number_is_in_use(x64):
    """Of 10,000 numbers each of the low word's bits is set in some and not in others, and those above are set in none."""
    with jax.enable_x64(x64):
        low = np.asarray(hazards.encode_traced(*hazards.exponentials(10_000, jax.random.key(3)))[1])
    assert np.bitwise_or.reduce(low) == 2**27 - 1
    assert np.bitwise_and.reduce(low) == 0


@pytest.mark.parametrize("x64", [True, False])
def test_exponential_numbers_of_words_at_both_ends(x64):
    """-log(1 - T) of T = 1 / 2^64, .., 1 - 1 / 2^64 in longer arithmetic; float64 ends at 1 - 2^-53, float32 nowhere."""
    numbers = [1, 2**13 + 3, 2**32 - 1, 2**32, 2**45 + 77, 2**63 - 1, 2**63, 2**63 + 2**40, 2**64 - 2**33, 2**64 - 2**15, 2**64 - 2]
    with jax.enable_x64(x64):
        words = (jnp.array([part(number) for number in numbers], jnp.uint32) for part in (lambda a: a >> 32, lambda a: a & (2**32 - 1)))
        level, _ = hazards.exponentials_from(*words)
        assert level.dtype == (jnp.float64 if x64 else jnp.float32)
    with mpmath.workdps(60):
        exact = [float(-mpmath.log1p(-mpmath.mpf(number) / 2**64)) for number in numbers]
    if x64:
        exact = np.minimum(exact, 53 * np.log(2))
    np.testing.assert_allclose(level, exact, rtol=1e-5 if x64 else 1e-6)
    np.testing.assert_allclose(level[:8], exact[:8], rtol=1e-14 if x64 else 1e-6)


@pytest.mark.parametrize("level", [2.5e-7, 0.7])
def test_a_float32_stands_for_all_numbers_up_to_the_next(level):
    """Uniform from it on, at 1e-6; without its random digits it would be one number, and whoever owns no such number never drawn."""
    level = np.float32(level)
    with jax.enable_x64(False):
        fine = jax.random.bits(jax.random.key(1), (100_000,), jnp.uint32)
        high, low = hazards.encode_traced(jnp.full(100_000, level), fine)
    number = (np.asarray(high, dtype=np.int64) << 27) + np.asarray(low)
    first, following = hazards.encode(np.array([level, np.nextafter(level, np.float32(1))], dtype=np.float64))
    assert number.min() >= first
    assert number.max() < following
    assert multinomial_test(np.bincount((number - first) * 64 // (following - first), minlength=64), np.full(64, 1 / 64))


def test_the_digits_of_small_float32_numbers_are_used_once():
    """T = 1000 and something, / 2^32: the low word makes both the float's last digits and what comes after them, evenly."""
    with jax.enable_x64(False):
        low = jax.random.bits(jax.random.key(2), (400_000,), jnp.uint32) >> 8
        high, lower = hazards.encode_traced(*hazards.exponentials_from(jnp.full(400_000, 1000, jnp.uint32), low))
    number = (np.asarray(high, dtype=np.int64) << 27) + np.asarray(lower)
    # 64 floats from 1000 to 1000 + 2^-8, the last one shared with its neighbour by rounding.
    quarter = (number - number.min()) >> 27
    counts = np.bincount(quarter, minlength=256)[4:252]
    assert multinomial_test(counts, np.full(248, 1 / 248))


@partial(jax.jit, static_argnames=("n",))
def until_traced(log_probs, weights, stop, key, *, n):
    """The adaptive rule on a table that is traced: one compile for each shape."""
    return LawOracle(TabularPolicy(log_probs), weights).best_until(n, stop=stop, key=key)


@pytest.mark.parametrize("x64", [True, False])
def test_masses_far_below_what_a_float_tells_from_one(x64):
    """A best response of mass 1e-25 wins 10^25 draws by law with probability 1 - 1/e, exact to 1e-6."""
    n = 100_000
    with jax.enable_x64(x64):
        floats = np.float64 if x64 else np.float32
        oracle = LawOracle(TabularPolicy(np.log([[1.0, 1e-25]]).astype(floats)), np.ones(1, floats), reward=np.array([[0.0, 1.0]], floats))
        wins = np.asarray(oracle.best_of(n, 10**25, key=jax.random.key(0)).responses).mean()
    assert abs(wins - (1 - np.exp(-1))) < np.sqrt(np.log(2e6) / 2 / n)


@PROGRAMS
@pytest.mark.parametrize("draws", [1, 6, 400])
def test_draws_have_the_law(program, draws):
    """A table with ties and without mass in places; twice the draws is told apart."""
    rng, n = np.random.default_rng(draws), 60_000
    mass = rng.exponential(size=(2, 13)) * (rng.random((2, 13)) < 0.8)
    mass /= mass.sum(axis=1, keepdims=True)
    reward = rng.integers(0, 6, mass.shape).astype(float)
    with jax.enable_x64(program != "float32"), np.errstate(divide="ignore"):
        log_probs = jnp.asarray(np.log(mass).astype(np.float32 if program == "float32" else np.float64))
        rows = jnp.repeat(jnp.arange(2, dtype=jnp.int32), n)
        if program == "traced":
            responses = best_by_law_traced(TracedRanking.of(log_probs, jnp.asarray(reward)), rows, float(draws), jax.random.key(draws))
        else:
            responses, values = best_by_law(HazardTable.of(log_probs, reward), log_probs, rows, float(draws), jax.random.key(draws))
            np.testing.assert_array_equal(values, np.asarray(log_probs)[np.asarray(rows), responses])
        exact, other = (np.exp(laws.best_of_n(np.log(mass), reward, draws=N)) for N in (draws, 2 * draws))
    for row in range(2):
        counts = np.bincount(np.asarray(responses)[row * n : (row + 1) * n], minlength=13)
        assert multinomial_test(counts, exact[row])
        assert draws > 100 or not multinomial_test(counts, other[row])


def rule_step_by_step(probs: np.ndarray, stop: float, most: int) -> np.ndarray:
    """P[t draws, response kept], t = 1 .. most, [most, responses]: the likeliest so far is a Markov chain, followed draw by draw."""
    law, running = np.zeros((most, len(probs))), np.zeros(len(probs))
    for t in range(1, most + 1):
        if t == 1:
            after = probs.copy()
        else:
            # The kept response stays, or a likelier one replaces it; of equals the first stays.
            likelier = probs[None, :] > probs[:, None]
            after = running * np.sum(np.where(likelier, 0, probs[None, :]), axis=1) + probs * np.sum(running[:, None] * likelier, axis=0)
        done = t >= np.maximum(np.ceil(stop / np.where(probs > 0, probs, 1e-300) * (1 - 1e-12)), 1)
        law[t - 1], running = np.where(done, after, 0), np.where(done, 0, after)
    return law


# Of one width, as each is compiled anew; `test_the_adaptive_rule_on_wide_tables` has one that is no power of two.
PROBS = {
    "distinct": [0.4, 0.25, 0.2, 0.1, 0.05, 0.0, 0.0, 0.0],
    "ties and nothing": [0.25, 0.0, 0.25, 0.2, 0.2, 0.1, 0.0, 0.0],
    "equal deadlines": [0.21, 0.2, 0.19, 0.1, 0.1, 0.09, 0.08, 0.03],
    "one": [1.0],
    "uniform": [0.125] * 8,
}


@PROGRAMS
@pytest.mark.parametrize("stop", [0.05, 0.5, 1.0, 2.3])
@pytest.mark.parametrize("case", PROBS)
def test_the_adaptive_rule_draw_by_draw(case, stop, program):
    """The joint law of draws and response at false-alarm rate 1e-6; that of a stop a tenth larger fails wherever it is another."""
    probs, n, most = np.array(PROBS[case]), 100_000, 60
    with jax.enable_x64(program != "float32"), np.errstate(divide="ignore"):
        floats = np.float32 if program == "float32" else np.float64
        log_probs, weights = np.log(probs)[None].astype(floats), np.ones(1, floats)
        if program == "traced":
            batch = until_traced(log_probs, weights, stop, jax.random.key(3), n=n)
        else:
            batch = LawOracle(TabularPolicy(log_probs), weights).best_until(n, stop=stop, key=jax.random.key(3))
    responses, draws = np.asarray(batch.responses), np.asarray(batch.draws)
    assert (draws == np.round(draws)).all()
    assert draws.min() >= 1

    def accepted(exact: np.ndarray) -> bool:
        law = np.concatenate([exact.ravel(), [max(0.0, 1 - exact.sum())]])
        place = np.where(draws <= most, (draws - 1) * len(probs) + responses, len(law) - 1).astype(int)
        return bool(multinomial_test(np.bincount(place, minlength=len(law)), law))

    exact, other = rule_step_by_step(probs, stop, most), rule_step_by_step(probs, 1.1 * stop, most)
    assert accepted(exact)
    if np.abs(exact - other).sum() > 0.05:
        assert not accepted(other)


@pytest.mark.parametrize("traced", [False, True])
@pytest.mark.parametrize("stop", [8.0, 3e4])
def test_the_adaptive_rule_on_wide_tables(stop, traced):
    """Mean draws and what is kept, where deadlines are many: means within exact six-sigma, kept responses by the multinomial test."""
    rng, n = np.random.default_rng(0), 200_000
    mass = rng.exponential(size=(2, 500))
    log_probs = np.log(mass / mass.sum(axis=1, keepdims=True))
    key, weights = jax.random.key(1, impl="philox2x32"), np.array([0.5, 0.5])
    if traced:
        batch = until_traced(log_probs, weights, stop, key, n=n)
    else:
        batch = LawOracle(TabularPolicy(log_probs), weights).best_until(n, stop=stop, key=key)
    for row in range(2):
        mine = np.asarray(batch.prompts) == row
        draws, kept = np.asarray(batch.draws)[mine], np.asarray(batch.responses)[mine]
        mean = laws.stopping_time_mean(log_probs[row], stop=stop)
        assert abs(draws.mean() - mean) <= 6 * draws.std() / np.sqrt(mine.sum()) + 1e-9 * mean
        assert abs(draws.mean() - 1.01 * mean) > 6 * draws.std() / np.sqrt(mine.sum())
        law = np.exp(laws.stopping_kept(log_probs[row], stop=stop))
        few = np.argsort(-law)[:20]
        counts = np.array([*(np.sum(kept == y) for y in few), 0])
        counts[-1] = mine.sum() - counts.sum()
        assert multinomial_test(counts, np.append(law[few], max(0.0, 1 - law[few].sum())))


def test_the_least_number_of_all_keeps_to_its_row(monkeypatch):
    """E = 0, once in 2^64 draws: the best response, at its deadline."""
    monkeypatch.setattr(_adaptive_by_law, "exponentials", lambda n, key: (jnp.zeros(n), None))
    oracle = LawOracle(TabularPolicy.from_probs(np.array([[0.4, 0.6, 0.0], [0.6, 0.4, 0.0]])), np.full(2, 0.5))
    rule = _adaptive_by_law.adaptive_by_law.__wrapped__
    kept, draws = rule(oracle._best, oracle._base.log_probs, jnp.array([0, 0, 1, 1]), 1.0, jax.random.key(0))
    np.testing.assert_array_equal(kept, [1, 1, 0, 0])
    np.testing.assert_array_equal(draws, 2)


def test_the_last_draw_in_a_float32_program():
    """Between two deadlines the draws stop on any response whose deadline is past, in proportion to mass, however small the masses."""
    head = np.linspace(1.02, 1, 3) * 4e-6
    probs = np.concatenate([head, np.full(2**19, (1 - head.sum()) / 2**19)])
    with jax.enable_x64(False):
        oracle = LawOracle(TabularPolicy(np.log(probs)[None].astype(np.float32)), np.ones(1, np.float32))
        counts = np.zeros(3)
        for i in range(4):
            batch = oracle.best_until(2**20, stop=0.3, key=jax.random.key(i, impl="philox2x32"))
            draws, kept = np.asarray(batch.draws), np.asarray(batch.responses)
            counts += np.bincount(kept[(draws > 0.3 / head[-1] * 1.001) & (draws < 0.3 / probs[-1] * 0.999)], minlength=3)[:3]
    assert counts.sum() > 10**5
    assert multinomial_test(counts.astype(int), head / head.sum())


@pytest.mark.parametrize(("power", "most"), [(0, 5), (1, 6), (5, 9)])
def test_cells_are_about_as_narrow_as_responses(power, most):
    """Of 4,096 responses, of equal or of uneven mass, the search is left few steps; without cells it would take 13."""
    rng = np.random.default_rng(0)
    mass = rng.exponential(size=(2, 4096)) ** power
    table = HazardTable.of(np.log(mass / mass.sum(axis=1, keepdims=True)), rng.normal(size=mass.shape))
    assert int(table.steps) <= most
