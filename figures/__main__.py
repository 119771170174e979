"""Command line `python -m figures STEM` or `python -m figures all`: draws rows that a run has written, and runs nothing."""

import sys

if __name__ == "__main__":
    from experiments.engine.interrupt import listen

    listen("figures", sys.argv[1:])

import argparse
from collections.abc import Sequence
from pathlib import Path

from experiments.engine.rows import Places, Refused
from figures.engine.save import draw_stems, drawable


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line, draw, return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m figures", description="Draw the figures from the experiments' rows.")
    parser.add_argument("stem", help="a stem, or `all`: every stem whose rows are there")
    parser.add_argument("--scale", choices=("smoke", "default", "full"), default="default")
    parser.add_argument("--out", type=Path, help="folder that an experiment was given as --out")
    options = parser.parse_args(arguments)
    places = Places.of(options.scale, out=options.out)
    if options.out is None and options.scale == "default" and not any(places.parts(stem) for stem in drawable()):
        # No run yet: the committed rows, drawn beside where a run would draw them.
        places = Places(Places.reference().rows, places.figures)
    chosen = [stem for stem in drawable() if places.parts(stem)] if options.stem == "all" else [options.stem]
    try:
        for paths in draw_stems(chosen, places):
            print(*paths, sep="\n", flush=True)
    except Refused as refusal:
        print(f"error: {refusal}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
