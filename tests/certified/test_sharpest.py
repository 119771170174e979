"""Sharp constants, certified from both sides and checked by mpmath, branch and bound, and the search of the sharpest instance."""

import math

import mpmath
import pytest
from flint import arb, fmpq

from experiments.engine.rows import ROOT
from sharpsim import certified
from sharpsim.certified import _branch, best_of_n, constants, coverage, stopping
from sharpsim.certified._draws import Draws
from sharpsim.certified._exact import Log, power_of_complement
from sharpsim.certified._rows import Row, Table, mean
from sharpsim.certified._sharpest import certified_ratio
from sharpsim.certified.constants import CONSTANTS

NAMES = sorted(CONSTANTS)
STEP = fmpq(1, 10**6)
STATEMENTS = certified.statements()


def two_levels(value, low=0.3, high=0.9):
    """The largest value of a function of one number on a unimodal stretch, by golden section in mpmath."""
    with mpmath.workdps(30):
        low, high, share = mpmath.mpf(low), mpmath.mpf(high), (mpmath.sqrt(5) - 1) / 2
        for _ in range(120):
            a, b = high - share * (high - low), low + share * (high - low)
            low, high = (a, high) if value(a) < value(b) else (low, b)
        return value(low)


def kl_of(*edges):
    pairs = list(zip((0, *edges), (*edges, 1), strict=True))
    return sum((b**4 - a**4) * mpmath.log((b**4 - a**4) / (b - a)) for a, b in pairs)


def win_of(*edges):
    return sum((b**4 - a**4) * (a + b) / 2 for a, b in zip((0, *edges), (*edges, 1), strict=True))


def climbed(value, edges):
    """The largest value of a function of two edges, by Newton's method on its gradient."""
    with mpmath.workdps(30):

        def slope(i, at):
            return mpmath.diff(value, at, (1, 0) if i == 0 else (0, 1))

        return value(*mpmath.findroot([lambda a, b: slope(0, (a, b)), lambda a, b: slope(1, (a, b))], edges))


def poisson(x):
    return (mpmath.mpf(1) / 2 - x) / (1 - x + x * mpmath.log(x))


TRUE = {
    "miss_quadratic": lambda: 0.5,
    "miss_offset": lambda: 0.5,
    "stopping_split": lambda: 1,
    "stopping_miss": lambda: 1,
    "kl_two_levels": lambda: two_levels(kl_of),
    "kl_three_levels": lambda: climbed(kl_of, (0.44, 0.74)),
    "win_two_levels": lambda: mpmath.mpf(1) / 2 + 3 * mpmath.mpf(4) ** (-mpmath.mpf(1) / 3) / 8,
    "win_three_levels": lambda: climbed(win_of, (0.49, 0.77)),
    "profile_less_one": lambda: 1,
    "tilt_concentrability": lambda: 1,
    "tilt_half_slack": lambda: mpmath.mpf(9) / 8,
    "tilt_bias_fraction": lambda: 1,
    "tilt_beta_small_margin": lambda: mpmath.log(2),
    "margin_range": lambda: mpmath.findroot(lambda g: 2 * mpmath.log(1 + g) - g, 2.5),
    "risk_from_regret": lambda: 1,
    "hellinger_linear": lambda: 1 / (6 + 4 * mpmath.sqrt(2)),
    "hellinger_quadratic": lambda: mpmath.mpf(1) / 16,
    "kl_hellinger": lambda: mpmath.log(2) / (2 - mpmath.sqrt(2)),
    "kl_hellinger_most": lambda: (mpmath.log(2) - 0.5) * (6 + 4 * mpmath.sqrt(2)),
    "kl_linear": lambda: mpmath.log(2) - 0.5,
    "log_ratio_tail_sharp": lambda: 1,
    "log_ratio_quantile_sharp": lambda: mpmath.mpf(4) / 3,
    "log_ratio_fourth_sharp": lambda: two_levels(lambda x: x**4 / (2 * mpmath.cosh(x) - 2), 2, 6),
    "likelihood_of_two": lambda: 2,
    "half_kept": lambda: two_levels(poisson, 0.05, 0.4),
}
"""The constants by formulas, searches and roots in mpmath."""


@pytest.mark.parametrize("name", NAMES)
def test_a_constant_is_certified_from_both_sides(name):
    one = CONSTANTS[name]
    lower, upper = one.enclosure()
    assert lower <= upper
    assert float(upper - lower) <= 1.01e-6
    with mpmath.workdps(30):
        truth = mpmath.mpf(TRUE[name]())
        assert float(lower) - 1e-12 <= truth <= float(upper) + 1e-12
    right, wrong = one.statement(one.proved()), one.statement(one.beyond(STEP))
    assert right.domain(**one.extremal)
    assert certified.judge(right, one.extremal).word == "proved"
    assert certified.judge(wrong, one.extremal).word == "refuted"


@pytest.mark.parametrize("name", NAMES)
def test_a_constant_holds_on_drawn_instances(name):
    one = CONSTANTS[name]
    statement = one.statement(one.proved())
    judged = 0
    for place in range(40):
        instance = statement.draw(Draws(f"sharp/{place}"))
        if statement.domain(**instance):
            judged += 1
            assert certified.judge(statement, instance).word in ("proved", "vacuous"), instance
    assert judged >= 20


def test_many_constants_are_better_than_printed():
    assert sum(one.better() for one in CONSTANTS.values()) >= 10
    assert not CONSTANTS["hellinger_linear"].better()
    assert {one.name for one in CONSTANTS.values() if one.best == "largest"} >= {"kl_hellinger", "profile_less_one"}


@pytest.mark.parametrize("name", [name for name in NAMES if CONSTANTS[name].printed_right])
def test_a_sharper_form_is_nowhere_above_the_printed_one(name):
    one = CONSTANTS[name]
    sharp, printed = one.statement(one.proved()), one.printed_right
    assert printed is not None
    strictly = 0
    for place in range(60):
        instance = sharp.draw(Draws(f"form/{place}"))
        if sharp.domain(**instance):
            with certified.precision(1024):
                new, old = arb(sharp.right(**instance)), arb(printed(**instance))
            # Beyond 1 the printed tail says nothing.
            if name != "log_ratio_tail_sharp" or old < 1:
                assert not new > old
                strictly += new < old
    assert strictly >= 20


def adaptive_cost(table, prompt_weights, delta):
    rows = zip(table, prompt_weights.weights, strict=True)
    return mean(prompt_weights, (stopping.mean(row, stop=Log(2 / delta)) if w else 0 for row, w in rows))


def sharper_cost(table, prompt_weights, delta):
    spent = arb(2 / delta).log() * coverage.mode_coverage(table, prompt_weights)
    return spent + 1 + delta / 2 * coverage.coefficient(table, prompt_weights)


def covered(delta, N):
    """The miss of a set of mass 1/(N/log(2/delta) + 1/2)."""
    return power_of_complement(1 / (N / arb(2 / delta).log() + fmpq(1, 2)), N)


def test_what_follows_for_the_theorems():
    """The costs and the covered sets of the page, each judged on drawn instances; without its last term the cost is refuted."""
    cost = certified.Statement(
        "cost", "Thm D.1", "", adaptive_cost, sharper_cost, STATEMENTS["adaptive_cost"].draw, STATEMENTS["adaptive_cost"].extremal
    )
    least = certified.Statement("least", "Thm 4.1'", "", covered, lambda delta, N: delta / 2, STATEMENTS["covered_miss"].draw, {"N": 1})
    for statement in (cost, least):
        for place in range(40):
            instance = statement.draw(Draws(f"follows/{place}"))
            assert certified.judge(statement, instance).word == "proved", instance
    rare = {"table": Table([Row([20, *[1] * 1000])]), "prompt_weights": Row([1]), "delta": fmpq(1, 2)}
    cheaper = certified.Statement(
        "cheaper", "", "", adaptive_cost, lambda **case: sharper_cost(**case) - case["delta"] / 2 * 25, cost.draw, rare
    )
    assert certified.judge(cost, rare).word == "proved"
    assert certified.judge(cheaper, rare).word == "refuted"


def test_branch_and_bound_by_hand():
    lower, upper = _branch.supremum(lambda x: x * (1 - x), [(0, 1)])
    assert lower <= fmpq(1, 4) <= upper
    assert upper - lower <= 1e-10
    lower, upper = _branch.supremum(lambda x, y: x * y * (1 - x - y), [(0, 1), (0, 1)])
    assert lower <= fmpq(1, 27) <= upper
    lower, upper = _branch.infimum(lambda x: (x - fmpq(1, 3)) * (x - fmpq(1, 3)) - 2, [(0, 5)])
    assert lower <= -2 <= upper
    lower, upper = _branch.supremum(_branch.x_log_x, [(0, 1)])
    assert lower <= 0 <= upper
    low, high = _branch.crossing(lambda x: 2 - x * x, 0, 2)
    assert low < arb(2).sqrt() < high
    with pytest.raises(ArithmeticError, match="not enclosed"):
        _branch.supremum(lambda x: x * (1 - x), [(0, 1)], most=3)
    with pytest.raises(ArithmeticError, match="change its sign"):
        _branch.crossing(lambda x: 2 - x * x, 0, 1)


def test_limits_are_inside_the_balls_at_the_ends():
    for name, value, limit, widest in (("mean_log", _branch.mean_log, 1, 0.12), ("x_log_x", _branch.x_log_x, 0, 0.9)):
        for width in (widest, 1e-1, 1e-6):
            found = value(arb(0).union(arb(width)))
            assert found.contains(arb(limit)), name
            for x in (width, width / 2.5, width * 1e-3):
                exact = -math.log1p(-x) / x if name == "mean_log" else x * math.log(x)
                assert found.lower() - 1e-15 <= exact <= found.upper() + 1e-15


SEARCHED = {
    "miss_exponential": 0.999, "win_rate": 0.999, "stopping_mean": 0.99, "stopping_miss": 0.999, "hellinger_constant": 0.999,
    "hellinger_kl": 0.84, "profile": 0.9, "tilt_concentrability": 0.999, "tilt_bias": 0.999, "log_ratio_quantile": 0.49,
    "risk_from_regret": 0.999,
}  # fmt: skip
"""Statements, and a ratio that the search reaches with few evaluations."""


@pytest.mark.parametrize("name", SEARCHED)
def test_the_search_finds_a_sharp_instance(name):
    found = certified.sharpest(name, atoms=3, evaluations=1500 if name == "profile" else 600)
    assert found.statement.domain(**found.instance)
    assert found.verdict.word == "proved"
    assert SEARCHED[name] <= float(found.ratio[0]) <= float(found.ratio[1]) <= 1 + 1e-9
    rows = [row for value in found.instance.values() if isinstance(value, Table) for row in value]
    rows += [value for key, value in found.instance.items() if isinstance(value, Row) and key != "prompt_weights"]
    assert all(len(row) <= 3 for row in rows)
    assert all(one.label == found.statement.label for one in found.constants)


def test_the_search_meets_the_certified_constants():
    """No instance beats a certified constant: kl/h at least 1.18, the quantile's factor 1/2, h/kl in the risk."""
    assert float(certified.sharpest("hellinger_kl", evaluations=600).ratio[1]) <= 1 / float(CONSTANTS["kl_hellinger"].enclosure()[0])
    assert float(certified.sharpest("log_ratio_quantile", evaluations=600).ratio[1]) < 0.5
    assert float(certified.sharpest("explored_risk", evaluations=600).ratio[1]) <= 1 / float(CONSTANTS["kl_hellinger"].enclosure()[0])


def test_the_search_refutes_what_is_false():
    found = certified.sharpest("printed_concentrability", atoms=4, evaluations=600)
    assert found.verdict.word == "refuted"
    assert found.ratio[0] > 1


def test_the_search_is_the_same_at_every_run():
    one, other = (certified.sharpest("kl", evaluations=200, seed=3) for _ in range(2))
    assert one.instance == other.instance
    assert 100 < one.judged < 300


def test_refusals():
    for given in ({"statement": "none"}, {"statement": "rounds"}, {"statement": 3}, {"atoms": 1}, {"evaluations": 0}, {"seed": -1}):
        with pytest.raises(ValueError, match=f"`{next(iter(given))}` must be"):
            certified.sharpest(**({"statement": "kl"} | given))
    with pytest.raises(ValueError, match="`step` must be positive"):
        CONSTANTS["kl_linear"].beyond(0)


def test_a_ratio_by_equality_is_one():
    statement = STATEMENTS["risk_from_regret"]
    verdict = certified.judge(statement, CONSTANTS["risk_from_regret"].extremal)
    assert verdict.attained
    assert certified_ratio(verdict) == (1, 1)
    assert best_of_n.kl_bound(N=4) > CONSTANTS["kl_three_levels"].enclosure()[1]


def test_the_page_is_what_the_constants_give():
    told = (ROOT / "docs" / "sharp-constants.md").read_text()
    assert constants.INTRODUCTION in told
    assert constants.markdown() in told
    assert constants.CONSEQUENCES in told
    assert all(f"\n| {name} | " in told for name in constants.SEARCHED)
