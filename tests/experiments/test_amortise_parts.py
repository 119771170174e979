"""The parts of the experiment `amortise` on a law that can be listed: exact columns against enumeration, verdicts that can fail."""

import dataclasses
from types import SimpleNamespace

import jax
import numpy as np
import pytest

from experiments.amortise.cells import Cell, Judge, _padded, scored
from experiments.amortise.findings import judged
from experiments.amortise.tables import bound_rows, curve_rows, lifts, sharpness_rows, table_rows
from experiments.amortise.tuning import Run, Tuning, exact, tune
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
TUNING = Tuning(steps=4, batch=8, learning_rate=0.05, weight_decay=0.0, clip=1.0, evaluations=2, kept_out=2)
SETTINGS = SimpleNamespace(
    draws=200,
    deltas=(0.2, 0.5),
    floor=-3.0,
    level=0.95,
    false_alarm=1e-6,
    replicates=2,
    sft=TUNING,
    dpo=dataclasses.replace(TUNING, batch=4),
)


class Even:
    """A response is right where its tokens add up to an even number."""

    looked = 0

    def is_correct(self, prompt, response):
        Even.looked += 1
        return response % 2 == 0

    def decode_response(self, tokens):
        return int(tokens.sum())


def cell(size: int) -> Cell:
    """The first `size` responses of each law are known, found by a search that sees some of it."""
    judge, modes = Judge(Even(), ["a", "b"]), BASE.argmax(axis=1)
    return Cell(
        task="sums", level=1, model="free", policy=FREE, judge=judge, prompts=np.arange(2), training=np.tile(np.arange(2), 20), unproven=0,
        greedy_accuracy=0.5, greedy_log_prob=-1.5, modes=RESPONSES[modes], mode_of=np.arange(2), mode_log_probs=BASE.max(axis=1),
        mode_accuracy=float(RIGHT[0][modes].mean()), head=_padded(head(FREE, np.arange(2), max_expansions=9), size, judge),
    )  # fmt: skip


def test_every_response_is_judged_once():
    judge, Even.looked = Judge(Even(), ["a", "b"]), 0
    found = judge(RESPONSES[[0, 1, 0, 0]], np.array([0, 0, 0, 1]))
    assert found.tolist() == [True, False, True, True]
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


def test_lifts_are_over_greedy():
    found = lifts(0.6, -1.2, cell(4))
    assert found == pytest.approx({"lift_percent": 20.0, "lift_points": 10.0, "lift_nats": 0.3})


@pytest.fixture(scope="module")
def tables(tmp_path_factory) -> dict[str, Table]:
    """A whole small run, by way of its files."""
    known, rows, ends = cell(9), [], []
    for method, N, beta in (("SFT", 2, np.nan), ("SFT", 8, np.nan), ("DPO", 8, 0.5)):
        for replicate in range(2):
            tuning = SETTINGS.sft if method == "SFT" else SETTINGS.dpo
            made, end = tune(known, Run(method, N, beta, replicate), tuning, SETTINGS, jax.random.key(0))
            rows, ends = rows + made, [*ends, end]
    parts = {"": curve_rows(rows, [known], SETTINGS), "table": table_rows(rows, [known], SETTINGS), "runs": rows}
    parts |= {"sharpness": sharpness_rows(ends, [known], SETTINGS), "bounds": bound_rows(rows, ends)}
    folder, read = tmp_path_factory.mktemp("rows"), {}
    for name, part in parts.items():
        write_rows(folder / f"{name}.csv", part, {"seed": 0})
        read[name] = read_table(folder / f"{name}.csv")
    return read


def test_a_run_is_told_in_rows(tables):
    runs = tables["runs"]
    assert len(runs) == 3 * 2 * 3
    assert runs.unique("step").tolist() == [0, 2, 4]
    for replicate in (0, 1):
        one = runs.where(method="SFT", N=8, replicate=replicate)
        later = one.take(one["step"] > 0)
        assert one["best"].sum() == 1
        assert one["log_prob"][one["best"]][0] == later["log_prob"].max()
    # Before any step the model is base: its masses are known, its samples agree with its law within six deviations.
    first = tables[""].where(step=0)
    np.testing.assert_allclose(first["mode_mass"], np.exp(BASE.max(axis=1)).mean(), rtol=1e-9)
    base = (np.exp(BASE) * RIGHT).sum() / 2
    assert (abs(first["accuracy"] - base) < 6 * 0.5 / np.sqrt(2 * 2 * 200)).all()
    table = tables["table"].where(method="SFT", N=8)
    ends = one["accuracy"][one["step"] == 4], runs.where(method="SFT", N=8, replicate=0, step=4)["accuracy"]
    assert table["last_lift_points"][0] == pytest.approx(100 * (np.mean(ends) - 0.5))
    assert table["last_lift_points_std"][0] == pytest.approx(100 * abs(ends[0][0] - ends[1][0]) / np.sqrt(2))
    assert table["epochs"][0] == pytest.approx(4 * 8 / 38)
    assert tables["table"].where(method="DPO")["epochs"][0] == pytest.approx(4 * 4 / (38 * 4))


def changed(tables, part, **columns):
    old = tables[part]
    return tables | {part: Table({name: columns.get(name, old[name]) for name in old.columns})}


def said(tables) -> dict[str, str]:
    return {verdict.label: verdict.verdict for verdict in judged(tables)}


def test_verdicts(tables):
    found = said(tables)
    assert "violated" not in found.values()
    assert {"Figure 7", "Figure 8", "Figure 9", "Table 1", "Table 2", "Likelihood ceiling", "Shortfall"} <= set(found)
    assert found["Table 2"] == "vacuous"
    bounds, main = tables["bounds"], tables[""]
    assert said(changed(tables, "bounds", sampled_log_prob=bounds["ceiling"] + 0.01))["Likelihood ceiling"] == "violated"
    assert (
        said(changed(tables, "bounds", sampled_accuracy=bounds["tuned_accuracy_upper"] + 2 * bounds["allowed"]))["Figure 7 (exact)"]
        == "violated"
    )
    assert said(changed(tables, "bounds", tuned_accuracy_upper=bounds["kept_accuracy_lower"] - 1.01))["Figure 7 (distance)"] == "violated"
    for label, column in (("Shortfall", "by_shortfall"), ("Thm 4.1' (distance measured)", "by_distance")):
        low = tables["sharpness"]["tuned"] - 0.01
        assert said(changed(tables, "sharpness", **{column: low}))[label] == "violated"
    falling = tables["table"]["kept_lift_nats_upper"] - 5.0 * (tables["table"]["N"] == 8)
    assert said(changed(tables, "table", kept_lift_nats_upper=falling))["Figure 9 (exact law)"] == "violated"
    for label, column in (("Figure 7", "lift_points_low"), ("Figure 8", "lift_nats_low")):
        for sign, verdict in ((1.0, "reproduced"), (-1.0, "vacuous")):
            assert said(changed(tables, "", **{column: np.full(len(main), sign)}))[label] == verdict
