"""Decoders on policies over written prompts: each against enumeration, and the block sampler against the law it claims."""

import time

import equinox as eqx
import jax
import numpy as np
import pytest

from sharpsim.decoding import (
    Samples,
    TopKPolicy,
    beam,
    draw_many,
    greedy,
    head,
    most_likely_batch,
    sample_many,
    sample_top_k,
    viterbi,
)
from sharpsim.decoding._states import OF_PROMPT, WHOLE, affordable_lanes, storage
from sharpsim.policies import MarkovPolicy, SequencePolicy, TransformerPolicy, tabulate, unchanged_by_step
from sharpsim.testing import multinomial_test
from tests.tiny import each_kind, gru, ngram, transformer

PROMPTS = np.array([[-1, -1, -1], [2, -1, -1], [0, 1, 2]])


def codes(responses: np.ndarray) -> np.ndarray:
    return responses @ 4 ** np.arange(3, -1, -1)


@each_kind
def test_search_equals_enumeration(build):
    policy = build(2)
    responses, log_probs = tabulate(policy, PROMPTS)
    modes = most_likely_batch(policy, PROMPTS, max_expansions=1000)
    heads = head(policy, PROMPTS, max_expansions=10)
    for row, prompt in enumerate(PROMPTS):
        order = np.argsort(-log_probs[row], kind="stable")
        np.testing.assert_array_equal(modes[row].responses[0], responses[order[0]])
        assert modes[row].log_probs[0] == pytest.approx(log_probs[row, order[0]], abs=1e-5)
        certified = heads[row].certified
        assert certified > 0
        np.testing.assert_allclose(heads[row].log_probs[:certified], log_probs[row, order[:certified]], atol=1e-5)
        missed = np.setdiff1d(codes(responses), codes(heads[row].responses))
        left = np.exp(log_probs[row, np.isin(codes(responses), missed)]).sum()
        assert heads[row].remaining_mass == pytest.approx(left, abs=1e-5)
        found, values = (np.asarray(part) for part in beam(policy, prompt, width=200))
        np.testing.assert_allclose(values[: len(order)], log_probs[row, order], atol=1e-5)
        np.testing.assert_array_equal(found[0], responses[order[0]])
        best = np.asarray(greedy(policy, prompt))
        for h in range(4):
            same = (responses[:, :h] == best[:h]).all(axis=1)
            mass = np.bincount(responses[same, h], np.exp(log_probs[row, same]), 4)
            assert best[h] == mass.argmax()
            if best[h] == policy.end_token:
                break


def test_the_mode_by_dynamic_programming():
    policy = ngram(3)
    for prompt, mode in zip(PROMPTS, most_likely_batch(policy, PROMPTS, max_expansions=1000), strict=True):
        found = viterbi(policy, prompt)
        np.testing.assert_array_equal(found.response, mode.responses[0])
        assert found.log_prob == pytest.approx(mode.log_probs[0], abs=1e-5)
    with pytest.raises(ValueError, match="MarkovPolicy or NGramPolicy"):
        viterbi(gru(), PROMPTS[0])


def law_test(policy: SequencePolicy, prompts: np.ndarray, samples: Samples, draws: int) -> None:
    responses, log_probs = tabulate(policy, prompts)
    places = {code: place for place, code in enumerate(codes(responses).tolist())}
    for row in range(len(prompts)):
        counts = np.bincount([places[code] for code in codes(samples.responses[row]).tolist()], minlength=len(responses))
        law = np.exp(log_probs[row]) / np.exp(log_probs[row]).sum()
        assert multinomial_test(counts, law)
        moved = law * (1 - 0.05) + 0.05 * np.roll(law, 1)
        assert not multinomial_test(counts, moved), f"{draws} draws cannot see a shift of 5 per cent"


@each_kind
def test_the_block_sampler_has_the_law(build):
    """Each response's count by exact binomial tests at false-alarm 1e-6; a twentieth of the mass moved is seen."""
    policy, draws = build(5), 20_000
    samples = sample_many(policy, PROMPTS, draws=draws, key=jax.random.key(8))
    law_test(policy, PROMPTS, samples, draws)
    scored = jax.jit(jax.vmap(lambda x, y: policy.log_prob(x, y)))(
        np.repeat(PROMPTS, 300, axis=0), samples.responses[:, :300].reshape(-1, 4)
    )
    np.testing.assert_allclose(scored, samples.log_probs[:, :300].ravel(), atol=1e-5)
    assert (samples.responses[policy._ended_before(samples.responses, np)] == 3).all()


def test_the_block_sampler_has_the_truncated_law():
    policy, draws = TopKPolicy(gru(5), k=2), 20_000
    law_test(policy, PROMPTS, sample_many(policy, PROMPTS, draws=draws, key=jax.random.key(9)), draws)


@pytest.mark.parametrize("end", [None, 0])
def test_sampled_log_probs_are_rescored_ones(end):
    """At 32 tokens: the cached steps that drew them against one uncached pass."""
    policy = eqx.filter_jit(TransformerPolicy)(
        vocabulary_size=32,
        horizon=32,
        prompt_length=8,
        end_token=end,
        layers=2,
        width=64,
        heads=4,
        key=jax.random.key(1, impl="philox2x32"),
    )
    prompts = np.random.default_rng(0).integers(0, 32, (3, 8))
    samples = sample_many(policy, prompts, draws=40, key=jax.random.key(2))
    scored = jax.jit(jax.vmap(lambda x, y: policy.log_prob(x, y)))(np.repeat(prompts, 40, axis=0), samples.responses.reshape(-1, 32))
    np.testing.assert_allclose(scored, samples.log_probs.ravel(), atol=1e-5)
    if end is None:
        assert (policy.lengths(samples.responses) == 32).all()
    else:
        assert len(np.unique(policy.lengths(samples.responses))) > 5


def test_draws_do_not_depend_on_blocks_or_threads():
    policy = ngram(6)
    many = sample_many(policy, PROMPTS, draws=150, key=jax.random.key(3), threads=2)
    for draws, prompts, threads in ((7, 3, 1), (70, 2, 1), (150, 1, 2)):
        few = sample_many(policy, PROMPTS[:prompts], draws=draws, key=jax.random.key(3), threads=threads)
        np.testing.assert_array_equal(few.responses, many.responses[:prompts, :draws])
        np.testing.assert_array_equal(few.log_probs, many.log_probs[:prompts, :draws])
    other = sample_many(policy, PROMPTS, draws=150, key=jax.random.key(4))
    assert (other.responses != many.responses).any()


def test_the_prefix_sampler_agrees_in_law():
    policy, draws = transformer(5), 20_000
    drawn = draw_many(policy, PROMPTS, draws=draws, key=jax.random.key(1))
    law_test(policy, PROMPTS, Samples(drawn.responses[drawn.which], drawn.log_probs[drawn.which]), draws)
    scored = jax.jit(jax.vmap(lambda x, y: policy.log_prob(x, y)))(PROMPTS[drawn.prompts], drawn.responses)
    np.testing.assert_allclose(scored, drawn.log_probs, atol=1e-5)


@pytest.mark.parametrize("k", [1, 2, 3, 4, 9])
def test_top_k_is_the_truncated_law(k):
    """Next-token laws cut by hand, ties to the smaller tokens."""
    probs = np.array([[[0.1, 0.4, 0.4, 0.1], [0.25, 0.25, 0.25, 0.25], [0.7, 0.1, 0.1, 0.1], [0.0, 0.0, 0.5, 0.5], [0.4, 0.3, 0.2, 0.1]]])
    cut = np.zeros_like(probs)
    for row, law in enumerate(probs[0]):
        kept = np.argsort(-law, kind="stable")[:k]
        cut[0, row, kept] = law[kept] / law[kept].sum()
    whole, by_hand = MarkovPolicy.from_probs(probs, horizon=3), MarkovPolicy.from_probs(cut, horizon=3)
    policy = TopKPolicy(whole, k=k)
    responses, log_probs = tabulate(policy, np.zeros(1, dtype=int))
    np.testing.assert_allclose(np.exp(log_probs), np.exp(tabulate(by_hand, np.zeros(1, dtype=int))[1]), atol=1e-12)
    scored = jax.jit(jax.vmap(lambda response: policy.log_prob(0, response)))(responses)
    np.testing.assert_allclose(np.exp(scored), np.exp(log_probs[0]), atol=1e-12)
    if k == 1:
        np.testing.assert_array_equal(sample_top_k(whole, 0, k=1, key=jax.random.key(0)), greedy(whole, 0))


def test_what_belongs_to_the_prompt_is_kept_once():
    """The transformer's half of the cache and mask; nothing of a GRU's state."""
    policy = transformer()
    state = policy.start(PROMPTS[0])
    kept = unchanged_by_step(policy, PROMPTS[0])
    wanted = [state.real, *(leaf for cache in state.layers for leaf in (cache.prompt_keys, cache.prompt_values))]
    assert sum(leaf is other for leaf in jax.tree.leaves(state) for other in wanted) == sum(kept) == len(wanted)
    assert unchanged_by_step(gru(), PROMPTS[0]) == [False]
    # Of its own, each prefix has the keys and values of one token: 2 layers, width 8, float32; and the depth.
    room = 2**31 // (2 * 2 * 8 * 4 + 4)
    assert affordable_lanes(policy, PROMPTS[0], room // 8, 256) == 8
    assert affordable_lanes(policy, PROMPTS[0], 10, 256) == 256
    assert affordable_lanes(policy, PROMPTS[0], 100 * room, 256) == 1


def test_refusals():
    policy, key = gru(), jax.random.key(0)
    for draws in (0, -1):
        with pytest.raises(ValueError, match="`draws`"):
            sample_many(policy, PROMPTS, draws=draws, key=key)
    with pytest.raises(ValueError, match="`threads`"):
        sample_many(policy, PROMPTS, draws=1, key=key, threads=0)
    with pytest.raises(ValueError, match="`prompts` must hold at least one"):
        sample_many(policy, PROMPTS[:0], draws=1, key=key)
    with pytest.raises(ValueError, match="made by `encode`"):
        sample_many(policy, PROMPTS[:, :2], draws=1, key=key)
    with pytest.raises(ValueError, match="`k` must be a whole number of at least 1"):
        sample_top_k(policy, PROMPTS[0], k=0, key=key)
    broken = eqx.tree_at(lambda p: p.out_bias, policy, policy.out_bias * np.nan)
    with pytest.raises(ValueError, match="must return log-probabilities; got NaN"):
        sample_many(broken, PROMPTS, draws=1, key=key)
    with pytest.raises(ValueError, match="got NaN"):
        most_likely_batch(broken, PROMPTS, max_expansions=10)


@pytest.mark.slow
def test_a_cell_of_the_figures_in_twenty_seconds():
    """10 seeds x 50 draws x 64 prompts at 32 tokens, compiling included."""
    sizes = {"vocabulary_size": 32, "horizon": 32, "prompt_length": 16, "layers": 2, "width": 64, "heads": 4}
    policy = eqx.filter_jit(TransformerPolicy)(**sizes, key=jax.random.key(0, impl="philox2x32"))
    prompts = np.random.default_rng(0).integers(0, 32, (64, 16))
    began = time.perf_counter()
    sample_many(policy, prompts, draws=500, key=jax.random.key(1))
    assert time.perf_counter() - began < 20


class WithoutAxes(TopKPolicy):
    """All of the policy's tokens, and nothing said of what a step writes."""

    step_axes = None


def test_caches_are_put_together_from_what_each_step_wrote():
    """A search that keeps one token's keys and values for each prefix finds what one finds that keeps whole caches, to the last bit."""
    policy = transformer(4)
    whole = WithoutAxes(policy, k=4)
    assert {OF_PROMPT, WHOLE, 1} == set(storage(policy, PROMPTS[0])[1]) > set(storage(whole, PROMPTS[0])[1])
    assert storage(TopKPolicy(policy, k=4), PROMPTS[0]) == storage(policy, PROMPTS[0])
    for budget in (3, 20, 1000):
        for ours, theirs in zip(*(head(one, PROMPTS, max_expansions=budget) for one in (policy, whole)), strict=True):
            np.testing.assert_array_equal(ours.responses, theirs.responses)
            np.testing.assert_array_equal(ours.log_probs, theirs.log_probs)
            assert ours[2:] == theirs[2:]
