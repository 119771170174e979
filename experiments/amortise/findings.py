"""Verdicts on Figures 7 to 9 and Tables 1 and 2, on risk against n and N, and on the bounds that every tuned model must meet."""

import numpy as np

from experiments.amortise.cells import NEW, SAME
from experiments.amortise.tables import DELTAS
from experiments.engine.fits import line, power_law
from experiments.engine.frame import Table, Verdict

PAPER = {"learning_rate": 3e-4, "clip": 0.1}
"""What the paper fixed for all its runs, besides three seeds and N = 50."""
ROUNDING = 1e-3
"""Nats: a float32 network sums a response's log-probability differently in search and in scoring."""
MOST_OF_THE_WAY = 0.9
WRITERS = "many writers"


def judged(tables: dict[str, Table]) -> list[Verdict]:
    """Figures 7, 8 and 9, Tables 1 and 2; the ceiling, and what distance and shortfall allow. Where a finding is absent: vacuous."""
    table, bounds, learning = tables["table"], tables["bounds"], tables["learning"]
    tuned = table.where(method="SFT")
    return [
        *(verdict for asked in (NEW, SAME) if len(part := tuned.where(asked=asked)) for verdict in _lifts(asked, part)),
        _raised(tables[""]),
        *_way(tuned.where(asked=NEW)),
        _table_two(tuned),
        *_rlhf(table, tuned),
        *_orders(tables[""]),
        *_learning(learning),
        *_carried(tables[""]),
        _ceiling(bounds),
        _samples(bounds),
        _reach(bounds),
        *(_sharpness(bounds, *names) for names in _SHARPNESS),
    ]


_SHARPNESS = (
    ("Shortfall", "unsharpened prompts are at most what the shortfall pays for", "by_shortfall"),
    ("Thm 4.1' (distance measured)", "unsharpened prompts are at most what the distance to best of N pays for", "by_distance"),
)


def _lifts(asked: str, tuned: Table) -> list[Verdict]:
    """Where best of N itself is not above greedy there is nothing to win: such pairs are named in the table and not counted."""
    counted = tuned.take(tuned["above_greedy"] > 0)
    said = f"{len(counted)} of {len(tuned)} pairs have a ceiling above greedy"
    if not len(counted):
        claim = "one draw of the tuned model beats base's greedy decoding"
        return [Verdict(f"Table 1 ({asked})", claim, said, "a ceiling above greedy", "vacuous")]
    points, nats = counted["lift_points_low"] > 0, counted["lift_nats_low"] > 0
    return [
        Verdict(
            f"{label} ({asked})", f"one draw of the tuned model beats base's greedy decoding in {of}",
            f"{int(won.sum())} of {len(won)} pairs ({_shown(counted[column])} {unit}); {said}",
            "every pair, intervals over prompts and seeds",
            "reproduced" if won.all() else "vacuous", slack=float(counted[f"{column}_low"].min()), slack_kind=f"{unit}, least lower end",
        )
        for label, of, won, column, unit in (
            ("Figure 7", "accuracy", points, "lift_points", "points"), ("Figure 8", "log-likelihood", nats, "lift_nats", "nats"),
            ("Table 1", "both", points & nats, "lift_points", "points"),
        )
    ]  # fmt: skip


def _last(rows: Table) -> Table:
    return rows.where(step=int(rows["step"].max()))


def _raised(main: Table) -> Verdict:
    gains = []
    for rows in _kinds(main.where(method="SFT", N=int(main["N"].max()))):
        first, last = rows.where(step=0), _last(rows)
        gains.append([last["accuracy_low"][0] - first["accuracy_high"][0], last["accuracy"][0] - first["accuracy"][0]])
    apart, gain = np.array(gains).T
    return Verdict(
        "Figure 7 (training)", "tuning raises the accuracy of one draw", f"{_shown(100 * gain)} points",
        "above 0, intervals over prompts and seeds apart", "reproduced" if (apart > 0).all() else "vacuous",
        slack=float(100 * gain.min()), slack_kind="points, least gain",
    )  # fmt: skip


def _way(tuned: Table) -> list[Verdict]:
    """How far the tuned model goes towards best of N, on new prompts; pairs whose best of N is not above one draw have no way to go."""
    if not len(tuned):
        return []
    writers = tuned.where(task=WRITERS)
    writers = writers.take(np.isfinite(writers["share"]) & np.isfinite(writers["share_low"]))
    reached = len(writers) > 0 and (writers["share"] >= MOST_OF_THE_WAY).all()
    return [
        Verdict(
            "Figure 7 (best of N)", "the tuned model goes most of the way from one draw to best of N, on new prompts",
            _way_shown(tuned), f"{100 * MOST_OF_THE_WAY:g}% on {WRITERS}", "reproduced" if reached else "vacuous",
            slack=float(writers["share_low"].min()) if len(writers) else None, slack_kind=f"share, least lower end on {WRITERS}",
        )
    ]  # fmt: skip


def _way_shown(rows: Table) -> str:
    """The shares of the way; a pair whose best of N is not above one draw has no way to go."""
    known = rows["share"][np.isfinite(rows["share"])]
    none = f" ({len(rows) - len(known)} with none to go)" if len(known) < len(rows) else ""
    return ", ".join(f"{100 * share:.3g}" for share in known) + f"% of the way{none}"


def _table_two(tuned: Table) -> Verdict:
    same = {name: bool(np.isclose(tuned[name], value).all()) for name, value in PAPER.items()}
    shown = f"rate {tuned['learning_rate'][0]:g}, clip {tuned['clip'][0]:g}, {tuned['replicates'][0]} seeds, N = {tuned['N'][0]}"
    kept = tuned["replicates"].min() >= 3 and tuned["N"].min() == 50
    return Verdict(
        "Table 2", "three seeds and N = 50 as the paper; rate and clipping by validation likelihood, all parameters",
        shown + ("" if all(same.values()) else " (rate or clipping other than the paper's 3e-4, 0.1)"), "3 seeds, N = 50",
        "reproduced" if kept else "vacuous",
    )  # fmt: skip


def _rlhf(table: Table, tuned: Table) -> list[Verdict]:
    """DPO's loss against base's one draw, and against SFT at equal samples."""
    dpo = table.where(method="DPO")
    if not len(dpo):
        return []
    peers = [tuned.where(**{name: row[name] for name in ("task", "level", "model", "asked", "n", "N")}) for row in dpo.rows()]
    behind = np.array([peer["one_draw"][0] - value for peer, value in zip(peers, dpo["one_draw"], strict=True)])
    return [
        Verdict(
            "Figure 8 (DPO)", "the DPO loss on the same draws raises the accuracy of one draw",
            f"{_way_shown(dpo)} to best of N",
            "above 0, interval over prompts and seeds", "reproduced" if (dpo["share_low"] > 0).all() else "vacuous",
            slack=float(dpo["share_low"].min()) if np.isfinite(dpo["share_low"]).all() else None, slack_kind="share, least lower end",
        ),
        Verdict(
            "Figure 8 (DPO, SFT)", "at equal samples, one draw after DPO's loss against one draw after SFT",
            f"{_shown(-100 * behind)} points", "no statement of the paper", "reproduced" if (behind <= 0).all() else "vacuous",
            slack=float(-100 * behind.max()), slack_kind="points, least",
        ),
    ]  # fmt: skip


def _orders(main: Table) -> list[Verdict]:
    """Over N: the exact law may not fall, and the tuned models' means are to rise with it. Nothing to say with one N."""
    sft = main.where(method="SFT", asked=NEW)
    several = [rows for rows in _kinds(sft, without="N") if len(rows.unique("N")) > 1]
    if not several:
        return []
    rises, falls = [], []
    for rows in several:
        ends = rows.take([int(i) for i in np.lexsort((rows["step"], rows["N"])) if rows["step"][i] == rows["step"].max()])
        rises.append(np.diff(ends["lift_nats"]))
        falls.append(ends["kept_lift_nats_upper"][1:] - ends["kept_lift_nats_lower"][:-1])
    measured, certain = np.concatenate(rises), np.concatenate(falls)
    return [
        Verdict(
            "Figure 9", "a larger N tunes to a larger log-likelihood", f"{int((measured > 0).sum())} of {len(measured)} steps in N",
            "every step", "reproduced" if (measured > 0).all() else "vacuous", slack=float(measured.min()), slack_kind="nats, least step",
        ),
        Verdict(
            "Figure 9 (exact law)", "best of N's log-likelihood does not fall with N", f"{float(certain.min()):.3g} nats", "0",
            "holds" if (certain >= -ROUNDING).all() else "violated", slack=float(certain.min()), slack_kind="nats, least step of the band",
        ),
    ]  # fmt: skip


def _learning(rows: Table) -> list[Verdict]:
    """Risk and missed mass fall with n at the largest N and with N at the most prompts: one power of each, with its interval."""
    found = []
    for cell in _kinds(rows, names=("task", "level", "model", "asked")):
        for of, fixed in (("n", "N"), ("N", "n")):
            line = cell.where(**{fixed: int(cell[fixed].max())})
            line = line.take(np.argsort(line[of]))
            if len(line) < 3:
                continue
            fit = power_law(line[of], line["missed"])
            found.append(
                Verdict(
                    f"Thm 4.1 ({of})", f"the tuned model's missed mass falls with {of} (new prompts, {cell['task'][0]} {cell['level'][0]})",
                    f"exponent {fit}; {line['missed'][0]:.3g} to {line['missed'][-1]:.3g}", "below 0 by the interval",
                    "reproduced" if fit.high < 0 else "vacuous", slack=-fit.high, slack_kind="exponent, distance of the interval from 0",
                )
            )  # fmt: skip
    return found


def _carried(main: Table) -> list[Verdict]:
    """At the end of training on n distinct prompts, how the lift on new prompts grows with n, and where that points."""
    sft, found = main.where(method="SFT", asked=NEW, N=int(main["N"].max())), []
    for cell in _kinds(sft, names=("task", "level", "model")):
        ends = cell.take([max(np.flatnonzero(cell["n"] == n), key=lambda i: cell["step"][i]) for n in sorted(cell.unique("n"))])
        if len(ends) < 3:
            continue
        fit, last, ceiling = line(np.log10(ends["n"]), ends["lift_points"]), list(ends.rows())[-1], ends["kept_lift_points_lower"][-1]
        needed = f"{10 ** ((ceiling - fit.intercept) / fit.slope):.1g}" if fit.slope > 0 else "no number of"
        found.append(
            Verdict(
                f"Carried over ({cell['task'][0]} {cell['level'][0]})", "one draw's lift over greedy on new prompts grows with the prompts",
                f"{fit.slope:+.3g} [{fit.low:.3g}, {fit.high:.3g}] points a decade, {last['lift_points']:+.3g} at n = {last['n']}; "
                f"the line reaches the ceiling ({ceiling:+.3g}) at {needed} prompts",
                "slope and last lift above 0 by their intervals",
                "reproduced" if min(fit.low, last["lift_points_low"]) > 0 else "vacuous",
                slack=float(last["lift_points_low"]), slack_kind="points, lower end at the most prompts",
            )
        )  # fmt: skip
    return found


def _ceiling(bounds: Table) -> Verdict:
    room = bounds["ceiling"] - np.maximum(bounds["sampled_log_prob"], bounds["tuned_log_prob_lower"])
    return Verdict(
        "Likelihood ceiling", "no tuned model's log-likelihood is above E log P*", f"{float(room.min()):.3g} nats below, at least",
        "0", "holds" if (room >= -ROUNDING).all() else "violated", slack=float(room.min()), slack_kind="nats below, least",
    )  # fmt: skip


def _samples(bounds: Table) -> Verdict:
    value, allowed = bounds["sampled_accuracy"], bounds["allowed"]
    inside = (bounds["tuned_accuracy_lower"] - allowed <= value) & (value <= bounds["tuned_accuracy_upper"] + allowed)
    return Verdict(
        "Figure 7 (exact)", "sampled accuracy lies in the certified band of the tuned policy", f"{int(inside.sum())} of {len(inside)} runs",
        "every run, false alarm 1e-6", "holds" if inside.all() else "violated",
    )  # fmt: skip


def _reach(bounds: Table) -> Verdict:
    apart = np.maximum(
        bounds["kept_accuracy_lower"] - bounds["tuned_accuracy_upper"], bounds["tuned_accuracy_lower"] - bounds["kept_accuracy_upper"]
    )
    room = bounds["variation_bound"] - apart
    return Verdict(
        "Figure 7 (distance)", "accuracy is within sqrt(D(1-D/4)) of best of N's", f"{100 * float(apart.max()):.3g} points apart, at most",
        f"{100 * float(bounds['variation_bound'].min()):.3g} points, least", "holds" if (room >= 0).all() else "violated",
        slack=float(room.min()), slack_kind="least room",
    )  # fmt: skip


def _sharpness(bounds: Table, label: str, claim: str, column: str) -> Verdict:
    """In every run by itself, at every delta: both sides are exact."""
    risks, allowed = (np.stack([bounds[f"{name}_{delta:g}"] for delta in DELTAS]) for name in ("unsharpened", column))
    said = "holds" if allowed.min() < 1 else "vacuous"
    return Verdict(
        label, claim, f"{float(risks.min()):.3g} to {float(risks.max()):.3g}", f"{float(allowed.min()):.3g} to {float(allowed.max()):.3g}",
        said if (allowed - risks >= -1e-9).all() else "violated", slack=float((allowed - risks).min()),
        slack_kind="least room, fraction of prompts",
    )  # fmt: skip


def _kinds(
    rows: Table, names: tuple[str, ...] = ("task", "level", "model", "asked", "method", "n", "N", "beta"), without: str = ""
) -> list[Table]:
    """The rows by kind of run, in order of appearance."""
    kept = [name for name in names if name != without]
    groups: dict[str, list[int]] = {}
    for i, row in enumerate(rows.rows()):
        groups.setdefault(repr([row[name] for name in kept]), []).append(i)
    return [rows.take(places) for places in groups.values()]


def _shown(values: np.ndarray) -> str:
    return ", ".join(f"{value + 0.0:+.3g}" for value in values)
