"""Tasks of unit 12: sharpening a real sequence model."""

import numpy as np


def subset_weights(total: int, draws: int) -> np.ndarray:
    """Return the weights w of an unbiased estimate of best of `draws` from `total` drawn responses, sorted by reward, best first.

    w[i] is the probability that response i is the best of a random subset of size `draws`; responses have distinct rewards. Shape [total].
    """
    raise NotImplementedError


def helps_then_hurts(rise: float) -> tuple[np.ndarray, np.ndarray]:
    """Return (p, correct): a law of responses, and which of them are correct, for which best of 2 helps and best of many hurts.

    Best of N keeps the most likely response. Its accuracy must grow by at least `rise` from N = 1 to N = 2, and for N = 1000 it must be
    below 0.01. `p` holds at most 100 positive probabilities, no two equal up to 1e-9; `correct` holds truth values, same shape.
    `rise` is at most 0.22; show that it cannot reach 1/4.
    """
    raise NotImplementedError


def highest_hump(responses: int) -> tuple[np.ndarray, np.ndarray]:
    """Return (p, correct) as in 12.2 with this many responses, and the accuracy's hump as high as you can make it.

    Your score is max over N of acc(N), minus the larger of acc(1) and acc(infinity). Probabilities may be equal here; best of N keeps
    the first drawn among equals, and acc(infinity) is its accuracy inside the set of the most likely responses. The check asks for 95% of
    the best of a known construction: one wrong response of mass a, then j correct ones a little less likely, then all others, wrong and
    equally likely.
    """
    raise NotImplementedError
