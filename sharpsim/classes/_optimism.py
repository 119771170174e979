"""Optimistic least squares, the problem that XPO solves in every round (Algorithm 1, sign corrected), from running sums of the data.

argmin over Pi of alpha sum_{i < count} log pi(y'_i|x_i) + sum_{i < count} ( beta [log pi(y_i|x_i) - log pi(y'_i|x_i)] - targets_i )^2.
At alpha = 0 its limit alpha -> 0+: the least likelihood of the second responses among the least-squares minimisers.
"""

import abc
from functools import partial
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key

from sharpsim import _checks
from sharpsim._arguments import REAL, arrays, checked, count
from sharpsim.classes._compared import check_pairs, is_least, squared_residuals
from sharpsim.classes._counts import Fit, choose_among
from sharpsim.classes._kinds import COMPARED


class Choice(NamedTuple):
    """A minimiser as its parameter (a member's index, one index per prompt, theta), and information on the search (arrays)."""

    parameter: Any
    info: dict[str, Any]


class Optimistic(eqx.Module):
    """A class with optimistic least squares. The data enter through running sums, so every round costs the same."""

    @property
    @abc.abstractmethod
    def shape(self) -> tuple[int, int]:
        """(prompts, responses)."""

    @abc.abstractmethod
    def no_evidence(self) -> Any:
        """The sums before any data."""

    @abc.abstractmethod
    def observe(self, evidence: Any, prompt: Any, first: Any, second: Any, target: Any, *, beta: Any) -> Any:
        """The sums with one more compared pair."""

    @abc.abstractmethod
    def most_optimistic(self, evidence: Any, *, alpha: Any, key: Key[Array, ""], start: Any = None, thorough: bool = False) -> Choice:
        """The minimiser for these sums; where there is a search, `start` is one more parameter to search from, `thorough` its effort."""

    @abc.abstractmethod
    def policy_at(self, parameter: Any) -> Any:
        """The policy with this parameter."""

    @abc.abstractmethod
    def any_parameter(self) -> Any:
        """Some parameter, of the right shape."""

    @checked(**COMPARED, count=arrays(count(0)), start=REAL)
    def optimistic_least_squares(
        self,
        prompts: Int[Array, " n"],
        first: Int[Array, "..."],
        second: Int[Array, "..."],
        targets: Float[Array, "..."],
        *,
        beta: Any,
        alpha: Any,
        count: Any,
        key: Key[Array, ""],
        start: Any = None,
    ) -> Fit:
        """argmin of alpha sum log pi(second) + the squares over the first `count` rows (which may be traced: one compile for all).

        `info["exact"]` says whether the minimiser is certified (tables) or the best of a search with restarts (linear classes);
        `info["objective"]`, `["loss"]`, `["log_likelihood"]` are its value and the two sums. Ties are broken uniformly by `key`.

        Raises `ValueError` for beta not positive, alpha negative, count outside 0..n, and data as `least_squares`.
        """
        prompts, first, second, targets = check_pairs(prompts, first, second, targets, self.shape)
        # 2.0 rows are two.
        if not _checks.is_traced(count) and (count := int(count)) > prompts.shape[0]:
            raise ValueError(f"`count` must be at most the {prompts.shape[0]} rows given; got {count!r}.")
        evidence = _observed(self, prompts, first, second, targets, beta, count)
        found = self.most_optimistic(evidence, alpha=alpha, key=key, start=start, thorough=True)
        return Fit(self.policy_at(found.parameter), found.info)


@partial(jax.jit, inline=True)
def _observed(policy_class: Optimistic, prompts: Any, first: Any, second: Any, targets: Any, beta: Any, count: Any) -> Any:
    def add(i: Any, evidence: Any) -> Any:
        return policy_class.observe(evidence, prompts[i], first[i], second[i], targets[i], beta=beta)

    return jax.lax.fori_loop(jnp.zeros_like(count), count, add, policy_class.no_evidence())


class TableSums(NamedTuple):
    """For members listed as tables: sum log pi(y') and the sum of squares, `[.., members]`."""

    log_likelihood: Float[Array, "*batch members"]
    loss: Float[Array, "*batch members"]


@partial(jax.jit, inline=True)
def pair_terms(log_first: Any, log_second: Any, target: Any, same: Any, *, beta: Any) -> TableSums:
    """The terms that one pair adds to the sums, for each member.

    A member without mass at y', which the base drew, or with mass at y where the base has none (its target is not finite), has an
    infinite log-ratio: its loss is infinite, and its likelihood, which optimism would reward, counts for nothing.
    """
    outside = ~jnp.isfinite(target)
    goal = jnp.where(outside, 0.0, target).astype(log_first.dtype)
    pair = squared_residuals(log_first[:, None], log_second[:, None], goal[None], jnp.asarray(same)[None], beta=beta)
    squares = pair[:, 0]
    ruled_out = (log_second == -jnp.inf) | (outside & (log_first > -jnp.inf))
    likelihood = jnp.where(log_second == -jnp.inf, 0.0, log_second)
    return TableSums(likelihood, jnp.where(ruled_out, jnp.inf, jnp.where(outside, 0.0, squares)))


def least_of_tables(sums: TableSums, *, alpha: Any, key: Any) -> tuple[Any, dict[str, Any]]:
    """Index of the minimiser along the last axis, exactly; ties (up to rounding of the sums) uniform by `key`."""
    best, tied = _least(sums, alpha)
    return choose_among(best, key=key).astype(jnp.int32), {"minimisers": tied}


@partial(jax.jit, inline=True)
def _least(sums: TableSums, alpha: Any) -> tuple[Any, Any]:
    likely = jnp.asarray(alpha, sums.loss.dtype) * sums.log_likelihood
    objective = likely + sums.loss
    least = jnp.min(objective, axis=-1, keepdims=True)
    tolerance = 1e-12 if objective.dtype == jnp.float64 else 1e-5
    near = (objective <= least + tolerance * (jnp.abs(likely) + jnp.where(jnp.isfinite(sums.loss), sums.loss, 0.0))) | (objective == least)
    # In the limit the loss comes first and the likelihood only decides among its minimisers.
    fitting = is_least(sums.loss)
    unlikely = jnp.where(fitting, sums.log_likelihood, jnp.inf)
    lowest = jnp.min(unlikely, axis=-1, keepdims=True)
    limit = fitting & (unlikely <= lowest + tolerance * jnp.abs(lowest))
    best = jnp.where(jnp.asarray(alpha) > 0, near, limit)
    return best, best.sum(axis=-1)
