"""The class that chooses one of several rows separately for every prompt. Its fits are exact."""

import math
from functools import partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key

from sharpsim import _checks
from sharpsim._arguments import LABEL, REAL, arrays, checked
from sharpsim._precision import as_jax, placed
from sharpsim.classes._agreement import agrees, is_maximiser
from sharpsim.classes._compared import check_pairs, is_least, squared_residuals
from sharpsim.classes._counts import Fit, choose_among, is_best, pair_counts, taken_by_prompt
from sharpsim.classes._kinds import COMPARED, COUNTS, OBSERVED, ONE_PAIR, PAIRS, ROWS_OF_MEMBERS, one_pair
from sharpsim.classes._optimism import Choice, Optimistic, TableSums, least_of_tables, pair_terms
from sharpsim.policies import TabularPolicy


class ProductClass(Optimistic):
    """Pi = Pi_1 x .. x Pi_X: at each prompt any one of that prompt's members, never enumerated.

    `log_probs` is `[prompts, members, responses]`. Members that repeat an earlier one of their prompt do not count towards
    log|Pi|, so a prompt without a choice repeats its only law. Raises `ValueError` for an empty class, NaN, unnormalised rows.
    """

    log_probs: Float[Array, "prompts members responses"]
    log_size: float = eqx.field(static=True)

    @checked(log_probs=ROWS_OF_MEMBERS)
    def __init__(self, log_probs: Any):
        if _checks.is_traced(log_probs):
            self.log_size = math.log(np.shape(log_probs)[1]) * np.shape(log_probs)[0]
        else:
            self.log_size = float(sum(math.log(len(np.unique(rows, axis=0))) for rows in np.asarray(log_probs)))
        self.log_probs = as_jax(log_probs)

    @property
    def shape(self) -> tuple[int, int]:
        """(prompts, responses) of each member's table."""
        return self.log_probs.shape[0], self.log_probs.shape[2]

    @checked(**PAIRS)
    def maximum_likelihood(self, prompts: Int[Array, " n"], responses: Int[Array, "..."], *, key: Key[Array, ""]) -> Fit:
        """The maximum-likelihood member, exactly, prompt by prompt; a prompt without data gets a uniformly random member.

        `info["members"]` holds the index chosen at each prompt, `info["seen"]` how many pairs each prompt had.
        """
        return self.fit_counts(pair_counts(prompts, responses, self.shape, self.log_probs.dtype), key=key)

    @checked(counts=COUNTS)
    def fit_counts(self, counts: Float[Array, "prompts responses"], *, key: Key[Array, ""]) -> Fit:
        """`maximum_likelihood` from how often each pair occurred."""
        _checks.shape_of("counts", counts, self.shape)
        best, seen = _likeliest(placed(counts), self.log_probs)
        members = choose_among(best, key=key)
        return Fit(TabularPolicy(taken_by_prompt(members, self.log_probs)), {"members": members, "seen": seen})

    @checked(observed=OBSERVED)
    def maximiser_votes(self, observed: Float[Array, "prompts responses"]) -> Float[Array, "prompts responses"]:
        """At each prompt, how many of its members that agree with every likelihood seen there have each response as a maximiser.

        `observed` holds log-likelihoods of the base, NaN where unseen; members are candidates for the base itself.
        """
        _checks.shape_of("observed", observed, self.shape)
        observed = placed(observed)
        alive = agrees(self.log_probs, observed[:, None, :])
        return jnp.sum(jnp.where(alive[:, :, None] & is_maximiser(self.log_probs), 1.0, 0.0), axis=1)

    @checked(**COMPARED)
    def least_squares(
        self,
        prompts: Int[Array, " n"],
        first: Int[Array, "..."],
        second: Int[Array, "..."],
        targets: Float[Array, "..."],
        *,
        beta: Any,
        key: Key[Array, ""],
    ) -> Fit:
        """argmin of the sum of squares as `FiniteClass.least_squares`, exactly, prompt by prompt; ties uniform, prompt by prompt.

        `info`: `members` chosen, their total `loss`, and `minimisers`, how many members tie at each prompt (all, without data).
        """
        prompts, first, second, targets = check_pairs(prompts, first, second, targets, self.shape)
        losses, best, tied = _losses(self.log_probs, prompts, first, second, targets, beta)
        members = choose_among(best, key=key)
        law, (least,) = taken_by_prompt(members, self.log_probs), _totals(members, losses)
        return Fit(TabularPolicy(law), {"members": members, "loss": least, "minimisers": tied})

    def no_evidence(self) -> TableSums:
        """Sums of zero for every member of every prompt, `[prompts, members]`."""
        return TableSums(*jnp.zeros((2, *self.log_probs.shape[:2]), self.log_probs.dtype))

    @checked(**ONE_PAIR)
    def observe(self, evidence: TableSums, prompt: Any, first: Any, second: Any, target: Any, *, beta: Any) -> TableSums:
        """The sums of the pair's prompt with one more pair."""
        one_pair(prompt, first, second, self.shape)
        new = pair_terms(self.log_probs[prompt, :, first], self.log_probs[prompt, :, second], target, first == second, beta=beta)
        return TableSums(evidence.log_likelihood.at[prompt].add(new.log_likelihood), evidence.loss.at[prompt].add(new.loss))

    @checked(start=REAL)
    def most_optimistic(self, evidence: TableSums, *, alpha: Any, key: Key[Array, ""], start: Any = None, thorough: bool = False) -> Choice:
        """The minimiser, exactly, prompt by prompt (the objective is a sum over prompts); `start` and `thorough` are unused."""
        del start, thorough
        members, info = least_of_tables(evidence, alpha=alpha, key=key)
        likelihood, loss = _totals(members, *evidence)
        sums = {"log_likelihood": likelihood, "loss": loss, "objective": alpha * likelihood + loss}
        return Choice(members, {"members": members, **info, **sums, "exact": jnp.asarray(True)})

    @checked(parameter=arrays(LABEL, "prompts"))
    def policy_at(self, parameter: Any) -> TabularPolicy:
        """The policy that takes at each prompt the member with this index, `[prompts]`."""
        _checks.shape_of("parameter", parameter, self.log_probs.shape[:1])
        _checks.indices("parameter", parameter, self.log_probs.shape[1])
        parameter = placed(parameter)
        return TabularPolicy(taken_by_prompt(parameter, self.log_probs))

    def any_parameter(self) -> Any:
        """Member 0 at every prompt."""
        return jnp.zeros(self.log_probs.shape[0], jnp.int32)


@partial(jax.jit, inline=True)
def _likeliest(counts: Any, log_probs: Any) -> tuple[Any, Any]:
    counts = counts[:, None, :]
    scores = jnp.where(counts > 0, counts * log_probs, 0.0).sum(axis=-1)
    return is_best(scores), counts.sum(axis=(1, 2))


@partial(jax.jit, inline=True)
def _losses(log_probs: Any, prompts: Any, first: Any, second: Any, targets: Any, beta: Any) -> tuple[Any, Any, Any]:
    tables = jnp.moveaxis(log_probs, 1, 0)
    squares = squared_residuals(tables[:, prompts, first], tables[:, prompts, second], targets, first == second, beta=beta)
    losses = jnp.zeros(log_probs.shape[:2], squares.dtype).at[prompts].add(squares.T)
    best = is_least(losses)
    return losses, best, best.sum(axis=1)


@partial(jax.jit, inline=True)
def _totals(members: Any, *sums: Any) -> tuple[Any, ...]:
    return tuple(jnp.take_along_axis(part, members[:, None], axis=1).sum() for part in sums)
