"""The paper's results, a module each: statement, bound, inverse, exact quantity, checks of the assumptions. Float64 in and out, no JAX.

`STATEMENTS` is the only list of results: every statement of every module that is built, in the paper's order.
"""

import importlib
from importlib.util import find_spec
from typing import Any

from sharpsim.theory._catalogue import STEMS


def built() -> tuple[str, ...]:
    """The stems that have a theory module."""
    return tuple(stem for stem in STEMS if find_spec(f"sharpsim.theory.{stem}") is not None)


def __getattr__(name: str) -> Any:
    if name == "STATEMENTS":
        return tuple(entry for stem in built() for entry in importlib.import_module(f"sharpsim.theory.{stem}").STATEMENTS)
    if name in STEMS and name in built():
        return importlib.import_module(f"sharpsim.theory.{name}")
    raise AttributeError(f"module 'sharpsim.theory' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({"STATEMENTS", "built", *built()})
