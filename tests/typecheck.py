"""The checker that the import hook puts around the library's functions while tests run.

Jaxtyping's own hook generates and checks two functions for each one that it decorates, and binds the arguments of every call: a call
of a function of text then costs twenty times what the function does. A scope for the names of axes is needed only where an annotation
names axes, so all other functions are checked by beartype alone, and those with axes are checked once.
"""

import dataclasses
import functools
import inspect
import typing
import weakref
from collections.abc import Callable
from typing import Any

import jaxtyping
from beartype import BeartypeConf, beartype

# Without the numeric tower an int fails a `float` annotation. A wrong type is a `TypeError`, with named axes or without.
checked = beartype(conf=BeartypeConf(is_pep484_tower=True, violation_type=jaxtyping.TypeCheckError))


MADE: weakref.WeakSet[Any] = weakref.WeakSet()
"""The functions that `typed` has made."""


def names_axes(annotation: Any) -> bool:
    """Whether an annotation is, or holds, an array type of jaxtyping; a string may hold anything."""
    if isinstance(annotation, str | typing.ForwardRef):
        return True
    inner = (*typing.get_args(annotation), *filter(None, [getattr(annotation, "__value__", None), getattr(annotation, "__bound__", None)]))
    if isinstance(annotation, list | tuple):
        inner = annotation
    array = inspect.isclass(annotation) and (
        issubclass(annotation, jaxtyping.AbstractArray) or annotation.__module__.startswith("jaxtyping")
    )
    return array or any(map(names_axes, inner))


def typed(fn: Any = None, *, typechecker: Callable[[Any], Any]) -> Any:
    """In the place of `jaxtyping.jaxtyped`: the function with its arguments and its answer checked at every call."""
    if fn is None:
        return functools.partial(typed, typechecker=typechecker)
    if inspect.isclass(fn):
        # Where the library wraps an `__init__`, its wrapper has been checked, and converts what the fields would not take.
        if dataclasses.is_dataclass(fn) and fn.__init__ not in MADE:
            fn.__init__ = typed(fn.__init__, typechecker=typechecker)
        return fn
    if isinstance(fn, classmethod | staticmethod):
        return type(fn)(typed(fn.__func__, typechecker=typechecker))
    if isinstance(fn, property):
        return property(*(part and typed(part, typechecker=typechecker) for part in (fn.fget, fn.fset, fn.fdel)))
    annotations = getattr(fn, "__annotations__", {}).values()
    made = jaxtyped(typechecker(fn), typechecker=None) if any(map(names_axes, annotations)) else typechecker(fn)
    MADE.add(made)
    return made


jaxtyped, jaxtyping.jaxtyped = jaxtyping.jaxtyped, typed
