"""Coverage coefficients in their order, measures of section 12.1, and Lemma 4.1' on the tilted base."""

from flint import arb, fmpq

from sharpsim.certified import coverage, tilt
from sharpsim.certified._draws import Draws
from sharpsim.certified._exact import square
from sharpsim.certified._rows import Row, Table, mean
from sharpsim.certified._statement import Instance, Statement
from sharpsim.certified.coverage import raised

ONE_PROMPT = Row([1])
_TWO = Table([Row([100, 99]), Row([1, 0])])


def _table(draws: Draws) -> Instance:
    table = draws.table(large=True)
    slack = draws.share() if draws.random.random() < 0.8 else fmpq(0)
    return {"table": table, "prompt_weights": draws.weights(len(table)), "slack": slack}


def beta(draws: Draws) -> fmpq:
    """A beta in (0, 1], often the inverse of a whole number."""
    return fmpq(1, draws.integer(1, 20)) if draws.random.random() < 0.6 else min(fmpq(1), draws.ratio(0, 1, 8))


def _tilted(draws: Draws) -> Instance:
    table = draws.table(large=True)
    free = beta(draws) if draws.random.random() < 0.7 else draws.ratio(1, 9)
    return {"table": table, "prompt_weights": draws.weights(len(table)), "beta": free}


def used(table: Table, prompt_weights: Row) -> list[Row]:
    """The rows of prompts with weight."""
    return [row for row, w in zip(table, prompt_weights.weights, strict=True) if w]


def _concentrability_gap(table: Table, prompt_weights: Row, beta: fmpq) -> arb:
    """C_cov - C_{pi_beta}: with q = base(Y*) and A, B = sum outside of base r^a, base r^2a, r = base/P*, a = 1/beta, the mean of
    (A (2q + A) - q B)/(q (q + A)^2).
    """

    def of_row(row: Row) -> arb:
        top, inside = row.masses()[row.top()], row.part(row.maximal())
        ratios = [(row.masses()[y], raised(row.masses()[y] / top, 1 / beta)) for y in row.outside() if row.weights[y]]
        first, second = (sum((p * r**k for p, r in ratios), arb(0)) for k in (1, 2))
        return (first * (2 * inside + first) - inside * second) / (inside * square(inside + first))

    return mean(prompt_weights, (of_row(row) if w else 0 for row, w in zip(table, prompt_weights.weights, strict=True)))


def all_maximal(table: Table, prompt_weights: Row, beta: fmpq) -> bool:
    """Every response with mass is maximal."""
    del beta
    return all(len({w for w in row.weights if w}) == 1 for row in used(table, prompt_weights))


def _same_sets(table: Table, prompt_weights: Row, slack: fmpq) -> bool:
    return all(row.maximal(slack) == row.maximal() for row in used(table, prompt_weights))


def _one_mass(table: Table, prompt_weights: Row, slack: fmpq, power: fmpq) -> bool:
    masses = {fmpq(sum(row.weights[y] for y in row.maximal(slack)), row.total) for row in used(table, prompt_weights)}
    return power == 1 or len(masses) == 1


def _pair(draws: Draws) -> Instance:
    base = draws.row(large=True)
    policy = draws.like(base)
    cut = draws.ratio(1, 9) if draws.random.random() < 0.7 else fmpq(draws.count(10**12))
    return {"policy": policy, "base": base, "cut": cut}


def _odds_of_margin(row: Row, beta: fmpq) -> arb:
    margin = coverage.margin(Table([row]), ONE_PROMPT)
    if margin is None:
        return arb(0)
    return tilt.bias_bound(margin=margin, responses=len(row), maximal=len(row.maximal()), beta=beta)


def _level_outside(row: Row, beta: fmpq) -> bool:
    del beta
    return len({row.weights[y] for y in row.outside()}) <= 1


def _few_enough(row: Row, delta: fmpq, beta: fmpq) -> bool:
    """beta <= g_m/(2 log(2|Y|/delta)) and g_m <= 5/2, decided by balls: the paper's choice of beta."""
    margin = coverage.margin(Table([row]), ONE_PROMPT)
    return margin is not None and margin <= fmpq(5, 2) and beta <= tilt.beta_printed(margin=margin, responses=len(row), delta=delta)


def _printed_beta(draws: Draws) -> Instance:
    while True:
        row, delta = draws.row(draws.integer(2, 8), zeros=False), draws.share()
        margin = coverage.margin(Table([row]), ONE_PROMPT)
        if margin is not None and margin <= fmpq(5, 2):
            largest = float(tilt.beta_printed(margin=margin, responses=len(row), delta=delta))
            return {"row": row, "delta": delta, "beta": fmpq(*(largest * (1 - 1e-12)).as_integer_ratio())}


STATEMENTS = (
    Statement(
        "coverage_slack", "C_cov", "C_cov,g <= C_cov: slack only widens the set",
        lambda table, prompt_weights, slack: coverage.coefficient(table, prompt_weights, slack=slack),
        lambda table, prompt_weights, slack: coverage.coefficient(table, prompt_weights), _table,
        {"table": Table([Row([100, 1])]), "prompt_weights": ONE_PROMPT, "slack": fmpq(1, 2)}, attained=_same_sets,
    ),
    Statement(
        "coverage_mode", "C_cov (mode)", "C_cov <= Cbar_cov",
        lambda table, prompt_weights, slack: coverage.coefficient(table, prompt_weights),
        lambda table, prompt_weights, slack: coverage.mode_coverage(table, prompt_weights), _table,
        {"table": Table([Row([100, 1])]), "prompt_weights": ONE_PROMPT, "slack": fmpq(0)},
        attained=lambda table, prompt_weights, slack: all(len(row.maximal()) == 1 for row in used(table, prompt_weights)),
    ),
    Statement(
        "coverage_power", "C_cov (power)", "C_cov,g,1 <= C_cov,g,p for p >= 1",
        lambda table, prompt_weights, slack, power: coverage.coefficient(table, prompt_weights, slack=slack),
        lambda table, prompt_weights, slack, power: coverage.coefficient(table, prompt_weights, slack=slack, power=power),
        lambda draws: _table(draws) | {"power": draws.ratio(1, 4, 4)},
        {"table": _TWO, "prompt_weights": Row([1, 9]), "slack": fmpq(0), "power": fmpq(2)}, attained=_one_mass,
        domain=lambda table, prompt_weights, slack, power: power >= 1,
    ),
    Statement(
        "profile", "C_cov (profile)", "P_x[base(Y*_g|x) < 1/N] <= C_cov,g/N",
        lambda table, prompt_weights, slack, draws: coverage.profile(table, prompt_weights, draws=draws, slack=slack),
        lambda table, prompt_weights, slack, draws: coverage.coefficient(table, prompt_weights, slack=slack) / draws,
        lambda draws: _table(draws) | {"draws": draws.count(20)},
        {"table": Table([Row([10, *[9] * 101]), Row([1, *[0] * 101])]), "prompt_weights": Row([1, 9]), "slack": fmpq(0), "draws": 90},
        trivial=1,
    ),
    Statement(
        "excess", "Measures of coverage", "E_M <= Cov_M: sum (q - M p)_+ <= q(q >= M p)",
        lambda policy, base, cut: coverage.tail(policy, base, cut=cut)[0],
        lambda policy, base, cut: coverage.tail(policy, base, cut=cut)[1],
        _pair, {"policy": Row([9, 1]), "base": Row([1, 9]), "cut": fmpq(1)},
    ),
    Statement(
        "integrated", "Measures of coverage (integral)", "M Cov_M <= ICov_M = E_q min(q/p, M)",
        lambda policy, base, cut: cut * coverage.tail(policy, base, cut=cut)[1],
        lambda policy, base, cut: coverage.tail(policy, base, cut=cut)[2],
        _pair, {"policy": Row([99, 1]), "base": Row([1, 9]), "cut": fmpq(2)},
    ),
    Statement(
        "tilt_concentrability", "Lemma 4.1'", "C_{pi_beta} <= C_cov",
        lambda table, prompt_weights, beta: tilt.concentrability(table, prompt_weights, beta=beta),
        lambda table, prompt_weights, beta: coverage.coefficient(table, prompt_weights), _tilted,
        {"table": Table([Row([100, 1])]), "prompt_weights": ONE_PROMPT, "beta": fmpq(1, 2)}, attained=all_maximal, gap=_concentrability_gap,
    ),
    Statement(
        "tilt_concentrability_slack", "Lemma 4.1' (slack)", "C_{pi_beta} <= C_cov,g (1+q)^2/(4q), q = (1-g)^(1/beta)",
        lambda table, prompt_weights, slack, beta: tilt.concentrability(table, prompt_weights, beta=beta),
        lambda table, prompt_weights, slack, beta: tilt.concentrability_bound(table, prompt_weights, slack=slack, beta=beta),
        lambda draws: _tilted(draws) | {"slack": draws.share()},
        {"table": Table([Row([2] * 10 + [1] * 81)]), "prompt_weights": ONE_PROMPT, "slack": fmpq(1, 2), "beta": fmpq(1, 2)},
    ),
    Statement(
        "slack_factor", "Lemma 4.1' (factor)", "(1+q)^2/(4q) <= (1-g)^(-1/beta), q = (1-g)^(1/beta)",
        lambda slack, beta: tilt.slack_factor(slack=slack, beta=beta), lambda slack, beta: 1 / raised(arb(1 - slack), 1 / beta),
        lambda draws: {"slack": draws.share(tiny=1e-15), "beta": beta(draws)}, {"slack": fmpq(1, 100), "beta": fmpq(1)},
    ),
    Statement(
        "tilt_loss", "Lemma 4.1' (loss)", "C_{base/pi_beta;beta} <= |Y| E[P*], whatever beta",
        lambda table, prompt_weights, beta: tilt.loss_moment(table, prompt_weights, beta=beta),
        lambda table, prompt_weights, beta: tilt.loss_moment_bound(table, prompt_weights), _tilted,
        {"table": Table([Row([101, 100])]), "prompt_weights": ONE_PROMPT, "beta": fmpq(1, 2)},
        attained=lambda table, prompt_weights, beta: all(len(set(row.weights)) == 1 for row in used(table, prompt_weights)),
    ),
    Statement(
        "tilt_bias", "Bias of the tilted base", "pi_beta(outside)/pi_beta(Y*) <= ((|Y|-|Y*|)/|Y*|)(1+g_m)^-(1+1/beta)",
        lambda row, beta: tilt.odds(row, beta=beta), _odds_of_margin,
        lambda draws: {"row": draws.row(large=True), "beta": beta(draws)}, {"row": Row([10, 8, 8, 7]), "beta": fmpq(1)},
        attained=lambda row, beta: _level_outside(row, beta) and all(row.weights),
    ),
    Statement(
        "tilt_beta", "Bias of the tilted base (beta)", "beta <= g_m/(2 log(2|Y|/delta)), g_m <= 5/2, gives 1 - pi_beta(Y*) <= delta/2",
        lambda row, delta, beta: tilt.bias(row, beta=beta), lambda row, delta, beta: delta / 2, _printed_beta,
        {"row": Row([7, *[2] * 99]), "delta": fmpq(1, 10), "beta": fmpq(16, 100)}, domain=_few_enough,
    ),
)  # fmt: skip
