"""Many draws from a policy given as a table: best of N, the adaptive rule, pi_beta or any other distribution.

The cost of a draw is the same for all of them.
"""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from sharpsim import _checks, laws
from sharpsim._arguments import ANYTHING, checked
from sharpsim._precision import placed
from sharpsim.sampling import AliasTables
from sharpsim.sampling.unchecked import draw_rows


class TableSampler(eqx.Module):
    """Draws from pi(y|x) given as natural log-probabilities [prompts, responses], by alias tables that are built once.

    A draw costs two random words and two look-ups, whatever the size of the table. The total variation error is at most 2^-33, also in
    float32 programs. A response of probability 0 is never drawn. Keys may be typed keys of any kind.

    Raises `ValueError` for rows that hold NaN or do not sum to one, and for tables of 2^31 entries and more (rows padded to powers of two).
    """

    tables: AliasTables
    prompts: int = eqx.field(static=True)
    responses: int = eqx.field(static=True)

    @checked
    def __init__(self, log_probs: Any):
        self.prompts, self.responses = np.shape(log_probs)
        if not AliasTables.fits(self.prompts, self.responses):
            raise ValueError(
                f"`log_probs` must have fewer than 2^31 entries, rows padded to powers of two; got shape {np.shape(log_probs)}."
            )
        self.tables = AliasTables.of(np.exp(np.asarray(log_probs, dtype=np.float64)))

    @classmethod
    @checked
    def tilted(cls, log_probs: Any, reward: Any, *, beta: float) -> "TableSampler":
        """The sampler of pi_beta, proportional to base(y|x) exp(reward(y|x) / beta); refusals are those of `laws.tilted`."""
        return cls(laws.tilted(np.asarray(log_probs, dtype=np.float64), np.asarray(reward, dtype=np.float64), beta=beta))

    @checked(prompts=ANYTHING)
    def sample(self, prompts: Any, *, draws: int, key: jax.Array) -> jax.Array:
        """`draws` independent responses to each prompt number, int32 [n, draws].

        Raises `ValueError` for draws below 1, no prompts, and prompt numbers out of range.
        """
        count = _checks.static_count("draws", draws)
        _checks.prompt_numbers(prompts, self.prompts)
        _checks.affordable("draws", draws, size=4.0 * len(prompts) * count)
        return draw_rows(self.tables, placed(prompts, jnp.int32), count, key)
