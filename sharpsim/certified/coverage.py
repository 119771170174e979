"""Coverage coefficients, profile, margin and concentrability in balls, as `sharpsim.coverage` (section 2).

`table` holds one row of probabilities for each prompt, `prompt_weights` the law of the prompts; both are divided by their exact sums.
Prompts of weight 0 contribute nothing. What is rational is returned as a rational.
"""

from collections.abc import Sequence
from functools import reduce
from typing import Any

from flint import arb, fmpq

from sharpsim.certified._exact import between, moderate, rational, real, refuse, whole
from sharpsim.certified._rows import Row, Table, mean, row_of, same_support, table_of

__all__ = [
    "coefficient", "concentrability", "margin", "mode_coverage", "profile", "ratio_moment", "tail",
]  # fmt: skip


def read(table: Any, prompt_weights: Any, name: str = "table") -> tuple[Table, Row]:
    """A table, the argument `name`, and the weights of its prompts."""
    rows, mu = table_of(name, table), row_of("prompt_weights", prompt_weights)
    if len(rows) != len(mu):
        raise refuse("prompt_weights", f"one weight for each of the {len(rows)} rows of `{name}`", prompt_weights)
    return rows, mu


def raised(base: arb, exponent: fmpq) -> arb:
    """base^exponent for a base of at least 0."""
    return base ** int(exponent.p) if exponent.q == 1 else base ** arb(exponent)


def coefficient(table: Any, prompt_weights: Any, *, slack: Any = 0, power: Any = 1) -> arb:
    """C_cov,g,p = (E_x[pi(Y*_g(x)|x)^-p])^(1/p), at least 1."""
    table, mu = read(table, prompt_weights)
    g, p = between("slack", slack, 0, 1, closed="low"), rational("power", power, "in (0, 1000]", lambda x: 0 < x <= 1000)
    return raised(mean(mu, (1 / raised(row.part(row.maximal(g)), p) for row in table)), 1 / p)


def mode_coverage(table: Any, prompt_weights: Any) -> arb:
    """Cbar_cov = E_x[1/P*(x)], at least C_cov."""
    table, mu = read(table, prompt_weights)
    return mean(mu, (1 / row.masses()[row.top()] for row in table))


def profile(table: Any, prompt_weights: Any, *, draws: Any, stop: Any = 1, slack: Any = 0) -> fmpq:
    """mu{x : N pi(Y*_g(x)|x) < s}, N = `draws`, decided exactly: the prompts that N draws do not cover at s = 1, and those of
    Theorem 4.1' at s = `Log(2/delta)`.
    """
    table, mu = read(table, prompt_weights)
    N, s, g = whole("draws", draws), real("stop", stop), between("slack", slack, 0, 1, closed="low")
    open_to = (w for w, row in zip(mu.weights, table, strict=True) if w and row.draws_to_reach(row.maximal(g), s) > N)
    return fmpq(sum(open_to), mu.total)


def margin(table: Any, prompt_weights: Any, *, slack: Any = 0) -> fmpq | arb | None:
    """The largest g_m with P*(x) >= (1 + g_m) pi(y|x) outside Y*_slack(x) at every prompt with weight; None where nothing is outside.

    A ball for rows of log-probabilities.
    """
    table, mu = read(table, prompt_weights)
    g = between("slack", slack, 0, 1, closed="low")
    ratios = [_lead(row, rivals) for row, w in zip(table, mu.weights, strict=True) if w and (rivals := _with_mass(row, row.outside(g)))]
    if any(isinstance(ratio, arb) for ratio in ratios):
        return reduce(arb.min, map(arb, ratios)) - 1
    return min(ratios) - 1 if ratios else None


def _with_mass(row: Row, chosen: Sequence[int]) -> list[int]:
    return [y for y in chosen if row.weights[y]]


def _lead(row: Row, rivals: Sequence[int]) -> fmpq | arb:
    return row.ratio(row.top(), max(rivals, key=row.keys.__getitem__))


def concentrability(policy: Any, table: Any, prompt_weights: Any) -> arb:
    """C_pi = E_{x, y~pi}[pi/base], at least 1; `policy` is a table without mass where the base has none."""
    return _mean_moment({"policy": policy}, {"table": table}, prompt_weights, fmpq(1))


def ratio_moment(numerator: Any, denominator: Any, prompt_weights: Any, *, beta: Any) -> arb:
    """C_{pi/pi';beta} = E_{x, y~pi}[(pi/pi')^beta], pi = `numerator` without mass where pi' = `denominator` has none; at least 1."""
    return _mean_moment({"numerator": numerator}, {"denominator": denominator}, prompt_weights, moderate("beta", beta))


def _mean_moment(numerator: dict[str, Any], denominator: dict[str, Any], prompt_weights: Any, power: fmpq) -> arb:
    ((top_name, top),), ((bottom_name, bottom),) = numerator.items(), denominator.items()
    top = table_of(top_name, top)
    bottom, mu = read(bottom, prompt_weights, bottom_name)
    if len(top) != len(bottom):
        raise refuse(top_name, f"a table with {len(bottom)} rows, as `{bottom_name}` has", top)
    for one, other in zip(top, bottom, strict=True):
        same_support(top_name, one, other)
    return mean(mu, (moment(one.masses(), other.masses(), power) for one, other in zip(top, bottom, strict=True)))


def moment(numerator: Sequence[arb], denominator: Sequence[arb], power: fmpq) -> arb:
    """sum pi (pi/pi')^power over the responses with mass, of one prompt."""
    return sum((a * raised(a / b, power) for a, b in zip(numerator, denominator, strict=True) if not a.is_zero()), arb(0))


def tail(numerator: Any, denominator: Any, *, cut: Any) -> tuple[fmpq, fmpq, fmpq]:
    """(E_M, Cov_M, ICov_M) of q = `numerator` from p = `denominator` at M = `cut` (section 12.1), exact: sum (q - M p)_+, q(q >= M p) and
    E_q min(q/p, M). They satisfy E_M <= Cov_M <= ICov_M/M.
    """
    (q,), (p,) = table_of("numerator", [numerator]), table_of("denominator", [denominator])
    same_support("numerator", q, p)
    M = rational("cut", cut, "at least 1", lambda x: x >= 1)
    pairs = [(a, b) for a, b in zip(q.fractions(), p.fractions(), strict=True) if a > 0]
    zero = fmpq(0)
    excess = sum((a - M * b for a, b in pairs if a > M * b), zero)
    return excess, sum((a for a, b in pairs if a >= M * b), zero), sum((a * min(a / b, M) for a, b in pairs), zero)
