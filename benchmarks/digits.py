"""`python -m benchmarks.digits`: float64 judged by balls: relative errors by decade of p, N, n and risk; writes docs/digits.md.

The files `_digits_*` give the cases: a number of the library, and a ball that holds the exact one for the same floats. The condition number
says how much of an error of the input's last bit must show, whatever the program.
"""

import math
import sys
from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from benchmarks import _digits_bounds, _digits_composed, _digits_laws, _digits_pairs, _digits_risks
from benchmarks._digits import BAR, BITS, LAST_BITS, Case, allowed, condition, error
from experiments.engine.rows import ROOT
from sharpsim import certified
from sharpsim.files import write_whole

SOURCES = (_digits_laws, _digits_bounds, _digits_risks, _digits_pairs, _digits_composed)
AXES = {
    "p": (-301, -100, -16, -3, 0.1),
    "N": (0, 3, 6, 12.1),
    "n": (0, 1, 2, 6, 12.1),
    "risk": (-301, -100, -16, -3, 0.1),
}
"""The edges of the groups, in decimal logarithms."""
MEANING = {
    "p": "a probability or a share that is given: the mode's mass or what it leaves, delta, the disagreement",
    "N": "the draws of a prompt",
    "n": "the prompts, pairs, rounds or samples in all",
    "risk": "the number itself where it is a risk, or the risk that is asked for",
}


class Found(NamedTuple):
    """One comparison: where it is, the relative error, and the condition number, where it was needed."""

    at: Mapping[str, float]
    error: float
    condition: float | None = None

    def explained(self) -> bool:
        """Whether the error is below the bar, or the condition number says why it is not."""
        return self.error <= BAR or (self.condition is not None and self.error <= allowed(self.condition))


class Judged(NamedTuple):
    """The comparisons of one function; the largest error, with its condition number, and the errors that nothing explains."""

    found: list[Found]
    worst: Found
    wrong: list[Found]


def measure(share: float = 1.0) -> dict[str, Judged]:
    """function -> its comparisons, from a fixed seed; `share` of the draws."""
    found: dict[str, list[Found]] = {}
    worst: dict[str, tuple[float, Case]] = {}
    with certified.precision(BITS):
        for source in SOURCES:
            rng = np.random.default_rng(11)
            for _ in range(math.ceil(share * source.DRAWS)):
                for case in source.cases(rng):
                    value = error(case)
                    found.setdefault(case.function, []).append(Found(case.at, value, condition(case) if value > BAR else None))
                    if value >= worst.get(case.function, (-1.0, case))[0]:
                        worst[case.function] = value, case
        return {
            name: Judged(found[name], Found(case.at, value, condition(case)), [one for one in found[name] if not one.explained()])
            for name, (value, case) in sorted(worst.items())
        }


def page(judged: dict[str, Judged]) -> str:
    """The tables of docs/digits.md."""
    lines = ["| function | largest | 99.9 % | at | condition number there |", "|---|---|---|---|---|"]
    for name, one in judged.items():
        place = ", ".join(f"{axis} 1e{round(_decade(value))}" for axis, value in one.worst.at.items())
        cells = (name, _shown(one.worst.error), _shown(_rare(one.found)), place, f"{one.worst.condition:.2g}")
        lines.append(f"| {' | '.join(cells)} |")
    above = [name for name, one in judged.items() if one.worst.error > BAR]
    lines += ["", f"Above {BAR:g}, and explained by their condition numbers: {'; '.join(above) or 'none'}."]
    for axis, edges in AXES.items():
        groups = list(pairwise(edges))
        lines += ["", f"## By {axis}", "", f"Here {axis} is {MEANING[axis]}.", ""]
        lines += [
            f"| function | {' | '.join(f'1e{round(low)} to 1e{round(high)}' for low, high in groups)} |",
            "|---|" + "---|" * len(groups),
        ]
        for name, one in judged.items():
            placed = [(_decade(each.at[axis]), each) for each in one.found if axis in each.at]
            cells = [_cell([each for place, each in placed if low <= place < high]) for low, high in groups]
            if placed:
                lines.append(f"| {' | '.join([name, *cells])} |")
    return "\n".join(lines) + "\n"


def _decade(value: float) -> float:
    return max(math.log10(value), -300.0) if value > 0 else -300.0


def _rare(found: Iterable[Found]) -> float:
    """The error that 99.9 % do not exceed."""
    return float(np.quantile([one.error for one in found], 0.999, method="inverted_cdf"))


def _cell(found: list[Found]) -> str:
    """The largest error, and in brackets that of 99.9 % where it is another."""
    if not found:
        return ""
    largest, rare = _shown(max(one.error for one in found)), _shown(_rare(found))
    return largest if largest == rare else f"{largest} ({rare})"


def _shown(value: float) -> str:
    return "0" if value == 0 else "inf" if value == math.inf else f"1e{math.ceil(math.log10(value) - 1e-9)}"


def main(write: Callable[..., Any] = write_whole, share: float = 1.0) -> int:
    """Write docs/digits.md; the exit status says whether every error is explained."""
    judged = measure(share)
    write(ROOT / "docs" / "digits.md", INTRODUCTION + page(judged))
    wrong = [f"{name}: {len(one.wrong)} of {len(one.found)} unexplained: {max(one.wrong, key=lambda each: each.error)}"
             for name, one in judged.items() if one.wrong]  # fmt: skip
    print("\n".join(wrong) or f"all of {len(judged)} functions have their digits; docs/digits.md")
    return 1 if wrong else 0


INTRODUCTION = f"""# Float64 judged by balls

`python -m benchmarks.digits` writes this page: the relative errors of the float64 functions against [balls](certified.md) that hold the
exact numbers for the same floats, on random draws: {max(source.DRAWS for source in SOURCES)} for most functions, from a fixed seed. Errors
are rounded up to a power of ten. Beside it, [accuracy](accuracy.md) has the exact functions against another arithmetic.

An error above {BAR:g} must be explained by {LAST_BITS} last bits, of 2^-52, times the condition number, or the command fails. The condition
number is computed from the ball, whose inputs are replaced by their neighbouring floats, one after another: it is the sum of |x f'(x)/f(x)|
over the inputs x. So it says how much of an error of the inputs' last bits must show, whatever the program. Whole numbers are exact and do
not count.

- A mass of 1e-300 that is given by its logarithm has a condition number of 690, as a float of that size has last bits of 690 times 2^-52.
- Where a function gives a logarithm ("log"), the error is that of the probability; below 1e-290, that of the logarithm.
- The regret or the residual of a policy near pi_beta is a small difference of the numbers that are given.
- The elliptic sum is one of matrices, entry by entry; a sum of theirs that is nearly singular is told from a singular one by `lam` alone.
- Some edges have a guard, such as a mass within 1e-12 of 1/N, which counts as covered. Draws within a guard are left out.

In all tables but the first, brackets have the error that 99.9 % of the draws do not exceed, where it is another than the largest.

"""


if __name__ == "__main__":
    sys.exit(main())
