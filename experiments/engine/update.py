"""Replaces the committed reference, rows and drawings, by what runs have written to `out/`: the maintainers' `make update`."""

import shutil
from collections.abc import Callable
from pathlib import Path

from experiments.engine.report import write_report
from experiments.engine.rows import STAMPS, Places, Refused, read_parts
from experiments.engine.run import load, stems
from experiments.engine.verdicts import write_verdicts


def update(*, draw: Callable[[str, Places], list[Path]]) -> list[Path]:
    """Copy the rows of `out/default` and `out/full`, judge and draw the reference again, write the report; return the report's files.

    A stem that was not run keeps its rows; its verdicts are computed again from them, since the code that judges may have changed. Rows
    of a full run are kept only for stems that keep some already. Raises `Refused` where no run has left rows.
    """
    reference = Places.reference()
    runs = [(Places.of("default"), reference, True), (Places.of("full"), reference.full, False)]
    if not any(run.parts(stem) for run, _, _ in runs for stem in stems()):
        raise Refused("no run has left rows in out/default or out/full: run `make reproduce` first.")
    for stem in stems():
        for run, kept, new in runs:
            if run.parts(stem) and (new or kept.parts(stem)):
                _copy(stem, run, kept)
            if kept.parts(stem):
                _judge(stem, kept)
        for old in (*reference.figures.glob(f"{stem}.*"), *reference.figures.glob(f"{stem}-*.*")):
            old.unlink()
        if reference.parts(stem):
            draw(stem, reference)
    return write_report()


def _copy(stem: str, run: Places, kept: Places) -> None:
    """Put a stem's rows and provenance in the place of those that are kept."""
    with kept.replaced(stem) as draft:
        for path in (*run.every_part(stem).values(), run.rows / f"{stem}.json"):
            shutil.copyfile(path, draft.rows / path.name)


def _judge(stem: str, kept: Places) -> None:
    """Compute a stem's verdicts from the rows that are kept."""
    module = load(stem)
    tables = read_parts(stem, kept, module.COLUMNS)
    first = next(next(iter(tables.values())).rows())
    write_verdicts(stem, module.verdicts(tables), kept, {name: first[name] for name in STAMPS})
