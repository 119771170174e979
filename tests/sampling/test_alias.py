"""Alias tables and the best of N literal draws: each against the law it was built from and against its slow twin."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharpsim import LawOracle, Oracle, TabularPolicy, laws
from sharpsim.sampling import AliasTables, HazardTable, _best_literal, best_literal, draw_with_values, in_blocks
from sharpsim.sampling._blocks import CHUNK, map_late
from sharpsim.sampling._hazard_numbers import encode_traced, exponentials_from
from sharpsim.testing import multinomial_test

IMPLS = pytest.mark.parametrize("impl", ["threefry2x32", "rbg", "philox2x32"])


def masses(seed: int, rows: int, outcomes: int, zeros: bool) -> np.ndarray:
    rng = np.random.default_rng(seed)
    mass = rng.exponential(size=(rows, outcomes)) ** rng.integers(0, 9)
    if zeros:
        mass *= rng.random(mass.shape) < 0.3
        mass[mass.sum(axis=1) == 0, rng.integers(outcomes)] = 1
    return mass / mass.sum(axis=1, keepdims=True)


def law_of(tables: AliasTables, rows: int) -> np.ndarray:
    columns = 1 << tables.bits
    keep, other = np.asarray(tables.keep, dtype=np.float64) / 2**32, np.asarray(tables.other)
    law = np.zeros((rows, columns))
    for cell, (own, alias) in enumerate(zip(keep, other, strict=True)):
        # A column that hands out itself only is whole, whatever `keep` says.
        law[cell // columns, cell % columns] += own
        law[cell // columns, alias] += 1 - own
    return law / columns


@given(seed=st.integers(0, 2**31), rows=st.integers(1, 3), outcomes=st.integers(1, 40), zeros=st.booleans())
def test_the_columns_hold_the_law(seed, rows, outcomes, zeros):
    mass = masses(seed, rows, outcomes, zeros)
    law = law_of(AliasTables.of(mass), rows)
    np.testing.assert_allclose(law[:, :outcomes], mass, rtol=0, atol=2.0**-32)
    assert not law[:, outcomes:].any()
    assert not law[:, :outcomes][mass == 0].any()


def test_a_pick_is_column_then_height():
    """Words at every edge: the first and last number of a column's lower part and of its upper part."""
    mass = masses(4, 2, 5, False)
    tables = AliasTables.of(mass)
    for row in range(2):
        for column in range(8):
            cell = 8 * row + column
            keep, other = int(tables.keep[cell]), int(tables.other[cell])
            for level in {0, max(keep - 1, 0), min(keep, 2**32 - 1), 2**32 - 1}:
                number = (column << 61) | (level << 29) | 12345
                words = (np.array([part], dtype=np.uint32) for part in (number >> 32, number & (2**32 - 1)))
                assert int(tables.pick(jnp.array([row]), tuple(map(jnp.asarray, words)))[0]) == (column if level < keep else other)


@IMPLS
def test_draws_have_the_law_whatever_the_key(impl):
    mass = masses(1, 3, 7, True)
    rows = jnp.repeat(jnp.arange(3, dtype=jnp.int32), 300)
    picked, values = draw_with_values(AliasTables.of(mass), jnp.asarray(mass), rows, 1000, jax.random.key(2, impl=impl))
    assert rows.size * 1000 > CHUNK
    np.testing.assert_array_equal(values, mass[np.asarray(rows)[:, None], picked])
    for row in range(3):
        counts = np.bincount(np.asarray(picked)[np.asarray(rows) == row].ravel(), minlength=7)
        assert multinomial_test(counts, mass[row])
        assert not multinomial_test(counts, 0.97 * mass[row] + 0.03 / 7)


@IMPLS
def test_the_least_number_is_the_best_of_all_draws(impl):
    """Bit for bit: every draw looked up, the best place of all kept."""
    mass, draws = masses(3, 2, 33, True), 9
    with np.errstate(divide="ignore"):
        table = HazardTable.of(np.log(mass), mass)
    rows, key = jnp.tile(jnp.arange(2, dtype=jnp.int32), 20), jax.random.key(5, impl=impl)
    least_key, low_key, _ = jax.random.split(key, 3)
    words, low = jax.random.bits(least_key, (draws, 40), jnp.uint32), jax.random.bits(low_key, (40,), jnp.uint32)
    places = [table.places(rows, *encode_traced(*exponentials_from(word, low))) for word in words]
    twin = table.ranking.order[rows, jnp.min(jnp.stack(places), axis=0)]
    np.testing.assert_array_equal(best_literal(table, table.ranking.order, rows, draws, key)[0], twin)
    assert (np.asarray(places) != np.min(places, axis=0)).any()


@pytest.mark.parametrize(("n", "draws"), [(100_000, 3), (50_000, 7), (20_000, 1)])
def test_the_least_of_many_words_across_chunks(n, draws):
    """P[least / 2^32 <= t] = 1 - (1 - t)^N, by the exact DKW bound at 1e-6; N + 1 is told apart."""
    least = np.sort(np.asarray(_best_literal._least_of(n, draws, jax.random.key(1)), dtype=np.float64) / 2**32)
    steps, bound = np.arange(1, n + 1) / n, np.sqrt(np.log(2 / 1e-6) / 2 / n)
    assert np.abs(steps - (1 - (1 - least) ** draws)).max() < bound
    assert np.abs(steps - (1 - (1 - least) ** (draws + 1))).max() > bound


def test_more_draws_than_a_chunk():
    """The last block is part full; were it counted whole or left out, the law would be of 2/3 or 4/3 of the draws."""
    n, draws = 2000, CHUNK + CHUNK // 2
    least = np.sort(np.asarray(_best_literal._least_of(n, draws, jax.random.key(1, impl="philox2x32")), dtype=np.float64) / 2**32)
    steps, bound = np.arange(1, n + 1) / n, np.sqrt(np.log(2 / 1e-6) / 2 / n)

    def gap(number):
        return np.abs(steps + np.expm1(number * np.log1p(-least))).max()

    assert gap(draws) < bound
    assert gap(draws * 4 / 3) > bound
    assert gap(draws * 2 / 3) > bound


def test_many_short_chunks_hold_the_draws_and_no_more(monkeypatch):
    """Chunks of 8 words for 9 draws are two of 6, the last of them half full: 12 words, were they all counted."""
    monkeypatch.setattr(_best_literal, "CHUNK", 8)
    n, draws = 20_000, 9
    least = np.sort(np.asarray(_best_literal._least_of(n, draws, jax.random.key(1)), dtype=np.float64) / 2**32)
    steps, bound = np.arange(1, n + 1) / n, np.sqrt(np.log(2 / 1e-6) / 2 / n)
    for number, lies in ((8, False), (9, True), (10, False)):
        assert (np.abs(steps + np.expm1(number * np.log1p(-least))).max() < bound) == lies


def test_blocks_are_joined_in_order_whatever_their_size():
    """An odd number of rows, cut into blocks of no more than 7: each row's own value comes back, twice over where two arrays are given."""
    rows = (jnp.arange(45), 2 * jnp.arange(45))
    for size in (1, 7, 44, 45, 100):
        single, double = in_blocks(lambda part, key: (part[0], part[1]), rows, jax.random.key(0), size)
        np.testing.assert_array_equal(single, rows[0])
        np.testing.assert_array_equal(double, rows[1])


def test_map_late_is_map():
    def square(part):
        return part[0] * part[1], jnp.sum(part[1])

    over = (jnp.arange(5.0), jnp.arange(15.0).reshape(5, 3))
    for one, other in zip(map_late(square, over), jax.lax.map(square, over), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("x64", [True, False])
@pytest.mark.parametrize("draws", [1, 4])
def test_ties_go_by_mass(x64, draws):
    """Three levels, of 2, 3 and 1 responses, one response without mass in the best of them; in float32 programs too."""
    mass = np.array([[0.1, 0.3, 0.0, 0.2, 0.15, 0.25]])
    reward = np.array([[2.0, 1.0, 2.0, 1.0, 0.0, 2.0]])
    with jax.enable_x64(x64), np.errstate(divide="ignore"):
        floats = np.float64 if x64 else np.float32
        oracle = Oracle(TabularPolicy(np.log(mass).astype(floats)), np.ones(1, floats), reward=reward.astype(floats))
        batch = oracle.best_of(40_000, draws, key=jax.random.key(draws))
        law = np.exp(laws.best_of_n(np.log(mass), reward, draws=draws))[0]
    counts = np.bincount(batch.responses, minlength=6)
    assert multinomial_test(counts, law)
    assert not multinomial_test(counts, np.roll(law, 1))


@pytest.mark.parametrize("kind", [Oracle, LawOracle])
def test_every_response_with_mass_can_win(kind):
    """A million responses in a float32 program: each owns numbers, and single draws have the law, by the exact DKW bound at 1e-6."""
    n = 400_000
    mass = np.random.default_rng(0).exponential(size=(1, 10**6))
    mass /= mass.sum()
    with jax.enable_x64(False):
        oracle = kind(TabularPolicy(np.log(mass).astype(np.float32)), np.ones(1, np.float32))
        responses = oracle.best_of(n, 1, key=jax.random.key(0, impl="philox2x32")).responses
        number = (np.asarray(oracle._best.high, dtype=np.int64) << 27) + np.asarray(oracle._best.low)
    assert (np.diff(number[0, : 10**6]) > 0).all()
    order = np.argsort(-mass[0])
    rank, running = np.argsort(order)[np.asarray(responses)], np.cumsum(mass[0, order])
    counted = np.cumsum(np.bincount(rank, minlength=10**6)) / n
    bound = np.sqrt(np.log(2 / 1e-6) / 2 / n)
    assert np.abs(counted - running).max() < bound
    assert np.abs(counted - running**1.02).max() > bound
    assert len(np.unique(rank)) > 0.99 * np.sum(1 - (1 - mass) ** n)


@pytest.mark.parametrize("probs", [[[1.0]], [[0.0, 1.0, 0.0]]])
def test_point_masses(probs):
    oracle = Oracle(TabularPolicy.from_probs(np.array(probs)), np.ones(1))
    answer = int(np.argmax(probs))
    for N in (1, 5):
        assert (np.asarray(oracle.best_of(100, N, key=jax.random.key(0)).responses) == answer).all()
        assert (np.asarray(oracle.draw(100, N, key=jax.random.key(0)).responses) == answer).all()


@pytest.mark.parametrize("impl", ["threefry2x32", "philox2x32"])
def test_jit_and_vmap_draw_the_same(impl):
    oracle = Oracle(TabularPolicy.from_probs(masses(8, 3, 6, False)), np.full(3, 1 / 3))
    keys = jax.random.split(jax.random.key(0, impl=impl), 2)
    for query in (lambda key: oracle.best_of(50, 6, key=key), lambda key: oracle.draw(50, 6, key=key)):
        alone = [np.asarray(query(key).responses) for key in keys]
        np.testing.assert_array_equal(jax.vmap(query)(keys).responses, alone)
        np.testing.assert_array_equal(jax.jit(query)(keys[0]).responses, alone[0])


def test_a_traced_base_has_the_same_law():
    mass = masses(2, 1, 6, False)
    run = jax.jit(lambda log_probs, key: Oracle(TabularPolicy(log_probs), np.ones(1)).best_of(20_000, 3, key=key).responses)
    counts = np.bincount(run(jnp.log(mass), jax.random.key(3)), minlength=6)
    assert multinomial_test(counts, np.exp(laws.best_of_n(np.log(mass), mass, draws=3))[0])


def test_tables_too_wide_to_number_are_refused():
    assert AliasTables.fits(2**10, 2**20)
    assert not AliasTables.fits(2**11, 2**20)
    with pytest.raises(ValueError, match=r"`mass` must have fewer than 2\^31 entries"):
        AliasTables.of(np.broadcast_to(1.0, (2**30, 2)))
