"""Writes the page RESULTS.md from the result files. No benchmark is run."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmarks._bars import REASONS
from benchmarks._results import HERE, read

NO_ACCELERATOR = "These figures were measured without an accelerator. On a machine that has one, run `python -m benchmarks accelerator`."


def report(folder: Path = HERE) -> str:
    """The text of RESULTS.md, from `results.csv`, `growth.csv` and `accelerator.csv` in the folder."""
    rows, curves, devices = (read(folder / name) for name in ("results.csv", "growth.csv", "accelerator.csv"))
    stamps = sorted({(row["hardware"], row["versions"]) for row in (*rows, *curves, *devices)})
    judged = [row for row in rows if row["bar"]]
    tally = ", ".join(f"{sum(row['met'] == word for row in judged)} {word}" for word in ("yes", "no", "not measured"))
    parts = [
        "# Benchmarks",
        "This page is written by `make bench`. It compares the speed of the library (*ours*) with alternatives (*rivals*). Each ratio is",
        "our speed divided by the rival's, measured in one run. The two take turns in three rounds, with several calls in each. The table",
        "shows the median ratio and, in brackets, the smallest and the largest of the three. A *bar* is a target that was set in advance.",
        "An *aim* is a better value that we hope to reach.",
        "",
        *(f"- Measured on {hardware}; {versions}." for hardware, versions in stamps),
        "",
        f"## Bars\n\nMet: {tally}.\n",
        *_table(("benchmark", "case", "rival", "ours", "theirs", "ratio or value", "bar", "aim", "met"), map(_bar, judged)),
        *_reasons(judged),
        "\n## Everything measured\n",
        *_table(("benchmark", "case", "rival", "ours", "theirs", "ratio", "first call, s", "note"), map(_line, rows)),
        "\n## How the cost grows\n",
        "One size varies and the others are fixed. The running time is fitted by a power law; the table shows its exponent, with a 95%",
        "interval, and the sizes used for the fit.\n",
        *_table(("sampler", "in", "at", "exponent", "fitted on"), map(_curve, curves)),
        "\n## Processor and accelerator\n",
        *([] if any(row["kind"] != "cpu" for row in devices) else [NO_ACCELERATOR, ""]),
        *_table(("sampler", "size", "device", "rate", "GB/s", "share of the bandwidth of a copy"), map(_device, devices)),
    ]
    return "\n".join(parts) + "\n"


def _table(header: Sequence[str], lines: Iterable[Sequence[str]]) -> list[str]:
    found = [f"| {' | '.join(line)} |" for line in lines]
    return [f"| {' | '.join(header)} |", f"|{'---|' * len(header)}", *found] if found else ["Not run yet."]


def _reasons(judged: Iterable[dict[str, str]]) -> list[str]:
    missed = [row for row in judged if row["met"] == "no"]
    known = {(row["benchmark"], row["rival"]): f"{row['benchmark']}, {row['case']}" for row in missed}
    lines = [f"- {case}: {' '.join(REASONS.get(key, 'the reason is not known.').split())}" for key, case in known.items()]
    return ["\n## Bars that are not met, and why\n", *lines] if lines else []


def _bar(row: dict[str, str]) -> list[str]:
    sign = "at most" if row["sense"] == "at most" else "at least"
    held = _ratio(row) if row["rival"] else f"{_short(row['ours_value'])} {row['unit']}"
    values = [_value(row, "ours_value"), _value(row, "rival_value")]
    return [row["benchmark"], row["case"], row["rival"], *values, held, f"{sign} {row['bar']}", row["aim"], row["met"]]


def _line(row: dict[str, str]) -> list[str]:
    values = [_value(row, "ours_value"), _value(row, "rival_value"), _ratio(row), _short(row["cold_seconds"])]
    return [row["benchmark"], row["case"], row["rival"], *values, row["note"]]


def _curve(row: dict[str, str]) -> list[str]:
    fit = f"{float(row['exponent']):.2f} [{float(row['low']):.2f}, {float(row['high']):.2f}]"
    return [row["sampler"], row["axis"], row["at"], fit, row["sizes"].replace(" ", ", ")]


def _device(row: dict[str, str]) -> list[str]:
    share = f"{100 * float(row['share']):.2g}% of {_short(row['copy'])} GB/s"
    return [row["sampler"], row["size"], row["device"], f"{_short(row['rate'])} {row['unit']}", _short(row["gigabytes_per_second"]), share]


def _short(text: str) -> str:
    return f"{float(text):,.3g}" if text and abs(float(text)) < 1000 else f"{float(text):,.0f}" if text else ""


def _value(row: dict[str, str], name: str) -> str:
    return f"{_short(row[name])} {row['unit']}" if row[name] else ""


def _ratio(row: dict[str, str]) -> str:
    return f"{_short(row['ratio'])} [{_short(row['ratio_low'])}, {_short(row['ratio_high'])}]" if row["ratio"] else ""
