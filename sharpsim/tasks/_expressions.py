"""Arithmetic expressions as trees, evaluated exactly. Expressions that differ only in order and brackets have the same text."""

import ast
import dataclasses
import operator
import re
from fractions import Fraction

OPERATIONS = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}
_SIGNS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
_ALLOWED = re.compile(r"[0-9+\-*/() ]{1,200}")
_INVERSE = {"+": "-", "-": "+", "*": "/", "/": "*"}


@dataclasses.dataclass(frozen=True)
class Expression:
    """A number with `kind` "number", or `terms` (sign, expression) under "sum" (signs + and -) or "product" (signs * and /)."""

    kind: str
    number: Fraction = Fraction(0)
    terms: tuple[tuple[str, "Expression"], ...] = ()

    def leaves(self) -> list[Fraction]:
        """The numbers in it, with repetition."""
        if self.kind == "number":
            return [self.number]
        return [number for _, term in self.terms for number in term.leaves()]

    def value(self) -> Fraction | None:
        """The exact value, None where something is divided by zero."""
        if self.kind == "number":
            return self.number
        total = Fraction(self.kind == "product")
        for sign, term in self.terms:
            value = term.value()
            if value is None or (sign == "/" and value == 0):
                return None
            total = OPERATIONS[sign](total, value)
        return total

    def __str__(self) -> str:
        """The same text for all orders and brackets: (9-13)*2 and 2*(9-13) are the same text."""
        if self.kind == "number":
            return str(self.number)
        first, last = "+-" if self.kind == "sum" else "*/"
        parts = sorted((sign == last, term._bracketed_in(self.kind)) for sign, term in self.terms)
        written = "".join((last if inverse else first) + text for inverse, text in parts)
        # The first part never divides or subtracts: `combined` begins with its left side.
        return written[1:]

    def _bracketed_in(self, kind: str) -> str:
        plain = self.number >= 0 and self.number.denominator == 1 if self.kind == "number" else kind == "sum"
        return str(self) if plain else f"({self})"


def number(value: Fraction | int) -> Expression:
    """A number as expression."""
    return Expression("number", Fraction(value))


def combined(sign: str, left: Expression, right: Expression) -> Expression:
    """`left sign right`, with sums of sums and products of products made flat."""
    kind, first = ("sum", "+") if sign in "+-" else ("product", "*")
    terms = list(left.terms if left.kind == kind else ((first, left),))
    inner = right.terms if right.kind == kind else ((first, right),)
    terms.extend((each if sign == first else _INVERSE[each], term) for each, term in inner)
    return Expression(kind, terms=tuple(terms))


def parse(text: str) -> Expression | None:
    """The expression of whole numbers, + - * / and brackets that the text is; None where it is none (or has over 200 characters)."""
    if not _ALLOWED.fullmatch(text):
        return None
    try:
        return _of_tree(ast.parse(text.strip(), mode="eval").body)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _of_tree(node: ast.AST) -> Expression:
    if isinstance(node, ast.BinOp) and type(node.op) in _SIGNS:
        return combined(_SIGNS[type(node.op)], _of_tree(node.left), _of_tree(node.right))
    if isinstance(node, ast.Constant) and type(node.value) is int:
        return number(node.value)
    raise ValueError(f"no arithmetic: {ast.dump(node)}")
