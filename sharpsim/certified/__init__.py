"""Verdicts that are proofs: the exact laws, coefficients and bounds in ball arithmetic (FLINT), on instances that are exact fractions.

A ball holds the true number. A claimed inequality is decided where two balls are disjoint, and precision doubles until they are, or until
2,048 bits. Needs `pip install "sharpsim[certified]"`, python-flint.

The modules `best_of_n`, `stopping`, `tilt`, `coverage`, `dpo`, `bounds`, `guarantees`, `risks` and `minimax` are twins of the float64
functions. They take exact numbers (integers, fractions, floats as what they are) and give balls (`flint.arb`) at the working precision,
`precision(bits)`, or rationals (`flint.fmpq`) where the number is one. A row or table of numbers is divided by its exact sum; `from_logs`
reads natural log-probabilities. `Log(2/delta)` is the s of Theorem D.1, a number that no comparison mistakes.

`statements()` are the inequalities that are certified, each two numbers of an instance; `judge` gives the verdict of one instance: proved,
refuted, undecided or vacuous. `python -m sharpsim.certified hunt` judges them on generated instances, and `check` re-verifies certificates.
`sharpest` searches the worst instance of a statement, and `sharpsim.certified.constants` has the sharp constants with their proofs.
"""

try:
    import flint as _flint  # noqa: F401
except ImportError as error:
    raise ImportError('sharpsim.certified needs python-flint: pip install "sharpsim[certified]".') from error

from sharpsim.certified._certificate import certificate
from sharpsim.certified._exact import HIGHEST, Log, precision
from sharpsim.certified._exact import rational_number as rational
from sharpsim.certified._minimise import minimise
from sharpsim.certified._rows import from_logs, row, table
from sharpsim.certified._sharpest import Sharpest, sharpest
from sharpsim.certified._statement import Statement, Verdict, judge

MODULES = ("best_of_n", "bounds", "coverage", "dpo", "guarantees", "minimax", "risks", "stopping", "tilt")
"""The modules with the twins of the float64 functions."""

__all__ = [
    "HIGHEST", "Log", "MODULES", "Sharpest", "Statement", "Verdict", "certificate", "from_logs", "judge", "minimise", "precision",
    "rational", "row", "sharpest", "statements", "table",
]  # fmt: skip


def statements() -> dict[str, Statement]:
    """Every statement by its name; `printed` marks what the paper prints and is false."""
    from sharpsim.certified._statements import STATEMENTS

    return dict(STATEMENTS)
