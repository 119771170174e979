"""DPO and XPO: tails and moments of the residual (Lemmas J.1, J.2), regret and risk (Lemma J.3, Theorems 4.2' and J.2)."""

from typing import Any

from flint import arb, fmpq

from sharpsim.certified import bounds, coverage, dpo, tilt
from sharpsim.certified._draws import Draws
from sharpsim.certified._exact import settled
from sharpsim.certified._rows import Row, Table, row_of
from sharpsim.certified._statement import Instance, Statement
from sharpsim.certified._statements._coverage import ONE_PROMPT, beta, used
from sharpsim.certified.coverage import moment


def at_most_one(policy: Row, base: Row, beta: fmpq, **_: Any) -> bool:
    """The assumptions of Lemma J.1: beta <= 1, and policy and base have one support."""
    return 0 < beta <= 1 and all(bool(p) == bool(q) for p, q in zip(policy.weights, base.weights, strict=True))


def _pair(draws: Draws) -> Instance:
    base = draws.row(large=True)
    return {"policy": draws.like(base), "base": base, "beta": beta(draws)}


def _small_pair(draws: Draws) -> Instance:
    base = draws.row()
    return {"policy": draws.like(base), "base": base, "beta": fmpq(1, draws.integer(1, 6))}


def _ratio_moment(policy: Row, base: Row, beta: fmpq) -> arb:
    return moment(base.masses(), policy.masses(), beta)


def learned(draws: Draws) -> Instance:
    """Policies of which some prompts miss nearly nothing, and some by delta or a little more or less."""
    table, delta = draws.table(size=draws.integer(2, 6), zeros=False), draws.share()
    near = (delta, min(fmpq(1), delta * fmpq(11, 10)), delta * fmpq(9, 10))
    small = fmpq(1, 10 ** draws.integer(1, 12))
    rows = (_missing(draws, row, draws.random.choice(near) if draws.random.random() < 0.4 else delta * small) for row in table)
    policy = Table(rows) if draws.random.random() < 0.8 else Table(draws.like(row) for row in table)
    return {"policy": policy, "table": table, "prompt_weights": draws.weights(len(table)), "delta": delta}


def _missing(draws: Draws, row: Row, miss: fmpq) -> Row:
    outside = row.outside()
    if not outside:
        return row
    y, best = draws.random.choice(outside), row.top()
    return Row([int(miss.p) if i == y else int(miss.q - miss.p) if i == best else 0 for i in range(len(row))])


def has_margin(policy: Table, table: Table, prompt_weights: Row, delta: fmpq) -> bool:
    """Something with mass lies outside Y* at some prompt with weight, and no policy leaves its base's support."""
    del delta
    inside = all(b or not p for one, other in zip(policy, table, strict=True) for p, b in zip(one.weights, other.weights, strict=True))
    return inside and coverage.margin(table, prompt_weights) is not None


def _risk_from_regret(policy: Table, table: Table, prompt_weights: Row, delta: fmpq) -> arb:
    margin = coverage.margin(table, prompt_weights)
    assert margin is not None
    return dpo.regret(policy, table, prompt_weights) / (delta * arb(1 + margin).log())


def on_the_edge(policy: Table, table: Table, prompt_weights: Row, delta: fmpq) -> bool:
    """Each prompt misses by delta or not at all, and all that is missed is as likely as the margin allows."""
    margin = coverage.margin(table, prompt_weights)
    for one, other, w in zip(policy, table, prompt_weights.weights, strict=True):
        missed = [y for y in other.outside() if one.weights[y]]
        total = fmpq(sum(one.weights[y] for y in missed), one.total)
        if w and total and (total != delta or any(fmpq(max(other.weights), other.weights[y]) - 1 != margin for y in missed)):
            return False
    return True


def _explored(draws: Draws) -> Instance:
    while True:
        instance: Instance = learned(draws) | {"beta": beta(draws) / draws.count(30)}
        try:
            sharp = sharp_target(**instance)
        except ArithmeticError:
            # A miss of delta/2 itself, or as good as that: another instance then.
            continue
        if sharp:
            edge = min(instance["delta"] * fmpq(draws.integer(90, 110), 100), fmpq(1))
            wrong = [edge if draws.random.random() < 0.4 else None for _ in instance["table"]]
            rows = (_near_target(row, instance["beta"], miss) for row, miss in zip(instance["table"], wrong, strict=True))
            return instance | {"policy": Table(rows)}


def _near_target(row: Row, beta: fmpq, miss: fmpq | None) -> Row:
    """pi_beta in floats, and with its mass outside Y* changed to `miss`."""
    masses = [fmpq(*float(mass).as_integer_ratio()) for mass in tilt.law(row, beta=beta)]
    if miss is not None and any(masses[y] for y in row.outside()):
        outside = set(row.outside())
        out = sum((masses[y] for y in outside), fmpq(0))
        inside = sum(masses, fmpq(0)) - out
        masses = [m * (miss / out if y in outside else (1 - miss) / inside) for y, m in enumerate(masses)]
    return row_of("policy", masses)


def sharp_target(policy: Table, table: Table, prompt_weights: Row, delta: fmpq, beta: fmpq) -> bool:
    """Assumption A3 of Theorem J.2: pi_beta misses Y* by at most delta/2 at every prompt with weight."""

    def decided(row: Row) -> bool:
        def attempt() -> bool | None:
            miss, most = tilt.bias(row, beta=beta), arb(delta) / 2
            return True if miss < most else False if miss > most else None

        return settled(attempt, "the target's miss")

    return has_margin(policy, table, prompt_weights, delta) and all(decided(row) for row in used(table, prompt_weights))


def _explored_risk(policy: Table, table: Table, prompt_weights: Row, delta: fmpq, beta: fmpq, distance: arb) -> arb:
    rows = zip(policy, table, prompt_weights.weights, strict=True)
    regret = sum((w * dpo.regularised_regret(one, other, beta=beta) for one, other, w in rows if w), arb(0)) / prompt_weights.total
    return (regret / (beta * distance)).nonnegative_part()


def _failing(policy: Table, table: Table, prompt_weights: Row, delta: fmpq, **_: Any) -> fmpq:
    return dpo.unsharpened(policy, table, prompt_weights, delta=delta)


_RARE = {"policy": Row([1, 10**9]), "base": Row([1, 19]), "beta": fmpq(1)}
_EDGE = {
    "policy": Table([Row([500, 501]), Row([1, 0])]), "table": Table([Row([2, 1])] * 2), "prompt_weights": Row([1, 9]), "delta": fmpq(1, 2),
}  # fmt: skip
_TARGET = {
    "policy": Table([Row([4, 1]), Row([301**2, 100**2])]), "table": Table([Row([301, 100])] * 2), "prompt_weights": Row([1, 9]),
    "delta": fmpq(1, 5), "beta": fmpq(1),
}  # fmt: skip
_NEAR_ONE = _TARGET | {
    "policy": Table([Row([1, 9999]), Row([1001**2, 1000**2])]), "table": Table([Row([1001, 1000])] * 2), "delta": fmpq(9999, 10_000),
}  # fmt: skip

STATEMENTS = (
    Statement(
        "log_ratio_tail", "Lemma J.1 (tail)", "P_base[|beta log(base/pi)| >= t] <= (1 + C) e^-t, C = C_{base/pi;beta}, beta <= 1",
        lambda policy, base, beta, threshold: dpo.log_ratio_tail(policy, base, beta=beta, threshold=threshold),
        lambda policy, base, beta, threshold: dpo.log_ratio_tail_bound(policy, base, beta=beta, threshold=threshold),
        lambda draws: _pair(draws) | {"threshold": draws.ratio(0, 20, 10)},
        _RARE | {"threshold": fmpq(177, 10)}, domain=at_most_one, trivial=1,
    ),
    Statement(
        "log_ratio_quantile", "Lemma J.1", "P_base[|beta log(base/pi)| > log(2C) + s] <= e^-s",
        lambda policy, base, beta, excess: dpo.log_ratio_excess(policy, base, beta=beta, excess=excess),
        lambda policy, base, beta, excess: (-arb(excess)).exp(),
        lambda draws: _pair(draws) | {"excess": draws.ratio(0, 10, 10)},
        _RARE | {"excess": fmpq(2)}, domain=at_most_one,
    ),
    Statement(
        "log_ratio_fourth", "Lemma J.2 (log-ratio)", "E_base (beta log(base/pi))^4 <= k^4 + 4(k^3 + 3k^2 + 6k + 6), k = log 2C",
        lambda policy, base, beta: dpo.log_ratio_fourth_moment(policy, base, beta=beta),
        lambda policy, base, beta: dpo.fourth_moment_bound(_ratio_moment(policy, base, beta)), _pair,
        {"policy": Row([1, 10**40]), "base": Row([10**8, 1]), "beta": fmpq(1)}, domain=at_most_one,
    ),
    Statement(
        "residual_fourth", "Lemma J.2", "E f^4 <= 16 (k^4 + 4(k^3 + 3k^2 + 6k + 6)), k = log(2 C_loss)",
        lambda policy, base, beta: dpo.residual_moment(policy, base, beta=beta, power=4),
        lambda policy, base, beta: 16 * dpo.fourth_moment_bound(dpo.loss_moment(policy, base, beta=beta)), _pair,
        {"policy": Row([1, 10**40]), "base": Row([1, 1]), "beta": fmpq(1)}, domain=at_most_one,
    ),
    Statement(
        "residual_square", "Thm 4.2' (residual)", "E f^2 <= p (t^2 + 4t + 8), t = 2 log(2 C_loss/p), p = P[f != 0]",
        lambda policy, base, beta: dpo.residual_moment(policy, base, beta=beta, power=2),
        lambda policy, base, beta: dpo.squared_residual_bound(
            disagreement=dpo.disagreement(policy, base, beta=beta), loss_moment=dpo.loss_moment(policy, base, beta=beta)), _small_pair,
        {"policy": Row([1, 1]), "base": Row([1, 10**300]), "beta": fmpq(1)}, domain=at_most_one,
        attained=lambda policy, base, beta: dpo.disagreement(policy, base, beta=beta) == 0,
    ),
    Statement(
        "risk_from_regret", "Lemma J.3", "P_x[pi(Y*|x) <= 1 - delta] <= regret/(delta log(1 + g_m))",
        _failing, _risk_from_regret, learned, _EDGE, domain=has_margin, attained=on_the_edge, trivial=1,
    ),
    Statement(
        "regret_from_residual", "Thm 4.2'",
        "J(pi°) - J(pi) <= (sqrt((C_pi - 1)/2) + sqrt((C_cov - 1)/2)) sqrt(E f^2) + beta log C_cov",
        lambda policy, base, beta: dpo.regret([policy], Table([base]), ONE_PROMPT),
        lambda policy, base, beta: dpo.regret_bound(policy, base, beta=beta), _pair,
        {"policy": Row([1, 1000]), "base": Row([10**6, 1]), "beta": fmpq(1, 100)}, domain=at_most_one,
        attained=lambda policy, base, beta: not any(base.weights[y] for y in base.outside()),
    ),
    Statement(
        "explored_risk", "Thm J.2", "P_x[pi(Y*|x) <= 1 - delta] <= KL(pi||pi_beta)/h(delta, delta/2) where pi_beta misses at most delta/2",
        _failing,
        lambda policy, table, prompt_weights, delta, beta: _explored_risk(
            policy, table, prompt_weights, delta, beta, bounds.hellinger(delta, delta / 2)), _explored, _NEAR_ONE,
        domain=sharp_target, trivial=1,
    ),
    Statement(
        "explored_risk_sharp", "Thm J.2 (sharp)", "P_x[pi(Y*|x) <= 1 - delta] <= KL(pi || pi_beta)/kl(delta, delta/2)",
        _failing,
        lambda policy, table, prompt_weights, delta, beta: _explored_risk(
            policy, table, prompt_weights, delta, beta, bounds.bernoulli_kl(delta, delta / 2)), _explored, _TARGET,
        domain=sharp_target, trivial=1,
    ),
)  # fmt: skip
