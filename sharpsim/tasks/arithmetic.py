"""Arithmetic with written intermediate steps: 3+4*2-5 -> 3+8-5=11-5=6."""

import functools
import itertools
import re

from sharpsim._arguments import checked
from sharpsim._checks import shown
from sharpsim.tasks._draws import Draws
from sharpsim.tasks._steps import INTEGER, NUMBER, reduced, steps, tokens_of
from sharpsim.tasks._task import BEGIN, END, Task

OPERATIONS = {1: 2, 2: 4, 3: 3}
"""Level -> number of operations."""
LARGEST = {1: 9, 2: 9, 3: 99}
"""Level -> largest number in a prompt; the smallest is 1."""
LONGEST = 200
"""Most characters of a prompt. Python does not write out numbers of thousands of digits."""
_PROMPT = re.compile(f"{NUMBER}(?:[-+*]{NUMBER})+")
_EXPRESSION = re.compile(f"-?{NUMBER}(?:[-+*]{NUMBER})*")


class Arithmetic(Task):
    """Sums, differences and products of whole numbers, products first; never two products in a row.

    Levels: 1, two operations on numbers up to 9 (5,832 prompts); 2, four operations on numbers up to 9 (3,542,940 prompts);
    3, three operations on numbers up to 99. A response rewrites the expression, one operation at a time, "=" between.
    """

    name = "arithmetic"
    levels = (1, 2, 3)
    vocabulary = (END, BEGIN, *"0123456789+-*=")
    response_size = len(vocabulary)
    prompt_length = 11  # 99+99+99+99
    horizon = 29  # 1-81-9*9=1-81-81=-80-81=-161

    def references(self, prompt: str) -> tuple[str, ...]:
        """One response: products first, each from left to right."""
        _check(prompt)
        return ("=".join(steps(prompt)),)

    def is_correct(self, prompt: str, response: str) -> bool:
        """Whether what stands last is the value of the prompt, written as an integer; the steps before it are not looked at."""
        return self.answer(response) == _value(prompt)

    @checked
    def steps_are_right(self, prompt: str, response: str) -> bool:
        """Whether each step carries out one operation of the one before it, rightly and in its turn, down to an integer."""
        _check(prompt)
        written = response.split("=")
        # Membership of the first in the reductions of the prompt makes it well formed, and so on down the chain.
        moves = itertools.pairwise([prompt, *written])
        return INTEGER.fullmatch(written[-1]) is not None and all(after in _reductions(before) for before, after in moves)

    def answer(self, response: str) -> str | None:
        """The integer that stands last; None where no integer does. Leading zeros and -0 are no integers here."""
        last = response.rsplit("=", 1)[-1]
        return last if INTEGER.fullmatch(last) and last != "-0" else None

    def _all_prompts(self) -> tuple[str, ...] | None:
        return _small_prompts() if self.level == 1 else None

    def _draw_prompt(self, draws: Draws) -> str:
        numbers = [1 + draws.below(LARGEST[self.level]) for _ in range(OPERATIONS[self.level] + 1)]
        return _written(numbers, draws.choice(_operators(OPERATIONS[self.level])))


@functools.cache
def _operators(count: int) -> tuple[str, ...]:
    return tuple(signs for signs in map("".join, itertools.product("+-*", repeat=count)) if "**" not in signs)


def _written(numbers: list[int] | tuple[int, ...], operators: str) -> str:
    return str(numbers[0]) + "".join(f"{sign}{number}" for sign, number in zip(operators, numbers[1:], strict=True))


@functools.cache
def _small_prompts() -> tuple[str, ...]:
    numbers = list(itertools.product(range(1, LARGEST[1] + 1), repeat=OPERATIONS[1] + 1))
    return tuple(_written(chosen, signs) for chosen in numbers for signs in _operators(OPERATIONS[1]))


def _check(prompt: str) -> None:
    if len(prompt) > LONGEST or not _PROMPT.fullmatch(prompt):
        raise ValueError(
            f"`prompt` must be whole numbers with +, - or * between them, of at most {LONGEST} characters; got {shown(prompt)}."
        )


def _value(prompt: str) -> str:
    _check(prompt)
    return steps(prompt)[-1]


def _reductions(expression: str) -> set[str]:
    """Every expression that one operation, carried out in its turn, makes of this one; none of what is no expression.

    A product is in turn always; a sum or difference where no product touches it and what stands before it is a sum.
    """
    if not _EXPRESSION.fullmatch(expression):
        return set()
    tokens = tokens_of(expression)
    found = set()
    for place in range(1, len(tokens), 2):
        before, after = tokens[place - 2] if place > 1 else "+", tokens[place + 2] if place + 2 < len(tokens) else "+"
        if tokens[place] == "*" or (before == "+" and after != "*"):
            found.add(reduced(tokens, place))
    # A negative result inside an expression would be two signs in a row, which is no expression.
    return {written for written in found if _EXPRESSION.fullmatch(written)}
