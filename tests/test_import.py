"""Importing the library is cheap and keeps JAX away until something needs it."""

import subprocess
import sys

import pytest

import sharpsim

BUDGET = 0.15
"""Seconds over importing NumPy."""


def fresh(code: str) -> str:
    return subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def test_import_costs_next_to_nothing():
    code = "import time, numpy; t = time.perf_counter(); import sharpsim; print(time.perf_counter() - t)"
    # The least of three: other processes can only make it slower.
    assert min(float(fresh(code)) for _ in range(3)) < BUDGET


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
