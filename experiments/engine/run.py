"""Runs one stem: from its settings to rows, verdicts and provenance on disk."""

import importlib
import json
import time
from dataclasses import asdict
from pathlib import Path
from types import ModuleType
from typing import Any

from experiments.engine.bases import load_base
from experiments.engine.columns import Tables, by_kind, undeclared
from experiments.engine.cost import measured
from experiments.engine.frame import Context, key_implementation
from experiments.engine.journal import Journal
from experiments.engine.provenance import commit, digest, file_digest, hardware, libraries, versions
from experiments.engine.rows import ROOT, VERDICTS, Places, Refused, read_parts, stems_in, write_rows
from experiments.engine.verdicts import Verdict, write_verdicts
from sharpsim.files import write_whole

SCALES = ("smoke", "default", "full")


def stems() -> list[str]:
    """Every experiment, in the catalogue's order; one that the catalogue does not know comes last."""
    from sharpsim.theory import STEMS

    order = {stem: i for i, stem in enumerate(STEMS)}
    found = stems_in(ROOT / "experiments")
    return sorted(found, key=lambda stem: (order.get(stem, len(order)), stem))


def load(stem: str) -> ModuleType:
    """A stem's module."""
    if stem not in stems():
        raise Refused(f"no experiment {stem!r}; there are {', '.join(stems()) or 'none yet'}.")
    return importlib.import_module(f"experiments.{stem}")


def run_stem(
    stem: str,
    *,
    scale: str,
    seed: int,
    base: Path | None,
    places: Places,
    quiet: bool = False,
    client: Any = None,
) -> list[Verdict]:
    """Run one experiment; write its rows, its verdicts (computed from the rows as written) and its provenance.

    All files of the stem are replaced together or not at all; where the judge fails, rows and provenance are written without verdicts and
    the error is raised. A run that was killed resumes from its journal. With a Dask `client`, sweeps run on its workers. Raises
    `ValueError` where the rows have a column that the stem does not declare, `Refused` where the folder cannot be written.
    """
    module = load(stem)
    _check_given(stem, module, base)
    places.try_out()
    settings, given = module.SETTINGS[scale], [base] if base else []
    stamps = {"seed": seed, "setting": digest(settings, scale, *given), "versions": versions()}
    journal = Journal.of(stem, *stamps.values(), libraries(), key_implementation(), hardware())
    context = Context(scale=scale, seed=seed, base=base, quiet=quiet, journal=journal, client=client)

    started = time.perf_counter()
    with measured() as so_far:
        parts = module.run(settings, context)
        cost = so_far()
    record = {
        "stem": stem,
        "scale": scale,
        **{name: stamps[name] for name in ("setting", "seed")},
        "settings": asdict(settings),
        "base": None if base is None else {"sha256": file_digest(base)},
        "generator": key_implementation(),
        "versions": libraries(),
        **commit(),
        "hardware": hardware(),
        "wall_seconds": round(time.perf_counter() - started, 1),
        **cost._asdict(),
        "rows": {places.part(stem, name).name: len(rows) for name, rows in parts.items()},
        "columns": {places.part(stem, name).name: by_kind(module.COLUMNS[name]) for name in parts if name in module.COLUMNS},
        "notes": context.notes,
    }
    failed: Exception | None = None
    verdicts: list[Verdict] = []
    with places.replaced(stem) as draft:
        _write_parts(stem, parts, module.COLUMNS, draft, stamps)
        write_whole(draft.rows / f"{stem}.json", json.dumps(record, indent=1, default=str) + "\n")
        try:
            verdicts = write_verdicts(stem, module.verdicts(read_parts(stem, draft, module.COLUMNS)), draft, stamps)
        except OSError:
            raise
        except Exception as error:
            failed = error
    if failed is not None:
        raise failed
    # Last of all: a run killed a moment ago has nothing to do again.
    journal.drop()
    return verdicts


def _check_given(stem: str, module: ModuleType, base: Path | None) -> None:
    """Refuse a base table that the stem does not take, or that is not one."""
    if base is not None:
        if not getattr(module, "ACCEPTS_BASE", False):
            raise Refused(f"experiment {stem!r} builds its own instances and takes no base table.")
        load_base(base)


def _write_parts(stem: str, parts: dict[str, Any], declared: Tables, places: Places, stamps: dict[str, Any]) -> None:
    """Write every part's rows."""
    if VERDICTS in parts:
        raise ValueError(f"a part of {stem!r} is called {VERDICTS!r}, the name of the file of verdicts.")
    for name, rows in parts.items():
        if wrong := undeclared(list(rows[0]) if rows else [], declared.get(name, {})):
            raise ValueError(f"part {name!r} of {stem!r} must have its columns declared in COLUMNS: {wrong}.")
    for name, rows in parts.items():
        write_rows(places.part(stem, name), rows, stamps, declared[name])
