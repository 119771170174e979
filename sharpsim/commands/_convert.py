"""`sharpsim convert`: logs of any layout as one table."""

import argparse
from pathlib import Path

from sharpsim.commands._reading import add_reading, clear, reading_options
from sharpsim.files import try_folder
from sharpsim.logs import convert


def add_options(command: argparse.ArgumentParser) -> None:
    """The options of the command."""
    command.add_argument("logs", nargs="+", metavar="LOGS", help="files, patterns such as 'runs/*.jsonl', folders, or - for standard input")
    command.add_argument(
        "--to", type=Path, required=True, metavar="FILE", help="the table to write: .csv, .parquet or .jsonl, perhaps with .gz"
    )
    add_reading(command)


def run(options: argparse.Namespace) -> int:
    """Convert, and say what was taken for what."""
    try_folder(options.to.parent)
    try:
        reading = convert(options.logs, options.to, **reading_options(options))
    finally:
        clear()
    print("\n".join(reading.lines()))
    print(f"written: {options.to}")
    return 0
