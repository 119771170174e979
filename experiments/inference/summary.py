"""The table that a run on a user's own samples prints: one line for each model and task; accuracies in per cent, lifts in points."""

from experiments.engine.rows import Table
from experiments.inference.claims import largest_common_N
from sharpsim.estimators import RULES

_SHORT = {"best of N": "best of", "length-normalised": "normalised", "majority": "majority", "pass@N": "pass@"}


def cells_summary(rows: Table) -> str:
    """Greedy, one draw, and each rule's lift over greedy with its interval at the largest N that all have (accuracy for pass@N)."""
    last = largest_common_N(rows)
    lines = [["model", "task", "prompts", "greedy", "one draw", *(f"{_SHORT[rule]} {last}" for rule in RULES)]]
    for pair in dict.fromkeys((row["model"], row["task"]) for row in rows.rows()):
        mine = rows.where(model=pair[0], task=pair[1])
        first = next(mine.rows())
        lines.append([str(pair[0]), str(pair[1]), str(first["prompts"]), _percent(first["greedy"]), _one(mine)])
        lines[-1] += [_lift(mine.where(rule=rule, N=last), rule) for rule in RULES]
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    lines.insert(1, ["-" * width for width in widths])
    text = "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines)
    over = " and ".join(rows.unique("over").tolist())
    return f"{text}\nAccuracy in %; pass@{last} too, the others as lift over greedy in points; intervals over {over}."


def _one(rows: Table) -> str:
    one = rows.where(rule="best of N", N=1)
    return _percent(one["accuracy"][0]) if len(one) else ""


def _lift(rows: Table, rule: str) -> str:
    if not len(rows):
        return "no answers"
    row = next(rows.rows())
    if rule == "pass@N" or row["lift_points"] != row["lift_points"]:
        return f"{_percent(row['accuracy'])} [{_percent(row['low'])}, {_percent(row['high'])}]"
    return f"{row['lift_points']:+.1f} [{row['lift_low']:+.1f}, {row['lift_high']:+.1f}]"


def _percent(value: float) -> str:
    return f"{100 * value:.1f}" if value == value else "-"
