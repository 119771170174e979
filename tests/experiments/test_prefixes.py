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

SMALL = Prefixes(**PREFIXES | {"prompts": 5, "others": 30}, n=(2, 10, 30_000), pairs=1000, most=40, fewest=4)


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


def test_verdicts_can_fail(made):
    assert judged(made) == {"Thm 4.2'": "holds", "Thm 4.2' (zero loss)": "holds"}
    # A DPO that never learns; a bound that the exact law passes too often; one that is above what it sharpens.
    assert set(judged(made, risk_low=lambda row: 0.9, risk_high=lambda row: 1.0).values()) == {"violated"}
    assert judged(made, over_everywhere=lambda row: 0.2)["Thm 4.2' (zero loss)"] == "violated"
    assert judged(made, over_explicit=lambda row: 0.2)["Thm 4.2'"] == "violated"
    assert judged(made, over=lambda row: row["seeds"])["Thm 4.2' (zero loss)"] == "violated"
    assert set(judged(made, bound_sharp=lambda row: 2 * row["bound"]).values()) == {"violated"}
    few = judged(made, bound=lambda row: 50.0)
    assert few["Thm 4.2'"] == "vacuous"


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
