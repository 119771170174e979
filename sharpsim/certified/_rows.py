"""Exact instances: rows of probabilities as integers over their sum, tables of rows, and rows given by logarithms.

A row of floats is normalised exactly: floats are dyadic rationals, so the row is a list of integers, divided by their sum. All comparisons,
as of ties, of the edge of Y*_g and of k p with s, are then comparisons of integers.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from math import gcd, isfinite, lcm
from typing import Any

from flint import arb, ctx, fmpq

from sharpsim.certified._exact import Log, Real, ball, numbers, refuse, settled


class Row:
    """One law over a row of responses: `weights`, integers of which none is negative, over their `total`."""

    __slots__ = ("_masses", "total", "weights")

    def __init__(self, weights: Any):
        given = tuple(weights)
        if not given or any(isinstance(w, bool) or not isinstance(w, int) or w < 0 for w in given) or not any(given):
            raise refuse("weights", "integers of at least 0, one of them positive", given)
        divisor = gcd(*given)
        self.weights = given if divisor == 1 else tuple(w // divisor for w in given)
        self.total = sum(self.weights)
        self._masses: tuple[int, list[arb]] = (0, [])

    def __len__(self) -> int:
        return len(self.weights)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Row) and self.weights == other.weights

    def __hash__(self) -> int:
        return hash(self.weights)

    def __repr__(self) -> str:
        return f"[{', '.join(map(_short, self.fractions()))}]"

    @property
    def keys(self) -> Sequence[Any]:
        """Numbers in the order of the masses, equal where masses are equal."""
        return self.weights

    def units(self) -> Sequence[Any]:
        """Masses up to one common factor, of exact sum where they are integers."""
        return self.weights

    def rational(self) -> bool:
        """Whether the probabilities are `weights` over `total`."""
        return True

    def fractions(self) -> list[fmpq]:
        """The probabilities, exact."""
        return [fmpq(w, self.total) for w in self.weights]

    def masses(self) -> list[arb]:
        """The probabilities as balls at the working precision."""
        bits, masses = self._masses
        if bits != ctx.prec:
            total = arb(sum(self.units()))
            masses = [arb(unit) / total for unit in self.units()]
            self._masses = (ctx.prec, masses)
        return masses

    def ratio(self, y: int, other: int) -> Any:
        """p(y)/p(other) of two responses with mass: exact where the probabilities are rational, else a ball."""
        return fmpq(self.weights[y], self.weights[other])

    def part(self, chosen: Iterable[int]) -> arb:
        """The mass of some responses."""
        units = self.units()
        return arb(sum(units[y] for y in chosen)) / arb(sum(units))

    def top(self) -> int:
        """A response of largest mass."""
        return self.keys.index(max(self.keys))

    def maximal(self, slack: fmpq = fmpq(0)) -> list[int]:  # noqa: B008 (a number, never changed)
        """Y*_g, g = `slack`: the responses of mass at least (1 - g) times the largest."""
        floor = (slack.q - slack.p) * max(self.weights)
        return [y for y, w in enumerate(self.weights) if w * slack.q >= floor]

    def outside(self, slack: fmpq = fmpq(0)) -> list[int]:  # noqa: B008
        """The responses that are not in Y*_g."""
        inside = set(self.maximal(slack))
        return [y for y in range(len(self)) if y not in inside]

    def deadline(self, y: int, stop: Real) -> int:
        """ceil(stop / p(y)): the draws from which on the response ends the draws. Its mass must be positive."""
        return self.draws_to_reach([y], stop)

    def draws_to_reach(self, chosen: Sequence[int], stop: Real) -> int:
        """The least k with k p(chosen) >= stop, for responses with mass."""
        if isinstance(stop, Log):
            return self._reached_by_balls(chosen, stop)
        return int(-((-stop.p * self.total) // (stop.q * sum(self.weights[y] for y in chosen))))

    def _reached_by_balls(self, chosen: Sequence[int], stop: Real) -> int:
        def attempt() -> Any:
            return (ball(stop) / self.part(chosen)).ceil().unique_fmpz()

        return int(settled(attempt, "a number of draws"))


class LogRow(Row):
    """A law given by natural log-probabilities, each an exact float: p(y) = exp(l_y) / sum exp(l), -inf for no mass.

    exp of distinct rationals satisfies no rational relation (Lindemann and Weierstrass), so every comparison decides, but those of rows
    whose masses are all equal, which are rows of integers.
    """

    __slots__ = ("logs",)

    def __init__(self, logs: Any):
        self.logs = tuple(float(value) for value in logs)
        if not self.logs or not any(map(isfinite, self.logs)) or any(not value < float("inf") for value in self.logs):
            raise refuse("logs", "log-probabilities, not NaN or +inf, one of them finite", self.logs)
        super().__init__(int(isfinite(value)) for value in self.logs)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LogRow) and self.logs == other.logs

    def __hash__(self) -> int:
        return hash(self.logs)

    @property
    def keys(self) -> Sequence[Any]:
        """The log-probabilities."""
        return self.logs

    def rational(self) -> bool:
        """Whether all responses with mass have the same."""
        return len({value for value in self.logs if isfinite(value)}) == 1

    def units(self) -> Sequence[Any]:
        """exp(l - largest)."""
        largest = arb(max(self.logs))
        return [(arb(value) - largest).exp() if isfinite(value) else arb(0) for value in self.logs]

    def ratio(self, y: int, other: int) -> Any:
        """exp of the difference of the log-probabilities."""
        return (arb(self.logs[y]) - arb(self.logs[other])).exp()

    def fractions(self) -> list[fmpq]:
        """Refused: these probabilities are not rational."""
        raise refuse("row", "a row of rational probabilities", self.logs)

    def maximal(self, slack: fmpq = fmpq(0)) -> list[int]:  # noqa: B008
        """Y*_g: at slack 0 the ties with the largest float, else decided by balls."""
        top = max(self.logs)
        return [y for y, value in enumerate(self.logs) if value == top or (slack > 0 and isfinite(value) and _within(value, top, slack))]

    def draws_to_reach(self, chosen: Sequence[int], stop: Real) -> int:
        """The least k with k p(chosen) >= stop, by balls unless all masses are equal."""
        return super().draws_to_reach(chosen, stop) if self.rational() else self._reached_by_balls(chosen, stop)


def _within(value: float, top: float, slack: fmpq) -> bool:
    def attempt() -> bool | None:
        room = arb(value) - arb(top) - arb(1 - slack).log()
        return True if room > 0 else False if room < 0 else None

    return settled(attempt, "the edge of Y*")


@lru_cache(maxsize=4096)
def _short(value: fmpq) -> str:
    """A probability as a decimal where that is exact and short, else as a fraction."""
    shift = next((k for k in range(13) if (10**k * value).q == 1), None)
    if shift is None:
        return str(value)
    digits = str(int((10**shift * value).p)).rjust(shift + 1, "0")
    return f"{digits[:-shift]}.{digits[-shift:]}" if shift else digits


def row_of(name: str, values: Any) -> Row:
    """A `Row`; from numbers (integers, fractions, floats), none negative, the row divided by their exact sum."""
    if isinstance(values, Row):
        return values
    exact = numbers(name, values, "a row of non-negative numbers, one of them positive", lambda x: x >= 0)
    if not any(exact):
        raise refuse(name, "a row of non-negative numbers, one of them positive", values)
    scale = lcm(*(int(x.q) for x in exact))
    return Row(int(x.p) * (scale // int(x.q)) for x in exact)


class Table(tuple[Row, ...]):
    """Rows of equal length, one for each prompt."""

    __slots__ = ()


def table_of(name: str, values: Any) -> Table:
    """A `Table`, from its rows."""
    if isinstance(values, Table):
        return values
    given = values.tolist() if hasattr(values, "tolist") else values
    if not isinstance(given, (list, tuple)) or not given:
        raise refuse(name, "a table [prompts, responses] of non-negative numbers", values)
    rows = Table(row_of(name, row) for row in given)
    if len({len(row) for row in rows}) != 1:
        raise refuse(name, "a table [prompts, responses] with as many responses in each row", values)
    return rows


def same_support(name: str, policy: Row, base: Row) -> None:
    """Refuse a policy with mass where the base has none, or of another length."""
    if len(policy) != len(base) or any(w and not b for w, b in zip(policy.weights, base.weights, strict=True)):
        raise refuse(name, "a law over the base's responses, without mass where the base has none", policy)


def mean(weights: Row, values: Iterable[Any]) -> arb:
    """E_{x ~ mu}[value]: prompts of weight 0 count nothing, whatever their value."""
    return arb(sum((w * value for w, value in zip(weights.weights, values, strict=True) if w), arb(0))) / weights.total


def row(values: Any) -> Row:
    """A row of exact probabilities from numbers: integers, fractions, floats; divided by their exact sum."""
    return row_of("values", values)


def table(values: Any) -> Table:
    """Rows of exact probabilities, one for each prompt, each divided by its exact sum."""
    return table_of("values", values)


def from_logs(log_probs: Any) -> Table:
    """Rows of natural log-probabilities `[prompts, responses]`, floats taken as exact numbers: p(y) = exp(l_y)/sum exp(l)."""
    rule = "a table [prompts, responses] of log-probabilities"
    given = log_probs.tolist() if hasattr(log_probs, "tolist") else log_probs
    rows = given if isinstance(given, (list, tuple)) and given and all(isinstance(row, (list, tuple)) for row in given) else []
    if not rows or len({len(row) for row in rows}) != 1 or not all(isinstance(value, float) for row in rows for value in row):
        raise refuse("log_probs", rule, log_probs)
    for values in rows:
        if not any(map(isfinite, values)) or any(not value < float("inf") for value in values):
            raise refuse("log_probs", f"{rule}, not NaN or +inf, one in each row finite", log_probs)
    return Table(LogRow(values) for values in rows)
