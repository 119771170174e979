"""Exact numbers and their balls: what an argument is read as, and the refusal of what is not of its kind.

Integers, fractions and floats are exact rationals; the only other real numbers are logarithms of rationals (`Log`). Arithmetic on balls
rounds at the working precision, `precision(bits)`.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from numbers import Integral, Rational
from typing import Any

from flint import arb, ctx, fmpq

HIGHEST = 2048
"""Bits of precision at which what is not decided is said to be undecided."""
LOWEST = 64


def precision(bits: int) -> Any:
    """A context in which balls are rounded at so many bits, from 2 to 2^20."""
    bits = whole("bits", bits, 2, 2**20)
    return ctx.workprec(bits)


def shown(value: Any) -> str:
    """`repr` of a value in a message, cut where it is long."""
    if isinstance(value, int) and value.bit_length() > 1000:
        return f"an integer of {value.bit_length()} bits"
    text = repr(value)
    return text if len(text) <= 120 else f"{text[:110]} .."


def refuse(name: str, rule: str, value: Any) -> ValueError:
    """The error of an argument that breaks its rule."""
    return ValueError(f"`{name}` must be {rule}; got {shown(value)}.")


def rational(name: str, value: Any, rule: str = "a finite number", holds: Callable[[fmpq], bool] = lambda x: True) -> fmpq:
    """An integer, fraction or float as the rational that it is; refused where it is no such number or `holds` is false."""
    given = value
    if not isinstance(value, fmpq):
        try:
            # Truth values are no numbers.
            exact = Fraction(value) if isinstance(value, (int, float, Rational)) and not isinstance(value, bool) else None
        except (ValueError, OverflowError, ZeroDivisionError):
            exact = None
        if exact is None:
            raise refuse(name, rule, value)
        value = fmpq(exact.numerator, exact.denominator)
    if not holds(value):
        raise refuse(name, rule, given)
    return value


def rational_number(numerator: Any, denominator: Any = 1) -> fmpq:
    """numerator/denominator of two exact numbers, as a `flint.fmpq`."""
    most = fmpq(10) ** 150
    below = rational("denominator", denominator, "other than 0, from 1e-150 to 1e150 in size", lambda x: 1 / most <= abs(x) <= most)
    return rational("numerator", numerator, "at most 1e150 in size", lambda x: abs(x) <= most) / below


def between(name: str, value: Any, low: int, high: int, *, closed: str = "") -> fmpq:
    """A rational in (low, high), with the ends that `closed` names, "low" or "high"."""
    rule = f"in {'[' if 'low' in closed else '('}{low}, {high}{']' if 'high' in closed else ')'}"
    ends = (low if "low" in closed else None, high if "high" in closed else None)
    return rational(name, value, rule, lambda x: low < x < high or x in ends)


def positive(name: str, value: Any) -> fmpq:
    """A rational above 0."""
    return rational(name, value, "positive and finite", lambda x: x > 0)


def moderate(name: str, value: Any) -> fmpq:
    """A rational from 10^-100 to 10^100, as powers and their inverses need."""
    return rational(name, value, "positive, from 1e-100 to 1e100", lambda x: fmpq(1, 10**100) <= x <= 10**100)


def numbers(name: str, values: Any, rule: str, holds: Callable[[fmpq], bool] = lambda x: True) -> list[fmpq]:
    """Numbers along one axis, from a sequence or array."""
    given = values.tolist() if hasattr(values, "tolist") else values
    if not isinstance(given, (list, tuple, range)) or not given:
        raise refuse(name, rule, values)
    return [rational(name, value, rule, holds) for value in given]


def whole(name: str, value: Any, least: int = 1, most: int = 10**18) -> int:
    """A whole number from `least` to `most`; floats with a whole value are allowed."""
    rule = f"a whole number from {least} to {most:,}"
    if isinstance(value, bool) or not isinstance(value, (int, float, Integral)):
        raise refuse(name, rule, value)
    if isinstance(value, float) and not (math.isfinite(value) and value == int(value)):
        raise refuse(name, rule, value)
    number = int(value)
    if not least <= number <= most:
        raise refuse(name, rule, value)
    return number


@dataclass(frozen=True)
class Log:
    """log(argument) of a rational above 1: a positive number that no rational equals, so that comparisons with it always decide."""

    argument: fmpq

    def __post_init__(self) -> None:
        if not (isinstance(self.argument, fmpq) and self.argument > 1):
            raise refuse("argument", "a rational above 1", self.argument)


Real = fmpq | Log


def real(name: str, value: Any) -> Real:
    """A rational from 10^-100 to 10^100, or a `Log`."""
    return value if isinstance(value, Log) else moderate(name, value)


def ball(value: Any) -> arb:
    """The ball of an exact number at the working precision."""
    return arb(value.argument).log() if isinstance(value, Log) else arb(value)


def settled(attempt: Callable[[], Any], what: str) -> Any:
    """The first result of `attempt` that is not None, at precisions from the working one, doubled up to `HIGHEST`."""
    bits = ctx.prec
    while bits <= max(HIGHEST, ctx.prec):
        with ctx.workprec(bits):
            found = attempt()
        if found is not None:
            return found
        bits *= 2
    raise ArithmeticError(f"{what} is not decided at {HIGHEST} bits")


def power_of_complement(x: arb, count: Any) -> arb:
    """(1 - x)^count for x in [0, 1], by its logarithm: exp(count log(1 - x)) keeps its digits for x near 0 and counts of 10^12."""
    return arb(0) if x == 1 else ((-x).log1p() * count).exp()


def ball_of(name: str, value: Any, read: Callable[[str, Any], fmpq]) -> arb:
    """A ball as it is, or the ball of the exact number that `read` makes of the argument."""
    return value if isinstance(value, arb) and not value.is_nan() else arb(read(name, value))


def log_share(part: Any, rest: Any) -> arb:
    """log(part/(part + rest)) of two masses, the first positive, with the digits of whichever is smaller."""
    small, large = arb(rest), arb(part)
    return (-small / (small + large)).log1p() if small.mid() < large.mid() else (large / (small + large)).log()


def x_log_x(x: arb) -> arb:
    """x log x, 0 at the exact 0."""
    return arb(0) if x.is_zero() else x * x.log()


def root(x: arb) -> arb:
    """The square root of a number that is at least 0, whatever its ball says."""
    return x.nonnegative_part().sqrt()


def square(x: arb) -> arb:
    """x^2, also where the ball holds 0: `arb`'s power would give NaN."""
    return x * x
