"""The public surface: every function and class that a module of `sharpsim` offers by name, and the public methods of these classes."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import sharpsim


class Entry(NamedTuple):
    """One public callable: its name without "sharpsim.", the package it counts for, itself, and its class where it is a method."""

    name: str
    package: str
    call: Callable[..., Any]
    owner: type | None = None


TEXTS = ("sharpsim.exercises.checks.", "sharpsim.exercises.solutions.", "sharpsim.exercises.stubs.")
"""Modules that a student reads or completes: their functions get the instances of one check, and refuse nothing."""


def modules() -> list[str]:
    """All modules whose names have no private part, programs and `TEXTS` left out."""
    found = [module.name for module in pkgutil.walk_packages(sharpsim.__path__, "sharpsim.") if not _is_program(module)]
    return [
        "sharpsim",
        *(name for name in found if not any(part.startswith("_") for part in name.split(".")[1:]) and not name.startswith(TEXTS)),
    ]


def _is_program(module: Any) -> bool:
    spec = module.module_finder.find_spec(module.name)
    return 'if __name__ == "__main__":' in Path(spec.origin).read_text()


def names(module: Any) -> list[str]:
    """`__all__`; without one, the public names that the module defines itself."""
    own = [name for name, value in vars(module).items() if getattr(value, "__module__", "") == module.__name__ and not name.startswith("_")]
    return list(getattr(module, "__all__", own))


def is_record(value: Any) -> bool:
    """Whether a class only holds what the library puts there: an error, a named tuple, or a dataclass that checks nothing."""
    if not inspect.isclass(value):
        return False
    checks = any(hasattr(value, name) for name in ("__post_init__", "__check_init__"))
    # Constructors that `dataclass` and `equinox` wrote stand in no file of the library.
    code = getattr(vars(value).get("__init__"), "__code__", None)
    written = code is not None and code.co_filename.startswith(sharpsim.__path__[0])
    return issubclass(value, (BaseException, tuple)) or inspect.isabstract(value) or not (checks or written)


def surface() -> Iterator[Entry]:
    """Every public callable once, under the first name at which it is found."""
    seen: set[int] = set()
    for path in modules():
        module = importlib.import_module(path)
        for name in names(module):
            value = getattr(module, name)
            if not callable(value) or id(value) in seen or hasattr(value, "__origin__"):
                continue
            seen.add(id(value))
            full = f"{path}.{name}".removeprefix("sharpsim.")
            package = path.removeprefix("sharpsim.") if path != "sharpsim" else value.__module__.split(".")[1]
            if not is_record(value):
                yield Entry(full, package, value)
            if inspect.isclass(value) and not issubclass(value, BaseException):
                yield from _methods(full, package, value)


def _methods(full: str, package: str, owner: type) -> Iterator[Entry]:
    for name, method in inspect.getmembers(owner, inspect.isroutine):
        home = next((cls for cls in owner.__mro__ if name in vars(cls)), None)
        ours = home is not None and home.__module__.startswith("sharpsim.")
        # An abstract method has no body that could refuse.
        if not ours or (name.startswith("_") and name != "__call__") or getattr(method, "__isabstractmethod__", False):
            continue
        if issubclass(owner, tuple) and name in ("count", "index"):
            continue
        if len(inspect.signature(method).parameters) > (0 if inspect.ismethod(method) else 1):
            yield Entry(f"{full}.{name}", package, method, None if inspect.ismethod(method) else owner)
