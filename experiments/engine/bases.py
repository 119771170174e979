"""The bases that a stem runs on: a user's own, a [prompts, responses] table in a .npy file, checked first; or random ones."""

from pathlib import Path

import numpy as np

from experiments.engine.frame import Context
from experiments.engine.rows import Refused
from sharpsim.instances import random_table

_TOLERANCE = 1e-9


def load_base(path: Path) -> np.ndarray:
    """The table's log-probabilities in float64; it may hold probabilities or log-probabilities, each row one prompt.

    Refuses: not a .npy table, not two-dimensional, not real numbers, NaN, rows that sum to one neither way.
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
    """(log-probabilities, prompt weights) of the user's own base, prompts weighted evenly, or else of `tables` random ones.

    The random ones are drawn from the run's seed and take turns between peaked, middling and flat rows.
    """
    if context.base is not None:
        table = load_base(context.base)
        return [(table, np.full(len(table), 1 / len(table)))]
    rng = np.random.default_rng(context.seed)
    return [random_table(rng, prompts=prompts, responses=responses, concentration=(0.1, 0.5, 2.0)[i % 3]) for i in range(tables)]
