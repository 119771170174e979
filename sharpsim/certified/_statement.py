"""A statement as two numbers of an instance, left <= right, and the verdict of one instance: proved, refuted, undecided or vacuous."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from flint import arb, ctx, fmpq

from sharpsim.certified._exact import HIGHEST, LOWEST, rational, refuse, whole

Instance = dict[str, Any]
"""Arguments of a statement by name: `Table`, `Row`, rationals, integers, or nested tuples of rationals."""
Side = Callable[..., Any]

PROVED, REFUTED, UNDECIDED, VACUOUS = WORDS = ("proved", "refuted", "undecided", "vacuous")


@dataclass(frozen=True)
class Statement:
    """One claim: `left` <= `right` (= where `equal`; < where `strict`) at every instance of its `domain`.

    `left` and `right` are functions of the instance's entries, by name, that give balls at the working precision or rationals. `bound` says
    which of them is the bound; scaled by 0.7 (right) or 1.3 (left) it should fail at `extremal`. From `trivial` on the bound says nothing.
    `attained` says, by rationals, where both sides are one number, which no ball would show; `gap` is right - left in a form in which
    nothing cancels, asked where the two sides are not told apart. `draw` makes an instance from a `Draws`.
    `label` is that of the catalogue of `sharpsim.theory`, `printed` marks what the paper prints and is false.
    """

    name: str
    label: str
    claim: str
    left: Side
    right: Side
    draw: Callable[[Any], Instance]
    extremal: Instance
    bound: Literal["right", "left"] = "right"
    domain: Callable[..., bool] = lambda **_: True
    attained: Callable[..., bool] = lambda **_: False
    gap: Side | None = None
    trivial: int | None = None
    equal: bool = False
    strict: bool = False
    printed: bool = False
    version: int = 1


@dataclass(frozen=True)
class Verdict:
    """The word for one instance, both sides (balls or rationals), and the bits at which it was found.

    `attained` says that it is proved by equality, `gap`, where it is not None, that right - left is this positive ball.
    """

    word: str
    left: Any
    right: Any
    bits: int
    attained: bool = False
    gap: arb | None = None


def judge(statement: Any, instance: Any, *, scale: Any = None, highest: Any = HIGHEST) -> Verdict:
    """The verdict of one instance, which must be of the statement's domain; with `scale`, of the statement with its bound times that."""
    if not isinstance(statement, Statement):
        raise refuse("statement", "a Statement", statement)
    if not isinstance(instance, Mapping) or not instance or not all(isinstance(name, str) for name in instance):
        raise refuse("instance", "the statement's arguments by name", instance)
    scale = None if scale is None else rational("scale", scale)
    bits, left, right, highest = LOWEST, None, None, whole("highest", highest, LOWEST, 2**20)
    while bits <= highest:
        with ctx.workprec(bits):
            left, right = statement.left(**instance), statement.right(**instance)
            if scale is not None:
                left, right = (left * scale, right) if statement.bound == "left" else (left, right * scale)
            word = _word(statement, left, right)
        if word is not None:
            return Verdict(word, left, right, bits)
        if bits == LOWEST and scale is None and statement.attained(**instance):
            return Verdict(PROVED, left, right, bits, attained=True)
        if scale is None and statement.gap is not None:
            with ctx.workprec(bits):
                gap = statement.gap(**instance)
            if gap > 0:
                return Verdict(PROVED, left, right, bits, gap=gap)
        bits *= 2
    return Verdict(UNDECIDED, left, right, bits // 2)


def _word(statement: Statement, left: Any, right: Any) -> str | None:
    if not (isinstance(left, fmpq) and isinstance(right, fmpq)):
        left, right = arb(left), arb(right)
    if statement.equal:
        known = isinstance(left, fmpq)
        return (PROVED if left == right else REFUTED) if known else REFUTED if left < right or right < left else None
    if statement.trivial is not None and (right >= statement.trivial if statement.bound == "right" else left <= statement.trivial):
        return VACUOUS
    if left < right or (left <= right and not statement.strict):
        return PROVED
    return REFUTED if right < left or (right <= left and statement.strict) else None


def ratio(verdict: Verdict) -> float:
    """left/right as a float, 1 where they are equal and NaN where there is no such number: the nearer to 1, the sharper the bound."""
    if verdict.attained or verdict.gap is not None:
        return 1.0
    try:
        return float(arb(verdict.left) / arb(verdict.right))
    except (OverflowError, ZeroDivisionError, ValueError):
        return float("nan")
