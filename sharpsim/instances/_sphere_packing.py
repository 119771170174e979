"""Packings of the unit sphere (Example J.1): coverage is exponential in the dimension, the margin falls at most polynomially."""

import math
from typing import NamedTuple

import numpy as np

from sharpsim import _checks
from sharpsim._arguments import checked, count

DIMENSION_LIMIT = 22
"""The largest dimension whose 2^d sign vectors are listed."""


class SpherePacking(NamedTuple):
    """One prompt whose responses are unit vectors, and base(y) proportional to exp<y, theta>, theta one of them.

    `features` `[1, responses, d]`, `theta` `[d]`, `log_probs` `[1, responses]`, `prompt_weights` `[1]`; `mode` is the index of theta.
    `margin` = exp(s^2/2) - 1, s the distance from theta to its nearest neighbour, and `coverage` = sum_y exp<y - theta, theta> are
    closed forms of the code's distances.
    """

    features: np.ndarray
    theta: np.ndarray
    log_probs: np.ndarray
    prompt_weights: np.ndarray
    mode: int
    margin: float
    coverage: float


class CubeLaw(NamedTuple):
    """The base of the whole cube {-1, 1}^d/sqrt d without its 2^d responses: coordinates are independent.

    A response agrees with theta in each coordinate with log-probability `log_agree`, and differs with `log_differ`. `margin` and
    `log_coverage` are exact.
    """

    dimension: int
    log_agree: float
    log_differ: float
    margin: float
    log_coverage: float


@checked
def cube_law(*, dimension: int) -> CubeLaw:
    """The cube's base for any d: agreement 1/(1 + e^(-2/d)) per coordinate, margin e^(2/d) - 1, C_cov = (1 + e^(-2/d))^d.

    Raises `ValueError` for a dimension below 1. Source: Example J.1 (literally the paper's packing, s >= 1/4, up to d = 64).
    """
    d = int(dimension)
    log_agree = -math.log1p(math.exp(-2 / d))
    return CubeLaw(d, log_agree, log_agree - 2 / d, math.expm1(2 / d), -d * log_agree)


@checked(distance=count(1, 2**53), mode=count(0, 2**53))
def sphere_packing(*, dimension: int, distance: int, mode: int = 0) -> SpherePacking:
    """Binary lexicode of length d and Hamming distance h as sign vectors over sqrt d; h = 1 is the whole cube.

    Responses at Hamming distance w from the mode have base mass in proportion to exp(-2 w/d). The paper's packings keep s >= 1/4;
    h = ceil(d/4) keeps s >= 1. `mode` is the index of theta among the words in ascending order (the code is linear, so any index
    gives the same instance up to relabelling).

    Raises `ValueError` for d outside 1..22, h outside 1..d and a mode that is no word.
    """
    _checks.enumerable(2.0 ** min(dimension, 1000), 2**DIMENSION_LIMIT, "the cube of this `dimension`", "cube_law, which lists none,")
    if distance > dimension:
        raise ValueError(f"`distance` must be at most `dimension`, {dimension}; got {distance!r}.")
    d = int(dimension)
    words = lexicode(dimension=d, distance=int(distance))
    if mode >= len(words):
        raise ValueError(f"`mode` must be one of the {len(words)} words; got {mode!r}.")
    signs = 1.0 - 2.0 * ((words[:, None] >> np.arange(d)) & 1)
    features = signs / math.sqrt(d)
    away = np.bitwise_count(words ^ words[int(mode)]).astype(np.float64)
    counts = np.bincount(away.astype(np.int64), minlength=d + 1)
    coverage = math.fsum(counts * np.exp(-2 * np.arange(d + 1) / d))
    log_probs = -2 * away / d - math.log(coverage)
    # A code of one word has no neighbour: every response with mass is maximal.
    margin = math.expm1(2 * float(np.flatnonzero(counts[1:])[0] + 1) / d) if len(words) > 1 else math.inf
    return SpherePacking(features[None], features[int(mode)], log_probs[None], np.ones(1), int(mode), margin, coverage)


def lexicode(*, dimension: int, distance: int) -> np.ndarray:
    """The words (integers, ascending) that the greedy rule keeps: each word in turn if it is `distance` away from all kept before it.

    The greedy code is linear (Conway and Sloane 1986), so it is built from its generators: the next one is the first word whose
    coset has no word lighter than the distance.
    """
    lightest = np.bitwise_count(np.arange(2**dimension, dtype=np.int64)).astype(np.int64)
    everything = np.arange(2**dimension, dtype=np.int64)
    words = np.zeros(1, dtype=np.int64)
    while len(far := np.flatnonzero(lightest >= distance)):
        generator = int(far[0])
        words = np.concatenate([words, words ^ generator])
        lightest = np.minimum(lightest, lightest[everything ^ generator])
    return np.sort(words)
