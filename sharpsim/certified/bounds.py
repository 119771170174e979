"""Bounds in balls: Hellinger and its constants, Theorems 4.1' and D.1, the elliptic potential of Lemma F.2 (sections 4, 5 and 7.3)."""

from typing import Any

from flint import arb, fmpq, fmpq_mat

from sharpsim.certified import best_of_n
from sharpsim.certified._exact import Log, ball, ball_of, between, moderate, numbers, rational, refuse, root, settled, square, whole
from sharpsim.certified._rows import Row
from sharpsim.certified.coverage import profile, read

__all__ = [
    "adaptive", "adaptive_sharp", "bernoulli_kl", "elliptic_bound", "elliptic_sum",
    "hellinger", "hellinger_constant", "sft", "sft_instance", "sft_sharp", "statistical_error",
]  # fmt: skip


def hellinger(a: Any, b: Any) -> arb:
    """h(a, b) = (sqrt a - sqrt b)^2 + (sqrt(1-a) - sqrt(1-b))^2, rationals in [0, 1]; in [0, 2]."""
    a, b = (between(name, value, 0, 1, closed="low high") for name, value in (("a", a), ("b", b)))
    return hellinger_of_balls(arb(a), arb(b))


def hellinger_of_balls(a: arb, b: arb) -> arb:
    """h(a, b) of two balls in [0, 1] as (a-b)^2 (1/(sqrt a + sqrt b)^2 + 1/(sqrt(1-a) + sqrt(1-b))^2), in which nothing cancels."""
    inside, outside = root(a) + root(b), root(1 - a) + root(1 - b)
    parts = (square((a - b) / edge) for edge in (inside, outside) if not edge.is_zero())
    return sum(parts, arb(0))


def hellinger_constant() -> arb:
    """(1 - 1/sqrt 2)^2 = 1/(6 + 4 sqrt 2), at most h(delta, delta/2)/delta for every delta."""
    return 1 / (6 + 4 * arb(2).sqrt())


def bernoulli_kl(a: Any, b: Any) -> arb:
    """kl(a, b) = a log(a/b) + (1-a) log((1-a)/(1-b)), nats; a in [0, 1], b in (0, 1)."""
    a, b = between("a", a, 0, 1, closed="low high"), between("b", b, 0, 1)
    return sum((arb(x) * arb(x / y).log() for x, y in ((a, b), (1 - a, 1 - b)) if x > 0), arb(0))


def statistical_error(*, class_size: Any, n: Any, rho: Any) -> arb:
    """e_stat = 2 log(|Pi|/rho)/n (Lemma F.1)."""
    size, n, rho = whole("class_size", class_size), whole("n", n), between("rho", rho, 0, 1)
    return 2 * ball(Log(size / rho)) / n


def sft(*, class_size: Any, n: Any, N: Any, delta: Any, rho: Any, coverage: Any) -> arb:
    """(12 + 8 sqrt 2) log(|Pi|/rho)/(delta n) + C_cov,g log(2/delta)/N, the second line of Theorem 4.1'; `coverage`, a number or a ball."""
    cover = ball_of("coverage", coverage, lambda name, value: rational(name, value, "at least 1", lambda x: x >= 1))
    delta = between("delta", delta, 0, 1)
    return adaptive(class_size=class_size, n=n, delta=delta, rho=rho) + cover * ball(Log(2 / delta)) / whole("N", N)


def sft_sharp(table: Any, prompt_weights: Any, *, class_size: Any, n: Any, N: Any, delta: Any, rho: Any, slack: Any) -> arb:
    """e_stat/h(delta, delta/2) + P_x[base(Y*_g|x) < 1/N*], N* = N/log(2/delta): the first line of Theorem 4.1'."""
    delta, N = between("delta", delta, 0, 1), whole("N", N)
    open_to = profile(table, prompt_weights, draws=N, stop=Log(2 / delta), slack=slack)
    return adaptive_sharp(class_size=class_size, n=n, delta=delta, rho=rho) + open_to


def sft_instance(table: Any, prompt_weights: Any, *, class_size: Any, n: Any, N: Any, delta: Any, rho: Any, slack: Any) -> arb:
    """max{ sum mu_x t_x : 0 <= t <= 1, sum mu_x c_x t_x <= e_stat }, c_x = h(delta, b_x) where b_x = (1 - base(Y*_g|x))^N < delta, else 0.

    Computed as the dual's least value, min over lam in {0, 1/c_x} of lam e_stat + sum mu_x (1 - lam c_x)_+. Never above `sft_sharp`.
    """
    table, mu = read(table, prompt_weights)
    N, delta, g = whole("N", N), between("delta", delta, 0, 1), between("slack", slack, 0, 1, closed="low")
    budget = statistical_error(class_size=class_size, n=n, rho=rho)
    prices = [_price(row, N, g, delta) for row in table]
    value = arb(1)
    for at in (price for price, w in zip(prices, mu.weights, strict=True) if w and price > 0):
        paid = sum((w * (1 - price / at).nonnegative_part() for price, w in zip(prices, mu.weights, strict=True) if w), arb(0))
        value = value.min(budget / at + paid / mu.total)
    return value


def _price(row: Row, N: int, slack: fmpq, delta: fmpq) -> arb:
    missed = best_of_n.miss(row, N=N, slack=slack)
    return hellinger_of_balls(arb(delta), missed) if misses_below(row, N=N, slack=slack, delta=delta) else arb(0)


def misses_below(row: Row, *, N: int, slack: fmpq, delta: fmpq) -> bool:
    """Whether (1 - base(Y*_g))^N < delta, decided exactly: by integers where both sides may be equal, else by balls."""
    out = sum(row.weights[y] for y in row.outside(slack))
    if type(row) is Row and N * fmpq(out, row.total).q.bit_length() <= max(2**14, delta.q.bit_length()):
        return fmpq(out, row.total) ** N < delta

    def attempt() -> bool | None:
        value, edge = best_of_n.miss(row, N=N, slack=slack), arb(delta)
        return True if value < edge else False if value > edge else None

    return settled(attempt, "whether a prompt misses less than delta")


def adaptive(*, class_size: Any, n: Any, delta: Any, rho: Any) -> arb:
    """(12 + 8 sqrt 2) log(|Pi|/rho)/(delta n), the bound of Theorem D.1."""
    error = statistical_error(class_size=class_size, n=n, rho=rho)
    return error / (hellinger_constant() * between("delta", delta, 0, 1))


def adaptive_sharp(*, class_size: Any, n: Any, delta: Any, rho: Any) -> arb:
    """e_stat/h(delta, delta/2), the first line of Theorem D.1."""
    delta = between("delta", delta, 0, 1)
    return statistical_error(class_size=class_size, n=n, rho=rho) / hellinger(delta, delta / 2)


def elliptic_sum(vectors: Any, *, lam: Any) -> fmpq:
    """sum_t Tr(G_{t-1}^-1 A_t), G_0 = lam I, G_t = G_{t-1} + A_t, for A_t = v_t v_t': exact."""
    steps, lam = _vectors(vectors), moderate("lam", lam)
    d = len(steps[0])
    inverse = fmpq_mat(d, d, [fmpq(int(i == j)) / lam for i in range(d) for j in range(d)])
    total = fmpq(0)
    for step in steps:
        v = fmpq_mat(d, 1, step)
        moved = inverse * v
        size = (v.transpose() * moved)[0, 0]
        total += size
        # Sherman and Morrison's formula: the inverse after a step of rank one.
        inverse = inverse - moved * moved.transpose() * (1 / (1 + size))
    return total


def _vectors(vectors: Any) -> list[list[fmpq]]:
    rule = "vectors of rational numbers, all of one length"
    given = vectors.tolist() if hasattr(vectors, "tolist") else vectors
    if not isinstance(given, (list, tuple)):
        raise refuse("vectors", rule, vectors)
    steps = [numbers("vectors", vector, rule) for vector in given]
    if not steps or len({len(step) for step in steps}) != 1:
        raise refuse("vectors", rule, vectors)
    return steps


def elliptic_bound(*, d: Any, T: Any, trace_max: Any, lam: Any) -> arb:
    """d K log(1 + T K/(d lam))/(lam log(1 + K/lam)), K = `trace_max`: above `elliptic_sum` (Lemma F.2, corrected)."""
    d, T, ratio = whole("d", d), whole("T", T), moderate("trace_max", trace_max) / moderate("lam", lam)
    return d * ratio * arb(T * ratio / d).log1p() / arb(ratio).log1p()
