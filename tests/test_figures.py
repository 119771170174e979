"""Captions of the drawings, the helpers that they share, and that drawing raises no warning."""

import importlib
import json
import re
import warnings

import numpy as np
import pytest
from matplotlib import rc_context
from matplotlib.text import Text

from experiments.engine.rows import Places, Table, read_parts
from figures.engine.save import draw_stem, drawable, tables_of
from figures.engine.style import STYLE, UPPER, _wrapped, caption, figure, measured_or_limit, plain
from sharpsim import card
from sharpsim.cards._png import png

OPTIONAL = {"amortise": {"N", "learning", "generalise"}}
"""Parts that only some rows give: several N were run at full scale alone, and the map came with later rows."""


def captions(stem: str) -> dict[str, str]:
    return importlib.import_module(f"figures.{stem}").CAPTIONS


def drawn(stem: str):
    with rc_context(STYLE), warnings.catch_warnings():
        warnings.simplefilter("error")
        return importlib.import_module(f"figures.{stem}").draw(read_parts(stem, Places.reference()))


def sentences(text: str) -> int:
    return len(re.findall(r"[.!?](?=\s|$)", text))


@pytest.mark.parametrize("stem", drawable())
def test_each_drawing_has_a_caption_of_two_or_three_sentences(stem):
    made, given = drawn(stem), captions(stem)
    assert set(made) <= set(given)
    assert set(given) - set(made) <= OPTIONAL.get(stem, set())
    for part, text in given.items():
        assert 2 <= sentences(text) <= 3, (part, sentences(text))
        assert text.count("$") % 2 == 0, part
    for part, fig in made.items():
        label = fig.get_label()
        first = given[part].split("{")[0][:60]
        assert label.startswith(first), part
        # What a drawing fills in from its rows has been filled in.
        assert not re.search(r"\{(needed|eps|bound)\}", label), part


@pytest.mark.parametrize("stem", ["greedy", "sft"])
def test_the_caption_reaches_the_json_and_nothing_warns(stem, tmp_path):
    committed = Places.reference()
    places = Places(committed.rows, tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        paths = draw_stem(stem, places, kinds=("png",))
    for path in paths:
        part = path.stem[len(stem) + 1 :]
        assert json.loads(path.with_suffix(".json").read_text())["caption"].startswith(captions(stem)[part][:60])


def test_fields_of_a_caption_are_filled_and_braces_of_formulas_stay():
    fig, _ = figure()
    caption(fig, r"At $C_\mathrm{cov}$ = {value}. Second.", setting="$d = 4$.", value=2.5)
    assert fig.get_label() == r"At $C_\mathrm{cov}$ = 2.5. Second. Setting: $d = 4$."


def test_wrapping_never_breaks_a_formula():
    fig, _ = figure(width=2.0)
    text = r"a formula $1 - (1 - p)^N \leq \exp(- p N)$ and 5\$ more words of plain text"
    lines = _wrapped(fig, text, letters_per_inch=5).split("\n")
    assert len(lines) > 3
    assert " ".join(lines) == text
    assert all(line.replace(r"\$", "").count("$") % 2 == 0 for line in lines)


def test_names_of_users_are_no_formulas():
    fig, ax = figure()
    ax.set_title(plain("a $10 model and a $20 one_x"))
    ax.set_xlabel(plain("costs $5"))
    fig.canvas.draw()
    assert plain("$x$") == r"\$x\$"


NASTY = (r"$\frac{1$", "cost $x and $y", "_hidden", r"50% \$ a_{b")
"""Names that a user may give a model or a task."""
NAMED = ("task", "model")


def renamed(stem: str) -> tuple[dict[str, Table], set[str]]:
    """The committed rows with the nasty names for models and tasks; and these names."""
    used: dict[str, str] = {}
    tables = read_parts(stem, Places.reference())
    for part, table in tables.items():
        columns = {name: table[name] for name in table.columns}
        for name in {*NAMED} & {*columns}:
            for value in table.unique(name).tolist():
                used.setdefault(value, f"{NASTY[len(used) % len(NASTY)]} {len(used)}")
            columns[name] = [used[value] for value in table[name].tolist()]
        tables[part] = Table(columns)
    return tables, set(used.values())


@pytest.mark.parametrize("stem", [
    stem for stem in drawable() if any(set(NAMED) & set(table.columns) for table in read_parts(stem, Places.reference()).values())
])  # fmt: skip
def test_names_of_users_are_drawn_as_they_are(stem, monkeypatch):
    """No name is read as a formula, ends the drawing, or is left out of a legend; what is seen is the name, letter by letter."""
    tables, names = renamed(stem)
    monkeypatch.setattr("figures.engine.save.read_parts", lambda *_: tables)
    with rc_context(STYLE):
        made = importlib.import_module(f"figures.{stem}").draw(tables_of(stem, Places.reference()))
    seen = set()
    for fig in made.values():
        fig.draw_without_rendering()
        for text in fig.findobj(Text):
            shown, is_math = text._preprocess_math(text.get_text())
            seen |= {name for name in names if not is_math and name in shown}
    # Amortise draws three of its models' names.
    assert len({name.rsplit(" ", 1)[0] for name in seen}) >= 3


@pytest.mark.parametrize("name", NASTY)
def test_names_of_users_are_no_formulas_on_a_card(name):
    content = card([[0.5, 0.3, 0.2]], None, [[True, False, False]], model=name)
    assert content.svg()
    assert png(content.contents[0])[:4] == b"\x89PNG"


def test_an_interval_that_reaches_zero_is_an_upper_limit():
    _, ax = figure()
    ax.set(xscale="log", yscale="log")
    values = np.array([0.1, 0.01, 0.0]), np.array([0.05, 0.0, 0.0]), np.array([0.2, 0.03, 0.004])
    measured_or_limit(ax, np.array([1, 10, 100]), *values, "simulated")
    dots, bars = ax.containers[0].lines[0], [line for line in ax.lines if line.get_marker() == "_" and line.get_markersize() == 10]
    assert dots.get_ydata().tolist() == [0.1]
    assert bars[0].get_ydata().tolist() == [0.03, 0.004]
    assert [note.xy for note in ax.texts] == [(10.0, 0.03), (100.0, 0.004)]
    measured_or_limit(ax, np.array([2.0]), np.array([0.0]), np.array([0.0]), np.array([0.1]), "again", index=1)
    assert ax.get_legend_handles_labels()[1].count(UPPER) == 1
