"""Sequence policies: sampling, likelihood and enumeration say the same law, and bad input is refused."""

import itertools
import subprocess
import sys

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sharpsim import _precision
from sharpsim.policies import MarkovPolicy, TabularSequencePolicy, inverse_cdf, tabulate

FALSE_ALARM = 1e-6


def random_tables(seed: int, prompts: int = 2, size: int = 3, horizon: int = 3, zeros: bool = False) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    tables = []
    for h in range(horizon):
        weights = rng.exponential(size=(prompts, *[size] * (h + 1)))
        if zeros:
            weights *= rng.random(weights.shape) < 0.6
            weights[..., 0] += weights.sum(axis=-1) == 0
        tables.append(weights / weights.sum(axis=-1, keepdims=True))
    return tables


def law_by_hand(tables: list[np.ndarray], end: int | None) -> dict[tuple[int, ...], np.ndarray]:
    """Every complete response and its probabilities, straight from the definition."""
    law: dict[tuple[int, ...], np.ndarray] = {}
    horizon, size = len(tables), tables[0].shape[-1]
    for word in itertools.product(range(size), repeat=horizon):
        length = word.index(end) + 1 if end is not None and end in word else horizon
        mass = np.prod([tables[h][(slice(None), *word[: h + 1])] for h in range(length)], axis=0)
        law[(*word[:length], *[end or 0] * (horizon - length))] = mass
    return law


@given(seed=st.integers(0, 2**31), end=st.sampled_from([None, 0, 2]), zeros=st.booleans())
def test_tabulate_lists_every_response_once_with_its_probability(seed, end, zeros):
    tables = random_tables(seed, zeros=zeros)
    responses, log_probs = tabulate(TabularSequencePolicy.from_probs(tables, end_token=end), np.arange(2))
    law = law_by_hand(tables, end)
    assert [tuple(row) for row in responses.tolist()] == sorted(law)
    np.testing.assert_allclose(np.exp(log_probs), np.array([law[key] for key in sorted(law)]).T, rtol=1e-12, atol=0)
    np.testing.assert_allclose(np.exp(log_probs).sum(axis=1), 1, rtol=1e-12)


@given(seed=st.integers(0, 2**31), end=st.sampled_from([None, 1]))
def test_log_prob_agrees_with_enumeration(seed, end):
    policy = TabularSequencePolicy.from_probs(random_tables(seed, zeros=True), end_token=end)
    responses, log_probs = tabulate(policy, np.arange(2))
    computed = jax.jit(jax.vmap(jax.vmap(policy.log_prob, (None, 0)), (0, None)))(jnp.arange(2), jnp.asarray(responses))
    np.testing.assert_allclose(np.exp(computed), np.exp(log_probs), rtol=1e-12)


def test_tokens_after_the_end_do_not_count():
    policy = TabularSequencePolicy.from_probs(random_tables(3), end_token=1)
    for tail in ([0, 2], [1, 1], [-7, 99]):
        response = np.array([1, *tail])
        assert float(policy.log_prob(0, response)) == pytest.approx(np.log(random_tables(3)[0][0, 1]), rel=1e-12)
        assert policy.lengths(response) == 1
    assert policy.lengths(np.array([[0, 2, 0], [0, 2, 1], [0, 1, 1]])).tolist() == [3, 3, 2]


def test_markov_policy_is_its_own_conditionals():
    """Order 2 with an end token, written out as explicit conditionals."""
    rng = np.random.default_rng(5)
    table = rng.dirichlet(np.ones(3), size=(2, 4, 4))
    markov = MarkovPolicy.from_probs(table, horizon=4, end_token=2)
    begin = 3
    conditionals = []
    for h in range(4):
        rows = np.empty((2, *[3] * (h + 1)))
        for word in itertools.product(range(3), repeat=h):
            older, newer = ([begin, begin, *word])[-2:]
            rows[(slice(None), *word)] = table[:, older, newer]
        conditionals.append(rows)
    explicit = TabularSequencePolicy.from_probs(conditionals, end_token=2)
    for got, wanted in zip(tabulate(markov, np.arange(2)), tabulate(explicit, np.arange(2)), strict=True):
        np.testing.assert_array_equal(got, wanted)


@pytest.mark.parametrize("order", [0, 1, 2, 3])
def test_markov_orders(order):
    size, horizon = 2, 4
    table = np.random.default_rng(order).dirichlet(np.ones(size), size=(1, *[size + 1] * order))
    responses, log_probs = tabulate(MarkovPolicy.from_probs(table, horizon=horizon), np.arange(1))
    for response, log_prob in zip(responses, log_probs[0], strict=True):
        history = [size] * order
        mass = 1.0
        for token in response:
            mass *= table[(0, *history, token)]
            history = [*history, token][len(history) + 1 - order :]
        assert np.exp(log_prob) == pytest.approx(mass, rel=1e-12)


@pytest.mark.parametrize("end", [None, 0])
def test_sampler_has_the_enumerated_law(end):
    """Pearson's statistic over all responses at false-alarm rate 1e-6; a shift of one response by 2 points of mass is seen."""
    draws = 40_000
    policy = TabularSequencePolicy.from_probs(random_tables(11, zeros=True), end_token=end)
    responses, log_probs = tabulate(policy, np.arange(2))
    keys = jax.random.split(jax.random.key(17), draws)
    drawn = np.asarray(jax.jit(jax.vmap(lambda key: policy.sample(1, key=key)))(keys))
    codes = {tuple(row): i for i, row in enumerate(responses.tolist())}
    counts = np.bincount([codes[tuple(row)] for row in drawn.tolist()], minlength=len(responses))
    law = np.exp(log_probs[1])
    assert not counts[law == 0].any()
    large = draws * law >= 5
    assert not large.all()
    pooled = np.append(law[large], law[~large].sum())
    observed = np.append(counts[large], counts[~large].sum())
    kept = pooled > 0
    threshold = stats.chi2.isf(FALSE_ALARM, kept.sum() - 1)

    pooled, observed = pooled[kept], observed[kept]

    def statistic(expected):
        return ((observed - draws * expected) ** 2 / (draws * expected)).sum()

    assert statistic(pooled) < threshold
    shifted = pooled.copy()
    shifted[[pooled.argmin(), pooled.argmax()]] += [0.02, -0.02]
    assert statistic(shifted) > threshold


@given(values=st.lists(st.just(0.0) | st.floats(1e-300, 1), min_size=5, max_size=5).filter(any), uniform=st.floats(0, 1, exclude_max=True))
def test_inverse_cdf_never_draws_what_has_no_mass(values, uniform):
    probs = np.array(values) / np.sum(values)
    with np.errstate(divide="ignore"):
        token = int(inverse_cdf(jnp.log(jnp.asarray(probs)), jnp.asarray(uniform)))
    assert probs[token] > 0
    assert probs[:token].sum() <= uniform + 1e-12
    assert probs[: token + 1].sum() >= uniform - 1e-12


def test_methods_are_jittable_and_differentiable():
    policy = TabularSequencePolicy.from_probs(random_tables(2), end_token=1)
    key, response = jax.random.key(0), jnp.array([0, 2, 1])
    np.testing.assert_array_equal(eqx.filter_jit(policy.sample)(0, key=key), policy.sample(0, key=key))
    gradient = jax.jit(jax.grad(lambda nodes: TabularSequencePolicy.log_prob(_with_nodes(policy, nodes), 0, response)))(policy.nodes)
    assert float(gradient.sum()) == 3.0
    assert np.isfinite(np.asarray(gradient)).all()


def _with_nodes(policy, nodes):
    return eqx.tree_at(lambda p: p.nodes, policy, nodes)


NAN = np.array([[0.5, np.nan]])
HALF = np.full((1, 2), 0.5)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: TabularSequencePolicy([]), "`conditionals` must be a sequence of arrays of floats"),
        (lambda: TabularSequencePolicy([np.log(HALF), np.log(HALF)]), r"`conditionals\[1\]` must have shape \(1, 2, 2\)"),
        (lambda: TabularSequencePolicy([np.zeros(2)]), r"must have shape \[prompts, V\]"),
        (lambda: TabularSequencePolicy([NAN]), "must not hold NaN"),
        (lambda: TabularSequencePolicy([HALF]), "sum to 1"),
        (lambda: TabularSequencePolicy.from_probs([NAN]), "non-negative"),
        (lambda: TabularSequencePolicy.from_probs([np.array([[1.5, -0.5]])]), "non-negative"),
        (lambda: TabularSequencePolicy.from_probs([HALF], end_token=2), "`end_token` must be None or an integer in 0..1; got 2"),
        (lambda: MarkovPolicy.from_probs(np.full((1, 2, 2), 0.5), horizon=3), r"\[prompts, V \+ 1"),
        (lambda: MarkovPolicy.from_probs(HALF, horizon=0), "`horizon`"),
        (lambda: MarkovPolicy.from_probs(HALF, horizon=2, end_token=-1), "`end_token`"),
        (lambda: MarkovPolicy.from_probs(HALF * 0.9, horizon=2), "sum to 1"),
        (lambda: tabulate(MarkovPolicy.from_probs(HALF, horizon=30), np.arange(1)), r"1.07374e\+09 elements.*decoding.most_likely"),
        (lambda: tabulate(MarkovPolicy.from_probs(HALF, horizon=5000), np.arange(1)), "decoding.most_likely"),
        (lambda: tabulate(MarkovPolicy.from_probs(HALF, horizon=2), np.arange(2)), r"`prompts` must be integers in 0..0"),
    ],
)
def test_refusals_at_construction(build, message):
    with pytest.raises(ValueError, match=message):
        build()


@pytest.mark.parametrize("prompt", [-1, 2, 0.0, np.array([0, 5])])
def test_refuses_prompts_out_of_range(prompt):
    policy = TabularSequencePolicy.from_probs(random_tables(0))
    with pytest.raises(ValueError, match=r"`prompt` must be integers in 0..1"):
        policy.sample(prompt, key=jax.random.key(0))
    with pytest.raises(ValueError, match=r"`prompt` must be integers in 0..1"):
        policy.log_prob(prompt, np.zeros(3, dtype=int))


@pytest.mark.parametrize("response", [np.zeros(2, dtype=int), np.array([0, 1, 3]), np.array([-1, 0, 0]), np.zeros(3)])
def test_refuses_responses_that_are_none(response):
    with pytest.raises(ValueError, match="`response` must"):
        TabularSequencePolicy.from_probs(random_tables(0)).log_prob(0, response)


def test_float64_in_a_float32_world_warns_once(monkeypatch):
    monkeypatch.setattr(_precision, "_warned", False)
    with jax.enable_x64(False):
        with pytest.warns(UserWarning, match="jax_enable_x64"):
            policy = MarkovPolicy.from_probs(HALF, horizon=2)
        assert policy.log_probs.dtype == jnp.float32
        MarkovPolicy.from_probs(HALF, horizon=2)
        MarkovPolicy.from_probs(HALF.astype(np.float32), horizon=2).sample(0, key=jax.random.key(0))
    assert MarkovPolicy.from_probs(HALF, horizon=2).log_probs.dtype == jnp.float64


def test_packages_import_no_jax():
    code = "import sys, sharpsim.policies, sharpsim.decoding, sharpsim.tasks.pronunciation; sys.exit('jax' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_inverse_cdf_survives_sums_that_round_both_ways():
    """A parallel cumulative sum can exceed, at a token without mass, the sums around it; the uniform is put right there."""
    rng = np.random.default_rng(0)
    probs = rng.exponential(size=(100, 2000)) * (rng.random((100, 2000)) < 0.5)
    probs /= probs.sum(axis=1, keepdims=True)

    # Row by row: all at once would need gigabytes.
    @jax.jit
    def judged(row):
        cumulative = jnp.cumsum(row)
        before = jnp.concatenate([jnp.zeros(1), cumulative[:-1]])
        total = jnp.max(jnp.where(row > 0, cumulative, 0))
        tokens = jax.vmap(inverse_cdf, (None, 0))(jnp.log(row), jnp.minimum(before / total, 1 - 1e-16))
        return ((cumulative > before) & (row == 0)).any(), (row[tokens] > 0).all()

    exceeds, right = zip(*map(judged, probs), strict=True)
    assert any(exceeds)
    assert all(right)
