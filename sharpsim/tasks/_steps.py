"""Expressions of whole numbers with + - *, worked out one operation at a time: 3+4*2-5, 3+8-5, 11-5, 6."""

import re
from collections.abc import Callable

NUMBER = "(?:0|[1-9][0-9]*)"
INTEGER = re.compile(f"-?{NUMBER}")
_TOKENS = re.compile(f"(?:^-)?{NUMBER}|[-+*]")
_OPERATE = {"+": int.__add__, "-": int.__sub__, "*": int.__mul__}


def tokens_of(expression: str) -> list[str]:
    """Numbers and signs in turn; a minus at the beginning belongs to its number."""
    return _TOKENS.findall(expression)


def reduced(tokens: list[str], place: int) -> str:
    """The expression after carrying out the operation at `place`."""
    result = _OPERATE[tokens[place]](int(tokens[place - 1]), int(tokens[place + 1]))
    return "".join([*tokens[: place - 1], str(result), *tokens[place + 2 :]])


def products_first(tokens: list[str]) -> str:
    """The expression after its next operation as the rules have it: products first, each from left to right."""
    return reduced(tokens, tokens.index("*") if "*" in tokens else 1)


def left_to_right(tokens: list[str]) -> str:
    """The expression after its next operation by one who knows of no precedence: 3+4*2 becomes 7*2."""
    return reduced(tokens, 1)


def minus_over_all(tokens: list[str]) -> str:
    """The expression after its next operation by one who takes a minus to hold for all that follows: 9-5+1 becomes 9-6.

    Products still come first. Below zero the sign turns: 9-3-8, read as 9-(3-8), becomes 9+5.
    """
    if "*" in tokens or len(tokens) < 5 or tokens[1] != "-":
        return products_first(tokens)
    rest = int(reduced(tokens[2:5], 1))
    return f"{tokens[0]}{'-' if rest >= 0 else '+'}{abs(rest)}" + "".join(tokens[5:])


def steps(expression: str, rule: Callable[[list[str]], str] = products_first) -> list[str]:
    """What `rule` makes of the expression, one operation after another, down to an integer; none for a number."""
    written = []
    tokens = tokens_of(expression)
    while len(tokens) > 1:
        written.append(rule(tokens))
        tokens = tokens_of(written[-1])
    return written
