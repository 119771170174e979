"""What "sharpened" is to mean on a card, and how confident its intervals are."""

import math
from dataclasses import dataclass

from sharpsim._arguments import checked, count

BITS = 16


@checked(parameters=count(1, 10**18))
@dataclass(frozen=True)
class Goal:
    """The setting of a card: a model is sharpened if on all but a share `eps` of prompts it gives the mode with probability 1 - `delta`.

    `rho` is the probability with which Theorem 4.1 may fail; `level` is the confidence of intervals; all four are in (0, 1).
    `parameters`: number of 16-bit parameters that training may change, which makes log|Pi| = 16 log(2) times it.

    Raises `ValueError` for values out of range.
    """

    eps: float
    delta: float
    rho: float
    level: float
    parameters: float

    @property
    def log_class_size(self) -> float:
        """log|Pi|, nats."""
        return BITS * math.log(2) * self.parameters


USUAL = Goal(eps=0.1, delta=0.1, rho=0.05, level=0.95, parameters=1e6)
"""The setting where none is given; every card states it. A million parameters are a small adapter (LoRA)."""
