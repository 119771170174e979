"""Every law and coefficient against 400 digits: rows divided by their exact sum, extremes included."""

import math

import jax
import jax.numpy as jnp
import mpmath as mp
import numpy as np
import pytest

from benchmarks import _exact as exact
from sharpsim import coverage, laws

DIGITS, TOLERANCE, SMALL = 400, 1e-10, mp.mpf("1e-290")


def rows():
    rng = np.random.default_rng(0)
    yield "one response", np.zeros(1)
    yield "all tied", np.full(10, -math.log(10))
    yield "near one", np.log([1 - 1e-12, 1e-12])
    yield "near one, deep tail", np.log([1 - 1e-12, 6e-13, 4e-13, 1e-300])
    yield "no mass", np.array([np.log1p(-1e-300), math.log(1e-300), -np.inf])
    for i in range(4):
        p = rng.integers(1, 4, size=6).astype(float)
        yield f"ties {i}", np.log(p / p.sum())
    for scale in (0.1, 1.0, 10.0, 100.0):
        x = rng.normal(size=8) * scale
        yield f"normal {scale}", x - np.logaddexp.reduce(x)


ROWS = dict(rows())
DRAWS = (1, 2, 3, 10, 1000, 10**6, 10**12)


def agree(log_got, truths):
    """Relative error at most 1e-10: of probabilities above 1e-290, of log-probabilities below."""
    for got, truth in zip(np.asarray(log_got), truths, strict=True):
        if truth == 0:
            assert got == -np.inf
        elif truth > SMALL:
            assert abs(mp.exp(mp.mpf(float(got))) / truth - 1) <= TOLERANCE
        else:
            assert abs(mp.mpf(float(got)) / mp.log(truth) - 1) <= TOLERANCE


@pytest.fixture(autouse=True)
def digits():
    with mp.workdps(DIGITS):
        yield


@pytest.mark.parametrize("name", ROWS)
def test_best_of_n(name):
    row = ROWS[name]
    p = exact.row(row)
    for reward in (row, np.where(np.isfinite(row), np.round(row), -1e9), -np.arange(len(row), dtype=float)):
        for draws in DRAWS:
            agree(laws.best_of_n(row, reward, draws=draws), exact.best_of_n(p, reward, draws))


def test_an_off_by_one_in_the_draws_is_seen():
    row = ROWS["normal 1.0"]
    with pytest.raises(AssertionError):
        agree(laws.best_of_n(row, row, draws=11), exact.best_of_n(exact.row(row), row, 10))


@pytest.mark.parametrize("name", ROWS)
def test_tilted(name):
    row = ROWS[name]
    p = exact.row(row)
    # Rewards that are exact as floats, so that the exact answer uses the very same numbers.
    reward = np.where(np.isfinite(row), np.round(row * 4) / 4, -1.0)
    for beta in (1e-6, 0.01, 1.0, 100.0, 1e6):
        agree(laws.tilted(row, reward, beta=beta), exact.tilted(p, reward, beta))


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize("stop", [0.01, 0.5, 1.0, 3.0, 8.0, 1e4])
def test_stopping(name, stop):
    row = ROWS[name]
    mean, law, miss = exact.stopping(row, stop)
    assert abs(mp.mpf(float(laws.stopping_time_mean(row, stop=stop))) / mean - 1) <= TOLERANCE
    agree(laws.stopping_kept(row, stop=stop), law)
    got = mp.mpf(float(laws.stopping_time_miss(row, stop=stop)))
    assert abs(got / miss - 1) <= TOLERANCE if miss > SMALL else got <= 2 * SMALL


def test_exact_boundaries_stop():
    """k p = s exactly: uniform on 10 with s = 3 stops at the 30th draw, not the 31st."""
    uniform = np.full(10, -math.log(10))
    assert laws.stopping_time_mean(uniform, stop=3.0) == 30
    assert list(laws.stopping_time_survival(uniform, stop=3.0, after=np.array([0, 29, 30]))) == [1.0, 1.0, 0.0]


def test_survival_sums_to_the_mean():
    row = ROWS["normal 1.0"]
    k = np.arange(5000)
    assert laws.stopping_time_survival(row, stop=2.0, after=k).sum() == pytest.approx(laws.stopping_time_mean(row, stop=2.0), rel=1e-12)


TABLE = np.stack([ROWS["near one, deep tail"], np.log([0.1, 0.2, 0.3, 0.4]), np.log([0.25] * 4), np.log([0.5, 0.25, 0.25, 1e-300])])
WEIGHTS = np.array([0.1, 0.4, 0.5, 0.0])


def close(got, truth):
    assert abs(mp.mpf(float(got)) / truth - 1) <= TOLERANCE


def test_coverage_coefficients():
    p = [exact.row(row) for row in TABLE]
    mu = [mp.mpf(w) for w in WEIGHTS]
    for slack in (0.0, 0.3, 0.9):
        for power in (0.5, 1, 2, 4):
            masses = [sum(v for v in row if v >= (1 - mp.mpf(slack)) * max(row) * (1 - mp.mpf(10) ** -12)) for row in p]
            truth = sum(m * mass ** (-mp.mpf(power)) for m, mass in zip(mu, masses, strict=True)) ** (1 / mp.mpf(power))
            close(coverage.coverage_coefficient(TABLE, WEIGHTS, slack=slack, power=power), truth)
    close(coverage.mode_coverage(TABLE, WEIGHTS), sum(m / max(row) for m, row in zip(mu, p, strict=True)))
    close(coverage.margin(TABLE[1:2], np.ones(1)), p[1][3] / p[1][2] - 1)
    other = [exact.row(row) for row in TABLE[[1, 2, 1, 1]]]
    for beta in (0.1, 1.0, 3.0):
        truth = sum(m * sum(a * (a / b) ** mp.mpf(beta) for a, b in zip(x, y, strict=True)) for m, x, y in zip(mu, p, other, strict=True))
        close(coverage.ratio_moment(TABLE, TABLE[[1, 2, 1, 1]], WEIGHTS, beta=beta), truth)
    truth = sum(m * sum(a * a / b for a, b in zip(x, y, strict=True)) for m, x, y in zip(mu, p, other, strict=True))
    close(coverage.concentrability(TABLE, TABLE[[1, 2, 1, 1]], WEIGHTS), truth)


@pytest.mark.parametrize("N", [1, 7, 10**6])
def test_jax_agrees_and_differentiates(N):
    law = jax.jit(lambda row, draws: laws.best_of_n(row, row, draws=draws))
    np.testing.assert_allclose(law(jnp.asarray(TABLE), float(N)), laws.best_of_n(TABLE, TABLE, draws=N), rtol=1e-12, atol=1e-300)
    kept = jax.jit(jax.vmap(lambda row: laws.stopping_kept(row, stop=2.0)))(jnp.asarray(TABLE))
    np.testing.assert_allclose(kept, laws.stopping_kept(TABLE, stop=2.0), rtol=1e-12)
    tilted = jax.jit(lambda row: laws.tilted(row, row, beta=0.3))(jnp.asarray(TABLE))
    np.testing.assert_allclose(tilted, laws.tilted(TABLE, TABLE, beta=0.3), rtol=1e-12)
    cover = jax.jit(coverage.coverage_coefficient)(jnp.asarray(TABLE), jnp.asarray(WEIGHTS))
    assert float(cover) == pytest.approx(float(coverage.coverage_coefficient(TABLE, WEIGHTS)), rel=1e-12)
    gradient = jax.jit(jax.grad(lambda row: jnp.sum(jnp.exp(laws.best_of_n(row, TABLE[1:2], draws=3.0))[0, 0])))(jnp.asarray(TABLE[1:2]))
    assert np.isfinite(np.asarray(gradient)).all()
