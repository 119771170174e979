"""The DPO residual, regret and risk in balls: both sides of Lemmas J.1 to J.3 and of the steps of Theorem 4.2' (section 7.2, 7.3).

`policy` and `base` are rows of rational probabilities, beta > 0, and the reward is log base. The policy may lack no response that the
base has. f(y, y') = h(y) - h(y'), h = beta log policy - (1 + beta) log base; f = 0 for pi_beta.
"""

from collections.abc import Callable
from typing import Any

from flint import arb, ctx, fmpq

from sharpsim.certified import tilt
from sharpsim.certified._exact import ball_of, between, moderate, positive, rational, refuse, root, settled, square, whole, x_log_x
from sharpsim.certified._rows import Row, Table, mean, row_of, same_support, table_of
from sharpsim.certified.coverage import moment, read

__all__ = [
    "disagreement", "fourth_moment_bound", "log_ratio_excess", "log_ratio_fourth_moment", "log_ratio_tail", "log_ratio_tail_bound",
    "loss_moment", "regret", "regret_bound", "regularised_regret", "residual_moment", "squared_residual_bound", "unsharpened",
]  # fmt: skip


LARGEST_POWER = 1000
"""Of the numerator and denominator of a beta, where numbers are raised to them."""


def pair(policy: Any, base: Any, beta: Any) -> tuple[Row, Row, fmpq]:
    """A policy and a base of the same support, and beta > 0."""
    one, other = row_of("policy", policy), row_of("base", base)
    same_support("policy", one, other)
    if any(w and not p for w, p in zip(other.weights, one.weights, strict=True)):
        raise refuse("policy", "a law with mass wherever the base has mass", one)
    return one, other, moderate("beta", beta)


def _supported(one: Row, other: Row) -> list[int]:
    return [y for y, w in enumerate(other.weights) if w and one.weights[y]]


def loss_moment(policy: Any, base: Any, *, beta: Any) -> arb:
    """C_loss of the class {policy, pi_beta}: the larger of C_{base/policy;beta} and C_{base/pi_beta;beta}."""
    one, other, beta = pair(policy, base, beta)
    tilted = tilt.law(other, beta=beta)
    return moment(other.masses(), one.masses(), beta).max(moment(other.masses(), tilted, beta))


def log_ratio_tail(policy: Any, base: Any, *, beta: Any, threshold: Any) -> fmpq:
    """P_base[|beta log(base/policy)| >= t] for t = `threshold` > 0: exact, each comparison being decided by balls."""
    t = positive("threshold", threshold)
    return beyond(*pair(policy, base, beta), lambda: arb(t))


def log_ratio_excess(policy: Any, base: Any, *, beta: Any, excess: Any) -> fmpq:
    """P_base[|beta log(base/policy)| > log(2 C) + s], s = `excess` >= 0, C = C_{base/policy;beta}; at most exp(-s) (Lemma J.1)."""
    one, other, beta = pair(policy, base, beta)
    s = rational("excess", excess, "at least 0", lambda x: x >= 0)

    def edge() -> arb:
        return (2 * moment(other.masses(), one.masses(), beta)).log() + s

    return beyond(one, other, beta, edge)


def beyond(one: Row, other: Row, beta: fmpq, edge: Callable[[], arb]) -> fmpq:
    """P_base[|beta log(base/policy)| >= edge], for an edge, a ball at the working precision, that no such value equals."""
    known: dict[int, arb] = {}

    def limit() -> arb:
        # Once for all responses: the edge may be a sum over them.
        if ctx.prec not in known:
            known[ctx.prec] = edge()
        return known[ctx.prec]

    pairs = [(p, q) for p, q in zip(other.fractions(), one.fractions(), strict=True) if p and q]
    return sum((p for p, q in pairs if _apart(p / q, beta, limit)), fmpq(0))


def _apart(ratio: fmpq, beta: fmpq, edge: Callable[[], arb]) -> bool:

    def attempt() -> bool | None:
        size, limit = abs(arb(ratio).log() * beta), edge()
        return True if size > limit else False if size < limit else None

    return settled(attempt, "a tail's edge")


def log_ratio_tail_bound(policy: Any, base: Any, *, beta: Any, threshold: Any) -> arb:
    """(1 + C) exp(-t), C = C_{base/policy;beta}: above `log_ratio_tail` (the step inside Lemma J.1)."""
    one, other, beta = pair(policy, base, beta)
    return (1 + moment(other.masses(), one.masses(), beta)) * (-arb(positive("threshold", threshold))).exp()


def log_ratio_fourth_moment(policy: Any, base: Any, *, beta: Any) -> arb:
    """E_base |beta log(base/policy)|^4, nats^4."""
    one, other, beta = pair(policy, base, beta)
    p, q = other.masses(), one.masses()
    return sum((p[y] * square(square((p[y] / q[y]).log() * beta)) for y in _supported(one, other)), arb(0))


def fourth_moment_bound(loss_moment: Any) -> arb:
    """k^4 + 4 (k^3 + 3 k^2 + 6 k + 6), k = log(2 C): above `log_ratio_fourth_moment` for C = C_{base/policy;beta} (Lemma J.2)."""
    k = (2 * ball_of("loss_moment", loss_moment, positive)).log()
    return k**4 + 4 * (k**3 + 3 * k**2 + 6 * k + 6)


def _heights(one: Row, other: Row, beta: fmpq) -> list[tuple[arb, arb]]:
    p, q = other.masses(), one.masses()
    return [(p[y], q[y].log() * beta - p[y].log() * (1 + beta)) for y in _supported(one, other)]


def residual_moment(policy: Any, base: Any, *, beta: Any, power: Any) -> arb:
    """E f^2 or E f^4 (`power` 2 or 4) over two independent base responses: 2 m_2 and 2 m_4 + 6 m_2^2, m_k the central moments of h."""
    one, other, beta = pair(policy, base, beta)
    if whole("power", power, 2, 4) == 3:
        raise refuse("power", "2 or 4", power)
    heights = _heights(one, other, beta)
    centre = sum((p * h for p, h in heights), arb(0))
    squares = [(p, square(h - centre)) for p, h in heights]
    second = sum((p * s for p, s in squares), arb(0))
    return 2 * second if power == 2 else 2 * sum((p * square(s) for p, s in squares), arb(0)) + 6 * square(second)


def disagreement(policy: Any, base: Any, *, beta: Any) -> fmpq:
    """P[f(y, y') != 0] over two independent base responses; exact, as h(y) = h(y') is an equation between rational powers."""
    one, other, beta = pair(policy, base, beta)
    a, b = int(beta.p), int(beta.q)
    if max(a, b) > LARGEST_POWER:
        raise refuse("beta", f"a ratio of whole numbers up to {LARGEST_POWER}", beta)
    groups: dict[fmpq, fmpq] = {}
    for p, q in ((p, q) for p, q in zip(other.fractions(), one.fractions(), strict=True) if p and q):
        key = q**a / p ** (a + b)
        groups[key] = groups.get(key, fmpq(0)) + p
    return 1 - sum((mass**2 for mass in groups.values()), fmpq(0))


def squared_residual_bound(*, disagreement: Any, loss_moment: Any) -> arb:
    """p (t^2 + 4 t + 8), t = 2 log(2 C_loss/p), p = P[f != 0]: above E f^2 (ours); the exact 0 at p = 0."""
    p = between("disagreement", disagreement, 0, 1, closed="low high")
    if p == 0:
        return arb(0)
    t = 2 * (2 * ball_of("loss_moment", loss_moment, positive) / p).log()
    return p * (t**2 + 4 * t + 8)


def regret(policy: Any, table: Any, prompt_weights: Any) -> arb:
    """J(pi°) - J(pi) = E_x sum pi(y|x) log(P*(x)/base(y|x)), nats; pi° is base restricted to Y*."""
    table, mu = read(table, prompt_weights)
    policies = _policies(policy, table)
    return mean(mu, (_short(one, other) for one, other in zip(policies, table, strict=True)))


def _policies(policy: Any, table: Table) -> Table:
    policies = table_of("policy", policy)
    if len(policies) != len(table):
        raise refuse("policy", f"a table with {len(table)} rows, as `table` has", policy)
    for one, other in zip(policies, table, strict=True):
        same_support("policy", one, other)
    return policies


def _short(one: Row, other: Row) -> arb:
    top, units = other.top(), one.units()
    return sum((units[y] * arb(other.ratio(top, y)).log() for y in other.outside() if one.weights[y]), arb(0)) / sum(units)


def unsharpened(policy: Any, table: Any, prompt_weights: Any, *, delta: Any) -> fmpq:
    """mu{x : pi(Y*|x) <= 1 - delta}, exact: Y* the base's, the edge counted as failed (Definition 3.1)."""
    table, mu = read(table, prompt_weights)
    delta = between("delta", delta, 0, 1)
    rows = zip(mu.weights, _policies(policy, table), table, strict=True)
    return fmpq(sum(w for w, one, other in rows if w and _misses(one, other.outside(), delta)), mu.total)


def _misses(one: Row, outside: list[int], delta: fmpq) -> bool:
    """Whether a law has mass at least delta on the responses given; by balls where its masses are not rational, and so not delta."""
    if one.rational():
        return sum(one.weights[y] for y in outside) >= delta * one.total

    def attempt() -> bool | None:
        mass = one.part(outside)
        return True if mass > delta else False if mass < delta else None

    return settled(attempt, "whether a prompt misses delta")


def regret_bound(policy: Any, base: Any, *, beta: Any) -> arb:
    """(sqrt((C_pi - 1)/2) + sqrt((C_cov - 1)/2)) sqrt(E f^2) + beta log C_cov, above the `regret` of one prompt (ours, Thm 4.2')."""
    one, other, beta = pair(policy, base, beta)
    p, q = other.masses(), one.masses()
    chi = sum((square(q[y] - p[y]) / p[y] for y in _supported(one, other)), arb(0))
    inside, outside = other.part(other.maximal()), other.part(other.outside())
    factor = root(chi / 2) + root(outside / inside / 2)
    return factor * root(residual_moment(one, other, beta=beta, power=2)) + beta * (1 + outside / inside).log()


def regularised_regret(policy: Any, base: Any, *, beta: Any) -> arb:
    """J_beta(pi_beta) - J_beta(pi) = beta KL(pi || pi_beta), nats: at least beta kl(m, m_beta) of the masses outside Y* (Theorem J.2)."""
    one, other = row_of("policy", policy), row_of("base", base)
    same_support("policy", one, other)
    beta, target = moderate("beta", beta), tilt.law(other, beta=beta)
    divergence = sum((t * x_log_x(q / t) for q, t in zip(one.masses(), target, strict=True) if not t.is_zero()), arb(0))
    return beta * divergence.nonnegative_part()
