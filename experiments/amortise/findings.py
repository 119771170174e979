"""Verdicts on Figures 7 to 9 and Tables 1 and 2, and on the bounds that every tuned model must meet."""

import numpy as np

from experiments.engine.frame import Table, Verdict

PAPER = {"learning_rate": 3e-4, "clip": 0.1, "replicates": 3}
"""What the paper fixed for all its runs."""
ROUNDING = 1e-3
"""Nats: a float32 network sums a response's log-probability differently in search and in scoring."""


def judged(tables: dict[str, Table]) -> list[Verdict]:
    """Figures 7, 8 and 9, Table 1 and 2; the ceiling, and what distance and shortfall allow. Where a finding is absent: vacuous."""
    table, bounds = tables["table"], tables["bounds"]
    tuned = table.take(table["method"] == "SFT")
    largest = tuned.where(N=int(tuned["N"].max()))
    return [
        *_lift("Figure 7", "accuracy", "lift_points", "points", tables[""], largest),
        *_lift("Figure 8", "log-likelihood", "lift_nats", "nats", tables[""], largest),
        *_orders(tuned),
        _table_one(largest),
        _table_two(table),
        _rlhf(table.take(table["method"] == "DPO")),
        _ceiling(bounds),
        _samples(bounds),
        _reach(bounds),
        *(_sharpness(tables["sharpness"], *names) for names in _SHARPNESS),
    ]


_SHARPNESS = (
    ("Shortfall", "unsharpened prompts are at most what the shortfall pays for", "by_shortfall"),
    ("Thm 4.1' (distance measured)", "unsharpened prompts are at most what the distance to best of N pays for", "by_distance"),
)


def _last(rows: Table) -> Table:
    return rows.where(step=int(rows["step"].max()))


def _lift(label: str, of: str, column: str, unit: str, main: Table, largest: Table) -> list[Verdict]:
    last = _last(main.take((main["method"] == "SFT") & (main["N"] == largest["N"].max())))
    below = last[f"{column}_high"] < last[f"kept_{column}_lower"]
    first = main.take((main["method"] == "SFT") & (main["step"] == 0) & (main["N"] == largest["N"].max()))
    gained = last[f"{column}_low"] > first[f"{column}_high"]
    best = largest[f"best_{column}"]
    share = (last[column] - first[column]) / (last[f"kept_{column}_lower"] - first[column])
    return [
        Verdict(
            label, f"tuned samples beat greedy in {of} (paper: on every pair of its Table 1)", f"{_shown(best)} {unit}, best evaluation",
            "above 0 by the interval at the end", "reproduced" if (last[f"{column}_low"] > 0).all() else "vacuous",
            slack=float(last[f"{column}_low"].min()), slack_kind=f"{unit}, least lower end at the last evaluation",
        ),
        Verdict(
            f"{label} (training)", f"tuning raises the {of} of one draw", f"{_shown(last[column] - first[column])} {unit}", "above 0",
            "reproduced" if gained.all() else "vacuous",
            slack=float((last[column] - first[column]).min()), slack_kind=f"{unit}, least gain",
        ),
        Verdict(
            f"{label} (best of N)", f"approaches best of N's {of} and does not reach it",
            f"{_shown(100 * share)}% of the way from one draw",
            "below 100% by the interval", "reproduced" if below.all() and (share > 0).all() else "vacuous",
            slack=float((last[f"kept_{column}_lower"] - last[column]).min()), slack_kind=f"{unit}, least distance to best of N",
        ),
    ]  # fmt: skip


def _orders(tuned: Table) -> list[Verdict]:
    """Over N: the exact law may not fall, and the tuned models' means are to rise with it. Nothing to say with one N."""
    sizes = tuned.unique("N")
    if len(sizes) < 2:
        return []
    rises, falls = [], []
    for names in dict.fromkeys(zip(tuned["task"].tolist(), tuned["level"].tolist(), tuned["model"].tolist(), strict=True)):
        cell = tuned.where(task=names[0], level=names[1], model=names[2])
        cell = cell.take(np.argsort(cell["N"]))
        rises.append(np.diff(cell["last_lift_nats"]))
        falls.append(cell["kept_lift_nats_upper"][1:] - cell["kept_lift_nats_lower"][:-1])
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


def _table_one(largest: Table) -> Verdict:
    both = (largest["best_lift_points"] > 0) & (largest["best_lift_nats"] > 0)
    return Verdict(
        "Table 1", "lift over greedy in both columns at the best evaluation", f"{int(both.sum())} of {len(both)} pairs",
        "every pair, as the paper", "reproduced" if both.all() else "vacuous",
    )  # fmt: skip


def _table_two(table: Table) -> Verdict:
    same = {name: bool(np.isclose(table[name], value).all()) for name, value in PAPER.items()}
    shown = f"rate {table['learning_rate'][0]:g}, clip {table['clip'][0]:g}, {table['replicates'][0]} seeds"
    return Verdict(
        "Table 2", "rate, clipping and seeds are the paper's; all parameters are tuned, no LoRA", shown, "3e-4, 0.1, 3",
        "reproduced" if all(same.values()) else "vacuous",
    )  # fmt: skip


def _rlhf(rows: Table) -> Verdict:
    return Verdict(
        "Figure 8 (DPO)", "the DPO loss on the same draws lifts log-likelihood over greedy",
        f"{_shown(rows['last_lift_nats'])} nats, last evaluation", "above 0",
        "reproduced" if (rows["last_lift_nats"] > 0).all() else "vacuous",
        slack=float(rows["last_lift_nats"].min()), slack_kind="nats, least over pairs",
    )  # fmt: skip


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


def _sharpness(rows: Table, label: str, claim: str, column: str) -> Verdict:
    room = rows[column] - rows["tuned"]
    said = "holds" if rows[column].min() < 1 else "vacuous"
    return Verdict(
        label, claim, f"{float(rows['tuned'].min()):.3g} to {float(rows['tuned'].max()):.3g}",
        f"{float(rows[column].min()):.3g} to {float(rows[column].max()):.3g}", said if (room >= -1e-9).all() else "violated",
        slack=float(room.min()), slack_kind="least room, fraction of prompts",
    )  # fmt: skip


def _shown(values: np.ndarray) -> str:
    return ", ".join(f"{value + 0.0:+.3g}" for value in values)
