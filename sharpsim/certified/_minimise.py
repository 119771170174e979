"""A smaller and rounder instance at which something still fails: fewer prompts and responses, small counts, probabilities of few digits."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

from flint import fmpq

from sharpsim.certified._exact import refuse
from sharpsim.certified._rows import LogRow, Row, Table
from sharpsim.certified._statement import REFUTED, Instance, Statement, judge

DIGITS = range(1, 7)


def minimise(instance: Any, fails: Any) -> Instance:
    """The instance reached from `instance` by steps that each keep `fails` true, until none does; greedy, so not the least of all."""
    if not isinstance(instance, Mapping) or not instance or not all(isinstance(name, str) for name in instance):
        raise refuse("instance", "arguments by name", instance)
    if not callable(fails):
        raise refuse("fails", "a function of an instance", fails)
    found, test = dict(instance), cast(Callable[[Instance], bool], fails)
    while True:
        smaller = next((other for other in _simpler(found) if _still(other, test)), None)
        if smaller is None:
            return found
        found = smaller


def minimise_refuted(statement: Statement, instance: Instance) -> Instance:
    """`minimise` within the statement's domain, as long as it is refuted."""
    return minimise(instance, lambda other: statement.domain(**other) and judge(statement, other, highest=512).word == REFUTED)


def _still(instance: Instance, fails: Callable[[Instance], bool]) -> bool:
    try:
        return fails(instance)
    except (ValueError, ArithmeticError, AssertionError, IndexError):
        # Not an instance of the domain.
        return False


def _simpler(instance: Instance) -> Iterator[Instance]:
    prompts = max((len(value) for value in instance.values() if isinstance(value, Table)), default=0)
    for x in range(prompts if prompts > 1 else 0):
        yield {name: _without_prompt(value, x, prompts) for name, value in instance.items()}
    responses = max((_width(value) for name, value in instance.items() if name != "prompt_weights"), default=0)
    for y in range(responses if responses > 1 else 0):
        yield {name: value if name == "prompt_weights" else _without_response(value, y, responses) for name, value in instance.items()}
    for name, value in instance.items():
        yield from ({**instance, name: other} for other in _rounder(value))


def _width(value: Any) -> int:
    return len(value[0]) if isinstance(value, Table) else len(value) if isinstance(value, Row) else 0


def _without_prompt(value: Any, x: int, prompts: int) -> Any:
    if isinstance(value, Table):
        return Table(row for i, row in enumerate(value) if i != x)
    return _shorter(value, x) if isinstance(value, Row) and len(value) == prompts else value


def _without_response(value: Any, y: int, responses: int) -> Any:
    if isinstance(value, Table):
        return Table(_shorter(row, y) for row in value)
    if isinstance(value, tuple) and len(value) == responses and not isinstance(value[0], tuple):
        return tuple(entry for i, entry in enumerate(value) if i != y)
    return _shorter(value, y) if isinstance(value, Row) and len(value) == responses else value


def _shorter(row: Row, y: int) -> Row:
    kept = [weight for i, weight in enumerate(row.weights) if i != y]
    return Row(kept) if any(kept) else row


def _rounder(value: Any) -> Iterator[Any]:
    if isinstance(value, Table):
        for x, row in enumerate(value):
            yield from (Table(other if i == x else one for i, one in enumerate(value)) for other in _rounder(row))
    elif isinstance(value, Row) and not isinstance(value, LogRow):
        yield from (other for digits in DIGITS if (other := rounded(row=value, digits=digits)).total < value.total)
    elif isinstance(value, int) and not isinstance(value, bool) and value > 1:
        yield from dict.fromkeys(other for other in (1, 2, value // 2, value - 1) if 0 < other < value)
    elif isinstance(value, fmpq) and value.q > 1:
        candidates = (fmpq((value * 10**digits + fmpq(1, 2)).floor(), 10**digits) for digits in DIGITS)
        yield from (other for other in candidates if other.q < value.q)


def rounded(*, row: Row, digits: int) -> Row:
    """The row of multiples of 10^-digits nearest to it, which sum to 1: the largest remainders are rounded up."""
    unit = 10**digits
    parts = [divmod(weight * unit, row.total) for weight in row.weights]
    up = sorted(range(len(row)), key=lambda y: -parts[y][1])[: unit - sum(whole for whole, _ in parts)]
    return Row(whole + (y in up) for y, (whole, _) in enumerate(parts))
