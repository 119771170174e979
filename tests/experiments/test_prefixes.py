"""The class of prefixes: its exact law against that of all sets of members, its assumptions, and verdicts that can fail."""

from dataclasses import replace

import jax
import numpy as np
import pytest

from experiments.dpo import PREFIXES
from experiments.dpo.prefixes import COLUMNS, Prefixes, _law, _world, rows, verdicts
from experiments.engine.frame import Context
from experiments.engine.rows import Table
from sharpsim import sharpness
from sharpsim.theory import dpo

SMALL = Prefixes(**PREFIXES | {"prompts": 5, "others": 30}, n=(1, 50, 30_000), pairs=1000, most=80, fewest=4)


@pytest.fixture(scope="module")
def made():
    return rows(SMALL, Context(scale="test", quiet=True), jax.random.key(0))


def judged(made, **changed):
    spoilt = [row | {name: change(row) for name, change in changed.items()} for row in made]
    table = Table({name: [row[name] for row in spoilt] for name in spoilt[0]})
    return {verdict.label: verdict.verdict for verdict in verdicts(table)}


def test_the_law_is_that_of_the_zero_loss_set():
    base, members, weights = _world(SMALL)
    told = dpo.disagreement(base, base, weights, beta=SMALL.beta)
    assert told == pytest.approx(2 * 0.49 * 0.51, rel=1e-12)
    for n in (1, 3, 20):
        law = _law(5, told, n)
        found = dpo.exact_risk(members, base, weights, n=n, beta=SMALL.beta, delta=SMALL.delta)
        share = np.arange(5, -1, -1) / 5
        assert law.sum() == pytest.approx(1.0, rel=1e-12)
        assert found.worst == pytest.approx(law @ share, rel=1e-10)
        assert found.mean == pytest.approx(law @ share / 2, rel=1e-10)


def test_base_fails_everywhere_and_the_target_nowhere(made):
    base, members, weights = _world(SMALL)
    failed = [sharpness.unsharpened_fraction(member, base, weights, delta=SMALL.delta) for member in members]
    np.testing.assert_allclose(failed, np.arange(5, -1, -1) / 5, atol=1e-12)
    assert set(made[0]) == set(COLUMNS)
    for row in made:
        # No prompt's concentrability is above that of the average, as prompts are alike.
        assert row["concentrability"] == pytest.approx(1 / 0.49, rel=1e-6)
        assert row["over_everywhere"] <= row["rho"]


def test_rows_say_what_was_run(made):
    base, members, weights = _world(SMALL)
    assert [row["n"] for row in made] == [1, 50, 30_000]
    # At most 80, at least 4, else 1000 pairs in all.
    assert [row["seeds"] for row in made] == [80, 20, 4]
    for row in made:
        assert row["samples"] == 2 * row["n"]
        found = dpo.exact_risk(members, base, weights, n=row["n"], beta=SMALL.beta, delta=SMALL.delta)
        assert row["exact_risk"] == pytest.approx(found.mean, rel=1e-9, abs=1e-300)
        assert row["exact_worst"] == pytest.approx(found.worst, rel=1e-9, abs=1e-300)
        assert 0 <= row["risk_low"] <= row["risk"] <= row["risk_high"] <= 1
        if row["bound_everywhere"] == 1:
            # Nothing is above 1: not even the runs that told nothing, in which every prompt fails.
            assert row["over"] == row["over_everywhere"] == 0
    assert made[0]["bound_everywhere"] == 1


def test_verdicts_can_fail(made):
    assert judged(made) == {"Thm 4.2'": "holds", "Thm 4.2' (zero loss)": "holds"}
    # A DPO that never learns; a bound that the exact law passes too often; one that is above what it sharpens.
    assert set(judged(made, risk_low=lambda row: 0.9, risk_high=lambda row: 1.0).values()) == {"violated"}
    assert judged(made, over_everywhere=lambda row: 0.2)["Thm 4.2' (zero loss)"] == "violated"
    assert judged(made, over_explicit=lambda row: 0.2)["Thm 4.2'"] == "violated"
    assert judged(made, over=lambda row: row["seeds"])["Thm 4.2' (zero loss)"] == "violated"
    assert set(judged(made, bound_sharp=lambda row: 2 * row["bound"]).values()) == {"violated"}
    assert set(judged(made, bound_everywhere=lambda row: 1.5 * row["bound_average"]).values()) == {"violated"}
    # A simulation that the exact law does not agree with; three intervals that miss would be too few to say so.
    assert set(judged(made * 2, exact_risk=lambda row: row["risk_high"] + 0.01).values()) == {"violated"}
    assert set(judged(made * 2, exact_risk=lambda row: row["risk_low"] - 0.01).values()) == {"violated"}
    assert judged(made, bound=lambda row: 50.0)["Thm 4.2'"] == "vacuous"
    assert judged(made, bound=lambda row: max(1.0, row["bound_sharp"]))["Thm 4.2'"] == "vacuous"


def test_verdicts_at_their_edges(made):
    """A chance of rho is allowed, and one miss among few runs is no proof of more; equal bounds, off by rounding, are in order."""
    hold = {"Thm 4.2'": "holds", "Thm 4.2' (zero loss)": "holds"}
    assert judged(made, over_explicit=lambda row: row["rho"], over_everywhere=lambda row: row["rho"], over=lambda row: 1) == hold
    assert (
        judged(made, bound_everywhere=lambda row: row["bound_average"] * (1 + 1e-12), bound_sharp=lambda row: row["bound"] * (1 + 1e-12))
        == hold
    )
    assert judged(made * 2, exact_risk=lambda row: row["risk_low"]) == hold
    assert judged(made * 2, exact_risk=lambda row: row["risk_high"]) == hold


def test_verdicts_name_the_least_bound_and_the_last_risk(made):
    rows = [row | {"bound": bound, "risk": risk} for row, bound, risk in zip(made, (3.0, 1.0, 0.5), (0.4, 0.2, 0.125), strict=True)]
    explicit = verdicts(Table({name: [row[name] for row in rows] for name in rows[0]}))[0]
    assert explicit.slack == 0.5
    assert explicit.bound == "0.5; below 1 from n = 30,000"
    assert explicit.measured.startswith("0.125, at most ")
    assert explicit.measured.endswith(" at n = 30,000")


def test_a_smaller_bound_is_passed_too_often():
    """The zero-loss form times 0.1 is exceeded with a chance above rho: at few pairs the class comes within a factor of ten of it."""
    settings = replace(SMALL, prompts=20)
    base, _, weights = _world(settings)
    told = dpo.disagreement(base, base, weights, beta=settings.beta)
    chances = []
    for n in (20, 30, 40, 60, 80):
        bound = dpo.bound_zero_loss(
            log_class_size=np.log(21), n=n, delta=0.5, rho=0.1, bias=0.0, concentrability=1 / 0.49, everywhere=True
        )  # fmt: skip
        share = np.arange(20, -1, -1) / 20
        chances.append([float(_law(20, told, n)[share > scale * bound].sum()) for scale in (1.0, 0.1)])
    assert max(chance for chance, _ in chances) <= 0.1
    assert max(chance for _, chance in chances) > 0.1
