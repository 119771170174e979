"""Files are written whole or not at all: with a full disk, a file-size limit, a folder in the way, a process killed between two moves."""

import errno
import io
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from sharpsim import files
from sharpsim.files import abandon, finish, read_npy, replacing, try_folder, write_whole

OLD = {"a.csv": "old a", "b.csv": "old b", "gone.csv": "old"}


@pytest.fixture
def folder(tmp_path):
    for name, text in OLD.items():
        write_whole(tmp_path / name, text)
    return tmp_path


def content(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


def full(*_):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("what", ["write_bytes", "replace"])
def test_a_file_that_cannot_be_written_leaves_the_old_one(what, folder, monkeypatch):
    monkeypatch.setattr(Path, what, full)
    with pytest.raises(OSError, match="No space left") as refusal:
        write_whole(folder / "a.csv", "new")
    assert refusal.value.filename == str(folder / "a.csv")
    monkeypatch.undo()
    assert content(folder) == OLD


def test_the_operating_system_itself_says_no(folder):
    """A file-size limit of 100 bytes, in a process of its own."""
    code = (
        "import resource, sys, pathlib; from sharpsim.files import write_whole, try_folder\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100, resource.RLIM_INFINITY)); path = pathlib.Path(sys.argv[1])\n"
        "for run in (lambda: write_whole(path / 'a.csv', 'x' * 101), lambda: try_folder(path)):\n"
        "    try:\n        run()\n    except OSError as error:\n        print(error.strerror, error.filename)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(folder)], check=True, capture_output=True, text=True)
    assert done.stdout == f"File too large {folder / 'a.csv'}\nFile too large {folder}\n"
    assert content(folder) == OLD


def test_a_set_replaces_the_old_one_as_a_whole(folder):
    with replacing(folder, "set", OLD) as draft:
        write_whole(draft / "a.csv", "new a")
        write_whole(draft / "c.csv", "new c")
        assert content(folder / draft.name).keys() == {"a.csv", "c.csv"}
    assert content(folder) == {"a.csv": "new a", "c.csv": "new c"}


@pytest.mark.parametrize("fails", ["write_bytes", "rename"])
def test_a_set_that_cannot_be_written_changes_nothing(fails, folder, monkeypatch):
    def run():
        with replacing(folder, "set", OLD) as draft:
            write_whole(draft / "a.csv", "new a")
            monkeypatch.setattr(Path, fails, full)
            write_whole(draft / "b.csv", "new b")

    with pytest.raises(OSError, match="No space left"):
        run()
    monkeypatch.undo()
    assert content(folder) == OLD


def test_a_set_half_moved_is_finished(folder, monkeypatch):
    """What a process leaves that is killed between two moves: the next look at the folder completes the set."""
    moves, move = [], Path.replace

    def second_fails(path, to):
        if ".ready" in str(path):
            moves.append(path.name)
            if len(moves) == 2:
                full()
        return move(path, to)

    monkeypatch.setattr(Path, "replace", second_fails)

    def run():
        with replacing(folder, "set", OLD) as draft:
            for name in ("a.csv", "b.csv"):
                write_whole(draft / name, f"new {name}")

    with pytest.raises(OSError, match="No space"):
        run()
    monkeypatch.undo()
    assert (folder / "b.csv").read_text() == "old b"
    finish(folder, "set")
    assert content(folder) == {"a.csv": "new a.csv", "b.csv": "new b.csv"}


def test_a_folder_is_tried(tmp_path, monkeypatch):
    try_folder(tmp_path / "new" / "folder")
    assert list(tmp_path.rglob("*")) == [tmp_path / "new", tmp_path / "new" / "folder"]
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match=r"exists|Not a directory"):
        try_folder(tmp_path / "file")
    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space left"):
        try_folder(tmp_path / "new")
    assert list((tmp_path / "new").iterdir()) == [tmp_path / "new" / "folder"]


def test_drafts_of_the_dead_are_deleted_and_those_of_the_living_stay(tmp_path):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    names = {f".a.csv.{dead.pid}.draft": True, f".b.csv.{os.getppid()}.draft": False, f".young.{dead.pid}.draft": False, ".other": False}
    for name in names:
        (tmp_path / name).write_text("half")
        if "young" not in name:
            os.utime(tmp_path / name, (0, time.time() - 2 * files.STALE))
    try_folder(tmp_path)
    assert {name: not (tmp_path / name).exists() for name in names} == names


def test_a_process_that_ends_takes_its_drafts_along(tmp_path):
    with replacing(tmp_path, "set", ()) as draft:
        write_whole(draft / "a.csv", "half")
        abandon()
        assert not draft.exists()
        draft.mkdir()


def saved(array) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


@pytest.mark.parametrize(
    "array", [np.eye(3), np.zeros((0, 4)), np.asfortranarray(np.arange(6.0).reshape(2, 3)), np.array(7), np.array(["ab"])]
)
def test_arrays_read_back(array):
    found = read_npy(io.BytesIO(saved(array)), len(saved(array)))
    assert found.dtype == array.dtype
    np.testing.assert_array_equal(found, array)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda b: b[:-1], r"float64 \(3, 3\), 72 bytes, and 71 bytes follow"),
        (lambda b: b + b"\0", "73 bytes follow"),
        (lambda b: b"", "header is not one of a .npy file"),
        (lambda b: b[:40], "header is not one of a .npy file"),
        (lambda b: b"\x92" + b[1:], "header is not one of a .npy file"),
        (lambda b: b[:6] + b"\x09" + b[7:], r"version \(9, 0\) is not"),
        (lambda b: b.replace(b"'shape': (3, 3)", b"'shape': (3,-3)"), "negative length"),
        (lambda b: b.replace(b"'shape': (3, 3)", b"'sharp': (3, 3)"), "header is not one of a .npy file"),
        (lambda b: b.replace(b"'<f8'", b"'<q9'"), "header is not one of a .npy file"),
        (lambda b: saved(np.array([None, 1])), "Python objects"),
    ],
)
def test_broken_arrays_are_refused_with_the_reason(change, said):
    broken = change(saved(np.eye(3)))
    with pytest.raises(ValueError, match=said):
        read_npy(io.BytesIO(broken), len(broken))


def test_sizes_are_read_before_memory_is_taken(monkeypatch):
    """A header that asks for 8 TB; and one that is honest about more than this machine has."""
    header = saved(np.eye(3)).replace(b"'shape': (3, 3), }" + b" " * 20, b"'shape': (1000000, 1000000), }" + b" " * 8)
    assert b"1000000, 1000000" in header
    with pytest.raises(ValueError, match="8000000000000 bytes, and 72 bytes follow"):
        read_npy(io.BytesIO(header), len(header))
    monkeypatch.setattr(files, "memory", lambda: 71)
    with pytest.raises(ValueError, match=r"it needs 7\.2e-08 GB, and this machine has"):
        read_npy(io.BytesIO(saved(np.eye(3))), len(saved(np.eye(3))))
