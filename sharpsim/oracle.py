"""The sample-and-evaluate framework (Definition 3.2) and its adaptive extension (Definition D.1) as objects.

An oracle holds the base policy and the prompt distribution and hands out nothing but samples and their likelihoods. Every batch
carries its cost, a pure value. `Oracle` draws literally; `LawOracle` draws the outcome of the same queries from its exact law.
"""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key

from sharpsim import _checks
from sharpsim._precision import as_jax
from sharpsim.policies import TabularPolicy, running_mass
from sharpsim.sampling import (
    MOST_BY_LAW,
    AdaptiveBatch,
    AliasTables,
    Batch,
    Draws,
    HazardTable,
    TracedRanking,
    adaptive_by_law,
    adaptive_by_law_traced,
    adaptive_literal,
    best_by_law,
    best_by_law_traced,
    best_literal,
    draw_prompts,
    draw_rows,
    draw_with_values,
    inverse_cdf_of_rows,
)

CHUNK = 2**20
"""Draws held in memory at once by the literal oracle."""


class Oracle(eqx.Module):
    """Sample-and-evaluate access to `base`, drawn literally.

    Args:
        base: a policy: tabular, or any with `sample(prompt, *, key)` and `log_prob(prompt, response)`.
        prompt_weights: mu, one weight per prompt, summing to one.
        prompts: what base takes as prompts, one per weight along the leading axis; the integers 0, 1, .. without it.
        reward: the self-reward that best-of-N maximises: None for log base, a table `[prompts, responses]` for a tabular base,
            or a function (prompt, response, log_prob) -> number.

    Raises `ValueError` for weights that are no distribution, a table of the wrong shape, and counts below 1.
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

    def __init__(self, base: Any, prompt_weights: Any, *, prompts: Any = None, reward: Any = None):
        size = base.prompts if isinstance(base, TabularPolicy) else np.shape(prompt_weights)[0]
        _checks.prompt_weights(prompt_weights, size)
        if prompts is not None and np.shape(prompts)[0] != size:
            raise ValueError(f"`prompts` must hold one prompt for each of the {size} weights; got {np.shape(prompts)[0]}.")
        if prompts is not None and isinstance(base, TabularPolicy) and not np.array_equal(prompts, np.arange(size)):
            raise ValueError("`prompts` must be left out for a tabular base, whose prompts are its rows in order.")
        self._base = base
        self._weights = as_jax(prompt_weights)
        # A table needs numbers to be built from; traced weights are drawn from by their running total.
        traced = _checks.is_traced(self._weights)
        self._mu = running_mass(self._weights) if traced else AliasTables.of(np.asarray(self._weights)[None])
        self._prompts = jnp.arange(size, dtype=jnp.int32) if prompts is None else jnp.asarray(prompts)
        self._score = reward if callable(reward) else None
        self._reward = None
        if reward is not None and not callable(reward):
            if not isinstance(base, TabularPolicy):
                raise ValueError("`reward` must be a function where `base` is not tabular; got a table.")
            _checks.same_shape("base.log_probs", base.log_probs, "reward", reward)
            if not _checks.is_traced(reward) and np.isnan(np.asarray(reward)).any():
                raise ValueError("`reward` must not hold NaN.")
            # Unsigned numbers would be sorted wrong once negated.
            given = reward if _checks.is_traced(reward) else np.asarray(reward)
            self._reward = as_jax(jnp.asarray(given, float) if given.dtype.kind in "bu" else given)
        self._alias, self._running = None, None
        if isinstance(base, TabularPolicy):
            # A table that is being traced has no numbers to build from. In float32 running sums lose small masses, and the policy's own
            # sampler, slower, does not.
            if not _checks.is_traced(base.log_probs) and AliasTables.fits(*base.log_probs.shape):
                self._alias = AliasTables.of(np.exp(np.asarray(base.log_probs, dtype=np.float64)))
            elif base.log_probs.dtype == jnp.float64:
                self._running = running_mass(jnp.exp(base.log_probs))
        self._best = self._best_tables()

    def _best_tables(self) -> HazardTable | None:
        """What `respond` draws with; None where rewards are not in a table, or traced."""
        if self._alias is None or self._score is not None or _checks.is_traced(self._reward):
            return None
        return HazardTable.of(self._base.log_probs, self._base.log_probs if self._reward is None else self._reward)

    @property
    def prompts(self) -> Any:
        """The prompts that base takes, one per weight."""
        return self._prompts

    @property
    def shape(self) -> tuple[int, int | None]:
        """(prompts, responses); None where the base is no table and its responses are not listed."""
        return self._weights.shape[0], self._base.log_probs.shape[1] if isinstance(self._base, TabularPolicy) else None

    def draw(self, n: int, N: int, *, key: Key[Array, ""]) -> Draws:
        """n prompts from mu and N responses to each, with their likelihoods; cost n N."""
        n, N = _checks.static_count("n", n), _checks.static_count("N", N)
        prompt_key, response_key = jax.random.split(key)
        prompts = self._draw_prompts(n, prompt_key)
        responses, log_probs = self._draw_responses(prompts, N, response_key)
        return Draws(prompts, responses, log_probs, n * N)

    def best_of(self, n: int, N: Any, *, key: Key[Array, ""]) -> Batch:
        """n prompts from mu and the best of N responses to each (equals as if the first drawn were kept); cost n N."""
        n = _checks.static_count("n", n)
        prompt_key, response_key = jax.random.split(key)
        return self._respond(self._draw_prompts(n, prompt_key), self._draws(N), response_key)

    def respond(self, prompts: Any, N: Any, *, key: Key[Array, ""]) -> Batch:
        """The best of N responses to each given prompt (an index into the weights): inference-time sharpening; cost N each."""
        _checks.prompt_numbers(prompts, self._weights.shape[0])
        return self._respond(jnp.asarray(prompts, jnp.int32), self._draws(N), key)

    def best_until(self, n: int, *, stop: Any, key: Key[Array, ""]) -> AdaptiveBatch:
        """n prompts from mu; for each, draws until k max_{j<=k} base(y_j|x) >= stop, the likeliest kept (Def D.1, tabular bases).

        The cost is the number of draws, a random value; its mean is n E[N_s].
        """
        n = _checks.static_count("n", n)
        base = self._tabular("best_until")
        _checks.stop(stop, base.log_probs.dtype)
        prompt_key, response_key = jax.random.split(key)
        prompts = self._draw_prompts(n, prompt_key)
        # Deadlines overflow float16.
        log_probs = base.log_probs.astype(jnp.promote_types(base.log_probs.dtype, jnp.float32))
        responses, draws = self._until(log_probs, prompts, stop, response_key)
        return AdaptiveBatch(prompts, responses, base.log_probs[prompts, responses], draws)

    def draw_prompts(self, n: int, *, key: Key[Array, ""]) -> Int[Array, " n"]:
        """n prompts from mu, as indices into the weights; prompts are free, only responses cost (Def D.1)."""
        return self._draw_prompts(_checks.static_count("n", n), key)

    def step(self, active: Any, *, key: Key[Array, ""]) -> AdaptiveBatch:
        """One response to every prompt where `active` holds, the step of any adaptive learner (Def D.1); cost one each.

        All arrays are `[prompts]`; where a prompt is not active its response is -1, its likelihood NaN and its draws 0.
        """
        _checks.active(active, self._weights.shape[0])
        prompts = jnp.arange(active.shape[0], dtype=jnp.int32)
        responses, log_probs = self._draw_responses(prompts, 1, key)
        shown = jnp.where(active, log_probs[:, 0], jnp.nan)
        return AdaptiveBatch(prompts, jnp.where(active, responses[:, 0], -1), shown, active.astype(log_probs.dtype))

    def evaluate(self, prompts: Int[Array, " n"], responses: Any) -> Draws:
        """The likelihoods of responses the learner made itself, cost one each: an extension of Def 3.2 that only XPO uses."""
        _checks.prompt_numbers(prompts, self._weights.shape[0])
        log_probs = jax.vmap(self._base.log_prob)(self._prompts[prompts], responses)
        return Draws(prompts, responses, log_probs, prompts.shape[0])

    def rewards(self, draws: Draws) -> Any:
        """The self-reward of each drawn response, in the shape of its likelihood: computed from them, so without a cost of its own."""
        return jax.vmap(lambda x, y, value: self._rewards(x, jnp.atleast_1d(y), jnp.atleast_1d(value)).reshape(value.shape))(
            draws.prompts, draws.responses, draws.log_probs
        )

    def _draws(self, N: Any) -> Any:
        """N as `_respond` takes it."""
        return _checks.static_count("N", N)

    def _respond(self, prompts: Any, N: Any, key: Any) -> Batch:
        if self._best is not None:
            responses, log_probs = best_literal(self._best, self._base.log_probs, prompts, N, key)
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
        if isinstance(self._mu, AliasTables):
            return draw_rows(self._mu, jnp.zeros(n, jnp.int32), 1, key)[:, 0]
        return draw_prompts(self._mu, n, key)

    def _draw_responses(self, prompts: Any, N: int, key: Any) -> tuple[Any, Any]:
        if self._alias is not None:
            return draw_with_values(self._alias, self._base.log_probs, prompts, N, key)
        if self._running is not None:
            rows = jnp.broadcast_to(prompts[:, None], (prompts.shape[0], N))
            responses = inverse_cdf_of_rows(self._running, rows, jax.random.uniform(key, rows.shape, self._running.dtype))
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
        return adaptive_literal(log_probs, prompts, stop, key)


class LawOracle(Oracle):
    """The same queries, answers and costs, drawn from their exact law: the time does not depend on N or on the stopping time.

    Tabular bases with a table of rewards (or log base). `best_of(n, N)` looks up one exponential number for each prompt and still costs
    n N; N may be traced (the cost then is too, and N below 1 or above 2^100 gives response -1 of likelihood NaN). `draw` stays literal.
    """

    _sorted: TracedRanking | None

    def __init__(self, base: Any, prompt_weights: Any, *, prompts: Any = None, reward: Any = None):
        if not isinstance(base, TabularPolicy) or callable(reward):
            raise ValueError("`base` must be tabular and `reward` a table or None for LawOracle; use Oracle, which draws literally.")
        super().__init__(base, prompt_weights, prompts=prompts, reward=reward)
        rewards = base.log_probs if self._reward is None else self._reward
        self._sorted = TracedRanking.of(base.log_probs, rewards) if self._best is None else None

    def _draws(self, N: Any) -> Any:
        if _checks.is_traced(N):
            return N
        count = _checks.static_count("N", N)
        if count > MOST_BY_LAW:
            raise ValueError(f"`N` must be at most 2^100 for LawOracle, which tells masses apart from 2^-117 on; got {N}.")
        return count

    def _respond(self, prompts: Any, N: Any, key: Any) -> Batch:
        # A float, because n N = 1e11 does not fit the integers that JAX may be using.
        draws, cost = N if _checks.is_traced(N) else float(N), prompts.shape[0] * N
        if self._best is not None:
            responses, log_probs = best_by_law(self._best, self._base.log_probs, prompts, draws, key)
        else:
            sorted_table: Any = self._sorted
            responses = best_by_law_traced(sorted_table, prompts, draws, key)
            log_probs = self._base.log_probs[prompts, responses]
        if _checks.is_traced(N):
            # What cannot be refused must not pass for an answer.
            answered = (N >= 1) & (float(MOST_BY_LAW) >= N)
            responses, log_probs = jnp.where(answered, responses, -1), jnp.where(answered, log_probs, jnp.nan)
        return Batch(prompts, responses, log_probs, cost)

    def _until(self, log_probs: Any, prompts: Any, stop: Any, key: Any) -> tuple[Any, Any]:
        if self._best is not None:
            return adaptive_by_law(self._best, log_probs, prompts, stop, key)
        return adaptive_by_law_traced(log_probs, prompts, stop, key)
