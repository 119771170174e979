"""The figure of the map of writers, drawn from a small run's rows: with and without models, and what is where."""

import warnings

import numpy as np
import pytest
from matplotlib import rc_context
from matplotlib.colors import to_rgba

from experiments.amortise.map import SMALL_MAP, map_rows
from experiments.amortise.map_models import Interval, OnMap, model_rows
from experiments.engine.rows import Table
from figures.amortise.map import COLOURS, draw
from figures.engine.style import STYLE
from sharpsim.tasks import CORPORA, ManyWriters


def on_map(level: int, model: str) -> OnMap:
    one_draw, greedy, best, tuned = (Interval(value, value - 0.01, value + 0.01) for value in (0.6, 0.5, 0.95, 0.9 if level != 6 else 0.2))
    careful = Interval(CORPORA[level].share, 0.0, 1.0), Interval(0.9, 0.8, 0.95) if level != 6 else Interval(0.0, 0.0, 0.1)
    return OnMap(level, model, tuple(ManyWriters(level=level).prompts("held_out", 16, 0)), 50, one_draw, greedy, best, tuned, *careful)


@pytest.fixture(scope="module")
def tables() -> dict[str, Table]:
    parts = map_rows(SMALL_MAP) | {"map-models": model_rows(on_map(level, model) for level in CORPORA for model in ("gru", "unheard of"))}
    return {name: Table({column: [row[column] for row in rows] for column in rows[0]}) for name, rows in parts.items()}


def drawn(tables: dict[str, Table]):
    with rc_context(STYLE), warnings.catch_warnings():
        warnings.simplefilter("error")
        fig = draw(tables)["map"]
        fig.canvas.draw()
    return fig, max(fig.axes, key=lambda ax: ax.get_position().width * ax.get_position().height)


def test_regions_and_borders_are_where_the_rows_say(tables):
    fig, main = drawn({name: table for name, table in tables.items() if name != "map-models"})
    assert {"Sharpening wins", "Greedy is right", "Sharpening hurts"} <= {text.get_text() for text in main.texts}
    assert main.get_legend() is None
    borders = tables["map-borders"].where(N=50)
    lines = [np.column_stack(line.get_data()) for line in main.lines]
    for name in borders.unique("border"):
        rows = borders.where(border=name)
        assert any(np.array_equal(line, np.column_stack([rows["share"], rows["phrasings"]])) for line in lines), name
    # Each name stands in the colour that its region has on the map.
    place = main.transAxes + main.transData.inverted()
    known = {"Sharpening wins": "sharpening_wins", "Greedy is right": "greedy_right", "Sharpening hurts": "mode_wrong"}
    for text in main.texts:
        if text.get_text() in known:
            share, phrasings = place.transform(text.get_position())
            rows = tables["map"]
            near = np.argmin(
                (np.log(rows["share"] / (1 - rows["share"]) * (1 - share) / share)) ** 2 + np.log(rows["phrasings"] / phrasings) ** 2
            )
            assert rows["region"][near] == known[text.get_text()]
    assert len(fig.get_label()) > 300


def test_models_are_dots_in_the_colour_of_their_region_with_arrows(tables):
    _, main = drawn(tables)
    models = tables["map-models"]
    dots = [line for line in main.lines if line.get_markersize() == 11]
    assert len(dots) == len(models)
    assert [float(dot.get_xdata()[0]) for dot in dots] == models["share"].tolist()
    assert {dot.get_color() for dot in dots} == {COLOURS["sharpening_wins"]}
    arrows = [text for text in main.texts if getattr(text, "arrow_patch", None) is not None]
    assert len(arrows) == len(models)
    left, right = main.get_xlim()
    assert [arrow.xy[0] for arrow in arrows] == np.clip(models["tuned_careful"], left, right).tolist()
    assert min(arrow.xy[0] for arrow in arrows) == left
    assert sum(text.get_text() == "0.60 → 0.90" for text in main.texts) == len(models) - 2
    assert sum(text.get_text() == "0.60 → 0.20" for text in main.texts) == 2
    assert [text.get_text() for text in main.get_legend().get_texts()][:2] == ["gru", "unheard of"]


def test_the_colours_differ_for_every_region():
    assert len({to_rgba(colour) for colour in COLOURS.values()}) == len(COLOURS)


def test_nothing_is_drawn_without_rows(tables):
    assert draw({name: table for name, table in tables.items() if name != "map"}) == {}
