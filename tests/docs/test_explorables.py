"""The explorables of the book: their committed grids are what the library computes, and their pages declare what the grids hold."""

import json
import re
import sys

import numpy as np
import pytest

from experiments.engine.rows import ROOT
from sharpsim.theory import best_of_n, limits

sys.path.insert(0, str(ROOT / "docs" / "explorables"))

import grids

PAGES = grids.HERE


def declared():
    """The grid of each page and the declaration that stands on it."""
    for page in sorted(PAGES.glob("*.md")):
        for name, told in re.findall(r'data-grid="(\w+)"><script type="application/json">(.*?)</script>', page.read_text(), re.S):
            yield page, name, json.loads(told)


def _same(found, wanted):
    if isinstance(wanted, list):
        assert len(found) == len(wanted)
        for one, other in zip(found, wanted, strict=True):
            _same(one, other)
    elif wanted is None:
        assert found is None
    else:
        np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", grids.GRIDS)
def test_each_committed_grid_is_what_the_library_computes(name):
    found, wanted = grids.written(name), grids.GRIDS[name]()
    assert found["source"] == wanted["source"]
    assert [axis for axis, _ in found["axes"]] == [axis for axis, _ in wanted["axes"]]
    assert found["curves"].keys() == wanted["curves"].keys()
    _same([values for _, values in found["axes"]], [values for _, values in wanted["axes"]])
    for curve, values in wanted["curves"].items():
        _same(found["curves"][curve], values)


def test_rows_and_library_agree_where_both_hold_the_number():
    found = grids.written("best_of_n")
    (_, masses), (_, draws) = found["axes"]
    exact = [[best_of_n.success(covered_mass=p, draws=N) for N in draws] for p in masses]
    np.testing.assert_allclose(found["curves"]["exact"], exact, rtol=1e-12)


def test_the_bounds_lie_on_their_side():
    for name, above in (("best_of_n", False), ("guess_error", False), ("sft_risk", True)):
        for _, told in grids.points(grids.written(name)):
            assert (told["bound"] >= told["exact"]) if above else (told["bound"] <= told["exact"])
    for _, told in grids.points(grids.written("coverage_profile")):
        assert told["bound"] >= told["profile"]


def test_the_games_optimum_at_no_draws_is_a_guess():
    found = grids.written("guess_error")
    for labels, errors in zip(found["axes"][0][1], found["curves"]["exact"], strict=True):
        assert errors[0] == pytest.approx(1 - 1 / labels, rel=1e-12)
        assert errors[5] == pytest.approx(limits.guess_error(labels=labels, draws=5), rel=1e-12)


def test_every_grid_has_one_page_and_each_declaration_fits_its_grid():
    pages = list(declared())
    assert sorted(name for _, name, _ in pages) == sorted(grids.GRIDS)
    for page, name, told in pages:
        found = grids.written(name)
        axes = dict(found["axes"])
        assert {slider["axis"] for slider in told["sliders"]} == set(axes), page.name
        for slider in told["sliders"]:
            assert slider["start"] in axes[slider["axis"]], (page.name, slider)
        assert told["x"] in axes
        assert {curve["key"] for curve in told["curves"]} <= set(found["curves"])
        assert {curve["style"] for curve in told["curves"]} <= {"exact", "bound", "other", "third", "number"}
        named = set(re.findall(r"\{(\w+)\}", told["words"]))
        assert named <= set(axes) | {curve["key"] for curve in told["curves"]}
        # The claim stands on the page before the part that moves.
        assert len(page.read_text().partition("```{raw}")[0].split()) > 30


def test_the_scripts_ask_for_nothing_outside():
    for script in [*(ROOT / "docs" / "_static").glob("explore*"), *PAGES.glob("*.md")]:
        text = script.read_text().replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?://|fetch\(|XMLHttpRequest|import\(", text), script.name
