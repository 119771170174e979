"""What `assert_bound` reports, and how far a bound is scaled to see that the check can fail."""

import math
from dataclasses import dataclass, field

POWER = {"upper": (0.7,), "lower": (1.3,), "identity": (0.7, 1.3)}
"""For each side, the factors by which the bound is scaled to see whether the check rejects the wrong bound."""


@dataclass
class BoundReport:
    """Result of `assert_bound`: instances tried, how many bounds were vacuous, and the least and largest ratio of bound to truth.

    `proved` and `undecided` count the verdicts of a certified check.
    """

    instances: int = 0
    vacuous: int = 0
    least_ratio: float = math.inf
    largest_ratio: float = 0.0
    notes: list[str] = field(default_factory=list)
    proved: int = 0
    undecided: int = 0
