"""What the arguments of public functions are, said once: `KINDS` gives each name its kind, and `checked` refuses what is not of it.

`@checked` takes the kind of each argument from its own keyword if there is one, else from its name, else from its annotation, and
adds to the docstring what each must be. An argument annotated `int` or `float` must be one number; one with None in its annotation or as
its default may be None. Arrays are compared with one another: `prompts` in two arguments is the same number. A refusal is a `ValueError`
"`name` must be RULE; got VALUE.".

Code that JAX traces cannot raise. There types and shapes are refused as ever, and the numbers are looked at in compiled code: where a
traced argument is not of its kind, every float of the answer is NaN, and so are its derivatives. A boolean cannot say so: it is False, or
what the function gives as `wrong`. Whole numbers stay as they are; no function answers with these alone.
"""

import functools
import inspect
import math
import types
from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar, Union, get_args, get_origin, overload

import numpy as np

from sharpsim import _checks, _traced
from sharpsim._kind import Is, Kind, Sizes, arrays, at_least, count, instance, quick, with_rules, within

F = TypeVar("F", bound=Callable[..., Any])


def at_least_one(coefficient: Any) -> float:
    """A number of the kind `COEFFICIENT` without the rounding below 1."""
    return max(float(coefficient), 1.0)


def several(kind: Kind) -> Is:
    """A sequence, not empty, of numbers of this kind, each by itself."""

    def test(value: Any) -> bool:
        try:
            for entry in value:
                kind.require("", entry)
            return len(value) > 0
        except (TypeError, ValueError):
            return False

    return Is(f"one or more numbers, each {kind.rule}", test)


def require_concrete(kind: Kind, **values: Any) -> None:
    """Refuse values that are not of this kind; what JAX is tracing is not looked at."""
    for name, value in values.items():
        if not _checks.is_traced(value):
            kind.check(name, value, {})


def one_of(*texts: str) -> Is:
    """One of these texts."""
    return Is(f"one of {', '.join(texts)}", lambda value: isinstance(value, str) and value in texts)


OPEN_UNIT = Kind("in (0, 1)", lambda x: (x > 0) & (x < 1), then=_checks.not_tiny, whole=lambda x: (x >= _checks.LEAST).all())
HALF_OPEN_UNIT = Kind("in [0, 1)", lambda x: (x >= 0) & (x < 1))
SHARE = Kind("in (0, 1]", lambda x: (x > 0) & (x <= 1))
UNIT = within(0, 1)
POSITIVE = Kind("positive and finite", lambda x: (x > 0) & (x < math.inf))
MODERATE = Kind("positive, from 1e-100 to 1e100", lambda x: (x >= 1e-100) & (x <= 1e100))
FITTED_BETA = Kind("positive, from 1e-30 to 1e15", lambda x: (x >= 1e-30) & (x <= 1e15))
FINITE = Kind("finite", lambda x: abs(x) < math.inf)
REAL = Kind("a number", lambda x: x == x)
OPTIMISM = Kind("at least 0 and at most 1e15 (0 is the limit from above)", lambda x: (x >= 0) & (x <= 1e15))
LABEL = Kind("a whole number of at least 0", lambda x: x >= 0, dtypes="iu")
FEATURES = arrays(FINITE, "prompts", "responses", "d")
FLAG = Kind("true or false", lambda x: x == x, dtypes="b")
NON_NEGATIVE = at_least(0)
COEFFICIENT = at_least(1 - 1e-9)
"""Coefficients that are at least 1 by definition, and that rounding may have left a little below: `at_least_one` brings them back."""

ROWS = Kind("floating-point log-probabilities", lambda x: True, ("...", "responses"), "f", _checks.rows, _traced.sum_to_one)
SCORES = Kind("numbers, not NaN or +inf", lambda x: x < math.inf, ROWS.axes, "f", _checks.some_mass, _traced.some_mass)
TABLE = replace(ROWS, axes=("prompts", "responses"))
ROW = replace(ROWS, axes=("responses",))
MEMBERS = replace(ROWS, axes=("members", "prompts", "responses"))
REWARD = Kind("numbers, not NaN", lambda x: x == x, ("...", "responses"), "iufb")
REWARD_TABLE = replace(REWARD, axes=("prompts", "responses"))
FINITE_REWARD = replace(REWARD, rule="numbers, not NaN or +inf", holds=lambda x: x < math.inf)
WEIGHTS = Kind(
    "non-negative numbers, one for each prompt", lambda x: True, ("prompts",), "iuf", _checks.probabilities, _traced.distribution
)
# Heads: the likeliest responses of each prompt, padded with -inf.
HEAD = Kind("log-probabilities, at most 0 and not NaN", lambda x: x <= 1e-4, ("prompts", "k"), "f")
KEY = Is("a key of jax.random", lambda value: str(getattr(value, "dtype", "")).startswith("key<"))
GENERATOR = instance(np.random.Generator)
ANYTHING = Is("anything", lambda value: True)
CLASS = Is("a policy class, with the method maximum_likelihood", lambda value: hasattr(value, "maximum_likelihood"))
FUNCTION = Is("a function", callable)
TEXT = Is("text", lambda value: isinstance(value, str), str)
WORDS = Is(
    "a collection of texts",
    lambda value: isinstance(value, Collection) and not isinstance(value, str) and all(isinstance(word, str) for word in value),
)
PATH = Is("a path, as text or a Path", lambda value: isinstance(value, (str, Path)) and str(value) != "" and "\0" not in str(value))
POLICY = Is(
    "a policy, with the methods sample and log_prob", lambda value: callable(getattr(value, "sample", None)) and hasattr(value, "log_prob")
)
ZERO_OR_ONE = Kind("0 or 1", lambda x: (x == 0) | (x == 1), dtypes="biuf")
GRAPH = replace(ZERO_OR_ONE, rule="a symmetric matrix of 0 and 1 with zero diagonal", axes=("vertices", "vertices"), then=_checks.graph)
# Masses computed from networks exceed 1 by rounding.
MASS = Kind("in [0, 1]", lambda x: (x >= 0) & (x <= 1 + 1e-4))
MODE_MASS = Kind("in (0, 1]", lambda x: (x > 0) & (x <= 1 + 1e-4))
LOG_PROBS = Kind("log-probabilities, at most 0", lambda x: x <= 1e-4, dtypes="f")
LOG_MASS = Kind("at most 0", lambda x: x <= 1e-4)


def _are_arrays(value: Any, dtypes: str = "f") -> bool:
    try:
        kinds = [getattr(layer, "dtype", None) or np.asarray(layer).dtype for layer in value]
        return len(kinds) > 0 and all(dtype.kind in dtypes and np.ndim(layer) > 0 for dtype, layer in zip(kinds, value, strict=True))
    except (TypeError, ValueError):
        return False


LAYERS = Is("a sequence of arrays of floats, one for each step", _are_arrays)
ARRAYS = Is("a sequence of arrays of numbers, one for each step", functools.partial(_are_arrays, dtypes="biuf"))

KINDS: dict[str, Any] = {
    name: kind
    for kind, names in (
        (count(), "n N T draws"),
        (count(1, 2**53), "d hard_prompts responses maximal dimension horizon expansions vertices arms bulk vocabulary members prompts"),
        (count(1, 2**53), "total k left right ring step"),
        (count(1, 2**53), "vocabulary_size prompt_length prompt_vocabulary_size width hidden layers heads"),
        (count(0), "samples queries rounds order"),
        (count(0, 2**53), "truth"),
        (count(3, 2**53), "labels"),
        (LABEL, "seed end_token"),
        (
            POSITIVE,
            "beta stop lam kappa radius resolution theta_norm scale coupling power concentration temperature gap tolerance trace_max cut",
        ),
        (NON_NEGATIVE, "log_class_size margin sec v_max r_max base_norm regret excess square shortfall error norm"),
        (COEFFICIENT, "coverage concentrability loss_moment best_alignment"),
        (OPEN_UNIT, "eps delta deltas rho level false_alarm"),
        (HALF_OPEN_UNIT, "idle negligible"),
        (arrays(HALF_OPEN_UNIT), "slack"),
        (arrays(OPTIMISM), "alpha"),
        (FEATURES, "features"),
        (SHARE, "hard_mass mode_probability covered_mass survival"),
        (UNIT, "disagreement variation tie_credit edge_probability"),
        (within(0, 2), "distance"),
        (REAL, "threshold"),
        (FINITE, "limit coefficient"),
        (Kind("negative and finite", lambda x: (x < 0) & (x > -math.inf)), "floor"),
        (TABLE, "log_probs log_policy log_base log_target log_numerator log_denominator"),
        (MEMBERS, "log_members"),
        (ROWS, "log_probs_row"),
        (REWARD_TABLE, "reward proxy"),
        (WEIGHTS, "prompt_weights"),
        (arrays(MODE_MASS, "prompts"), "mode_masses"),
        (arrays(MASS, "prompts"), "masses remaining_mass"),
        (arrays(LOG_MASS, "prompts"), "mode_log_probs incumbent"),
        (arrays(POSITIVE, "prompts"), "gaps"),
        (arrays(REAL, "prompts"), "tail_bound"),
        (arrays(ZERO_OR_ONE, "prompts", "k"), "correct"),
        (arrays(LABEL, "prompts", "k"), "answers"),
        (GRAPH, "adjacency"),
        (LAYERS, "conditionals"),
        (KEY, "key"),
        (GENERATOR, "rng"),
    )
    for name in names.split()
}
"""The kind of an argument by its name, the same in the whole library; a function that differs says so in its own `@checked(name=..)`."""


@overload
def checked(function: F, /) -> F: ...
@overload
def checked(*, wrong: Any = ..., **own: Any) -> Callable[[F], F]: ...


def checked(function: Any = None, /, *, wrong: bool = False, **own: Any) -> Any:
    """The function, refusing arguments that are not of their kind; `own` are kinds that differ from what `KINDS` has for a name.

    Of a class the constructor refuses them. `wrong` is what its booleans are where a traced argument is not of its kind.
    """
    if function is None:
        return functools.partial(_checked, own=own, wrong=wrong)
    return _checked(function, own={}, wrong=wrong)


def _checked(function: Any, *, own: dict[str, Any], wrong: bool) -> Any:
    if inspect.isclass(function):
        function.__init__ = _checked(function.__init__, own=own, wrong=wrong)
        function.__doc__ = with_rules(function.__doc__, _rules(function.__init__, own))
        return function
    parameters = inspect.signature(function).parameters
    plain = [p for p in parameters.values() if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD) and p.name not in ("self", "cls")]
    kinds = {p.name: _kind(function, p, own) for p in plain}
    checks = {p.name: (kinds[p.name].check, _is_number(p.annotation), _may_be_none(p)) for p in plain}
    names = [p.name for p in parameters.values() if p.kind <= p.POSITIONAL_OR_KEYWORD]

    @functools.wraps(function)
    def refusing(*args: Any, **kwargs: Any) -> Any:
        sizes: Sizes = {}
        asked: list[Any] = []
        for name, value in (*zip(names, args, strict=False), *kwargs.items()):
            if name in checks:
                check, single, optional = checks[name]
                if value is not None or not optional:
                    said = check(name, value, sizes, single)
                    if said is not None:
                        asked.append(said)
        result = function(*args, **kwargs)
        return _traced.answered(result, asked, wrong) if asked else result

    found = quick(function, refusing, [getattr(kinds.get(name), "exact", None) for name in parameters])
    found.__doc__ = with_rules(function.__doc__, _rules(function, own))
    return found


def _rules(function: Any, own: dict[str, Any]) -> dict[str, str]:
    """Argument -> what it must be."""
    parameters = inspect.signature(inspect.unwrap(function)).parameters.values()
    plain = [p for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD) and p.name not in ("self", "cls")]
    found = {p.name: _kind(function, p, own).rule for p in plain}
    return {name: rule for name, rule in found.items() if rule != ANYTHING.rule}


def _kind(function: Any, parameter: inspect.Parameter, own: dict[str, Any]) -> Any:
    """The kind of one argument: the function's own, that of its annotation where this is a class of ours, or that of its name."""
    name, parts = parameter.name, [part for part in _parts(parameter.annotation) if part is not types.NoneType]
    annotation = parts[0] if len(parts) == 1 else None
    if name in own:
        return own[name]
    if annotation is bool:
        return FLAG
    if annotation is str:
        return TEXT
    if annotation is Path:
        return instance(Path)
    if get_origin(annotation) is Callable:
        return FUNCTION
    if inspect.isclass(annotation) and annotation.__module__.startswith("sharpsim."):
        return instance(annotation)
    if name in KINDS:
        return KINDS[name]
    raise TypeError(f"`{name}` of {function.__qualname__} has no kind: add the name to KINDS, or `@checked({name}=..)`.")


def _may_be_none(parameter: inspect.Parameter) -> bool:
    return parameter.default is None or types.NoneType in get_args(parameter.annotation)


def _is_number(annotation: Any) -> bool:
    return all(part in (int, float, types.NoneType) for part in _parts(annotation))


def _parts(annotation: Any) -> tuple[Any, ...]:
    return get_args(annotation) if get_origin(annotation) in (Union, types.UnionType) else (annotation,)
