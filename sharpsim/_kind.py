"""Kinds of arguments: what a number, an array or an object must be, the refusal of what is not, and the line in the docstring."""

import functools
import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sharpsim import _traced
from sharpsim._checks import as_array, is_traced, shown

Sizes = dict[str, tuple[Any, str]]
"""Axis -> its length, and the argument that has it."""


@dataclass(frozen=True)
class Kind:
    """Numbers of one kind: `holds` says of each entry whether it obeys `rule`, `then` refuses what concerns whole rows.

    `whole` says of a traced array whether `then` would let it pass, as one traced boolean.
    `axes` are the names of the axes, "..." standing for any that lead; None is any shape. `dtypes` are NumPy's letters.
    """

    rule: str
    holds: Callable[[Any], Any]
    axes: tuple[str, ...] | None = None
    dtypes: str = "iuf"
    then: Callable[[str, Any], None] | None = None
    whole: Callable[[Any], Any] | None = None

    def check(self, name: str, value: Any, sizes: Sizes, single: bool = False) -> Any:
        """Refuse `value` for the argument `name` unless it is of this kind and its axes have the `sizes` found so far.

        Of a value that JAX is tracing, the type and the axes are refused, and whether its numbers are of this kind is returned.
        """
        simple = type(value) in (int, float) and not self.axes and self.dtypes == "iuf"
        if simple and (value == 0 or 1e-300 <= abs(value) < 1e300) and self.holds(value):
            return None
        traced = is_traced(value)
        array: Any = value if traced else as_array(value)
        if array.dtype.kind not in self.dtypes:
            raise ValueError(f"`{name}` must be {self.rule}; got {shown(value)}.")
        if single and array.ndim:
            raise ValueError(f"`{name}` must be one number, {self.rule}; got shape {array.shape}.")
        if self.axes is not None:
            self._fit(name, array.shape, sizes)
        if array.size == 0:
            raise ValueError(f"`{name}` must hold at least one number; got shape {array.shape}.")
        if traced and self.then is not None and self.whole is None:
            raise ValueError(f"`{name}` must be concrete, as compiled code cannot tell whether it is {self.rule}; got a traced array.")
        if traced:
            return _traced.asked(self.holds, self.whole, value)
        with np.errstate(invalid="ignore"):
            good = np.all(self.holds(array))
        if not good:
            raise ValueError(f"`{name}` must be {self.rule}; got {shown(value)}.")
        if self.then is not None:
            self.then(name, array)
        return None

    def require(self, name: str, value: Any) -> None:
        """Refuse `value` for the argument `name` unless it is one number of this kind."""
        self.check(name, value, {}, single=True)

    def _fit(self, name: str, shape: tuple[int, ...], sizes: Sizes) -> None:
        axes = self.axes or ()
        split = len(shape) - len(axes) + 1 if axes[:1] == ("...",) else 0
        lengths = (shape[:split], *shape[split:]) if axes[:1] == ("...",) else shape
        if split < 0 or len(lengths) != len(axes):
            if not axes:
                raise ValueError(f"`{name}` must be one number, {self.rule}; got shape {shape}.")
            what = "a table" if len(axes) == 2 else "an array"
            raise ValueError(f"`{name}` must be {what} [{', '.join(axes)}]; got shape {shape}.")
        for axis, length in zip(axes, lengths, strict=True):
            known, owner = sizes.setdefault(axis, (length, name))
            if known != length:
                what = f"be {self.rule}" if owner == name else f"have {known} {axis}, as `{owner}` has"
                raise ValueError(f"`{name}` must {what}; got shape {shape}.")
            if length == 0:
                one = "vertex" if axis == "vertices" else axis.removesuffix("s")
                raise ValueError(f"`{name}` must hold at least one {one}; got shape {shape}.")


@dataclass(frozen=True)
class Is:
    """Objects for which `test` is true, as it is of all whose class is `exact`: these need not be tested."""

    rule: str
    test: Callable[[Any], Any]
    exact: type | None = None

    def check(self, name: str, value: Any, sizes: Sizes, single: bool = False) -> None:
        """Refuse `value` for the argument `name` unless `test` is true of it."""
        del sizes, single
        if not self.test(value):
            raise ValueError(f"`{name}` must be {self.rule}; got {shown(value)}.")


@functools.cache
def count(least: int = 1, most: float = math.inf) -> Kind:
    """Whole numbers from `least` to `most`; floats with a whole value, such as 1e12, are allowed."""
    rule = f"a whole number of at least {least}" + (
        f" and at most {most:,}, as more would take too long or too much memory" if most < math.inf else ""
    )
    return Kind(rule, lambda x: (x >= least) & (x <= most) & (x < math.inf) & (x % 1 == 0))


@functools.cache
def at_least(least: float) -> Kind:
    """Numbers from `least` on; infinity is allowed, NaN is not."""
    return Kind(f"at least {least:g}", lambda x: x >= least)


@functools.cache
def within(low: float, high: float) -> Kind:
    """Numbers in [low, high]."""
    return Kind(f"in [{low:g}, {high:g}]", lambda x: (x >= low) & (x <= high))


def arrays(kind: Kind, *axes: str) -> Kind:
    """The same numbers in an array with these axes."""
    return replace(kind, axes=axes)


def instance(cls: type) -> Is:
    """Objects of a class."""
    return Is(f"a {cls.__name__}", lambda value: isinstance(value, cls), cls)


def quick(function: Any, refusing: Any, classes: list[type | None]) -> Any:
    """`refusing`, which looks at one or two objects no closer where their classes are exactly these: many answers take less time."""
    own = int(next(iter(inspect.signature(function).parameters), "") in ("self", "cls"))
    exact = classes[own:]
    if None in exact or len(exact) not in (1, 2):
        return refusing
    size, first, last = len(classes), exact[0], exact[-1]

    @functools.wraps(function)
    def looking(*args: Any, **kwargs: Any) -> Any:
        if len(args) == size and type(args[own]) is first and type(args[-1]) is last and not kwargs:
            return function(*args)
        return refusing(*args, **kwargs)

    return looking


def with_rules(document: str | None, rules: dict[str, str]) -> str | None:
    """The docstring with one more paragraph: what each argument must be. A refusal says the same words."""
    if not document or not rules:
        return document
    names: dict[str, list[str]] = {}
    for name, rule in rules.items():
        names.setdefault(rule, []).append(f"`{name}`")
    said = "; ".join(f"{', '.join(same)} must be {rule}" for rule, same in names.items())
    return f"{inspect.cleandoc(document)}\n\nArguments: {said}."
