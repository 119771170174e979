"""The certified head of the distribution against enumeration."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharpsim.decoding import head
from sharpsim.policies import MarkovPolicy, tabulate


def policy_from(seed: int, end: int | None, concentration: float = 0.5) -> MarkovPolicy:
    rng = np.random.default_rng(seed)
    return MarkovPolicy.from_probs(rng.dirichlet(np.full(3, concentration), size=(2, 4)), horizon=4, end_token=end)


@given(seed=st.integers(0, 2**31), end=st.sampled_from([None, 1]), budget=st.sampled_from([1, 2, 5, 11, 60]))
def test_head_is_certified(seed, end, budget):
    policy = policy_from(seed, end)
    responses, log_probs = tabulate(policy, np.arange(2))
    for prompt, found in enumerate(head(policy, np.arange(2), max_expansions=budget)):
        table = {tuple(row): value for row, value in zip(responses.tolist(), log_probs[prompt], strict=True)}
        got = {tuple(row): value for row, value in zip(found.responses.tolist(), found.log_probs, strict=True)}
        assert len(got) == len(found.log_probs)
        assert all(table[row] == value for row, value in got.items())
        missing = [value for row, value in table.items() if row not in got and value > -np.inf]
        assert all(value <= found.bound for value in missing)
        assert found.remaining_mass == pytest.approx(math.fsum(math.exp(value) for value in missing), rel=1e-9)
        in_order = sorted((-value, row) for row, value in table.items() if value > -np.inf)
        certified = [(-value, tuple(row)) for value, row in zip(found.log_probs, found.responses.tolist(), strict=True)][: found.certified]
        strictly = [pair for pair in in_order if -pair[0] > found.bound]
        assert certified[: len(strictly)] == strictly
        assert found.certified >= len(strictly)
        assert found.expansions <= budget
        assert found.expansions == budget or found.bound == -math.inf


def test_everything_is_found_in_the_end():
    found = head(policy_from(0, None), np.arange(2), max_expansions=1000)
    for one in found:
        assert (len(one.log_probs), one.certified, one.bound, one.remaining_mass, one.expansions) == (81, 81, -math.inf, 0.0, 40)


def test_a_tiny_remaining_mass_keeps_its_digits():
    """1 - (sum of what was found) would be 0."""
    tiny = 1e-40
    table = np.full((1, 4, 3), -np.inf)
    table[0, :3, 0] = 0.0
    table[0, 3] = [math.log(0.5), math.log(0.5), math.log(tiny)]
    found = head(MarkovPolicy(table, horizon=3), np.zeros(1, dtype=int), max_expansions=5)[0]
    assert found.responses.tolist() == [[0, 0, 0], [1, 0, 0]]
    assert found.remaining_mass == pytest.approx(tiny, rel=1e-12)
    assert found.bound == pytest.approx(math.log(tiny), rel=1e-12)
    assert found.certified == 2


def test_a_response_as_likely_as_the_bound_is_certified():
    """Two responses of probability 1/2, one of them found: nothing that was not found is likelier."""
    table = np.full((1, 3, 2), -np.inf)
    table[0, :2, 0] = 0.0
    table[0, 2] = math.log(0.5)
    found = head(MarkovPolicy(table, horizon=3), np.zeros(1, dtype=int), max_expansions=4)[0]
    assert found.log_probs.tolist() == [found.bound] == [math.log(0.5)]
    assert found.certified == 1
    assert found.remaining_mass == pytest.approx(0.5, rel=1e-12)


def test_lanes_do_not_matter():
    policy = policy_from(3, 2)
    prompts = np.arange(40) % 2
    wide, narrow = (head(policy, prompts, max_expansions=7, lanes=lanes) for lanes in (256, 2))
    for a, b in zip(wide, narrow, strict=True):
        np.testing.assert_array_equal(a.responses, b.responses)
        assert (a.bound, a.remaining_mass, a.expansions) == (b.bound, b.remaining_mass, b.expansions)


@pytest.mark.parametrize("size", [0, 1, 3, 100])
def test_the_first_of_a_head_is_a_head(size):
    """What is cut off is counted as not found: masses add up to 1, and nothing outside is above the bound."""
    whole = head(policy_from(1, None), np.arange(1), max_expansions=11)[0]
    part = whole.first(size)
    assert len(part.log_probs) == len(part.responses) == min(size, len(whole.log_probs))
    assert np.exp(part.log_probs).sum() + part.remaining_mass == pytest.approx(1, rel=1e-6)
    cut = whole.log_probs[size:]
    assert part.bound == max([whole.bound, *cut.tolist()])
    assert part.certified == min(whole.certified, size)
    with pytest.raises(ValueError, match="`size`"):
        whole.first(-1)


def test_refusals():
    policy = policy_from(0, None)
    with pytest.raises(ValueError, match="`max_expansions`"):
        head(policy, np.arange(2), max_expansions=0)
    with pytest.raises(ValueError, match="`prompts`"):
        head(policy, np.arange(3), max_expansions=5)
    with pytest.raises(ValueError, match="`prompts`"):
        head(policy, np.zeros(0, dtype=int), max_expansions=5)
