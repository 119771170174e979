"""CONTRIBUTING.md followed to the end: the theorem in a copy of the repository, the task, the self-reward and the sampler as they stand."""

import inspect
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.tasks import test_protocol

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "CONTRIBUTING.md").read_text()


def walk(title: str) -> str:
    """The text of one section."""
    return re.split(r"^## ", PAGE.split(f"## {title}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]


def blocks(title: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", walk(title), flags=re.MULTILINE | re.DOTALL)


def executed(title: str) -> SimpleNamespace:
    """The names that the section's Python blocks define, in one namespace, as if the files imported each other."""
    names: dict[str, Any] = {"__name__": "contributed"}
    for block in blocks(title, "python"):
        exec(compile(block, block.splitlines()[0], "exec"), names)
    return SimpleNamespace(**names)


def python(copy: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(copy), "MPLBACKEND": "Agg", "JAX_COMPILATION_CACHE_DIR": str(ROOT / "build" / "jax")}
    return subprocess.run([sys.executable, *arguments], cwd=copy, env=environment, capture_output=True, text=True, timeout=400)


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Path:
    """The repository's tracked files but its rows and drawings, with the worked theorem put in as the page says."""
    target = tmp_path_factory.mktemp("copy")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        if not name.startswith(("figures/out/", "experiments/rows/", "sharpsim/weights/")) and (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target / name)
    copies, _ = blocks("Add a theorem", "bash")
    subprocess.run(["bash", "-e", "-c", copies], cwd=target, check=True)
    (entries,) = blocks("Add a theorem", "python")
    stem, item = re.fullmatch(r"# STEMS\n(.*)# CATALOGUE\n(.*)", entries, flags=re.DOTALL).groups()
    insert(target, "_item.py", r"^STEMS\b.* = \{\n", stem)
    insert(target, "_catalogue.py", r"^CATALOGUE\b.* = \(\n", item)
    return target


def insert(copy: Path, name: str, after: str, text: str) -> None:
    path = copy / "sharpsim" / "theory" / name
    changed, count = re.subn(after, lambda match: match.group() + text, path.read_text(), flags=re.MULTILINE)
    assert count == 1
    path.write_text(changed)


@pytest.mark.slow
def test_a_theorem_is_complete_after_its_five_places(copy):
    done = python(copy, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/test_house.py", "-k", "missed_mode and places")
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout


@pytest.mark.slow
def test_a_theorem_runs_and_is_drawn(copy):
    _, commands = blocks("Add a theorem", "bash")
    tested, *others = [line.split()[1:] for line in commands.splitlines()]
    assert tested == ["-m", "pytest", "-q", "tests/theory/test_missed_mode.py"]
    for arguments in others:
        done = python(copy, *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
    assert (copy / "out/smoke/rows/missed_mode.csv").exists()
    assert (copy / "out/smoke/figures/missed_mode.png").exists()
    assert "Missed mode" in (copy / "out/smoke/rows/missed_mode-verdicts.csv").read_text()


@pytest.mark.slow
def test_a_theorems_test_passes_and_fails_with_a_constant_scaled_by_0_7(copy):
    # Without the suite's conftest: these tests need NumPy and SciPy alone.
    test = ["-m", "pytest", "-q", "--noconftest", "-p", "no:cacheprovider", "tests/theory/test_missed_mode.py"]
    done = python(copy, *test)
    assert done.returncode == 0, done.stdout
    module = copy / "sharpsim" / "theory" / "missed_mode.py"
    right = module.read_text()
    wrong = right.replace("np.exp(-p *", "0.7 * np.exp(-p *")
    assert wrong != right
    try:
        module.write_text(wrong)
        done = python(copy, *test)
    finally:
        module.write_text(right)
    assert done.returncode == 1, done.stdout
    assert {name for name in ("test_value", "test_sandwich", "test_sharpness") if f"::{name}" in done.stdout} == {
        "test_value", "test_sandwich", "test_sharpness",
    }  # fmt: skip


def takes_a_task(name: str, check: Any) -> bool:
    return name.startswith("test_") and [*inspect.signature(check).parameters] == ["task"]


PROTOCOL = [check for name, check in vars(test_protocol).items() if takes_a_task(name, check)]


@pytest.mark.parametrize("level", [1, 2])
@pytest.mark.parametrize("check", PROTOCOL, ids=lambda check: check.__name__)
def test_a_task_keeps_the_protocol(check: Callable[[Any], None], level: int):
    check(executed("Add a task").Reversal(level))


def test_the_protocol_was_found():
    assert len(PROTOCOL) >= 7


def test_a_self_reward_has_its_law():
    executed("Add a self-reward").test_length_bonus()


def test_a_sampler_has_its_law():
    executed("Add a sampler").test_draws_have_the_law()


def test_the_pages_rooms_are_there():
    names = re.findall(r"`([\w./]+)`", walk("The rooms"))
    assert not [name for name in names if not any((ROOT / place / name).exists() for place in (".", "sharpsim"))]
