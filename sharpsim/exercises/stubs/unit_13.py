"""Tasks of unit 13: measures of coverage."""

import numpy as np


def measures(target: np.ndarray, base: np.ndarray, cut: float) -> tuple[float, float, float]:
    """Return (Cov_M, E_M, ICov_M) of one prompt, M = cut, with w = target/base.

    Cov_M = target(w >= M), E_M = sum (target - M base)_+, ICov_M = E_target[min(w, M)]. `target` and `base` are probabilities [responses].
    The base may have no mass where the target has some; there w is infinite. Count a ratio within 1e-12 of M (relative) as M.
    """
    raise NotImplementedError


def reverse_is_tight(cut: float, share: float) -> tuple[np.ndarray, np.ndarray]:
    """Return (target, base), probabilities of the same responses, with 0 < Cov_M = E_{cM} / (1 - c), M = cut > 1, c = share in (0, 1).

    Cov_M <= E_{cM} / (1 - c) for every pair. Where does the proof lose nothing? Equality is asked for up to 1e-9; at most 100 responses.
    """
    raise NotImplementedError


def fewest_draws(target: np.ndarray, base: np.ndarray, eps: float) -> tuple[float, int]:
    """Return (M, N) with which rejection sampling is within eps of the target, and N as small as you can.

    A draw of base is accepted with probability min(target/(M base), 1). The first accepted draw of N is kept, or the last if there is
    none. The total variation between the law of the kept response and `target` must be at most eps. The check asks for at most 2% more
    draws than the least it knows.
    """
    raise NotImplementedError
