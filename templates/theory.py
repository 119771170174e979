"""How often N draws all miss a response of probability p (worked example of CONTRIBUTING.md; ours).

Statement. N independent draws from a law that gives a response probability p all miss it with probability (1 - p)^N <= exp(-N p).

Assumptions. A1 (`has_mass`): p > 0; otherwise the bound is 1 and says nothing.

Symbols. p: response_probability; N: N.

Source. Elementary: 1 - p <= exp(-p).

Printed. As printed.
"""

import math
from typing import Any

import numpy as np

from sharpsim import _checks
from sharpsim.theory._common import Statement, as_float, round_up


def bound(*, response_probability: Any, N: Any) -> Any:
    """exp(-N p), at least the probability that all N draws miss; 1 at p = 0, to 0 as N p grows. Rounded up.

    Arrays map elementwise. Raises `ValueError` for p outside [0, 1] and N below 1.
    """
    p = _probability(response_probability)
    _checks.at_least("N", N, 1)
    return as_float(np.minimum(round_up(np.exp(-p * np.asarray(N, dtype=np.float64))), 1.0))


def draws_needed(*, response_probability: float, eps: float) -> int:
    """The inverse of `bound`: the least N with exp(-N p) <= eps. Raises `ValueError` for p outside (0, 1] and eps outside (0, 1)."""
    _checks.positive("response_probability", response_probability)
    _probability(response_probability)
    _checks.in_open_unit("eps", eps)
    N = max(1, math.ceil(-math.log(eps) / response_probability))
    # The division may round to the other side of a whole number.
    while bound(response_probability=response_probability, N=N) > eps:
        N += 1
    return N


def exact(*, response_probability: Any, N: Any) -> Any:
    """(1 - p)^N, the quantity that `bound` bounds. Raises `ValueError` as `bound` does."""
    p = _probability(response_probability)
    _checks.at_least("N", N, 1)
    with np.errstate(divide="ignore"):
        return as_float(np.exp(np.asarray(N, dtype=np.float64) * np.log1p(-p)))


def checks(*, response_probability: float) -> dict[str, float]:
    """The signed slack of A1, negative where it fails. Never raises."""
    return {"has_mass": response_probability if response_probability > 0 else -float(np.finfo(np.float64).tiny)}


def _probability(value: Any) -> np.ndarray:
    p = np.asarray(value, dtype=np.float64)
    if not np.all((p >= 0) & (p <= 1)):
        raise ValueError(f"`response_probability` must be in [0, 1]; got {value!r}.")
    return p


_SYMBOLS = {"p": "response_probability", "N": "N"}
STATEMENTS = (
    Statement("missed_mode", "Missed mode", "N draws all miss a response with probability at most exp(-N p)", "upper", symbols=_SYMBOLS),
)
