"""The checker of the suite: wrong arguments and wrong answers are refused, with and without named axes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Optional

import jax
import numpy as np
import pytest
from jaxtyping import Array, Float, PyTree, TypeCheckError

from sharpsim import TabularPolicy
from sharpsim.tasks import TASKS
from tests.typecheck import checked, names_axes, typed

HALVES, THIRDS = np.full(2, 0.5), np.full(3, 1 / 3)
Row = Float[np.ndarray, " n"]


@typed(typechecker=checked)
def first(a: Row, b: Row | None, cut: int = 2) -> Row:
    return a[:cut]


@typed(typechecker=checked)
def length(text: str, factor: float = 1.0) -> int:
    wrong: Any = factor
    return len(text) if factor == 1 else wrong


@typed(typechecker=checked)
@dataclass
class Pair:
    a: Row
    b: Row

    @typed(typechecker=checked)
    @classmethod
    def halves(cls, b: Row) -> "Pair":
        return cls(HALVES, b)

    @property
    @typed(typechecker=checked)
    def wide(self) -> Float[np.ndarray, "3"]:
        return self.a


def test_what_is_right_passes():
    assert (first(HALVES, HALVES).shape, first(THIRDS, None, 3).shape) == ((2,), (3,))
    assert length("ab", 1) == 2
    assert Pair(HALVES, HALVES).a is HALVES


@pytest.mark.parametrize(
    "call",
    [
        lambda: first(HALVES, THIRDS),
        lambda: first(HALVES, HALVES, 1),
        lambda: first(np.arange(2), None),
        lambda: first(HALVES, None, "2"),
        lambda: length(b"ab"),
        lambda: length("ab", "2"),
        lambda: length("ab", 0.5),
        lambda: Pair(HALVES, THIRDS),
        lambda: Pair.halves(THIRDS),
        lambda: Pair(HALVES, HALVES).wide,
        lambda: TabularPolicy(jax.numpy.zeros(3)),
        lambda: getattr(TASKS["arithmetic"](level=1), "_held_out")(3),  # noqa: B009
    ],
)
def test_what_is_wrong_is_refused(call):
    with pytest.raises(TypeCheckError):
        call()


def test_axes_are_found_wherever_they_stand():
    arrays = (Row, Optional[Row], tuple[int, Row], Sequence[Float[Array, "a b"]], PyTree[Row], "Row")  # noqa: UP045  `Row | None` is no type to pyright
    assert [names_axes(one) for one in arrays] == [True] * len(arrays)
    assert not any(map(names_axes, (int, str | None, tuple[int, ...], Sequence[float], np.ndarray, None, Pair)))
