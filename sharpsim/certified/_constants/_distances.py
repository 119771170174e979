"""Sharp constants of distances, tails and moments: h and kl, Lemmas F.1, J.1 and J.2, the concentration step of Theorem J.2."""

from collections.abc import Callable
from functools import cache
from math import comb
from typing import Any

from flint import arb, ctx, fmpq

from sharpsim.certified import bounds, dpo
from sharpsim.certified._branch import BITS, infimum, mean_log, supremum, x_log_x
from sharpsim.certified._constant import Constant
from sharpsim.certified._draws import Draws
from sharpsim.certified._rows import Row
from sharpsim.certified._statement import Instance, Statement
from sharpsim.certified._statements import STATEMENTS
from sharpsim.certified._statements._coverage import beta
from sharpsim.certified.coverage import moment

HALF = fmpq(1, 2)


def _hellinger_share(v: Any) -> Any:
    """h(delta, delta/2)/delta = (1 - 1/sqrt 2)^2 + (1-v)/(2 (1+v)), v^2 = (1-delta)/(1-delta/2)."""
    return bounds.hellinger_constant() + (1 - v) / (2 * (1 + v))


def _kl_share(v: Any) -> Any:
    """kl(delta, delta/2)/delta = log 2 + v^2 log v/(1 - v^2); at v near 1, v^2 log v/(1 - v^2) = -v^2 L(1-v)/(1+v), L(x) = -log(1-x)/x."""
    if isinstance(v, arb) and v.lower() > HALF:
        return arb(2).log() - v * v * mean_log(1 - v) / (1 + v)
    return arb(2).log() + v * x_log_x(v) / (1 - v * v)


def _second_share(v: Any) -> Any:
    """(h(delta, delta/2)/delta - (1 - 1/sqrt 2)^2)/delta, delta = 2 (1-v^2)/(2-v^2): (2-v^2)/(4 (1+v)^2)."""
    return (2 - v * v) / (4 * (1 + v) * (1 + v))


def _delta(draws: Draws) -> Instance:
    return {"delta": draws.share(tiny=1e-300)}


def _of_hellinger(name: str, claim: str, left: Any, extremal: Instance) -> Any:
    known = STATEMENTS["hellinger_constant"]
    return lambda c: Statement(
        name, known.label, claim, lambda delta: left(c, delta), lambda delta: bounds.hellinger(delta, delta / 2), _delta, extremal, "left",
    )  # fmt: skip


def _of_kl(name: str, claim: str, left: Any, extremal: Instance) -> Any:
    return lambda c: Statement(
        name, "Thm J.2 (sharp)", claim, lambda delta: left(c, delta), lambda delta: bounds.bernoulli_kl(delta, delta / 2), _delta, extremal,
        "left",
    )  # fmt: skip


def _pair(draws: Draws) -> Instance:
    base = draws.row()
    return {"policy": draws.like(base), "base": base, "beta": beta(draws)}


def _tail(c: fmpq) -> Statement:
    known = STATEMENTS["log_ratio_tail"]

    def right(policy: Row, base: Row, beta: fmpq, threshold: fmpq) -> arb:
        spread = (arb(threshold) / 2).sinh()
        return c * (moment(base.masses(), policy.masses(), beta) - 1) / (4 * spread * spread)

    return Statement(
        "log_ratio_tail_sharp", known.label, "P_base[|beta log(base/pi)| >= t] <= c (C - 1)/(4 sinh^2(t/2))", known.left, right,
        lambda draws: _pair(draws) | {"threshold": draws.ratio(0, 20, 10)}, _TAIL, domain=known.domain,
        attained=lambda policy, base, beta, threshold: c >= 1 and policy == base, trivial=1,
    )  # fmt: skip


def _quantile(c: fmpq) -> Statement:
    known = STATEMENTS["log_ratio_quantile"]

    def left(policy: Row, base: Row, beta: fmpq, excess: fmpq) -> fmpq:
        return dpo.beyond(policy, base, beta, lambda: (c * moment(base.masses(), policy.masses(), beta)).log() + excess)

    return Statement(
        "log_ratio_quantile_sharp", known.label, "P_base[|beta log(base/pi)| > log(c C) + s] <= e^-s", left, known.right,
        lambda draws: _pair(draws) | {"excess": draws.ratio(0, 10, 10)}, _QUANTILE, domain=known.domain,
    )  # fmt: skip


def _fourth_bound(c: fmpq, loss: arb) -> arb:
    return ((loss + 1) / 2).acosh() ** 4 if loss > 46 else c * (loss - 1)


def _fourth(c: fmpq) -> Statement:
    known = STATEMENTS["log_ratio_fourth"]
    return Statement(
        "log_ratio_fourth_sharp", known.label, "E_base X^4 <= c (C - 1), and <= arcosh((C+1)/2)^4 for C >= 46", known.left,
        lambda policy, base, beta: _fourth_bound(c, moment(base.masses(), policy.masses(), beta)), _pair, _FOURTH, domain=known.domain,
        attained=lambda policy, base, beta: policy == base,
    )  # fmt: skip


def _wrong(n: int, miss: fmpq) -> fmpq:
    """P[Bin(n, a) > n/2], a = `miss`: the likelier of (1-a, a) and (a, 1-a) on n samples of the first is the second; n odd."""
    return sum((comb(n, k) * miss**k * (1 - miss) ** (n - k) for k in range(n // 2 + 1, n + 1)), fmpq(0))


def _likelihood(c: fmpq) -> Statement:
    return Statement(
        "likelihood_of_two", "Lemma F.1", "E_x D_H^2(pihat, truth) <= c (1 - (rho/(|Pi| - 1))^(1/n)) with probability 1 - rho",
        lambda n, miss: bounds.hellinger(miss, 1 - miss),
        lambda n, miss: -c * ((arb(_wrong(n, miss)).log() / n).expm1()),
        lambda draws: {"n": 2 * draws.integer(0, 12) + 1, "miss": draws.share(tiny=1e-100) / 2}, _LIKELIHOOD,
        domain=lambda n, miss: n % 2 == 1 and 0 < miss < HALF,
    )  # fmt: skip


def _seen(of: Callable[[fmpq], Statement], instance: Instance) -> arb:
    """left/right at the instance with c = 1, from below: no smaller c holds."""
    with ctx.workprec(BITS):
        statement = of(fmpq(1))
        return (statement.left(**instance) / statement.right(**instance)).lower()


def _rate(x: Any) -> Any:
    """1 - x + x log x, the exponent of P[Poisson(m) <= x m] per unit of m."""
    return 1 - x + x_log_x(x)


def _half_kept(c: fmpq) -> Statement:
    return Statement(
        "half_kept", "Thm J.2 (sum)", "u <= c I(1/2 - u), 0 < u <= 1/2, I(x) = 1 - x + x log x", lambda shortfall: shortfall,
        lambda shortfall: c * _rate(arb(HALF - shortfall)), lambda draws: {"shortfall": draws.share() / 2}, _KEPT,
        domain=lambda shortfall: 0 < shortfall <= HALF,
    )  # fmt: skip


def _fourth_share(x: Any) -> Any:
    """x^4/(2 cosh x - 2)."""
    spread = (x / 2).exp() - (-x / 2).exp()
    return x**4 / (spread * spread)


_TAIL = {"policy": Row([1, 4, 5]), "base": Row([4, 1, 5]), "beta": fmpq(1), "threshold": fmpq(13_862_943_611, 10**10)}
_QUANTILE = {"policy": Row([1, 2]), "base": Row([2, 1]), "beta": fmpq(1), "excess": fmpq(1, 10**9)}
_FOURTH = {"policy": Row([10_000, 460_633]), "base": Row([460_633, 10_000]), "beta": fmpq(1)}
_LIKELIHOOD = {"n": 1, "miss": fmpq(1, 10**16)}
_SMALL, _LARGE = {"delta": fmpq(1, 10**9)}, {"delta": 1 - fmpq(1, 10**18)}
_KEPT = {"shortfall": fmpq(2968, 10000)}

CONSTANTS = (
    Constant(
        "hellinger_linear", "Thm 4.1' (constant)", "h(delta, delta/2) >= c delta", "largest", "(1 - 1/sqrt 2)^2 = 1/(6 + 4 sqrt 2)",
        "the same (2/c = 12 + 8 sqrt 2, rounded to 23.32)", bounds.hellinger_constant, "delta -> 0",
        "h/delta = (1 - 1/sqrt 2)^2 + (1-v)/(2 (1+v)), v^2 = (1-delta)/(1-delta/2).",
        _of_hellinger("hellinger_linear", "h(delta, delta/2) >= c delta", lambda c, delta: c * delta, _SMALL), _SMALL,
        cache(lambda: infimum(_hellinger_share, [(0, 1)])),
    ),
    Constant(
        "hellinger_quadratic", "Thm 4.1' (constant)", "h(delta, delta/2) >= (1 - 1/sqrt 2)^2 delta + c delta^2", "largest", "1/16",
        "(1 - 1/sqrt 2)^2 delta", lambda: 0, "delta -> 0", "The share of delta^2 is (2-v^2)/(4 (1+v)^2) with the same v.",
        _of_hellinger("hellinger_quadratic", "h(delta, delta/2) >= (1 - 1/sqrt 2)^2 delta + c delta^2",
                      lambda c, delta: bounds.hellinger_constant() * delta + c * delta**2, _SMALL), _SMALL,
        cache(lambda: infimum(_second_share, [(0, 1)])),
    ),
    Constant(
        "kl_hellinger", "Thm J.2 (kl and h)", "kl(delta, delta/2) >= c h(delta, delta/2)", "largest", "log 2/(2 - sqrt 2)", "c = 1",
        lambda: 1, "delta -> 1", "The infimum of the quotient over v in [0, 1].",
        _of_kl("kl_hellinger", "kl(delta, delta/2) >= c h(delta, delta/2)",
               lambda c, delta: c * bounds.hellinger(delta, delta / 2), _LARGE),
        _LARGE, cache(lambda: infimum(lambda v: _kl_share(v) / _hellinger_share(v), [(0, 1)])),
    ),
    Constant(
        "kl_hellinger_most", "Thm J.2 (kl and h)", "kl(delta, delta/2) <= c h(delta, delta/2)", "smallest",
        "(log 2 - 1/2)(6 + 4 sqrt 2)", "2.25, rounded", None, "delta -> 0", "The supremum of the quotient over v in [0, 1].",
        lambda c: Statement(
            "kl_hellinger_most", "Thm J.2 (kl and h)", "kl(delta, delta/2) <= c h(delta, delta/2)",
            lambda delta: bounds.bernoulli_kl(delta, delta / 2), lambda delta: c * bounds.hellinger(delta, delta / 2), _delta, _SMALL,
        ), _SMALL, cache(lambda: supremum(lambda v: _kl_share(v) / _hellinger_share(v), [(0, 1)])),
    ),
    Constant(
        "kl_linear", "Thm J.2 (sharp)", "kl(delta, delta/2) >= c delta, so P_x[fail] <= regret/(beta c delta)", "largest", "log 2 - 1/2",
        "(1 - 1/sqrt 2)^2, by h", bounds.hellinger_constant, "delta -> 0; KL(pi || pi_beta) = kl on two responses",
        "kl/delta = log 2 + v^2 log v/(1 - v^2) with the same v.",
        _of_kl("kl_linear", "kl(delta, delta/2) >= c delta", lambda c, delta: c * delta, _SMALL), _SMALL,
        cache(lambda: infimum(_kl_share, [(0, 1)])),
    ),
    Constant(
        "log_ratio_tail_sharp", "Lemma J.1 (tail)", "P_base[|beta log(base/pi)| >= t] <= c (C - 1)/(4 sinh^2(t/2))", "smallest", "1",
        "(1 + C) e^-t", None, "X = beta log(base/pi) in {-t, 0, t}: masses a e^-t, 1 - a - a e^-t, a",
        "E e^X = C and E e^-X <= 1 give E (2 cosh X - 2) <= C - 1; then Markov's inequality, with equality on these three at beta = 1.",
        _tail, _TAIL, lambda: (_seen(_tail, _TAIL), arb(1)), STATEMENTS["log_ratio_tail"].right,
    ),
    Constant(
        "log_ratio_quantile_sharp", "Lemma J.1", "P_base[|beta log(base/pi)| > log(c C) + s] <= e^-s", "smallest", "4/3", "c = 2",
        lambda: 2, "base 2/3, 1/3 against 1/3, 2/3 at beta = 1, s -> 0",
        "By the sharp tail, c C = y must satisfy C + 1 <= y + e^-2s/y + 2 (1 - e^-s); s = 0 is the worst, C = y + 1/y - 1 and c = sup y/C.",
        _quantile, _QUANTILE, cache(lambda: supremum(lambda z: 1 / (1 - z + z * z), [(0, 1)])),
    ),
    Constant(
        "log_ratio_fourth_sharp", "Lemma J.2 (log-ratio)", "E_base X^4 <= c (C - 1), and <= arcosh((C+1)/2)^4 for C >= 46", "smallest",
        "", "k^4 + 4 (k^3 + 3 k^2 + 6 k + 6), k = log 2C", None, "X = beta log(base/pi) = -x, x, e^x = 46.063; two responses",
        "E (2 cosh X - 2) <= C - 1. The quotient x^4/(2 cosh x - 2) is below 1/8 at 1/4, rises while x < 4 tanh(x/2) and falls beyond; "
        "c is its supremum. From there on, C - 1 = 44.08, the concave envelope of X^4 as a function of 2 cosh X - 2 is that function.",
        _fourth, _FOURTH, cache(lambda: supremum(_fourth_share, [(fmpq(1, 4), 8)])), STATEMENTS["log_ratio_fourth"].right,
    ),
    Constant(
        "likelihood_of_two", "Lemma F.1", "E_x D_H^2(pihat, truth) <= c (1 - (rho/(|Pi| - 1))^(1/n)) with probability 1 - rho", "smallest",
        "2", "2 log(|Pi|/rho)/n = e_stat", None, "n = 1, two responses, members (1-a, a) and (a, 1-a), a -> 0",
        "P[likelihood of q >= truth's] <= (E sqrt(q/p))^n = (1 - D_H^2/2)^n for each of the |Pi| - 1 others.",
        _likelihood, _LIKELIHOOD, lambda: (_seen(_likelihood, _LIKELIHOOD), arb(2)),
        lambda n, miss: bounds.statistical_error(class_size=2, n=n, rho=_wrong(n, miss)),
    ),
    Constant(
        "half_kept", "Thm J.2 (sum)", "sum X >= sum E X/2 - c R^2 L with probability 1 - e^-L, 0 <= X <= R^2", "smallest", "", "c = 2",
        lambda: 2, "Poisson sums of mean m, L/m = 1 - x + x log x, x = .203",
        "By Chernoff's bound c is the supremum of (1/2 - x)/(1 - x + x log x) over x <= 1/2; Cramer's theorem for Poisson sums attains it.",
        _half_kept, _KEPT, cache(lambda: supremum(lambda x: (HALF - x) / _rate(x), [(0, HALF)])),
    ),
)  # fmt: skip
