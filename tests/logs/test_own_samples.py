"""From anyone's logs to a card by the experiments' command; and the drawings of the paper's panels for tables of any kind."""

import json

import numpy as np
import pytest
from matplotlib import rc_context

from experiments.__main__ import main
from experiments.engine.rows import ROOT, Table, read_table
from experiments.inference.panels import panels
from figures.engine.style import STYLE
from figures.inference.cells import GIVEN, OURS, PAPER, draw_cells
from figures.inference.heat import grid
from sharpsim.logs._files import write_samples
from sharpsim.logs._samples import COLUMNS, SampleTable, concatenate
from tests.tiny_samples import table_of


def renamed(table: SampleTable, column: str, old: str, new: str) -> SampleTable:
    """The table with one text in one column put for another."""
    values = np.where(getattr(table, column) == old, new, getattr(table, column)).astype(object)
    return SampleTable(*(values if name == column else getattr(table, name) for name in COLUMNS))


@pytest.fixture
def logs(tmp_path):
    paths = []
    for model in ("7", "large"):
        paths.append(tmp_path / f"{model}.csv")
        write_samples(paths[-1], renamed(table_of(len(model), model=model, draws=1), "task", "task 1", "Game of 24"))
    return [str(path) for path in paths]


def texts(fig) -> str:
    from matplotlib.text import Text

    return " ".join(item.get_text() for item in fig.findobj(Text))


def test_samples_give_the_card_of_the_installed_command(logs, tmp_path, capsys):
    assert main(["run", "inference", "--samples", *logs, "--out", str(tmp_path / "out")]) == 0
    printed = capsys.readouterr().out
    content = json.loads((tmp_path / "out" / "card.json").read_text())
    assert [one["model"] for one in (content, *content["more"])] == ["7", "7", "large", "large"]
    assert content["sentences"][0][:40] in printed.replace("\n", " ")
    assert (tmp_path / "out" / "card.html").exists()
    assert not (tmp_path / "out" / "rows").exists()


def test_what_the_command_refuses(logs, tmp_path, capsys):
    (tmp_path / "bad.csv").write_text((tmp_path / "7.csv").read_text().replace("True", "perhaps", 1))
    for arguments, said in (
        (["run", "sft", "--samples", *logs, "--out", str(tmp_path)], "takes no logs of samples"),
        (["run", "inference", "--samples", "missing.csv", "--out", str(tmp_path)], "there is no file 'missing.csv'"),
        (["run", "inference", "--samples", str(tmp_path / "bad.csv"), "--out", str(tmp_path)], "bad.csv, line "),
    ):
        assert main(arguments) == 2
        error = capsys.readouterr().err
        assert said in error
        assert error.count("\n") == 1
    assert not (tmp_path / "card.html").exists()


def tables_of(table: SampleTable) -> dict[str, Table]:
    parts = panels(table, N=(1, 2, 5), level=0.95, bins=10)
    return {name: Table({column: [row[column] for row in rows] for column in rows[0]}) for name, rows in parts.items()}


def test_heat_maps_show_the_rows():
    tables = tables_of(concatenate([table_of(1, model="a"), table_of(2, model="b")]))
    with rc_context(STYLE):
        made = draw_cells(tables)
        shown = texts(made["heat"])
    assert set(made) == {"heat", "cells-curves", "cells-loglik", "cells-histogram", "paper"}
    rows = tables["cells"].where(N=5)
    for row in rows.where(rule="length-normalised").rows():
        assert np.isnan(row["lift_percent"]) or f"{row['lift_percent']:+.1f}" in shown
        assert f"{100 * row['greedy']:.1f}" in shown
    for row in rows.where(rule="pass@N").rows():
        assert f"{100 * row['accuracy']:.1f}" in shown
    assert GIVEN[:20] in shown.replace("\n", " ")
    with rc_context(STYLE):
        assert OURS[:20] in texts(draw_cells(tables | {"": rows})["heat"]).replace("\n", " ")


@pytest.mark.parametrize("change", ["no greedy", "all wrong", "one seed", "one of everything", "nine models", "no answers"])
def test_tables_of_any_kind_are_drawn(change):
    if change == "no greedy":
        table = table_of(0, greedy=False)
    elif change == "one seed":
        table = table_of(0, seeds=1)
    elif change == "one of everything":
        table = table_of(0, tasks=1, prompts=1, seeds=1, draws=1)
    elif change == "nine models":
        table = concatenate([table_of(k, model=f"model {k}", tasks=1 + k % 3) for k in range(9)])
    else:
        table = table_of(0)
        blank = (
            {"answer": np.full(len(table), "", dtype=object)} if change == "no answers" else {"correct": np.zeros(len(table), dtype=bool)}
        )
        table = SampleTable(**{name: getattr(table, name) for name in COLUMNS} | blank)
    with rc_context(STYLE):
        for fig in draw_cells(tables_of(table)).values():
            fig.canvas.draw()


@pytest.mark.parametrize(("half_width", "drawn"), [(0.04, True), (0.06, False)])
def test_curves_draw_the_exact_band_where_it_tells_something(half_width, drawn):
    """Known at two of three N, drawn there if narrower than ten points, else left out."""
    tables = tables_of(table_of(5, tasks=1, draws=6))
    cells = tables["cells"]
    exact = {
        name: np.where(cells["N"] == 2, np.nan, cells["accuracy"] + shift)
        for name, shift in (("exact_lower", -half_width), ("exact_upper", half_width))
    }
    tables["cells"] = Table({name: cells[name] for name in cells.columns} | exact)
    with rc_context(STYLE):
        ax = draw_cells(tables)["cells-curves"].axes[0]
    lines = {tuple(np.round(line.get_ydata(), 9)) for line in ax.lines}
    best = cells.where(rule="best of N").take(np.array([0, 2]))
    for shift in (-half_width, half_width):
        assert (tuple(np.round(100 * (best["accuracy"] + shift - best["greedy"]), 9)) in lines) == drawn


@pytest.mark.parametrize(("number", "file", "column", "title"), PAPER)
def test_the_papers_numbers_are_its_own(number, file, column, title):
    rows = read_table(ROOT / "figures" / "paper" / f"{file}.csv")
    assert set(rows["confidence"].tolist()) <= {"high", "medium"}
    values = grid(rows, column, sorted(set(rows["model"])), sorted(set(rows["task"])))
    assert np.isfinite(values).sum() == len(rows)
    if number == "1a":
        assert np.nanmax(values) == 126.7
        assert len(rows) == 42
