"""Exact search against enumeration and dynamic programming: ties, slack, budgets, and the bound on expansions."""

import itertools
import math

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharpsim.decoding import SearchBudgetExceeded, greedy, most_likely, most_likely_batch, viterbi
from sharpsim.policies import MarkovPolicy, TabularSequencePolicy, tabulate
from sharpsim.sharpness import maximisers

ENOUGH = 10**6


@st.composite
def policies(draw, prompts=2, size=3, horizon=3):
    """Fixed shapes; probabilities are multiples of 1/8 or 1/12, so that ties and zeros abound, or generic."""
    unit = draw(st.sampled_from([8, 12, None]))
    end = draw(st.sampled_from([None, 0, 2]))
    rng = np.random.default_rng(draw(st.integers(0, 2**31)))
    tables = []
    for h in range(horizon):
        shape = (prompts, *[size] * h)
        if unit is None:
            tables.append(rng.dirichlet(np.full(size, 0.7), size=shape))
        else:
            tables.append(rng.multinomial(unit, np.full(size, 1 / size), size=shape) / unit)
    return TabularSequencePolicy.from_probs(tables, end_token=end)


def expected_set(responses, log_probs, slack):
    inside = np.flatnonzero(maximisers(log_probs[None], slack=slack))
    return sorted((-log_probs[i], tuple(responses[i].tolist())) for i in inside)


def expansion_bounds(policy, responses, log_probs, slack):
    """The two bounds with a guard for the rounding of P* and 1/q."""
    probs = np.exp(log_probs)
    q = (1 - slack) * probs.max()
    by_depth = 1 + (policy.horizon - 1) * math.floor(1 / q * (1 + 1e-9))
    by_mass = float(probs @ policy.lengths(responses)) / q * (1 + 1e-9)
    return by_depth, by_mass, policy.horizon / q * (1 + 1e-9)


@given(policy=policies(), slack=st.sampled_from([0.0, 0.25, 0.5, 0.9]))
def test_search_equals_enumeration(policy, slack):
    responses, log_probs = tabulate(policy, np.arange(2))
    for prompt, found in enumerate(most_likely_batch(policy, np.arange(2), slack=slack, max_expansions=ENOUGH)):
        wanted = expected_set(responses, log_probs[prompt], slack)
        assert [(-value, tuple(row)) for value, row in zip(found.log_probs, found.responses.tolist(), strict=True)] == wanted
        by_depth, by_mass, loose = expansion_bounds(policy, responses, log_probs[prompt], slack)
        assert 1 <= found.expansions <= min(by_depth, by_mass) <= loose


@given(policy=policies(), slack=st.sampled_from([0.0, 0.5]))
def test_expansions_are_the_prefixes_that_reach_the_edge(policy, slack):
    """Best-first search expands the prefixes of probability q or more, and no others."""
    found = most_likely(policy, 0, slack=slack, max_expansions=ENOUGH)
    edge = found.log_probs[0] + (math.log1p(-slack) - 1e-12 if slack else 0.0)
    nodes, size, count = np.asarray(policy.nodes[0]), policy.vocabulary_size, 0
    for depth in range(policy.horizon):
        for word in itertools.product([t for t in range(size) if t != policy.end_token], repeat=depth):
            node, total = 0, 0.0
            for token in word:
                total, node = total + nodes[node, token], node * size + 1 + token
            count += total >= edge
    assert found.expansions == count


@pytest.mark.parametrize("branches", [1, 2, 3, 7])
def test_bound_on_expansions_is_attained(branches):
    """q = 1/b with b equal, then deterministic, branches: 1 + (H-1) b expansions, which is the first bound exactly."""
    horizon, size = 6, 8
    table = np.zeros((1, size + 1, size))
    table[0, size, :branches] = 1 / branches
    table[0, np.arange(size), np.arange(size)] = 1
    policy = MarkovPolicy.from_probs(table, horizon=horizon)
    found = most_likely(policy, 0, max_expansions=ENOUGH)
    assert found.responses.tolist() == [[token] * horizon for token in range(branches)]
    assert found.expansions == 1 + (horizon - 1) * branches
    assert found.expansions <= horizon * branches


@pytest.mark.parametrize(("horizon", "end"), [(3, None), (5, 1)])
def test_uniform_policies_tie_everywhere(horizon, end):
    policy = MarkovPolicy.from_probs(np.full((1, 2), 0.5), horizon=horizon, end_token=end)
    found = most_likely(policy, 0, max_expansions=ENOUGH)
    if end is None:
        assert found.responses.tolist() == [list(word) for word in itertools.product(range(2), repeat=horizon)]
        assert found.expansions == 2**horizon - 1
    else:
        assert found.responses.tolist() == [[1] * horizon]
        assert found.expansions == 2
    np.testing.assert_array_equal(found.log_probs, found.log_probs[0])


@given(seed=st.integers(0, 2**31), end=st.sampled_from([None, 3]))
def test_viterbi_equals_search(seed, end):
    rng = np.random.default_rng(seed)
    policy = MarkovPolicy.from_probs(rng.dirichlet(np.full(4, 0.3), size=(1, 5, 5)), horizon=7, end_token=end)
    mode, path = most_likely(policy, 0, max_expansions=ENOUGH), viterbi(policy, 0)
    np.testing.assert_array_equal(path.response, mode.responses[0])
    assert path.log_prob == mode.log_probs[0]
    assert path.log_prob == pytest.approx(float(policy.log_prob(0, path.response)), rel=1e-12)


def test_viterbi_where_search_cannot_go():
    """50 tokens with a mode of probability e^-29.5."""
    table = np.array([[[0.45, 0.55], [0.56, 0.44], [0.5, 0.5]]])
    policy = MarkovPolicy.from_probs(table, horizon=50)
    path = viterbi(policy, 0)
    assert path.response.tolist() == [1, 0] * 25
    assert path.log_prob == pytest.approx(math.log(0.5) + 25 * math.log(0.56) + 24 * math.log(0.55), rel=1e-12)
    with pytest.raises(SearchBudgetExceeded):
        most_likely(policy, 0, max_expansions=500)
    with pytest.raises(ValueError, match="`policy` must be a MarkovPolicy"):
        viterbi(TabularSequencePolicy.from_probs([np.full((1, 2), 0.5)]), 0)


@given(policy=policies(), slack=st.sampled_from([0.0, 0.5]), budget=st.integers(1, 12))
def test_a_budget_is_kept_and_never_passes_for_proof(policy, slack, budget):
    full = most_likely(policy, 1, slack=slack, max_expansions=ENOUGH)
    if budget >= full.expansions:
        again = most_likely(policy, 1, slack=slack, max_expansions=budget)
        np.testing.assert_array_equal(again.responses, full.responses)
        assert again.expansions == full.expansions
        return
    with pytest.raises(SearchBudgetExceeded, match="`max_expansions`") as caught:
        most_likely(policy, 1, slack=slack, max_expansions=budget)
    failure = caught.value
    assert isinstance(failure, RuntimeError)
    assert failure.expansions == budget
    assert failure.incumbent.log_prob == pytest.approx(float(policy.log_prob(1, failure.incumbent.response)), rel=1e-12)
    assert failure.incumbent.log_prob <= full.log_probs[0] <= max(failure.bound, failure.incumbent.log_prob) + 1e-12


def test_budget_failures_can_be_returned_in_place():
    easy, hard = np.zeros((1, 2)), np.full((1, 2), 0.5)
    easy[0, 0] = 1
    policy = MarkovPolicy.from_probs(np.concatenate([easy, hard]), horizon=6)
    results = most_likely_batch(policy, np.array([0, 1, 0]), max_expansions=10, on_budget="return")
    assert [type(result).__name__ for result in results] == ["MostLikely", "SearchBudgetExceeded", "MostLikely"]
    with pytest.raises(SearchBudgetExceeded):
        most_likely_batch(policy, np.array([0, 1, 0]), max_expansions=10)


@pytest.mark.parametrize("lanes", [1, 3, 64])
def test_long_and_short_searches_share_lanes(lanes):
    """Searches past the first lanes' capacity and past one batch of 64 agree with Viterbi, whatever the lanes."""
    rng = np.random.default_rng(0)
    table = np.concatenate([rng.dirichlet(np.full(6, a), size=(4, 7)) for a in (0.05, 1.0, 20.0)])
    policy = MarkovPolicy.from_probs(table, horizon=5)
    results = most_likely_batch(policy, np.arange(12), max_expansions=ENOUGH, lanes=lanes)
    for prompt, found in enumerate(results):
        path = viterbi(policy, prompt)
        np.testing.assert_array_equal(found.responses[0], path.response)
        assert found.log_probs[0] == path.log_prob
    assert max(found.expansions for found in results) > 1024 > 64 > min(found.expansions for found in results)


def test_edges_of_slack_are_inside():
    """.6 and .3 at slack 1/2: the logarithms round the wrong way."""
    policy = TabularSequencePolicy.from_probs([np.array([[0.1, 0.3, 0.6]])])
    assert most_likely(policy, 0, slack=0.5, max_expansions=9).responses.tolist() == [[2], [1]]
    assert most_likely(policy, 0, slack=0.499, max_expansions=9).responses.tolist() == [[2]]


def test_one_token_and_one_response():
    policy = TabularSequencePolicy.from_probs([np.ones((1, 1))] * 1)
    found = most_likely(policy, 0, max_expansions=1)
    assert (found.responses.tolist(), found.log_probs.tolist(), found.expansions) == ([[0]], [0.0], 1)


def test_masses_far_below_the_range_of_floats():
    """P* = 1e-400 and less: log-probabilities do not underflow."""
    table = np.log(np.array([[[0.5, 0.5], [0.5, 0.5], [1e-200, 1 - 1e-200]]]))
    table[0, 2] = [math.log(1e-200), 0.0]
    policy = MarkovPolicy(table, horizon=2)
    found = most_likely(policy, 0, slack=0.0, max_expansions=9)
    assert found.responses.tolist() == [[1, 0], [1, 1]]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"max_expansions": 0}, "`max_expansions` must be a whole number of at least 1; got 0"),
        ({"max_expansions": 5, "slack": 1.0}, r"`slack` must be in \[0, 1\); got 1.0"),
        ({"max_expansions": 5, "slack": -0.1}, "`slack`"),
        ({"max_expansions": 5, "slack": math.nan}, "`slack`"),
    ],
)
def test_refusals(arguments, message):
    policy = MarkovPolicy.from_probs(np.full((1, 2), 0.5), horizon=2)
    with pytest.raises(ValueError, match=message):
        most_likely(policy, 0, **arguments)


def test_refuses_prompts_lanes_and_modes():
    policy = MarkovPolicy.from_probs(np.full((1, 2), 0.5), horizon=2)
    for prompt in (1, -1, 0.5):
        with pytest.raises(ValueError, match=r"`prompt` must be integers in 0..0"):
            most_likely(policy, prompt, max_expansions=5)
    for prompts in (0, np.zeros(0, dtype=int)):
        with pytest.raises(ValueError, match="`prompts` must hold at least one prompt"):
            most_likely_batch(policy, prompts, max_expansions=5)
    with pytest.raises(ValueError, match="`lanes`"):
        most_likely_batch(policy, np.zeros(1, dtype=int), max_expansions=5, lanes=0)


def test_refuses_steps_that_return_nan():
    class Broken(MarkovPolicy):
        def step(self, state, token):
            state, log_probs = super().step(state, token)
            return state, log_probs * jnp.nan

    broken = Broken(np.log(np.full((1, 2), 0.5)), horizon=2)
    with pytest.raises(ValueError, match="got NaN"):
        most_likely(broken, 0, max_expansions=5)


def test_greedy_is_the_mode_above_one_half_and_not_below():
    """Proposition 3.1's tight example: V = {0, 1}, H = 2."""
    t = 0.1
    first = np.array([[0.5 + t, 0.5 - t]])
    second = np.array([[[0.5, 0.5], [0.0, 1.0]]])
    policy = TabularSequencePolicy.from_probs([first, second])
    mode = most_likely(policy, 0, max_expansions=9)
    assert mode.responses.tolist() == [[1, 1]]
    assert math.exp(mode.log_probs[0]) == pytest.approx(0.5 - t)
    assert np.asarray(greedy(policy, 0)).tolist() == [0, 0]


def test_ties_expanded_together_are_the_same_search():
    """Uniform tokens: every prefix ties. The count, the set and the budget are those of one prefix at a time."""
    uniform = MarkovPolicy.from_probs(np.full((3, 2), 0.5), horizon=9)
    for found in most_likely_batch(uniform, np.arange(3), max_expansions=ENOUGH):
        assert found.expansions == 2**9 - 1
        assert [tuple(row) for row in found.responses.tolist()] == list(itertools.product(range(2), repeat=9))
    for budget in (1, 2, 63, 64, 65, 66, 300, 510):
        with pytest.raises(SearchBudgetExceeded) as caught:
            most_likely(uniform, 0, max_expansions=budget)
        assert caught.value.expansions == budget
    assert most_likely(uniform, 0, max_expansions=511).expansions == 511
