"""The twins of the two guarantees below 1: the float64 functions, numbers by hand, the settings that are run, and refusals."""

import csv
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flint import arb, fmpq
from scipy.optimize import minimize_scalar

from experiments.dpo import PREFIXES
from experiments.xpo import WHOLE
from sharpsim import certified, laws
from sharpsim.certified import check, guarantees, precision
from sharpsim.certified import table as exact_table
from sharpsim.certified._certificate import certificate, decoded
from sharpsim.certified._hunt import scaled
from sharpsim.certified._rows import Row
from sharpsim.certified._statements._guarantees import LISTS, PAIRS, ROUNDS, RUN
from sharpsim.theory import dpo, xpo

STATEMENTS = certified.statements()
DPO, XPO, DISAGREEMENT = (STATEMENTS[name] for name in ("dpo_guarantee", "xpo_guarantee", "zero_loss"))
ROOT = Path(__file__).resolve().parents[2]
SETTING = {"beta": 1, "alpha": 0, "T": 1, "delta": 0.5, "scale": 1}
PAIR = {"class_size": 2, "n": 1, "delta": 0.5, "rho": 0.5, "concentrability": 2}


@pytest.mark.parametrize("C", [1.0, 1.25, 3.0, 1e6])
@pytest.mark.parametrize("gap", [2.0**-20, 0.25, 0.5, 0.875])
def test_zero_loss_twins_agree_with_float64(C, gap):
    with precision(300):
        assert float(guarantees.least_disagreement(gap=gap, concentrability=C)) == pytest.approx(
            dpo.least_disagreement(gap=gap, concentrability=C), rel=1e-13
        )
        for n in (1, 50, 10**9):
            for everywhere in (True, False):
                given = {"n": n, "delta": 0.9375, "rho": 0.125, "bias": 0.9375 - gap, "concentrability": C, "everywhere": everywhere}
                ball, number = (
                    guarantees.bound_zero_loss(class_size=21, **given),
                    dpo.bound_zero_loss(log_class_size=math.log(21), **given),
                )
                assert ball.rad() < 1e-60
                assert float(ball) == pytest.approx(number, rel=1e-10)


def test_zero_loss_by_hand():
    """C = 1 leaves b = gap. At C = 2, gap 1/2 the root of 2 b^2 - 2 b + 1/4 is (2 - sqrt 2)/4, and 2 b (1 - b) = 1/4."""
    with precision(200):
        assert guarantees.least_disagreement(gap=fmpq(3, 10), concentrability=1).overlaps(arb(fmpq(42, 100)))
        assert guarantees.least_disagreement(gap=fmpq(9, 10), concentrability=1) == fmpq(1, 2)
        assert guarantees.least_disagreement(gap=0, concentrability=3) == 0
        assert guarantees.least_disagreement(gap=fmpq(1, 2), concentrability=2).overlaps(arb(fmpq(1, 4)))
        # One pair, one member: p = 1 - rho.
        given = {"class_size": 1, "n": 1, "delta": fmpq(1, 2), "bias": 0, "concentrability": 2}
        assert guarantees.bound_zero_loss(rho=fmpq(39, 40), everywhere=True, **given).overlaps(arb(fmpq(1, 10)))
        assert guarantees.bound_zero_loss(rho=fmpq(1, 10), everywhere=True, **given) == 1
        assert guarantees.bound_zero_loss(rho=fmpq(39, 40), **given | {"bias": fmpq(1, 2)}) == 1
        # On average, r b(1 + 2/r) = p: at r = 1/10 b is the root of 21 b^2 - 21 b + 1/4, (21 - sqrt 420)/42.
        share = (21 - arb(420).sqrt()) / 420
        near = [fmpq(*(1 - float(share) * (1 + sign * 1e-9)).as_integer_ratio()) for sign in (-1, 1)]
        low, high = (guarantees.bound_zero_loss(rho=rho, **given) for rho in near)
        assert low < fmpq(1, 10) < high
        assert high - low < 1e-9


def test_last_iterate_agrees_with_float64():
    """Two prompts, a prompt's weight 1/4: the least of the twin over l, log M being convex in it, is the float64 bound."""
    weights, given, seen = np.array([0.25, 0.75]), {"beta": 0.5, "alpha": 0.125, "T": 60, "delta": 0.5}, []
    rng = np.random.default_rng(5)
    for _ in range(6):
        base, other = rng.dirichlet(np.ones(4), size=2), rng.dirichlet(np.ones(4), size=2)
        log_base = np.log(base)
        members = np.stack([laws.tilted(log_base, log_base, beta=0.5), np.log(other)])

        def above(log_scale: float, base: Any = base, other: Any = other) -> float:
            return float(guarantees.last_iterate_bound([other], base, weights, scale=math.exp(log_scale), **given))

        seen.append(xpo.last_iterate_bound(members, log_base, log_base, weights, **given))
        least: Any = minimize_scalar(above, bounds=(-5, 7), method="bounded", options={"xatol": 1e-6})
        assert least.fun == pytest.approx(seen[-1], rel=1e-8)
    # pi_beta's own failures count whole.
    assert sum(1e-9 < number % 0.25 < 0.25 - 1e-9 for number in seen) >= 2


def test_last_iterate_is_the_least_over_l_at_a_kink_too():
    """Where M is least the largest y changes: a minimiser of smooth functions is 1e-8 off there."""
    base = np.log([[0.5505, 0.1048, 0.3447], [0.5372, 0.3582, 0.1046]])
    member = np.log([[0.1097, 0.5324, 0.3579], [0.0293, 0.7512, 0.2195]])
    weights, given = np.array([0.25, 0.75]), {"beta": 0.25, "alpha": 0.84375, "T": 776, "delta": 0.75}
    members = np.stack([laws.tilted(base, base, beta=0.25), member])
    got = xpo.last_iterate_bound(members, base, base, weights, **given)

    def above(scale: float) -> float:
        with precision(128):
            return float(
                guarantees.last_iterate_bound([certified.from_logs(member)], certified.from_logs(base), weights, scale=scale, **given)
            )

    low, high = 1e-6, 1e6
    for _ in range(100):
        left, right = low * (high / low) ** (1 / 3), low * (high / low) ** (2 / 3)
        low, high = (low, right) if above(left) <= above(right) else (left, high)
    least = above(low)
    assert 0 < least < 1e-3
    # A smooth least would be flat within 1e-6 of its l, and rise by 1e-10.
    assert min(above(low * (1 + sign * 1e-6)) / least - 1 for sign in (-1, 1)) > 1e-8
    assert got == pytest.approx(least, rel=1e-12, abs=0)


def test_last_iterate_by_hand():
    """M(l) of the uniform member written out in floats; a member that does not fail, and one without mass where base has some."""
    base, member, target = np.array([0.6, 0.4]), np.array([0.5, 0.5]), np.array([0.6, 0.4]) ** 3
    w = np.log(member / (target / target.sum()))
    factor = max(sum(base[z] * math.exp(-2 * ((0.5 * (w[y] - w[z])) ** 2 + 0.25 * w[z])) for z in range(2)) for y in range(2))
    given = {"beta": fmpq(1, 2), "alpha": fmpq(1, 4), "T": 30, "delta": fmpq(2, 5), "scale": 2}
    with precision(200):
        assert float(guarantees.last_iterate_bound([[[1, 1]]], [[3, 2]], [1], **given)) == pytest.approx(factor**30, rel=1e-12)
        assert guarantees.last_iterate_bound([[[4, 1]]], [[3, 2]], [1], **given) == 0
        assert guarantees.last_iterate_bound([[[0, 1]]], [[3, 2]], [1], **given) == 1
        assert guarantees.last_iterate_bound([], [[3, 2]], [1], **given | {"delta": fmpq(1, 10)}) == 1


def test_guarantees_hold_where_they_are_run():
    """Both are below 1/10 at the settings of the experiments, and refuted one pair, one round before."""
    mode = fmpq(round(100 * PREFIXES["mode"]), 100)
    row = exact_table([[mode] + [(1 - mode) / PREFIXES["others"]] * PREFIXES["others"]])[0]
    assert (row, PREFIXES["prompts"] + 1, PREFIXES["beta"]) == (DPO.extremal["row"], DPO.extremal["class_size"], 0.01)
    assert (PREFIXES["delta"], PREFIXES["rho"]) == (0.5, 0.1)
    cases = [(DPO, DPO.extremal | {"n": n}) for n in (PAIRS, 500, 1000, 30_000)]
    assert (WHOLE["mode"], WHOLE["beta"], WHOLE["delta"]) == (0.6, 0.4, 0.4)
    cases += [(STATEMENTS[name], instance) for name, instance in RUN.values()]
    for statement, instance in cases:
        assert statement.domain(**instance)
        verdict = certified.judge(statement, instance)
        assert verdict.word == "proved"
        written = json.loads(json.dumps(certificate(statement, instance, verdict)))
        again = {name: decoded(value) for name, value in written["instance"].items()}
        assert certificate(statement, again, certified.judge(statement, again)) == written
    assert certified.judge(DPO, DPO.extremal | {"n": PAIRS - 1}).word == "refuted"
    assert certified.judge(XPO, XPO.extremal | {"T": ROUNDS - 1}).word == "refuted"


@pytest.mark.parametrize("name", RUN)
def test_a_guarantee_ships_its_certificate(name):
    """Judged again by the twins, and by the checker that stands alone; that one sees a spoilt one."""
    found = json.loads((ROOT / "sharpsim" / "certified" / "certificates" / "guarantees" / f"{name}.json").read_text())
    statement, instance = STATEMENTS[RUN[name][0]], {key: decoded(value) for key, value in found["instance"].items()}
    assert instance == RUN[name][1]
    assert found == certificate(statement, instance, certified.judge(statement, instance))
    assert found["verdict"] == "proved"
    assert check.verdict(found)
    assert not check.verdict(found | {"verdict": "refuted"})
    assert not check.verdict(found | {"instance": found["instance"] | {"beta": "1/5"}})
    assert not check.verdict(found | {"statement": "unknown"})


def test_the_lists_are_those_of_the_experiment():
    """The members and optimism of the committed rows at T = 1024, and the float64 bound there, which has the best l."""
    with (ROOT / "experiments" / "rows" / "xpo-whole.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["T"] == "1024"]
    assert [row["other"] for row in rows] == ["uniform", "modes swapped"]
    for row, (other, (alpha, _)) in zip(rows, LISTS.items(), strict=True):
        assert float(other.fractions()[0]) == pytest.approx(float(row["other_mass"]), abs=1e-10)
        assert 0 <= float(row["alpha"]) - float(alpha) < 1e-10
        base = np.log([[0.6, 0.4]])
        members = np.stack([laws.tilted(base, base, beta=0.4), np.log([[float(p) for p in other.fractions()]])])
        number = xpo.last_iterate_bound(members, base, base, np.ones(1), beta=0.4, alpha=float(row["alpha"]), T=1024, delta=0.4)
        ball = certified.judge(XPO, XPO.extremal | {"other": other, "alpha": alpha, "T": 1024}).left
        assert number * (1 - 1e-5) < float(ball) < 1.5 * number


def test_what_is_outside_is_not_promised():
    outside = [
        (DPO, {"n": PAIRS - 1}), (DPO, {"class_size": 22}), (DPO, {"beta": fmpq(1, 99)}), (DPO, {"rho": fmpq(1, 11)}),
        (DPO, {"delta": fmpq(49, 100)}), (DPO, {"row": Row([1, 2, 2])}),
        (XPO, {"T": ROUNDS - 1}), (XPO, {"alpha": fmpq(1)}), (XPO, {"other": Row([1, 2])}), (XPO, {"delta": fmpq(1, 2)}),
        (DISAGREEMENT, {"beta": fmpq(2, 3)}), (DISAGREEMENT, {"policy": Row([1, 1, 0])}), (DISAGREEMENT, {"policy": Row([9, 9, 0])}),
    ]  # fmt: skip
    assert not any(statement.domain(**statement.extremal | change) for statement, change in outside)


def test_the_disagreement_is_nearly_attained():
    """pi takes 3/10 of the modes' mass to the rest, as `tests/theory/test_dpo.py` has it in floats."""
    verdict = certified.judge(DISAGREEMENT, DISAGREEMENT.extremal)
    assert verdict.word == "proved"
    with precision(verdict.bits):
        assert 0 < arb(verdict.right) - verdict.left < arb(10) ** -60
    assert scaled(DISAGREEMENT).word == "refuted"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: guarantees.least_disagreement(gap=1.5, concentrability=2), r"`gap` must be in \[0, 1\]; got 1.5"),
        (lambda: guarantees.least_disagreement(gap=0.5, concentrability=0.5), "`concentrability` must be at least 1; got 0.5"),
        (lambda: guarantees.least_disagreement(gap=0.5, concentrability=arb("inf")), "`concentrability` must be finite"),
        (lambda: guarantees.bound_zero_loss(bias=1, **PAIR), r"`bias` must be in \[0, 1\)"),
        (lambda: guarantees.bound_zero_loss(bias=0, everywhere=1, **PAIR), "`everywhere`"),
        (lambda: guarantees.last_iterate_bound(3, [[1, 2]], [1], **SETTING), "`members` must be tables"),
        (lambda: guarantees.last_iterate_bound([[[1, 2, 3]]], [[1, 2]], [1], **SETTING), "`members` must be"),
        (lambda: guarantees.last_iterate_bound([], [[1, 2]], [1], **SETTING | {"alpha": -1}), "`alpha` must be from 0"),
    ],
)  # fmt: skip
def test_refusals(call, message):
    with pytest.raises(ValueError, match=message):
        call()
