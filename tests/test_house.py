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
from sharpsim.theory._catalogue import CATALOGUE, KINDS, STEMS
from sharpsim.theory._errata import ERRATA
from sharpsim.theory._errata import KINDS as SLIPS

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
    places = Places.of("default")
    assert read_parts(stem, places)
    assert places.provenance(stem)["scale"] == "default"
    judged = read_verdicts(stem, places)
    assert judged
    assert not [verdict for verdict in judged if verdict.unexpected]
    drawings = {path.suffix for path in places.figures.glob(f"{stem}*") if re.fullmatch(rf"{stem}(-\w+)?", path.stem)}
    assert drawings >= {".png", ".pdf", ".svg", ".json"}


@pytest.mark.parametrize("stem", [stem for stem in STEMS if Places.of("default").full.parts(stem)])
def test_kept_rows_of_a_full_run_are_sound(stem):
    places = Places.of("default").full
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
        assert item.kind in KINDS
        assert item.stem in STEMS
        assert not item.formal or item.formal in labels
    assert {item.stem for item in CATALOGUE} == set(STEMS)
    for erratum in ERRATA:
        assert erratum.kind in SLIPS
        assert erratum.stem in STEMS


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
