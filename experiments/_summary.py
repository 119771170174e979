"""The table that ends a run on the terminal: one line for each verdict, 120 columns."""

from collections.abc import Sequence

from experiments._verdicts import Verdict, shown

_WIDTHS = {"result": 14, "claim": 40, "measured": 15, "bound": 14, "verdict": 17, "slack": 15}


def summary(verdicts: Sequence[Verdict]) -> str:
    """The lines of the table, in the order given."""
    lines = [_line(list(_WIDTHS)), _line(["-" * width for width in _WIDTHS.values()])]
    previous = ""
    for verdict in verdicts:
        label = "" if verdict.label == previous else verdict.label
        previous = verdict.label
        slack = "" if verdict.slack is None else f"{verdict.slack:.3g} {verdict.slack_kind}".strip()
        lines.append(_line([label, verdict.claim, shown(verdict.measured), shown(verdict.bound), marked(verdict), slack]))
    return "\n".join(lines)


def marked(verdict: Verdict) -> str:
    """The verdict's word; a failure that the paper's print calls for is marked as known, one that nobody expected with (!)."""
    if verdict.unexpected:
        return f"{verdict.verdict} (!)"
    return f"{verdict.verdict} (known)" if verdict.verdict == "violated" else verdict.verdict


def _line(cells: Sequence[str]) -> str:
    fitted = (_fit(cell, width) for cell, width in zip(cells, _WIDTHS.values(), strict=True))
    return " ".join(fitted).rstrip()


def _fit(cell: str, width: int) -> str:
    return cell.ljust(width) if len(cell) <= width else cell[: width - 2] + ".."
