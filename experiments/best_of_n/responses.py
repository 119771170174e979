"""Draws best-of-N responses in large numbers."""

from collections.abc import Iterator, Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from experiments.engine.frame import Context
from sharpsim.oracle import LawOracle, Oracle
from sharpsim.policies import TabularPolicy


@eqx.filter_jit
def _respond(oracle: Oracle, prompts: Any, N: Any, key: Any) -> Any:
    """Compiled once for each whole N and shape; an N that is an array is traced."""
    return oracle.respond(prompts, N, key=key).responses


class Drawer:
    """Best-of-N responses to every row of a table, [prompts, trials]: literally, or by law with N traced so that it compiles once."""

    def __init__(self, table: np.ndarray, trials: int, reward: np.ndarray | None = None):
        base, weights = TabularPolicy(table), np.full(len(table), 1 / len(table))
        scores = None if reward is None else jnp.asarray(reward)
        self._literal, self._law = Oracle(base, weights, reward=scores), LawOracle(base, weights, reward=scores)
        self._prompts = jnp.repeat(jnp.arange(len(table)), trials)
        self._shape = (len(table), trials)

    def literal(self, N: int, key: Any) -> np.ndarray:
        """The best of N draws, each of them made."""
        return np.asarray(_respond(self._literal, self._prompts, N, key)).reshape(self._shape)

    def by_law(self, N: int, key: Any) -> np.ndarray:
        """The same from the exact law, whatever N."""
        return np.asarray(_respond(self._law, self._prompts, jnp.asarray(float(N)), key)).reshape(self._shape)

    def sweep(
        self, literal: Sequence[int], by_law: Sequence[int], context: Context, key: Any, label: str
    ) -> Iterator[tuple[int, str, np.ndarray]]:
        """(N, "literal" or "law", responses) for each N, each with a key of its own."""
        plan = [(N, "literal") for N in literal] + [(N, "law") for N in by_law]
        for i, (N, how) in enumerate(context.track(plan, label)):
            yield N, how, (self.literal if how == "literal" else self.by_law)(N, jax.random.fold_in(key, i))
