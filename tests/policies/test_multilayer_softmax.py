"""Multi-layer linear softmax policies: Eq. 11 literally, as tables and on the fly, under every decoder."""

import itertools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sharpsim import decoding, instances
from sharpsim.policies import FeatureTables, MultilayerSoftmaxPolicy, TabularSequencePolicy, tabulate
from sharpsim.testing import multinomial_test

SIZE, HORIZON, DIMENSION, PROMPTS = 3, 3, 4, 2


def random_tables(seed: int) -> tuple[list[np.ndarray], np.ndarray]:
    rng = np.random.default_rng(seed)
    tables = [rng.normal(size=(PROMPTS, *[SIZE] * (h + 1), DIMENSION)) for h in range(HORIZON)]
    return tables, rng.normal(size=(HORIZON, DIMENSION))


def conditionals(tables: list[np.ndarray], weights: np.ndarray) -> list[np.ndarray]:
    """Eq. 11 in NumPy."""
    logits = [table @ row for table, row in zip(tables, weights, strict=True)]
    return [layer - np.log(np.exp(layer).sum(axis=-1, keepdims=True)) for layer in logits]


@pytest.mark.parametrize("end", [None, 1])
def test_it_is_the_law_of_its_conditionals(end):
    tables, weights = random_tables(1)
    policy = MultilayerSoftmaxPolicy.from_tables(tables, weights, end_token=end)
    explicit = TabularSequencePolicy(conditionals(tables, weights), end_token=end)
    (tokens, got), (_, wanted) = tabulate(policy, np.arange(PROMPTS)), tabulate(explicit, np.arange(PROMPTS))
    np.testing.assert_allclose(got, wanted, rtol=1e-13)
    scored = jax.jit(jax.vmap(jax.vmap(policy.log_prob, (None, 0)), (0, None)))(jnp.arange(PROMPTS), jnp.asarray(tokens))
    np.testing.assert_allclose(scored, wanted, rtol=1e-13)


def test_decoders_agree_with_the_explicit_policy():
    tables, weights = random_tables(2)
    policy = MultilayerSoftmaxPolicy.from_tables(tables, weights)
    explicit = TabularSequencePolicy(conditionals(tables, weights))
    for x in range(PROMPTS):
        assert decoding.greedy(policy, x).tolist() == decoding.greedy(explicit, x).tolist()
        assert decoding.beam(policy, x, width=4)[0].tolist() == decoding.beam(explicit, x, width=4)[0].tolist()
        ours, theirs = (decoding.most_likely(p, x, slack=0.3, max_expansions=1000) for p in (policy, explicit))
        assert ours.responses.tolist() == theirs.responses.tolist()
        assert ours.expansions == theirs.expansions
    cold = decoding.TemperedPolicy(policy, temperature=0.25)
    member = MultilayerSoftmaxPolicy.from_tables(tables, 4 * weights)
    np.testing.assert_allclose(tabulate(cold, np.arange(1))[1], tabulate(member, np.arange(1))[1], rtol=1e-12)


def test_samples_follow_the_law():
    tables, weights = random_tables(3)
    policy = MultilayerSoftmaxPolicy.from_tables(tables, weights)
    drawn = jax.jit(jax.vmap(lambda key: policy.sample(jnp.asarray(1), key=key)))(jax.random.split(jax.random.key(4), 20_000))
    counts = np.bincount(np.asarray(drawn) @ SIZE ** np.arange(HORIZON)[::-1], minlength=SIZE**HORIZON)
    law = np.exp(tabulate(policy, np.arange(2))[1])
    assert multinomial_test(counts, law[1])
    assert not multinomial_test(counts, law[0])


def test_weights_for_each_prompt_are_features_with_its_indicator():
    tables, _ = random_tables(5)
    own = np.random.default_rng(6).normal(size=(PROMPTS, HORIZON, DIMENSION))
    policy = MultilayerSoftmaxPolicy.from_tables(tables, own)
    widened = []
    for table in tables:
        wide = np.zeros((*table.shape[:-1], PROMPTS * DIMENSION))
        for x in range(PROMPTS):
            wide[x, ..., x * DIMENSION : (x + 1) * DIMENSION] = table[x]
        widened.append(wide)
    shared = MultilayerSoftmaxPolicy.from_tables(widened, own.transpose(1, 0, 2).reshape(HORIZON, -1))
    np.testing.assert_allclose(tabulate(policy, np.arange(2))[1], tabulate(shared, np.arange(2))[1], rtol=1e-12)
    np.testing.assert_allclose(policy.norms, np.linalg.norm(own, axis=-1), rtol=1e-14)


def test_features_on_the_fly_are_those_of_the_table():
    """The cubic features of the max-cut models, written out for all prefixes by the function itself in NumPy."""
    weights = instances.max_cut(instances.complete_graph(3), scale=1.0).weights
    tables = []
    for h in range(5):
        table = np.empty((1, *[2] * (h + 1), weights.shape[1]))
        for word in itertools.product((0, 1), repeat=h):
            prefix = np.array([*word, *[0] * (5 - h)])
            table[(0, *word)] = instances.max_cut_features(0, prefix, h)
        tables.append(table)
    flying = MultilayerSoftmaxPolicy(instances.max_cut_features, weights, vocabulary_size=2)
    written = MultilayerSoftmaxPolicy.from_tables(tables, weights)
    np.testing.assert_array_equal(tabulate(flying, np.arange(1))[1], tabulate(written, np.arange(1))[1])


def test_gradients_and_transformations():
    """The gradient of log pi is the feature minus its mean, layer by layer."""
    tables, weights = random_tables(7)
    policy = MultilayerSoftmaxPolicy.from_tables(tables, weights)
    response = jnp.array([2, 0, 1])
    got = eqx.filter_grad(lambda p: p.log_prob(1, response))(policy).weights[0]
    laws = conditionals(tables, weights)
    for h in range(HORIZON):
        before = (1, *np.asarray(response)[:h].tolist())
        wanted = tables[h][before][int(response[h])] - np.exp(laws[h][before]) @ tables[h][before]
        np.testing.assert_allclose(got[h], wanted, rtol=1e-11, atol=1e-13)


def test_refusals():
    tables, weights = random_tables(8)
    features = instances.max_cut_features
    with pytest.raises(ValueError, match=r"`weights` must be an array \[\.\.\., H, d\]; got shape \(4,\)"):
        MultilayerSoftmaxPolicy(features, np.zeros(4), vocabulary_size=2)
    with pytest.raises(ValueError, match="`weights` must be finite"):
        MultilayerSoftmaxPolicy(features, np.full((5, 5), np.nan), vocabulary_size=2)
    with pytest.raises(ValueError, match=r"`features` must give shape \(2, 4\), \[V, d\] with the d of `weights`; got \(2, 5\)"):
        MultilayerSoftmaxPolicy(features, np.zeros((5, 4)), vocabulary_size=2)
    with pytest.raises(ValueError, match="`prompts` must be the number of weights' prompts, 3; got 2"):
        MultilayerSoftmaxPolicy(features, np.zeros((3, 5, 5)), vocabulary_size=2, prompts=2)
    with pytest.raises(ValueError, match=r"`end_token` must be None or an integer in 0..2; got 3"):
        MultilayerSoftmaxPolicy.from_tables(tables, weights, end_token=3)
    with pytest.raises(ValueError, match="`tables` must be 2, one for each layer of `weights`; got 3"):
        MultilayerSoftmaxPolicy.from_tables(tables, weights[:2])
    with pytest.raises(ValueError, match=r"`prompt` must be integers in 0..1; got 2"):
        MultilayerSoftmaxPolicy.from_tables(tables, weights).log_prob(2, [0, 0, 0])
    with pytest.raises(ValueError, match="`tables` must be a sequence of arrays of numbers"):
        FeatureTables([])
    with pytest.raises(ValueError, match=r"`tables\[0\]` must have shape \[prompts, V, d\]"):
        FeatureTables([np.zeros((2, 2))])
    with pytest.raises(ValueError, match=r"`tables\[1\]` must have shape \(2, 3, 3, 4\)"):
        FeatureTables([tables[0], tables[0]])
    with pytest.raises(ValueError, match=r"`tables\[0\]` must hold finite numbers"):
        FeatureTables([np.full((1, 2, 2), np.inf)])
