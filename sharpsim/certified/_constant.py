"""A sharp constant: a claim with a constant c in it, the printed c, the sharp c between two exact numbers, and where it is attained."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from flint import arb, fmpq

from sharpsim.certified._exact import rational
from sharpsim.certified._statement import Instance, Side, Statement

Enclosure = tuple[arb, arb]


@dataclass(frozen=True)
class Constant:
    """The best c for which `statement(c)` holds at every instance of its domain: the largest or the smallest, as `best` says.

    `enclose` gives exact numbers, lower <= c <= upper. `form` is the sharp c as a formula. `printed` is what stood there before, and
    `printed_value` its constant; None where the printed bound is of another form. That is then `printed_right`, the right side by the
    instance's entries, if it is nowhere below this one. `reduction` says why c is the extremum of a function of one or two numbers, or what
    proves it without one. `extremal` is an instance at which c moved by 1e-6 to the wrong side is refuted.
    """

    name: str
    label: str
    claim: str
    best: Literal["largest", "smallest"]
    form: str
    printed: str
    printed_value: Callable[[], Any] | None
    attained: str
    reduction: str
    statement: Callable[[fmpq], Statement]
    extremal: Instance
    enclose: Callable[[], Enclosure]
    printed_right: Side | None = None

    def enclosure(self) -> Enclosure:
        """The two exact numbers between which the sharp constant lies."""
        return self.enclose()

    def proved(self) -> fmpq:
        """The constant with which the claim is proved: the lower end if c is the largest, the upper end if it is the smallest."""
        lower, upper = self.enclosure()
        return rounded(lower, up=False) if self.best == "largest" else rounded(upper, up=True)

    def beyond(self, step: Any) -> fmpq:
        """A constant that is at least `step` > 0 on the wrong side of the sharp one."""
        step = rational("step", step, "positive", lambda x: x > 0)
        lower, upper = self.enclosure()
        return rounded(upper, up=True) + step if self.best == "largest" else rounded(lower, up=False) - step

    def better(self) -> bool:
        """Whether the sharp constant is strictly better than the printed one, by the certified enclosure."""
        if self.printed_value is None:
            return False
        lower, upper = self.enclosure()
        printed = arb(self.printed_value())
        return bool(lower > printed) if self.best == "largest" else bool(upper < printed)


def rounded(value: arb, *, up: bool) -> fmpq:
    """The exact number of a ball without radius as a rational; an end that has a radius is rounded outwards."""
    mantissa, exponent = (value.upper() if up else value.lower()).man_exp()
    power = fmpq(2) ** abs(int(exponent))
    return fmpq(mantissa) * power if exponent >= 0 else fmpq(mantissa) / power


def exactly(value: Any) -> Callable[[], Enclosure]:
    """The enclosure of a rational constant that a proof gives."""
    return lambda: (arb(value), arb(value))
