"""Sharp constants of the tilted base and of regret: Lemma 4.1', the bias, the choice of beta, Lemma J.3."""

from dataclasses import replace
from functools import cache
from typing import Any

from flint import arb, fmpq

from sharpsim.certified import coverage, tilt
from sharpsim.certified._branch import crossing, infimum, mean_log, supremum
from sharpsim.certified._constant import Constant, exactly
from sharpsim.certified._draws import Draws
from sharpsim.certified._rows import Row, Table
from sharpsim.certified._statement import Instance, Statement
from sharpsim.certified._statements import STATEMENTS
from sharpsim.certified._statements._coverage import ONE_PROMPT

HALF = fmpq(1, 2)


def scaled(name: str, c: fmpq) -> Statement:
    """A known statement with c times its right side; attained where it is, for c >= 1."""
    known = STATEMENTS[name]
    return replace(
        known,
        right=lambda **case: c * known.right(**case),
        attained=lambda **case: c >= 1 and known.attained(**case),
        gap=known.gap if c == 1 else None,
    )


def _two_masses(u: Any) -> Any:
    """((1+q) u - q)/u^2 at q = 1/2: C_{pi_beta}/C_cov,g of masses P* and (1-g) P* alone, u the mean of (base/P*)^(1/beta)."""
    return (u * fmpq(3, 2) - HALF) / (u * u)


def _half_slack(c: fmpq) -> Statement:
    known = STATEMENTS["tilt_concentrability_slack"]
    return Statement(
        "tilt_half_slack", known.label, "C_{pi_beta} <= c C_cov,g at g = 1/2, beta = 1", known.left,
        lambda table, prompt_weights, slack, beta: c * coverage.coefficient(table, prompt_weights, slack=slack),
        lambda draws: known.draw(draws) | {"slack": HALF, "beta": fmpq(1)}, _KANTOROVICH,
        domain=lambda slack, beta, **_: slack == HALF and beta == 1,
    )  # fmt: skip


def _bias(c: fmpq) -> Statement:
    known = STATEMENTS["tilt_bias"]

    def right(row: Row, beta: fmpq) -> Any:
        bound = known.right(row, beta)
        return bound / (1 + c * bound)

    return Statement(
        "tilt_bias_fraction", "Bias of the tilted base", "1 - pi_beta(Y*) <= B/(1 + c B), B = ((|Y|-|Y*|)/|Y*|) (1+g_m)^-(1+1/beta)",
        lambda row, beta: tilt.bias(row, beta=beta), right, known.draw, known.extremal | {"row": Row([2, 1, 1])},
        attained=lambda row, beta: c <= 1 and known.attained(row, beta),
    )  # fmt: skip


def _at_most_one(draws: Draws) -> Instance:
    while True:
        row = draws.row(draws.integer(2, 8), zeros=False)
        margin = coverage.margin(Table([row]), ONE_PROMPT)
        if margin is not None and margin <= 1:
            return {"row": row, "delta": draws.share()}


def _beta(c: fmpq) -> Statement:
    def bias(row: Row, delta: fmpq) -> arb:
        margin = coverage.margin(Table([row]), ONE_PROMPT)
        assert margin is not None
        inverse = (2 * len(row) * (1 / arb(delta))).log() / (c * margin)
        top = row.masses()[row.top()]
        odds = sum((((row.masses()[y] / top).log() * (1 + inverse)).exp() for y in row.outside()), arb(0)) / len(row.maximal())
        return odds / (1 + odds)

    return Statement(
        "tilt_beta_small_margin", "Bias of the tilted base (beta)",
        "beta = c g_m/log(2|Y|/delta), g_m <= 1, gives 1 - pi_beta(Y*) <= delta/2", bias,
        lambda row, delta: delta / 2, _at_most_one, _RARE_MISS,
    )  # fmt: skip


def _margins(c: fmpq) -> Statement:
    return Statement(
        "margin_range", "Bias of the tilted base (beta)", "g_m <= 2 log(1 + g_m) for g_m <= c, which beta = g_m/(2 log(2|Y|/delta)) needs",
        lambda share: c * share, lambda share: 2 * arb(c * share).log1p(), lambda draws: {"share": draws.share()}, {"share": fmpq(1)},
        domain=lambda share: 0 < share <= 1,
    )  # fmt: skip


def _log_share(g: Any) -> Any:
    """log(1+g)/g = L(g/(1+g))/(1+g), L(x) = -log(1-x)/x."""
    return mean_log(g / (1 + g)) / (1 + g)


_KANTOROVICH = {"table": Table([Row([2, 1, 1, 1, 1])]), "prompt_weights": ONE_PROMPT, "slack": HALF, "beta": fmpq(1)}
_RARE_MISS = {"row": Row([2, 1]), "delta": fmpq(1, 2**4_000_000)}

CONSTANTS = (
    Constant(
        "tilt_concentrability", "Lemma 4.1'", "C_{pi_beta} <= c C_cov", "smallest", "1", "c = 1", lambda: 1, "uniform rows",
        "Lemma 4.1' proves c = 1; a row of equal masses shows that no smaller c holds.",
        lambda c: scaled("tilt_concentrability", c), {"table": Table([Row([1, 1, 1])]), "prompt_weights": ONE_PROMPT, "beta": HALF},
        exactly(1),
    ),
    Constant(
        "tilt_half_slack", "Lemma 4.1' (slack)", "C_{pi_beta} <= c C_cov,g at g = 1/2, beta = 1", "smallest", "(1+q)^2/(4q) = 9/8, q = 1/2",
        "(1-g)^(-1/beta) = 2", lambda: 2, "masses 2, 1, 1, 1, 1 (of 6)",
        "With w = (base/P*)^(1/beta), E w^2 <= (1+q) E_A w - q base(A) on A = Y*_g, and mass outside, where w <= q, lowers E w^2/(E w)^2.",
        _half_slack, _KANTOROVICH, cache(lambda: supremum(_two_masses, [(HALF, 1)])),
    ),
    Constant(
        "tilt_bias_fraction", "Bias of the tilted base", "1 - pi_beta(Y*) <= B/(1 + c B), B = ((|Y|-|Y*|)/|Y*|) (1+g_m)^-(1+1/beta)",
        "largest", "1", "B", lambda: 0, "all responses outside Y* equally likely",
        "The odds of missing are at most B, with equality at a level outside; the bias is odds/(1 + odds).",
        _bias, {"row": Row([2, 1, 1]), "beta": fmpq(1)}, exactly(1),
    ),
    Constant(
        "tilt_beta_small_margin", "Bias of the tilted base (beta)",
        "beta = c g_m/log(2|Y|/delta), g_m <= 1, gives 1 - pi_beta(Y*) <= delta/2", "largest", "log 2", "c = 1/2",
        lambda: HALF, "g_m = 1, two responses, delta -> 0",
        "c log(2|Y|/delta) log(1+g)/(c g) must make up for log(2|Y|/delta): c is the infimum of log(1+g)/g over g <= 1, as delta -> 0.",
        _beta, _RARE_MISS, cache(lambda: infimum(_log_share, [(0, 1)])),
    ),
    Constant(
        "margin_range", "Bias of the tilted base (beta)", "g_m <= 2 log(1 + g_m) for g_m <= c, which beta = g_m/(2 log(2|Y|/delta)) needs",
        "largest", "", "2.51", lambda: fmpq(251, 100), "g_m = c",
        "2 log(1+g) - g is concave and 0 at g = 0, so it changes its sign once.",
        _margins, {"share": fmpq(1)}, cache(lambda: crossing(lambda g: 2 * g.log1p() - g, 2, 3)),
    ),
    Constant(
        "risk_from_regret", "Lemma J.3", "P_x[pi(Y*|x) <= 1 - delta] <= c regret/(delta log(1 + g_m))", "smallest", "1", "c = 1", lambda: 1,
        "policies that miss by delta or not at all, onto responses as likely as the margin allows",
        "Lemma J.3 proves c = 1; an instance with equality shows that no smaller c holds.",
        lambda c: scaled("risk_from_regret", c), {
            "policy": Table([Row([1, 1]), Row([1, 0])]), "table": Table([Row([2, 1])] * 2), "prompt_weights": Row([1, 9]), "delta": HALF,
        }, exactly(1),
    ),
)  # fmt: skip
