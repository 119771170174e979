"""The KL-regularised objective: by hand and in mpmath, the regret identity both ways, the target is its maximiser, refusals."""

import math

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharpsim import laws
from sharpsim.testing import log_prob_tables, prompt_weights

TABLES = log_prob_tables(prompts=3, responses=5)
WITH_ZEROS = log_prob_tables(prompts=3, responses=5, ties=True, zeros=True)
WEIGHTS = prompt_weights(prompts=3)
BETAS = st.sampled_from([0.05, 0.3, 1.0, 7.0])
REWARDS = st.lists(st.floats(-3, 3), min_size=15, max_size=15).map(lambda r: np.array(r).reshape(3, 5))


def residual(policy, base, reward, beta):
    """f_pi(x, y, y') `[prompts, responses, responses]`, written out."""
    side = beta * (policy - base) - reward
    return side[:, :, None] - side[:, None, :]


def test_value_and_regret_in_mpmath():
    policy, base, reward, weights, beta = [[0.7, 0.3], [0.1, 0.9]], [[0.5, 0.5], [0.6, 0.4]], [[1.0, -2.0], [0.0, 3.0]], [0.25, 0.75], 0.4
    with mpmath.workdps(40):
        value, best = mpmath.mpf(0), mpmath.mpf(0)
        for mu, p, q, r in zip(weights, policy, base, reward, strict=True):
            value += mu * sum(a * (c - mpmath.mpf(beta) * mpmath.log(mpmath.mpf(a) / b)) for a, b, c in zip(p, q, r, strict=True))
            best += mu * beta * mpmath.log(sum(b * mpmath.exp(c / mpmath.mpf(beta)) for b, c in zip(q, r, strict=True)))
    got = laws.regularised_value(np.log(policy), np.log(base), np.array(reward), np.array(weights), beta=beta)
    assert got == pytest.approx(float(value), rel=1e-13)
    regret = laws.regularised_regret(np.log(policy), np.log(base), np.array(reward), np.array(weights), beta=beta)
    assert regret == pytest.approx(float(best - value), rel=1e-13)
    assert regret != pytest.approx(1.3 * float(best - value), rel=1e-3)


@given(TABLES, TABLES, REWARDS, WEIGHTS, BETAS)
def test_regret_identity(policy, base, reward, weights, beta):
    """J(pi_beta) - J(pi) = beta KL(pi || pi_beta) = E_base[beta log(pi/pi_beta)] + E_{pi, base}[f_pi]."""
    target = laws.tilted(base, reward, beta=beta)
    shared = (base, reward, weights)
    values = [laws.regularised_value(p, *shared, beta=beta) for p in (target, policy)]
    regret = laws.regularised_regret(policy, *shared, beta=beta)
    scale = 1 + abs(values[0]) + abs(values[1]) + regret
    assert regret == pytest.approx(values[0] - values[1], abs=1e-12 * scale)
    off = np.einsum("x,xy,xy->", weights, np.exp(base), beta * (policy - target))
    surprise = np.einsum("x,xy,xz,xyz->", weights, np.exp(policy), np.exp(base), residual(policy, base, reward, beta))
    assert regret == pytest.approx(off + surprise, abs=1e-12 * (scale + abs(off) + abs(surprise)))
    # Power: the sign of the second term matters.
    if abs(surprise) > 1e-3:
        assert abs(regret - (off - surprise)) > 1e-4


@given(WITH_ZEROS, REWARDS, WEIGHTS, BETAS)
def test_the_target_is_the_maximiser_and_keeps_zero_mass(base, reward, weights, beta):
    target = laws.tilted(base, reward, beta=beta)
    assert (target[base == -np.inf] == -np.inf).all()
    assert laws.regularised_regret(target, base, reward, weights, beta=beta) == pytest.approx(0, abs=1e-12)
    best = laws.regularised_value(target, base, reward, weights, beta=beta)
    free = np.einsum("x,x->", weights, beta * np.log((np.exp(base) * np.exp(reward / beta - (reward / beta).max())).sum(axis=1)))
    assert best == pytest.approx(free + reward.max(), rel=1e-10, abs=1e-10)
    assert laws.regularised_value(base, base, reward, weights, beta=beta) <= best + 1e-12


@given(TABLES, TABLES, WEIGHTS)
def test_divergence_is_non_negative_with_digits(policy, base, weights):
    assert laws.divergence(policy, base, weights) >= 0
    assert laws.divergence(policy, policy, weights) == 0
    mixed = np.logaddexp(policy + math.log1p(-1e-6), base + math.log(1e-6))
    # KL(pi || (1-t) pi + t base) ~ t^2 chi^2 / 2, far below the rounding of sum p log(p/q).
    chi = np.einsum("x,xy->", weights, (np.exp(base) - np.exp(policy)) ** 2 * np.exp(-policy))
    # The next term is smaller by 1e-6 times the largest ratio.
    if 1e-3 < chi < 1e3 and (base - policy).max() < math.log(1e4):
        assert laws.divergence(policy, mixed, weights) == pytest.approx(1e-12 * chi / 2, rel=2e-2)


def test_jax_agrees_and_ends():
    rng = np.random.default_rng(0)
    policy, base = (np.log(rng.dirichlet(np.ones(4), 3)) for _ in range(2))
    reward, weights = rng.normal(size=(3, 4)), rng.dirichlet(np.ones(3))
    for function in (laws.regularised_value, laws.regularised_regret):
        plain = function(policy, base, reward, weights, beta=0.2)
        traced = jax.jit(function)(*(jnp.asarray(a) for a in (policy, base, reward, weights)), beta=0.2)
        assert float(traced) == pytest.approx(plain, rel=1e-12)
    with np.errstate(divide="ignore"):
        one, other = np.log([[1.0, 0.0], [0.5, 0.5]]), np.log([[0.0, 1.0], [0.5, 0.5]])
    assert laws.divergence(one, other, np.array([0.5, 0.5])) == math.inf
    assert laws.divergence(one, other, np.array([0.0, 1.0])) == 0
    assert laws.regularised_value(one, other, np.zeros((2, 2)), np.array([0.5, 0.5]), beta=1.0) == -math.inf
    # The reward may be log base, -inf where nothing goes.
    assert laws.regularised_value(one, one, one, np.array([0.5, 0.5]), beta=1.0) == pytest.approx(-0.5 * math.log(2))


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"beta": 0.0}, "beta"),
        ({"beta": -1.0}, "beta"),
        ({"reward": np.array([[np.nan, 0.0]])}, "reward"),
        ({"reward": np.array([[np.inf, 0.0]])}, "reward"),
        ({"reward": np.zeros((1, 3))}, "reward"),
        ({"log_policy": np.log([[0.5, 0.4]])}, "log_policy"),
        ({"log_base": np.log([[0.5, 0.4]])}, "log_base"),
        ({"prompt_weights": np.array([0.5])}, "prompt_weights"),
    ],
)
def test_refusals(change, name):
    row = np.log([[0.5, 0.5]])
    given = {"log_policy": row, "log_base": row, "reward": np.zeros((1, 2)), "prompt_weights": np.ones(1), "beta": 1.0, **change}
    for function in (laws.regularised_value, laws.regularised_regret):
        with pytest.raises(ValueError, match=f"`{name}`"):
            function(**given)
