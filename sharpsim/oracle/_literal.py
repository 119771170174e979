"""The oracle that makes every draw."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key

from sharpsim import _checks
from sharpsim._arguments import ANYTHING, FLAG, LABEL, POLICY, POSITIVE, REWARD_TABLE, arrays, checked
from sharpsim._precision import as_jax, placed, widened
from sharpsim.policies import TabularPolicy, running_mass
from sharpsim.sampling import AdaptiveBatch, AliasTables, Batch, Draws, HazardTable, unchecked

CHUNK = 2**20
"""The most draws that the literal oracle holds in memory at a time, for bases and rewards that are functions."""


class Oracle(eqx.Module):
    """Sample-and-evaluate access to `base`; every draw is made.

    Args:
        base: a tabular policy, or any policy with `sample(prompt, *, key)` and `log_prob(prompt, response)`.
        prompt_weights: the prompt distribution mu, one weight for each prompt, summing to one.
        prompts: the prompts as base takes them, one for each weight along the leading axis. The default is the integers 0, 1, ...
        reward: the self-reward that best-of-N maximises: None for log base, a table `[prompts, responses]` for a tabular base,
            or a function (prompt, response, log_prob) -> number.

    Raises `ValueError` for weights that are not a distribution, a table of the wrong shape, and counts below 1.
    """

    _base: Any
    _weights: Float[Array, " prompts"]
    _prompts: Any
    _reward: Float[Array, "prompts responses"] | None
    _score: Callable[[Any, Any, Any], Any] | None = eqx.field(static=True)
    _alias: AliasTables | None
    _mu: AliasTables | Float[Array, " prompts"]
    _best: HazardTable | None
    _running: Float[Array, "prompts responses"] | None

    @checked(base=POLICY, prompts=ANYTHING, reward=ANYTHING)
    def __init__(self, base: Any, prompt_weights: Any, *, prompts: Any = None, reward: Any = None):
        size = base.prompts if isinstance(base, TabularPolicy) else np.shape(prompt_weights)[0]
        _checks.prompt_weights(prompt_weights, size)
        if prompts is not None and np.shape(prompts)[:1] != (size,):
            raise ValueError(f"`prompts` must hold one prompt for each of the {size} weights; got shape {np.shape(prompts)}.")
        if prompts is not None and isinstance(base, TabularPolicy) and not np.array_equal(prompts, np.arange(size)):
            raise ValueError("`prompts` must be left out for a tabular base, whose prompts are its rows in order.")
        self._base = base
        self._weights = as_jax(prompt_weights)
        # A table needs numbers to be built from; traced weights are drawn from by their running total.
        traced = _checks.is_traced(self._weights)
        self._mu = running_mass(self._weights) if traced else AliasTables.of(np.asarray(self._weights)[None])
        self._prompts = jnp.arange(size, dtype=jnp.int32) if prompts is None else placed(prompts)
        self._score = reward if callable(reward) else None
        self._reward = None
        if reward is not None and not callable(reward):
            if not isinstance(base, TabularPolicy):
                raise ValueError("`reward` must be a function where `base` is not tabular; got a table.")
            _checks.same_shape("base.log_probs", base.log_probs, "reward", reward)
            REWARD_TABLE.check("reward", reward, {})
            # Unsigned numbers would be sorted wrong once negated.
            given = reward if _checks.is_traced(reward) else np.asarray(reward)
            self._reward = as_jax(placed(given, float) if given.dtype.kind in "bu" else given)
        self._alias, self._running = None, None
        if isinstance(base, TabularPolicy):
            # A traced table has no numbers to build from. In float32 running sums lose small masses; the policy's own sampler does not.
            if not _checks.is_traced(base.log_probs) and AliasTables.fits(*base.log_probs.shape):
                self._alias = AliasTables.of(np.exp(np.asarray(base.log_probs, dtype=np.float64)))
            elif base.log_probs.dtype == jnp.float64:
                self._running = running_mass(jnp.exp(base.log_probs))
        # None where rewards are not in a table, or are traced.
        ranked = self._alias is not None and self._score is None and not _checks.is_traced(self._reward)
        self._best = HazardTable.of(base.log_probs, base.log_probs if self._reward is None else self._reward) if ranked else None

    @property
    def prompts(self) -> Any:
        """The prompts as base takes them, one for each weight."""
        return self._prompts

    @property
    def shape(self) -> tuple[int, int | None]:
        """(number of prompts, number of responses); the second is None where the base is not tabular."""
        return self._weights.shape[0], self._base.log_probs.shape[1] if isinstance(self._base, TabularPolicy) else None

    @checked
    def draw(self, n: int, N: int, *, key: Key[Array, ""]) -> Draws:
        """n prompts from mu and N responses to each, with their likelihoods; cost n N."""
        n, N = _checks.static_count("n", n), _checks.static_count("N", N)
        _checks.affordable_counts(32.0 * n * N, n=n, N=N)
        prompt_key, response_key = jax.random.split(key)
        prompts = self._draw_prompts(n, prompt_key)
        responses, log_probs = self._draw_responses(prompts, N, response_key)
        return Draws(prompts, responses, log_probs, n * N)

    @checked
    def best_of(self, n: int, N: Any, *, key: Key[Array, ""]) -> Batch:
        """n prompts from mu and the best of N responses to each; cost n N. Of responses with equal reward the first drawn is kept."""
        n = _checks.static_count("n", n)
        prompt_key, response_key = jax.random.split(key)
        return self._respond(self._draw_prompts(n, prompt_key), self._draws(N, n), response_key)

    @checked(prompts=arrays(LABEL, "prompts"))
    def respond(self, prompts: Any, N: Any, *, key: Key[Array, ""]) -> Batch:
        """The best of N responses to each given prompt (an index into the weights): inference-time sharpening; cost N each."""
        _checks.prompt_numbers(prompts, self._weights.shape[0])
        return self._respond(placed(prompts, jnp.int32), self._draws(N, len(prompts)), key)

    @checked(stop=arrays(POSITIVE))
    def best_until(self, n: int, *, stop: Any, key: Key[Array, ""]) -> AdaptiveBatch:
        """n prompts from mu, and for each the adaptive rule of Def D.1: draw until k max_{j<=k} base(y_j|x) >= stop, keep the likeliest.

        For tabular bases with reward log base. The cost is the number of draws, a random value with mean n E[N_s].
        """
        n, base = _checks.static_count("n", n), self._tabular("best_until")
        stop = unchecked.fitting_stop(stop, base.log_probs.dtype)
        stop = stop if _checks.is_traced(stop) else np.asarray(stop)
        prompt_key, response_key = jax.random.split(key)
        prompts = self._draw_prompts(n, prompt_key)
        # Deadlines overflow float16.
        responses, draws = self._until(widened(base.log_probs), prompts, stop, response_key)
        return AdaptiveBatch(prompts, responses, base.log_probs[prompts, responses], draws)

    @checked
    def draw_prompts(self, n: int, *, key: Key[Array, ""]) -> Int[Array, " n"]:
        """n prompts from mu, as indices into the weights. Prompts cost nothing; only responses do (Def D.1)."""
        return self._draw_prompts(_checks.static_count("n", n), key)

    @checked(active=arrays(FLAG, "prompts"))
    def step(self, active: Any, *, key: Key[Array, ""]) -> AdaptiveBatch:
        """One response to every prompt where `active` is true, as any adaptive learner may ask for (Def D.1); cost one each.

        All arrays are `[prompts]`. A prompt that is not active has response -1, log-likelihood NaN and 0 draws.
        """
        if np.shape(active) != self._weights.shape:
            raise ValueError(f"`active` must have one entry for each of the {self.shape[0]} prompts; got shape {np.shape(active)}.")
        active = placed(active)
        prompts = jnp.arange(active.shape[0], dtype=jnp.int32)
        responses, log_probs = self._draw_responses(prompts, 1, key)
        shown = jnp.where(active, log_probs[:, 0], jnp.nan)
        return AdaptiveBatch(prompts, jnp.where(active, responses[:, 0], -1), shown, active.astype(log_probs.dtype))

    @checked(prompts=arrays(LABEL, "prompts"), responses=ANYTHING)
    def evaluate(self, prompts: Int[Array, " n"], responses: Any) -> Draws:
        """The log-likelihoods of responses that the learner made itself; cost one each. Only XPO uses this extension of Def 3.2."""
        _checks.prompt_numbers(prompts, self._weights.shape[0])
        _checks.responses(responses, prompts, self.shape[1])
        prompts, responses = placed(prompts), placed(responses)
        log_probs = jax.vmap(self._base.log_prob)(self._prompts[prompts], responses)
        return Draws(prompts, responses, log_probs, prompts.shape[0])

    @checked
    def rewards(self, draws: Draws) -> Any:
        """The self-reward of each drawn response, in the shape of the log-likelihoods. It is computed from draws and costs nothing."""
        return jax.vmap(lambda x, y, value: self._rewards(x, jnp.atleast_1d(y), jnp.atleast_1d(value)).reshape(value.shape))(
            draws.prompts, draws.responses, draws.log_probs
        )

    def _draws(self, N: Any, n: int) -> Any:
        """N, checked, as `_respond` takes it for n prompts."""
        count = _checks.static_count("N", N)
        _checks.affordable("N", N, seconds=unchecked.DRAW * n * count)
        return count

    def _respond(self, prompts: Any, N: Any, key: Any) -> Batch:
        if self._best is not None:
            responses, log_probs = unchecked.best_literal(self._best, self._base.log_probs, prompts, N, key)
            return Batch(prompts, responses, log_probs, prompts.shape[0] * N)

        def best(prompt_and_key: tuple[Any, Any]) -> tuple[Any, Any]:
            prompt, own_key = prompt_and_key
            responses, log_probs = self._draw_responses(prompt[None], N, own_key)
            winner = jnp.argmax(self._rewards(prompt, responses[0], log_probs[0]))
            return responses[0, winner], log_probs[0, winner]

        keys = jax.random.split(key, prompts.shape[0])
        responses, log_probs = jax.lax.map(best, (prompts, keys), batch_size=max(1, min(prompts.shape[0], CHUNK // N)))
        return Batch(prompts, responses, log_probs, prompts.shape[0] * N)

    def _draw_prompts(self, n: int, key: Any) -> Any:
        _checks.affordable("n", n, size=32.0 * n)
        if isinstance(self._mu, AliasTables):
            return unchecked.draw_rows(self._mu, jnp.zeros(n, jnp.int32), 1, key)[:, 0]
        return unchecked.draw_prompts(self._mu, n, key)

    def _draw_responses(self, prompts: Any, N: int, key: Any) -> tuple[Any, Any]:
        if self._alias is not None:
            return unchecked.draw_with_values(self._alias, self._base.log_probs, prompts, N, key)
        if self._running is not None:
            rows = jnp.broadcast_to(prompts[:, None], (prompts.shape[0], N))
            responses = unchecked.inverse_cdf_of_rows(self._running, rows, jax.random.uniform(key, rows.shape, self._running.dtype))
            return responses, self._base.log_probs[rows, responses]
        keys = jax.random.split(key, (prompts.shape[0], N))

        def one(prompt: Any, own_key: Any) -> tuple[Any, Any]:
            response = self._base.sample(self._prompts[prompt], key=own_key)
            return response, self._base.log_prob(self._prompts[prompt], response)

        return jax.vmap(lambda prompt, row: jax.vmap(lambda k: one(prompt, k))(row))(prompts, keys)

    def _rewards(self, prompt: Any, responses: Any, log_probs: Any) -> Any:
        if self._score is not None:
            score = self._score
            return jax.vmap(lambda y, value: score(self._prompts[prompt], y, value))(responses, log_probs)
        return log_probs if self._reward is None else self._reward[prompt, responses]

    def _tabular(self, method: str) -> TabularPolicy:
        if not isinstance(self._base, TabularPolicy) or self._reward is not None or self._score is not None:
            raise ValueError(f"`base` must be tabular and `reward` its log-likelihood for {method}; use draw() otherwise.")
        return self._base

    def _until(self, log_probs: Any, prompts: Any, stop: Any, key: Any) -> tuple[Any, Any]:
        unchecked.stop_in_time(stop, log_probs)
        return unchecked.adaptive_literal(log_probs, prompts, stop, key)
