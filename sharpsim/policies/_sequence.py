"""The base class of autoregressive policies: sampling and scoring, given only the next-token distributions.

Derive from `SequencePolicy` to add a policy. `tabulate` lists all responses of a small one.
"""

import abc
from functools import partial
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from sharpsim import _checks

ENUMERATION_LIMIT = 2**20
"""The largest number of log-probabilities that `tabulate` computes."""


class SequencePolicy(eqx.Module):
    """pi(y | x) = prod_h pi(y_h | x, y_<h) over responses of at most `horizon` tokens, each in 0..vocabulary_size - 1.

    A response is an int array [horizon]. It ends at its first `end_token`, and tokens after that do not count (`sample` pads with
    `end_token`). A response of full length without an end token is complete.

    A subclass defines the four attributes, `start` and `step`. The first step gets `begin_token`, and every later step the token before it.
    All methods take one example: use `jax.vmap` for several.
    """

    vocabulary_size: eqx.AbstractVar[int]
    horizon: eqx.AbstractVar[int]
    begin_token: eqx.AbstractVar[int]
    end_token: eqx.AbstractVar[int | None]
    last_layer: ClassVar[tuple[str, ...]] = ()
    """Names of the arrays in which the logits are linear: the weights, and perhaps the bias, of the last layer. Empty without one."""

    @abc.abstractmethod
    def start(self, prompt: Any) -> Any:
        """The state before the first token: a pytree of arrays of fixed shapes."""

    @abc.abstractmethod
    def step(self, state: Any, token: Any) -> tuple[Any, jax.Array]:
        """The state after `token`, and the natural log-probabilities [vocabulary_size] of the token that follows it."""

    def check_prompts(self, prompts: Any) -> None:
        """Raise `ValueError` for a prompt, or an array of prompts, that the policy does not accept. Traced values are not checked."""

    def at_temperature(self, temperature: float) -> "SequencePolicy":
        """The policy whose every next-token law is at this temperature: its last layer is divided by it.

        Raises `ValueError` for a temperature that is not positive and for a policy without a last layer.
        """
        _checks.positive("temperature", temperature)
        if not self.last_layer:
            raise ValueError(f"`policy` must have a last layer to be put at a temperature; {type(self).__name__} has none.")

        def last(policy: Any) -> Any:
            return tuple(getattr(policy, name) for name in self.last_layer)

        return eqx.tree_at(last, self, tuple(part / temperature for part in last(self)))

    def sample(self, prompt: Any, *, key: jax.Array) -> jax.Array:
        """One response y ~ pi(. | x), int32 [horizon], by inverse CDF.

        With x64 off, uniform numbers have 23 bits. Next tokens with probability below 1e-7 are then drawn never, or with probability 1e-7.
        """
        self.check_prompts(prompt)
        uniforms = jax.random.uniform(key, (self.horizon,), dtype=float)

        def advance(carry: tuple[Any, jax.Array, jax.Array], uniform: jax.Array) -> tuple[Any, jax.Array]:
            state, token, ended = carry
            state, log_probs = self.step(state, token)
            token = inverse_cdf(log_probs, uniform)
            if self.end_token is not None:
                token = jnp.where(ended, self.end_token, token)
                ended = token == self.end_token
            return (state, token, ended), token

        begin = (self.start(prompt), jnp.asarray(self.begin_token, jnp.int32), jnp.asarray(False))
        return jax.lax.scan(advance, begin, uniforms)[1]

    def log_prob(self, prompt: Any, response: Any) -> jax.Array:
        """The log-probability log pi(y | x) in nats; -inf for a response that cannot occur.

        Raises `ValueError` for a response whose shape is not [horizon] or with a token outside the vocabulary before its end.
        """
        return self.token_log_probs(prompt, response).astype(float).sum()

    def token_log_probs(self, prompt: Any, response: Any) -> jax.Array:
        """log pi(y_h | x, y_<h) of every token, [horizon]; 0 after the end. Raises as `log_prob` does."""
        self.check_prompts(prompt)
        self._check_response(response)
        tokens = jnp.asarray(response, jnp.int32)
        return self._token_log_probs(prompt, tokens, self._ended_before(tokens, jnp))

    def _token_log_probs(self, prompt: Any, tokens: jax.Array, ended_before: jax.Array) -> jax.Array:
        inputs = jnp.concatenate([jnp.asarray([self.begin_token], jnp.int32), tokens[:-1]])

        def advance(state: Any, at: tuple[jax.Array, jax.Array, jax.Array]) -> tuple[Any, jax.Array]:
            before, token, ended = at
            state, log_probs = self.step(state, before)
            return state, jnp.where(ended, 0.0, log_probs[token])

        return jax.lax.scan(advance, self.start(prompt), (inputs, tokens, ended_before))[1]

    def lengths(self, response: Any) -> Any:
        """The number of tokens up to and including the end token; responses [..., horizon] give lengths [...]."""
        xp = jnp if isinstance(response, jax.Array) else np
        return self.horizon - self._ended_before(xp.asarray(response), xp).sum(axis=-1)

    def _ended_before(self, tokens: Any, xp: Any) -> Any:
        if self.end_token is None:
            return xp.zeros(tokens.shape, dtype=bool)
        is_end = tokens == self.end_token
        return (xp.cumsum(is_end, axis=-1) - is_end) > 0

    def check_responses(self, responses: Any) -> None:
        """Raise `ValueError` for responses that are not [..., horizon], or have tokens outside the vocabulary before their end."""
        if np.shape(responses)[-1:] != (self.horizon,):
            raise ValueError(f"`response` must have shape ({self.horizon},), one token for each step; got {np.shape(responses)}.")
        if _checks.is_traced(responses):
            return
        tokens = np.asarray(responses)
        wrong = ((tokens < 0) | (tokens >= self.vocabulary_size)) & ~self._ended_before(tokens, np)
        if tokens.dtype.kind not in "iu" or wrong.any():
            first = tokens[np.argwhere(wrong)[0][0]] if tokens.ndim > 1 and wrong.any() else tokens
            raise ValueError(f"`response` must hold integer tokens in 0..{self.vocabulary_size - 1}; got {first.tolist()}.")

    def _check_response(self, response: Any) -> None:
        if np.ndim(response) != 1:
            raise ValueError(f"`response` must have shape ({self.horizon},), one token for each step; got {np.shape(response)}.")
        self.check_responses(response)


def inverse_cdf(log_probs: jax.Array, uniform: jax.Array) -> jax.Array:
    """The token that the inverse CDF of `log_probs` [V] gives at `uniform` in [0, 1): the first whose cumulative probability exceeds it.

    A token of probability 0 is never returned, whatever the rounding of the sums.
    """
    probs = jnp.exp(log_probs.astype(uniform.dtype))
    cumulative = jnp.cumsum(probs)
    total = jnp.max(jnp.where(probs > 0, cumulative, 0))
    reached = (cumulative > uniform * total) & (probs > 0)
    size = log_probs.shape[0]
    return jnp.min(jnp.where(reached, jnp.arange(size, dtype=jnp.int32), size - 1))


@eqx.filter_jit
def start_many(policy: SequencePolicy, prompts: Any) -> Any:
    """The states `policy.start` gives for prompts [n, ...]. Compiled once for each policy structure and n."""
    return jax.vmap(policy.start)(prompts)


@eqx.filter_jit
def step_many(policy: SequencePolicy, states: Any, tokens: Any) -> tuple[Any, jax.Array]:
    """The result of `policy.step` for n states and n tokens. Compiled once for each policy structure and n."""
    return jax.vmap(policy.step)(states, tokens)


def unchanged_by_step(policy: SequencePolicy, prompt: Any) -> list[bool]:
    """For each leaf of the state, whether `step` never changes it. Such a leaf belongs to the prompt, and can be stored once a prompt."""
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
    prompts = jnp.asarray(prompts)
    policy.check_prompts(prompts)
    size, horizon, end = policy.vocabulary_size, policy.horizon, policy.end_token
    words = size if end is None else size - 1
    with np.errstate(over="ignore"):
        by_length = np.float64(words) ** np.arange(horizon)
        entries = len(prompts) * (by_length[-1] * size + (0.0 if end is None else by_length[:-1].sum()))
    _checks.enumerable(entries, ENUMERATION_LIMIT, "the table of all responses", "decoding.most_likely")

    states = start_many(policy, prompts)
    prefixes = np.zeros((1, 0), dtype=np.int32)
    log_probs = np.zeros((len(prompts), 1))
    done: list[tuple[np.ndarray, np.ndarray]] = []
    continuing = np.array([token for token in range(size) if token != end], dtype=np.int32)
    # Axes are [prompts, prefixes] throughout, flattened for the step: parents first, so that prefixes stay sorted.
    for depth in range(horizon):
        tokens = prefixes[:, -1] if depth else np.full(1, policy.begin_token, dtype=np.int32)
        states, next_log_probs = step_many(policy, states, np.tile(tokens, len(prompts)))
        joint = log_probs[:, :, None] + np.asarray(next_log_probs, dtype=np.float64).reshape(*log_probs.shape, size)
        if end is not None and depth < horizon - 1:
            ended = np.full((len(prefixes), horizon), end, dtype=np.int32)
            ended[:, :depth] = prefixes
            done.append((ended, joint[:, :, end]))
        kept = continuing if depth < horizon - 1 else np.arange(size, dtype=np.int32)
        prefixes = np.concatenate([np.repeat(prefixes, len(kept), axis=0), np.tile(kept, len(prefixes))[:, None]], axis=1)
        log_probs = joint[:, :, kept].reshape(len(prompts), -1)
        if depth < horizon - 1:
            states = jax.tree.map(partial(jnp.repeat, repeats=len(kept), axis=0), states)
    done.append((prefixes, log_probs))
    responses = np.concatenate([found for found, _ in done])
    order = np.lexsort(responses.T[::-1])
    return responses[order], np.concatenate([values for _, values in done], axis=1)[:, order]
