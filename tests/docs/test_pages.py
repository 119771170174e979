"""The generated pages of the book, without Sphinx: every item, erratum and public name has its place, and docstrings survive the way."""

import ast
import importlib
import sys

import pytest

from experiments.engine.rows import ROOT, Places, read_parts

pytest.importorskip("yaml", reason="needs the book's tools: `make docs-test` installs them and runs this")
sys.path.insert(0, str(ROOT / "docs" / "_ext"))

import api_pages
import atlas_page
import facts
import statement_pages
from docstrings import assumptions, reflowed, restructured, sections
from pages import escaped
from source_pages import Sources


@pytest.mark.parametrize("stem", facts.STEMS)
def test_each_item_stands_on_its_stems_page(stem):
    page = statement_pages.stem_page(stem, Sources())
    for item in facts.items(stem):
        assert f"### {escaped(item.label)}\n" in page
        assert escaped(item.claim) in page
    for path, caption in facts.figures(stem):
        assert f"../../figures/out/{path.name}" in page
        assert caption.strip()
    assert "## Evaluate it" in page
    assert "@inproceedings{huang2025sharpening" in page


@pytest.mark.parametrize("stem", facts.STEMS)
def test_each_theory_module_has_the_fixed_sections(stem):
    told = sections(facts.module(stem).__doc__)
    assert set(told) >= {"Statement", "Assumptions", "Symbols", "Source", "Printed"}


def test_each_verdict_is_shown():
    for stem in facts.STEMS:
        page = statement_pages.stem_page(stem, Sources())
        for verdict in facts.verdicts(stem):
            if not facts.shows_erratum(verdict):
                assert escaped(verdict.claim) in page


def test_each_erratum_is_shown_by_a_verdict_or_by_a_test():
    page = statement_pages.errata_page(Sources())
    for erratum in facts.ERRATA:
        assert f"## {escaped(erratum.place)}\n" in page
        if erratum.test:
            assert facts.test_exists(erratum.test), erratum.test
            assert f":pyobject: {erratum.test.split('::')[1]}" in page


def test_vacuous_verdicts_stand_on_their_page():
    page = statement_pages.vacuous_page()
    said = [verdict for stem in facts.STEMS for verdict in facts.verdicts(stem) if verdict.verdict == "vacuous"]
    assert said
    assert all(escaped(verdict.claim) in page for verdict in said)


def test_the_atlas_has_every_instance_and_measure():
    page = atlas_page.page()
    rows = read_parts("coverage_measures", Places.reference())
    for instance in rows["needs"].unique("instance").tolist():
        assert page.count(f"\n| {escaped(instance)} |") == 4
    for name in rows["coefficients"].unique("coefficient").tolist():
        assert f" {escaped(name)} |" in page


@pytest.mark.parametrize("name", api_pages.modules())
def test_each_public_name_has_an_entry(name):
    page = api_pages.page(name)
    module = importlib.import_module(name)
    for key in getattr(module, "__all__", api_pages.public_names(name)):
        if key in api_pages.public_names(name):
            assert f"{name}.{key}" in page
    assert api_pages.public_names(name) or name in ("sharpsim.theory", "sharpsim.sampling")


def test_snippets_are_three_lines_that_end_with_a_value():
    for stem in facts.STEMS:
        tree = ast.parse((ROOT / "docs" / "snippets" / f"{stem}.py").read_text())
        assert len(tree.body) <= 5
        assert isinstance(tree.body[-1], ast.Expr)


def test_sections_of_a_docstring():
    told = sections("What it is.\n\nStatement. a <= b\n    and c\nAssumptions. A1 x. A2 y, by A1.\nPrinted. As printed.\n\nA note.")
    assert told == {
        "": "What it is.",
        "Statement": "a <= b\nand c",
        "Assumptions": "A1 x. A2 y, by A1.",
        "Printed": "As printed.",
        "Notes": "A note.",
    }
    # A2 refers back to A1: cutting there would make a third assumption.
    assert assumptions("A1 x. A2 y, by A1.") == ["A1 x. A2 y, by A1."]
    assert assumptions("A1 x. A2 y.") == ["**A1** x.", "**A2** y."]


def test_broken_prose_is_joined_and_formulas_are_not():
    prose, formula = "word " * 24 + "end", "    a <= b"
    assert reflowed(f"{prose}\nmore\n{formula}\nafter") == f"{prose} more\n{formula}\nafter"
    assert reflowed(f"{prose}\n<= b\nshort\nlines") == f"{prose}\n<= b\nshort\nlines"


def test_formulas_survive_restructured_text_and_markdown():
    assert restructured(["P_x[Y*|x] with `slack`"]) == [r"P\_x[Y\*\|x] with \ ``slack``\ ", ""]
    assert restructured(["a", "    b_c"])[-3:] == ["", "        b_c", ""]
    assert escaped("**Upper** bound on C_cov|x, `a_b`") == r"**Upper** bound on C\_cov\|x, `a_b`"
    assert escaped("a*b $x$ <c>") == r"a\*b \$x\$ \<c\>"


def test_links_to_files_lead_to_their_pages():
    sources = Sources()
    text = "[a](../experiments/sft/__init__.py), ![b](../figures/out/sft.png), [c](models.md), [d](https://e.org), [e](../experiments)"
    target = "/source/experiments/sft/__init__.py.md"
    told = text.replace("../experiments/sft/__init__.py", target).replace("[e](../experiments)", "e")
    assert sources.rewrite("page", text) == told
    assert sources.paths == {"experiments/sft/__init__.py"}
