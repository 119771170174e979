"""`python -m experiments list | show STEM | run STEM | samples | all | train | report | update`."""

import argparse
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any

from experiments.engine.rows import ROOT, Places, Refused, read_parts
from experiments.engine.run import SCALES, load, run_stem, stems
from experiments.engine.summary import summary
from experiments.engine.verdicts import read_verdicts
from experiments.inference.summary import cells_summary
from sharpsim.logs import LogError, draw_samples


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line, run the command, return the exit status: 0, 1 where a result is not as expected, 2 for a refused request."""
    options = _parser().parse_args(arguments)
    # A terminal that cannot show a letter gets a question mark, not a traceback.
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")  # pyright: ignore[reportAttributeAccessIssue]
    try:
        return _COMMANDS[options.command](options)
    except (Refused, LogError) as refusal:
        print(f"error: {refusal}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m experiments", description="Run the experiments and write their rows.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="every experiment, and what the committed run of it found")
    show = commands.add_parser("show", help="one experiment: what it does, its settings, its verdicts")
    run = commands.add_parser("run", help="run one experiment and compare it with the committed reference")
    _add_drawing(commands.add_parser("samples", help="draw samples from a Hugging Face model and write the table that --samples reads"))
    everything = commands.add_parser("all", help="run every experiment, draw every figure, compare with the committed reference")
    train = commands.add_parser("train", help="train the models of the sequence experiments; writes sharpsim/weights")
    commands.add_parser("report", help="write paper_repro.md from the committed rows")
    commands.add_parser("update", help="for maintainers: replace the committed rows and drawings by those in out/")

    for command in (show, run):
        command.add_argument("stem")
    _add_inputs(run)
    train.add_argument("--task", action="append", help="only this task (may be repeated)")
    train.add_argument("--model", action="append", help="only this model (may be repeated)")
    for command in (show, run, everything):
        command.add_argument("--scale", choices=SCALES, default="default")
    for command in (run, everything, train):
        command.add_argument("--seed", type=int, default=0)
    train.add_argument("--out", type=Path, help="folder for the weights and the log instead of the usual place")
    for command in (run, everything):
        command.add_argument("--out", type=Path, help="folder for rows/ and figures/ instead of out/SCALE")
    return parser


def _add_inputs(run: argparse.ArgumentParser) -> None:
    run.add_argument("--base", type=Path, help="a .npy table [prompts, responses] of probabilities or log-probabilities to use as base")
    run.add_argument(
        "--samples", type=Path, nargs="+", default=[], metavar="FILE",
        help="tables of samples (CSV or Parquet) of any models, to draw the paper's panels from in place of running anything",
    )  # fmt: skip
    where = run.add_mutually_exclusive_group()
    where.add_argument("--workers", type=int, metavar="K", help="share simulations among K worker processes (needs the `cluster` extra)")
    where.add_argument("--scheduler", metavar="ADDRESS", help="share simulations among the workers of this Dask scheduler")


def _add_drawing(samples: argparse.ArgumentParser) -> None:
    """The arguments of `sharpsim.logs.draw_samples`. What decides the numbers has no default."""
    samples.add_argument("--model", required=True, help="name on the Hugging Face hub, or a folder with the model")
    samples.add_argument("--questions", type=Path, required=True, help="JSONL with prompt, answer and, if need be, pattern")
    samples.add_argument("--out", type=Path, required=True, help="the table to write: .csv or .parquet")
    samples.add_argument("--draws", type=int, required=True, help="draws of each prompt and seed (the paper: 50)")
    samples.add_argument("--seeds", type=int, required=True, help="number of seeds, 0, 1, ... (the paper: 10)")
    samples.add_argument("--max-tokens", type=int, required=True, help="length at which responses are cut off (the paper: 512)")
    samples.add_argument("--pattern", help="pattern of the questions that have none")
    samples.add_argument("--chat", action="store_true", help="put each prompt through the tokenizer's chat template, as a user's turn")
    samples.add_argument("--name", help="the column `model`; the last part of --model if not given")
    samples.add_argument("--task", help="the column `task`; the questions' file name if not given")
    samples.add_argument("--batch", type=int, default=64, help="responses drawn at once")
    samples.add_argument("--dtype", choices=("float32", "bfloat16", "float16"), default="float32")
    samples.add_argument("--device", help="torch device; a GPU where there is one if not given")


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
    _prepare_jax()
    samples = tuple(options.samples)
    places = Places.of(options.scale, seed=options.seed, base=options.base is not None, samples=bool(samples), out=options.out)
    given = {"scale": options.scale, "seed": options.seed, "base": options.base, "places": places, "samples": samples}
    with _client(options) as client:
        verdicts = run_stem(options.stem, **given, client=client)
    if samples:
        _show_panels(options.stem, places)
    print(summary(verdicts))
    differs = False
    if options.base is None and not samples:
        from experiments.engine.all import print_comparison

        differs = print_comparison([options.stem], scale=options.scale, seed=options.seed, places=places)
    return 1 if differs or any(verdict.unexpected for verdict in verdicts) else 0


def _client(options: argparse.Namespace) -> AbstractContextManager[Any]:
    if options.workers is None and options.scheduler is None:
        return nullcontext()
    from experiments.engine.cluster import connected

    return connected(scheduler=options.scheduler, workers=options.workers)


def _show_panels(stem: str, places: Places) -> None:
    for path in _draw(stem, places):
        print(path)
    print(f"\n{cells_summary(read_parts(stem, places)['cells'])}\n")


def _draw(stem: str, places: Places) -> list[Path]:
    """The one place where experiments meet figures. Of the reference the PNG alone is kept."""
    # Not at the top: matplotlib is for those who draw.
    from figures.engine.save import draw_stem, drawable

    kinds = ("png",) if places == Places.reference() else None
    return draw_stem(stem, places, kinds=kinds) if stem in drawable() else []


def _samples(options: argparse.Namespace) -> int:
    print(draw_samples(**{name: value for name, value in vars(options).items() if name != "command"}))
    return 0


def _all(options: argparse.Namespace) -> int:
    _prepare_jax()
    from experiments.engine.all import run_all

    return run_all(scale=options.scale, seed=options.seed, out=options.out, draw=_draw)


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

    for path in update(draw=_draw):
        print(path.relative_to(ROOT))
    return 0


def _prepare_jax() -> None:
    from experiments.engine.compiled import prepare_jax

    prepare_jax()


_COMMANDS = {
    "list": _list, "show": _show, "run": _run, "samples": _samples, "all": _all, "train": _train, "report": _report, "update": _update,
}  # fmt: skip

if __name__ == "__main__":
    sys.exit(main())
