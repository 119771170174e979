"""What the pages show, read from its only source: the catalogue, the statements, the errata, the committed verdicts and drawings."""

import ast
import csv
import importlib
import json
from pathlib import Path
from typing import Any

import yaml
from pages import ROOT

from experiments.engine import verdicts as _verdicts
from experiments.engine.report import committed_verdicts, item_label, places_of
from sharpsim import theory

__all__ = ["committed_verdicts", "item_label", "places_of"]

ERRATUM_WORDS = {getattr(_verdicts, "ERRATUM", "erratum shown"), "erratum shown", "violated"}
"""What the row of a formula that is false as printed is expected to say."""


def _exported(name: str, home: str) -> Any:
    """An export of `sharpsim.theory`, or the same name in the module that holds it."""
    try:
        return getattr(theory, name)
    except AttributeError:
        return getattr(importlib.import_module(f"sharpsim.theory.{home}"), name)


CATALOGUE: tuple[Any, ...] = _exported("CATALOGUE", "_catalogue")
STEMS: dict[str, str] = _exported("STEMS", "_catalogue")
ERRATA: tuple[Any, ...] = _exported("ERRATA", "_errata")
STATEMENTS: tuple[Any, ...] = theory.STATEMENTS


def module(stem: str) -> Any:
    """The theory module of a stem."""
    return importlib.import_module(f"sharpsim.theory.{stem}")


def items(stem: str) -> list[Any]:
    """The catalogue's items whose home is this stem."""
    return [item for item in CATALOGUE if item.stem == stem]


def verdicts(stem: str) -> list[Any]:
    """The committed verdicts of a stem: of the run at default scale, and of the full run for what that does not judge."""
    return [verdict for verdict in committed_verdicts() if verdict.stem == stem]


def shows_erratum(verdict: Any) -> bool:
    """Whether a verdict is on a formula that is false as printed, and says that the number contradicts it."""
    return verdict.expected in ERRATUM_WORDS and verdict.verdict in ERRATUM_WORDS


def judged(item: Any, found: list[Any]) -> list[Any]:
    """The verdicts on an item. Those on its version with constants stand there, if that is an item too."""
    own = {item.label, item.formal} - {other.label for other in CATALOGUE if other is not item}
    return [v for v in found if item_label(v) in own and not shows_erratum(v)]


def figures(stem: str) -> list[tuple[Path, str]]:
    """The committed drawings of a stem's run at default scale, each with its caption as alternative text."""
    folder = ROOT / "figures" / "out"
    found = sorted(folder.glob(f"{stem}.png")) + sorted(folder.glob(f"{stem}-*.png"))
    return [(path, caption(path)) for path in found if "-full" not in path.name]


def caption(drawing: Path) -> str:
    """The caption in the JSON beside a drawing, or the subject of its stem where there is none."""
    told = json.loads(drawing.with_suffix(".json").read_text())
    stem, _, part = drawing.stem.partition("-")
    name = f"{STEMS[stem]}: {part.replace('-', ' ').replace('_', ' ')}" if part else STEMS[stem]
    return " ".join(str(told.get("caption") or f"{name}.").split())


def experiment_files(stem: str) -> list[str]:
    """The files of a stem's experiment, relative to the repository's root."""
    folder = ROOT / "experiments" / stem
    paths = sorted(folder.glob("*.py")) if folder.is_dir() else [folder.with_suffix(".py")]
    return [str(path.relative_to(ROOT)) for path in paths if path.exists()]


def tests_of(stem: str) -> list[str]:
    """The named tests that back the stem's items and errata, as `file::name`."""
    named = [item.test for item in items(stem)] + [erratum.test for erratum in ERRATA if erratum.stem == stem]
    return list(dict.fromkeys(name for name in named if name))


def test_exists(test: str) -> bool:
    """Whether `file::name` is a function of that file."""
    file, _, name = test.partition("::")
    path = ROOT / file
    return path.exists() and any(isinstance(node, ast.FunctionDef) and node.name == name for node in ast.parse(path.read_text()).body)


def setting(stem: str) -> str:
    """The name of the setting under which the committed rows were made."""
    path = ROOT / "experiments" / "rows" / f"{stem}-verdicts.csv"
    with path.open(newline="") as file:
        return next(csv.DictReader(file), {}).get("setting", "")


def bibtex() -> str:
    """The entries of this software and of the paper, from CITATION.cff."""
    told = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    paper = told["references"][0]
    names = " and ".join(f"{one['family-names']}, {one['given-names']}" for one in paper["authors"])
    first = paper["authors"][0]["family-names"].lower()
    return (
        f"@inproceedings{{{first}{paper['year']}sharpening, author = {{{names}}}, title = {{{paper['title']}}}, "
        f"booktitle = {{{paper['collection-title']}}}, year = {{{paper['year']}}}, note = {{{paper['notes']}}}}}\n"
        f"@software{{sharpsim, author = {{{told['authors'][0]['name']}}}, title = {{{told['title']}}}, version = {{{told['version']}}}}}"
    )
