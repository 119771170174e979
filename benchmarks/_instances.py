"""The problem instances of the benchmarks: the tables S1, S2 and S3, and random Markov policies."""

from typing import NamedTuple

import numpy as np

from sharpsim.instances import random_table


class Setting(NamedTuple):
    """The size of a table, and the work timed on it: n prompts with N draws each."""

    prompts: int
    responses: int
    n: int
    N: int


SETTINGS = {
    "full": {"S1": Setting(64, 1024, 10**5, 64), "S2": Setting(64, 65_536, 10**4, 256), "S3": Setting(1, 10**6, 10**3, 10**4)},
    "tiny": {"S1": Setting(3, 8, 40, 4), "S2": Setting(2, 16, 20, 4), "S3": Setting(1, 32, 10, 8)},
}


def table(setting: Setting) -> tuple[np.ndarray, np.ndarray]:
    """log base(y|x), each row uniform over the simplex, and uniform prompt weights mu."""
    log_probs, _ = random_table(np.random.default_rng(0), prompts=setting.prompts, responses=setting.responses, concentration=1.0)
    return log_probs, np.full(setting.prompts, 1 / setting.prompts)


def markov_table(vocabulary: int) -> np.ndarray:
    """An order-1 Markov policy for one prompt: natural logarithms [1, V + 1, V], each row uniform over the simplex."""
    log_probs, _ = random_table(np.random.default_rng(1), prompts=vocabulary + 1, responses=vocabulary, concentration=1.0)
    return log_probs[None]
