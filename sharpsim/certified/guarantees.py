"""Two guarantees that are below 1 at sizes that are run, in balls: DPO's risk without regret, and XPO's last iterate on a known list.

The numbers may be rationals or balls where the docstring says so; the reward of XPO is log base, as in the other twins.
"""

from typing import Any

from flint import arb, ctx, fmpq

from sharpsim.certified import dpo, tilt
from sharpsim.certified._exact import Log, ball, ball_of, between, moderate, rational, refuse, root, square, whole
from sharpsim.certified._rows import Row, Table, mean, table_of
from sharpsim.certified.coverage import read

__all__ = ["bound_zero_loss", "last_iterate_bound", "least_disagreement"]


def least_disagreement(*, gap: Any, concentrability: Any) -> arb:
    """2 b (1 - b), b the smaller root of gap^2/b + (1 - gap)^2/(1 - b) = C, at most 1/2: below P[f_pi != 0 | x] for a policy that
    falls short of pi_beta by `gap`, in [0, 1], in mass of Y* (ours). C >= 1 is a number or a ball.
    """
    gap = between("gap", gap, 0, 1, closed="low high")
    return _told(arb(gap), _excess(concentrability))


def _excess(concentrability: Any) -> arb:
    """C - 1, at least 0 whatever its ball says."""
    C = ball_of("concentrability", concentrability, lambda name, value: rational(name, value, "at least 1", lambda x: x >= 1))
    if not C.is_finite():
        raise refuse("concentrability", "finite", concentrability)
    return (C - 1).nonnegative_part()


def _told(gap: arb, excess: arb) -> arb:
    share = _least(gap, excess).min(arb(fmpq(1, 2)))
    return 2 * share * (1 - share)


def _least(gap: arb, excess: arb) -> arb:
    """b = gap^2/(h + sqrt(h^2 - C gap^2)), h = (C - 1)/2 + gap, in the form in which nothing cancels."""
    spread = root(excess * (excess / 4 + gap * (1 - gap)))
    return arb(0) if gap.is_zero() else square(gap) / (excess / 2 + gap + spread)


def bound_zero_loss(*, class_size: Any, n: Any, delta: Any, rho: Any, bias: Any, concentrability: Any, everywhere: Any = False) -> arb:
    """A ball above DPO's risk P_x[pihat(Y*|x) <= 1 - delta] with chance 1 - rho (ours), at most 1; p = 1 - (rho/|Pi|)^(1/n).

    With `everywhere`, p/`least_disagreement`(delta - bias, C), for a C that holds at every prompt; else C is an average, and the ball
    holds the r with r m b(1 + 2 (C - 1)/r) = p, m = max(1, 2 (1 - delta + bias)). `bias` and C are numbers or balls; the bound is 1
    where `bias` is not seen to be below delta.
    """
    size, n = whole("class_size", class_size), whole("n", n)
    delta, rho, excess = between("delta", delta, 0, 1), between("rho", rho, 0, 1), _excess(concentrability)
    if not isinstance(everywhere, bool):
        raise refuse("everywhere", "True or False", everywhere)
    gap = delta - ball_of("bias", bias, lambda name, value: between(name, value, 0, 1, closed="low"))
    share = -(-ball(Log(size / rho)) / n).expm1()
    if not gap > 0:
        return arb(1)
    return (share / _told(gap, excess)).min(arb(1)) if everywhere else _largest_risk(gap, excess, share)


def _largest_risk(gap: arb, excess: arb, share: arb) -> arb:
    """A ball of the r in (0, 1] with r m b(1 + 2 (C - 1)/r) = p, whose left side grows with r; 1 where it is not seen to exceed p there."""
    factor = (2 * (1 - gap)).max(arb(1))

    def room(risk: fmpq) -> arb:
        return share - risk * factor * _least(gap, 2 * excess / risk)

    low, high = fmpq(1, 2), fmpq(1)
    if not room(high) < 0:
        return arb(1)
    while not room(low) > 0:
        low /= 2
    for _ in range(ctx.prec + 1):
        middle = (low + high) / 2
        rest = room(middle)
        if not (rest > 0 or rest < 0):
            break
        low, high = (middle, high) if rest > 0 else (low, middle)
    return arb(low).union(arb(high))


def last_iterate_bound(members: Any, table: Any, prompt_weights: Any, *, beta: Any, alpha: Any, T: Any, delta: Any, scale: Any) -> arb:
    """A ball above the mean of P_x[pi_{T+1}(Y*|x) <= 1 - delta] over runs of Algorithm 1 (ours), by l = `scale` > 0; at most 1.

    sum over Pi of P_x[pi(Y*|x) <= 1 - delta] min(1, M_pi(l)^T), M_pi(l) = E_x max_y E_{y'~base} exp(-l (f^2 + alpha w(y'))), w =
    log(pi/pi_beta), f = beta (w(y) - w(y')). Any l gives a bound; the float64 twin takes the best for each member. Pi is pi_beta, which
    is no rational law and counts as failing wherever it is not seen to miss less than delta, and the `members`, tables beside `table`.
    """
    table, mu = read(table, prompt_weights)
    beta, delta, T = moderate("beta", beta), between("delta", delta, 0, 1), whole("T", T)
    alpha, scale = rational("alpha", alpha, "from 0 to 1e15", lambda x: 0 <= x <= 10**15), moderate("scale", scale)
    given = members.tolist() if hasattr(members, "tolist") else members
    if not isinstance(given, (list, tuple)):
        raise refuse("members", "tables of the base's shape, one for each member", members)
    total = mean(mu, (arb(int(not tilt.bias(row, beta=beta) < delta)) for row in table))
    for member in given:
        policy = table_of("members", member)
        if len(policy) != len(table) or len(policy[0]) != len(table[0]):
            raise refuse("members", "tables of the base's shape, one for each member", members)
        risk = dpo.unsharpened(policy, table, mu, delta=delta)
        if risk > 0:
            total += risk * _ahead(policy, table, mu, beta, alpha, scale, T)
    return total.min(arb(1))


def _ahead(policy: Table, table: Table, mu: Row, beta: fmpq, alpha: fmpq, scale: fmpq, T: int) -> arb:
    """min(1, M(l)^T) from above; 1 for a member without mass where the base has some, and where M(l) is not seen to be below 1."""
    pairs = [(one, other) for one, other, w in zip(policy, table, mu.weights, strict=True) if w]
    if any(b and not p for one, other in pairs for p, b in zip(one.weights, other.weights, strict=True)):
        return arb(1)
    factor = mean(
        mu, (_factor(one, other, beta, alpha, scale) if w else 0 for one, other, w in zip(policy, table, mu.weights, strict=True))
    )
    return factor**T if factor < 1 else arb(1)


def _factor(one: Row, other: Row, beta: fmpq, alpha: fmpq, scale: fmpq) -> arb:
    """max_y E_{y'~base} exp(-l (f^2 + alpha w(y'))) at one prompt, l = `scale`."""
    used = [y for y, w in enumerate(other.weights) if w]
    q, p, base = one.masses(), tilt.law(other, beta=beta), other.masses()
    w = {y: (q[y] / p[y]).log() for y in used}

    def expected(y: int) -> arb:
        return sum((base[z] * (-scale * (square(beta * (w[y] - w[z])) + alpha * w[z])).exp() for z in used), arb(0))

    largest = expected(used[0])
    for y in used[1:]:
        largest = largest.max(expected(y))
    return largest
