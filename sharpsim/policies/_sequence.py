"""The base class of autoregressive policies: sampling and scoring, given only the next-token distributions.

Derive from `SequencePolicy` to add a policy.
"""

import abc
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from sharpsim import _checks
from sharpsim._arguments import ANYTHING, ROW, checked, require_concrete
from sharpsim._kind import Kind
from sharpsim._precision import placed
from sharpsim._program import one_program


class SequencePolicy(eqx.Module):
    """pi(y | x) = prod_h pi(y_h | x, y_<h) over responses of at most `horizon` tokens, each in 0..vocabulary_size - 1.

    A response is an int array [horizon]. It ends at its first `end_token`, and tokens after that do not count (`sample` pads with
    `end_token`). A response of full length without an end token is complete.

    A subclass defines the four attributes, `start` and `step`. The first step gets `begin_token`, and every later step the token before it.
    All methods take one example: use `jax.vmap` for several. Concrete arguments are checked; traced ones by their types and shapes alone.
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

    @property
    def step_axes(self) -> tuple[int, ...] | None:
        """For each array of the state, in the order of `jax.tree.leaves`, an axis of length `horizon`, or -1. None where no array has one.

        Step h, from 0, must read no places of such an axis but those below h, and write place h alone.
        A search keeps of such an array what each step wrote, and no copies of what the steps before it wrote.
        """
        return None

    @property
    def prompt_shape(self) -> tuple[int, ...] | None:
        """The shape of one prompt, an array of integers; None where a policy does not say it, and takes what it takes."""
        return None

    @property
    def examples_at_once(self) -> int | None:
        """How many examples a gradient is computed of at a time, so that what is kept of them stays in the cache; None: all of a batch.

        It changes the speed of training and rounding, nothing else.
        """
        return None

    def check_prompts(self, prompts: Any) -> None:
        """Raise `ValueError` for a prompt, or an array of prompts, that the policy does not accept. Traced values are not checked."""

    def check_prompt(self, prompt: Any) -> None:
        """Raise `ValueError` for anything but one prompt that the policy accepts. Of a traced value the shape is checked."""
        with _checks.renamed("prompts", "prompt"):
            self.check_prompts(prompt)
        if self.prompt_shape is not None and np.shape(prompt) != self.prompt_shape:
            raise ValueError(
                f"`prompt` must be one prompt, of shape {self.prompt_shape}; got shape {np.shape(prompt)}. Use jax.vmap for several."
            )

    @checked
    def at_temperature(self, temperature: float) -> "SequencePolicy":
        """The policy whose every next-token law is at this temperature: its last layer is divided by it.

        Raises `ValueError` for a temperature that is not positive and for a policy without a last layer.
        """
        if not self.last_layer:
            raise ValueError(f"`policy` must have a last layer to be put at a temperature; {type(self).__name__} has none.")

        def last(policy: Any) -> Any:
            return tuple(getattr(policy, name) for name in self.last_layer)

        # A whole number may be larger than JAX's.
        divisor = float(temperature) if isinstance(temperature, int) else temperature
        parts = tuple(part / divisor for part in last(self))
        if not all(_checks.is_traced(part) or bool(np.isfinite(np.asarray(part)).all()) for part in parts):
            raise ValueError(f"`temperature` must be larger, as logits divided by it are infinite; got {temperature!r}.")
        return eqx.tree_at(last, self, parts)

    @checked(prompt=ANYTHING)
    def sample(self, prompt: Any, *, key: jax.Array) -> jax.Array:
        """One response y ~ pi(. | x), int32 [horizon], by inverse CDF.

        With x64 off, uniform numbers have 23 bits. Next tokens with probability below 1e-7 are then drawn never, or with probability 1e-7.
        """
        self.check_prompt(prompt)
        return _sampled(self, prompt, key)

    def log_prob(self, prompt: Any, response: Any) -> jax.Array:
        """The log-probability log pi(y | x) in nats; -inf for a response that cannot occur.

        Raises `ValueError` for a response whose shape is not [horizon] or with a token outside the vocabulary before its end.
        """
        return self.token_log_probs(prompt, response).astype(float).sum()

    def token_log_probs(self, prompt: Any, response: Any) -> jax.Array:
        """log pi(y_h | x, y_<h) of every token, [horizon]; 0 after the end. Raises as `log_prob` does."""
        self.check_prompt(prompt)
        self._check_response("response", response)
        tokens = placed(response, jnp.int32)
        return _scored(self, prompt, tokens)

    def _token_log_probs(self, prompt: Any, tokens: jax.Array, ended_before: jax.Array) -> jax.Array:
        inputs = jnp.concatenate([jnp.asarray([self.begin_token], jnp.int32), tokens[:-1]])

        def advance(state: Any, at: tuple[jax.Array, jax.Array, jax.Array]) -> tuple[Any, jax.Array]:
            before, token, ended = at
            state, log_probs = self.step(state, before)
            return state, jnp.where(ended, 0.0, log_probs[token])

        return jax.lax.scan(advance, self.start(prompt), (inputs, tokens, ended_before))[1]

    def lengths(self, response: Any) -> Any:
        """The number of tokens up to and including the end token; responses [..., horizon] give lengths [...].

        Raises `ValueError` for arrays of other shapes and for what is no integer; tokens outside the vocabulary are counted.
        """
        with _checks.renamed("responses", "response"):
            tokens = self._tokens(response)
        return self.horizon - self._ended_before(tokens, jnp if isinstance(tokens, jax.Array) else np).sum(axis=-1)

    def _ended_before(self, tokens: Any, xp: Any) -> Any:
        if self.end_token is None:
            return xp.zeros(tokens.shape, dtype=bool)
        is_end = tokens == self.end_token
        return (xp.cumsum(is_end, axis=-1) - is_end) > 0

    def _tokens(self, responses: Any) -> Any:
        tokens = responses if isinstance(responses, jax.Array) else _checks.as_array(responses)
        if tokens.shape[-1:] != (self.horizon,) or tokens.dtype.kind not in "iu":
            got = f"{tokens.dtype} {tokens.shape}"
            raise ValueError(f"`responses` must be integers with last axis {self.horizon}, one token for each step; got {got}.")
        return tokens

    def check_responses(self, responses: Any) -> None:
        """Raise `ValueError` for responses that are not [..., horizon], or have tokens outside the vocabulary before their end."""
        given = self._tokens(responses)
        if _checks.is_traced(given):
            return
        tokens = np.asarray(given)
        wrong = ((tokens < 0) | (tokens >= self.vocabulary_size)) & ~self._ended_before(tokens, np)
        if wrong.any():
            first = tokens[tuple(np.argwhere(wrong)[0][:-1])]
            raise ValueError(f"`responses` must hold integer tokens in 0..{self.vocabulary_size - 1}; got {first.tolist()}.")

    def _check_response(self, name: str, response: Any) -> None:
        if np.ndim(response) != 1:
            raise ValueError(f"`{name}` must have shape ({self.horizon},), one token for each step; got {np.shape(response)}.")
        with _checks.renamed("responses", name):
            self.check_responses(response)


@one_program
def _sampled(policy: SequencePolicy, prompt: Any, key: jax.Array) -> jax.Array:
    uniforms = jax.random.uniform(key, (policy.horizon,), dtype=float)

    def advance(carry: tuple[Any, jax.Array, jax.Array], uniform: jax.Array) -> tuple[Any, jax.Array]:
        state, token, ended = carry
        state, log_probs = policy.step(state, token)
        token = inverse_cdf(log_probs, uniform)
        if policy.end_token is not None:
            token = jnp.where(ended, policy.end_token, token)
            ended = token == policy.end_token
        return (state, token, ended), token

    begin = (policy.start(prompt), jnp.asarray(policy.begin_token, jnp.int32), jnp.asarray(False))
    return jax.lax.scan(advance, begin, uniforms)[1]


@one_program
def _scored(policy: SequencePolicy, prompt: Any, tokens: jax.Array) -> jax.Array:
    return policy._token_log_probs(prompt, tokens, policy._ended_before(tokens, jnp))


UNIFORM = Kind("a floating-point number in [0, 1]", lambda x: (x >= 0) & (x <= 1), axes=(), dtypes="f")


def inverse_cdf(log_probs: jax.Array, uniform: jax.Array) -> jax.Array:
    """The token that the inverse CDF of `log_probs` [V] gives at `uniform` in [0, 1): the first whose cumulative probability exceeds it.

    A token of probability 0 is never returned, whatever the rounding of the sums. Raises `ValueError` for concrete arguments that are no
    log-probabilities, or no number in [0, 1].
    """
    require_concrete(ROW, log_probs=log_probs)
    require_concrete(UNIFORM, uniform=uniform)
    uniform = placed(uniform)
    probs = jnp.exp(log_probs.astype(uniform.dtype))
    cumulative = jnp.cumsum(probs)
    total = jnp.max(jnp.where(probs > 0, cumulative, 0))
    reached = (cumulative > uniform * total) & (probs > 0)
    size = log_probs.shape[0]
    return jnp.min(jnp.where(reached, jnp.arange(size, dtype=jnp.int32), size - 1))
