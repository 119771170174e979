"""The house in order: four places for each result, a report that its rows give, a README that runs, files of one concept."""

import ast
import re
import subprocess
import sys
from importlib.metadata import version

import pytest

import sharpsim
from experiments.engine.report import paper_report, places_of
from experiments.engine.rows import ROOT, Places, place_of, read_parts
from experiments.engine.rows import stems_in as found_in
from experiments.engine.verdicts import read_verdicts
from sharpsim.theory import CATALOGUE, ERRATA, ERRATUM_KINDS, ITEM_KINDS, STEMS

PLACES = {"sharpsim/theory": "{}", "experiments": "{}", "figures": "{}", "tests/theory": "test_{}"}


def stems_in(folder: str) -> set[str]:
    return {name.removeprefix("test_") for name in found_in(ROOT / folder)}


def tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [name for name in listed.split("\0") if name and (ROOT / name).is_file()]


STEMS_ANYWHERE = sorted(set().union(*(stems_in(folder) for folder in PLACES)))


@pytest.mark.parametrize("stem", STEMS_ANYWHERE)
def test_a_result_has_its_four_places(stem):
    assert stem in STEMS, "the catalogue does not know this stem"
    missing = [path for path in (place_of(folder, name.format(stem)) for folder, name in PLACES.items()) if not (ROOT / path).exists()]
    assert not missing
    assert any(item.stem == stem for item in CATALOGUE)


@pytest.mark.parametrize("stem", sorted(stems_in("experiments") & stems_in("figures")))
def test_a_result_is_in_the_gallery(stem):
    places = Places.reference()
    assert read_parts(stem, places)
    assert places.provenance(stem)["scale"] == "default"
    judged = read_verdicts(stem, places)
    assert judged
    assert not [verdict for verdict in judged if verdict.unexpected]
    drawings = {path.suffix for path in places.figures.glob(f"{stem}*") if re.fullmatch(rf"{stem}(-\w+)?", path.stem)}
    assert drawings == {".png", ".json"}


@pytest.mark.parametrize("stem", [stem for stem in STEMS if Places.reference().full.parts(stem)])
def test_kept_rows_of_a_full_run_are_sound(stem):
    places = Places.reference().full
    assert places.provenance(stem)["scale"] == "full"
    judged = read_verdicts(stem, places)
    assert judged
    assert not [verdict for verdict in judged if verdict.unexpected]


def test_nothing_is_orphaned():
    owners = set(STEMS)
    for folder in ("experiments/rows", "experiments/rows/full", "figures/out"):
        found = {path.stem.split("-")[0] for path in (ROOT / folder).glob("*.*") if not path.name.startswith(".")}
        assert found <= owners & stems_in(folder.split("/")[0]), folder


def test_catalogue_is_well_formed():
    labels = [item.label for item in CATALOGUE]
    assert len(labels) == len(set(labels))
    for item in CATALOGUE:
        assert item.kind in ITEM_KINDS
        assert item.stem in STEMS
        assert not item.formal or item.formal in labels
    assert {item.stem for item in CATALOGUE} == set(STEMS)
    for erratum in ERRATA:
        assert erratum.kind in ERRATUM_KINDS
        assert erratum.stem in STEMS


def test_catalogue_has_every_panel_of_the_paper():
    panels = [f"Figure {panel}" for panel in "1a 1b 1c 2a 2b 2c 2d 3 4 5 6 7 8 9".split()] + ["Table 1", "Table 2"]
    assert sorted(panels) == sorted(item.label for item in CATALOGUE if item.kind in ("figure", "table"))


@pytest.mark.parametrize("test", sorted({entry.test for entry in (*CATALOGUE, *ERRATA) if entry.test}))
def test_named_tests_exist(test):
    path, name = test.split("::")
    defined = {node.name for node in ast.walk(ast.parse((ROOT / path).read_text())) if isinstance(node, ast.FunctionDef)}
    assert name.split("[")[0] in defined


def test_report_is_what_the_rows_give():
    assert (ROOT / "paper_repro.md").read_text() == paper_report(), "run `make report`"


READ_TO_THE_END = ("README.md", *sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs").glob("*.md")))
PAGES = (*READ_TO_THE_END, "paper_repro.md", "CONTRIBUTING.md", "CHANGELOG.md", "benchmarks/RESULTS.md")


def test_report_links_lead_somewhere():
    for page in PAGES:
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", (ROOT / page).read_text()):
            # The book's own generated pages are there once it is built; `make docs-test` follows every link of the built book.
            if page.startswith("docs/") and link.split("/")[0] in ("statements", "api"):
                continue
            assert ((ROOT / page).parent / link).exists(), f"{page} links to {link}"


def test_every_page_of_docs_is_linked_from_another():
    for page in READ_TO_THE_END[1:]:
        others = [(ROOT / other).read_text() for other in READ_TO_THE_END if other != page]
        assert any(page.removeprefix("docs/") in text for text in others), page


def test_every_stem_has_four_names():
    assert set(places_of("sft")) == {"theory", "experiment", "figure", "test"}


def python_blocks(page: str) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", (ROOT / page).read_text(), flags=re.MULTILINE | re.DOTALL)


BLOCKS = [pytest.param(block, id=f"{page}-{i}") for page in READ_TO_THE_END for i, block in enumerate(python_blocks(page))]


@pytest.mark.parametrize("block", BLOCKS)
def test_readme_runs(block):
    done = subprocess.run([sys.executable, "-c", block], cwd=ROOT, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("path", sorted((ROOT / "sharpsim").rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_files_hold_one_concept(path):
    assert len(path.read_text().splitlines()) <= 260


def private(part: str) -> bool:
    return part.startswith("_") and not part.startswith("__")


def imported_modules(tree: ast.AST, package: str) -> list[str]:
    """The dotted names of all modules that a file of `package` imports, wherever in the file; relative imports are resolved."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            module = ".".join([*above, *filter(None, [node.module])])
            # A name taken from a package is a module where there is a file, or a folder, of that name.
            places = {alias.name: ROOT.joinpath(*module.split("."), alias.name) for alias in node.names}
            found += [module, *(f"{module}.{name}" for name, path in places.items() if path.with_suffix(".py").exists() or path.is_dir())]
    return found


def foreign_privates(source: str, package: str) -> list[str]:
    """The private modules that `source`, a file of `package`, imports though another package owns them."""
    guilty = []
    for name in imported_modules(ast.parse(source), package):
        parts = name.split(".")
        first = next((i for i, part in enumerate(parts) if private(part)), 0)
        owner = ".".join(parts[:first])
        if owner and not f"{package}.".startswith(f"{owner}."):
            guilty.append(name)
    return guilty


@pytest.mark.parametrize("folder", ["sharpsim", "experiments", "figures", "benchmarks"])
def test_no_private_module_of_another_package(folder):
    guilty = []
    for path in sorted((ROOT / folder).rglob("*.py")):
        package = ".".join(path.relative_to(ROOT).parent.parts)
        guilty += [f"{path.relative_to(ROOT)} imports {name}" for name in foreign_privates(path.read_text(), package)]
    assert not guilty, "import these names from the package that owns them:\n" + "\n".join(guilty)


def test_private_modules_are_found_in_every_form_of_import():
    found = foreign_privates(
        """
import sharpsim.theory._sec
from sharpsim.theory._common import hellinger
def later():
    from sharpsim.theory import _sec, sft
    from sharpsim import _checks
from ..theory import _witness
from . import _occupancy
from ._binomial import binomial_window
from __future__ import annotations
from sharpsim.laws import _not_a_module
""",
        "sharpsim.laws",
    )
    assert sorted(found) == ["sharpsim.theory._common", "sharpsim.theory._sec", "sharpsim.theory._sec", "sharpsim.theory._witness"]
    assert foreign_privates("from sharpsim import _checks", "experiments.engine") == ["sharpsim._checks"]


def test_no_address_of_a_machine_or_an_index():
    # Written so that this file does not hold what it looks for.
    paths = "|".join(f"{name[0]}[{name[1]}]{name[2:]}" for name in ("work", "farm", "home", "root"))
    forbidden = re.compile(rf"index[-]url|https?://[^ )\">]+/simpl[e]|[.][.]/share[d]|(^|[^\w.])/({paths})/", re.MULTILINE)
    suffixes = (".py", ".md", ".toml", ".json", ".csv", ".cff", ".svg", "Makefile", "run")
    guilty = [name for name in tracked() if name.endswith(suffixes) and forbidden.search((ROOT / name).read_text())]
    assert not guilty


def test_one_version():
    assert version("sharpsim") == sharpsim.__version__
    assert f"version: {sharpsim.__version__}" in (ROOT / "CITATION.cff").read_text()
