"""The check that decoders of many prompts make before they begin."""

from typing import Any

import numpy as np

from sharpsim.policies import SequencePolicy


def checked_prompts(policy: SequencePolicy, prompts: Any) -> np.ndarray:
    """The prompts as an array [n, ...]. Raises `ValueError` where there is none, or one that the policy does not accept."""
    array = np.asarray(prompts)
    if array.ndim == 0 or len(array) == 0:
        raise ValueError(f"`prompts` must hold at least one prompt along its first axis; got shape {array.shape}.")
    policy.check_prompts(array)
    return array
