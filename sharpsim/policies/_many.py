"""Sequence policies in batches: the first states, the steps and the table of all responses of many prompts."""

from functools import partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from sharpsim import _checks
from sharpsim._arguments import ANYTHING, checked
from sharpsim.policies._sequence import SequencePolicy
from sharpsim.policies._tokens import check_states

ENUMERATION_LIMIT = 2**20
"""The largest number of log-probabilities that `tabulate` computes."""


def start_many(policy: SequencePolicy, prompts: Any) -> Any:
    """The states `policy.start` gives for prompts [n, ...]. Compiled once for each policy structure and n.

    Raises `ValueError` for no prompts, and for prompts that the policy does not accept.
    """
    return _start_many(policy, checked_prompts(policy, prompts))


@checked(prompts=ANYTHING)
def checked_prompts(policy: SequencePolicy, prompts: Any) -> np.ndarray:
    """The prompts as an array [n, ...]. Raises `ValueError` where there is none, or one that the policy does not accept."""
    array = _checks.as_array(prompts)
    if array.ndim == 0 or array.size == 0:
        raise ValueError(f"`prompts` must hold at least one prompt along its first axis; got shape {array.shape}.")
    policy.check_prompts(array)
    if policy.prompt_shape is not None and array.shape[1:] != policy.prompt_shape:
        raise ValueError(f"`prompts` must hold prompts of shape {policy.prompt_shape} along its first axis; got shape {array.shape}.")
    return array


@eqx.filter_jit
def _start_many(policy: SequencePolicy, prompts: Any) -> Any:
    return jax.vmap(policy.start)(prompts)


def step_many(policy: SequencePolicy, states: Any, tokens: Any) -> tuple[Any, jax.Array]:
    """The result of `policy.step` for n states and n tokens. Compiled once for each policy structure and n.

    Raises `ValueError` for states and tokens of other types and shapes; tokens outside the vocabulary are not refused.
    """
    if not isinstance(policy, SequencePolicy):
        raise ValueError(f"`policy` must be a SequencePolicy; got {_checks.shown(policy)}.")
    if getattr(getattr(tokens, "dtype", None), "kind", "") not in ("i", "u") or tokens.ndim != 1:
        raise ValueError(f"`tokens` must be an array of integers with one axis; got {_checks.shown(tokens)}.")
    if any(getattr(getattr(leaf, "dtype", None), "kind", "") in ("O", "S", "U") for leaf in jax.tree.leaves(states)):
        raise ValueError(f"`states` must be arrays of numbers; got {_checks.shown(states)}.")
    return _step_many(policy, states, tokens)


@eqx.filter_jit
def _step_many(policy: Any, states: Any, tokens: Any) -> tuple[Any, jax.Array]:
    # Looked at when the call is compiled: what has other types or shapes is compiled anew.
    check_states(policy, "states", states, tokens.shape)
    return jax.vmap(policy.step)(states, tokens)


@checked(prompt=ANYTHING)
def unchanged_by_step(policy: SequencePolicy, prompt: Any) -> list[bool]:
    """For each leaf of the state, whether `step` never changes it. Such a leaf belongs to the prompt, and can be stored once a prompt."""
    policy.check_prompt(prompt)
    token = jax.ShapeDtypeStruct((), jnp.int32)
    traced = jax.make_jaxpr(lambda state, token: policy.step(state, token)[0])(jax.eval_shape(policy.start, prompt), token).jaxpr
    return [after is before for after, before in zip(traced.outvars, traced.invars[:-1], strict=True)]


def tabulate(policy: SequencePolicy, prompts: Any) -> tuple[np.ndarray, np.ndarray]:
    """All R complete responses of a small policy in lexicographic order, and their log-probabilities.

    Without an end token R = V^H; with one, R = sum_{l<H} (V-1)^(l-1) + (V-1)^(H-1) V.

    Returns responses int32 [R, horizon], padded with the end token, and log_probs float64 [prompts, R] in nats: the step's
    log-probabilities summed in float64 from the first token on, as `decoding.most_likely` does.
    Raises `ValueError` where prompts x R exceeds 2^20.
    """
    prompts = checked_prompts(policy, prompts)
    size, horizon, end = policy.vocabulary_size, policy.horizon, policy.end_token
    words = size if end is None else size - 1
    with np.errstate(over="ignore"):
        by_length = np.float64(words) ** np.arange(horizon)
        entries = len(prompts) * (by_length[-1] * size + (0.0 if end is None else by_length[:-1].sum()))
    _checks.enumerable(entries, ENUMERATION_LIMIT, "the table of all responses", "decoding.most_likely")

    states = _start_many(policy, prompts)
    prefixes = np.zeros((1, 0), dtype=np.int32)
    log_probs = np.zeros((len(prompts), 1))
    done: list[tuple[np.ndarray, np.ndarray]] = []
    continuing = np.array([token for token in range(size) if token != end], dtype=np.int32)
    # Axes are [prompts, prefixes] throughout, flattened for the step: parents first, so that prefixes stay sorted.
    for depth in range(horizon):
        tokens = prefixes[:, -1] if depth else np.full(1, policy.begin_token, dtype=np.int32)
        states, next_log_probs = _step_many(policy, states, np.tile(tokens, len(prompts)))
        joint = log_probs[:, :, None] + np.asarray(next_log_probs, dtype=np.float64).reshape(*log_probs.shape, size)
        if end is not None and depth < horizon - 1:
            ended = np.full((len(prefixes), horizon), end, dtype=np.int32)
            ended[:, :depth] = prefixes
            done.append((ended, joint[:, :, end]))
        kept = continuing if depth < horizon - 1 else np.arange(size, dtype=np.int32)
        prefixes = np.concatenate([np.repeat(prefixes, len(kept), axis=0), np.tile(kept, len(prefixes))[:, None]], axis=1)
        log_probs = joint[:, :, kept].reshape(len(prompts), -1)
        if depth < horizon - 1:
            states = jax.tree.map(partial(_repeated, times=len(kept)), states)
    done.append((prefixes, log_probs))
    responses = np.concatenate([found for found, _ in done])
    order = np.lexsort(responses.T[::-1])
    return responses[order], np.concatenate([values for _, values in done], axis=1)[:, order]


def _repeated(leaf: Any, times: int) -> np.ndarray:
    # On the host: JAX would compile three programs for each new shape.
    return np.repeat(np.asarray(leaf), times, axis=0)
