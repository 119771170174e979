"""The parts of the experiment `amortise` on a law that can be listed: exact columns against enumeration, verdicts that can fail."""

import dataclasses
from types import SimpleNamespace

import jax
import numpy as np
import pytest

from experiments.amortise.cells import NEW, SAME, Cell, _padded, apart
from experiments.amortise.findings import judged
from experiments.amortise.tables import (
    COLUMNS,
    DELTAS,
    bound_rows,
    choice_rows,
    curve_rows,
    grouped,
    learning_rows,
    references,
    run_rows,
    sharpness_rows,
    table_rows,
)
from experiments.amortise.tuning import Run, Tuning, exact, tried, tune
from experiments.engine.asked import Judge, scored
from experiments.engine.columns import undeclared
from experiments.engine.rows import Table, read_table, write_rows
from sharpsim.decoding import head
from sharpsim.laws import best_of_n
from sharpsim.policies import tabulate
from sharpsim.theory import amortise as theory
from tests.tiny import FREE, Free

RESPONSES, BASE = tabulate(FREE, np.arange(2))
RIGHT = (RESPONSES.sum(axis=1) % 2 == 0)[None].repeat(2, axis=0)
TUNED = Free(FREE.logits * 1.8)
MINE = tabulate(TUNED, np.arange(2))[1]
TUNING = Tuning(steps=4, batch=8, learning_rate=0.05, weight_decay=0.0, clip=1.0, evaluations=2)
SETTINGS = SimpleNamespace(
    N=8,
    draws=200,
    deltas=DELTAS,
    floor=-3.0,
    level=0.95,
    false_alarm=1e-6,
    likelihood_weight=0.0,
    sft=TUNING,
    dpo=dataclasses.replace(TUNING, batch=4),
)


class Even:
    """A response is right where its tokens add up to an even number."""

    looked = 0

    def is_correct(self, prompt, response):
        Even.looked += 1
        return response % 2 == 0

    def answer(self, response):
        return str(response)


def total(tokens):
    return int(tokens.sum())


def cell(size: int) -> Cell:
    """The first `size` responses of each law are known, found by a search that sees some of it."""
    judge, modes = Judge(Even(), ["a", "b"], total), BASE.argmax(axis=1)
    return Cell(
        task="sums", level=1, model="free", policy=FREE, judge=judge, texts=("a", "b"), prompts=np.arange(2), groups=np.arange(2),
        fresh=np.tile(np.arange(2), 19), validation=np.arange(2), unproven=0, greedy_correct=np.array([True, False]),
        greedy_log_probs=np.array([-1.0, -2.0]), modes=RESPONSES[modes], mode_of=np.arange(2), mode_log_probs=BASE.max(axis=1),
        mode_correct=RIGHT[0][modes], head=_padded(head(FREE, np.arange(2), max_expansions=9), size, judge),
    )  # fmt: skip


def test_every_response_is_judged_once():
    judge, Even.looked = Judge(Even(), ["a", "b"], total), 0
    found, answers = judge(RESPONSES[[0, 1, 0, 0]], np.array([0, 0, 0, 1]))
    assert found.tolist() == [True, False, True, True]
    assert answers[0] == str(RESPONSES[0].sum())
    assert Even.looked == 3


@pytest.mark.parametrize("size", [3, 9, 20])
def test_what_the_head_cuts_off_is_mass_below_its_bound(size):
    known = cell(size).head
    assert known.log_probs.shape == (2, size)
    np.testing.assert_allclose(np.exp(known.log_probs).sum(axis=1) + known.remaining_mass, 1, rtol=1e-9)
    for row in range(2):
        outside = np.sort(BASE[row])[::-1][size:]
        assert known.tail_bound[row] == (pytest.approx(outside[0], abs=1e-12) if len(outside) else -np.inf)
    listed = known.log_probs > -np.inf
    np.testing.assert_array_equal(known.correct[listed], (known.responses[listed].sum(axis=1) % 2 == 0))


def test_validation_prompts_ask_nothing_that_is_tuned_on():
    texts = ["1 2 3", "4 5 6", "3 2 1", "6 5 4", "7 8 9", "2 1 3"]
    asked = SimpleNamespace(split_key=lambda text: " ".join(sorted(text.split())))
    kept, tuned = apart(asked, texts, 2)
    assert (kept, tuned) == (["1 2 3", "3 2 1"], ["4 5 6", "6 5 4", "7 8 9"])
    assert apart(asked, texts, 4) == (["1 2 3", "4 5 6", "3 2 1", "6 5 4"], ["7 8 9"])


def test_scores_are_the_policys_whatever_the_number():
    np.testing.assert_allclose(scored(TUNED, np.zeros(9, int), RESPONSES), MINE[0], rtol=1e-12)
    assert scored(TUNED, np.zeros(1200, int), np.tile(RESPONSES, (134, 1))[:1200]).shape == (1200,)


@pytest.mark.parametrize("size", [4, 9])
def test_exact_columns_hold_the_enumerated_values(size):
    """Bands hold the truth and close where all is known; bounds are above what they bound."""
    N, row = 5, exact(cell(size), TUNED, 5, SETTINGS)
    kept, mine = np.exp(best_of_n(BASE, BASE, draws=N)), np.exp(MINE)
    cut = np.maximum(BASE, SETTINGS.floor)
    truth = {
        "tuned_accuracy": (mine * RIGHT).sum() / 2, "kept_accuracy": (kept * RIGHT).sum() / 2, "tuned_log_prob": (mine * cut).sum() / 2,
        "kept_log_prob": (kept * cut).sum() / 2, "distance": ((np.sqrt(mine) - np.sqrt(kept)) ** 2).sum() / 2,
    }  # fmt: skip
    for name, value in truth.items():
        assert row[f"{name}_lower"] - 1e-9 <= value <= row[f"{name}_upper"] + 1e-7
        if size == 9:
            assert row[f"{name}_upper"] - row[f"{name}_lower"] < 1e-6
    modes = mine[np.arange(2), BASE.argmax(axis=1)]
    for delta in SETTINGS.deltas:
        assert row[f"unsharpened_{delta:g}"] == pytest.approx((modes <= 1 - delta).mean())
        paid = theory.unsharpened_from_distance(np.exp(BASE.max(axis=1)), [0.5, 0.5], distance=row["distance_upper"], N=N, delta=delta)
        assert row[f"by_distance_{delta:g}"] == pytest.approx(paid, rel=1e-9)
        assert row[f"unsharpened_{delta:g}"] <= min(row[f"by_distance_{delta:g}"], row[f"by_shortfall_{delta:g}"]) + 1e-9
    np.testing.assert_allclose(cell(size).mode_masses(TUNED), modes, rtol=1e-12)
    assert row["ceiling"] == pytest.approx(BASE.max(axis=1).mean())
    assert abs(truth["tuned_accuracy"] - truth["kept_accuracy"]) <= row["variation_bound"]


def test_the_ceiling_is_best_of_n_over_greedy_with_an_interval_over_prompts():
    found = references(cell(9), 8, SETTINGS)
    kept = (np.exp(best_of_n(BASE, BASE, draws=8)) * RIGHT).sum(axis=1)
    assert found["kept_lift_points_lower"] == pytest.approx(100 * (kept.mean() - 0.5), abs=1e-4)
    assert found["kept_lift_percent_lower"] == pytest.approx(200 * (kept.mean() - 0.5), abs=1e-4)
    # Two prompts: Student's t with one degree of freedom, which two so different prompts cannot put above 0.
    gains = 100 * (kept - [1, 0])
    half = 12.7062 * gains.std(ddof=1) / np.sqrt(2)
    assert (found["ceiling_low"], found["ceiling_high"]) == pytest.approx((gains.mean() - half, gains.mean() + half), rel=1e-3)
    assert found["above_greedy"] == 0


def test_prompts_that_ask_the_same_count_as_one():
    twice = dataclasses.replace(cell(9), prompts=np.array([0, 0, 1]), groups=np.array([0, 0, 1]))
    values = np.array([[1.0], [2.0], [6.0]])
    assert grouped(twice, values).tolist() == [[2.0], [4.0]]
    assert grouped(twice, values).mean() == values.mean()


@pytest.fixture(scope="module")
def tables(tmp_path_factory) -> dict[str, Table]:
    """A whole small run, by way of its files."""
    known, runs, first, key = cell(9), [], {}, jax.random.key(0)
    ways = tried(known, (SETTINGS.sft, dataclasses.replace(SETTINGS.sft, learning_rate=1e-6, temperatures=(1.0, 0.5))), SETTINGS, key)
    kinds = [(NEW, "SFT", 38, N, np.nan) for N in (2, 4, 8)] + [(NEW, "SFT", n, 8, np.nan) for n in (4, 16)]
    for kind in (*kinds, (SAME, "SFT", 2, 8, np.nan), (NEW, "DPO", 38, 8, 0.5)):
        for replicate in range(2):
            tuning = SETTINGS.sft if kind[1] == "SFT" else SETTINGS.dpo
            runs.append(tune(known, Run(*kind, replicate), tuning, SETTINGS, key, first))
    main = [one for one in runs if one.run.N == 8 and one.run.n in (2, 38)]
    parts = {
        "": curve_rows(runs, SETTINGS), "runs": run_rows(runs, SETTINGS), "table": table_rows(main, SETTINGS),
        "sharpness": sharpness_rows(main, SETTINGS), "bounds": bound_rows(runs),
        "learning": learning_rows([one for one in runs if one.run.asked == NEW], SETTINGS), "choices": choice_rows(ways, main),
    }  # fmt: skip
    folder, read = tmp_path_factory.mktemp("rows"), {}
    for name, part in parts.items():
        assert undeclared(part[0], COLUMNS[name]) == ""
        write_rows(folder / f"{name}.csv", part, {"seed": 0}, COLUMNS[name])
        read[name] = read_table(folder / f"{name}.csv")
    return read


def test_a_run_is_told_in_rows(tables):
    runs = tables["runs"]
    assert len(runs) == 7 * 2 * 3
    assert runs.unique("step").tolist() == [0, 2, 4]
    for asked, n in ((NEW, 38), (SAME, 2)):
        for replicate in (0, 1):
            one = runs.where(method="SFT", asked=asked, n=n, N=8, replicate=replicate)
            assert one["chosen"].sum() == 1
            last = one["step"][one["chosen"]][0]
            assert last == 4 if asked == SAME else one["validation_loss"][one["chosen"]][0] == np.nanmin(one["validation_loss"])
    # Before any step the model is base: its masses are known, its samples agree with its law within six deviations.
    first = tables[""].where(step=0)
    np.testing.assert_allclose(first["mode_mass"], np.exp(BASE.max(axis=1)).mean(), rtol=1e-9)
    base = (np.exp(BASE) * RIGHT).sum() / 2
    assert (abs(first["accuracy"] - base) < 6 * 0.5 / np.sqrt(2 * 2 * 200)).all()
    table = tables["table"].where(method="SFT", asked=SAME)
    ends = [runs.where(method="SFT", asked=SAME, replicate=r, step=4)["accuracy"][0] for r in (0, 1)]
    assert table["lift_points"][0] == pytest.approx(100 * (np.mean(ends) - 0.5))
    assert table["lift_points_std"][0] == pytest.approx(100 * abs(ends[0] - ends[1]) / np.sqrt(2))
    assert table["samples"][0] == (2 + 2) * 8
    assert tables["table"].where(method="SFT", n=38)["epochs"][0] == pytest.approx(4 * 8 / 38)
    assert tables["table"].where(method="DPO")["epochs"][0] == pytest.approx(4 * 4 / (38 * 4))


def test_ways_of_training_are_told_apart_by_their_validation_loss(tables):
    rows = tables["choices"]
    assert rows["learning_rate"].tolist() == [0.05, 1e-6]
    assert rows["chosen"].sum() == 1
    assert rows["least_loss"][rows["chosen"] == 1] == rows["least_loss"].min()
    assert (rows["least_loss"] <= rows["start_loss"]).all()
    # A rate of nearly 0 stays where it begins, which is the better of two temperatures.
    assert rows["least_loss"][1] == pytest.approx(rows["start_loss"][1], abs=1e-4)
    assert rows["start_loss"][1] < rows["start_loss"][0]
    assert [way.chosen for way in tried(cell(9), (SETTINGS.sft,), SETTINGS, jax.random.key(1))] == [True]


def test_a_pair_tuned_in_one_way_is_told_by_its_first_run():
    one = tune(cell(9), Run(NEW, "SFT", 38, 8, np.nan, 0), SETTINGS.sft, SETTINGS, jax.random.key(0), {})
    (row,) = choice_rows([], [one])
    assert (row["start_loss"], row["least_loss"]) == (one.validation_losses[0], min(one.validation_losses))
    assert row["best_step"] == one.evaluations[one.chosen].step
    cooled = dataclasses.replace(SETTINGS.sft, temperatures=(1.0, 0.5))
    other = tune(cell(9), Run(NEW, "SFT", 38, 8, np.nan, 0), cooled, SETTINGS, jax.random.key(0), {})
    assert [at.step for at in other.evaluations] == [0, 1, 2, 4]
    assert np.isnan(other.validation_losses[0])
    assert choice_rows([], [other])[0]["start_loss"] == other.validation_losses[1]


@pytest.mark.parametrize(("slope", "low", "verdict"), [(5.0, 1.0, "reproduced"), (5.0, -1.0, "vacuous"), (0.0, 1.0, "vacuous")])
def test_what_is_carried_over_has_to_grow_with_the_prompts(tables, slope, low, verdict):
    main = tables[""]
    lift = 1.0 + slope * np.log10(main["n"]) + 0.01 * (-1.0) ** np.arange(len(main))
    moved = changed(tables, "", lift_points=lift, lift_points_low=np.full(len(main), low))
    found = {verdict.label: verdict for verdict in judged(moved)}["Carried over (sums 1)"]
    assert found.verdict == verdict


def test_the_two_terms_of_theorem_4_1(tables):
    """The draws' term is exact; the prompts' term is what the bound has above it; and the risk is below the bound in every run."""
    rows = tables["learning"]
    assert sorted(set(zip(rows["n"].tolist(), rows["N"].tolist(), strict=True))) == [(4, 8), (16, 8), (38, 2), (38, 4), (38, 8)]
    miss = {N: (1 - np.exp(BASE.max(axis=1))) ** N for N in (2, 4, 8)}
    for row in rows.rows():
        assert row["draws_term"] == pytest.approx((miss[row["N"]] >= 0.5).mean())
        assert row["covered"] == pytest.approx(1 - miss[row["N"]].mean(), rel=1e-6)
        assert row["bound"] == pytest.approx(row["draws_term"] + row["prompts_term"])
        assert row["risk"] <= row["bound"] + 1e-9


def changed(tables, part, **columns):
    old = tables[part]
    return tables | {part: Table({name: columns.get(name, old[name]) for name in old.columns})}


def said(tables) -> dict[str, str]:
    return {verdict.label: verdict.verdict for verdict in judged(tables)}


def test_verdicts(tables):
    found = said(tables)
    assert "violated" not in found.values()
    assert {"Figure 7 (training)", "Figure 9", "Table 2", "Likelihood ceiling", "Shortfall", "Thm 4.1 (n)", "Thm 4.1 (N)"} <= set(found)
    assert found["Table 2"] == "vacuous"
    assert found["Table 1 (same prompts)"] == "vacuous"
    bounds = tables["bounds"]
    for label, columns in (
        ("Likelihood ceiling", {"sampled_log_prob": bounds["ceiling"] + 0.01}),
        ("Figure 7 (exact)", {"sampled_accuracy": bounds["tuned_accuracy_upper"] + 2 * bounds["allowed"]}),
        ("Figure 7 (distance)", {"tuned_accuracy_upper": bounds["kept_accuracy_lower"] - 1.01}),
        ("Shortfall", {"by_shortfall_0.5": bounds["unsharpened_0.5"] - 0.01}),
        ("Thm 4.1' (distance measured)", {"by_distance_0.5": bounds["unsharpened_0.5"] - 0.01}),
    ):
        assert said(changed(tables, "bounds", **columns))[label] == "violated"
    falling = tables[""]["kept_lift_nats_upper"] - 5.0 * (tables[""]["N"] == 8)
    assert said(changed(tables, "", kept_lift_nats_upper=falling))["Figure 9 (exact law)"] == "violated"


def test_only_pairs_with_a_ceiling_above_greedy_are_counted(tables):
    table = tables["table"]
    open_to_gain = changed(tables, "table", above_greedy=np.ones(len(table)))
    for label, column in (("Figure 7", "lift_points_low"), ("Figure 8", "lift_nats_low")):
        for sign, verdict in ((1.0, "reproduced"), (-1.0, "vacuous")):
            moved = changed(open_to_gain, "table", **{column: np.full(len(table), sign)})
            assert said(moved)[f"{label} ({SAME})"] == verdict
    # A pair that wins where none can be won does not count either.
    assert f"Figure 7 ({SAME})" not in said(changed(tables, "table", lift_points_low=np.full(len(table), 1.0)))


@pytest.mark.parametrize(("exponent", "verdict"), [(-0.8, "reproduced"), (0.0, "vacuous"), (0.5, "vacuous")])
def test_missed_mass_has_to_fall_with_prompts_and_draws(tables, exponent, verdict):
    rows = tables["learning"]
    missed = 0.5 * (rows["n"] * rows["N"] / 38.0) ** exponent * np.where(np.arange(len(rows)) % 2, 1.01, 0.99)
    found = said(changed(tables, "learning", missed=missed))
    assert (found["Thm 4.1 (n)"], found["Thm 4.1 (N)"]) == (verdict, verdict)


def test_dpo_is_held_against_one_draw_and_sft(tables):
    table = tables["table"]
    dpo = table["method"] == "DPO"
    for low, verdict in ((0.2, "reproduced"), (-0.1, "vacuous")):
        assert said(changed(tables, "table", share_low=np.where(dpo, low, table["share_low"])))["Figure 8 (DPO)"] == verdict
    for gain, verdict in ((0.1, "reproduced"), (-0.1, "vacuous")):
        peer = table["one_draw"][(table["method"] == "SFT") & (table["n"] == 38)][0]
        moved = changed(tables, "table", one_draw=np.where(dpo, peer + gain, table["one_draw"]))
        assert said(moved)["Figure 8 (DPO, SFT)"] == verdict
