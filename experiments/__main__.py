"""`python -m experiments list | show STEM | run STEM | samples | all | train | report | update | tamper`."""

import sys

if __name__ == "__main__":
    # Before the other imports: they take a second, in which a user may think better of it.
    from experiments.engine.interrupt import listen

    listen("experiments", sys.argv[1:])

import argparse
import errno
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from experiments.engine.interrupt import STATUS, line
from experiments.engine.rows import ROOT, Places, Refused, read_parts
from experiments.engine.run import SCALES, load, run_stem, stems
from experiments.engine.summary import summary
from experiments.engine.verdicts import read_verdicts
from sharpsim.commands import main as command

_UNWRITABLE = (errno.ENOSPC, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM, errno.EDQUOT)


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line, run the command, return the exit status.

    It is 0, 1 where a result is not as expected, 2 for a refused request, 130 when interrupted.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] == ["samples"]:
        # Kept for who knows it by this name.
        return command(given)
    options = _parser().parse_args(given)
    # A terminal that cannot show a letter gets a question mark, not a traceback.
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")  # pyright: ignore[reportAttributeAccessIssue]
    try:
        return _COMMANDS[options.command](options)
    except Refused as refusal:
        print(f"error: {refusal}", file=sys.stderr)
        return 2
    except OSError as error:
        if error.errno not in _UNWRITABLE:
            raise
        print(f"error: {error.filename or 'standard output'}: {error.strerror}.", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(line("experiments", given), file=sys.stderr)
        return STATUS


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m experiments", description="Run the experiments and write their rows.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="every experiment, and what the committed run of it found")
    show = commands.add_parser("show", help="one experiment: what it does, its settings, its verdicts")
    run = commands.add_parser("run", help="run one experiment and compare it with the committed reference")
    everything = commands.add_parser("all", help="run every experiment, draw every figure, compare with the committed reference")
    train = commands.add_parser("train", help="train the models of the sequence experiments; writes sharpsim/weights")
    commands.add_parser("report", help="write paper_repro.md from the committed rows")
    commands.add_parser("update", help="for maintainers: replace the committed rows and drawings by those in out/")
    commands.add_parser("tamper", help="change each column of the committed rows and say which verdicts notice; writes out/tamper.csv")

    for one in (show, run):
        one.add_argument("stem")
    _add_inputs(run)
    train.add_argument("--task", action="append", help="only this task (may be repeated)")
    train.add_argument("--model", action="append", help="only this model (may be repeated)")
    for one in (show, run, everything):
        one.add_argument("--scale", choices=SCALES, default="default")
    for one in (run, everything, train):
        one.add_argument("--seed", type=int, default=0)
    train.add_argument("--out", type=Path, help="folder for the weights and the log instead of the usual place")
    for one in (run, everything):
        one.add_argument("--out", type=Path, help="folder for rows/ and figures/ instead of out/SCALE")
    return parser


def _add_inputs(run: argparse.ArgumentParser) -> None:
    run.add_argument("--base", type=Path, help="a .npy table [prompts, responses] of probabilities or log-probabilities to use as base")
    run.add_argument(
        "--samples", type=Path, nargs="+", default=[], metavar="FILE",
        help="logs of samples of any models, to write their card in place of running anything (as `sharpsim card`)",
    )  # fmt: skip
    where = run.add_mutually_exclusive_group()
    where.add_argument("--workers", type=int, metavar="K", help="share simulations among K worker processes (needs the `cluster` extra)")
    where.add_argument("--scheduler", metavar="ADDRESS", help="share simulations among the workers of this Dask scheduler")


def _list(_: argparse.Namespace) -> int:
    from sharpsim.theory import STEMS

    places = Places.reference()
    for stem in stems():
        found = [verdict.verdict for verdict in read_verdicts(stem, places)]
        tally = ", ".join(f"{found.count(word)} {word}" for word in dict.fromkeys(found)) or "no committed rows"
        print(f"{stem:16} {STEMS.get(stem, ''):62} {tally}")
    return 0


def _show(options: argparse.Namespace) -> int:
    module = load(options.stem)
    print((module.__doc__ or options.stem).strip(), "\n")
    print(f"Settings at scale {options.scale}:")
    for name, value in asdict(module.SETTINGS[options.scale]).items():
        print(f"  {name} = {value!r}")
    for what, places in (("the last run", Places.of(options.scale)), ("the committed run at default scale", Places.reference())):
        if verdicts := read_verdicts(options.stem, places):
            print(f"\nVerdicts of {what}:\n" + summary(verdicts))
            break
    return 0


def _run(options: argparse.Namespace) -> int:
    if options.samples or (options.base and getattr(load(options.stem), "CARD_OF_BASE", False)):
        return _card(options)
    _prepare_jax()
    places = Places.of(options.scale, seed=options.seed, base=options.base is not None, out=options.out)
    given = {"scale": options.scale, "seed": options.seed, "base": options.base, "places": places}
    with _client(options) as client:
        verdicts = run_stem(options.stem, **given, client=client)
    print(summary(verdicts))
    differs = False
    if options.base is None:
        from experiments.engine.all import print_comparison

        differs = print_comparison([options.stem], scale=options.scale, seed=options.seed, places=places)
    return 1 if differs or any(verdict.unexpected for verdict in verdicts) else 0


def _card(options: argparse.Namespace) -> int:
    """The card of a user's own logs or table, by the installed command, in the folder of the run's output."""
    if options.samples and not getattr(load(options.stem), "CARD_OF_SAMPLES", False):
        raise Refused(f"experiment {options.stem!r} draws its own and takes no logs of samples.")
    folder = options.out or ROOT / "out" / "card"
    given = [*map(str, options.samples)] if options.samples else ["--policy", str(options.base)]
    return command(["card", *given, "--out", str(folder / "card.html")])


def _client(options: argparse.Namespace) -> AbstractContextManager[Any]:
    if options.workers is None and options.scheduler is None:
        return nullcontext()
    from experiments.engine.cluster import connected

    return connected(scheduler=options.scheduler, workers=options.workers)


def _all(options: argparse.Namespace) -> int:
    _prepare_jax()
    # Not at the top: matplotlib is for those who draw. Here experiments meet figures.
    from experiments.engine.all import run_all
    from figures.engine.save import draw_run

    return run_all(scale=options.scale, seed=options.seed, out=options.out, draw=draw_run)


def _train(options: argparse.Namespace) -> int:
    _prepare_jax()
    from experiments.engine.models import MODELS, RECIPES
    from experiments.engine.train import train
    from sharpsim.policies import WEIGHTS

    train(tasks=options.task or tuple(RECIPES), models=options.model or MODELS, seed=options.seed, folder=options.out or WEIGHTS)
    return 0


def _report(_: argparse.Namespace) -> int:
    from experiments.engine.report import write_report

    for path in write_report():
        print(path.relative_to(ROOT))
    return 0


def _update(_: argparse.Namespace) -> int:
    from experiments.engine.update import update
    from figures.engine.save import draw_run

    for path in update(draw=draw_run):
        print(path.relative_to(ROOT))
    return 0


def _tamper(_: argparse.Namespace) -> int:
    from experiments.engine.tamper import counts, fooled, tampered, write_outcomes

    outcomes = []
    for stem in stems():
        module = load(stem)
        found = tampered(stem, read_parts(stem, Places.reference(), module.COLUMNS), module.verdicts, module.COLUMNS)
        print(f"{stem:16} " + ", ".join(f"{change} {noticed}" for change, noticed in counts(found).items()), flush=True)
        outcomes += found
    write_outcomes(ROOT / "out" / "tamper.csv", outcomes)
    print(f"{'all':16} " + ", ".join(f"{change} {noticed}" for change, noticed in counts(outcomes).items()))
    stood = fooled(outcomes)
    for one in stood:
        print(f"FOOLED: {one.stem}, part {one.part!r}, column {one.column!r}, {one.change}")
    return 1 if stood else 0


def _prepare_jax() -> None:
    from experiments.engine.compiled import make_room, prepare_jax

    prepare_jax()
    # Once for a command: the processes that it starts prepare JAX themselves.
    with suppress(OSError):
        make_room()


_COMMANDS = {
    "list": _list, "show": _show, "run": _run, "all": _all, "train": _train, "report": _report, "update": _update,
    "tamper": _tamper,
}  # fmt: skip

if __name__ == "__main__":
    sys.exit(main())
