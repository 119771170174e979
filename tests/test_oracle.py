"""The oracle: costs, counts against exact laws at false-alarm rate 1e-6, and what it refuses."""

import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sharpsim import LawOracle, Oracle, TabularPolicy, laws, rewards
from sharpsim.policies import TabularSequencePolicy
from sharpsim.testing import multinomial_test

with np.errstate(divide="ignore"):
    TABLE = np.log([[0.4, 0.2, 0.2, 0.1, 0.1], [0.05, 0.05, 0.3, 0.3, 0.3], [1.0, 0, 0, 0, 0], [0.01, 0.02, 0.07, 0.4, 0.5]])
WEIGHTS = np.array([0.3, 0.3, 0.1, 0.3])
BOTH = pytest.mark.parametrize("kind", [Oracle, LawOracle])


def counts(batch):
    table = np.zeros(TABLE.shape)
    np.add.at(table, (np.asarray(batch.prompts), np.asarray(batch.responses)), 1)
    return table.ravel()


@BOTH
@pytest.mark.parametrize("N", [1, 3, 20])
def test_best_of_follows_its_law(kind, N):
    batch = kind(TabularPolicy(TABLE), WEIGHTS).best_of(50_000, N, key=jax.random.key(N))
    assert batch.cost == 50_000 * N
    law = WEIGHTS[:, None] * np.exp(laws.best_of_n(TABLE, TABLE, draws=N))
    assert multinomial_test(counts(batch), law.ravel())
    # The same counts tell N from N + 1.
    if N < 20:
        assert not multinomial_test(counts(batch), (WEIGHTS[:, None] * np.exp(laws.best_of_n(TABLE, TABLE, draws=N + 1))).ravel())
    np.testing.assert_array_equal(batch.log_probs, TABLE[np.asarray(batch.prompts), np.asarray(batch.responses)])


@BOTH
def test_rewards_with_ties(kind):
    """Majority over answers: whole answers tie, and the first drawn of them is kept."""
    reward = rewards.majority(TABLE, np.array([0, 1, 1, 2, 2]))
    batch = kind(TabularPolicy(TABLE), WEIGHTS, reward=reward).best_of(50_000, 4, key=jax.random.key(9))
    assert multinomial_test(counts(batch), (WEIGHTS[:, None] * np.exp(laws.best_of_n(TABLE, reward, draws=4))).ravel())
    assert not multinomial_test(counts(batch), (WEIGHTS[:, None] * np.exp(laws.best_of_n(TABLE, TABLE, draws=4))).ravel())


@BOTH
@pytest.mark.parametrize("stop", [0.3, 1.0, 2.5])
def test_adaptive_follows_its_law(kind, stop):
    batch = kind(TabularPolicy(TABLE), WEIGHTS).best_until(50_000, stop=stop, key=jax.random.key(5))
    assert float(batch.cost) == float(np.sum(np.asarray(batch.draws)))
    assert multinomial_test(counts(batch), (WEIGHTS[:, None] * np.exp(laws.stopping_kept(TABLE, stop=stop))).ravel())
    for prompt in range(4):
        draws = np.asarray(batch.draws)[np.asarray(batch.prompts) == prompt].astype(int)
        longest = int(draws.max()) + 300
        survival = laws.stopping_time_survival(TABLE[prompt], stop=stop, after=np.arange(longest))
        law = np.append(-np.diff(survival), survival[-1])
        assert multinomial_test(np.bincount(draws - 1, minlength=longest), law)
        if len(set(draws)) > 1:
            assert not multinomial_test(np.bincount(draws, minlength=longest), law)


@pytest.mark.parametrize("stop", [5e-324, 1e-310, 1e-300])
def test_the_least_stopping_parameters_stop_at_the_first_draw(stop):
    """Compiled code may take a subnormal number for 0, which is no stopping parameter."""
    batch = LawOracle(TabularPolicy(TABLE), WEIGHTS).best_until(5, stop=stop, key=jax.random.key(0))
    np.testing.assert_array_equal(batch.draws, 1.0)


def test_draw_hands_out_samples_and_likelihoods():
    draws = Oracle(TabularPolicy(TABLE), WEIGHTS).draw(2000, 3, key=jax.random.key(0))
    assert (draws.prompts.shape, draws.responses.shape, draws.log_probs.shape, draws.cost) == ((2000,), (2000, 3), (2000, 3), 6000)
    rows = np.repeat(np.asarray(draws.prompts)[:, None], 3, axis=1)
    np.testing.assert_array_equal(draws.log_probs, TABLE[rows, np.asarray(draws.responses)])
    assert multinomial_test(np.bincount(np.asarray(draws.prompts), minlength=4), WEIGHTS)


def test_no_response_without_mass_in_long_rows():
    """Parallel sums are not monotone; inverting them must still never return a response of mass 0."""
    mass = np.random.default_rng(0).dirichlet(np.full(5000, 0.02))
    mass[::3] = 0
    with np.errstate(divide="ignore"):
        table = np.log(mass / mass.sum())[None]
    for kind in (Oracle, LawOracle):
        batch = kind(TabularPolicy(table), np.ones(1)).best_of(20_000, 1, key=jax.random.key(1))
        assert np.isfinite(np.asarray(batch.log_probs)).all()
    policy = TabularPolicy(table)
    drawn = jax.vmap(lambda key: policy.sample(jnp.int32(0), key=key))(jax.random.split(jax.random.key(2), 20_000))
    assert (mass[np.asarray(drawn)] > 0).all()


def test_cost_is_a_python_int_under_jit():
    made = []

    def run(key):
        batch = LawOracle(TabularPolicy(TABLE), WEIGHTS).best_of(10**5, 10**6, key=key)
        made.append(batch.cost)
        return batch

    assert jax.jit(run)(jax.random.key(0)).cost == 10**11
    assert made == [10**11]
    assert type(made[0]) is int


def test_sequences_and_a_reward_function():
    policy = TabularSequencePolicy([np.log([[0.6, 0.4]]), np.log([[[0.5, 0.5], [0.9, 0.1]]])])
    oracle = Oracle(policy, np.ones(1), reward=lambda prompt, response, log_prob: -log_prob)
    batch = oracle.best_of(500, 60, key=jax.random.key(0))
    # The reward prefers the least likely sequence, (1, 1) of mass 0.04; 60 draws miss it with probability 0.09.
    assert batch.responses.shape == (500, 2)
    assert (np.asarray(batch.responses) == 1).all(axis=1).mean() > 0.8
    with pytest.raises(ValueError, match="`base`"):
        LawOracle(policy, np.ones(1))
    with pytest.raises(ValueError, match="`base`"):
        oracle.best_until(3, stop=1.0, key=jax.random.key(0))


@BOTH
def test_refusals(kind):
    base = TabularPolicy(TABLE)
    oracle = kind(base, WEIGHTS)
    for call in (lambda: oracle.best_of(0, 1, key=jax.random.key(0)), lambda: oracle.draw(0, 2, key=jax.random.key(0))):
        with pytest.raises(ValueError, match="`n`"):
            call()
    with pytest.raises(ValueError, match="`N`"):
        oracle.best_of(1, 0, key=jax.random.key(0))
    with pytest.raises(ValueError, match="`stop`"):
        oracle.best_until(1, stop=0.0, key=jax.random.key(0))
    with pytest.raises(ValueError, match="`prompt_weights`"):
        kind(base, WEIGHTS[:3])
    with pytest.raises(ValueError, match="`prompt_weights`"):
        kind(base, WEIGHTS * 1.1)
    with pytest.raises(ValueError, match="`reward`"):
        kind(base, WEIGHTS, reward=np.full(TABLE.shape, np.nan))
    with pytest.raises(ValueError, match="`reward`"):
        kind(base, WEIGHTS, reward=TABLE[:2])


def test_float64_without_x64_warns_once():
    code = (
        "import warnings, numpy as np; from sharpsim import TabularPolicy\n"
        "with warnings.catch_warnings(record=True) as seen:\n"
        "    warnings.simplefilter('always')\n"
        "    [TabularPolicy.from_probs(np.array([[0.5, 0.5]])) for _ in range(3)]\n"
        "print(len([w for w in seen if 'x64' in str(w.message)]))\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "1"


@pytest.mark.parametrize("kind", [Oracle, LawOracle])
@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.uint32, np.int64, bool])
def test_whole_rewards_are_sorted_like_floats(kind, dtype):
    base = TabularPolicy.from_probs(np.array([[0.5, 0.3, 0.2]]))
    responses = kind(base, np.ones(1), reward=np.array([[0, 1, 1]]).astype(dtype)).best_of(500, 60, key=jax.random.key(0)).responses
    assert (np.asarray(responses) > 0).all()


@pytest.mark.parametrize("kind", [Oracle, LawOracle])
@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.uint32, np.int64])
def test_prompt_numbers_of_any_width(kind, dtype):
    probs = np.random.default_rng(0).dirichlet(np.ones(64), 5)
    oracle, prompts = kind(TabularPolicy.from_probs(probs), np.full(5, 0.2)), np.array([4, 0, 3])
    best = oracle.respond(prompts.astype(dtype), 10**5, key=jax.random.key(0)).responses
    np.testing.assert_array_equal(best, probs[prompts].argmax(axis=1))


def test_rewards_as_lists_and_more_draws_than_masses_are_told_apart():
    base = TabularPolicy.from_probs(np.array([[0.5, 0.3, 0.2]]))
    oracle = LawOracle(base, np.ones(1), reward=[[0.0, 0.0, 1.0]])
    assert (np.asarray(oracle.best_of(10, 2**100, key=jax.random.key(0)).responses) == 2).all()
    beyond = LawOracle(base, np.ones(1), reward=np.array([[2**53, 2**53 + 1, 0]]))
    assert (np.asarray(beyond.best_of(10, 10**4, key=jax.random.key(0)).responses) == 1).all()
    with pytest.raises(ValueError, match=r"`N` must be at most 2\^100"):
        oracle.best_of(10, 2**100 + 1, key=jax.random.key(0))


@pytest.mark.parametrize("kind", [Oracle, LawOracle])
def test_nonsense_is_refused_by_name(kind):
    oracle, key = kind(TabularPolicy.from_probs(np.full((2, 4), 0.25)), np.full(2, 0.5)), jax.random.key(0)
    for prompts in ([-1], [2], [0.0], [[0]], []):
        with pytest.raises(ValueError, match="`prompts` must"):
            oracle.respond(np.array(prompts), 3, key=key)
    with pytest.raises(ValueError, match="`stop` must be one number"):
        oracle.best_until(2, stop=np.array([1.0, 2.0]), key=key)
    with pytest.raises(ValueError, match="`active` must be true or false"):
        oracle.step(np.array([2, 0]), key=key)
    with pytest.raises(ValueError, match=r"`prompts` must be integers in 0\.\.1"):
        oracle.evaluate(jnp.array([7]), jnp.array([0]))
    with pytest.raises(ValueError, match="`prompts` must be left out for a tabular base"):
        kind(TabularPolicy.from_probs(np.full((2, 4), 0.25)), np.full(2, 0.5), prompts=np.array([1, 0]))
    with pytest.raises(ValueError, match="`active` must have one entry for each of the 2 prompts"):
        oracle.step(np.ones(3, bool), key=key)
    for N in (0, -1, 1.5, float("nan")):
        with pytest.raises(ValueError, match="`N` must be a whole number"):
            oracle.best_of(2, N, key=key)


@BOTH
def test_prompts_say_nothing_of_responses(kind):
    """Two prompts of one law: the pairs have the product law, for every query that draws both."""
    oracle, n = kind(TabularPolicy.from_probs(np.full((2, 4), 0.25)), np.full(2, 0.5)), 20_000
    for impl in ("threefry2x32", "philox2x32"):
        key = jax.random.key(4, impl=impl)
        draws = oracle.draw(n, 1, key=key)
        for prompts, responses in (
            (draws.prompts, draws.responses[:, 0]),
            *((batch.prompts, batch.responses) for batch in (oracle.best_of(n, 2, key=key), oracle.best_until(n, stop=0.2, key=key))),
        ):
            counts = np.bincount(np.asarray(prompts) * 4 + np.asarray(responses), minlength=8)
            assert multinomial_test(counts, np.full(8, 1 / 8))


@pytest.mark.parametrize("N", [0.0, -3.0, np.nan, 1e36])
def test_traced_nonsense_is_no_answer(N):
    oracle = LawOracle(TabularPolicy.from_probs(np.array([[0.5, 0.3, 0.2]])), np.ones(1))
    batch = jax.jit(lambda N: oracle.best_of(5, N, key=jax.random.key(0)))(N)
    assert (np.asarray(batch.responses) == -1).all()
    assert np.isnan(batch.log_probs).all()


def test_small_floats_end_too():
    """A float16 cannot count to its own deadlines; a float32 holds no such stop."""
    table = TabularPolicy(np.log(np.full((1, 8), 0.125)).astype(np.float16))
    draws = Oracle(table, np.ones(1)).best_until(2, stop=300.0, key=jax.random.key(0)).draws
    np.testing.assert_allclose(draws, 2400, rtol=2e-3)
    with pytest.raises(ValueError, match="`stop` must be at most"):
        LawOracle(TabularPolicy(np.log([[0.5, 0.5]]).astype(np.float32)), np.ones(1)).best_until(2, stop=1e39, key=jax.random.key(0))
