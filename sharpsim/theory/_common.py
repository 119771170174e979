"""Definitions shared by the theory modules: the type of a statement, the check of assumptions, and quantities that several bounds use."""

import math
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from sharpsim._arguments import UNIT, checked, instance

SOURCE = "Huang et al., ICLR 2025, arXiv 2412.01951v2"

HELLINGER_CONSTANT = 12 + 8 * math.sqrt(2)
"""2 / (1 - 1/sqrt 2)^2 = 23.3137...: what log(|Pi|/rho) / (delta n) is multiplied by in Thm 4.1' and Thm D.1."""


@dataclass(frozen=True)
class Statement:
    """One result of the paper, described so that a test or a run can compare its bound with the exact quantity.

    `side` says whether the bound is above ("upper"), below ("lower") or equal to ("identity") the exact quantity. `constants` is "exact"
    where the inequality holds with the constants it has here, "fitted" where only the rate is claimed. `symbols` maps the paper's letters
    to argument names.
    """

    stem: str
    label: str
    claim: str
    side: Literal["upper", "lower", "identity"]
    constants: Literal["exact", "fitted"] = "exact"
    symbols: dict[str, str] = field(default_factory=dict)
    source: str = SOURCE


class AssumptionError(ValueError):
    """Raised by `require` when an assumption of a guarantee does not hold; the message names the assumption and its negative slack."""


@checked(slacks=instance(dict))
def require(slacks: dict[str, float], *names: str) -> None:
    """Raise `AssumptionError` for each named slack (for all of them if no names are given) that is negative or NaN."""
    for name in names or tuple(slacks):
        if not slacks[name] >= 0:
            raise AssumptionError(f"assumption `{name}` fails: its slack is {slacks[name]!r}, and must be at least 0.")


@checked(a=UNIT, b=UNIT)
def hellinger(a: Any, b: Any) -> Any:
    """h(a, b) = (sqrt a - sqrt b)^2 + (sqrt(1-a) - sqrt(1-b))^2, the squared Hellinger distance of Bernoulli(a) and (b); in [0, 2]."""
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    apart = (np.sqrt(a) - np.sqrt(b)) ** 2 + (np.sqrt(1 - a) - np.sqrt(1 - b)) ** 2
    # The roots of close numbers cancel: there from the difference of the numbers, which is exact.
    close, some = np.abs(a - b) < (a + b) / 8, (a > 0) & (a < 1)
    inside = np.where(some, a, 0.5)
    roots = np.sqrt(inside) + np.sqrt(b), np.sqrt(1 - inside) + np.sqrt(1 - b)
    # The square of a difference below 1e-162 is 0 in floats; beside it the second part is nothing.
    near = np.where(np.abs(a - b) < 1e-150, ((a - b) / roots[0]) ** 2, (a - b) ** 2 * (1 / roots[0] ** 2 + 1 / roots[1] ** 2))
    return np.where(close & some, near, apart)


def statistical_error(*, log_class_size: float, n: Any, rho: float) -> Any:
    """e_stat = 2 log(|Pi|/rho) / n (Lemma F.1): with probability 1 - rho the maximum-likelihood member of a finite class has
    E_x D_H^2(estimate, truth) at most this. D_H^2 has no factor 1/2, so a value above 2 is vacuous.
    """
    return 2 * (log_class_size - math.log(rho)) / np.asarray(n, dtype=np.float64)


def round_up(value: Any) -> Any:
    """The next larger float, so that an upper bound stays one after its own rounding."""
    return np.nextafter(value, np.inf)


def rounding(*terms: np.ndarray) -> float:
    """What a sum of these terms may be off by, at most 64 units in the last place of 1 and the largest of each: less than that tells
    nothing. Infinite entries do not count.
    """
    whole = 1.0
    for term in terms:
        whole += float(np.abs(term[np.isfinite(term)]).max(initial=0.0))
    return 64 * np.finfo(float).eps * whole


def as_float(value: Any) -> Any:
    """A Python float for a number, the array for an array."""
    return float(value) if np.ndim(value) == 0 else value
