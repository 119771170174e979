"""Valid calls of the packages `policies` and `decoding`: one tiny policy of each class, and one rule for each method by its name."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from sharpsim import decoding
from sharpsim.policies import (
    PHONEMES,
    FeatureTables,
    G2PPolicy,
    GRUPolicy,
    LinearSoftmaxPolicy,
    MarkovPolicy,
    MultilayerSoftmaxPolicy,
    NGramPolicy,
    TabularSequencePolicy,
    TransformerPolicy,
    save_policy,
)
from tests.abuse.valid import FOLDER, TABLE, Made

SIZES: dict[str, Any] = {
    "vocabulary_size": 3, "horizon": 2, "prompt_length": 2, "prompt_vocabulary_size": 4, "end_token": 2, "key": jax.random.key(0),
}  # fmt: skip
GRU, TRANSFORMER = {**SIZES, "width": 2, "hidden": 2}, {**SIZES, "layers": 1, "width": 2, "heads": 1}
PAIRS = {"prompts": np.array([[0, 1], [2, -1]]), "responses": np.array([[0, 1], [1, 2]])}
MARKOV = np.log([[[0.5, 0.3, 0.2], [0.1, 0.6, 0.3], [0.2, 0.2, 0.6], [0.4, 0.4, 0.2]]] * 2)
TABLES = [np.array([[[0.1, 0.2], [0.3, 0.1], [0.0, 0.4]]] * 2), np.ones((2, 3, 3, 2))]
THETA, FEATURES = np.array([[0.5, 0.2], [0.1, 0.3]]), np.array([[[0.1, 0.0], [0.0, 0.2], [0.3, 0.3]]] * 2)
CONDITIONALS = [TABLE, np.stack([TABLE, TABLE, TABLE], axis=1)]


def _g2p() -> G2PPolicy:
    random = np.random.default_rng(0)
    size = {"letter_embeddings": (29, 2), "phoneme_embeddings": (74, 2), "output_weight": (74, 2), "output_bias": (74,)}
    cell = GRUPolicy(**GRU).encoder
    arrays: dict[str, Any] = {name: jnp.asarray(random.normal(size=shape), jnp.float32) for name, shape in size.items()}
    return G2PPolicy(**arrays, encoder=cell, decoder=cell)


def _ngram() -> NGramPolicy:
    return NGramPolicy.from_pairs(**PAIRS, order=1, strength=0.5, vocabulary_size=3, prompt_vocabulary_size=4, end_token=2)


def _markov() -> MarkovPolicy:
    return MarkovPolicy(MARKOV, horizon=2, end_token=2)


def _stored() -> Path:
    save_policy(_ngram(), FOLDER / "policy.npz", precision="float32")
    return FOLDER / "policy.npz"


# A word is its letters, the end sign and padding.
NUMBERED, WRITTEN, WORD = jnp.array(1), np.array([3, -1]), np.array([3, 4, 2] + 22 * [0])
POLICIES: dict[str, tuple[Callable[[], Any], Any]] = {
    "policies.SequencePolicy": (_markov, NUMBERED),
    "policies.MarkovPolicy": (_markov, NUMBERED),
    "policies.TabularSequencePolicy": (lambda: TabularSequencePolicy(CONDITIONALS, end_token=2), NUMBERED),
    "policies.MultilayerSoftmaxPolicy": (lambda: MultilayerSoftmaxPolicy.from_tables(TABLES, THETA, end_token=2), NUMBERED),
    "policies.LinearSoftmaxPolicy": (lambda: LinearSoftmaxPolicy(FEATURES, THETA[0]), NUMBERED),
    "policies.PromptedPolicy": (lambda: GRUPolicy(**GRU), WRITTEN),
    "policies.GRUPolicy": (lambda: GRUPolicy(**GRU), WRITTEN),
    "policies.TransformerPolicy": (lambda: TransformerPolicy(**TRANSFORMER), WRITTEN),
    "policies.NGramPolicy": (_ngram, WRITTEN),
    "policies.G2PPolicy": (_g2p, WORD),
    "decoding.TemperedPolicy": (lambda: decoding.TemperedPolicy(_markov(), temperature=0.5), NUMBERED),
    "decoding.TopKPolicy": (lambda: decoding.TopKPolicy(_markov(), k=2), NUMBERED),
}
"""A policy of each class, and a prompt for it."""


def _rules(make: Callable[[], Any], prompt: Any) -> dict[str, dict[str, Any]]:
    """Method -> the arguments of a call."""
    response = np.array([0, 1])
    if prompt is WORD:
        response = np.full(20, PHONEMES.index("</s>"))
    if make is POLICIES["policies.LinearSoftmaxPolicy"][0]:
        response = jnp.array(1)
    begun = {"tokens": jnp.array([0, 2]), "ended_before": jnp.array([False, False])}
    one = {"prompt": prompt}
    return {
        "at_temperature": {"temperature": 0.5},
        "check_prompt": one,
        "check_prompts": {"prompts": jnp.stack([jnp.asarray(prompt)] * 2)},
        "check_responses": {"responses": np.stack([response] * 2)},
        "contexts_of": one,
        "decode": {"response": response},
        "encode": {"word": "ab", "tokens": np.array([0, 3])},
        "lengths": {"response": response},
        "log_prob": one | {"response": response},
        "next_context": {"context": 0, "token": 1},
        "next_log_probs": one | begun,
        "prompt_symbols": one,
        "read_symbols": begun,
        "reshape": {"log_probs": TABLE[0]},
        "sample": one | {"key": SIZES["key"]},
        "start": one,
        "step": {"state": Made(lambda: make().start(prompt)), "token": 1},
        "token_log_probs": one | {"response": response},
    }


SEARCH = {"policy": Made(_markov), "prompt": NUMBERED, "prompts": np.array([0, 1]), "max_expansions": 20, "lanes": 2, "threads": 1}
MANY = {**SEARCH, "states": Made(lambda: (jnp.array([0, 1]), jnp.array([0, 1]))), "tokens": np.array([0, 1])}

BY_FUNCTION: dict[str, dict[str, Any]] = {
    **{
        f"{name}.{method}": {"self": Made(functools.cache(make)), **given}
        for name, (make, prompt) in POLICIES.items()
        for method, given in _rules(make, prompt).items()
    },
    "policies.FeatureTables": {"tables": TABLES},
    "policies.FeatureTables.__call__": {
        "self": Made(lambda: FeatureTables(TABLES)), "prompt": 1, "prefix": np.array([2, 0]), "depth": 1,
    },
    "policies.GRUPolicy": GRU,
    "policies.LinearSoftmaxPolicy": {"features": FEATURES, "theta": THETA[0]},
    "policies.MarkovPolicy": {"log_probs": MARKOV, "horizon": 2, "end_token": 2},
    "policies.MarkovPolicy.from_probs": {"probs": np.exp(MARKOV), "horizon": 2, "end_token": 2},
    "policies.MultilayerSoftmaxPolicy": {
        "features": Made(lambda: FeatureTables(TABLES)), "weights": THETA, "vocabulary_size": 3, "prompts": 2, "end_token": 2,
    },
    "policies.MultilayerSoftmaxPolicy.from_tables": {"tables": TABLES, "weights": THETA, "end_token": 2},
    "policies.NGramPolicy": {**SIZES, "scores": np.zeros((1, 3)), "next_node": np.zeros((1, 8), int), "order": 1},
    "policies.NGramPolicy.from_pairs": {**SIZES, **PAIRS, "order": 1, "strength": 0.5},
    "policies.TabularSequencePolicy": {"conditionals": CONDITIONALS, "end_token": 2},
    "policies.TabularSequencePolicy.from_probs": {"conditionals": [np.exp(table) for table in CONDITIONALS], "end_token": 2},
    "policies.TransformerPolicy": TRANSFORMER,
    "policies.inverse_cdf": {"log_probs": jnp.asarray(TABLE[0]), "uniform": jnp.asarray(0.3)},
    "policies.load_policy": {"path": Made(_stored)},
    "policies.parameter_count": SEARCH,
    "policies.require_finite": SEARCH,
    "policies.running_mass": {"mass": np.exp(TABLE)},
    "policies.save_policy": {"policy": Made(_ngram), "path": FOLDER / "saved.npz", "precision": "float32"},
    **{f"policies.{name}": MANY for name in ("checked_prompts", "start_many", "step_many", "tabulate", "unchanged_by_step")},
    "policies.trained_policy": {"task": "arithmetic", "model": "ngram"},
    "policies.weights_path": {"task": "arithmetic", "model": "ngram"},
    "decoding.Head.first": {"self": Made(lambda: decoding.head(_markov(), [0], max_expansions=9)[0]), "size": 2},
    "decoding.MarkovSampler": SEARCH,
    "decoding.MarkovSampler.sample": {**SEARCH, "self": Made(lambda: decoding.MarkovSampler(_markov())), "draws": 2},
    "decoding.TableSampler.sample": {**SEARCH, "self": Made(lambda: decoding.TableSampler(TABLE)), "draws": 2},
    "decoding.TemperedPolicy": SEARCH,
    "decoding.TopKPolicy": SEARCH,
    **{
        f"decoding.{name}": {**SEARCH, "slack": 0.1, "width": 2}
        for name in ("beam", "greedy", "draw_many", "head", "most_likely", "most_likely_batch", "sample_many", "viterbi")
    },
    "decoding.sample_tempered": SEARCH,
    "decoding.sample_top_k": SEARCH,
}  # fmt: skip

FREE_IN: dict[str, tuple[str, ...]] = {
    "policies.G2PPolicy.encode": ("word",),
    "policies.SequencePolicy.check_prompts": ("prompts",),
    "policies.SequencePolicy.check_prompt": ("prompt",),
    "policies.save_policy": ("path",),
    "policies.weights_path": ("task", "model"),
}
"""Arguments that are text or anything; see `walk.FREE_IN`."""
SAYS: dict[str, tuple[type[Exception], ...]] = {
    **{f"decoding.{name}": (decoding.SearchBudgetExceeded,) for name in ("most_likely", "most_likely_batch")},
    **{
        f"{name}.at_temperature": (ValueError,)
        for name in POLICIES
        if name not in ("policies.PromptedPolicy", "policies.GRUPolicy", "policies.TransformerPolicy", "policies.G2PPolicy")
    },
}
"""Policies without a last layer cannot be put at a temperature, whatever it is; a search may be too short for its proof."""
