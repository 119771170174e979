"""What the benchmarks run on: tables S1, S2, S3 and random sequence policies."""

from typing import NamedTuple

import numpy as np

from sharpsim.instances import random_table


class Setting(NamedTuple):
    """A table's size, and the n prompts and N draws each that are timed on it."""

    prompts: int
    responses: int
    n: int
    N: int


SETTINGS = {
    "full": {"S1": Setting(64, 1024, 10**5, 64), "S2": Setting(64, 65_536, 10**4, 256), "S3": Setting(1, 10**6, 10**3, 10**4)},
    "tiny": {"S1": Setting(3, 8, 40, 4), "S2": Setting(2, 16, 20, 4), "S3": Setting(1, 32, 10, 8)},
}


def table(setting: Setting) -> tuple[np.ndarray, np.ndarray]:
    """log base(y|x), uniform over the simplex, and mu: all prompts alike."""
    log_probs, _ = random_table(np.random.default_rng(0), prompts=setting.prompts, responses=setting.responses, concentration=1.0)
    return log_probs, np.full(setting.prompts, 1 / setting.prompts)


def markov_table(vocabulary: int) -> np.ndarray:
    """Order 1, one prompt: [1, V + 1, V] natural logs, rows uniform over the simplex."""
    log_probs, _ = random_table(np.random.default_rng(1), prompts=vocabulary + 1, responses=vocabulary, concentration=1.0)
    return log_probs[None]
