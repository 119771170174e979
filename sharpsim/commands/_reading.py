"""The options with which logs are read, and the bar that shows how far the reading is."""

import argparse
import sys
import time
from typing import Any

from sharpsim.logs import FORMATS

EVERY = 0.2
"""Seconds between two states of the bar."""


def add_reading(command: argparse.ArgumentParser) -> None:
    """The options of `sharpsim.logs.read_logs`."""
    reading = command.add_argument_group("how the logs are read")
    reading.add_argument("--format", default="auto", help=f"auto (found from content), or one of {', '.join(FORMATS)}")
    reading.add_argument(
        "--skip-bad", action="store_true", help="leave out lines that cannot be read, and count them; otherwise the first stops"
    )
    reading.add_argument(
        "--temperature", type=float, metavar="T", help="temperature at which the samples were drawn, if the log does not say"
    )
    reading.add_argument("--top-p", type=float, metavar="P", help="top-p at which the samples were drawn, if the log does not say")
    reading.add_argument(
        "--field",
        action="append",
        default=[],
        metavar="COLUMN=NAME",
        help="take a column from this field of the log, such as correct=reward",
    )
    reading.add_argument("--filter", help="of lm-evaluation-harness logs: the filter whose answers are used")
    reading.add_argument("--pattern", help="regular expression that finds the answer in a response")
    reading.add_argument("--threshold", type=float, help="a sample is right if its score is at least this")


def reading_options(options: argparse.Namespace) -> dict[str, Any]:
    """The keyword arguments of `read_logs`. Raises `ValueError` for a --field without "="."""
    fields = {}
    for pair in options.field:
        column, equals, name = pair.partition("=")
        if not (column and equals and name):
            raise ValueError(f"`--field` must be COLUMN=NAME, such as correct=reward; got {pair!r}.")
        fields[column] = name
    names = ("format", "skip_bad", "temperature", "top_p", "filter", "pattern", "threshold")
    return {name: getattr(options, name) for name in names} | {"fields": fields or None, "progress": bar()}


def bar() -> Any:
    """A function that shows rows read and the share of the file on standard error; None where that is no terminal."""
    if not sys.stderr.isatty():
        return None
    last = [0.0]

    def show(rows: int, share: float | None) -> None:
        now = time.monotonic()
        if now - last[0] < EVERY and share != 1:
            return
        last[0] = now
        done = "" if share is None else f" {'#' * round(24 * share):24} {100 * share:3.0f}%"
        print(f"\rreading{done} {rows:,} rows ", end="", file=sys.stderr, flush=True)

    return show


def clear() -> None:
    """Take the bar away."""
    if sys.stderr.isatty():
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)
