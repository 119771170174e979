"""A multi-layer linear softmax class that has no sharpened member (Prop E.2), and a variant in which greedy decoding errs without a tie."""

import math
from typing import NamedTuple

import numpy as np

from sharpsim import _checks
from sharpsim._arguments import checked, count


class NotClosed(NamedTuple):
    """Features and weights of a two-token model in d = 2; tokens 0, 1, 2, .. stand for the paper's 1, 2, 3, ..

    `features` is `[phi_1 [1, n, 2], phi_2 [1, n, n, 2]]`, `weights` [2, 2]: theta_1 and theta_2 of the base.
    """

    features: list[np.ndarray]
    weights: np.ndarray


@checked(vocabulary=count(2, 2**53))
def not_closed(*, vocabulary: int, scale: float) -> NotClosed:
    """phi_1(1) = phi_1(2) = e_1, other phi_1 = e_2; phi_2(2,1) = e_1, phi_2(2,j) = e_2 else, phi_2(i,.) = 0 else; theta_1 = theta_2 = B
    e_1.

    The mode is (2,1), the first tokens 1 and 2 are equally likely under every weights. `vocabulary` n >= 2, `scale` B > 0.
    Source: Huang et al. 2025, arXiv 2412.01951v2, Prop E.2. Raises `ValueError` for n below 2 or B not positive.
    """
    second = _second(int(vocabulary))
    first = np.tile([0.0, 1.0], (int(vocabulary), 1))
    first[:2] = 1.0, 0.0
    return NotClosed([first[None], second], np.array([[scale, 0.0], [scale, 0.0]]))


@checked(vocabulary=count(3, 2**53))
def not_closed_strict(*, vocabulary: int) -> NotClosed:
    """phi_1(1) = e_1, phi_1(2) = .9 e_1, phi_1(3) = 0, other phi_1 = e_2, phi_2 as in `not_closed`; theta_1 = theta_2 = e_1 log n.

    The mode is (2,1) and greedy decoding starts with 1, which is strictly likelier. `vocabulary` n >= 3. Source: ours.
    Raises `ValueError` for n below 3.
    """
    second = _second(int(vocabulary))
    first = np.tile([0.0, 1.0], (int(vocabulary), 1))
    first[:3] = [[1.0, 0.0], [SECOND_TOKEN, 0.0], [0.0, 0.0]]
    scale = math.log(vocabulary)
    return NotClosed([first[None], second], np.array([[scale, 0.0], [scale, 0.0]]))


SECOND_TOKEN = 0.9
"""phi_1(2) of the strict variant, along e_1."""


def _second(vocabulary: int) -> np.ndarray:
    _checks.affordable("vocabulary", vocabulary, size=32.0 * vocabulary**2)
    second = np.zeros((1, vocabulary, vocabulary, 2))
    second[0, 1, :, 1] = 1.0
    second[0, 1, 0] = 1.0, 0.0
    return second
