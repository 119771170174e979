"""The lectures as notebooks: valid, complete, free of directives, and they run."""

import re
import sys

import pytest

from experiments.engine.rows import ROOT

pytest.importorskip("jupytext", reason="needs the book's tools: `make docs-test` installs them and runs this")
sys.path.insert(0, str(ROOT / "docs" / "_ext"))

import nbformat
import notebooks

LECTURES = notebooks.lectures()


def test_there_are_sixteen():
    assert len(LECTURES) == 16


@pytest.mark.parametrize("path", LECTURES, ids=lambda path: path.stem)
def test_each_lecture_is_a_valid_notebook(path, tmp_path):
    file = tmp_path / "lecture.ipynb"
    file.write_text(nbformat.writes(notebooks.notebook(path)), encoding="utf-8")
    read = nbformat.read(file, as_version=4)
    nbformat.validate(read)
    text = path.read_text(encoding="utf-8")
    code = [cell for cell in read.cells if cell.cell_type == "code"]
    prose = "\n".join(cell.source for cell in read.cells if cell.cell_type == "markdown")
    assert len(code) == text.count("```{code-cell}") > 0
    assert prose.count("**Exercise ") == text.count("{exercise}") > 0
    assert prose.count("<summary><b>Solution of exercise ") == text.count("{solution}")
    assert prose.count("```python\ndef ") >= text.count("{literalinclude}")
    assert not re.search(r"^[`:]{3,}\{", prose, flags=re.MULTILINE)


def test_nested_directives_and_roles_become_plain_text():
    text = ":::{note} Look\nSee {ref}`the page <target>` and {math}`x^2`.\n:::\n\n```python\nkeep = {1}\n```"
    assert notebooks.plain(text, ROOT) == "**Note Look**\n\nSee the page and $x^2$.\n\n```python\nkeep = {1}\n```"


def test_an_unknown_function_is_refused():
    with pytest.raises(ValueError, match=r"`pyobject` must be a function or class of notebooks.py; got 'nothing'"):
        notebooks.function(ROOT / "docs" / "_ext" / "notebooks.py", "nothing")


def test_a_notebook_runs():
    nbclient = pytest.importorskip("nbclient", reason="needs the book's tools: `make docs-test` installs them and runs this")
    made = notebooks.notebook(LECTURES[0])
    nbclient.NotebookClient(made, timeout=120, resources={"metadata": {"path": str(ROOT)}}).execute()
    shown = [output for cell in made.cells if cell.cell_type == "code" for output in cell.outputs]
    assert any("image/svg+xml" in output.get("data", {}) for output in shown)
