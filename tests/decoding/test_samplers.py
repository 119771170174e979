"""The samplers with alias tables: sequences against enumeration, tables against their laws, and what they refuse."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sharpsim import laws
from sharpsim.decoding import MarkovSampler, TableSampler, _sample_markov
from sharpsim.policies import MarkovPolicy, tabulate
from sharpsim.testing import multinomial_test
from tests.tiny import gru

TABLE = np.array([[0.4, 0.3, 0.2, 0.1, 0.0], [0.0, 1.0, 0.0, 0.0, 0.0], [0.2, 0.2, 0.2, 0.2, 0.2]])
with np.errstate(divide="ignore"):
    LOG_TABLE = np.log(TABLE)


def markov(order: int, end: int | None) -> MarkovPolicy:
    mass = np.random.default_rng(order).dirichlet(np.ones(3), size=(2, *[4] * order))
    mass[0, ..., 1] = 0
    return MarkovPolicy.from_probs(mass / mass.sum(axis=-1, keepdims=True), horizon=3, end_token=end)


@pytest.mark.parametrize(("order", "end"), [(0, None), (1, 2), (2, None)])
@pytest.mark.parametrize("impl", ["threefry2x32", "philox2x32"])
def test_sequences_have_the_enumerated_law(order, end, impl, monkeypatch):
    """Several blocks; each response by exact binomial tests; the other prompt's law is told apart."""
    monkeypatch.setattr(_sample_markov, "BLOCK", 7001)
    policy, draws = markov(order, end), 20_000
    drawn = np.asarray(MarkovSampler(policy).sample(np.array([1, 0]), draws=draws, key=jax.random.key(order, impl=impl)))
    assert (drawn.shape, drawn.dtype) == ((2, draws, 3), np.int32)
    responses, log_probs = tabulate(policy, np.arange(2))
    places = {tuple(word): i for i, word in enumerate(responses.tolist())}
    for row, prompt in enumerate((1, 0)):
        counts = np.bincount([places[tuple(word)] for word in drawn[row].tolist()], minlength=len(responses))
        assert multinomial_test(counts, np.exp(log_probs[prompt]))
        assert not multinomial_test(counts, np.exp(log_probs[1 - prompt]))


def test_float32_programs_draw_the_same_sequences():
    """Tables are whole numbers: x64 changes nothing."""
    policy = markov(1, 2)
    wanted = MarkovSampler(policy).sample(np.arange(2), draws=100, key=jax.random.key(0))
    with jax.enable_x64(False):
        got = MarkovSampler(policy).sample(np.arange(2), draws=100, key=jax.random.key(0))
    np.testing.assert_array_equal(got, wanted)


def test_tables_have_their_law():
    prompts, draws = np.array([2, 0, 1]), 50_000
    drawn = np.asarray(TableSampler(LOG_TABLE).sample(prompts, draws=draws, key=jax.random.key(1)))
    for row, prompt in enumerate(prompts):
        counts = np.bincount(drawn[row], minlength=5)
        assert multinomial_test(counts, TABLE[prompt])
        assert not multinomial_test(counts, 0.98 * TABLE[prompt] + 0.02 * np.eye(5)[3])


@pytest.mark.parametrize("beta", [0.05, 1.0])
def test_tilted_draws(beta):
    reward = np.array([[0.1, 0.3, 0.2, -1.0, 9.0]] * 3)
    drawn = np.asarray(TableSampler.tilted(LOG_TABLE, reward, beta=beta).sample(np.arange(3), draws=50_000, key=jax.random.key(2)))
    law = np.exp(laws.tilted(LOG_TABLE, reward, beta=beta))
    for prompt in range(3):
        assert multinomial_test(np.bincount(drawn[prompt], minlength=5), law[prompt])
    assert not multinomial_test(np.bincount(drawn[0], minlength=5), np.exp(laws.tilted(LOG_TABLE, reward, beta=1.3 * beta))[0])


def test_samplers_under_jit_and_vmap():
    """A sampler is an argument like any other; batched keys draw what each draws alone."""
    keys = jax.random.split(jax.random.key(3), 3)
    for sampler in (MarkovSampler(markov(1, None)), TableSampler(LOG_TABLE)):
        run = jax.jit(lambda s, key: s.sample(jnp.array([0, 1, 1]), draws=4, key=key))
        alone = [np.asarray(sampler.sample(np.array([0, 1, 1]), draws=4, key=key)) for key in keys]
        np.testing.assert_array_equal([run(sampler, key) for key in keys], alone)
        np.testing.assert_array_equal(jax.vmap(run, (None, 0))(sampler, keys), alone)


def test_refusals():
    key = jax.random.key(0)
    for sampler in (MarkovSampler(markov(1, None)), TableSampler(LOG_TABLE)):
        for draws in (0, -1):
            with pytest.raises(ValueError, match="`draws`"):
                sampler.sample(np.arange(2), draws=draws, key=key)
        for prompts in (np.zeros(0, int), np.zeros((2, 2), int)):
            with pytest.raises(ValueError, match="`prompts` must hold at least one"):
                sampler.sample(prompts, draws=1, key=key)
        for prompts in (np.array([-1]), np.array([3]), np.array([0.0])):
            with pytest.raises(ValueError, match=r"`prompts?` must be"):
                sampler.sample(prompts, draws=1, key=key)
    with pytest.raises(ValueError, match="sum to 1"):
        TableSampler(LOG_TABLE + 0.1)
    with pytest.raises(ValueError, match="NaN"):
        TableSampler(LOG_TABLE * np.nan)
    with pytest.raises(ValueError, match="`beta`"):
        TableSampler.tilted(LOG_TABLE, LOG_TABLE, beta=0.0)
    with pytest.raises(ValueError, match="`policy` must be a MarkovPolicy; got GRUPolicy"):
        MarkovSampler(gru())
