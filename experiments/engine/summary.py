"""The table that ends a run on the terminal: one line for each verdict, cut to 120 letters."""

from collections.abc import Sequence

from experiments.engine.verdicts import Verdict, shown

_LIMITS = {"result": 28, "claim": 48, "measured": 44, "bound": 20, "verdict": 17, "slack": 9}


def summary(verdicts: Sequence[Verdict]) -> str:
    """The lines of the table, in the order given. `paper_repro.md` says of each slack what it is a ratio of."""
    rows = [list(_LIMITS)]
    for verdict in verdicts:
        slack = "" if verdict.slack is None or verdict.slack != verdict.slack else f"{verdict.slack:.3g}"
        rows.append([verdict.label, verdict.claim, shown(verdict.measured), shown(verdict.bound), marked(verdict), slack])
    widths = [min(limit, max(len(row[i]) for row in rows)) for i, limit in enumerate(_LIMITS.values())]
    rows.insert(1, ["-" * width for width in widths])
    return "\n".join(" ".join(_fit(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)


def marked(verdict: Verdict) -> str:
    """The verdict's word, with (!) where a sound run would have given another."""
    return f"{verdict.verdict} (!)" if verdict.unexpected else verdict.verdict


def _fit(cell: str, width: int) -> str:
    return cell.ljust(width) if len(cell) <= width else cell[: width - 2] + ".."
