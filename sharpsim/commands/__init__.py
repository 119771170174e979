"""The command `sharpsim`, also `python -m sharpsim`: cards of logs and of policies, conversion of logs, drawing of samples, exercises.

sharpsim card LOGS ... [--out card.html]       the sharpening card of logged samples
sharpsim card --policy TABLE.npy               the card of a policy given as a table, exactly
sharpsim convert LOGS ... --to samples.parquet
sharpsim samples --model NAME ...              draws samples from a model that transformers loads
sharpsim exercises list | start | check        the exercises of the course

Exit status: 0; 2 for a refused request, with one line on standard error that names the argument; 130 when interrupted. A module of this
package is loaded by the command that needs it.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from sharpsim._arguments import WORDS, checked, instance

COMMANDS = {
    "card": "what the theory says about your model, from logs of its samples or from a table of its probabilities",
    "convert": "read logs of any layout and write them as one table",
    "samples": "draw samples from a model that transformers loads, as a table",
    "exercises": "the exercises of the course (as `sharpsim-exercises`)",
}


@checked(arguments=WORDS)
def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line, run the command, return the exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a letter gets a question mark, not a traceback.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # pyright: ignore[reportAttributeAccessIssue]
    if given[:1] == ["exercises"]:
        return import_module("sharpsim.exercises").main(given[1:])
    options = parser(given[:1]).parse_args(given)
    try:
        return import_module(f"sharpsim.commands._{options.command}").run(options)
    except (ValueError, OSError) as refusal:
        if isinstance(refusal, BrokenPipeError):
            # Who reads has read enough; Python must not complain at exit either.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0
        print(f"error: {one_line(refusal)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130


@checked(refusal=instance(Exception))
def one_line(refusal: Exception) -> str:
    """The message on one line, without anything that could control a terminal."""
    if isinstance(refusal, OSError) and refusal.strerror:
        return f"{refusal.filename or 'file'}: {refusal.strerror}."
    return "".join(letter if letter.isprintable() else " " for letter in " ".join(str(refusal).split()))


@checked(asked=WORDS)
def parser(asked: Sequence[str] = tuple(COMMANDS)) -> argparse.ArgumentParser:
    """The parser. Only the options of the commands in `asked` are there, since they are kept with what runs them."""
    made = argparse.ArgumentParser(prog="sharpsim", description="The sharpening mechanism of language models, on your own model.")
    made.add_argument("--version", action="version", version=f"sharpsim {import_module('sharpsim').__version__}")
    commands = made.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, what in COMMANDS.items():
        command = commands.add_parser(name, help=what, description=f"{what[0].upper()}{what[1:]}.")
        if name in asked and name != "exercises":
            import_module(f"sharpsim.commands._{name}").add_options(command)
    return made
