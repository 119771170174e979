"""`sharpsim card`: the card of logs, or of a policy given as a table."""

import argparse
from pathlib import Path

from sharpsim.cards import SUFFIXES, USUAL, Card, Goal, card, card_of_logs, check_ending, read_array
from sharpsim.commands._reading import add_reading, clear, reading_options
from sharpsim.files import try_folder
from sharpsim.logs import read_logs


def add_options(command: argparse.ArgumentParser) -> None:
    """The options of the command."""
    command.add_argument("logs", nargs="*", metavar="LOGS", help="files, patterns such as 'runs/*.jsonl', folders, or - for standard input")
    command.add_argument(
        "--out", type=Path, help=f"write the card to this file ({', '.join(SUFFIXES)}), and its numbers to a .json beside it"
    )
    command.add_argument("--min-draws", type=int, default=1, metavar="K", help="leave out prompts with fewer draws (default 1)")
    command.add_argument("--no-predictions", action="store_true", help="end the curves with the draws")
    command.add_argument("--predict-votes", action="store_true", help="predict the majority vote beyond the draws too; takes minutes")
    add_reading(command)
    exact = command.add_argument_group("the card of a policy, in place of logs")
    exact.add_argument("--policy", type=Path, metavar="TABLE.npy", help="table [prompts, responses] of probabilities or log-probabilities")
    exact.add_argument("--weights", type=Path, metavar="W.npy", help="weights of the prompts; equal if not given")
    exact.add_argument("--correct", type=Path, metavar="C.npy", help="table of True and False of the same shape")
    goal = command.add_argument_group("what is asked")
    goal.add_argument("--eps", type=float, default=USUAL.eps, help=f"share of prompts that may stay unsharpened (default {USUAL.eps})")
    goal.add_argument(
        "--delta", type=float, default=USUAL.delta, help=f"probability off the mode that still counts as sharp (default {USUAL.delta})"
    )
    goal.add_argument("--rho", type=float, default=USUAL.rho, help=f"probability with which the theorem may fail (default {USUAL.rho})")
    goal.add_argument("--level", type=float, default=USUAL.level, help=f"confidence of intervals (default {USUAL.level})")
    goal.add_argument(
        "--parameters",
        type=float,
        default=USUAL.parameters,
        help=f"16-bit parameters that training may change (default {USUAL.parameters:g})",
    )


def run(options: argparse.Namespace) -> int:
    """Make the card, print it, and write it where --out says."""
    if options.out is not None:
        # Before minutes of work, not after.
        check_ending(options.out)
        try_folder(options.out.parent)
    goal = Goal(options.eps, options.delta, options.rho, options.level, options.parameters)
    made = _of_policy(options, goal) if options.policy is not None else _of_logs(options, goal)
    print(made, end="")
    if options.out is not None:
        print("\n" + "\n".join(f"written: {path}" for path in made.save(options.out)))
    return 0


def _of_policy(options: argparse.Namespace, goal: Goal) -> Card:
    if options.logs:
        raise ValueError(f"`--policy` takes no logs beside it; got {options.logs[0]!r}.")
    table, weights, correct = (
        None if path is None else read_array(name, path)
        for name, path in (("--policy", options.policy), ("--weights", options.weights), ("--correct", options.correct))
    )
    return card(table, None, correct, weights=weights, goal=goal, model=options.policy.stem)


def _of_logs(options: argparse.Namespace, goal: Goal) -> Card:
    for name in ("weights", "correct"):
        if getattr(options, name) is not None:
            raise ValueError(f"`--{name}` goes with --policy; of logs, what is right stands in the log.")
    if not options.logs:
        raise ValueError("`LOGS` must name at least one log, or `--policy` a table; got neither.")
    try:
        table, reading = read_logs(options.logs, **reading_options(options))
    finally:
        clear()
    return card_of_logs(
        table, reading, min_draws=options.min_draws, predict=not options.no_predictions, predict_votes=options.predict_votes, goal=goal
    )
