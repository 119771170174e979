"""Certificates: an instance in exact fractions, the statement's name and version, the verdict and both balls, as JSON."""

from typing import Any

from flint import arb, ctx, fmpq

from sharpsim.certified._exact import refuse
from sharpsim.certified._rows import Row, Table, row_of
from sharpsim.certified._statement import Statement, Verdict

FORMAT = 1


def certificate(statement: Any, instance: Any, verdict: Any) -> dict[str, Any]:
    """What a checker needs to see the verdict again: `python -m sharpsim.certified check` re-verifies it."""
    for name, value, kind in (("statement", statement, Statement), ("instance", instance, dict), ("verdict", verdict, Verdict)):
        if not isinstance(value, kind):
            raise refuse(name, f"a {kind.__name__}", value)
    found = {"format": FORMAT, "statement": statement.name, "label": statement.label, "version": statement.version}
    found |= {"claim": statement.claim}
    found |= {"instance": {name: encoded(value) for name, value in instance.items()}, "verdict": verdict.word, "bits": verdict.bits}
    with ctx.workprec(verdict.bits):
        found |= {"left": number(verdict.left), "right": number(verdict.right)}
    return found


def number(value: Any) -> Any:
    """A rational as "p/q", a ball as the two ends of its interval, in exact fractions of powers of two."""
    if isinstance(value, (int, fmpq)):
        return str(fmpq(value))
    return [_exact(arb(value).lower()), _exact(arb(value).upper())]


def _exact(end: arb) -> str:
    if not end.is_finite():
        return str(float(end))
    mantissa, exponent = end.man_exp()
    return f"{mantissa}*2^{exponent}"


def encoded(value: Any) -> Any:
    """An entry of an instance as JSON: rows as {"row": [..]} of fractions, tables as {"table": [..]}, numbers as "p/q"."""
    if isinstance(value, Table):
        return {"table": [encoded(row)["row"] for row in value]}
    if isinstance(value, Row):
        return {"row": [str(fraction) for fraction in value.fractions()]}
    if isinstance(value, tuple):
        return [encoded(entry) for entry in value]
    return value if value is None or isinstance(value, int) else str(value)


def decoded(value: Any) -> Any:
    """The entry of an instance that `encoded` wrote."""
    if isinstance(value, dict) and "table" in value:
        return Table(decoded({"row": row}) for row in value["table"])
    if isinstance(value, dict) and "row" in value:
        return row_of("instance", [fraction(text) for text in value["row"]])
    if isinstance(value, list):
        return tuple(decoded(entry) for entry in value)
    return fraction(value) if isinstance(value, str) else value


def fraction(text: str) -> fmpq:
    """The rational "p/q" or "p"."""
    try:
        p, _, q = text.partition("/")
        return fmpq(int(p), int(q or 1))
    except (ValueError, ZeroDivisionError):
        raise refuse("instance", "numbers written as p or p/q", text) from None
