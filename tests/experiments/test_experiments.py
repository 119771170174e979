"""The two command lines, on a stem made up for the purpose."""

import errno
import json
import os
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import jax
import numpy as np
import pytest
from matplotlib.figure import Figure

import experiments.engine.all
import experiments.engine.run
import figures.engine.save
from experiments.__main__ import main
from experiments.engine.bases import load_base
from experiments.engine.columns import columns
from experiments.engine.frame import Context, Verdict
from experiments.engine.report import committed_verdicts
from experiments.engine.rows import Places, Refused
from experiments.engine.summary import summary
from experiments.engine.verdicts import write_verdicts
from figures.__main__ import main as draw


@dataclass(frozen=True)
class Settings:
    n: int


def made_up(verdict: str = "holds") -> ModuleType:
    module = ModuleType("experiments.sft", "A made-up stem.")

    def run(settings, context):
        draw = jax.random.uniform(context.key(), (settings.n,))
        base = 0.0 if context.base is None else float(load_base(context.base)[0, 0])
        context.note("timing", 1.0)
        return {"": [{"i": i, "x": float(draw[i]), "base": base} for i in context.track(range(settings.n), "draws")], "extra": [{"y": 1}]}

    def verdicts(tables):
        assert set(tables) == {"", "extra"}
        return [Verdict("Thm 4.1'", "a claim", float(tables[""]["x"][0]), 1.0, verdict)]

    vars(module)["COLUMNS"] = {"": columns(count="i", exact="x base"), "extra": columns(count="y")}
    vars(module).update(SETTINGS={"smoke": Settings(3), "default": Settings(5), "full": Settings(9)}, run=run, verdicts=verdicts)
    return module


def drawing() -> ModuleType:
    module = ModuleType("figures.sft")

    def draw(tables):
        fig = Figure()
        fig.subplots().plot(tables[""]["i"], tables[""]["x"], label="x")
        return {"": fig, "extra": Figure()}

    vars(module)["draw"] = draw
    return module


@pytest.fixture
def stem(monkeypatch):
    """A function that puts the made-up stem in the place of all stems."""

    def install(verdict: str = "holds") -> ModuleType:
        module = made_up(verdict)
        monkeypatch.setitem(sys.modules, "experiments.sft", module)
        monkeypatch.setitem(sys.modules, "figures.sft", drawing())
        for where in (experiments.engine.run, experiments.engine.all):
            monkeypatch.setattr(where, "stems", lambda: ["sft"])
        monkeypatch.setattr(figures.engine.save, "drawable", lambda: ["sft"])
        return module

    return install


def everything(folder) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.*"))}


def test_all_runs_draws_and_reports(stem, tmp_path, capsys):
    stem()
    assert main(["all", "--scale", "smoke", "--out", str(tmp_path / "a")]) == 0
    printed = capsys.readouterr().out
    assert "Thm 4.1'" in printed
    assert "1 verdicts, 0 unexpected" in printed
    made = everything(tmp_path / "a")
    assert {"rows/sft.csv", "rows/sft-extra.csv", "rows/sft-verdicts.csv", "rows/sft.json"} < set(made)
    assert {f"figures/sft{part}.{kind}" for part in ("", "-extra") for kind in ("png", "json")} < set(made)
    assert main(["all", "--scale", "smoke", "--out", str(tmp_path / "b")]) == 0
    again = everything(tmp_path / "b")
    assert {name for name in made if made[name] != again[name]} <= {"rows/sft.json", "figures/sft.json", "figures/sft-extra.json"}


def test_figures_draws_every_format_twice_the_same(stem, tmp_path):
    stem()
    assert main(["run", "sft", "--scale", "smoke", "--out", str(tmp_path)]) == 0
    kinds = {f"figures/sft{part}.{kind}" for part in ("", "-extra") for kind in ("png", "pdf", "svg", "json")}
    assert draw(["sft", "--scale", "smoke", "--out", str(tmp_path)]) == 0
    made = everything(tmp_path)
    assert kinds == {name for name in made if name.startswith("figures/")}
    assert draw(["sft", "--scale", "smoke", "--out", str(tmp_path)]) == 0
    assert everything(tmp_path) == made


def test_another_seed_gives_other_rows(stem, tmp_path):
    stem()
    for seed in ("0", "1"):
        main(["run", "sft", "--scale", "smoke", "--seed", seed, "--out", str(tmp_path / seed)])
    rows = [(tmp_path / seed / "rows" / "sft.csv").read_text() for seed in ("0", "1")]
    assert rows[0] != rows[1]


def test_provenance_says_where_rows_come_from_and_nothing_private(stem, tmp_path):
    stem()
    main(["all", "--scale", "smoke", "--out", str(tmp_path)])
    record = json.loads((tmp_path / "rows" / "sft.json").read_text())
    assert record["settings"] == {"n": 3}
    assert record["notes"] == {"timing": 1.0}
    assert record["rows"] == {"sft.csv": 3, "sft-extra.csv": 1}
    assert set(record) > {"seed", "setting", "versions", "commit", "dirty", "hardware", "wall_seconds", "generator"}
    assert set(record["hardware"]) == {"platform", "cpus", "device"}
    assert json.loads((tmp_path / "figures" / "sft.json").read_text())["run"] == record


def test_a_verdict_that_nobody_expected_fails_the_run(stem, tmp_path, capsys):
    stem("violated")
    assert main(["run", "sft", "--scale", "smoke", "--out", str(tmp_path)]) == 1
    assert main(["all", "--scale", "smoke", "--out", str(tmp_path)]) == 1
    assert "violated (!)" in capsys.readouterr().out


def test_rows_of_a_full_run_are_drawn_too(stem, tmp_path):
    stem()
    main(["run", "sft", "--scale", "full", "--out", str(tmp_path / "full")])
    main(["run", "sft", "--scale", "smoke", "--out", str(tmp_path)])
    places = Places.of("smoke", out=tmp_path)
    assert [path.name for path in figures.engine.save.draw_stem("sft", places)] == ["sft.png", "sft-extra.png"]
    shutil.copytree(tmp_path / "full" / "rows", places.full.rows)
    assert [path.name for path in figures.engine.save.draw_stem("sft", places)] == [
        "sft.png",
        "sft-extra.png",
        "sft-full.png",
        "sft-full-extra.png",
    ]
    assert json.loads((places.figures / "sft-full.json").read_text())["run"]["scale"] == "full"
    assert json.loads((places.figures / "sft.json").read_text())["run"]["scale"] == "smoke"


def test_full_runs_judge_what_the_default_does_not(tmp_path, monkeypatch):
    """What the full run alone judges, or judges otherwise than the default, is reported beside the default's verdicts."""
    places = Places(tmp_path / "rows", tmp_path / "figures")
    monkeypatch.setattr(Places, "reference", classmethod(lambda cls: places))
    default = {"Thm 4.1'": "holds", "Lemma F.1": "holds"}
    full = {"Thm 4.1'": "vacuous", "Lemma F.1": "holds", "Lemma F.2": "vacuous"}
    for verdicts, where in ((default, places), (full, places.full)):
        write_verdicts("sft", [Verdict(label, "a claim", 1.0, 2.0, verdict) for label, verdict in verdicts.items()], where, {"seed": 0})
    found = {verdict.label: verdict.verdict for verdict in committed_verdicts()}
    assert found == default | {"Thm 4.1' (full run)": "vacuous", "Lemma F.2": "vacuous"}


def test_one_broken_stem_does_not_silence_the_rest(stem, tmp_path, capsys, monkeypatch):
    module = stem()
    monkeypatch.setattr(module, "run", lambda settings, context: 1 / 0)
    assert main(["all", "--scale", "smoke", "--out", str(tmp_path)]) == 1
    output = capsys.readouterr()
    assert "FAILED: experiment sft" in output.out
    assert "ZeroDivisionError" in output.err


def test_a_part_no_longer_written_goes(stem, tmp_path):
    stem()
    places = Places.of("smoke", out=tmp_path)
    places.rows.mkdir(parents=True)
    places.part("sft", "stale").write_text("a\n1\n")
    main(["run", "sft", "--scale", "smoke", "--out", str(tmp_path)])
    assert set(places.parts("sft")) == {"", "extra"}


def full(*_):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("command", ["run sft", "all"])
def test_the_output_folder_is_tried_before_anything_is_computed(command, stem, tmp_path, capsys, monkeypatch):
    module = stem()
    monkeypatch.setattr(module, "run", lambda *_: pytest.fail("it ran"))
    (tmp_path / "rows").write_text("a file in the way")
    given = [*command.split(), "--scale", "smoke", "--out"]
    assert main([*given, str(tmp_path)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: `out` must be a folder that can be written; {tmp_path / 'rows'}: ")
    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    assert main([*given, str(tmp_path / "full")]) == 2
    assert "No space left on device." in capsys.readouterr().err
    assert not [path for path in (tmp_path / "full").rglob("*") if path.is_file()]


@pytest.mark.parametrize("written", range(4))
def test_rows_are_replaced_as_a_whole_or_not_at_all(written, stem, tmp_path, capsys, monkeypatch):
    """The disk is full after 0, 1, 2 or 3 files: each time the files of the run before stay, all of them."""
    stem()
    command = ["run", "sft", "--scale", "smoke", "--out", str(tmp_path)]
    assert main([*command, "--seed", "1"]) == 0
    before, left = everything(tmp_path), [written + 1]  # the trial of the folder
    assert len(before) == 4

    def until_full(path, content):
        left[0] -= 1
        return full() if left[0] < 0 else whole(path, content)

    whole = Path.write_bytes
    monkeypatch.setattr("experiments.engine.compiled.try_folder", lambda folder: None)
    monkeypatch.setattr("pathlib.Path.write_bytes", until_full)
    capsys.readouterr()
    assert main(command) == 2
    said = capsys.readouterr().err.splitlines()
    assert (
        said[-1] == f"error: the rows of 'sft' could not be written to {tmp_path / 'rows'}: No space left on device; no file was changed."
    )
    assert "Traceback" not in "".join(said)
    monkeypatch.undo()
    assert everything(tmp_path) == before
    assert not [path for path in (tmp_path / "rows").iterdir() if path.name.startswith(".")]


def test_rows_of_a_run_whose_judge_fails_are_kept_without_verdicts(stem, tmp_path, monkeypatch):
    module = stem()
    command = ["run", "sft", "--scale", "smoke", "--out", str(tmp_path)]
    assert main([*command, "--seed", "1"]) == 0
    before = everything(tmp_path)
    monkeypatch.setattr(module, "verdicts", lambda tables: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        main(command)
    after = everything(tmp_path)
    assert set(before) - set(after) == {"rows/sft-verdicts.csv"}
    assert before["rows/sft.csv"] != after["rows/sft.csv"]


def test_own_base_table(stem, tmp_path, capsys):
    module = stem()
    np.save(tmp_path / "base.npy", np.array([[0.25, 0.75]]))
    command = ["run", "sft", "--scale", "smoke", "--out", str(tmp_path), "--base", str(tmp_path / "base.npy")]
    assert main(command) == 2
    assert "takes no base table" in capsys.readouterr().err
    module.ACCEPTS_BASE = True
    assert main(command) == 0
    assert repr(float(np.log(0.25))) in (tmp_path / "rows" / "sft.csv").read_text()
    assert str(tmp_path) not in (tmp_path / "rows" / "sft.json").read_text()


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ([[0.5, 0.6]], "row 0 is off by 0.1"),
        ([[0.5, 0.5], [np.nan, 1.0]], "NaN in row 1"),
        ([0.5, 0.5], r"got shape \(2,\)"),
        ([[-0.5, 1.5]], "as log-probabilities"),
        ([["a", "b"]], "got dtype"),
        (np.empty((0, 3)), r"got shape \(0, 3\)"),
    ],
)
def test_bad_base_tables_are_refused(table, said, tmp_path):
    np.save(tmp_path / "base.npy", np.array(table))
    with pytest.raises(Refused, match=said):
        load_base(tmp_path / "base.npy")


@pytest.mark.parametrize("table", [[[0.25, 0.75], [1.0, 0.0]], np.log([[0.25, 0.75]]), [[0.0]], [[0, 1]]])
def test_probabilities_and_logarithms_are_told_apart(table, tmp_path):
    np.save(tmp_path / "base.npy", np.array(table))
    np.testing.assert_allclose(np.exp(load_base(tmp_path / "base.npy")).sum(axis=1), 1.0, rtol=1e-12)


def test_what_is_not_a_table_is_refused(tmp_path):
    (tmp_path / "base.npy").write_text("no numbers")
    for name in ("base.npy", "missing.npy"):
        with pytest.raises(Refused, match="could not read it"):
            load_base(tmp_path / name)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda b: b"", "it is no .npy file"),
        (lambda b: b[:30], "header is not one of a .npy file"),
        (lambda b: b[:-8], r"float64 \(2, 2\), 32 bytes, and 24 bytes follow"),
        (lambda b: b.replace(b"(2, 2), }" + b" " * 20, b"(2000000, 2000000), }" + b" " * 8), "32000000000000 bytes, and 32 bytes follow"),
        (lambda b: b.replace(b"'descr'", b"'desks'"), "header is not one of a .npy file"),
    ],
)
def test_a_broken_base_is_refused_with_the_file_and_the_reason(change, said, stem, tmp_path, capsys):
    stem().ACCEPTS_BASE = True
    path = tmp_path / "base.npy"
    np.save(path, np.array([[0.25, 0.75], [0.5, 0.5]]))
    path.write_bytes(change(path.read_bytes()))
    assert main(["run", "sft", "--scale", "smoke", "--out", str(tmp_path), "--base", str(path)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert re.match(rf"error: `base` must be an array saved by `numpy.save`; could not read it \('base.npy': .*{said}.*\)\.$", line), line


def test_unknown_stem_is_refused(capsys):
    assert main(["show", "no_such_stem"]) == 2
    assert "no experiment 'no_such_stem'" in capsys.readouterr().err


def test_the_table_fits_a_terminal():
    wide = Verdict("Thm 4.1' and more besides", "claim " * 30, 0.1, 0.2, "fitted exponent", slack=1.0, slack_kind="ratio " * 9)
    assert max(len(line) for line in summary([wide, wide]).splitlines()) <= 120


def test_keys_are_typed_and_follow_the_seed():
    keys = [Context(scale="smoke", seed=seed).key() for seed in (0, 0, 1)]
    data = [jax.random.key_data(key).tolist() for key in keys]
    assert data[0] == data[1] != data[2]
    assert jax.dtypes.issubdtype(keys[0].dtype, jax.dtypes.prng_key)
