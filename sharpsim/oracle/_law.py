"""The oracle that draws answers from their exact distributions."""

from typing import Any

import jax.numpy as jnp

from sharpsim import _checks
from sharpsim.oracle._literal import Oracle
from sharpsim.policies import TabularPolicy
from sharpsim.sampling import MOST_BY_LAW, Batch, TracedRanking, unchecked


class LawOracle(Oracle):
    """The queries of `Oracle`, answered by one draw from the exact distribution of the answer. Costs are the same.

    The time depends neither on N nor on the stopping time: `best_of(n, N)` makes one exponential number a prompt, and still costs n N.
    The base must be tabular, with a table of rewards or log base. `draw` makes every draw, as in `Oracle`.
    N may be traced; the cost is then traced too, and N below 1 or above 2^100 gives response -1 and log-likelihood NaN.
    """

    _sorted: TracedRanking | None

    def __init__(self, base: Any, prompt_weights: Any, *, prompts: Any = None, reward: Any = None):
        if not isinstance(base, TabularPolicy) or callable(reward):
            raise ValueError("`base` must be tabular and `reward` a table or None for LawOracle; use Oracle, which draws literally.")
        super().__init__(base, prompt_weights, prompts=prompts, reward=reward)
        rewards = base.log_probs if self._reward is None else self._reward
        self._sorted = unchecked.traced_ranking(base.log_probs, rewards) if self._best is None else None

    def _draws(self, N: Any, n: int) -> Any:
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
            responses, log_probs = unchecked.best_by_law(self._best, self._base.log_probs, prompts, draws, key)
        else:
            sorted_table: Any = self._sorted
            responses = unchecked.best_by_law_traced(sorted_table, prompts, draws, key)
            log_probs = self._base.log_probs[prompts, responses]
        if _checks.is_traced(N):
            # What cannot be refused must not pass for an answer.
            answered = (N >= 1) & (float(MOST_BY_LAW) >= N)
            responses, log_probs = jnp.where(answered, responses, -1), jnp.where(answered, log_probs, jnp.nan)
        return Batch(prompts, responses, log_probs, cost)

    def _until(self, log_probs: Any, prompts: Any, stop: Any, key: Any) -> tuple[Any, Any]:
        if self._best is not None:
            return unchecked.adaptive_by_law(self._best, log_probs, prompts, stop, key)
        return unchecked.adaptive_by_law_traced(log_probs, prompts, stop, key)
