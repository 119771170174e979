"""Random exact instances: rows with ties, zeros and masses down to 1e-300, prompt weights, counts to 10^12, rationals of few digits.

All draws come from one `random.Random`, so that a seed names an instance for ever.
"""

import math
import random
from collections.abc import Sequence

from flint import fmpq

from sharpsim.certified._rows import Row, Table, row_of

LARGE = 10_000
"""Responses of the largest rows; one row in `RARE` is of a size up to this, where a statement allows it."""
RARE = 2000


class Draws:
    """Draws of exact objects from a seed."""

    def __init__(self, seed: str | int):
        self.random = random.Random(seed)

    def count(self, most: int, least: int = 1) -> int:
        """A whole number, its logarithm uniform."""
        return max(least, min(most, round(math.exp(self.random.uniform(math.log(least), math.log(most + 1))))))

    def integer(self, least: int, most: int) -> int:
        """A whole number, uniform."""
        return self.random.randint(least, most)

    def share(self, *, tiny: float = 1e-6) -> fmpq:
        """A number in (0, 1): of one or two digits, a float, or a float down to `tiny`, or as near to 1."""
        kind = self.random.random()
        if kind < 0.4:
            digits = self.random.choice((10, 10, 100))
            return fmpq(self.random.randint(1, digits - 1), digits)
        small = 10 ** self.random.uniform(math.log10(tiny), -0.1)
        value = small if kind < 0.8 or small < 1e-16 else 1 - small
        return fmpq(*value.as_integer_ratio())

    def ratio(self, low: int, high: int, most: int = 12) -> fmpq:
        """A fraction of small integers in [low, high]."""
        q = self.random.randint(1, most)
        return fmpq(self.random.randint(max(1, low * q), high * q), q)

    def row(self, size: int | None = None, *, large: bool = False, zeros: bool = True, smallest: float = 1e-300) -> Row:
        """A row of `size` responses, 1 to 8 if none is given; with `large`, one in `RARE` has up to `LARGE`."""
        if size is None:
            size = self.count(LARGE, 100) if large and self.random.random() < 1 / RARE else self.random.randint(1, 8)
        kind = self.random.random()
        if kind < 0.35:
            weights: Sequence[float] = [self.random.randint(1, self.random.choice((2, 3, 10))) for _ in range(size)]
        elif kind < 0.55:
            weights = [self.random.expovariate(1) for _ in range(size)]
        elif kind < 0.75:
            weights = [10 ** self.random.uniform(math.log10(smallest), 0) for _ in range(size)]
        elif kind < 0.9:
            # A mode that has nearly all of the mass.
            outside = 10 ** self.random.uniform(math.log10(smallest), -1)
            weights = [1.0, *(outside * self.random.random() for _ in range(size - 1))]
        else:
            # Near ties.
            weights = [1 + 10 ** self.random.uniform(-15, -1) * self.random.randint(0, 1) for _ in range(size)]
        if zeros and size > 1 and self.random.random() < 0.15:
            weights = [w if self.random.random() < 0.7 else 0 for w in weights]
        if not any(weights):
            weights = [1, *weights[1:]]
        weights = list(weights)
        self.random.shuffle(weights)
        return row_of("row", weights)

    def weights(self, prompts: int) -> Row:
        """A law of prompts."""
        weights = [self.random.choice((0, 1, 1, 2, 3, 10)) for _ in range(prompts)]
        return Row(weights if any(weights) else [1] * prompts)

    def table(self, prompts: int | None = None, size: int | None = None, *, large: bool = False, zeros: bool = True) -> Table:
        """One to four rows of one size; a single one where it is large."""
        size = size or (self.count(LARGE, 100) if large and self.random.random() < 1 / RARE else self.random.randint(1, 6))
        prompts = prompts or (1 if size > 100 else self.random.randint(1, 4))
        return Table(self.row(size, zeros=zeros) for _ in range(prompts))

    def like(self, base: Row, *, smallest: float = 1e-300) -> Row:
        """A policy with the base's support: another law, the base with one entry moved, or the base itself."""
        kind = self.random.random()
        if kind < 0.05:
            return base
        if kind < 0.45:
            y = self.random.choice([y for y, w in enumerate(base.weights) if w])
            factor = fmpq(*(10 ** self.random.uniform(-math.log10(1 / smallest) / 2, 6)).as_integer_ratio())
            return row_of("policy", [f * factor if i == y else f for i, f in enumerate(base.fractions())])
        other = self.row(len(base), zeros=False, smallest=smallest)
        return row_of("policy", [w if b else 0 for w, b in zip(other.weights, base.weights, strict=True)])
