"""Each verdict here is fed the committed rows, where it gives what is expected, and rows made to say otherwise, where it must fail."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest

from experiments.engine.counting import enough_cover
from experiments.engine.rows import Places, Table, read_parts
from experiments.engine.run import load
from experiments.engine.verdicts import Verdict
from experiments.sft_adaptive import stopping_deviation

Rows = dict[str, Table]


@cache
def committed(stem: str) -> Rows:
    return read_parts(stem, Places.reference())


def changed(table: Table, **values: Any) -> Table:
    """The table with some columns replaced; numbers fill a column."""
    kept = {name: table[name] for name in table.columns}
    return Table(kept | {name: np.broadcast_to(value, len(table)) for name, value in values.items()})


def judged(stem: str, label: str, part: str = "", change: Callable[[Table], Table] = lambda rows: rows) -> Verdict:
    """A verdict of a stem from the committed rows with one part changed."""
    tables = dict(committed(stem))
    tables[part] = change(tables[part])
    return next(verdict for verdict in load(stem).verdicts(tables) if verdict.label == label)


class TestSFT:
    LABEL = "Thm 4.1' (fixed instance)"

    @pytest.mark.parametrize("exponent", [-3.0, -1.0, -0.3, -0.15])
    def test_a_power_law_on_one_instance_is_seen(self, exponent):
        assert not judged("sft", self.LABEL).unexpected
        assert judged("sft", self.LABEL, "fixed", lambda rows: changed(rows, samples=30 * rows["eps"] ** exponent)).unexpected

    def test_samples_that_do_not_grow_are_seen(self):
        assert judged("sft", self.LABEL, "fixed", lambda rows: changed(rows, samples=100.0)).unexpected
        assert judged("sft", self.LABEL, "fixed", lambda rows: changed(rows, samples=rows["samples"][::-1])).unexpected

    @pytest.mark.parametrize("extra", [0.0, 0.1])
    def test_runs_that_the_theorem_leaves_out_fail_on_the_hard_prompts_alone(self, extra):
        """A bound of .2 with rho = .1 and hard mass .6 allows a mean risk of .2 + .1 (.6 - .2) = .24, not of .3."""
        label = "Thm 4.1' (hard family)"

        def made(rows: Table) -> Table:
            risk = 0.239 + extra * 0.5
            return changed(rows, bound_instance=0.2, exact_risk=risk, risk=risk, risk_low=risk - 0.01, risk_high=risk + 0.01)

        assert judged("sft", label, "", made).unexpected == (extra > 0)


class TestErrata:
    """A formula that measured numbers do not contradict is no erratum shown."""

    def test_an_error_above_the_printed_one_shows_nothing(self):
        assert not judged("limits_adaptive", "Lemma H.4").unexpected
        for risk, shown in ((0.001, True), (0.03, False), (0.5, False)):
            # Printed: at least .0402 on a hard prompt, .0241 on the family of hard mass .6.
            verdict = judged("limits_adaptive", "Lemma H.4", "measured", lambda rows, risk=risk: changed(rows, risk=risk, risk_high=risk))
            assert (verdict.verdict == "erratum shown") == shown

    def test_runs_that_cost_what_is_printed_show_nothing(self):
        label = "Thm D.1 (E[m])"
        assert not judged("sft_adaptive", label).unexpected
        assert judged("sft_adaptive", label, "", lambda rows: changed(rows, samples_low=rows["samples_low"] / 2)).verdict == "holds"
        with pytest.raises(ValueError, match="not NaN"):
            judged("sft_adaptive", label, "", lambda rows: changed(rows, samples_low=np.nan))


class TestDPO:
    def test_a_bound_above_every_risk_is_vacuous(self):
        assert judged("dpo", "Thm 4.2' (margin family)").verdict == "vacuous"
        assert judged("dpo", "Thm 4.2' (margin family)", "", lambda rows: changed(rows, bound=0.9)).verdict == "holds"
        assert judged("dpo", "Thm 4.2' (margin family)", "", lambda rows: changed(rows, bound=0.5)).verdict == "violated"
        assert judged("dpo", "Thm 4.2' (margin family)", "", lambda rows: changed(rows, over=rows["seeds"])).verdict == "violated"

    @pytest.mark.parametrize("label", ["Eq. 4", "Thm 4.2' (learning)"])
    def test_a_learner_that_never_learns_is_seen(self, label):
        assert not judged("dpo", label).unexpected
        assert judged("dpo", label, "", lambda rows: changed(rows, risk=1.0, risk_low=0.98, risk_high=1.0)).unexpected

    @pytest.mark.parametrize(("label", "method"), [("simulated", "demanded"), ("fixed beta", "fixed")])
    def test_simulated_risks_at_each_margin_count(self, label, method):
        label = f"Thm 4.2 (margin, {label})"
        assert not judged("dpo", label).unexpected

        def other(rows: Table) -> Table:
            mine = rows["method"] == method
            return changed(
                rows, **{name: np.where(mine, 0.4 + shift, rows[name]) for name, shift in
                         (("measured", 0.0), ("measured_low", -0.05), ("measured_high", 0.05))}
            )  # fmt: skip

        assert judged("dpo", label, "margin", other).unexpected

    @pytest.mark.parametrize("exponent", [-2.0, -1.0, 0.0, 1.0])
    def test_each_fitted_exponent_has_a_range(self, exponent):
        label = "Thm 4.2 (eps, needed)"
        assert not judged("dpo", label).unexpected
        assert judged("dpo", label, "exponents", lambda rows: changed(rows, exponent=exponent)).unexpected


@pytest.mark.parametrize(("missed", "agrees"), [(0, True), (9, True), (17, True), (24, False), (100, False)])
def test_as_many_intervals_may_miss_as_chance_allows(missed, agrees):
    assert enough_cover(np.arange(100) >= missed) == agrees


def test_two_intervals_of_four_may_miss_but_not_six_of_six():
    assert enough_cover([True, True, False, False])
    assert not enough_cover([False] * 6)
    assert not enough_cover([True] * 4 + [False] * 2, level=1 - 1e-4)


class TestXPO:
    @pytest.mark.parametrize(
        ("exponent", "noise", "said"),
        [(-1.0, 0.3, "fitted exponent"), (-0.6, 0.0, "fitted exponent"), (-0.3, 0.0, "violated"), (-0.05, 1.0, "vacuous")],
    )
    def test_the_whole_interval_of_the_rate_is_below_one_half(self, exponent, noise, said):
        label = "Thm J.1 (rate)"
        assert judged("xpo", label).verdict == "fitted exponent"
        rng = np.random.default_rng(3)

        def made(rows: Table) -> Table:
            return changed(rows, returned=rows["T"] ** exponent * np.exp(noise * rng.normal(size=len(rows))))

        assert judged("xpo", label, "", made).verdict == said

    def test_the_whole_algorithm_is_judged_by_how_often_it_is_above_its_bound(self):
        assert judged("xpo", "Thm J.1").verdict == "holds"
        assert judged("xpo", "Thm J.1", "whole", lambda rows: changed(rows, over=1.0, over_low=0.85, over_high=1.0)).verdict == "violated"
        assert judged("xpo", "Thm J.1", "whole", lambda rows: changed(rows, over_low=np.nan)).verdict == "violated"
        assert judged("xpo", "Thm J.1", "whole", lambda rows: changed(rows, regret_bound=1.0)).verdict == "vacuous"

    def test_a_policy_that_is_returned_and_fails_breaks_a_bound_below_one(self):
        whole, few = "Thm J.2 (Algorithm 1 whole)", "Thm J.2 (few rounds)"
        assert judged("xpo", whole).verdict == "holds"
        assert judged("xpo", few).verdict == "vacuous"

        def failing(rows: Table) -> Table:
            return changed(rows, risk=0.5, risk_low=0.3, risk_high=0.7)

        assert judged("xpo", whole, "whole", failing).verdict == "violated"
        assert judged("xpo", few, "whole", failing).verdict == "vacuous"
        # A bound that is nowhere below 1 leaves nothing to hold.
        with pytest.raises(StopIteration):
            judged("xpo", whole, "whole", lambda rows: changed(rows, bound=2.0))


class TestSeparation:
    LABEL = "All guarantees"

    @pytest.mark.parametrize("algorithm", ["sft", "sft_adaptive", "dpo"])
    def test_one_lucky_cost_keeps_no_promise(self, algorithm):
        assert not judged("separation", self.LABEL).unexpected

        def lucky(rows: Table) -> Table:
            mine = rows["algorithm"] == algorithm
            cheapest = rows["samples"] == rows["samples"][mine].min()
            return changed(rows, high=np.where(mine, np.where(cheapest, 1.0, 0.05), rows["high"]))

        assert judged("separation", self.LABEL, "picture", lucky).unexpected

    def test_best_of_n_must_keep_its_own(self):
        assert judged("separation", self.LABEL, "promised", lambda rows: changed(rows, exact_mass=rows["exact_mass"] / 2)).unexpected

    def test_runs_at_another_optimism_than_prescribed_keep_and_break_nothing(self):
        def useless(rows: Table) -> Table:
            return changed(rows, high=np.where(rows["algorithm"] == "xpo", 0.0, rows["high"]))

        assert judged("separation", self.LABEL, "picture", useless).measured == judged("separation", self.LABEL).measured

    def test_no_promise_at_all_is_no_success(self):
        assert judged("separation", self.LABEL, "promised", lambda rows: changed(rows, samples=np.inf)).verdict == "vacuous"


class TestAdaptiveSFT:
    @pytest.mark.parametrize("factor", [0.1, 0.9, 1.1, 10.0])
    @pytest.mark.parametrize(
        ("label", "part", "name"),
        [("Def D.1 (stopping law)", "stopping", "mean"), ("Def D.1 (stopping law)", "stopping", "miss"), ("Thm D.1 (cost)", "", "samples")],
    )
    def test_simulated_times_and_costs_count(self, label, part, name, factor):
        assert not judged("sft_adaptive", label).unexpected
        columns = (name, f"{name}_low", f"{name}_high")

        def scaled(rows: Table) -> Table:
            return changed(rows, **{column: rows[column] * factor for column in columns})

        assert judged("sft_adaptive", label, part, scaled).unexpected

    def test_the_crossing_needs_both_exponents_and_both_sides(self):
        label = "Thm D.1 (crossing)"
        assert not judged("sft_adaptive", label).unexpected
        for change in (
            lambda rows: changed(rows, fixed=rows["eps"] ** -1.5 * 1e4),
            lambda rows: changed(rows, adaptive=rows["adaptive"] ** 1.2),
            lambda rows: changed(rows, fixed=rows["fixed"] * 1e3),
            lambda rows: changed(rows, fixed=rows["adaptive"], adaptive=rows["fixed"]),
        ):
            assert judged("sft_adaptive", label, "crossing", change).unexpected

    def test_the_deviation_of_stopping_times_is_that_of_enumeration(self):
        """Masses 3/4 and 1/4, s = 3/2: the deadlines are 2 and 6, and the draws stop at the first 3/4 from the second draw on."""
        times, chance = np.arange(2, 7), np.array([15 / 16, *(0.75 * 0.25 ** np.arange(2, 5)), 0.25**5])
        mean = times @ chance
        assert stopping_deviation(np.log([0.75, 0.25]), 1.5) == pytest.approx(((times - mean) ** 2 @ chance) ** 0.5, rel=1e-12)
        assert stopping_deviation(np.full(10, np.log(0.1)), 3.0) == 0
