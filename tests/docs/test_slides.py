"""The slides of a lecture: complete, without solutions, and without anything from the network."""

import re
import sys

import pytest

from experiments.engine.rows import ROOT

pytest.importorskip("jupytext", reason="needs the book's tools: `make docs-test` installs them and runs this")
pytest.importorskip("nbclient", reason="needs the book's tools: `make docs-test` installs them and runs this")
sys.path.insert(0, str(ROOT / "docs" / "_ext"))
sys.path.insert(0, str(ROOT / "docs"))

import slides


def test_the_slides_of_one_lecture():
    path = slides.lectures()[0]
    page = slides.page(path)
    text = path.read_text(encoding="utf-8")
    for heading in re.findall(r"^## (.*)$", text, flags=re.MULTILINE):
        assert f"<h2>{heading}</h2>" in page
    assert page.count("<h2>Exercise ") == text.count("{exercise}") == 3
    assert page.count('class="code cell"') == text.count("{code-cell}")
    assert "Solution" not in page
    assert "@SLIDES@" not in page
    assert re.findall(r'<img [^>]*alt="Mass on the mode', page)
    assert re.findall(r'(?:src|href)="(?!data:|#)([^"]*)"', page) == ["mathjax/tex-svg-full.js"]


def test_long_text_goes_on_under_the_same_heading():
    deck = slides.Deck()
    slides.add_text(deck, "# Title\n\n" + "\n\n".join("word " * 80 for _ in range(5)))
    assert [heading for heading, _ in deck.slides] == ["Title"] * 3
    assert sum(len(blocks) for _, blocks in deck.slides) == 5


def test_formulas_and_folded_solutions():
    deck = slides.Deck()
    slides.add_text(deck, "# A\n\n$x < y$\n\n<details>\n<summary>Solution</summary>\n\nhidden\n\n</details>\n\nshown")
    shown = "".join(deck.slides[0][1])
    assert r"\(x &lt; y\)" in shown
    assert "shown" in shown
    assert "hidden" not in shown


def test_an_unknown_unit_is_refused(capsys):
    assert slides.main(["99"]) == 2
    assert "There is no unit 99." in capsys.readouterr().err
