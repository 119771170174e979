"""The pages of the API reference: one for each public module, with every name that it exports."""

import importlib
import inspect
from types import ModuleType
from typing import Any

import facts
from pages import Writer

import sharpsim

_SHARED = ("sharpsim.theory._common", "sharpsim.theory._family")
"""Private modules whose names the theory modules use and do not export."""


def modules() -> list[str]:
    """The public modules, the results of `sharpsim.theory` after their package."""
    names = ["sharpsim"]
    for name in sharpsim._MODULES:
        names.append(f"sharpsim.{name}")
        if name == "theory":
            names += [f"sharpsim.theory.{stem}" for stem in facts.STEMS]
        if name == "certified":
            names += [f"sharpsim.certified.{module}" for module in (*sharpsim.certified.MODULES, "constants")]
    return names


def public_names(name: str) -> list[str]:
    """What a module exports: its `__all__`, or else the public names that it defines."""
    module = importlib.import_module(name)
    listed = getattr(module, "__all__", None)
    if listed is None:
        listed = [key for key in dir(module) if not key.startswith("_") and _own(module, key)]
        listed.sort(key=lambda key: _line(getattr(module, key)))
    return [key for key in listed if not key.startswith("_") and not isinstance(getattr(module, key), ModuleType)]


def _own(module: ModuleType, key: str) -> bool:
    value = getattr(module, key)
    if key.isupper():
        return key in vars(module) and not inspect.ismodule(value)
    home = str(getattr(value, "__module__", None) or "")
    if home == module.__name__:
        return inspect.isclass(value) or callable(value)
    theory = module.__name__.startswith("sharpsim.theory.") and home.startswith("sharpsim.theory._")
    return theory and home not in _SHARED


def _line(value: Any) -> tuple[bool, int]:
    try:
        return False, inspect.getsourcelines(inspect.unwrap(value))[1]
    except TypeError:
        return True, 0


_HOMES: dict[int, str] = {}
"""Where each object is described: in the first module that exports it. Others only point there."""


def write_all(writer: Writer) -> None:
    """Write a page for each module, and the index."""
    names = modules()
    _HOMES.clear()
    pages = {name: page(name) for name in [*names[1:], "sharpsim"]}
    for name in names:
        writer.write(f"api/{name}.rst", pages[name])
    head = "API reference\n=============\n\nEvery public name, module by module. Log-probabilities are natural logarithms; tables are\n"
    head += "``[prompts, responses]``; prompt weights sum to one.\n\n.. toctree::\n   :maxdepth: 1\n\n"
    writer.write("api/index.rst", head + "".join(f"   {name}\n" for name in names))


def page(name: str) -> str:
    """The page of one module in reStructuredText."""
    lines = [name, "=" * len(name), "", f".. py:module:: {name}", ""]
    document = inspect.cleandoc(importlib.import_module(name).__doc__ or "")
    stem = name.rpartition(".")[2]
    if name == f"sharpsim.theory.{stem}":
        lines += [document.split("\n")[0].replace("*", "\\*").replace("|", "\\|"), ""]
        lines += [f"The statement, its assumptions and what was measured: :doc:`/statements/{stem}`.", ""]
    else:
        lines += [".. code-block:: text", "   :class: statement", "", *(f"   {line}".rstrip() for line in document.split("\n")), ""]
    for key in public_names(name):
        lines += [_entry(name, key), ""]
    return "\n".join(lines)


def _entry(name: str, key: str) -> str:
    value = getattr(importlib.import_module(name), key)
    home = _HOMES.setdefault(id(value), f"{name}.{key}") if callable(value) else f"{name}.{key}"
    if home != f"{name}.{key}":
        return f".. py:data:: {name}.{key}\n   :no-typesetting:\n\n``{key}`` is :py:obj:`{home}`."
    if inspect.isclass(value):
        # The fields of a named tuple are in its signature.
        members = "" if hasattr(value, "_fields") else "\n   :members:"
        return f".. autoclass:: {name}.{key}{members}"
    if callable(value) and hasattr(value, "__name__"):
        return f".. autofunction:: {name}.{key}"
    shown = repr(value) if isinstance(value, (int, float, str)) else type(value).__name__
    return f".. py:data:: {name}.{key}\n   :value: {shown}"
