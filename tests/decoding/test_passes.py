"""Decoders of one pass: greedy, beam and temperature."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sharpsim.decoding import TemperedPolicy, beam, greedy, most_likely, sample_tempered
from sharpsim.policies import MarkovPolicy, tabulate


def policy_from(seed: int, end: int | None = None, concentration: float = 0.5) -> MarkovPolicy:
    rng = np.random.default_rng(seed)
    return MarkovPolicy.from_probs(rng.dirichlet(np.full(3, concentration), size=(2, 4)), horizon=4, end_token=end)


@given(seed=st.integers(0, 2**31), end=st.sampled_from([None, 1]))
def test_greedy_takes_the_best_next_token(seed, end):
    policy = policy_from(seed, end)
    table, context, wanted = np.asarray(policy.log_probs)[1], 3, []
    for _ in range(4):
        context = int(table[context].argmax()) if context != end else end
        wanted.append(context)
    response = np.asarray(greedy(policy, 1))
    assert response.tolist() == wanted
    assert response.dtype == np.int32


def test_greedy_breaks_ties_by_the_smallest_token():
    assert np.asarray(greedy(MarkovPolicy.from_probs(np.array([[0.2, 0.4, 0.4]]), horizon=2), 0)).tolist() == [1, 1]


@given(seed=st.integers(0, 2**31))
def test_a_majority_mode_is_greedys(seed):
    """Proposition 3.1: where the mode has more than half of the mass, greedy decoding finds it."""
    policy = policy_from(seed, concentration=0.15)
    mode = most_likely(policy, 0, max_expansions=10**4)
    if mode.log_probs[0] > np.log(0.5):
        assert np.asarray(greedy(policy, 0)).tolist() == mode.responses[0].tolist()


@given(seed=st.integers(0, 2**31), end=st.sampled_from([None, 1]))
def test_a_beam_as_wide_as_the_space_is_exact(seed, end):
    policy = policy_from(seed, end)
    responses, log_probs = tabulate(policy, np.arange(2))
    found, values = (np.asarray(part) for part in beam(policy, 1, width=81))
    finite = values > -np.inf
    assert finite.sum() == (log_probs[1] > -np.inf).sum()
    np.testing.assert_allclose(values[finite], np.sort(log_probs[1])[::-1][: finite.sum()], rtol=1e-12)
    table = {tuple(row): value for row, value in zip(responses.tolist(), log_probs[1], strict=True)}
    assert all(
        table[tuple(row)] == pytest.approx(value, rel=1e-12) for row, value in zip(found[finite].tolist(), values[finite], strict=True)
    )


@given(seed=st.integers(0, 2**31), end=st.sampled_from([None, 1]))
def test_a_beam_of_one_is_greedy(seed, end):
    policy = policy_from(seed, end)
    found, values = beam(policy, 0, width=1)
    np.testing.assert_array_equal(found[0], greedy(policy, 0))
    assert float(values[0]) == pytest.approx(float(policy.log_prob(0, found[0])), rel=1e-12)


def test_decoders_vmap_and_jit():
    policy = policy_from(4, 1)
    both = jax.vmap(lambda prompt: greedy(policy, prompt))(jnp.arange(2))
    np.testing.assert_array_equal(both[1], greedy(policy, 1))
    wide, _ = jax.jit(jax.vmap(lambda prompt: beam(policy, prompt, width=3)))(jnp.arange(2))
    np.testing.assert_array_equal(wide[1], beam(policy, 1, width=3)[0])


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_tempered_law(temperature):
    """Each next-token law to the power 1/T, normalised; the literal draws follow it (Pearson, false alarm 1e-6)."""
    policy = policy_from(8, concentration=2.0)
    probs = np.exp(np.asarray(policy.log_probs)) ** (1 / temperature)
    by_hand = MarkovPolicy.from_probs((probs / probs.sum(axis=-1, keepdims=True)), horizon=4)
    responses, log_probs = tabulate(TemperedPolicy(policy, temperature=temperature), np.arange(2))
    np.testing.assert_allclose(log_probs, tabulate(by_hand, np.arange(2))[1], rtol=1e-10)

    draws = 50_000
    sampler = eqx.filter_jit(jax.vmap(lambda key: sample_tempered(policy, 0, temperature=temperature, key=key)))
    drawn = np.asarray(sampler(jax.random.split(jax.random.key(5), draws)))
    counts = np.bincount(drawn @ 3 ** np.arange(3, -1, -1), minlength=81)
    expected = draws * np.exp(log_probs[0])
    assert (responses @ 3 ** np.arange(3, -1, -1) == np.arange(81)).all()
    large = expected >= 5
    groups = [(counts[large], expected[large]), ([counts[~large].sum()], [expected[~large].sum()])]
    statistic = sum(((c - e) ** 2 / e).sum() for c, e in ((np.array(c), np.array(e)) for c, e in groups) if e.sum() > 0)
    assert statistic < stats.chi2.isf(1e-6, large.sum())


def test_a_temperature_near_zero_is_greedy():
    policy = policy_from(2)
    for temperature in (1e-3, 1e-300):
        drawn = sample_tempered(policy, 0, temperature=temperature, key=jax.random.key(0))
        np.testing.assert_array_equal(drawn, greedy(policy, 0))


def test_refusals():
    policy = policy_from(0)
    for temperature in (0.0, -1.0, np.nan, np.inf):
        with pytest.raises(ValueError, match="`temperature` must be positive and finite"):
            sample_tempered(policy, 0, temperature=temperature, key=jax.random.key(0))
    with pytest.raises(ValueError, match="`width` must be a whole number of at least 1"):
        beam(policy, 0, width=0)
    for decode in (greedy, lambda p, x: beam(p, x, width=2), lambda p, x: sample_tempered(p, x, temperature=1.0, key=jax.random.key(0))):
        with pytest.raises(ValueError, match=r"`prompt` must be integers in 0..1"):
            decode(policy, 2)
