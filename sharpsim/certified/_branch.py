"""Branch and bound: the supremum or infimum of a function of one or two real numbers over a box, enclosed with proof.

A function maps balls to a ball that holds all of its values there, and does so on truncated power series (`flint.arb_series`) where it can.
A cell of the box is bounded by its value on the cell and by the mean value form f(m) + f'(X) (X - m). Along a variable in which f' has one
sign only the better edge of the cell is kept. At an end of the box where f is a limit, the value on a ball that holds the end must hold it.
"""

import heapq
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from typing import Any

from flint import arb, arb_series, ctx, fmpq

BITS = 128
Cell = tuple[tuple[fmpq, fmpq], ...]
Function = Callable[..., Any]


def supremum(function: Function, box: Sequence[tuple[Any, Any]], *, width: float = 1e-10, most: int = 100_000) -> tuple[arb, arb]:
    """Exact numbers lower <= sup f <= upper, at most `width` apart; the ends of the box are rationals.

    Raises `ArithmeticError` where more than `most` cells are needed.
    """
    with ctx.workprec(BITS):
        order, lower, heap = count(), arb("-inf"), []
        todo: Iterator[Cell] = iter([tuple((fmpq(low), fmpq(high)) for low, high in box)])
        while next(order) < most:
            for cell in todo:
                kept, upper = _bounded(function, cell, lower)
                if upper < lower:
                    continue
                inside = _value(function, [arb((low + high) / 2) for low, high in kept])
                lower = lower if inside is None else lower.max(inside.lower())
                heapq.heappush(heap, (-upper, next(order), kept))
            upper = -heap[0][0]
            if upper - lower <= width:
                return lower, upper.max(lower)
            todo = _halves(heapq.heappop(heap)[2])
    raise ArithmeticError(f"the supremum is not enclosed within {width} by {most} cells")


def infimum(function: Function, box: Sequence[tuple[Any, Any]], **options: Any) -> tuple[arb, arb]:
    """As `supremum`, for inf f."""
    lower, upper = supremum(lambda *at: -function(*at), box, **options)
    with ctx.workprec(BITS):
        return -upper, -lower


def _value(function: Function, at: Sequence[Any]) -> arb | None:
    try:
        value = function(*at)
    except (ValueError, ZeroDivisionError):
        # Power series that cannot be inverted.
        return None
    value = value[1] if isinstance(value, arb_series) else arb(value)
    return None if value.is_nan() else value


def _bounded(function: Function, cell: Cell, floor: arb) -> tuple[Cell, arb]:
    """The part of a cell on which f can be largest, and an upper bound of f on it; the first bound does where it is below `floor`."""
    value = _value(function, [_ball(side) for side in cell])
    upper = arb("inf") if value is None else value.upper()
    if upper < floor:
        return cell, upper
    slopes = _slopes(function, cell)
    edges = tuple(_edge(side, slope) for side, slope in zip(cell, slopes, strict=True))
    if edges != cell:
        return edges, _bounded(function, edges, floor)[1]
    middle = _value(function, [arb((low + high) / 2) for low, high in cell])
    if middle is not None and None not in slopes:
        spread = sum((abs(slope) * arb((high - low) / 2) for slope, (low, high) in zip(slopes, cell, strict=True)), arb(0))
        upper = upper.min((middle + spread).upper())
    return cell, upper


def _slopes(function: Function, cell: Cell) -> list[Any]:
    sides = [_ball(side) for side in cell]
    return [_value(function, [arb_series([x, i == j], 2) for i, x in enumerate(sides)]) for j in range(len(sides))]


def _edge(side: tuple[fmpq, fmpq], slope: arb | None) -> tuple[fmpq, fmpq]:
    low, high = side
    return (high, high) if slope is not None and slope > 0 else (low, low) if slope is not None and slope < 0 else side


def _ball(side: tuple[fmpq, fmpq]) -> arb:
    low, high = side
    return arb(low).union(arb(high))


def _halves(cell: Cell) -> Iterator[Cell]:
    """The cell split in two along its longest side."""
    longest = max(range(len(cell)), key=lambda i: cell[i][1] - cell[i][0])
    low, high = cell[longest]
    for side in ((low, (low + high) / 2), ((low + high) / 2, high)):
        yield tuple(side if i == longest else other for i, other in enumerate(cell))


def crossing(function: Function, low: Any, high: Any, *, width: float = 1e-10) -> tuple[arb, arb]:
    """The sign change of a continuous f with f(low) > 0 > f(high), enclosed by halving: exact numbers at most `width` apart."""
    low, high = fmpq(low), fmpq(high)
    with ctx.workprec(BITS):
        if not (function(arb(low)) > 0 and function(arb(high)) < 0):
            raise ArithmeticError("the function is not seen to change its sign from positive to negative")
        while high - low > fmpq(*width.as_integer_ratio()):
            middle = (low + high) / 2
            value = function(arb(middle))
            if not (value > 0 or value < 0):
                raise ArithmeticError(f"the sign at {middle} is not decided")
            low, high = (middle, high) if value > 0 else (low, middle)
        return arb(low), arb(high)


def x_log_x(x: Any) -> Any:
    """x log x of a ball of numbers of at least 0, which may hold 0; of a power series, NaN there."""
    if isinstance(x, arb_series) or x > 0:
        return x * x.log()
    top = x.upper()
    if not top > 0:
        return arb(0)
    # It falls from 0 to -1/e, at 1/e, and rises again.
    end = top * top.log()
    return end.union(arb(0)) if top < fmpq(1, 3) else end.union(arb(0)).union(-arb(-1).exp())


def mean_log(x: Any) -> Any:
    """-log(1 - x)/x = sum x^k/(k + 1) on [0, 1), the limit 1 at 0 included: six terms and a bound of the rest for balls up to 1/8.

    A power series whose ball holds 0 is refused with `ValueError`.
    """
    if isinstance(x, arb_series) or not x.upper() < fmpq(1, 8):
        return -((1 - x).log()) / x
    rest = (x**6 / (7 * (1 - x))).upper().max(arb(0))
    return sum((fmpq(1, k + 1) * x**k for k in range(6)), arb(0)) + arb(0).union(rest)
