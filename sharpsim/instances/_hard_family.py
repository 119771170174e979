"""The hard family of the lower bounds (section 3.3 and Appendix H, at gamma = 1/2)."""

from typing import NamedTuple

import numpy as np

from sharpsim import _checks
from sharpsim._arguments import LABEL, ROW, arrays, checked


class HardFamily(NamedTuple):
    """One member of the family, and what all members share.

    `log_probs` is `[1 + hard_prompts, 1 + labels]` and `prompt_weights` `[1 + hard_prompts]`: prompt 0 is answered by response 0,
    prompt i >= 1 has its secret at response `secrets[i - 1]` in 1..labels. `log_class_size` = hard_prompts log(labels).
    """

    log_probs: np.ndarray
    prompt_weights: np.ndarray
    secrets: np.ndarray
    log_class_size: float

    @checked(log_row=ROW)
    def members(self, log_row: np.ndarray) -> np.ndarray:
        """`[prompts, labels, responses]`: at each prompt, one law for each place its secret could be at.

        `log_row` is the law, over all responses, on a hard prompt whose secret is response 1; the others follow by relabelling.
        """
        labels = self.log_probs.shape[1] - 1
        log_row = _checks.row_of("log_row", log_row, 1 + labels)
        by_secret = np.tile(log_row, (labels, 1))
        by_secret[np.arange(labels), 1] = log_row[2] if labels > 1 else log_row[1]
        by_secret[np.arange(labels), 1 + np.arange(labels)] = log_row[1]
        easy = np.tile(self.log_probs[0], (1, labels, 1))
        return np.concatenate([easy, np.tile(by_secret, (len(self.secrets), 1, 1))])


@checked(secrets=arrays(LABEL, "hard_prompts"))
def hard_family(*, hard_prompts: int, labels: int, hard_mass: float, secrets: np.ndarray | None = None) -> HardFamily:
    """H(d, M, D): mass 1-D on an easy prompt, D/d on each of d prompts whose secret label has mass 2/M, the others (M-2)/(M(M-1)).

    `hard_prompts` d >= 1, `labels` M >= 3, `hard_mass` D in (0, 1]; `secrets` defaults to label 1 everywhere (the family is
    invariant under relabelling). C_cov at slack 1/2 is 1 - D + D M/2 for every member.

    Raises `ValueError` for counts or masses out of range and secrets that are not d labels in 1..M.
    """
    _checks.affordable_counts(16.0 * hard_prompts * labels, hard_prompts=hard_prompts, labels=labels)
    d, m = int(hard_prompts), int(labels)
    places = np.ones(d, dtype=np.int64) if secrets is None else np.asarray(secrets, dtype=np.int64)
    if places.shape != (d,) or not ((places >= 1) & (places <= m)).all():
        raise ValueError(f"`secrets` must be {d} labels in 1..{m}; got {secrets!r}.")
    probs = np.zeros((1 + d, 1 + m))
    probs[0, 0] = 1.0
    probs[1:, 1:] = (m - 2) / (m * (m - 1))
    probs[1 + np.arange(d), places] = 2 / m
    weights = np.concatenate([[1 - hard_mass], np.full(d, hard_mass / d)])
    with np.errstate(divide="ignore"):
        return HardFamily(np.log(probs), weights, places, d * float(np.log(m)))
