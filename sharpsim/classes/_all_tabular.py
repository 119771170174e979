"""The class of all conditional laws over finitely many prompts and responses."""

import math
from functools import partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key

from sharpsim import _checks
from sharpsim._arguments import checked
from sharpsim._precision import placed
from sharpsim.classes._compared import check_pairs, squared_residuals
from sharpsim.classes._counts import Fit, pair_counts
from sharpsim.classes._graph import potentials, segment_logsumexp
from sharpsim.classes._kinds import COMPARED, COUNTS, OBSERVED, PAIRS
from sharpsim.policies import TabularPolicy


class AllTabular(eqx.Module):
    """All tables of `prompts` conditional laws over `responses` responses. The class is infinite, so Lemma F.1 gives no bound for it.

    `reference` is the policy that a fit keeps where there are no data; without it, the uniform one. It is knowledge of the learner and
    costs no query.
    """

    prompts: int = eqx.field(static=True)
    responses: int = eqx.field(static=True)
    reference: TabularPolicy | None = None

    @checked
    def __init__(self, prompts: int, responses: int, reference: TabularPolicy | None = None):
        _checks.affordable_counts(8.0 * prompts * responses, prompts=prompts, responses=responses)
        self.prompts = _checks.static_count("prompts", prompts)
        self.responses = _checks.static_count("responses", responses)
        if reference is not None and reference.log_probs.shape != (prompts, responses):
            raise ValueError(f"`reference` must be a table [{prompts}, {responses}]; got shape {reference.log_probs.shape}.")
        self.reference = reference

    @property
    def log_size(self) -> float:
        """log|Pi| = inf."""
        return math.inf

    @property
    def shape(self) -> tuple[int, int]:
        """(prompts, responses) of each member's table."""
        return self.prompts, self.responses

    @checked(**PAIRS)
    def maximum_likelihood(self, prompts: Int[Array, " n"], responses: Int[Array, "..."], *, key: Key[Array, ""]) -> Fit:
        """The empirical law of the responses to each prompt; `info["seen"]` is how many pairs each prompt had. `key` is unused."""
        return self.fit_counts(pair_counts(prompts, responses, self.shape, self._reference().dtype), key=key)

    @checked(counts=COUNTS)
    def fit_counts(self, counts: Float[Array, "prompts responses"], *, key: Key[Array, ""]) -> Fit:
        """`maximum_likelihood` from how often each pair occurred."""
        _checks.shape_of("counts", counts, self.shape)
        del key
        law, seen = _empirical(placed(counts), self._reference())
        return Fit(TabularPolicy(law), {"seen": seen})

    @checked(observed=OBSERVED)
    def maximiser_votes(self, observed: Float[Array, "prompts responses"]) -> Float[Array, "prompts responses"]:
        """1 for the likeliest response seen if some table with these likelihoods has its maximum there, 1/2 for each unseen one that may.

        An unseen response can be a maximiser while the mass left reaches the largest likelihood seen; a seen one while the mass left
        can be spread over the unseen without exceeding it. `observed` holds log-likelihoods of the base, NaN where unseen.
        """
        _checks.shape_of("observed", observed, self.shape)
        observed = placed(observed)
        hidden = jnp.isnan(observed)
        seen = jnp.where(hidden, 0.0, jnp.exp(observed))
        top, left = jnp.max(seen, axis=-1, keepdims=True), 1 - jnp.sum(seen, axis=-1, keepdims=True)
        room = 1e-9 if observed.dtype == jnp.float64 else 1e-5
        leads = ~hidden & (seen == top) & (left <= top * jnp.sum(hidden, axis=-1, keepdims=True) + room)
        return jnp.where(leads, 1.0, jnp.where(hidden & (left >= top - room) & (left > room), 0.5, 0.0)).astype(observed.dtype)

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
        """A law with beta (log pi(y_i|x_i) - log pi(y'_i|x_i)) = targets_i for all i, which exists where targets are differences of one
        function of (x, y), as DPO's are: least squares at loss 0.

        Solved along a spanning forest of the graph of compared responses. Each connected component is fixed up to its total mass,
        for which all values minimise the loss: it keeps its mass under `reference`, a response never compared by itself. `info`:
        `component` `[prompts, responses]`, equal within a prompt's component (the number of its least response), and `loss`, positive
        (beyond rounding) where targets were not consistent and the law therefore need not be a minimiser. `key` is unused.
        """
        del key
        law, info = _along_forest(self._reference(), *check_pairs(prompts, first, second, targets, self.shape), beta)
        return Fit(TabularPolicy(law), info)

    def _reference(self) -> Float[Array, "prompts responses"]:
        if self.reference is not None:
            return self.reference.log_probs
        return jnp.full(self.shape, -math.log(self.responses))


@partial(jax.jit, inline=True)
def _empirical(counts: Any, unseen: Any) -> tuple[Any, Any]:
    seen = counts.sum(axis=1, keepdims=True)
    return jnp.where(seen > 0, jnp.log(counts) - jnp.log(jnp.maximum(seen, 1.0)), unseen), seen[:, 0]


@partial(jax.jit, inline=True)
def _along_forest(reference: Any, prompts: Any, first: Any, second: Any, targets: Any, beta: Any) -> tuple[Any, dict[str, Any]]:
    responses, offset = reference.shape[1], prompts * reference.shape[1]
    found = potentials(offset + first, offset + second, targets.astype(reference.dtype) / beta, reference.size)
    kept = segment_logsumexp(reference.reshape(-1), found.component)
    law = (found.height - segment_logsumexp(found.height, found.component) + kept).reshape(reference.shape)
    # A component that holds everything sums to one up to rounding only.
    law = law - jax.nn.logsumexp(law, axis=1, keepdims=True)
    squares = squared_residuals(law[prompts, first], law[prompts, second], targets, first == second, beta=beta)
    return law, {"component": found.component.reshape(reference.shape) % responses, "loss": squares.sum()}
