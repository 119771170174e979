"""Frequencies with exact intervals, judged by the law of their counts: one by one, or how many intervals cover."""

from typing import Any

import numpy as np

from experiments.engine.rows import Table
from sharpsim.estimators import clopper_pearson

LEVEL = 0.95
"""The level that intervals have where nothing else is said."""
FALSE_ALARM = 1e-6
"""A correct experiment is called wrong with at most this chance."""


def enough_cover(inside: Any, level: float = LEVEL) -> bool:
    """Whether as many intervals miss as may: P[Binomial(count, 1 - level) >= misses] is at least `FALSE_ALARM`.

    `inside` says of each interval whether it holds the truth; they are independent, and each does with probability at least `level`.
    Without any interval the answer is no: nothing was shown.
    """
    from scipy.special import betainc

    covers = np.asarray(inside, dtype=bool)
    missed = int((~covers).sum())
    return covers.size > 0 and (missed == 0 or bool(betainc(missed, covers.size - missed + 1, 1 - level) >= FALSE_ALARM))


def frequency(hits: Any, prefix: str = "") -> dict[str, Any]:
    """The columns of a frequency: counts, value and 95% interval of a boolean array."""
    count, trials = int(np.sum(hits)), int(np.size(hits))
    low, high = clopper_pearson(count, trials)
    columns = {"hits": count, "trials": trials, "measured": count / trials, "low": low, "high": high}
    return {prefix + name: value for name, value in columns.items()}


def surprises(table: Table, *, exact: str, prefix: str = "") -> int:
    """How many frequencies miss their exact value by more than all correct ones together do with chance `FALSE_ALARM`."""
    low, high = clopper_pearson(table[f"{prefix}hits"], table[f"{prefix}trials"], level=1 - FALSE_ALARM / len(table))
    # A law's probability may exceed 1 by a rounding.
    return int((~((low - 1e-12 <= table[exact]) & (table[exact] <= high + 1e-12))).sum())
