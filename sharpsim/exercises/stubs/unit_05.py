"""Tasks of unit 5: SFT-Sharpening has two errors and two sample sizes."""

import numpy as np


def two_errors(log_class_size: float, n: int, N: int, delta: float, rho: float, coverage: float) -> tuple[float, float]:
    """Return the two terms of Theorem 4.1' with explicit constants: (error from n prompts, error from N responses a prompt).

    The first is (12 + 8 sqrt 2) log(|Pi|/rho) / (delta n), the second C_cov / N* with N* = N / log(2/delta).
    `log_class_size` is log|Pi| in nats.
    """
    raise NotImplementedError


def largest_constant(r: float) -> float:
    """Return the largest c such that h(a, r a) >= c a for every a in (0, 1).

    h(a, b) = (sqrt a - sqrt b)^2 + (sqrt(1-a) - sqrt(1-b))^2, and 0 < r < 1. The proof of Theorem 4.1' needs it at r = 1/2, a = delta.
    """
    raise NotImplementedError


def best_split(p: np.ndarray, weights: np.ndarray, m: int, delta: float) -> tuple[int, int]:
    """Return (n, N) with n N <= m and the expected fraction of unsharpened prompts as small as you can make it.

    The class holds all tables, so the estimate is the empirical law of the kept responses. Prompt x has a unique mode of base
    probability p[x]. It fails if it is never drawn, or if at most a fraction 1 - delta of its kept responses are the mode. So the risk is

        sum_x weights[x] sum_c P[Bin(n, weights[x]) = c] P[Bin(c, q_x) <= (1 - delta) c],   q_x = 1 - (1 - p[x])^N,

    with the term c = 0 equal to P[Bin(n, weights[x]) = 0]. `theory.sft.exact_risk` computes it. `m` is at most 100.
    The check asks for at most 1.01 times the least risk.
    """
    raise NotImplementedError
