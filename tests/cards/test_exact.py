"""Cards of policies hold the numbers of laws, coverage and theory: tables by direct calls, sequence policies against their tables."""

import json

import numpy as np
import pytest

import sharpsim
from sharpsim import coverage, laws
from sharpsim.cards import USUAL, Goal, log_table
from sharpsim.policies import TabularSequencePolicy, tabulate
from sharpsim.theory import dpo, sft

RNG = np.random.default_rng(5)
TABLE = RNG.dirichlet(np.ones(7), 6)
RIGHT = RNG.random((6, 7)) < 0.4
WEIGHTS = RNG.dirichlet(np.ones(6))


@pytest.fixture(scope="module")
def content():
    return sharpsim.card(TABLE, None, RIGHT, weights=WEIGHTS).contents[0]


@pytest.mark.parametrize("N", [1, 2, 7, 64, 1024])
def test_curves_are_the_laws(content, N):
    at = content["curves"]["best_of_n"]["N"].index(N)
    logs = np.log(TABLE)
    kept = np.exp(laws.best_of_n(logs, logs, draws=N))
    for name, exact in (
        ("best_of_n", WEIGHTS @ (kept * RIGHT).sum(axis=1)),
        ("pass", WEIGHTS @ (1 - (1 - (TABLE * RIGHT).sum(axis=1)) ** N)),
        ("majority", WEIGHTS @ laws.vote(TABLE, RIGHT, draws=64)[:, min(N, 64) - 1]),
    ):
        if name != "majority" or N <= 64:
            for end in ("value", "low", "high"):
                assert content["curves"][name][end][at] == pytest.approx(exact, rel=1e-10), name
    assert content["on_modes"]["value"][at] == pytest.approx(WEIGHTS @ (1 - (1 - TABLE.max(axis=1)) ** N), rel=1e-10)


def test_sections_are_the_theory(content):
    logs = np.log(TABLE)
    cover = coverage.coverage_coefficient(logs, WEIGHTS)
    assert content["coverage"]["low"] == pytest.approx(cover) == content["coverage"]["high"]
    profile = content["coverage"]["profile"]
    np.testing.assert_allclose(profile["high"], coverage.coverage_profile(logs, WEIGHTS, draws=np.array(profile["N"])), atol=1e-12)
    needs = content["needs"]
    exact = sft.least_memorised(TABLE.max(axis=1), WEIGHTS, eps=USUAL.eps, delta=USUAL.delta)
    assert needs["sft_exact"]["samples"] == pytest.approx(exact.samples)
    asked = sft.samples_needed(log_class_size=np.log(2), eps=USUAL.eps, delta=USUAL.delta, rho=USUAL.rho, coverage=cover)
    assert (needs["sft_theorem"][0]["n"], needs["sft_theorem"][0]["N"]) == (asked.n, asked.N)
    assert needs["dpo"]["margin"] == pytest.approx(coverage.margin(logs, WEIGHTS), rel=1e-6)
    assert needs["dpo"]["beta"] == pytest.approx(dpo.beta_exact(logs, WEIGHTS, delta=USUAL.delta), rel=1e-6)


def test_covariance_and_tax_by_hand():
    # One prompt, 0.6 right and 0.4 wrong: the covariance is 0.24 (log 0.6 - log 0.4).
    content = sharpsim.card([[0.6, 0.4]], None, [[True, False]]).contents[0]
    found = content["likelihood"]
    assert found["within"]["value"] == pytest.approx(0.24 * np.log(1.5))
    assert found["pooled"]["value"] == pytest.approx(0.24 * np.log(1.5))
    assert (found["helped"], found["hurt"], found["says"]) == (1, 0, "helps")
    assert content["limit"]["value"] == 1
    assert content["tax"]["value"] == pytest.approx(-(0.4**64), abs=1e-15)
    hurt = sharpsim.card([[0.6, 0.4]], ["a"], [[False, True]]).contents[0]
    assert hurt["likelihood"]["where_it_hurts"][0]["prompt"] == "a"
    assert hurt["tax"]["value"] == pytest.approx(1 - 0.6**64)
    assert "hurt" in hurt["sentences"][1]


def test_a_wrong_mode_is_lost_though_the_covariance_is_positive():
    """The second likeliest is right: the first step of sharpening helps, full sharpening loses the prompt."""
    found = sharpsim.card([[0.4, 0.35, 0.25]], None, [[False, True, False]]).contents[0]["likelihood"]
    law, right = np.array([0.4, 0.35, 0.25]), np.array([0.0, 1.0, 0.0])
    assert found["within"]["value"] == pytest.approx(law @ (right * np.log(law)) - 0.35 * (law @ np.log(law)))
    assert found["within"]["value"] > 0
    assert (found["helped"], found["hurt"], found["lost"]) == (1, 0, 1)
    assert found["where_it_hurts"][0]["sharpened"] == pytest.approx(0, abs=1e-12)


def test_without_judgement_the_card_is_about_modes():
    made = sharpsim.card(np.log(TABLE))
    assert set(made.curves) == {"best_of_n", "normalised", "majority", "pass"}
    assert not any(made.curves.values())
    assert "No response was judged" in made.sentences[0]
    assert json.loads(made.json())["on_modes"]["N"][:64] == list(range(1, 65))


def small_policy(size: int, horizon: int) -> TabularSequencePolicy:
    rng = np.random.default_rng(size)
    return TabularSequencePolicy.from_probs([rng.dirichlet(np.ones(size), (2, *[size] * h)) for h in range(horizon)])


def odd(_, response) -> tuple[bool, int]:
    """Right where the sum of the tokens is odd; the sum is the answer."""
    return bool(np.asarray(response).sum() % 2), int(np.asarray(response).sum())


def test_a_sequence_policy_is_the_card_of_its_table():
    """Searched to the end, nothing is left open, and every number is that of the table of all responses."""
    policy = small_policy(3, 3)
    responses, log_probs = (np.asarray(part) for part in tabulate(policy, np.arange(2)))
    made = sharpsim.card(policy, np.arange(2), odd, max_expansions=1000)
    table = sharpsim.card(log_probs, None, np.array([[odd(0, response)[0] for response in responses]] * 2))
    for name in ("best_of_n", "pass", "normalised"):
        kept = table.curves["best_of_n" if name == "normalised" else name]["value"]
        # Without an end token all responses have one length.
        np.testing.assert_allclose(made.curves[name]["value"], kept, atol=1e-6)
    assert max(np.subtract(made.curves["pass"]["high"], made.curves["pass"]["low"])) < 1e-5


def test_what_the_search_leaves_open_is_a_band_around_the_truth():
    policy = small_policy(4, 4)
    whole, part = (sharpsim.card(policy, np.arange(2), odd, max_expansions=most) for most in (10_000, 30))
    for name in ("best_of_n", "normalised", "majority", "pass"):
        low, high, truth = part.curves[name]["low"], part.curves[name]["high"], whole.curves[name]["value"]
        assert (np.array(low) <= np.array(truth) + 1e-6).all(), name
        assert (np.array(truth) <= np.array(high) + 1e-6).all(), name
    assert max(np.subtract(part.curves["pass"]["high"], part.curves["pass"]["low"])) > 0.01
    assert any("max_expansions" in text for text in part.contents[0]["notes"]["warnings"])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"policy": [[0.5, 0.6]]}, "`policy` must have rows that sum to 1"),
        ({"policy": [0.5, 0.5]}, "`policy` must be a table"),
        ({"policy": [[float("nan"), 1.0]]}, "`policy` must not hold NaN"),
        ({"policy": [["a", "b"]]}, "`policy` must hold real numbers"),
        ({"policy": TABLE, "judge": RIGHT[:, :2]}, "`judge` .`--correct`. must have the shape of the table"),
        ({"policy": TABLE, "judge": 2 * TABLE}, "`judge` .`--correct`. must hold True or False"),
        ({"policy": TABLE, "weights": [1.0]}, "`weights` must have one weight for each of the 6 prompts"),
        ({"policy": TABLE, "prompts": ["a"]}, "`prompts` must have one entry for each of the 6 rows"),
        ({"policy": print}, "`policy` must be a table, a TabularPolicy or a sequence policy"),
    ],
)
def test_refusals_are_one_line_and_name_the_argument(given, said):
    with pytest.raises(ValueError, match=said) as refusal:
        sharpsim.card(**given)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(("change", "said"), [({"eps": 0.0}, "`eps`"), ({"level": 1.0}, "`level`"), ({"parameters": 0}, "`parameters`")])
def test_goals_out_of_range(change, said):
    with pytest.raises(ValueError, match=said):
        Goal(**(vars(USUAL) | change))


def test_tables_of_probabilities_and_of_logs_are_told_apart():
    np.testing.assert_allclose(log_table("t", TABLE), np.log(TABLE))
    np.testing.assert_allclose(log_table("t", np.log(TABLE)), np.log(TABLE))
    np.testing.assert_array_equal(log_table("t", [[1, 0]]), [[0, -np.inf]])
