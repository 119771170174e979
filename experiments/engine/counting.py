"""Judges a count of intervals that cover: by the law of the count, not by a share of them."""

from typing import Any

import numpy as np

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
