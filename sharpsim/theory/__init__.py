"""The paper's results, one module each, to hold a bound against the exact quantity it bounds. Float64 in and out, no JAX.

Each module has the statement in its docstring, the bound, its inverse, the exact quantity where it can be computed, and `checks` of the
assumptions. `STATEMENTS` is the only list of results: every statement of every module that is built, in the paper's order.
`CATALOGUE` lists every numbered item of the paper (`Item`), built or not; `STEMS` gives the stems and their subjects; `ERRATA` lists
where the paper's text departs from its proofs (`Erratum`). `Statement`, `AssumptionError`, `require` and `hellinger` are what the modules
share. Importing this package loads none of them: each is loaded when it is first named.
"""

import importlib
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sharpsim.theory._catalogue import CATALOGUE
    from sharpsim.theory._common import AssumptionError, Statement, hellinger, require
    from sharpsim.theory._errata import ERRATA, ERRATUM_KINDS, Erratum
    from sharpsim.theory._item import ITEM_KINDS, STEMS, Item

_HOME = {
    "AssumptionError": "_common",
    "CATALOGUE": "_catalogue",
    "ERRATA": "_errata",
    "ERRATUM_KINDS": "_errata",
    "Erratum": "_errata",
    "ITEM_KINDS": "_item",
    "Item": "_item",
    "STEMS": "_item",
    "Statement": "_common",
    "hellinger": "_common",
    "require": "_common",
}

__all__ = [
    "AssumptionError",
    "CATALOGUE",
    "ERRATA",
    "ERRATUM_KINDS",
    "Erratum",
    "ITEM_KINDS",
    "Item",
    "STEMS",
    "Statement",
    "built",
    "hellinger",
    "require",
]


def built() -> tuple[str, ...]:
    """The stems that have a theory module."""
    return tuple(stem for stem in _stems() if find_spec(f"sharpsim.theory.{stem}") is not None)


def _stems() -> dict[str, str]:
    return importlib.import_module("sharpsim.theory._item").STEMS


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(f"sharpsim.theory.{_HOME[name]}"), name)
    if name == "STATEMENTS":
        return tuple(entry for stem in built() for entry in importlib.import_module(f"sharpsim.theory.{stem}").STATEMENTS)
    if not name.startswith("_") and name in _stems() and name in built():
        return importlib.import_module(f"sharpsim.theory.{name}")
    raise AttributeError(f"module 'sharpsim.theory' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*__all__, "STATEMENTS", *built()})
