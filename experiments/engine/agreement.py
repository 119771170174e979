"""Judges how many confidence intervals cover the exact values that they estimate."""

from typing import Any

import numpy as np
from scipy import special

FALSE_ALARM = 1e-6


def covering(inside: Any, *, level: float = 0.95) -> bool:
    """Whether as many intervals miss as chance allows: independent intervals of this level miss so often with probability at least 1e-6.

    `inside` `[intervals]` says of each whether it covers. A share, such as nine in ten, would be too strict for few intervals and too
    lax for many.
    """
    inside = np.asarray(inside, dtype=bool)
    missed = int((~inside).sum())
    return missed == 0 or float(special.betainc(missed, len(inside) - missed + 1, 1 - level)) >= FALSE_ALARM
