"""Policies over written prompts: cached and uncached agree, padding counts for nothing, files keep a policy, bad input is refused."""

import itertools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sharpsim.policies import NGramPolicy, PromptedPolicy, TransformerPolicy, load_policy, parameter_count, save_policy, tabulate
from tests.tiny import SIZES, each_kind, gru, ngram, pairs, scores, transformer


@pytest.mark.parametrize(
    ("build", "sizes"), [(transformer, {"prompt_vocabulary_size": 2}), (gru, {}), (ngram, {"prompt_vocabulary_size": 2})]
)
def test_scores_are_the_enumerated_law(build, sizes):
    """The cached steps of `tabulate` against `log_prob`, which for the transformer reads all tokens at once; masses sum to one."""
    policy = build(1, **sizes)
    prompts = np.stack([policy.encode(tokens) for tokens in ([], [1], [0, 1, 1])])
    responses, log_probs = tabulate(policy, prompts)
    np.testing.assert_allclose(np.exp(log_probs).sum(axis=1), 1, atol=1e-5)
    scored = jax.jit(jax.vmap(jax.vmap(policy.log_prob, (None, 0)), (0, None)))(prompts, responses)
    np.testing.assert_allclose(scored, log_probs, atol=1e-5)
    assert np.ptp(log_probs, axis=0).max() > 0.1


def test_cached_attention_is_attention():
    """At 24 tokens and 12 of a prompt, every next-token law by cached steps and by one uncached pass."""
    policy = eqx.filter_jit(TransformerPolicy)(
        vocabulary_size=9,
        horizon=24,
        prompt_length=16,
        prompt_vocabulary_size=7,
        layers=2,
        width=32,
        heads=4,
        key=jax.random.key(3, impl="philox2x32"),
    )
    rng = np.random.default_rng(0)
    prompt, tokens = policy.encode(rng.integers(0, 7, 12).tolist()), rng.integers(0, 9, 24).astype(np.int32)
    uncached = jax.jit(lambda response: policy.next_log_probs(prompt, response, jnp.zeros(24, bool)))
    cached = jax.jit(lambda read: jax.lax.scan(lambda state, token: policy.step(state, token), policy.start(prompt), read)[1])
    at_once = np.asarray(uncached(tokens))
    np.testing.assert_allclose(cached(np.array([9, *tokens[:-1]], dtype=np.int32)), at_once, atol=1e-5)
    # A later token changes nothing before it, an earlier one something.
    changed = np.asarray(uncached(np.where(np.arange(24) == 10, (tokens + 1) % 9, tokens)))
    np.testing.assert_allclose(changed[:11], at_once[:11], atol=1e-6)
    assert np.abs(changed[11:] - at_once[11:]).max() > 1e-3


def test_attention_by_hand():
    """One layer, one head, in NumPy float64, from the definition."""
    policy = eqx.filter_jit(TransformerPolicy)(
        vocabulary_size=3, horizon=3, prompt_length=4, layers=1, width=4, heads=1, key=jax.random.key(7, impl="philox2x32")
    )
    prompt, response = policy.encode([2, 0]), np.array([1, 2, 0])
    weights = jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), eqx.filter(policy, eqx.is_array))
    block = weights.blocks[0]

    def normalised(x, scale):
        return x / np.sqrt((x * x).mean(axis=-1, keepdims=True) + 1e-6) * scale

    read, places = [2, 0, 3, 1, 2], [0, 1, 4, 5, 6]
    x = weights.embedding[read] + weights.position[places]
    queries, keys, values = np.split(normalised(x, block.attention_scale) @ block.query_key_value, 3, axis=1)
    logits = np.where(np.tri(5, dtype=bool), queries @ keys.T / 2, -np.inf)
    attention = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    x = x + attention @ values @ block.attention_out
    hidden = normalised(x, block.feed_scale) @ block.feed_in
    gelu = 0.5 * hidden * (1 + np.tanh(np.sqrt(2 / np.pi) * (hidden + 0.044715 * hidden**3)))
    logits = normalised(x + gelu @ block.feed_out, weights.out_scale) @ weights.out
    log_probs = (logits - np.log(np.exp(logits).sum(axis=1, keepdims=True)))[2:]
    np.testing.assert_allclose(scores(policy, prompt, response), log_probs[np.arange(3), response], atol=1e-5)


@each_kind
def test_tokens_after_the_end_do_not_count(build):
    policy = build()
    prompt = policy.encode([1, 0])
    found = [scores(policy, prompt, np.array([1, 3, *tail])) for tail in ([3, 3], [0, 1], [-5, 99])]
    for score in found:
        np.testing.assert_array_equal(score[2:], 0.0)
        np.testing.assert_allclose(score, found[0], atol=1e-6)
    gradient = eqx.filter_jit(eqx.filter_grad(lambda p: p.log_prob(prompt, np.array([1, 3, -5, 99]))))(policy)
    assert all(np.isfinite(np.asarray(leaf)).all() for leaf in jax.tree.leaves(eqx.filter(gradient, eqx.is_inexact_array)))


def test_padding_is_not_read():
    """GRU and n-gram skip it, however much there is; the transformer masks it: what the padded places hold has no effect."""
    response = np.array([0, 1, 2, 3])
    masked = transformer()
    elsewhere = eqx.tree_at(lambda p: p.position, masked, masked.position.at[1:3].add(5.0))
    prompts, responses = pairs(0)
    longer = np.concatenate([prompts, np.full((len(prompts), 3), -1)], axis=1)
    padded = NGramPolicy.from_pairs(longer, responses, order=2, strength=0.7, vocabulary_size=4, end_token=3)
    for policy, other in ((masked, elsewhere), (gru(), gru(prompt_length=6)), (ngram(), padded)):
        first, second = (scores(p, p.encode([2]), response) for p in (policy, other))
        np.testing.assert_allclose(first, second, atol=1e-6)


@pytest.mark.parametrize("order", [0, 1, 3])
def test_ngram_by_hand(order):
    """The recursion over counts, written out for every prefix of every prompt of at most two tokens."""
    prompts, responses = pairs(5)
    policy = NGramPolicy.from_pairs(prompts, responses, order=order, strength=1.5, vocabulary_size=4, end_token=3)
    events = []
    for prompt, response in zip(prompts.tolist(), responses.tolist(), strict=True):
        read = [token for token in prompt if token >= 0] + [4]
        for token in response[: response.index(3) + 1 if 3 in response else 4]:
            events.append((tuple(read), token))
            read.append(token)

    def law(context, size):
        if size < 0:
            return np.full(4, 0.25)
        ending = context[len(context) - size :] if size <= len(context) else None
        counts = np.zeros(4)
        for read, token in events:
            if ending is not None and len(read) >= size and read[len(read) - size :] == ending:
                counts[token] += 1
        return (counts + 1.5 * law(context, size - 1)) / (counts.sum() + 1.5)

    for tokens in itertools.chain.from_iterable(itertools.product(range(4), repeat=size) for size in range(3)):
        response = np.array([2, 0, 1, 3])
        got = scores(policy, policy.encode(tokens), response)
        wanted = [np.log(law((*tokens, 4, *response[:h]), order)[response[h]]) for h in range(4)]
        np.testing.assert_allclose(got, wanted, atol=1e-5)


@each_kind
@pytest.mark.parametrize("precision", ["float16", "float32"])
def test_files_keep_a_policy(build, precision, tmp_path):
    policy = build(4)
    save_policy(policy, tmp_path / "policy.npz", precision=precision)
    again = load_policy(tmp_path / "policy.npz")
    assert type(again) is type(policy)
    assert jax.tree.structure(again) == jax.tree.structure(policy)
    for leaf, wanted in zip(jax.tree.leaves(again), jax.tree.leaves(policy), strict=True):
        assert leaf.dtype == wanted.dtype
        np.testing.assert_allclose(leaf, wanted, rtol=0 if precision == "float32" else 1e-3, atol=0 if precision == "float32" else 1e-6)
    np.testing.assert_allclose(np.exp(tabulate(again, policy.encode([1])[None])[1]).sum(), 1, atol=1e-5)
    assert parameter_count(again) == parameter_count(policy)


def test_files_are_small_and_checked(tmp_path):
    policy, path = (
        eqx.filter_jit(TransformerPolicy)(**SIZES, layers=2, width=64, heads=4, key=jax.random.key(0, impl="philox2x32")),
        tmp_path / "policy.npz",
    )
    save_policy(policy, path, precision="float16")
    assert path.stat().st_size < 2.2 * parameter_count(policy) + 6000
    with np.load(path) as stored:
        arrays = dict(stored)
    np.savez(path, **(arrays | {"out": arrays["out"][:, :2]}))
    with pytest.raises(ValueError, match="out do not fit its configuration"):
        load_policy(path)
    np.savez(path, **(arrays | {"out": np.full_like(arrays["out"], np.nan)}))
    with pytest.raises(ValueError, match="must have finite parameters; got NaN or infinity in out"):
        load_policy(path)
    np.savez(path, out=arrays["out"])
    with pytest.raises(ValueError, match="no configuration"):
        load_policy(path)
    for broken, message in ((np.nan, "finite parameters"), (1e30, "float16 can hold; got 1e\\+30 in out_scale")):
        with pytest.raises(ValueError, match=message):
            save_policy(eqx.tree_at(lambda p: p.out_scale, policy, policy.out_scale * broken), path, precision="float16")
    with pytest.raises(ValueError, match="`precision`"):
        save_policy(policy, path, precision="float8")


@each_kind
def test_prompts_are_refused(build):
    policy: PromptedPolicy = build()
    key, response = jax.random.key(0), np.zeros(4, dtype=int)
    with pytest.raises(ValueError, match=r"`tokens` must be at most 3 integers; got \[0, 1, 2, 0\]"):
        policy.encode([0, 1, 2, 0])
    with pytest.raises(ValueError, match=r"`tokens` must be integers in 0..3; got \[4\]"):
        policy.encode([4])
    with pytest.raises(ValueError, match="`tokens` must be integers"):
        policy.encode([-1])
    for prompt, message in (
        (np.zeros(4, dtype=int), "made by `encode`"),
        (np.zeros(3), "made by `encode`"),
        (np.array([0, 4, -1]), r"`prompt` must hold tokens in 0..3"),
        (np.array([0, -2, -1]), r"`prompt` must hold tokens in 0..3"),
        (np.array([-1, 0, -1]), "padding"),
    ):
        with pytest.raises(ValueError, match=message):
            policy.sample(prompt, key=key)
        with pytest.raises(ValueError, match=message):
            policy.log_prob(prompt, response)
    with pytest.raises(ValueError, match="`response` must hold integer tokens"):
        policy.log_prob(policy.encode([0]), np.array([0, 4, 0, 0]))


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: transformer(layers=0), "`layers` must be a whole number of at least 1"),
        (lambda: transformer(end_token=4), "`end_token`"),
        (lambda: TransformerPolicy(**SIZES, layers=1, width=9, heads=2, key=jax.random.key(0)), "`width` must be a multiple of `heads`, 2"),
        (lambda: gru(horizon=0), "`horizon`"),
        (lambda: gru(prompt_vocabulary_size=0), "`prompt_vocabulary_size`"),
        (lambda: ngram(order=-1), "`order`"),
        (lambda: NGramPolicy.from_pairs(*pairs(0), order=1, strength=0.0, vocabulary_size=4), "`strength`"),
        (lambda: NGramPolicy.from_pairs(*pairs(0), order=1, strength=1.0, vocabulary_size=3), "tokens in 0..2"),
        (lambda: NGramPolicy.from_pairs(pairs(0)[0][:5], pairs(0)[1], order=1, strength=1.0, vocabulary_size=4), r"\[n, horizon\]"),
    ],
)
def test_sizes_are_refused(build, message):
    with pytest.raises(ValueError, match=message):
        build()
