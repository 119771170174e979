"""Trains a sequence policy by maximum likelihood on pairs of prompt and response."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from sharpsim import _checks
from sharpsim._arguments import checked
from sharpsim.policies import SequencePolicy
from sharpsim.training._kinds import PAIRS, WHOLE, about
from sharpsim.training._minimise import Schedule, Trained, evaluate, minimise


class Pairs(NamedTuple):
    """Prompts [n, ...] and responses int [n, horizon], one pair in each row."""

    prompts: Any
    responses: Any


@checked
def negative_log_likelihood(policy: SequencePolicy, pair: Pairs) -> tuple[jax.Array, jax.Array]:
    """-log pi(y | x) in nats, and the number of tokens of y, its end token among them: padding has no part in either."""
    log_probs = policy.token_log_probs(pair.prompts, pair.responses)
    return -log_probs.sum(), jnp.asarray(policy.lengths(pair.responses), log_probs.dtype)


@checked(pairs=PAIRS, held_out=PAIRS)
def fit(
    policy: SequencePolicy,
    pairs: Pairs,
    *,
    held_out: Pairs,
    schedule: Schedule,
    key: jax.Array,
    watch: Callable[[int, Any], Any] | None = None,
) -> Trained:
    """The policy after maximum likelihood on `pairs`: the mean negative log-likelihood of a token is minimised (see `minimise`).

    Raises `ValueError` for prompts or responses that are not the policy's, responses among them with a token outside the vocabulary.
    """
    for name, given in (("pairs", pairs), ("held_out", held_out)):
        _check(name, policy, given)
    return minimise(
        policy,
        Pairs(*pairs),
        loss=negative_log_likelihood,
        held_out=Pairs(*held_out),
        schedule=schedule,
        key=key,
        watch=watch,
    )


@checked(pairs=PAIRS, batch=WHOLE)
def mean_loss(policy: SequencePolicy, pairs: Pairs, *, batch: int) -> float:
    """The mean negative log-likelihood of a token of `pairs`, in nats, `batch` pairs at a time."""
    _check("pairs", policy, pairs)
    _checks.affordable("batch", batch, size=8.0 * batch * policy.horizon)
    return evaluate(negative_log_likelihood, policy, Pairs(*pairs), batch=batch)


def _check(name: str, policy: SequencePolicy, pairs: Pairs) -> None:
    with about(name, "prompts and responses of the policy"):
        prompts, responses = np.asarray(pairs[0]), np.asarray(pairs[1])
    if responses.ndim != 2 or prompts.shape[:1] != responses.shape[:1] or len(responses) == 0:
        raise ValueError(f"`{name}` must hold as many prompts as responses, at least one; got {prompts.shape} and {responses.shape}.")
    with about(name, "prompts and responses of the policy"):
        policy.check_prompts(prompts)
        policy.check_responses(responses)
