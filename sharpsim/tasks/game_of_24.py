"""The game of 24: combine all numbers by + - * / into 24, each used once; solved and judged in exact rational arithmetic."""

import functools
import itertools
import math
import re
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from sharpsim import _checks
from sharpsim._arguments import checked
from sharpsim._checks import shown
from sharpsim._kind import Is, count
from sharpsim.tasks import _expressions
from sharpsim.tasks._expressions import OPERATIONS, Expression
from sharpsim.tasks._task import BEGIN, END, Task

TARGET = 24
NUMBERS = {1: 3, 2: 4, 3: 4}
"""Level -> how many numbers."""
LARGEST = {1: 40, 2: 13, 3: 13}
"""Level -> largest number."""
SMALL = 100
"""References keep to whole numbers up to this on the way where the prompt allows."""
MOST_NUMBERS = 6
"""How many numbers can be solved."""
# Whole numbers are kept as int, for speed.
Number = int | Fraction
Step = tuple[Number, str, Number, Number]
"""First number, sign, second number, result."""

# Python refuses to read integers of thousands of digits; nine are enough.
_POSITIVE = "[1-9][0-9]{0,8}"
_PROMPT = re.compile(f"{_POSITIVE}(?: {_POSITIVE})+")
_RATIONAL = f"-?(?:0|{_POSITIVE})(?:/{_POSITIVE})?"
_STEP = re.compile(f"({_RATIONAL}) ([-+*/]) ({_RATIONAL}) = ({_RATIONAL})(?: , ({_RATIONAL}(?: {_RATIONAL})*))?")
# What the references of all prompts need (a test solves them all and compares).
_VALUES = (
    *map(str, range(67)),
    *"70 72 77 78 80 81 84 88 90 91 96 99 100 104 108 110 120 121 130 132 143 144 156 168 169".split(),
    *"240 288 336 360 432 480 504 528 576 600 624 648 672 720 792 840 864 936 960".split(),
    *"1/6 1/5 1/4 1/3 1/2 3/4 5/6 5/4 3/2 5/2 8/3 2/5 12/5 11/5 24/5 3/7 4/7 10/7 11/7 24/7 2/11 24/11 2/13 24/13".split(),
)


def _are_given(value: Any) -> bool:
    try:
        return 0 < len(value) <= MOST_NUMBERS and all(isinstance(each, int | np.integer) and each > 0 for each in value)
    except TypeError:
        return False


GIVEN = Is(f"one to {MOST_NUMBERS} whole numbers, each at least 1", _are_given)


class GameOf24(Task):
    """Prompts are solvable multisets of numbers: "4 9 10 13".

    Levels: 1, three numbers of 1..40, smallest first (1,362 prompts); 2, four numbers of 1..13, smallest first, the game as it is played
    (1,362 prompts too); 3, the four numbers of level 2 in any order (22,615 prompts, up to 24 for each of the 1,362 multisets).
    A multiset is held out in all its orders or in none, and at levels 2 and 3 alike. Solutions do not depend on the order.
    A response takes one step after another and writes after each what numbers are left:
    "13 - 9 = 4 , 4 4 10 ; 10 - 4 = 6 , 4 6 ; 4 * 6 = 24"; the lists of what is left may be left out.
    An expression counts as well: "(13-9)*(10-4)".
    """

    name = "game of 24"
    levels = (1, 2, 3)
    vocabulary = (END, BEGIN, *"+-*/=,;", *_VALUES)
    response_size = len(vocabulary)
    prompt_length = 4
    horizon = 25
    prompt_separator = " "
    response_separator = " "

    def references(self, prompt: str) -> tuple[str, ...]:
        """All sequences of steps a + b, a - b, a * b, a / b (a >= b in sums and products) that never go below zero.

        Only those that keep to whole numbers up to 100 where there are any, else those of whole numbers, else all.
        """
        numbers = _numbers(prompt)
        if len(numbers) > MOST_NUMBERS:
            raise ValueError(f"`prompt` must be at most {MOST_NUMBERS} numbers, as more take too long to solve; got {shown(prompt)}.")
        return tuple(_written(numbers, steps) for steps in _tamest(numbers))

    def is_correct(self, prompt: str, response: str) -> bool:
        """Whether every number is used exactly once, each step follows and is right, and 24 comes out."""
        numbers = _numbers(prompt)
        if "=" in response:
            steps = _parsed(response)
            return steps is not None and _plays_out(numbers, steps)
        expression = _expressions.parse(response)
        return expression is not None and expression.value() == TARGET and sorted(expression.leaves()) == list(numbers)

    def answer(self, response: str) -> str | None:
        """The expression that the response comes down to, in one form for all orders and brackets; None where it makes none.

        Steps are put together by their numbers; nothing is judged, so a wrong response votes for its own error.
        """
        if "=" not in response:
            expression = _expressions.parse(response)
        else:
            steps = _parsed(response)
            expression = None if steps is None else _put_together(steps)
        return None if expression is None else str(expression)

    def _all_prompts(self) -> tuple[str, ...]:
        multisets = solvable(NUMBERS[self.level], LARGEST[self.level])
        return _orders(multisets) if self.level == 3 else multisets

    def _split_keys(self, prompts: Iterable[str]) -> Iterable[str]:
        # The numbers, smallest first: all orders of a multiset are in one split.
        return (" ".join(sorted(prompt.split(" "), key=lambda word: (len(word), word))) for prompt in prompts)


@checked(numbers=GIVEN)
def tamest_solutions(numbers: tuple[int, ...]) -> tuple[tuple[Step, ...], ...]:
    """The solutions in the first class that has any: whole numbers up to 100, whole numbers, rationals; none of them negative.

    Negative numbers are never needed: whatever a subexpression comes to, its absolute value can be had without them.
    """
    return _tamest(tuple(sorted(map(int, numbers))))


def _tamest(given: tuple[int, ...]) -> tuple[tuple[Step, ...], ...]:
    """The same of numbers that are known to be such, smallest first."""
    return _solutions(given, True, SMALL) or _solutions(given, True, None) or _solutions(tuple(map(Fraction, given)), False, None)


@checked(count=count(1, 5), largest=count(1, 10**7))
@functools.cache
def solvable(count: int, largest: int) -> tuple[str, ...]:
    """The multisets of `count` numbers of 1..largest that make 24, all at once in integer fractions.

    What can be computed in time has `largest`^`count` < 2^31, for which int64 is exact. Raises `ValueError` for more.
    """
    multisets = math.comb(int(largest) + int(count) - 1, int(count))
    operations = math.prod(5 * math.comb(left, 2) for left in range(2, int(count) + 1))
    _checks.affordable("largest", largest, seconds=operations * (5e-6 + 6e-9 * multisets), size=250.0 * multisets)
    chosen = np.array(list(itertools.combinations_with_replacement(range(1, int(largest) + 1), int(count))), dtype=np.int64)
    reached = _reached([(column, np.ones_like(column)) for column in chosen.T])
    return tuple(" ".join(map(str, numbers)) for numbers in chosen[reached].tolist())


@functools.cache
def _orders(multisets: tuple[str, ...]) -> tuple[str, ...]:
    """Every order of each multiset, once."""
    return tuple(" ".join(order) for numbers in multisets for order in sorted(set(itertools.permutations(numbers.split(" ")))))


def _reached(values: list[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """Whether 24 can be made of the fractions (numerators, denominators); 0/0 is what division by zero gives, and stays so."""
    if len(values) == 1:
        return (values[0][0] == TARGET * values[0][1]) & (values[0][1] != 0)
    found = np.zeros(values[0][0].shape, dtype=bool)
    for i, j in itertools.combinations(range(len(values)), 2):
        rest = [value for place, value in enumerate(values) if place not in (i, j)]
        (a, b), (c, d) = values[i], values[j]
        results = (a * d + c * b, b * d), (np.abs(a * d - c * b), b * d), (a * c, b * d), (a * d * (c > 0), b * c), (b * c * (a > 0), a * d)
        for result in results:
            found |= _reached([*rest, result])
    return found


@functools.cache
def _solutions(numbers: tuple[Number, ...], whole: bool, largest: int | None) -> tuple[tuple[Step, ...], ...]:
    pairs = {(numbers[i], numbers[j]): (i, j) for i, j in itertools.combinations(range(len(numbers)), 2)}
    found = []
    for (low, high), taken in pairs.items():
        rest = [value for place, value in enumerate(numbers) if place not in taken]
        for step in _moves(low, high, whole):
            result = step[3]
            if not rest and result == TARGET:
                found.append((step,))
            elif rest and (largest is None or result <= largest):
                found.extend((step, *later) for later in _solutions(tuple(sorted([*rest, result])), whole, largest))
    return tuple(found)


def _moves(low: Number, high: Number, whole: bool) -> Iterator[Step]:
    yield high, "+", low, high + low
    yield high, "-", low, high - low
    yield high, "*", low, high * low
    if low and not (whole and high % low):
        yield high, "/", low, high // low if whole else Fraction(high) / low
    if high and high != low and not (whole and low % high):
        yield low, "/", high, low // high if whole else Fraction(low) / high


def _numbers(prompt: str) -> tuple[int, ...]:
    if not _PROMPT.fullmatch(prompt):
        raise ValueError(f"`prompt` must be two or more positive whole numbers with a space between them; got {prompt!r}.")
    return tuple(sorted(map(int, prompt.split(" "))))


def _number(word: str) -> Number:
    return Fraction(word) if "/" in word else int(word)


def _written(numbers: tuple[int, ...], steps: tuple[Step, ...]) -> str:
    left: list[Number] = list(numbers)
    parts = []
    for first, sign, second, result in steps:
        left.remove(first)
        left.remove(second)
        left = sorted([*left, result])
        listed = f" , {' '.join(map(str, left))}" if len(left) > 1 else ""
        parts.append(f"{first} {sign} {second} = {result}{listed}")
    return " ; ".join(parts)


def _parsed(response: str) -> list[tuple[Step, list[Number] | None]] | None:
    """The steps, each with what it says is left; None where the response is no sequence of steps."""
    steps = []
    for part in response.split(" ; "):
        match = _STEP.fullmatch(part)
        if match is None:
            return None
        first, sign, second, result, left = match.groups()
        listed = None if left is None else sorted(map(_number, left.split(" ")))
        steps.append(((_number(first), sign, _number(second), _number(result)), listed))
    return steps


def _plays_out(numbers: tuple[int, ...], steps: list[tuple[Step, list[Number] | None]]) -> bool:
    left: list[Number] = list(numbers)
    for (first, sign, second, result), listed in steps:
        for used in (first, second):
            if used not in left:
                return False
            left.remove(used)
        # A quotient is checked by its product: no division, so none by zero but the one that is refused.
        right = second != 0 and result * second == first if sign == "/" else OPERATIONS[sign](first, second) == result
        left = sorted([*left, result])
        if not right or (listed is not None and listed != left):
            return False
    return left == [TARGET]


def _put_together(steps: list[tuple[Step, list[Number] | None]]) -> Expression:
    """The expression of the last step, a number standing for the latest earlier result of that value that is still free.

    Taken from the last step backwards, so that every result finds its use wherever it can.
    """
    free = list(range(len(steps)))
    sources: dict[tuple[int, int], int] = {}
    for step, side in itertools.product(reversed(range(len(steps))), (0, 2)):
        made_before = [earlier for earlier in free if earlier < step and steps[earlier][0][3] == steps[step][0][side]]
        if made_before:
            sources[step, side] = made_before[-1]
            free.remove(made_before[-1])
    made: list[Expression] = []
    for step, ((first, sign, second, _), _) in enumerate(steps):
        left = made[sources[step, 0]] if (step, 0) in sources else _expressions.number(first)
        right = made[sources[step, 2]] if (step, 2) in sources else _expressions.number(second)
        made.append(_expressions.combined(sign, left, right))
    return made[-1]
