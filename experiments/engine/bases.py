"""The base policies that a stem runs on: a user's own table `[prompts, responses]` from a .npy file, or random tables."""

from pathlib import Path

import numpy as np

from experiments.engine.frame import Context
from experiments.engine.rows import Refused
from sharpsim.cards import log_table, read_array
from sharpsim.instances import random_table


def load_base(path: Path) -> np.ndarray:
    """The log-probabilities, float64 `[prompts, responses]`, of a table of probabilities or of log-probabilities.

    Raises `Refused` for a file that is no .npy table, a table that is not two-dimensional or not of real numbers, NaN, and rows that sum
    to 1 neither as probabilities nor as log-probabilities.
    """
    try:
        return log_table("base", read_array("base", path))
    except ValueError as error:
        raise Refused(str(error)) from error


def bases(context: Context, *, tables: int, prompts: int, responses: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Pairs (log-probabilities, prompt weights): the user's own base with uniform weights, or else `tables` random ones.

    Random tables are drawn with the run's seed. Their concentration takes the values 0.1 (peaked), 0.5 and 2 (flat) in turn.
    """
    if context.base is not None:
        table = load_base(context.base)
        return [(table, np.full(len(table), 1 / len(table)))]
    rng = np.random.default_rng(context.seed)
    return [random_table(rng, prompts=prompts, responses=responses, concentration=(0.1, 0.5, 2.0)[i % 3]) for i in range(tables)]
