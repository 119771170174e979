"""The base policies that a stem runs on: a user's own table `[prompts, responses]` from a .npy file, or random tables."""

from pathlib import Path

import numpy as np

from experiments.engine.frame import Context
from experiments.engine.rows import Refused
from sharpsim.instances import random_table

_TOLERANCE = 1e-9


def load_base(path: Path) -> np.ndarray:
    """The log-probabilities, float64 `[prompts, responses]`, of a table of probabilities or of log-probabilities.

    Raises `Refused` for a file that is no .npy table, a table that is not two-dimensional or not of real numbers, NaN, and rows that sum
    to 1 neither as probabilities nor as log-probabilities.
    """
    try:
        table = np.load(path, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise Refused(f"`base` must be a .npy table of probabilities or log-probabilities; could not read it ({error}).") from error
    if not isinstance(table, np.ndarray) or table.ndim != 2 or table.size == 0:
        raise Refused(f"`base` must be one table [prompts, responses]; got shape {getattr(table, 'shape', 'of an archive')}.")
    if table.dtype.kind not in "fiu":
        raise Refused(f"`base` must hold real numbers; got dtype {table.dtype}.")
    table = table.astype(np.float64)
    if np.isnan(table).any():
        raise Refused(f"`base` must not hold NaN; got NaN in row {int(np.argwhere(np.isnan(table))[0][0])}.")
    with np.errstate(over="ignore", divide="ignore"):
        off_probs = np.abs(table.sum(axis=1) - 1.0) if np.all(table >= 0) else np.full(len(table), np.inf)
        off_logs = np.abs(np.exp(table).sum(axis=1) - 1.0)
        if off_probs.max() <= _TOLERANCE:
            return np.log(table)
    if off_logs.max() <= _TOLERANCE:
        return table
    kind, off = ("probabilities", off_probs) if np.all(table >= 0) else ("log-probabilities", off_logs)
    row = int(off.argmax())
    raise Refused(f"`base` must have rows that sum to 1 within {_TOLERANCE:g}; as {kind}, row {row} is off by {off[row]:.3g}.")


def bases(context: Context, *, tables: int, prompts: int, responses: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Pairs (log-probabilities, prompt weights): the user's own base with uniform weights, or else `tables` random ones.

    Random tables are drawn with the run's seed. Their concentration takes the values 0.1 (peaked), 0.5 and 2 (flat) in turn.
    """
    if context.base is not None:
        table = load_base(context.base)
        return [(table, np.full(len(table), 1 / len(table)))]
    rng = np.random.default_rng(context.seed)
    return [random_table(rng, prompts=prompts, responses=responses, concentration=(0.1, 0.5, 2.0)[i % 3]) for i in range(tables)]
