"""Writes the drawings of a stem to disk: PNG, PDF, SVG, and a JSON with the caption and the rows that were drawn.

Call `draw_stem` after a run, or through `python -m figures STEM`. The same rows give the same bytes in all three formats.
"""

import hashlib
import importlib
import io
import json
import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from fontTools import subset
from matplotlib.figure import Figure

from experiments.engine.interrupt import deaf, end_with_caller
from experiments.engine.machine import cores
from experiments.engine.rows import ROOT, Places, Refused, Table, read_parts, stem_part, stems_in, write_whole
from figures.engine.style import STYLE, plain

# No dates or tool versions in the files: drawing twice must not change them.
_METADATA: dict[str, dict[str, Any]] = {
    "png": {"Software": None},
    "pdf": {"Creator": None, "Producer": None, "CreationDate": None},
    "svg": {"Creator": None, "Date": None},
}

# Tables for the shaping of text, which is done when a PDF is written: to cut them takes more than half of the time that its fonts take.
_unused: list[str] | None = getattr(subset.Options, "_drop_tables_default", None)
if _unused is not None and "GSUB" not in _unused:
    _unused += ["GSUB", "GPOS", "GDEF", "kern"]


def drawable() -> list[str]:
    """Every stem that has a figure module."""
    return sorted(stems_in(ROOT / "figures"))


def draw_stems(stems: Sequence[str], places: Places) -> Iterator[list[Path]]:
    """`draw_stem` for each of these stems, in their order, side by side in as many processes as there are cores."""
    count = min(len(stems), cores())
    if count < 2:
        yield from (draw_stem(stem, places) for stem in stems)
        return
    with deaf():
        executor = ProcessPoolExecutor(count, multiprocessing.get_context("spawn"), end_with_caller)
        waiting = [executor.submit(draw_stem, stem, places) for stem in stems]
    with executor:
        yield from (drawn.result() for drawn in waiting)


def draw_stem(stem: str, places: Places, *, kinds: Sequence[str] | None = None) -> list[Path]:
    """Draw the rows of one stem, and of a full run where they are kept beside them, as files of these kinds (None: all); return PNGs."""
    if stem not in drawable():
        raise Refused(f"no figure {stem!r}; there are {', '.join(drawable()) or 'none yet'}.")
    kinds = tuple(_METADATA) if kinds is None else kinds
    kept = _draw(stem, places.full, f"{stem}-full", kinds) if places.full.parts(stem) else []
    return _draw(stem, places, stem, kinds) + kept


def draw_run(stem: str, places: Places) -> list[Path]:
    """Draw the rows of one stem, if it has drawings. Of the reference the PNG alone is kept, and a smoke run needs no more."""
    kinds = ("png",) if places == Places.reference() or places.provenance(stem).get("scale") == "smoke" else None
    return draw_stem(stem, places, kinds=kinds) if stem in drawable() else []


def tables_of(stem: str, places: Places) -> dict[str, Table]:
    """The tables that a figure draws: every text in them is `plain`, here and nowhere else. Formulas stand in the figures' own code."""

    def shown(column: np.ndarray) -> Any:
        return [plain(text) for text in column] if column.dtype.kind == "U" else column

    tables = read_parts(stem, places)
    return {part: Table({name: shown(table[name]) for name in table.columns}) for part, table in tables.items()}


def _draw(stem: str, places: Places, name: str, kinds: Sequence[str]) -> list[Path]:
    module = importlib.import_module(f"figures.{stem}")
    with matplotlib.rc_context(STYLE):
        drawings: dict[str, Figure] = module.draw(tables_of(stem, places))
        return [_save(fig, stem_part(name, part), stem, places, kinds) for part, fig in drawings.items()]


def _save(fig: Figure, name: str, stem: str, places: Places, kinds: Sequence[str]) -> Path:
    for kind in kinds:
        content = io.BytesIO()
        fig.savefig(content, format=kind, metadata=_METADATA[kind])
        # Laid out once: it takes as long as drawing, and the others would differ by fractions of a point.
        fig.set_layout_engine(None)
        write_whole(places.figures / f"{name}.{kind}", content.getvalue())
    rows = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in places.parts(stem).values()}
    record = {"figure": name, "caption": fig.get_label(), "rows": rows, "matplotlib": matplotlib.__version__}
    record |= {"run": places.provenance(stem)}
    write_whole(places.figures / f"{name}.json", json.dumps(record, indent=1) + "\n")
    return places.figures / f"{name}.png"
