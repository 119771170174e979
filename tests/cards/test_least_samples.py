"""SFT-Sharpening of a class of all tables from the modes' masses alone: the risk of tables, and the least samples are the least."""

import numpy as np
import pytest

from sharpsim.theory import sft


def test_equals_the_risk_of_a_table():
    rng = np.random.default_rng(0)
    table, weights = rng.dirichlet(np.ones(6), 5), rng.dirichlet(np.ones(5))
    for n, N in ((1, 1), (40, 3), (300, 17)):
        exact = sft.exact_risk(np.log(table), weights, n=n, N=N, delta=0.2)
        np.testing.assert_allclose(sft.risk_of_masses(table.max(axis=1), weights, n=n, N=N, delta=0.2), exact, rtol=1e-12)


def test_one_prompt_by_hand():
    # One prompt, one pair, mode 0.3, two draws: it fails where both miss.
    np.testing.assert_allclose(sft.risk_of_masses([0.3], [1.0], n=1, N=2, delta=0.5), 0.49, rtol=1e-14)


def test_the_least_is_enough_and_less_is_not():
    masses, weights = np.array([0.5, 0.3, 0.2, 0.6]), np.full(4, 0.25)
    found = sft.least_memorised(masses, weights, eps=0.1, delta=0.2)
    assert found.samples == found.n * found.N
    assert found.risk <= 0.1
    assert sft.risk_of_masses(masses, weights, n=found.n, N=found.N, delta=0.2) == pytest.approx(found.risk)
    assert sft.risk_of_masses(masses, weights, n=found.n - 1, N=found.N, delta=0.2) > 0.1


def test_prompts_within_eps_are_given_up():
    masses, weights = np.array([1e-12, *[0.5] * 19]), np.full(20, 1 / 20)
    assert sft.least_memorised(masses, weights, eps=0.1, delta=0.2).N < 50
    assert sft.least_memorised(masses, weights, eps=0.02, delta=0.2).N > 1e11


def test_rounded_masses_err_on_the_safe_side():
    rng = np.random.default_rng(1)
    masses = rng.uniform(0.2, 0.9, 400)
    weights = np.full(400, 1 / 400)
    found = sft.least_memorised(masses, weights, eps=0.2, delta=0.2)
    assert sft.risk_of_masses(masses, weights, n=found.n, N=found.N, delta=0.2) <= found.risk <= 0.2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"mode_masses": [0.0, 1.0]}, "`mode_masses` must be in"),
        ({"mode_masses": [0.5]}, "as `mode_masses` has"),
        ({"eps": 1.0}, "`eps` must be in"),
        ({"delta": 0.0}, "`delta` must be in"),
    ],
)
def test_refusals(change, said):
    given = {"mode_masses": [0.5, 0.5], "prompt_weights": [0.5, 0.5], "eps": 0.1, "delta": 0.1} | change
    with pytest.raises(ValueError, match=said):
        sft.least_memorised(given.pop("mode_masses"), given.pop("prompt_weights"), **given)
