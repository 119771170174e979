"""Calls every public function under `jax.jit` with one traced argument that eager code refuses, and says what it answers.

`python -m tests.abuse.traced [PACKAGE ...]` prints each answer that is not as it should be, then how many of each kind there are.
"""

import inspect
import sys
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tests.abuse.surface import Entry, surface
from tests.abuse.valid import valid
from tests.abuse.walk import PACKAGES, Outcome

GOOD = ("refused", "nan", "false")
"""Refused while it was traced; NaN in every float; in every boolean what it is to be, where nothing else is answered.

What should not be is "some nan", numbers beside the NaN, "plausible", numbers alone, and "whole", whole numbers alone."""

ANSWERS_TRUE = ("sharpness.fails",)
"""Functions whose booleans are true for nonsense: it fails."""
JAX_FREE = {
    "laws.binomial_window", "laws.certified_head", "laws.kept_law", "laws.kept_laws", "laws.occupancy_means", "laws.plurality",
    "laws.plurality_miss", "laws.vote", "rewards.majority",
}  # fmt: skip
"""Functions of arrays that compute with NumPy, at least for one argument: a traced value is an error of JAX there."""
NO_NONSENSE = {("laws.stopping_time_survival", "after", "5e-324")}
"""Calls that compiled code takes for others: a subnormal is 0 there, and 0 draws are a count. This set only shrinks."""

NUMBERS = (np.nan, np.inf, -np.inf, -1.0, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 1e300, 5e-324, -1, 0, 1, 2, 2**40)


def spoilt(value: Any) -> Iterator[tuple[str, Any]]:
    """Wrong forms of a number or an array, of its shape."""
    array = np.asarray(value)
    if array.ndim == 0:
        yield from ((repr(number), np.asarray(number)) for number in NUMBERS)
        return
    for label, number in (("a NaN", np.nan), ("an inf", np.inf), ("a -inf", -np.inf), ("a -1", -1.0), ("a 2", 2.0), ("a 0.5", 0.5)):
        changed = array.astype(float)
        changed.flat[0] = number
        yield label, changed
    yield from (("all NaN", np.full(array.shape, np.nan)), ("all -inf", np.full(array.shape, -np.inf)))
    yield from (
        ("times 3", array * 3.0),
        ("minus 9", array - 9.0),
        ("plus 1e-6", array + 1e-6),
        ("halves", array + 0.5),
        ("minus 9, whole", array - 9),
    )


def refuses(entry: Entry, positional: list[Any], named: dict[str, Any]) -> bool:
    """Whether eager code refuses the call."""
    try:
        entry.call(*positional, **named)
    except ValueError:
        return True
    except Exception:
        return False
    return False


def verdict(answer: Any, wrong: bool) -> str:
    """What an answer of traced code to nonsense is; `wrong` is what booleans are to be."""
    leaves = [np.asarray(leaf) for leaf in jax.tree.leaves(answer)]
    floats = [np.isnan(leaf) for leaf in leaves if leaf.dtype.kind == "f"]
    if floats:
        return "nan" if all(leaf.all() for leaf in floats) else "some nan" if any(leaf.any() for leaf in floats) else "plausible"
    return (
        "whole"
        if any(leaf.dtype.kind != "b" for leaf in leaves)
        else "plausible"
        if any((leaf != wrong).any() for leaf in leaves)
        else "false"
    )


def _in_jax(value: Any) -> Any:
    # NumPy's tables do not mix with a traced number.
    return jnp.asarray(value) if isinstance(value, np.ndarray) and value.dtype.kind == "f" else value


def calls(entry: Entry) -> Iterator[tuple[str, Any, Any]]:
    """(argument, its valid value, the call's arguments given this one) for each number and array; the others are concrete, tables JAX's."""
    positional, named = valid(entry)
    positional, named = list(map(_in_jax, positional)), {name: _in_jax(value) for name, value in named.items()}
    names = [name for name, p in inspect.signature(entry.call).parameters.items() if p.kind <= p.POSITIONAL_OR_KEYWORD]
    for place, argument in enumerate([*names, *named]):
        good = positional[place] if place < len(names) else named[argument]
        if not isinstance(good, (int, float, np.ndarray, jax.Array)) or isinstance(good, bool) or np.asarray(good).dtype.kind not in "iufb":
            continue

        def call(value: Any, place: int = place, argument: str = argument) -> tuple[list[Any], dict[str, Any]]:
            given, by_name = list(positional), dict(named)
            if place < len(names):
                given[place] = value
            else:
                by_name[argument] = value
            return given, by_name

        yield argument, good, call


def walk(packages: Sequence[str] = PACKAGES) -> Iterator[Outcome]:
    """The outcome of each call that eager code refuses, for the arguments that may be traced."""
    for entry in surface():
        if entry.package not in packages:
            continue
        for argument, good, call in calls(entry):

            def traced(value: Any, call: Any = call, entry: Entry = entry) -> Any:
                given, named = call(value)
                return entry.call(*given, **named)

            compiled = jax.jit(traced)
            try:
                compiled(jnp.asarray(good))
            except Exception:
                yield Outcome(entry.name, argument, "", "not traceable")
                continue
            for label, bad in spoilt(good):
                if not refuses(entry, *call(bad)):
                    continue
                try:
                    answer = verdict(compiled(jnp.asarray(bad)), entry.name in ANSWERS_TRUE)
                except ValueError:
                    answer = "refused"
                yield Outcome(entry.name, argument, label, answer)


def main(packages: list[str]) -> None:
    """Print what is not as it should be, and the counts."""
    jax.config.update("jax_enable_x64", True)
    warnings.simplefilter("ignore")
    found = list(walk(packages or PACKAGES))
    for outcome in found:
        if outcome.verdict not in (*GOOD, "not traceable"):
            print(*outcome[:4])
    print(Counter(outcome.verdict for outcome in found))


if __name__ == "__main__":
    main(sys.argv[1:])
