"""The exact risk of SFT-Sharpening in balls, on all tables and on the hard family, fixed or adaptive (section 4, theory.sft)."""

from functools import lru_cache
from math import comb, factorial
from typing import Any

from flint import arb, ctx, fmpq, fmpq_series

from sharpsim.certified import best_of_n, stopping
from sharpsim.certified._exact import ball_of, between, real, refuse, whole
from sharpsim.certified._rows import Row
from sharpsim.certified.bounds import misses_below
from sharpsim.certified.coverage import read

__all__ = [
    "adaptive_family_risk", "adaptive_risk", "exact_risk", "family_risk", "plurality_miss",
]  # fmt: skip

MOST = 600
"""Largest n of an exact risk: its cost grows as n^2."""
MOST_VOTES = 120
MOST_LABELS = 200


def binomial(n: int, p: arb) -> list[arb]:
    """P[Bin(n, p) = 0..n]."""
    up, down = [arb(1)], [arb(1)]
    for _ in range(n):
        up.append(up[-1] * p)
        down.append(down[-1] * (1 - p))
    return [comb(n, k) * up[k] * down[n - k] for k in range(n + 1)]


def failing_chance(count: int, miss: arb, delta: fmpq) -> arb:
    """P[Bin(count, miss) >= delta count], the least failing number of misses decided exactly; 1 at count 0."""
    least = int((delta * count).ceil())
    chances = binomial(count, miss)
    # The shorter sum has the digits.
    return sum(chances[least:], arb(0)) if 2 * least > count or miss < arb(1) / 2 else 1 - sum(chances[:least], arb(0))


def of_misses(misses: list[arb], weights: Row, *, n: int, delta: fmpq) -> arb:
    """sum_x mu(x) sum_c P[Bin(n, mu(x)) = c] P[Bin(c, miss_x) >= delta c]."""
    total = arb(0)
    for w, miss in zip(weights.weights, misses, strict=True):
        if w:
            chances = binomial(n, arb(fmpq(w, weights.total)))
            total += w * sum((chance * failing_chance(c, miss, delta) for c, chance in enumerate(chances)), arb(0))
    return total / weights.total


def exact_risk(table: Any, prompt_weights: Any, *, n: Any, N: Any, delta: Any, slack: Any = 0) -> arb:
    """E P_x[pihat(Y*_g|x) <= 1 - delta] for the class of all tables: sum_x mu(x) sum_c P[Bin(n, mu(x)) = c] P[Bin(c, b_x) >= delta c],
    b_x = (1 - base(Y*_g|x))^N; a prompt that was never drawn counts as failed.
    """
    table, mu = read(table, prompt_weights)
    n, delta = whole("n", n, 1, MOST), between("delta", delta, 0, 1)
    return of_misses([best_of_n.miss(row, N=N, slack=slack) for row in table], mu, n=n, delta=delta)


def adaptive_risk(table: Any, prompt_weights: Any, *, n: Any, stop: Any, delta: Any) -> arb:
    """As `exact_risk` at slack 0, with the stopping rule's miss for b_x."""
    table, mu = read(table, prompt_weights)
    n, delta = whole("n", n, 1, MOST), between("delta", delta, 0, 1)
    return of_misses([stopping.miss(row, stop=stop) for row in table], mu, n=n, delta=delta)


@lru_cache(maxsize=1024)
def _powers(labels: int, most: int, order: int) -> list[fmpq]:
    """Coefficients up to `order` of (sum_{i <= most} z^i/i!)^labels."""
    terms = [fmpq(1)]
    for i in range(1, most + 1):
        terms.append(terms[-1] / i)
    cap, ctx.cap = ctx.cap, order + 1
    try:
        power = fmpq_series(terms if most >= 0 else [0], prec=order + 1) ** labels
        return [power[i] for i in range(order + 1)]
    finally:
        ctx.cap = cap


def _is_mode(labels: int, favoured: int, others: int) -> fmpq:
    """P[the secret is the mode, ties uniform], given its count k and that of the M - 1 other labels, which are equally likely.

    With S_k = sum_{i <= k} z^i/i!, sum over the number t of others at k of C(M-1, t)/(1+t) (z^k/k!)^t S_{k-1}^(M-1-t)
    = (S_k^M - S_{k-1}^M) k!/(M z^k), of which the coefficient of z^others, times others!/(M-1)^others, is the chance.
    """
    votes = favoured + others
    order = -(-votes // 32) * 32
    ways = _powers(labels, favoured, order)[votes] - _powers(labels, favoured - 1, order)[votes]
    return ways * factorial(favoured) * factorial(others) / (labels * fmpq(labels - 1) ** others)


def plurality_miss(*, votes: Any, labels: Any, miss: Any) -> arb:
    """P[the mode of the votes, ties uniform, is not the secret], each vote missing it with probability `miss` and then uniform."""
    votes, labels = whole("votes", votes, 0, MOST_VOTES), whole("labels", labels, 3, MOST_LABELS)
    miss = ball_of("miss", miss, lambda name, value: between(name, value, 0, 1, closed="low high"))
    return sum((chance * (1 - _is_mode(labels, votes - m, m)) for m, chance in enumerate(binomial(votes, miss))), arb(0))


def secret_row(labels: int) -> Row:
    """A hard prompt's base: 2/M at the secret label, the first, and (M-2)/(M(M-1)) at each other."""
    return Row([2 * (labels - 1), *[labels - 2] * (labels - 1)])


def family_risk(*, n: Any, N: Any, delta: Any, hard_prompts: Any, labels: Any, hard_mass: Any) -> arb:
    """E P_x[pihat(Y*_1/2|x) <= 1 - delta] on the hard family with Pi its best-of-N laws: D times the chance that the mode of Bin(n, D/d)
    kept labels is not the secret, each wrong with b = (1 - 2/M)^N; D where b >= delta, decided exactly.
    """
    n, N, M = whole("n", n, 1, MOST_VOTES), whole("N", N), whole("labels", labels, 3, MOST_LABELS)
    delta, D = between("delta", delta, 0, 1), between("hard_mass", hard_mass, 0, 1, closed="high")
    d, row = whole("hard_prompts", hard_prompts, 1, 2**53), secret_row(M)
    if not misses_below(row, N=N, slack=fmpq(0), delta=delta):
        return arb(D)
    wrong, votes = best_of_n.miss(row, N=N), binomial(n, arb(D / d))
    return D * sum((chance * plurality_miss(votes=c, labels=M, miss=wrong) for c, chance in enumerate(votes)), arb(0))


def adaptive_family_risk(*, n: Any, stop: Any, delta: Any, hard_prompts: Any, labels: Any, hard_mass: Any) -> arb:
    """As `family_risk` with the laws of the stopping rule: the secret is missed by D' draws, D' the other labels' deadline."""
    delta, M, s = between("delta", delta, 0, 1), whole("labels", labels, 3, MOST_LABELS), real("stop", stop)
    other = secret_row(M).deadline(1, s)
    if other > 10**18:
        raise refuse("stop", "small enough for deadlines of at most 10^18 draws", stop)
    return family_risk(n=n, N=other, delta=delta, hard_prompts=hard_prompts, labels=M, hard_mass=hard_mass)
