"""The command `sharpsim-exercises`: list the exercises, start one, check an answer.

sharpsim-exercises list
sharpsim-exercises start 05.2 [--to FILE]      writes the stub to FILE (exercise_05_2.py)
sharpsim-exercises check 05.2 [--file FILE]    exit status 0: passed, 1: not passed, 2: the question itself was wrong
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from sharpsim._arguments import WORDS, checked
from sharpsim.exercises._catalogue import all_exercises, find, stub_of
from sharpsim.exercises._student import TIME_LIMIT, check_file

KINDS = {"easy": "easy", "proof": "proof-like", "open": "open-ended"}


@checked(arguments=WORDS)
def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(prog="sharpsim-exercises", description="Exercises of the sharpening course that check themselves.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="list all exercises")
    start = commands.add_parser("start", help="write the stub of an exercise to a file")
    start.add_argument("number", help="such as 05.2")
    start.add_argument("--to", type=Path, metavar="FILE", help="the file to write (default: exercise_05_2.py)")
    check = commands.add_parser("check", help="check an answer")
    check.add_argument("number", help="such as 05.2")
    check.add_argument("--file", type=Path, metavar="FILE", help="the file with the answer (default: exercise_05_2.py)")
    given = parser.parse_args(arguments)
    if given.command == "list":
        for exercise in all_exercises():
            print(f"{exercise.number}  {KINDS[exercise.kind]:10s}  {exercise.title}")
        return 0
    try:
        number = find(given.number).number
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    default = Path(f"exercise_{number.replace('.', '_')}.py")
    return _start(number, given.to or default) if given.command == "start" else _check(number, given.file or default)


def _start(number: str, path: Path) -> int:
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(stub_of(find(number)))
    except FileExistsError:
        print(f"{path} exists already; choose another file with --to.", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"{path} cannot be written: {error.strerror}.", file=sys.stderr)
        return 2
    print(f"Wrote {path}. Complete the function, then: sharpsim-exercises check {number} --file {path}")
    return 0


def _check(number: str, path: Path) -> int:
    if not path.is_file():
        print(f"There is no file {path}. Write it with: sharpsim-exercises start {number} --to {path}", file=sys.stderr)
        return 2
    outcome = check_file(number, path, limit=TIME_LIMIT)
    if outcome.passed:
        print(f"Exercise {number}: passed, on {outcome.instances} instances.")
        return 0
    print(f"Exercise {number}: not yet. {outcome.message[:1].upper()}{outcome.message[1:]}")
    if outcome.instance:
        print(f"Smallest instance on which this happens (number {outcome.instances}, from small to large):")
        print("    " + outcome.instance.replace("\n", "\n    "))
    return 1


if __name__ == "__main__":
    sys.exit(main())
