"""The base policies whose responses are listed: a Markov policy, a small transformer, and a trained model on one prompt."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from experiments.engine.frame import Context
from sharpsim.theory.power_sampling import Space

MODEL = "transformer-small"


class Base(NamedTuple):
    """A listed policy; `left_out` is the mass of responses that the list does not have."""

    name: str
    space: Space
    left_out: float
    transitions: np.ndarray | None = None
    """Next-token log-probabilities [V + 1, V] of a Markov policy."""


def bases(settings: Any, context: Context) -> Iterator[Base]:
    """All three: `settings.size` tokens, 0 the end, at most `settings.horizon` of them; the trained model's likeliest responses."""
    yield _markov(settings, context)
    yield _transformer(settings, context)
    yield _trained(settings)


def _markov(settings: Any, context: Context) -> Base:
    from sharpsim.policies import MarkovPolicy, tabulate

    rng = np.random.default_rng([context.seed, 51])
    table = rng.dirichlet(np.full(settings.size, settings.concentration), size=settings.size + 1).clip(1e-6)
    table /= table.sum(axis=1, keepdims=True)
    policy = MarkovPolicy.from_probs(table[None], horizon=settings.horizon, end_token=0)
    responses, log_probs = tabulate(policy, np.array([0]))
    return Base("Markov", Space(responses, log_probs[0], end_token=0), 0.0, np.log(table))


def _transformer(settings: Any, context: Context) -> Base:
    """Untrained, at a temperature that makes it as peaked as a trained one."""
    import equinox as eqx
    import jax

    from sharpsim.policies import TransformerPolicy, tabulate

    shape = {"vocabulary_size": settings.size, "horizon": settings.horizon, "prompt_length": 2, "end_token": 0}
    key = jax.random.fold_in(context.key(), 52)
    policy = eqx.filter_jit(TransformerPolicy)(**shape, layers=2, width=16, heads=2, key=key)
    responses, log_probs = tabulate(_double(policy).at_temperature(settings.temperature), np.array([[1, 2]]))
    return Base("small transformer", Space(responses, log_probs[0], end_token=0), 0.0)


def _trained(settings: Any) -> Base:
    """The trained model on one word, conditioned on the responses that a search finds."""
    from experiments.engine.asked import load
    from sharpsim.decoding import head
    from sharpsim.tasks import TASKS

    asked = load(TASKS["pronunciation"](level=settings.level), MODEL)
    policy = _double(asked.policy)
    found = head(policy, asked.encode([settings.word]), max_expansions=settings.expansions)[0].first(settings.responses)
    kept = found.log_probs - np.log(np.exp(found.log_probs).sum())
    return Base("trained transformer", Space(found.responses, kept, end_token=policy.end_token), found.remaining_mass)


def _double(policy: Any) -> Any:
    """The policy with parameters of 64 bits, so that its laws are the same on every machine to 1e-12 or so."""
    import equinox as eqx
    import jax
    import jax.numpy as jnp

    return jax.tree.map(lambda leaf: leaf.astype(jnp.float64) if eqx.is_inexact_array(leaf) else leaf, policy)
