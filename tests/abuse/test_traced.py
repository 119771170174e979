"""Compiled code answers nonsense with NaN: in every float, in derivatives, and in the examples of a batch that are wrong, no others."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sharpsim import coverage, laws, rewards, sharpness
from sharpsim._arguments import GRAPH, UNIT, checked
from sharpsim.theory import xpo
from tests.abuse.traced import GOOD, JAX_FREE, NO_NONSENSE, walk
from tests.abuse.valid import TABLE, WEIGHTS
from tests.abuse.walk import PACKAGES

ARRAYS = ("coverage", "laws", "rewards", "sharpness")
BROKEN = jnp.asarray(TABLE).at[0, 0].set(-0.1)


def wrong(packages):
    found = list(walk(packages))
    untraceable = {(outcome.function, outcome.argument) for outcome in found if outcome.verdict == "not traceable"}
    bad = [outcome for outcome in found if outcome.verdict not in (*GOOD, "not traceable") and outcome[:3] not in NO_NONSENSE]
    return untraceable, "\n".join(map(str, bad)), len(found)


def test_array_functions_answer_traced_nonsense_with_nan():
    untraceable, bad, calls = wrong(ARRAYS)
    assert not bad
    assert calls > 600
    assert {function for function, _ in untraceable} == JAX_FREE


@pytest.mark.slow
def test_theory_answers_traced_nonsense_with_nan():
    """Of the other packages, those whose answers are numbers."""
    assert not wrong([package for package in PACKAGES if package.split(".")[0] in ("certified", "estimators", "instances", "theory")])[1]


@pytest.mark.parametrize("spoil", [False, True])
def test_derivatives_say_it_too(spoil):
    """At valid arguments a derivative is what it was, to the last bit; at others no optimiser sees a number."""
    table = BROKEN if spoil else jnp.asarray(TABLE)
    bare = coverage.mode_coverage.__wrapped__
    for derivative in (jax.grad, jax.jacfwd):
        found = jax.jit(derivative(lambda t: coverage.mode_coverage(t, WEIGHTS)))(table)
        expected = jax.jit(derivative(lambda t: bare(t, WEIGHTS)))(table)
        assert np.isnan(found).all() if spoil else np.array_equal(found, expected)
        assert np.isfinite(expected).all()


def test_a_batch_is_judged_one_by_one():
    tables = jnp.stack([jnp.asarray(TABLE), BROKEN, jnp.asarray(TABLE)])
    found = jax.vmap(lambda t: coverage.coverage_coefficient(t, WEIGHTS))(tables)
    assert np.isnan(found).tolist() == [False, True, False]
    assert float(found[0]) == coverage.coverage_coefficient(jnp.asarray(TABLE), WEIGHTS)
    betas = jax.vmap(lambda beta: laws.tilted(TABLE, TABLE, beta=beta))(jnp.array([0.5, 0.0, -1.0, jnp.nan, jnp.inf]))
    assert np.isnan(betas).any(axis=(1, 2)).tolist() == [False, True, True, True, True]


def test_what_is_concrete_is_refused_while_it_is_traced():
    table = jnp.asarray(TABLE)
    for call, message in (
        (lambda t: coverage.coverage_coefficient(t, np.array([0.5, 0.6])), "`prompt_weights` must have rows that sum to 1"),
        (lambda t: coverage.coverage_coefficient(t[0], WEIGHTS), r"`log_probs` must be a table \[prompts, responses\]"),
        (lambda t: rewards.log_likelihood(t.astype(int)), "`log_probs` must be floating-point log-probabilities"),
        (lambda t: rewards.log_likelihood(t[:, :0]), "`log_probs` must hold at least one response"),
        (lambda t: xpo.concentration_bound(mean=3.0, log_inverse_rho=t[0]), "`log_inverse_rho` must be one number"),
        (lambda t: checked(adjacency=GRAPH)(lambda adjacency: adjacency)(t[:, :2]), "`adjacency` must be concrete"),
    ):
        with pytest.raises(ValueError, match=message):
            jax.jit(call)(table)


@pytest.mark.parametrize("x64", [True, False])
def test_answers_of_every_type(x64):
    """Types stay, whole numbers stay, booleans are what the function says; a limit beyond int32 is no error without 64-bit numbers."""
    with jax.enable_x64(x64):

        @checked(share=UNIT, members=UNIT, wrong=True)
        def answers(share, members):
            return {"small": share.astype(jnp.float16), "whole": members, "holds": share < 0.5, "python": 0.5, "text": "a"}

        def kept(share):
            found = answers(share, jnp.asarray(0))
            assert found.pop("text") == "a"
            return found

        for share, expected in ((0.75, [0.75, 0, False, 0.5]), (1.5, [np.nan, 0, True, np.nan])):
            found = jax.jit(kept)(jnp.asarray(share))
            assert found["small"].dtype == jnp.float16
            np.testing.assert_array_equal([found[name] for name in ("small", "whole", "holds", "python")], expected)
        law = jax.jit(lambda draws: laws.best_of_n(jnp.asarray(TABLE), jnp.asarray(TABLE), draws=draws))
        assert np.isnan(law(0)).all()
        assert (np.asarray(law(3)) <= 0).all()


def test_a_wrong_float32_row_is_nan_without_64_bit_numbers():
    with jax.enable_x64(False):
        mass = jax.jit(sharpness.mode_log_mass)
        right = jnp.log(jnp.array([0.5, 0.3, 0.2]))
        assert float(mass(right)) == pytest.approx(np.log(0.5), rel=1e-6)
        assert np.isnan(mass(right + 2e-5)).all()
        assert np.isfinite(mass(right + 2e-6)).all()
