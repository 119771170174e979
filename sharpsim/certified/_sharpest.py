"""The sharpest instance of a statement on few responses: a seeded search in floats, rounded to short fractions, certified at the end."""

import math
import random
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from flint import arb, ctx, fmpq

from sharpsim.certified._constant import Constant
from sharpsim.certified._draws import Draws
from sharpsim.certified._exact import refuse, whole
from sharpsim.certified._rows import LogRow, Row, Table, row_of
from sharpsim.certified._statement import Instance, Statement, Verdict, judge

STARTS = 6
"""Of the drawn instances, those from which the search climbs."""
KEPT = 1e-7
"""Part of the ratio that rounding may cost."""
SHARES = {"covered_mass", "delta", "eps", "rho"}
"""Entries of instances that are in (0, 1)."""
NOT_AN_INSTANCE = (ValueError, ArithmeticError, AssertionError, IndexError)


@dataclass(frozen=True)
class Sharpest:
    """The instance found with the largest left/right, its verdict, and exact numbers between which that ratio lies (infinite at right = 0).

    `constants` are the sharp constants that are known for the statement's label; `judged` is the number of instances tried.
    """

    statement: Statement
    instance: Instance
    verdict: Verdict
    ratio: tuple[arb, arb]
    constants: tuple[Constant, ...]
    judged: int


class _Few(Draws):
    """Draws of rows with at most `atoms` responses."""

    def __init__(self, seed: str, atoms: int):
        super().__init__(seed)
        self.atoms = atoms

    def row(self, size: int | None = None, *, large: bool = False, zeros: bool = True, smallest: float = 1e-300) -> Row:
        del large
        size = min(size or self.random.randint(1, self.atoms), self.atoms)
        return super().row(size, zeros=zeros, smallest=max(smallest, 1e-12))

    def table(self, prompts: int | None = None, size: int | None = None, *, large: bool = False, zeros: bool = True) -> Table:
        del large
        size = min(size or self.random.randint(1, self.atoms), self.atoms)
        return super().table(prompts or self.random.randint(1, 2), size, zeros=zeros)


def sharpest(statement: Any, atoms: Any = 3, *, evaluations: Any = 4000, seed: Any = 0) -> Sharpest:
    """The largest left/right found on instances of a statement, or of its name, whose rows have at most `atoms` responses (2 to 12).

    A third of the evaluations draw instances, the others climb from the best of them. The search proves nothing about other instances; the
    ratio at the instance that it returns is certified. Raises `ValueError` for identities, and where nothing drawn is of the domain.
    """
    from sharpsim.certified._constants import CONSTANTS
    from sharpsim.certified._statements import STATEMENTS

    found = STATEMENTS.get(statement) if isinstance(statement, str) else statement
    if not isinstance(found, Statement) or found.equal:
        raise refuse("statement", "an inequality, a Statement or the name of one", statement)
    atoms, evaluations, seed = whole("atoms", atoms, 2, 12), whole("evaluations", evaluations, 1, 10**7), whole("seed", seed, 0)
    search = _Search(found, random.Random(f"{found.name}/{seed}"))
    draws = _Few(f"{found.name}/{seed}", atoms)
    pool = [found.extremal] if _widest(found.extremal) <= atoms else []
    drawn = sorted((search.scored(one) for one in (*pool, *(found.draw(draws) for _ in range(evaluations // 3)))), key=lambda one: -one[0])
    if not drawn or drawn[0][0] == -math.inf:
        raise refuse("statement", f"one of which an instance with {atoms} responses that is not vacuous is drawn", found.name)
    best = drawn[0]
    starts = [one for one in drawn[:STARTS] if one[0] > -math.inf]
    for start in starts:
        best = max(best, search.climb(start, (evaluations - len(drawn)) // len(starts)), key=lambda one: one[0])
    instance = search.short(best)
    verdict = judge(found, instance)
    known = tuple(one for one in CONSTANTS.values() if one.label == found.label)
    return Sharpest(found, instance, verdict, certified_ratio(verdict), known, search.judged)


def certified_ratio(verdict: Verdict) -> tuple[arb, arb]:
    """Exact numbers around left/right of a verdict: 1 and 1 where it is proved by equality."""
    if verdict.attained:
        return arb(1), arb(1)
    with ctx.workprec(verdict.bits):
        quotient = arb(verdict.left) / arb(verdict.right) if arb(verdict.right) != 0 else arb("inf")
        return quotient.lower(), quotient.upper()


def _shares(instance: Instance) -> bool:
    """Whether what must be in (0, 1) is, and slack in [0, 1)."""
    return all(0 < instance[name] < 1 for name in SHARES & instance.keys()) and 0 <= instance.get("slack", 0) < 1


def _widest(value: Any) -> int:
    if isinstance(value, dict):
        return max((_widest(entry) for name, entry in value.items() if name != "prompt_weights"), default=0)
    return max(map(_widest, value)) if isinstance(value, Table) else len(value) if isinstance(value, Row) else 0


Scored = tuple[float, Instance]


class _Search:
    """Scores and moves of instances of one statement."""

    def __init__(self, statement: Statement, chance: random.Random):
        self.statement, self.chance, self.judged = statement, chance, 0

    def scored(self, instance: Instance) -> Scored:
        """left/right in 53 bits; minus infinity outside the domain and where the bound says nothing."""
        self.judged += 1
        statement = self.statement
        try:
            if not (_shares(instance) and statement.domain(**instance)):
                return -math.inf, instance
            with ctx.workprec(53):
                left, right = arb(statement.left(**instance)), arb(statement.right(**instance))
                says = right < statement.trivial if statement.bound == "right" and statement.trivial is not None else True
                says = says and (left > statement.trivial if statement.bound == "left" and statement.trivial is not None else True)
                value = float((left / right).mid()) if says and right > 0 else -math.inf
        except NOT_AN_INSTANCE:
            return -math.inf, instance
        return (value if math.isfinite(value) else -math.inf), instance

    def climb(self, start: Scored, moves: int) -> Scored:
        """Random moves, kept where the ratio rises; steps widen after a success and narrow after failures."""
        best, step = start, 0.5
        for _ in range(moves):
            other = self.scored(self.moved(best[1], step))
            step = min(2.0, step * 2) if other[0] > best[0] else max(1e-9, step * 0.9) if self.chance.random() < 0.97 else 0.5
            best = max(best, other, key=lambda one: one[0])
        return best

    def moved(self, instance: Instance, step: float) -> Instance:
        """The instance with one entry, or two, changed."""
        names = self.chance.sample(list(instance), min(len(instance), self.chance.choice((1, 1, 2))))
        return {**instance, **{name: self.changed(instance[name], step) for name in names}}

    def changed(self, value: Any, step: float) -> Any:
        factor = math.exp(step * self.chance.gauss(0, 1))
        if isinstance(value, LogRow) or value is None or isinstance(value, bool):
            return value
        if isinstance(value, Table):
            place = self.chance.randrange(len(value))
            return Table(self.changed(row, step) if i == place else row for i, row in enumerate(value))
        if isinstance(value, Row):
            return self.other_row(value, factor)
        if isinstance(value, tuple):
            place = self.chance.randrange(len(value))
            return tuple(self.changed(entry, step) if i == place else entry for i, entry in enumerate(value))
        if isinstance(value, int):
            return max(1, value + self.chance.choice((-1, 1)) if value < 20 else round(value * factor))
        near_one = 0 < value < 1 and self.chance.random() < 0.4
        moved = 1 - (1 - float(value)) * factor if near_one else float(value) * factor
        return fmpq(*moved.as_integer_ratio()) if self.chance.random() < 0.9 else self.chance.choice((fmpq(1), fmpq(1, 2), value))

    def other_row(self, row: Row, factor: float) -> Row:
        """One mass multiplied, or made equal to another."""
        masses = [weight / row.total for weight in row.weights]
        one, other = self.chance.randrange(len(masses)), self.chance.randrange(len(masses))
        masses[one] = masses[other] if self.chance.random() < 0.15 else masses[one] * factor
        return row_of("row", masses) if any(masses) else row

    def short(self, best: Scored) -> Instance:
        """The instance in as few digits as keep its ratio, up to `KEPT` of it, and its verdict's word."""
        word = judge(self.statement, best[1]).word
        for digits in range(16):
            other = self.scored({name: _short(value, digits) for name, value in best[1].items()})
            if other[0] >= best[0] * (1 - KEPT) and judge(self.statement, other[1]).word == word:
                return other[1]
        return best[1]


def _short(value: Any, digits: int) -> Any:
    """Rationals with so many digits after their first."""
    if isinstance(value, Table):
        return Table(_short(row, digits) for row in value)
    if isinstance(value, Row) and not isinstance(value, LogRow):
        return row_of("row", [_decimal(weight / value.total, digits) for weight in value.weights])
    if isinstance(value, tuple):
        return tuple(_short(entry, digits) for entry in value)
    return _decimal(float(value), digits) if isinstance(value, fmpq) else value


def _decimal(value: float, digits: int) -> fmpq:
    exact = Fraction(f"{value:.{digits}e}")
    return fmpq(exact.numerator, exact.denominator)
