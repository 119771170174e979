"""Importing the library is cheap and keeps JAX away until something needs it."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import sharpsim

ROOT = Path(__file__).resolve().parents[1]
BUDGET = 0.15
"""Seconds over importing NumPy."""


def fresh(code: str) -> str:
    return subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def test_import_costs_next_to_nothing():
    code = "import time, numpy; t = time.perf_counter(); import sharpsim; print(time.perf_counter() - t)"
    # The least of three: other processes can only make it slower.
    assert min(float(fresh(code)) for _ in range(3)) < BUDGET


def test_certified_verdicts_load_no_arrays():
    code = "import sys, sharpsim.certified as c; print([m for m in ('jax', 'numpy', 'scipy') if m in sys.modules], 'flint' in sys.modules)"
    assert fresh(code) == "[] True"


def test_certified_says_what_it_lacks():
    code = "import sys; sys.modules['flint'] = None\ntry:\n import sharpsim.certified\nexcept ImportError as error: print(error)"
    assert fresh(code) == 'sharpsim.certified needs python-flint: pip install "sharpsim[certified]".'


@pytest.mark.parametrize("modules", ["sharpsim", "sharpsim.laws, sharpsim.coverage, sharpsim.sharpness, sharpsim.theory"])
def test_exact_numbers_load_no_jax(modules):
    assert fresh(f"import sys, {modules}; print([m for m in ('jax', 'equinox', 'scipy.stats') if m in sys.modules])") == "[]"


def test_theory_loads_no_jax():
    code = "import sys, sharpsim.theory as t; t.STATEMENTS; print([m for m in ('jax', 'equinox') if m in sys.modules])"
    assert fresh(code) == "[]"


def test_names_load_on_first_use():
    assert {"TabularPolicy", "Oracle", "LawOracle", "laws", "theory"} <= set(dir(sharpsim))
    assert sharpsim.TabularPolicy.__name__ == "TabularPolicy"
    with pytest.raises(AttributeError, match="no attribute 'Sharpener'"):
        _ = sharpsim.Sharpener


def imported(path: Path) -> list[str]:
    """All modules and names that a file imports, with dots."""
    nodes = list(ast.walk(ast.parse(path.read_text())))
    whole = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    return whole + [f"{node.module}.{alias.name}" for node in nodes if isinstance(node, ast.ImportFrom) for alias in node.names]


@pytest.mark.parametrize("room", ["decoding", "policies", "sampling"])
def test_private_modules_stay_in_their_package(room):
    files = [path for top in ("sharpsim", "experiments", "benchmarks", "figures") for path in (ROOT / top).rglob("*.py")]
    outside = [path for path in files if ROOT / "sharpsim" / room not in path.parents]
    assert len(outside) > 100
    assert [(path.name, name) for path in outside for name in imported(path) if name.startswith(f"sharpsim.{room}._")] == []


@pytest.mark.parametrize("room", ["decoding", "policies", "sampling"])
def test_rooms_load_no_jax_until_a_member_is_named(room):
    code = f"import sys, sharpsim.{room} as room; print('jax' in sys.modules, [n for n in room.__all__ if not hasattr(room, n)])"
    assert fresh(code) == "False []"
