"""Algorithm 1 run whole: what is promised of it, and over which policies its least regret is taken."""

import dataclasses
import math

import jax
import numpy as np
import pytest

from experiments.engine.frame import Context, Table
from experiments.xpo import SETTINGS
from experiments.xpo.whole import _Promise, _run, _world, whole, whole_verdicts
from sharpsim.theory import xpo as theory

WHOLE = SETTINGS["smoke"].whole
MEMBERS, BASE = _world(WHOLE, 0.5)
ONE = np.ones(1)


def test_half_of_rho_goes_to_the_theorem_and_half_to_the_choice():
    promise = _Promise(WHOLE, MEMBERS, BASE)
    v_max, r_max = theory.v_max(MEMBERS, BASE, ONE, beta=WHOLE.beta), theory.r_max(BASE, ONE)
    given = {"log_class_size": math.log(2), "rho": 0.05, "v_max": v_max, "r_max": r_max}
    assert WHOLE.rho == 0.1
    assert promise.selection == pytest.approx(theory.selection_error(**given, validation=WHOLE.validation), rel=1e-12)
    sec = theory.sec_harmonic(MEMBERS, BASE, BASE, ONE, beta=WHOLE.beta, T=64, lam=(2 * v_max + r_max) ** 2)
    assert promise.regret(64) == pytest.approx(theory.regret_bound_sharp(**given, T=64, sec=sec), rel=1e-12)
    bound = theory.risk_of_regret(promise.regret(64) + promise.selection, beta=WHOLE.beta, delta=WHOLE.delta, sharp=True)
    assert promise.risk(64) == pytest.approx(bound, rel=1e-12)


def test_the_risks_bound_is_below_one_from_the_round_that_is_named():
    promise = _Promise(dataclasses.replace(WHOLE, validation=2**18), MEMBERS, BASE)
    assert promise.risk(promise.informative) < 1 <= promise.risk(int(0.98 * promise.informative))


def test_the_least_regret_is_over_the_policies_before_the_last():
    """pi_2..pi_{T+1} are found in T rounds; the theorem is about pi_1..pi_T, so that after one round only the base counts."""
    keys = jax.random.split(jax.random.key(0), 4)
    _, seen, last, used = _run(BASE, MEMBERS, WHOLE.beta, 0.1, keys, T=1, validation=8)
    assert not np.asarray(seen).any()
    assert set(np.asarray(last).tolist()) <= {0, 1}
    # One round of two responses, and one pi_2 judged: a list of two is not below T = 1, so (T + 1) 8 more.
    assert np.asarray(used).tolist() == [2 + 2 * 8] * 4
    assert np.asarray(_run(BASE, MEMBERS, WHOLE.beta, 0.1, keys, T=64, validation=8)[1]).any()


def test_after_one_round_the_least_regret_is_the_bases():
    (row,) = whole(dataclasses.replace(WHOLE, T=(1,), seeds=4), Context(scale="test", quiet=True), jax.random.key(0))
    assert row["least"] == pytest.approx(row["base_regret"], rel=1e-12)
    assert row["over"] == 0


ROWS = {
    "other": ["half", "half"], "T": [16, 1024], "seeds": [8, 8], "informative": [100, 100], "rho": 0.1, "base_regret": 1.0,
    "least": [0.2, 0.1], "regret_bound": [0.5, 0.25], "over": 0.0, "over_low": 0.0, "bound": [1.0, 0.9], "risk": 0.0, "risk_low": 0.0,
    "risk_high": 0.3, "last": [0.2, 0.0], "last_low": [0.1, 0.0], "last_high": [0.4, 0.2], "last_bound": [0.8, 1e-9],
}  # fmt: skip


def verdicts(**changed):
    rows = whole_verdicts(Table({name: np.broadcast_to(value, 2) for name, value in (ROWS | changed).items()}))
    return {verdict.label: verdict.verdict for verdict in rows}


def test_a_bound_of_one_promises_nothing():
    """At a bound of exactly 1 no risk is over it; below 1 the risk of rho and more, beyond chance, is."""
    last = {"Thm J.2 (last iterate)": "holds"}
    assert verdicts() == {"Thm J.1": "holds", "Thm J.2 (Algorithm 1 whole)": "holds", "Thm J.2 (few rounds)": "vacuous"} | last
    assert verdicts(bound=1.0) == {"Thm J.1": "holds", "Thm J.2 (few rounds)": "vacuous"} | last
    assert verdicts(risk_low=[0.0, 0.11])["Thm J.2 (Algorithm 1 whole)"] == "violated"
    assert verdicts(risk_low=[0.11, 0.0])["Thm J.2 (Algorithm 1 whole)"] == "holds"


def test_a_mean_over_the_bound_needs_a_run_that_is_over_it():
    assert verdicts(least=[0.2, 0.3])["Thm J.1"] == "violated"
    assert verdicts(least=[0.2, 0.3], over=[0.0, 0.125])["Thm J.1"] == "holds"
    assert verdicts(over_low=[0.0, 0.11])["Thm J.1"] == "violated"
    assert verdicts(regret_bound=1.0)["Thm J.1"] == "vacuous"


def test_a_last_iterate_above_its_bound_is_seen():
    assert verdicts(last_low=[0.81, 0.0])["Thm J.2 (last iterate)"] == "violated"
    assert verdicts(last_bound=1.0)["Thm J.2 (last iterate)"] == "vacuous"


def test_the_last_iterate_of_many_runs_is_below_its_bound():
    """4,000 runs at the prescribed optimism, for both lists: the share that fails, less what chance allows at 1e-6, is below the bound."""
    allowed = math.sqrt(math.log(1e6) / (2 * 4000))
    for mass in (0.5, None):
        members, base = _world(WHOLE, mass)
        promise = _Promise(WHOLE, members, base)
        for T in (16, 64):
            keys = jax.random.split(jax.random.key(T), 4000)
            last = np.asarray(_run(base, members, WHOLE.beta, promise.alpha(T), keys, T=T, validation=1)[2])
            assert 0 < (last == 1).mean() <= promise.last(T) + allowed
            assert promise.last(T) < 1
