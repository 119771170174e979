"""Cards of logs: every number is that of a direct call of an estimator; prompts that differ, one prompt, few draws, columns that lack."""

import json

import numpy as np
import pytest

from sharpsim import estimators
from sharpsim.cards import card_of_logs
from sharpsim.estimators import Draws
from sharpsim.logs import groups, read_logs
from tests.cards.logs import write_log


def card_of(path, **options):
    return card_of_logs(*read_logs(path), **{"predict": False} | options)


def test_numbers_are_those_of_the_estimators(tmp_path):
    path = write_log(tmp_path / "a.csv", prompts=9, draws=7, seed=1, greedy=True)
    content = json.loads(card_of(path).json())
    (group,) = groups(read_logs(path)[0])
    draws = Draws(group.counts, group.correct == 1, log_probs=group.log_probs, tokens=group.tokens, answers=group.answers)
    found = estimators.curves(draws, 0.95)
    for name in estimators.CURVES:
        assert content["curves"][name]["N"] == list(range(1, 8))
        for end in ("value", "low", "high"):
            np.testing.assert_array_equal(content["curves"][name][end], getattr(found[name], end))
    assert content["predictions"] == {}
    assert content["coverage"]["lower_bound"] == estimators.coverage_lower_bound(draws, 0.95).low
    last, one = (estimators.best_of_n(draws, [N]) for N in (7, 1))
    gain = estimators.paired_interval(last, one, 0.95)
    assert content["gains"]["best_of_n"]["low"] == pytest.approx(gain.low)
    tax = estimators.paired_interval(estimators.pass_at_k(draws.successes, draws.counts, 7), last, 0.95)
    assert (content["tax"]["k"], content["tax"]["value"]) == (7, pytest.approx(tax.mean))
    assert content["greedy"]["value"] == pytest.approx(group.greedy_correct.mean())


def test_predictions_are_those_of_the_estimators(tmp_path):
    """Without the vote, whose prediction takes long and is left out unless asked for."""
    path = write_log(tmp_path / "a.csv", prompts=9, draws=7, seed=1)
    made = card_of(path, predict=True)
    ahead = made.contents[0]["predictions"]
    (group,) = groups(read_logs(path)[0])
    draws = Draws(group.counts, group.correct == 1, log_probs=group.log_probs, tokens=group.tokens)
    found = estimators.predictions(draws, 0.95, [14, 28, 56])
    assert set(ahead) == set(found) == {"best_of_n", "normalised", "pass"}
    for name, curve in found.items():
        assert ahead[name]["N"] == [14, 28, 56]
        for end in ("value", "low", "high"):
            np.testing.assert_array_equal(ahead[name][end], getattr(curve, end))
    assert any("--predict-votes" in item["why"] for item in made.contents[0]["notes"]["left_out"])
    assert "7 draws logged, then prediction" in made.html()
    assert "stroke-dasharray" in made.html()


def test_covariance_of_each_prompt_and_of_the_heap(tmp_path):
    path = write_log(tmp_path / "a.csv", prompts=5, draws=30, seed=2)
    found = card_of(path).contents[0]["likelihood"]
    (group,) = groups(read_logs(path)[0])
    parts = [group.draws(x) for x in range(5)]
    covariances = [np.cov(group.correct[part], group.log_probs[part])[0, 1] for part in parts]
    np.testing.assert_allclose(found["prompts"], covariances, rtol=1e-12)
    assert found["within"]["value"] == pytest.approx(np.mean(covariances))
    assert found["pooled"]["value"] == pytest.approx(np.cov(group.correct, group.log_probs)[0, 1])
    assert found["helped"] + found["hurt"] + found["undecided"] == 5


def test_prompts_whose_likeliest_answer_is_wrong_are_lost(tmp_path):
    path = tmp_path / "a.csv"
    rows = ["prompt,sample,log_prob,tokens,answer,correct"]
    for prompt, right in (("first", "a"), ("second", "b")):
        rows += [
            f"{prompt},{k},{lp},1,{answer},{answer == right}" for k, (answer, lp) in enumerate([("a", -0.7), ("b", -1.0), ("c", -2.0)] * 2)
        ]
    path.write_text("\n".join(rows) + "\n")
    found = card_of(path).contents[0]["likelihood"]
    assert found["lost"] == 1
    assert [item["prompt"] for item in found["where_it_hurts"]] == ["second"]
    assert (found["where_it_hurts"][0]["one_draw"], found["where_it_hurts"][0]["sharpened"]) == (pytest.approx(1 / 3), 0)


def test_likeliest_responses_drawn_once_are_not_called_modes(tmp_path):
    path = tmp_path / "a.csv"
    rng = np.random.default_rng(0)
    rows = [f"q{x},{k},{-50 * rng.random():.6f},90,{'ab'[k % 2]},{k % 2 == 0}" for x in range(8) for k in range(6)]
    path.write_text("prompt,sample,log_prob,tokens,answer,correct\n" + "\n".join(rows) + "\n")
    made = card_of(path)
    assert made.contents[0]["likelihood"]["seen_once"] == 8
    assert "fully sharpened" not in " ".join(made.sentences)
    assert "Likelier ones may be unseen" in made.html()
    repeated = card_of(write_log(tmp_path / "b.csv", prompts=9, draws=40))
    assert "fully sharpened" in repeated.sentences[2]


@pytest.mark.parametrize(("knows", "says"), [(6.0, "helps"), (-2.0, "hurts")])
def test_the_sign_is_found(tmp_path, knows, says):
    content = card_of(write_log(tmp_path / "a.csv", prompts=80, draws=40, knows=knows)).contents[0]
    assert content["likelihood"]["says"] == says
    gain = content["gains"]["best_of_n"]["value"]
    assert gain > 0 if says == "helps" else gain < 0
    if says == "hurts":
        assert content["likelihood"]["where_it_hurts"]
        assert "hurt" in content["sentences"][1]


def test_chance_decides_few_prompts(tmp_path):
    """Likelihood that knows nothing: at most as many prompts are called helped or hurt as the level allows, within binomial chance."""
    rng = np.random.default_rng(0)
    path = tmp_path / "a.csv"
    rows = [f"q{x},{k},{-rng.exponential():.9f},1,a,{rng.random() < 0.5}" for x in range(300) for k in range(20)]
    path.write_text("prompt,sample,log_prob,tokens,answer,correct\n" + "\n".join(rows) + "\n")
    found = card_of(path).contents[0]["likelihood"]
    # Binomial(300, 0.05) exceeds 40 with probability below 1e-6.
    assert found["helped"] + found["hurt"] <= 40
    assert found["helped"] + found["hurt"] >= 1


def test_four_draws_end_at_four(tmp_path):
    content = card_of(write_log(tmp_path / "a.csv", prompts=3, draws=4)).contents[0]
    assert all(curve["N"] == [1, 2, 3, 4] for curve in content["curves"].values())


def test_a_prompt_with_fewer_draws_ends_the_curves_and_min_draws_leaves_it_out(tmp_path):
    path = write_log(tmp_path / "a.csv", prompts=6, draws=20, short=15)
    content = card_of(path).contents[0]
    assert content["curves"]["pass"]["N"][-1] == 5
    assert "--min-draws 10" in content["notes"]["warnings"][0]
    left = card_of(path, min_draws=10).contents[0]
    assert left["curves"]["pass"]["N"][-1] == 20
    assert left["prompts"] == 5
    assert "1 prompts" in left["notes"]["left_out"][0]["what"]
    with pytest.raises(ValueError, match="`min_draws` must be at most 20"):
        card_of(path, min_draws=21)


def test_one_prompt_has_no_interval(tmp_path):
    made = card_of(write_log(tmp_path / "a.csv", prompts=1, draws=8, answer=""), predict=True)
    content = json.loads(made.json())
    assert content["curves"]["best_of_n"]["low"] == [None] * 8
    assert content["curves"]["best_of_n"]["value"][0] is not None
    assert "not available with one prompt" in content["sentences"][0]
    assert any("not available with one prompt" in text for text in content["notes"]["methods"])
    assert "nan" not in str(made).lower()
    assert "nan" not in made.html().lower().replace("financ", "")


def test_one_draw_of_each_prompt(tmp_path):
    content = card_of(write_log(tmp_path / "a.csv", prompts=5, draws=1), predict=True).contents[0]
    assert content["curves"]["majority"]["N"] == [1]
    assert "with one draw a prompt" in content["sentences"][0]
    assert content["tax"] is None


@pytest.mark.parametrize(
    ("column", "gone", "said"),
    [
        ("log_prob", ("best_of_n", "normalised"), "no log-probabilities"),
        ("tokens", ("normalised",), "no numbers of tokens"),
        ("answer", ("majority",), "no answers to vote on"),
        ("correct", ("best_of_n", "normalised", "majority", "pass"), "no draw is judged"),
    ],
)
def test_a_missing_column_leaves_out_what_needs_it(tmp_path, column, gone, said):
    path = write_log(tmp_path / "a.csv", prompts=6, draws=5, **{column: ""})
    made = card_of(path)
    curves = made.curves
    assert {name for name, curve in curves.items() if curve is None} == set(gone)
    assert any(said in item["why"] for item in made.contents[0]["notes"]["left_out"])
    assert made.html()
    assert str(made)


def test_draws_of_another_temperature_leave_out_what_is_of_the_policy(tmp_path):
    path = write_log(tmp_path / "a.csv", prompts=6, draws=5)
    table, reading = read_logs(path, temperature=0.7)
    content = card_of_logs(table, reading, predict=False).contents[0]
    assert content["coverage"] is None
    assert content["needs"] is None
    assert content["curves"]["best_of_n"]
    assert any("0.7" in item["why"] for item in content["notes"]["left_out"])


def test_several_models_and_tasks_have_a_card_each(tmp_path):
    paths = [write_log(tmp_path / f"{name}.csv", prompts=3, draws=4, seed=seed, model=name) for seed, name in enumerate(("a", "b"))]
    made = card_of_logs(*read_logs(paths), predict=False)
    assert [content["model"] for content in made.contents] == ["a", "b"]
    content = json.loads(made.json())
    assert content["more"][0]["model"] == "b"
    assert set(content) - {"more"} == set(content["more"][0])
    assert made.html().count("<article") == 2
