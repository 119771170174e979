"""The pretrained network against a literal NumPy transcription of its equations, and its ground truth."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import equinox as eqx
import jax
import numpy as np
import pytest

from sharpsim.decoding import greedy
from sharpsim.policies import PHONEMES, pretrained_g2p, start_many, step_many
from sharpsim.policies._g2p import MAX_LETTERS
from sharpsim.tasks import pronunciation

needs_network = pytest.mark.skipif(importlib.util.find_spec("g2p_en") is None, reason="needs the extra sharpsim[real]")
needs_dictionary = pytest.mark.skipif(importlib.util.find_spec("pocketsphinx") is None, reason="needs the extra sharpsim[real]")

WORDS = ["activationist", "a", "sharpening", "xqzj", "antidisestablishmentaria"]


@pytest.fixture(scope="module")
def weights():
    spec = importlib.util.find_spec("g2p_en")
    with np.load(Path(spec.origin).with_name("checkpoint20.npz")) as stored:
        return {name: stored[name].astype(np.float64) for name in stored.files}


def gru_by_hand(w, side, x, h):
    a, b = w[f"{side}_w_ih"] @ x + w[f"{side}_b_ih"], w[f"{side}_w_hh"] @ h + w[f"{side}_b_hh"]
    n = len(h)
    r, z = 1 / (1 + np.exp(-(a[:n] + b[:n]))), 1 / (1 + np.exp(-(a[n : 2 * n] + b[n : 2 * n])))
    return (1 - z) * np.tanh(a[2 * n :] + r * b[2 * n :]) + z * h


def log_probs_by_hand(w, word, tokens):
    """The next-token log-probabilities after <s>, tokens[0], tokens[1], ..., in float64."""
    h = np.zeros(256)
    for letter in [*(ord(c) - ord("a") + 3 for c in word), 2]:
        h = gru_by_hand(w, "enc", w["enc_emb"][letter], h)
    rows = []
    for token in [2, *tokens]:
        h = gru_by_hand(w, "dec", w["dec_emb"][token], h)
        logits = w["fc_w"] @ h + w["fc_b"]
        rows.append(logits - logits.max() - np.log(np.exp(logits - logits.max()).sum()))
    return np.array(rows)


@needs_network
@pytest.mark.parametrize("word", WORDS)
def test_greedy_and_likelihood_match_the_equations(weights, word):
    policy = pretrained_g2p()
    tokens: list[int] = []
    while len(tokens) < 20 and 3 not in tokens:
        tokens.append(int(log_probs_by_hand(weights, word, tokens)[-1].argmax()))
    response = np.array(tokens + [3] * (20 - len(tokens)))
    np.testing.assert_array_equal(greedy(policy, policy.encode(word)), response)
    rows = log_probs_by_hand(weights, word, tokens[:-1])
    assert float(policy.log_prob(policy.encode(word), response)) == pytest.approx(rows[np.arange(len(tokens)), tokens].sum(), abs=2e-5)


@needs_network
def test_known_pronunciation():
    policy = pretrained_g2p()
    spoken = policy.decode(greedy(policy, policy.encode("activationist")))
    assert spoken == ("AE2", "K", "T", "IH0", "V", "EY1", "SH", "AH0", "N", "IH0", "S", "T")


@needs_network
def test_network_is_whole_and_a_law():
    policy = pretrained_g2p()
    assert sum(leaf.size for leaf in jax.tree.leaves(policy)) == 834_890
    assert policy.vocabulary_size == 74 == len(PHONEMES)
    prompts = np.stack([policy.encode(word) for word in WORDS])
    _, log_probs = step_many(policy, start_many(policy, prompts), np.full(len(WORDS), policy.begin_token))
    np.testing.assert_allclose(np.exp(np.asarray(log_probs, dtype=np.float64)).sum(axis=1), 1, atol=1e-5)
    draw = eqx.filter_jit(lambda policy, keys: jax.vmap(lambda key: policy.sample(prompts[0], key=key))(keys))
    drawn = np.asarray(draw(policy, jax.random.split(jax.random.key(3), 64)))
    after_end = (np.cumsum(drawn == 3, axis=1) - (drawn == 3)) > 0
    assert (drawn[after_end] == 3).all()
    assert len({policy.decode(response) for response in drawn}) > 1


@needs_network
@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("", "non-empty"),
        ("Sharp", "letters a-z only; got 'Sharp', with 'S'"),
        ("can't", 'with "\'"'),
        ("naïve", "with 'ï'"),
        ("a" * (MAX_LETTERS + 1), f"at most {MAX_LETTERS} letters; .* which has {MAX_LETTERS + 1}"),
    ],
)
def test_refuses_words(word, message):
    with pytest.raises(ValueError, match=message):
        pretrained_g2p().encode(word)


@needs_network
@pytest.mark.parametrize("prompt", [np.zeros(MAX_LETTERS + 1, dtype=int), np.arange(3), np.full(MAX_LETTERS + 1, 2), 0])
def test_refuses_prompts_not_made_by_encode(prompt):
    policy = pretrained_g2p()
    with pytest.raises(ValueError, match="made by `encode`"):
        policy.sample(prompt, key=jax.random.key(0))


@needs_network
@needs_dictionary
def test_packages_are_read_and_not_imported():
    code = (
        "import sys; from sharpsim.policies import pretrained_g2p; from sharpsim.tasks.pronunciation import sample_words;"
        "pretrained_g2p().encode(sample_words(1, 0)[0]); sys.exit(any(name in sys.modules for name in ('g2p_en', 'nltk', 'pocketsphinx')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_missing_package_says_what_to_install(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"pip install sharpsim\[real\]"):
        pretrained_g2p()
    pronunciation.pronunciations.cache_clear()
    with pytest.raises(ImportError, match=r"pip install sharpsim\[real\]"):
        pronunciation.pronunciations()


@needs_dictionary
def test_any_listed_variant_counts_and_stress_does_not():
    assert pronunciation.is_correct("abdomen", ("AE0", "B", "D", "OW1", "M", "AH0", "N"))
    assert pronunciation.is_correct("abdomen", ["AE1", "B", "D", "AH0", "M", "AH0", "N"])
    assert not pronunciation.is_correct("abdomen", ())
    assert not pronunciation.is_correct("abdomen", ("AE1", "B"))
    with pytest.raises(ValueError, match="in the dictionary; got 'xqzj'"):
        pronunciation.is_correct("xqzj", ("K",))


@needs_dictionary
def test_word_samples_are_nested_deterministic_and_readable():
    words = pronunciation.sample_words(200, 7)
    assert words[:50] == pronunciation.sample_words(50, 7)
    assert len(set(words)) == 200
    assert words != pronunciation.sample_words(200, 8)
    assert pronunciation.sample_words(2, 0) == ["grandson", "ince"]
    assert all(word.isascii() and word.isalpha() and word.islower() and len(word) <= 24 for word in words)
    assert pronunciation.MAX_LETTERS == MAX_LETTERS
    for n in (0, 10**6):
        with pytest.raises(ValueError, match="`n` must be"):
            pronunciation.sample_words(n, 0)
