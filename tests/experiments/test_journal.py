"""Journals broken on purpose: what is not the whole and unchanged result of its unit is set aside with one line and computed again."""

import io
import json
import os

import jax
import numpy as np
import pytest

from experiments.engine import journal as _journal
from experiments.engine import sweep as _sweep
from experiments.engine.frame import Context
from experiments.engine.journal import ASIDE, ENDING, Journal, _signed
from experiments.engine.sweep import sweep
from tests.walks import walk, walk_cell

CELLS = [walk_cell(9, 0.5, 13), walk_cell(0, 0.5, 4)]


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    monkeypatch.setattr(_sweep, "MOST", {"cpu": 5})
    monkeypatch.setattr(_journal, "code_digest", lambda: "0123456789abcdef")


def swept(journal, replicate=walk):
    context = Context(scale="test", quiet=True, journal=journal)
    found = list(sweep(replicate, CELLS, key=jax.random.key(0), context=context, label="walks", footprint=1000))
    return [np.asarray(leaf).tobytes() for leaf in jax.tree.leaves(found)], context.notes["walks"]


@pytest.fixture(scope="module")
def whole():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_sweep, "MOST", {"cpu": 5})
        return swept(Journal(None))[0]


@pytest.fixture
def kept(tmp_path):
    """A journal with every unit in it."""
    journal = Journal(tmp_path / "sft-0")
    swept(journal)
    return journal


def entries(journal):
    return sorted(path for path in journal.folder.rglob(f"*{ENDING}") if ASIDE not in path.parts)


def forged(entry, **about):
    """The entry with another header and a right checksum."""
    head, body = entry.read_bytes().split(b"\n", 2)[1:]
    entry.write_bytes(_signed(json.dumps(json.loads(head) | about).encode() + b"\n" + body))


def of_arrays(entry, change):
    """The entry with changed arrays, header and checksum right."""
    journal = Journal(entry.parent)
    about = json.loads(entry.read_bytes().split(b"\n", 2)[1])
    leaves = change([np.arange(1.0, 1 + np.prod(shape)).reshape(shape).astype(dtype) for shape, dtype in about["leaves"]])
    entry.unlink()
    if any(np.isnan(leaf).any() for leaf in leaves):
        zeros = [np.zeros_like(leaf) for leaf in leaves]
        journal.add(entry.name.removesuffix(ENDING), zeros)
        head = entry.read_bytes().split(b"\n", 2)[1]
        raw = b"".join(_saved(np.save, leaf) for leaf in leaves)
        entry.write_bytes(_signed(head + b"\n" + raw))
    else:
        journal.add(entry.name.removesuffix(ENDING), leaves)


def _saved(save, *arrays):
    stream = io.BytesIO()
    save(stream, *arrays)
    return stream.getvalue()


def folder_instead(entry):
    entry.unlink()
    (entry / "inside").mkdir(parents=True)


def flipped(entry, at, bit=3):
    content = bytearray(entry.read_bytes())
    content[at] ^= 1 << bit
    entry.write_bytes(content)


BROKEN = {
    "empty": (lambda e: e.write_bytes(b""), "no entry of a journal"),
    "cut": (lambda e: e.write_bytes(e.read_bytes()[:-1]), "checksum"),
    "cut in the mark": (lambda e: e.write_bytes(e.read_bytes()[:9]), "no entry of a journal"),
    "cut in half": (lambda e: e.write_bytes(e.read_bytes()[: e.stat().st_size // 2]), "checksum"),
    "longer": (lambda e: e.write_bytes(e.read_bytes() + b"\0"), "checksum"),
    "a bit of a number": (lambda e: flipped(e, -5), "checksum"),
    "a bit of the header": (lambda e: flipped(e, 100), "checksum"),
    "a bit of the checksum": (lambda e: flipped(e, 30), "checksum"),
    "a bit of the mark": (lambda e: flipped(e, 2), "no entry of a journal"),
    "an .npy": (lambda e: e.write_bytes(_saved(np.save, np.ones(5))), "no entry of a journal"),
    "an .npz": (lambda e: e.write_bytes(_saved(np.savez, np.ones(5), np.ones(5))), "no entry of a journal"),
    "a folder": (folder_instead, "Is a directory"),
    "another unit's": (lambda e: e.write_bytes((e.parent / "1-0.unit").read_bytes()), "another unit"),
    "another code's": (lambda e: forged(e, code="fedcba9876543210"), "other code"),
    "no header": (lambda e: e.write_bytes(_signed(b"")), "does not hold"),
    "a header without keys": (lambda e: e.write_bytes(_signed(b"{}\n")), "does not hold"),
    "too few leaves": (lambda e: of_arrays(e, lambda leaves: leaves[:1]), "not those of this sweep"),
    "too many leaves": (lambda e: of_arrays(e, lambda leaves: [*leaves, leaves[0]]), "not those of this sweep"),
    "fewer seeds": (lambda e: of_arrays(e, lambda leaves: [leaf[:3] for leaf in leaves]), "not those of this sweep"),
    "another shape": (lambda e: of_arrays(e, lambda leaves: [leaf[:, None] for leaf in leaves]), "not those of this sweep"),
    "float32": (lambda e: of_arrays(e, lambda leaves: [leaf.astype(np.float32) for leaf in leaves]), "not those of this sweep"),
    "NaN": (lambda e: of_arrays(e, lambda leaves: [leaves[0] * np.nan, leaves[1]]), "holds NaN"),
    "a link to nowhere": (lambda e: (e.unlink(), e.symlink_to("nowhere")), "No such file"),
}  # fmt: skip


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_entry_is_set_aside_and_computed_again(what, kept, whole, capsys):
    change, said = BROKEN[what]
    entry = next(path for path in entries(kept) if path.name == "0-0.unit")
    change(entry)
    found, notes = swept(kept)
    assert found == whole
    assert notes["resumed"] == notes["units"] - 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"journal: 1 of {notes['units']} entries set aside and computed again (0-0: ")
    assert said in line
    assert [path.name for path in (entry.parent / ASIDE).iterdir()] == ["0-0.unit.0"]
    # The next run finds a whole journal.
    found, notes = swept(kept)
    assert (found, notes["resumed"], capsys.readouterr().err) == (whole, notes["units"], "")


def test_many_broken_entries_are_one_line(kept, whole, capsys):
    for number, entry in enumerate(entries(kept)):
        if number % 2:
            flipped(entry, -1)
    assert swept(kept)[0] == whole
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_what_every_flipped_bit_says(kept, whole, capsys):
    """No bit of an entry can be flipped and the entry be believed."""
    entry = entries(kept)[0]
    content, rng = entry.read_bytes(), np.random.default_rng(0)
    shapes = [(tuple(shape), np.dtype(dtype)) for shape, dtype in json.loads(content.split(b"\n", 2)[1])["leaves"]]
    journal, name = Journal(entry.parent), entry.name.removesuffix(ENDING)
    assert set(journal.finished([name], lambda: shapes)) == {name}
    for at in rng.choice(len(content), 300, replace=False).tolist():
        entry.write_bytes(content)
        flipped(entry, at, int(rng.integers(8)))
        assert journal.finished([name], lambda: shapes) == {}
    assert whole


def test_results_with_nan_are_not_kept(tmp_path):
    journal = Journal(tmp_path / "sft-0")
    journal.add("0-0", [np.array([1.0, np.nan])])
    assert not journal.folder.exists()
    journal.add("0-0", [np.array([1.0, np.inf]), np.array([True])])
    assert entries(journal)


@pytest.mark.parametrize("where", ["a file in the way", "a full disk"])
def test_a_journal_that_cannot_be_written_costs_one_line(where, tmp_path, whole, capsys, monkeypatch):
    if where == "a file in the way":
        (tmp_path / "sft-0").write_text("")
    else:
        monkeypatch.setattr("pathlib.Path.write_bytes", lambda *_: (_ for _ in ()).throw(OSError(28, os.strerror(28))))
    journal = Journal(tmp_path / "sft-0")
    for _ in range(2):  # two sweeps of one run
        assert swept(journal)[0] == whole
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("journal: ")
    assert line.endswith("if this run is interrupted, what follows is computed again.")
    journal.drop()
    assert not list(tmp_path.rglob("*.draft"))


def test_a_journal_that_cannot_be_deleted_costs_one_line(kept, capsys, monkeypatch):
    monkeypatch.setattr("pathlib.Path.rename", lambda *_: (_ for _ in ()).throw(PermissionError(13, os.strerror(13))))
    kept.drop()
    assert capsys.readouterr().err == f"journal: {kept.folder}: Permission denied; it is not deleted.\n"
