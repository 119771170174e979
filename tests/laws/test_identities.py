"""Properties of the laws on generated policies: normalisation, limits, monotonicity, brute force, JAX against NumPy, gradients."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharpsim import laws, sharpness
from sharpsim._logspace import log1mexp, logaddexp
from sharpsim.testing import log_prob_tables

SHAPE = {"prompts": 2, "responses": 5}
extreme = log_prob_tables(**SHAPE, zeros=True, extreme=True)
tables = st.one_of(log_prob_tables(**SHAPE), log_prob_tables(**SHAPE, ties=True), extreme)
draws = st.sampled_from([1, 2, 3, 17, 10**4, 10**9, 10**12])
stops = st.sampled_from([0.05, 0.5, 1.0, 2.5, 3.0, 40.0])
rewards = st.lists(st.integers(-2, 2), min_size=10, max_size=10).map(lambda r: np.array(r, dtype=float).reshape(2, 5))


def is_law(log_law, base):
    np.testing.assert_allclose(np.exp(log_law).sum(axis=-1), 1.0, rtol=1e-11)
    assert (log_law[base == -np.inf] == -np.inf).all()


@given(tables, rewards, draws)
def test_best_of_n_is_a_law_that_keeps_proportions_inside_levels(table, reward, n):
    law = laws.best_of_n(table, reward, draws=n)
    is_law(law, table)
    for x, a, b in itertools.product(range(2), range(5), range(5)):
        if reward[x, a] == reward[x, b] and np.isfinite(law[x, a]) and np.isfinite(law[x, b]):
            room = 1e-12 * (1 + abs(law[x, a]))
            assert law[x, a] - law[x, b] == pytest.approx(table[x, a] - table[x, b], abs=room)


@given(tables, draws)
def test_best_of_n_success_is_prop_c1_and_grows(table, n):
    """1 - (1-p)^N with p = pi(Y*), from masses outside so that no digit is lost; non-decreasing in N."""
    modes = sharpness.maximisers(table)
    outside = [np.exp(laws.best_of_n(table, table, draws=m))[~modes].sum() for m in (n, n + 1, 2 * n)]
    miss = sharpness.missing_mass(table, table)
    assert outside[0] == pytest.approx((miss**n).sum(), rel=1e-7, abs=1e-300)
    assert outside[2] <= outside[1] * (1 + 1e-12) <= outside[0] * (1 + 1e-12) ** 2


@given(tables, rewards)
def test_best_of_n_limits_and_rounds(table, reward):
    """One draw is base; 1e12 draws are base on the best level when it has mass; best-of-N rounds compose as quantile maps."""
    np.testing.assert_allclose(np.exp(laws.best_of_n(table, reward, draws=1)), np.exp(table), rtol=1e-11)
    twice = laws.best_of_n(laws.best_of_n(table, reward, draws=3), reward, draws=4)
    np.testing.assert_allclose(np.exp(twice), np.exp(laws.best_of_n(table, reward, draws=12)), rtol=1e-9, atol=1e-290)


def brute_best_of_n(p, reward, n):
    law = np.zeros(len(p))
    for drawn in itertools.product(range(len(p)), repeat=n):
        law[max(drawn, key=lambda y: reward[y])] += np.prod(p[list(drawn)])
    return law


@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_best_of_n_by_enumeration(n):
    """All n-tuples, `max` keeping the first of equals as the rule does."""
    p, reward = np.array([0.1, 0.4, 0.3, 0.2]), np.array([1.0, 0.0, 1.0, -1.0])
    want = brute_best_of_n(p, reward, n)
    np.testing.assert_allclose(np.exp(laws.best_of_n(np.log(p), reward, draws=n)), want, rtol=1e-12)
    assert n == 1 or np.abs(brute_best_of_n(p, reward, n - 1) - want).max() > 0.01


def brute_stopping(p, s, horizon=4000):
    """The rule draw by draw on the law of the running maximum: (P[N_s > k] for k = 0.., law of the level kept)."""
    levels = np.unique(p)
    mass = np.array([p[p == v].sum() for v in levels])
    best, alive, kept = np.zeros(len(levels)), [1.0], np.zeros(len(levels))
    for k in range(1, horizon):
        step = np.array([mass[: j + 1].sum() for j in range(len(levels))])
        before = np.concatenate([[0.0], np.cumsum(best)[:-1]])
        best = mass.copy() if k == 1 else best * step + mass * before
        stops = k * levels >= s * (1 - 1e-12)
        kept += np.where(stops, best, 0.0)
        best = np.where(stops, 0.0, best)
        alive.append(best.sum())
    return np.array(alive), kept


@pytest.mark.parametrize("s", [0.05, 0.3, 1.0, 2.5, 3.0])
@pytest.mark.parametrize("p", [[0.5, 0.3, 0.15, 0.05], [0.4, 0.4, 0.1, 0.1], [0.25] * 4, [0.98, 0.01, 0.01]], ids=str)
def test_stopping_by_the_chain_of_the_maximum(p, s):
    p = np.array(p)
    alive, kept = brute_stopping(p, s)
    row = np.log(p)
    np.testing.assert_allclose(laws.stopping_time_survival(row, stop=s, after=np.arange(len(alive))), alive, rtol=1e-10, atol=1e-14)
    assert laws.stopping_time_mean(row, stop=s) == pytest.approx(alive.sum(), rel=1e-10)
    got = np.exp(laws.stopping_kept(row, stop=s))
    np.testing.assert_allclose([got[p == v].sum() for v in np.unique(p)], kept, rtol=1e-10, atol=1e-14)
    assert laws.stopping_time_miss(row, stop=s) == pytest.approx(kept[:-1].sum(), rel=1e-10, abs=1e-14)


@given(tables, stops)
def test_stopping_laws_and_lemma_i1(table, s):
    """The kept response has a law; ceil(s/P*) <= E[N_s] <= (s + 1/|Y*|)/P* for s >= 1; miss <= (1 - |Y*| P*)^ceil(s/P*)."""
    is_law(laws.stopping_kept(table, stop=s), table)
    mean, miss = laws.stopping_time_mean(table, stop=s), laws.stopping_time_miss(table, stop=s)
    modes, mode = sharpness.maximisers(table).sum(axis=1), np.exp(table.max(axis=1))
    due = laws.stopping_deadlines(table.max(axis=1), stop=s)
    assert (mean >= due * (1 - 1e-12)).all()
    assert (mean <= np.maximum((s + 1 / modes) / mode, due) * (1 + 1e-9)).all()
    outside = sharpness.missing_mass(table, table)
    assert (miss <= outside**due * (1 + 1e-6) + 1e-300).all() or s < 1
    assert (miss <= outside * (1 + 1e-9) + 1e-300).all()


def test_the_proof_of_thm_d1_by_number():
    """Uniform on 10, delta = .1: the rule with the likelihood of single responses takes 30 draws on average, not 4."""
    assert laws.stopping_time_mean(np.full(10, np.log(0.1)), stop=np.log(2 / 0.1)) == 30


def test_large_deadlines_are_rounded_up():
    """s/p = k + 0.1 needs k + 1 draws, also where 0.1 is within 1e-12 of k, relative; k where s/p is k but for the rounding of log p."""
    for k in (30, 10**9, 10**10, 3 * 10**11):
        assert laws.stopping_deadlines(np.array([-np.log(k + 0.1)]), stop=1.0)[0] == k + 1
        assert laws.stopping_deadlines(np.array([-np.log(k / 3)]), stop=3.0)[0] == k


def test_deadlines_beyond_all_floats_end_at_the_largest():
    """A deadline that no float holds is infinite, without a warning; a mean in float64 is never refused."""
    largest = np.finfo(np.float64).max
    assert laws.stopping_deadlines(np.array([-np.log(largest) - 0.5]), stop=1.0)[0] == np.inf
    assert laws.stopping_deadlines(np.array([-np.log(largest) + 1.5]), stop=1.0)[0] == pytest.approx(largest * np.exp(-1.5), rel=1e-12)
    assert laws.stopping_time_mean(np.log([0.4, 0.6]), stop=1.5e308) == largest


def test_a_binomial_window_is_as_wide_as_that_of_the_complement():
    """Some 9.5 standard deviations, here 30.5, on either side of the mean, and 50 more: also where p is next to 1."""
    few, many = (laws.binomial_window(10**12, p)[0] for p in (2.0**-30, 1 - 2.0**-30))
    np.testing.assert_allclose([len(few), len(many)], 2 * (9.5 * 30.5 + 50), atol=4)


def test_neighbouring_floats_are_no_tie():
    """Levels are those of the row as given: dividing by its sum, here 1 + 3e-10, rounds neighbours at log p = -1 to one number."""
    merged = 0
    for i in range(8):
        first = -1 + 1e-10 + i * 1.2e-16
        second = np.nextafter(first, -2)
        row = np.array([second, first, np.log1p(3e-10 - np.exp(first) - np.exp(second))])
        divided = row - np.log(np.exp(row).sum())
        merged += divided[0] == divided[1]
        assert np.exp(laws.stopping_kept(row, stop=50.0)[1]) == pytest.approx(1.0)
        assert laws.stopping_time_miss(row, stop=50.0) < 1e-20
    assert merged > 0


@given(tables, rewards, st.sampled_from([1e-6, 1e-2, 1.0, 1e2, 1e6]))
def test_tilted_is_a_law_with_log_odds_moved_by_the_reward(table, reward, beta):
    law = laws.tilted(table, reward, beta=beta)
    is_law(law, table)
    for x, a, b in itertools.product(range(2), range(5), range(5)):
        if np.isfinite(law[x, a]) and np.isfinite(law[x, b]):
            want = (table[x, a] - table[x, b]) + (reward[x, a] - reward[x, b]) / beta
            assert law[x, a] - law[x, b] == pytest.approx(want, rel=1e-9, abs=1e-9)


@given(log_prob_tables(**SHAPE, ties=True))
def test_tilted_limits(table):
    """beta -> inf gives base; beta -> 0 base on the maximisers, ties in proportion: uniform, as they tie in base."""
    np.testing.assert_allclose(np.exp(laws.tilted(table, table, beta=1e14)), np.exp(table), rtol=1e-11)
    modes = sharpness.maximisers(table)
    np.testing.assert_allclose(np.exp(laws.tilted(table, table, beta=1e-9)), modes / modes.sum(axis=1, keepdims=True), atol=1e-12)


def test_tilted_takes_rewards_of_minus_infinity():
    """A response without mass gets none, whatever its reward; a reward of -inf removes a response."""
    with np.errstate(divide="ignore"):
        row = np.log([0.5, 0.5, 0.0])
    got = np.exp(laws.tilted(row, np.array([-np.inf, 0.0, 100.0]), beta=0.1))
    np.testing.assert_allclose(got, [0.0, 1.0, 0.0])
    # Each row needs a response of its own.
    table = np.log(np.full((2, 2), 0.5))
    own = np.array([[0.0, -np.inf], [-np.inf, 0.0]])
    np.testing.assert_array_equal(np.exp(laws.tilted(table, own, beta=0.1)), np.eye(2))
    with pytest.raises(ValueError, match="`reward` must be above -inf for some response"):
        laws.tilted(table, np.array([[0.0, 1.0], [-np.inf, -np.inf]]), beta=0.1)


def every_law(table, reward, n, s):
    return {
        "best_of_n": laws.best_of_n(table, reward, draws=n),
        "tilted": laws.tilted(table, reward, beta=s),
        "kept": laws.stopping_kept(table, stop=s),
        "mean": laws.stopping_time_mean(table, stop=s),
        "miss": laws.stopping_time_miss(table, stop=s),
    }


jitted_laws = jax.jit(every_law)


@given(log_prob_tables(**SHAPE, zeros=True), rewards, st.sampled_from([1.0, 2.0, 50.0]), stops)
def test_jax_agrees(table, reward, n, s):
    """The same code in float64 NumPy and in compiled JAX gives results that differ by rounding only."""
    want = every_law(table, reward, n, s)
    for name, got in jitted_laws(jnp.asarray(table), jnp.asarray(reward), n, s).items():
        np.testing.assert_allclose(got, want[name], rtol=1e-12, atol=1e-12, err_msg=name)


with np.errstate(divide="ignore"):
    ROWS = np.log([[0.5, 0.3, 0.2, 0.0], [0.4, 0.4, 0.2, 0.0], [1.0, 0, 0, 0], [0.25] * 4])


def test_gradients_are_finite_and_right():
    """At ties, point masses and responses without mass; against central differences where the row is smooth."""
    reward = np.array([[2.0, 1.0, 1.0, 3.0]] * 4)

    def totals(table, xp=jnp):
        # No s/p is whole at 2.35, so the laws are smooth here; rows are divided by their sum, so one entry may move alone.
        outs = every_law(table, xp.asarray(reward), 3.0, 2.35).values()
        return xp.stack([xp.sum(xp.exp(out)[:, 1]) if out.ndim == 2 else xp.sum(out) for out in outs])

    gradients = np.asarray(jax.jit(jax.jacrev(totals))(jnp.asarray(ROWS)))
    assert np.isfinite(gradients).all()
    step = np.zeros_like(ROWS)
    step[0, 1] = 4e-10
    # The rows stay within the tolerance of a sum of one.
    slopes = (totals(ROWS + step, np) - totals(ROWS - step, np)) / 8e-10
    np.testing.assert_allclose(gradients[:, 0, 1], slopes, rtol=1e-4, atol=1e-6)


def test_log1mexp_and_logaddexp_keep_their_digits():
    """Against expm1 near 0 and the identity far from it; both ends, both namespaces, derivatives at -inf."""
    x = np.array([0.0, -1e-300, -1e-12, -0.5, -0.7, -40.0, -700.0, -np.inf])
    want = np.array([-np.inf, np.log(1e-300), np.log(1e-12) - 5e-13, np.log(-np.expm1(-0.5)), np.log1p(-np.exp(-0.7)), -np.exp(-40.0)])
    for xp in (np, jnp):
        got = np.asarray(log1mexp(xp.asarray(x), xp))
        np.testing.assert_allclose(got[:6], want, rtol=1e-14)
        np.testing.assert_allclose(got[6:], [-np.exp(-700.0), 0.0])
        assert np.asarray(logaddexp(xp.asarray([-np.inf, 0.0, -1.0]), xp.asarray([-np.inf, -np.inf, -1.0]), xp)).tolist()[:2] == [
            -np.inf,
            0,
        ]
    assert jax.jit(jax.grad(lambda a: jnp.where(a > -5.0, 0.0, 0.0) + logaddexp(a, a, jnp)))(-1.0) == pytest.approx(1.0)
    assert np.isfinite(jax.jit(jax.grad(lambda a: jnp.exp(logaddexp(a, a, jnp))))(-jnp.inf))
