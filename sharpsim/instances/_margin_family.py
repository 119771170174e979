"""A family with a small margin and a coverage that hardly depends on it: each prompt has one response slightly likelier than all others.

Call it to study how bounds depend on the margin alone.
"""

from typing import NamedTuple

import numpy as np

from sharpsim import _checks
from sharpsim._arguments import LABEL, POSITIVE, ROW, arrays, checked, count


class MarginFamily(NamedTuple):
    """One member: `log_probs` `[d, M]`, `prompt_weights` `[d]` (even), the place of each prompt's mode in `secrets` (0..M-1), and
    `log_class_size` = d log M, the number of members.
    """

    log_probs: np.ndarray
    prompt_weights: np.ndarray
    secrets: np.ndarray
    log_class_size: float

    @checked(log_row=ROW)
    def members(self, log_row: np.ndarray) -> np.ndarray:
        """`[d, M, M]`: at each prompt, one law for each place its mode could be at; `log_row` is the law whose mode is response 0."""
        labels = self.log_probs.shape[1]
        log_row = _checks.row_of("log_row", log_row, labels)
        laws = np.full((labels, labels), log_row[1])
        np.fill_diagonal(laws, log_row[0])
        return np.tile(laws, (len(self.secrets), 1, 1))


@checked(labels=count(2, 2**53), margin=POSITIVE, secrets=arrays(LABEL, "hard_prompts"))
def margin_family(*, hard_prompts: int, labels: int, margin: float, secrets: np.ndarray | None = None) -> MarginFamily:
    """d prompts with M responses each: the mode has mass (1+g)/(M+g), each other response 1/(M+g), so the margin is g and
    C_cov = (M+g)/(1+g), which hardly moves as g vanishes. `secrets` defaults to response 0 everywhere.

    Raises `ValueError` for d below 1, M below 2, g not positive and secrets that are not d responses.
    """
    _checks.affordable_counts(16.0 * hard_prompts * labels, hard_prompts=hard_prompts, labels=labels)
    d, m = int(hard_prompts), int(labels)
    places = np.zeros(d, dtype=np.int64) if secrets is None else np.asarray(secrets, dtype=np.int64)
    if places.shape != (d,) or not ((places >= 0) & (places < m)).all():
        raise ValueError(f"`secrets` must be {d} responses in 0..{m - 1}; got {secrets!r}.")
    log_probs = np.full((d, m), -np.log(m + margin))
    # Added to the logarithm, so that the margin survives where 1 + g rounds.
    log_probs[np.arange(d), places] += np.log1p(margin)
    return MarginFamily(log_probs, np.full(d, 1 / d), places, d * float(np.log(m)))
