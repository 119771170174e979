"""Kinds of arguments: what a number, an array or an object must be, and the refusal of what is not."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from sharpsim._checks import is_traced, shown

Sizes = dict[str, tuple[Any, str]]
"""Axis -> its length, and the argument that has it."""


@dataclass(frozen=True)
class Kind:
    """Numbers of one kind: `holds` says of each entry whether it obeys `rule`, `then` refuses what concerns whole rows.

    `axes` are the names of the axes, "..." standing for any that lead; None is any shape. `dtypes` are NumPy's letters.
    """

    rule: str
    holds: Callable[[Any], Any]
    axes: tuple[str, ...] | None = None
    dtypes: str = "iuf"
    then: Callable[[str, Any], None] | None = None

    def check(self, name: str, value: Any, sizes: Sizes, single: bool = False) -> None:
        """Refuse `value` for the argument `name` unless it is of this kind and its axes have the `sizes` found so far."""
        simple = type(value) in (int, float) and not self.axes and self.dtypes == "iuf"
        if simple and (value == 0 or 1e-300 <= abs(value) < 1e300) and self.holds(value):
            return
        if is_traced(value):
            if self.axes is not None:
                self._fit(name, np.shape(value), sizes)
            return
        array = self._read(name, value)
        if single and array.ndim:
            raise ValueError(f"`{name}` must be one number, {self.rule}; got shape {array.shape}.")
        if self.axes is not None:
            self._fit(name, array.shape, sizes)
        if array.size == 0:
            raise ValueError(f"`{name}` must hold at least one number; got shape {array.shape}.")
        with np.errstate(invalid="ignore"):
            good = np.all(self.holds(array))
        if not good:
            raise ValueError(f"`{name}` must be {self.rule}; got {shown(value)}.")
        if self.then is not None:
            self.then(name, array)

    def _read(self, name: str, value: Any) -> np.ndarray:
        try:
            array = np.asarray(value)
            if type(value) is int and array.dtype == object:
                # Python's integers may be larger than any of NumPy's.
                array = np.asarray(float(value))
        except (TypeError, ValueError, OverflowError):
            array = np.asarray("")
        if array.dtype.kind not in self.dtypes:
            raise ValueError(f"`{name}` must be {self.rule}; got {shown(value)}.")
        return array

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
                raise ValueError(f"`{name}` must have {known} {axis}, as `{owner}` has; got shape {shape}.")
            if length == 0:
                one = "vertex" if axis == "vertices" else axis.removesuffix("s")
                raise ValueError(f"`{name}` must hold at least one {one}; got shape {shape}.")


@dataclass(frozen=True)
class Is:
    """Objects for which `test` is true."""

    rule: str
    test: Callable[[Any], Any]

    def check(self, name: str, value: Any, sizes: Sizes, single: bool = False) -> None:
        """Refuse `value` for the argument `name` unless `test` is true of it."""
        del sizes, single
        if not is_traced(value) and not self.test(value):
            raise ValueError(f"`{name}` must be {self.rule}; got {shown(value)}.")
