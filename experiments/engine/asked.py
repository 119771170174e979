"""A model asked the prompts of a task: its policy, the codec between texts and its tokens, and the judge of its responses."""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.engine import models as _models
from experiments.engine.rows import Refused
from sharpsim.tasks import Task

BLOCK, BLOCKS = 32, 16
"""Responses scored at a time, so few that what a network holds of them stays in the processor's cache; and blocks in one call."""
PRETRAINED = "g2p-en"
"""The network read from an installed package; it knows one task, and saw the dictionary's words in training."""


@dataclass(frozen=True)
class Model:
    """`encode` makes prompts int [n, ...] of texts, `decode` the text of one response."""

    policy: Any
    encode: Callable[[Sequence[str]], np.ndarray]
    decode: Callable[[np.ndarray], str]


def load(task: Task, model: str) -> Model:
    """The committed model of a task, or the pretrained one. Raises `Refused` where its package is not installed."""
    if model != PRETRAINED:
        return Model(_models.load(task.name, model), functools.partial(_models.encode_prompts, task), task.decode_response)
    from sharpsim.policies import pretrained_g2p

    try:
        policy = pretrained_g2p()
    except ImportError as error:
        raise Refused(str(error)) from error
    return Model(policy, lambda words: np.stack([policy.encode(word) for word in words]), lambda tokens: " ".join(policy.decode(tokens)))


class Judge:
    """Which responses are correct, and what they vote for; every distinct one is looked at once."""

    def __init__(self, task: Any, texts: Sequence[str], decode: Callable[[np.ndarray], str]):
        self._task, self._texts, self._decode = task, texts, decode
        self._known: dict[tuple[int, bytes], tuple[bool, str]] = {}

    def __call__(self, responses: np.ndarray, owners: Any) -> tuple[np.ndarray, np.ndarray]:
        """(correct bool [m], answers object [m], "" where there is none) of responses int [m, horizon] to the prompts numbered `owners`."""
        found = [self._one(owner, row) for owner, row in zip(np.broadcast_to(owners, len(responses)).tolist(), responses, strict=True)]
        return np.array([right for right, _ in found], bool), np.array([answer for _, answer in found], object)

    def correct(self, responses: np.ndarray, owners: Any) -> np.ndarray:
        """bool [m], the first of the two."""
        return self(responses, owners)[0]

    def _one(self, owner: int, tokens: np.ndarray) -> tuple[bool, str]:
        name = owner, tokens.astype(np.int32).tobytes()
        if name not in self._known:
            text = self._decode(tokens)
            self._known[name] = self._task.is_correct(self._texts[owner], text), self._task.answer(text) or ""
        return self._known[name]


def decoded_greedily(policy: Any, prompts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Greedy decoding's response to each prompt, int32 [n, horizon], and its log-probability, float64 [n], at most 0."""
    responses, log_probs = _greedy_decoder()(policy, prompts)
    return np.asarray(responses), np.minimum(np.asarray(log_probs, dtype=np.float64), 0.0)


@functools.cache
def _greedy_decoder() -> Any:
    # One object, so that another policy of the same shape compiles nothing.
    import equinox as eqx
    import jax

    from sharpsim.decoding import greedy

    def both(policy: Any, prompt: Any) -> Any:
        response = greedy(policy, prompt)
        return response, policy.log_prob(prompt, response)

    # The policy is an argument: closed over, its weights would be folded into the program.
    return eqx.filter_jit(jax.vmap(both, (None, 0)))


def scored(policy: Any, prompts: np.ndarray, responses: np.ndarray) -> np.ndarray:
    """log pi(y|x) of pairs, float64 [m]; padded to whole blocks, so that all sizes share one program."""
    m, size = len(responses), BLOCK * BLOCKS
    rows = np.minimum(np.arange(-(-m // size) * size), m - 1).reshape(-1, BLOCKS, BLOCK)
    counts = np.minimum(-(-m // BLOCK) - BLOCKS * np.arange(len(rows)), BLOCKS)
    found = [_scorer()(policy, prompts[chosen], responses[chosen], count) for chosen, count in zip(rows, counts, strict=True)]
    return np.concatenate([np.asarray(log_probs, np.float64).reshape(-1) for log_probs in found])[:m]


@functools.cache
def _scorer() -> Any:
    import equinox as eqx
    import jax
    import jax.numpy as jnp

    def blocks(policy: Any, prompts: Any, responses: Any, count: Any) -> Any:
        def one(block: Any, found: Any) -> Any:
            return found.at[block].set(jax.vmap(policy.log_prob)(prompts[block], responses[block]))

        # The number of blocks is traced: the last call computes no more than it must.
        return jax.lax.fori_loop(0, count, one, jnp.zeros((BLOCKS, BLOCK), float))

    return eqx.filter_jit(blocks)
