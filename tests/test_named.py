"""Every public function of the exact parts is named in a test of its module: a function that no test calls may be wrong for years."""

import importlib
import inspect
import re

import numpy as np
import pytest

from experiments.engine.rows import ROOT
from sharpsim import laws
from sharpsim.theory import STEMS, hardness, sft
from tests.abuse.surface import names


def functions(module):
    return [name for name in names(module) if inspect.isfunction(getattr(module, name))]


@pytest.mark.parametrize("stem", STEMS)
def test_the_theorys_functions_are_named_where_they_are_tested(stem):
    module = importlib.import_module(f"sharpsim.theory.{stem}")
    told = "".join((ROOT / "tests" / name).read_text() for name in (f"theory/test_{stem}.py", "test_named.py", "test_accuracy.py"))
    unnamed = [name for name in functions(module) if not re.search(rf"\b(theory|{stem})\.{name}\b|import [^\n]*\b{name}\b", told)]
    assert not unnamed


@pytest.mark.parametrize("name", functions(laws))
def test_the_laws_are_named_in_their_tests(name):
    told = "".join(path.read_text() for path in [*(ROOT / "tests").glob("*/test_*.py"), *(ROOT / "tests").glob("test_*.py")])
    assert re.search(rf"\blaws\.{name}\b|import [^\n]*\b{name}\b", told)


def test_stopping_tables_of_a_coin():
    """0.75 and 0.25 at s = 1: deadlines 4 and 2, and the rarer side is kept at the fourth draw, if at all, after three more of its kind."""
    found = laws.stopping_tables(np.log([0.75, 0.25]), stop=1.0)
    assert found.order.tolist() == [1, 0]
    assert found.deadline.tolist() == [4.0, 2.0]
    np.testing.assert_allclose(np.exp(found.log_mass_at_most), [0.25, 1.0], rtol=1e-14)
    # Between the deadlines, only the rarer side has not stopped the draws: 0.25^2 + 0.25^3.
    np.testing.assert_allclose(np.exp(found.log_segment), [0.25**2 + 0.25**3, 0.0], rtol=1e-14)
    np.testing.assert_allclose(np.exp(found.log_on_time), [0.25**4, 1 - 0.25**2], rtol=1e-13)


def test_a_certified_head_is_whole():
    table, left, edge = laws.certified_head([[np.log(0.5), np.log(0.3)]], [0.2], [np.log(0.1)])
    assert (table.shape, left.tolist(), edge.shape) == ((1, 2), [0.2], (1,))
    with pytest.raises(ValueError, match="`remaining_mass`"):
        laws.certified_head([[np.log(0.5), np.log(0.3)]], [0.1], [np.log(0.1)])
    with pytest.raises(ValueError, match="`tail_bound`"):
        laws.certified_head([[np.log(0.5), np.log(0.3)]], [0.2], [np.nan])


def test_memorised_samples_are_enough_and_nearly_least():
    """The answer's risk is at most eps at its own n and N, by the exact risk; 5% fewer prompts are too few."""
    masses, weights = np.array([0.6, 0.3]), np.array([0.5, 0.5])
    found = sft.least_memorised(masses, weights, eps=0.1, delta=0.3)
    assert found.samples == found.n * found.N
    assert found.risk == pytest.approx(sft.risk_of_masses(masses, weights, n=found.n, N=found.N, delta=0.3), rel=1e-12)
    assert found.risk <= 0.1 < sft.risk_of_masses(masses, weights, n=max(1, int(0.95 * found.n) - 1), N=found.N, delta=0.3)


def test_edges_of_a_path():
    path = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    assert hardness.edges(path) == 2
    assert hardness.alignment(path).max() == 2 * hardness.maximum_cut(path) - hardness.edges(path)
