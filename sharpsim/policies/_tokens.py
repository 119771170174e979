"""Checks of prompts and end tokens that several sequence policies share."""

from typing import Any

import numpy as np

from sharpsim import _checks


def check_prompt_indices(prompt: Any, prompts: int) -> None:
    """Raise `ValueError` unless all are integers in 0..prompts - 1. JAX would silently clamp others. Traced values are not checked."""
    if _checks.is_traced(prompt):
        return
    given = np.asarray(prompt)
    if given.dtype.kind not in "iu" or given.size == 0 or (given < 0).any() or (given >= prompts).any():
        raise ValueError(f"`prompt` must be an integer in 0..{prompts - 1}; got {prompt!r}.")


def check_end_token(end_token: int | None, vocabulary_size: int) -> None:
    """Raise `ValueError` for an end token that is neither None nor in the vocabulary."""
    if end_token is None:
        return
    if isinstance(end_token, bool) or not isinstance(end_token, int | np.integer) or not 0 <= end_token < vocabulary_size:
        raise ValueError(f"`end_token` must be None or an integer in 0..{vocabulary_size - 1}; got {end_token!r}.")
