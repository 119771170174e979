"""Exact search on the pretrained network: what it proves, and how fast."""

import importlib.util
import time

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sharpsim.decoding import beam, greedy, head, most_likely, most_likely_batch
from sharpsim.policies import pretrained_g2p
from sharpsim.tasks.pronunciation import sample_words

pytestmark = pytest.mark.skipif(
    not all(importlib.util.find_spec(name) for name in ("g2p_en", "pocketsphinx")), reason="needs the extra sharpsim[real]"
)


@pytest.fixture(scope="module")
def words():
    policy = pretrained_g2p()
    return policy, np.stack([policy.encode(word) for word in sample_words(300, 1)])


def test_the_mode_is_proven(words):
    """No beam beats it, majority modes are greedy's (Proposition 3.1), and expansions stay below H/P*."""
    policy, prompts = words
    modes = most_likely_batch(policy, prompts, max_expansions=10**4)
    beams = jax.vmap(lambda prompt: beam(policy, prompt, width=16))(jnp.asarray(prompts))
    greedies = np.asarray(jax.vmap(lambda prompt: greedy(policy, prompt))(jnp.asarray(prompts)))
    by_beam = np.asarray(beams[1], dtype=np.float64)[:, 0]
    log_probs = np.array([mode.log_probs[0] for mode in modes])
    assert (log_probs >= by_beam - 2e-5).all()
    same = np.array([(mode.responses[0] == response).all() for mode, response in zip(modes, greedies, strict=True)])
    assert same[np.exp(log_probs) > 0.5].all()
    assert not same.all()
    assert all(mode.expansions <= policy.horizon / np.exp(mode.log_probs[0]) for mode in modes)


def test_one_word_at_a_time_agrees(words):
    policy, prompts = words
    modes = most_likely_batch(policy, prompts[:5], max_expansions=10**4)
    for prompt, mode in zip(prompts[:5], modes, strict=True):
        alone = most_likely(policy, prompt, max_expansions=10**4)
        np.testing.assert_array_equal(alone.responses, mode.responses)
        # Another batch shape, another order of float32 sums.
        np.testing.assert_allclose(alone.log_probs, mode.log_probs, atol=2e-5)
        assert float(policy.log_prob(prompt, alone.responses[0])) == pytest.approx(alone.log_probs[0], abs=2e-5)


def test_heads_account_for_all_mass(words):
    policy, prompts = words
    few, many = (head(policy, prompts[:40], max_expansions=budget) for budget in (20, 100))
    for less, more in zip(few, many, strict=True):
        assert np.exp(less.log_probs).sum() + less.remaining_mass == pytest.approx(1, abs=1e-5)
        assert np.exp(more.log_probs).sum() + more.remaining_mass == pytest.approx(1, abs=1e-5)
        assert more.remaining_mass < less.remaining_mass
        assert more.bound <= less.bound
        assert more.certified >= less.certified
        np.testing.assert_array_equal(more.responses[: less.certified], less.responses[: less.certified])


@pytest.mark.slow
def test_a_thousand_modes_a_second():
    policy = pretrained_g2p()
    prompts = np.stack([policy.encode(word) for word in sample_words(2000, 2)])
    most_likely_batch(policy, prompts[:300], max_expansions=10**4)
    times = []
    for _ in range(3):
        began = time.perf_counter()
        most_likely_batch(policy, prompts, max_expansions=10**4)
        times.append(time.perf_counter() - began)
    assert len(prompts) / np.median(times) > 1000
