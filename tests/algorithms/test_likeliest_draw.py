"""The likeliest of N draws is that of `sample_many`, however it is found; and it is found in few steps where one response is probable."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sharpsim.algorithms import _likeliest_draw
from sharpsim.algorithms._likeliest_draw import _searched, best_responses, likeliest_draws
from sharpsim.decoding import sample_many
from tests.tiny import FREE, Free, each_kind, pairs

KEY = jax.random.key(7)
PROMPTS = pairs(0, n=150)[0]
ROWS = np.arange(70) % 2


@pytest.fixture(params=[0, 10**9], ids=["searched", "all finished"])
def either_way(request, monkeypatch):
    monkeypatch.setattr(_likeliest_draw, "DEAR", request.param)


@each_kind
@pytest.mark.parametrize("draws", [1, 6, 40])
@pytest.mark.usefixtures("either_way")
def test_it_is_the_likeliest_of_the_same_draws(build, draws):
    policy = build()
    found = likeliest_draws(policy, PROMPTS, draws=draws, key=KEY)
    assert found.dtype == np.int32
    np.testing.assert_array_equal(found, best_responses(sample_many(policy, PROMPTS, draws=draws, key=KEY)))


@pytest.mark.parametrize("policy", [FREE, Free(FREE.logits * 6)], ids=["flat", "peaked"])
@pytest.mark.usefixtures("either_way")
def test_without_an_end_token(policy):
    found = likeliest_draws(policy, ROWS, draws=9, key=KEY)
    np.testing.assert_array_equal(found, best_responses(sample_many(policy, ROWS, draws=9, key=KEY)))


@pytest.mark.usefixtures("either_way")
def test_of_equally_likely_draws_the_first_is_kept():
    # The first token is one of two that are equally likely; the second is certain, so that a complete draw ties with a prefix.
    halves = Free(jnp.log(jnp.asarray([[[0.5, 0.5, 0.0], *[[0.0, 0.0, 1.0]] * 3]] * 2)))
    for policy in (halves, Free(jnp.zeros((2, 4, 3)))):
        drawn = sample_many(policy, ROWS, draws=5, key=KEY)
        assert len(np.unique(drawn.responses[:, 0, 0])) > 1
        np.testing.assert_array_equal(likeliest_draws(policy, ROWS, draws=5, key=KEY), drawn.responses[:, 0])


def test_the_more_probable_the_response_the_fewer_the_steps(monkeypatch):
    peaked, draws = Free(FREE.logits * 40), 30
    assert _searched(peaked, ROWS, draws, KEY)[1] <= 2 * len(ROWS) + 4
    # Uniform laws: every drawn prefix is as likely as any other, and there are no more than 1 + 3.
    assert 3 * len(ROWS) < _searched(Free(jnp.zeros((2, 4, 3))), ROWS, draws, KEY)[1] <= 4 * len(ROWS)
    # As few draws at a time as there is memory for.
    monkeypatch.setattr(_likeliest_draw, "SLOT_BYTES", 1)
    np.testing.assert_array_equal(_searched(FREE, ROWS[:5], 4, KEY)[0], best_responses(sample_many(FREE, ROWS[:5], draws=4, key=KEY)))


@pytest.mark.usefixtures("either_way")
def test_nan_is_refused():
    broken = eqx.tree_at(lambda policy: policy.logits, FREE, FREE.logits.at[1, 2].set(jnp.nan))
    with pytest.raises(ValueError, match="must return log-probabilities; got NaN"):
        likeliest_draws(broken, ROWS, draws=20, key=KEY)
