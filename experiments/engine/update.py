"""Replaces the committed reference, rows and drawings, by what runs have written to `out/`: the maintainers' `make update`."""

import shutil
from collections.abc import Callable
from pathlib import Path

from experiments.engine.report import write_report
from experiments.engine.rows import Places, Refused
from experiments.engine.run import stems


def update(*, draw: Callable[[str, Places], list[Path]]) -> list[Path]:
    """Copy the rows of `out/default` and `out/full`, draw the reference again and write the report; return the files of the report.

    A stem that was not run keeps its rows. Rows of a full run are kept only for stems that keep some already. Raises `Refused` where no
    run has left rows.
    """
    reference = Places.reference()
    runs = [(Places.of("default"), reference, True), (Places.of("full"), reference.full, False)]
    renewed = [
        stem for run, kept, new in runs for stem in stems() if run.parts(stem) and (new or kept.parts(stem)) and _copy(stem, run, kept)
    ]
    if not renewed:
        raise Refused("no run has left rows in out/default or out/full: run `make reproduce` first.")
    for stem in dict.fromkeys(renewed):
        for old in (*reference.figures.glob(f"{stem}.*"), *reference.figures.glob(f"{stem}-*.*")):
            old.unlink()
        draw(stem, reference)
    return write_report()


def _copy(stem: str, run: Places, kept: Places) -> bool:
    """Put a stem's rows and provenance in the place of those that are kept."""
    kept.rows.mkdir(parents=True, exist_ok=True)
    for old in kept.every_part(stem).values():
        old.unlink()
    for path in (*run.every_part(stem).values(), run.rows / f"{stem}.json"):
        shutil.copyfile(path, kept.rows / path.name)
    return True
