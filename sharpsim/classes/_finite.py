"""The class that is a list of tabular policies. Its fits enumerate the members and are exact."""

import math
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key

from sharpsim import _checks
from sharpsim._arguments import LABEL, MEMBERS, REAL, arrays, checked
from sharpsim._precision import as_jax, placed
from sharpsim.classes._agreement import agrees, is_maximiser
from sharpsim.classes._compared import CHUNK, check_pairs, is_least, squared_residuals
from sharpsim.classes._counts import Fit, choose_among, is_best, pair_counts, taken
from sharpsim.classes._kinds import COMPARED, COUNTS, OBSERVED, ONE_PAIR, PAIRS, one_pair
from sharpsim.classes._optimism import Choice, Optimistic, TableSums, least_of_tables, pair_terms
from sharpsim.policies import TabularPolicy


class FiniteClass(Optimistic):
    """Pi = {pi_1, .., pi_M}: `log_probs` is `[members, prompts, responses]`, natural logarithms, rows normalised.

    Raises `ValueError` for an empty list, NaN and rows that do not sum to one.
    """

    log_probs: Float[Array, "members prompts responses"]

    @checked(log_probs=MEMBERS)
    def __init__(self, log_probs: Any):
        self.log_probs = as_jax(log_probs)

    @property
    def log_size(self) -> float:
        """log|Pi|, in nats."""
        return math.log(self.log_probs.shape[0])

    @property
    def shape(self) -> tuple[int, int]:
        """(prompts, responses) of each member's table."""
        return self.log_probs.shape[1], self.log_probs.shape[2]

    @checked(**PAIRS)
    def maximum_likelihood(self, prompts: Int[Array, " n"], responses: Int[Array, "..."], *, key: Key[Array, ""]) -> Fit:
        """argmax over members of sum_i log pi(y_i|x_i), exactly; `info["member"]` is its index, `info["log_likelihood"]` its value."""
        return self.fit_counts(pair_counts(prompts, responses, self.shape, self.log_probs.dtype), key=key)

    @checked(counts=COUNTS)
    def fit_counts(self, counts: Float[Array, "prompts responses"], *, key: Key[Array, ""]) -> Fit:
        """`maximum_likelihood` from how often each pair occurred."""
        _checks.shape_of("counts", counts, self.shape)
        scores, best = _likelihoods(placed(counts), self.log_probs)
        member = choose_among(best, key=key)
        law, score = taken(member, self.log_probs, scores)
        return Fit(TabularPolicy(law), {"member": member, "log_likelihood": score})

    @checked(observed=OBSERVED)
    def maximiser_votes(self, observed: Float[Array, "prompts responses"]) -> Float[Array, "prompts responses"]:
        """How many members that agree with every likelihood seen, at all prompts, have each response as a maximiser.

        `observed` holds log-likelihoods of the base, NaN where unseen; members are candidates for the base itself.
        """
        _checks.shape_of("observed", observed, self.shape)
        observed = placed(observed)
        alive = jnp.all(agrees(self.log_probs, observed), axis=-1)
        return jnp.sum(jnp.where(alive[:, None, None] & is_maximiser(self.log_probs), 1.0, 0.0), axis=0)

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
        """argmin over members of sum_i ( beta (log pi(y_i|x_i) - log pi(y'_i|x_i)) - targets_i )^2, exactly, ties uniform by `key`.

        A member without mass at a compared response has infinite loss (unless compared with itself, which says nothing).
        `info`: `member`, its `loss`, and `minimisers`, how many members share that loss.
        """
        prompts, first, second, targets = check_pairs(prompts, first, second, targets, self.shape)
        losses, best, tied = _losses(self.log_probs, prompts, first, second, targets, beta)
        member = choose_among(best, key=key)
        law, loss = taken(member, self.log_probs, losses)
        return Fit(TabularPolicy(law), {"member": member, "loss": loss, "minimisers": tied})

    def no_evidence(self) -> TableSums:
        """Sums of zero for every member."""
        return TableSums(*jnp.zeros((2, self.log_probs.shape[0]), self.log_probs.dtype))

    @checked(**ONE_PAIR)
    def observe(self, evidence: TableSums, prompt: Any, first: Any, second: Any, target: Any, *, beta: Any) -> TableSums:
        """Every member's log-likelihood and loss with one more pair."""
        one_pair(prompt, first, second, self.shape)
        new = pair_terms(self.log_probs[:, prompt, first], self.log_probs[:, prompt, second], target, first == second, beta=beta)
        return TableSums(evidence.log_likelihood + new.log_likelihood, evidence.loss + new.loss)

    @checked(start=REAL)
    def most_optimistic(self, evidence: TableSums, *, alpha: Any, key: Key[Array, ""], start: Any = None, thorough: bool = False) -> Choice:
        """The minimiser by enumeration, exact; `start` and `thorough` are unused."""
        del start, thorough
        member, info = least_of_tables(evidence, alpha=alpha, key=key)
        likelihood, loss = taken(member, *evidence)
        sums = {"log_likelihood": likelihood, "loss": loss, "objective": alpha * likelihood + loss}
        return Choice(member, {"member": member, **info, **sums, "exact": jnp.asarray(True)})

    @checked(parameter=arrays(LABEL))
    def policy_at(self, parameter: Any) -> TabularPolicy:
        """The member with this index."""
        _checks.indices("parameter", parameter, self.log_probs.shape[0])
        return TabularPolicy(self.log_probs[parameter])

    def any_parameter(self) -> Any:
        """Member 0."""
        return jnp.int32(0)


@partial(jax.jit, inline=True)
def _likelihoods(counts: Any, log_probs: Any) -> tuple[Any, Any]:
    # A response that never occurs must not turn its member's -inf into NaN.
    scores = jnp.where(counts > 0, counts * log_probs, 0.0).sum(axis=(1, 2))
    return scores, is_best(scores)


@partial(jax.jit, inline=True)
def _losses(log_probs: Any, prompts: Any, first: Any, second: Any, targets: Any, beta: Any) -> tuple[Any, Any, Any]:
    def loss(table: Any) -> Any:
        return squared_residuals(table[prompts, first], table[prompts, second], targets, first == second, beta=beta).sum()

    # In blocks of members, for memory.
    size = max(1, min(log_probs.shape[0], CHUNK // prompts.shape[0]))
    losses = jax.lax.map(loss, log_probs, batch_size=size)
    best = is_least(losses)
    return losses, best, best.sum()
