"""Worked solutions of unit 16."""

import math

import numpy as np


def rounds_to_reach(mass: float, goal: float, beta: float) -> int:
    """A round multiplies the label's odds by exp(1/beta): logit p_t = logit p_0 + t/beta."""
    needed = beta * (math.log(goal) - math.log1p(-goal) - math.log(mass) + math.log1p(-mass))
    # A whole number is not missed by a rounding.
    return max(1, math.ceil(needed - 1e-9))


def blind_rule(mass: float, beta: float, rounds: int) -> np.ndarray:
    """Where the label is right, T is best, and 0 where it is wrong. A mean mass m of the label has the regrets P_T - m and m - p_0: their
    larger one is least at m half way, as when 0 and T are equally likely.
    """
    law = np.zeros(rounds + 1)
    law[0] += 0.5
    law[rounds] += 0.5
    return law


def rise_and_fall(beta: int) -> tuple[np.ndarray, int]:
    """The correct answer is nearly as likely as the mode, and both are far above many rare answers. Sharpening first takes from the rare
    ones and gives to both, and then takes from the correct one. Only the power 1 + t/beta matters, which goes from 1 to 16.
    """
    del beta
    base = np.full(200, 0.71 / 198)
    base[0], base[1] = 0.17, 0.12
    return base, 1
