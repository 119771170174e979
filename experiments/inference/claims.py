"""Verdicts on the paper's figures from a table of samples: in how many cells (model, task) each finding is seen."""

import numpy as np

from experiments.engine.frame import Table, Verdict


def judged_cells(tables: dict[str, Table]) -> list[Verdict]:
    """Figures 1a, 2a-c, 3, 4, 6 of the paper over the cells (model, task): a count of the cells in which an interval shows the finding.

    No count is a fault of the table: a finding that is seen nowhere is "vacuous".
    """
    rows = tables["cells"]
    found = [_over_one_draw(rows)]
    found += [
        _over_greedy(label, rows.where(rule=rule), rule)
        for label, rule in (
            ("Figure 1a", "best of N"), ("Figure 2a", "length-normalised"), ("Figure 2b", "majority"), ("Figure 2c", "pass@N"),
        )
    ]  # fmt: skip
    return [verdict for verdict in (*found, _rises(tables["cells-loglik"]), _gap(tables["cells-gap"])) if verdict is not None]


def largest_common_N(rows: Table) -> int:
    """The largest N that every cell has."""
    cells: dict[int, set[tuple[str, str]]] = {}
    for N, *pair in zip(*(rows[name].tolist() for name in ("N", "model", "task")), strict=True):
        cells.setdefault(N, set()).add(tuple(pair))
    everywhere = len(set().union(*cells.values()))
    return max(N for N, pairs in cells.items() if len(pairs) == everywhere)


def _seen(label: str, claim: str, shown: np.ndarray, against: np.ndarray, slack: float, kind: str) -> Verdict:
    measured = f"{int(shown.sum())} of {len(shown)} cells ({int(against.sum())} against)"
    return Verdict(label, claim, measured, "some cell", "reproduced" if shown.any() else "vacuous", slack=slack, slack_kind=kind)


def _over_one_draw(rows: Table) -> Verdict | None:
    last = largest_common_N(rows)
    if last == 1:
        return None
    best = rows.where(rule="best of N", N=last)
    return _seen(
        "Figure 3", f"best of {last} beats one draw (paper: everywhere)", best["gain_low"] > 0, best["gain_high"] < 0,
        float(best["gain_points"].min()), "points that the best gains over one draw, least cell",
    )  # fmt: skip


def _over_greedy(label: str, rows: Table, rule: str) -> Verdict | None:
    rows = rows.take(np.isfinite(rows["lift_points"]))
    if not len(rows):
        return None
    last = rows.where(N=largest_common_N(rows))
    paper = "a skyline" if rule == "pass@N" else "paper: on some"
    return _seen(
        label, f"{rule}, N = {last['N'][0]}, beats greedy ({paper})", last["lift_low"] > 0, last["lift_high"] < 0,
        float(last["lift_points"].max()), "points of lift, largest cell",
    )  # fmt: skip


def _rises(rows: Table) -> Verdict | None:
    last = rows.where(N=largest_common_N(rows))
    if last["N"][0] == 1:
        return None
    return _seen(
        "Figure 4", f"log-probability rises from one draw to N = {last['N'][0]}", last["gain_low"] > 0, last["gain_high"] < 0,
        float(last["gain"].min()), "nats gained, least cell",
    )  # fmt: skip


def _gap(rows: Table) -> Verdict:
    # Without a cell that has draws of both kinds the finding is seen nowhere, and is said to be.
    rows = rows.take(np.isfinite(rows["gap"]) & np.isfinite(rows["low"]) & np.isfinite(rows["high"]))
    return _seen(
        "Figure 6", "correct draws have larger log-probability than incorrect", rows["low"] > 0, rows["high"] < 0,
        float(rows["gap"].min(initial=np.inf)), "nats, least cell",
    )  # fmt: skip
