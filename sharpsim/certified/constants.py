"""Sharp constants: the best constant of each inequality, enclosed by ball arithmetic, beside the printed one.

`CONSTANTS` maps names to `Constant`s. `python -m sharpsim.certified.constants FILE` writes `docs/sharp-constants.md` (one minute).
"""

import sys
from collections.abc import Iterable
from pathlib import Path

from flint import arb, fmpq

from sharpsim.certified._constant import Constant, rounded
from sharpsim.certified._constants import CONSTANTS
from sharpsim.certified._rows import Row
from sharpsim.certified._sharpest import Sharpest, sharpest

__all__ = ["CONSTANTS", "Constant", "markdown"]

DIGITS = 9
SEARCHED = (
    "miss_exponential", "covered_miss", "kl", "win_rate", "stopping_mean", "stopping_miss", "adaptive_cost", "hellinger_constant",
    "hellinger_kl", "profile", "tilt_concentrability", "tilt_concentrability_slack", "tilt_loss", "tilt_bias", "log_ratio_tail",
    "log_ratio_quantile", "log_ratio_fourth", "residual_fourth", "risk_from_regret", "explored_risk", "explored_risk_sharp", "sft_lines",
)  # fmt: skip
"""Statements whose sharpest instance on three responses the page shows."""

INTRODUCTION = """# Sharp constants

An inequality that holds may hold with a better constant. For each inequality below, c is the best constant: the inequality holds for every
instance with c, and fails for some instance with anything better. c lies in the interval, which ball arithmetic proves:

- From one side, an exact instance is certified at which the ratio of the two sides is as near to c as the interval says.
- From the other side, c is the supremum or infimum of a function of one or two numbers, enclosed by branch and bound, or a proof gives it.
  `reduction` says which, and why. For the sum of Theorem J.2 a limit theorem is what makes c the best.

*Printed* is what the paper has, or the page of the theorem in this book where we state it with explicit constants.

```python
from sharpsim import certified
from sharpsim.certified import constants

one = constants.CONSTANTS["kl_hellinger"]
print(one.claim, one.enclosure(), one.reduction)
print(certified.judge(one.statement(one.proved()), one.extremal).word)  # proved
print(certified.judge(one.statement(one.beyond(1e-6)), one.extremal).word)  # refuted
```

`python -m sharpsim.certified.constants docs/sharp-constants.md` writes this page.
"""

CONSEQUENCES = """
## What follows

- **Theorem D.1.** With s = log(2/delta), (1-q)^D <= delta/2. So E[m]/n <= log(2/delta) Cbar_cov + 1 + (delta/2) C_cov, where C_cov stood.
- **Theorem 4.1'.** A set of base mass p is missed with probability at most delta/2 by N >= log(2/delta) (1/p - 1/2) draws, so N* may be
  N/log(2/delta) + 1/2, and the share of prompts that are not covered is at most (C_cov,g - 1)/(N* - 1) where C_cov,g < N*.
- **Lemma F.1.** e_stat may be 2 (1 - (rho/(|Pi| - 1))^(1/n)), at most 2 log((|Pi| - 1)/rho)/n.
- **Theorem J.2.** P_x[fail] <= 5.18 regret/(beta delta) without h; the factor of h gives 11.66.
- **Lemma J.1.** The bracket log(2C) + s may be log(4C/3) + s.

## The sharpest instance of each statement

`certified.sharpest(name, atoms=3)` searches the instances on at most three responses for the largest ratio of the two sides, where the
bound is not vacuous, and certifies the ratio at what it finds, rounded down here. 1 means that no smaller constant holds. It proves nothing
about other instances.

| statement | ratio | instance |
|---|---|---|
"""


def markdown() -> str:
    """The constants as a table in Markdown: one row for each, with its enclosure rounded outwards."""
    lines = ["| place | inequality | printed | sharp c | lies in | attained | better than printed |", "|---|---|---|---|---|---|---|"]
    for one in CONSTANTS.values():
        better = "yes" if one.better() else "its form is" if one.printed_right else "no"
        cells = (one.label, one.claim, one.printed, one.form, _interval(*one.enclosure()), one.attained, better)
        lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    return "\n".join(lines) + "\n"


def _interval(lower: arb, upper: arb) -> str:
    """[lower, upper] in `DIGITS` decimals, rounded outwards; one number where both are one decimal."""
    unit = 10**DIGITS
    low, high = (rounded(lower, up=False) * unit).floor(), (rounded(upper, up=True) * unit).ceil()
    texts = [f"{int(end) // unit}.{int(end) % unit:0{DIGITS}d}".rstrip("0").rstrip(".") for end in (low, high)]
    return texts[0] if low == high else f"[{', '.join(texts)}]"


def _searched(names: Iterable[str]) -> str:
    return "".join(f"| {name} | {_down(found)} | {_told(found)} |\n" for name in names for found in (sharpest(name),))


def _down(found: Sharpest) -> str:
    floor = (rounded(found.ratio[0], up=False) * 10**6).floor()
    return f"{int(floor) / 10**6:.6f}"


def _told(found: Sharpest) -> str:
    return ", ".join(f"{name} = {_entry(value)}" for name, value in found.instance.items())


def _entry(value: object) -> str:
    if isinstance(value, (Row, tuple)):
        return f"[{', '.join(map(_entry, value.fractions() if isinstance(value, Row) else value))}]"
    if isinstance(value, fmpq):
        near_one = 1 - fmpq(1, 10**4) < value < 1
        return f"1 - {float(arb(1 - value)):.3g}" if near_one else f"{float(arb(value)):.6g}"
    return str(value)


def page() -> str:
    """The text of the page."""
    return INTRODUCTION + "\n" + markdown() + CONSEQUENCES + _searched(SEARCHED)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page())
