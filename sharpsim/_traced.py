"""What compiled code answers where eager code refuses: NaN.

Code that JAX traces cannot raise. There a checked function asks of each traced argument whether it is of its kind, and multiplies every
float of its answer by 1 where all are, and by NaN otherwise. So a derivative is NaN as well, and numbers that are right keep their bits.
"""

import sys
from collections.abc import Callable, Sequence
from typing import Any

from sharpsim._checks import ROW_TOLERANCE


def asked(holds: Callable[[Any], Any], whole: Callable[[Any], Any] | None, value: Any) -> Any:
    """Whether each entry of a traced array obeys `holds`, and it obeys `whole`, as one traced boolean."""
    xp = value.__array_namespace__()
    value = sys.modules["jax"].lax.stop_gradient(value)
    # Whole numbers as floats, because 2^53 is no int32.
    numbers = value if xp.issubdtype(value.dtype, xp.floating) else value.astype(float)
    good = xp.all(xp.asarray(holds(numbers)))
    return good if whole is None else good & whole(numbers)


def sum_to_one(log_probs: Any) -> Any:
    """Whether the rows of log-probabilities sum to one, as `_checks.rows` has it."""
    return _near_one(log_probs.__array_namespace__().exp(log_probs.astype(float)), log_probs.dtype)


def some_mass(scores: Any) -> Any:
    """Whether each row has a number above -inf, as `_checks.some_mass` has it."""
    return (scores.max(axis=-1) > -float("inf")).all()


def distribution(probs: Any) -> Any:
    """Whether the rows are non-negative and sum to one, as `_checks.probabilities` has it."""
    return (probs >= 0).all() & _near_one(probs.astype(float), probs.dtype)


def _near_one(masses: Any, dtype: Any) -> Any:
    return (abs(masses.sum(axis=-1) - 1.0) <= ROW_TOLERANCE.get(dtype.itemsize, 1e-2)).all()


def answered(result: Any, asked: Sequence[Any], wrong: bool) -> Any:
    """The result where all that was asked is true; otherwise NaN in every float and `wrong` in every boolean, whole numbers as they are."""
    jax = sys.modules["jax"]
    xp = jax.numpy
    good = asked[0]
    for other in asked[1:]:
        good = good & other
    factor = xp.where(good, 1.0, xp.nan)

    def leaf(value: Any) -> Any:
        if not hasattr(value, "dtype") and not isinstance(value, (bool, float)):
            return value
        kind = xp.result_type(value)
        if kind == xp.bool_:
            return xp.where(good, value, wrong)
        return value * factor if xp.issubdtype(kind, xp.floating) else value

    return jax.tree.map(leaf, result)
