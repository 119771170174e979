"""Every public function of theory, laws, coverage, sharpness and estimators, with one argument made NaN: none answers a number."""

import inspect
from typing import Any

import numpy as np
import pytest

from tests.abuse.surface import surface
from tests.abuse.valid import valid

PACKAGES = ("estimators", "laws", "sharpness", "coverage", "rewards", "theory")
FUNCTIONS = {one.name: one for one in surface() if one.package.split(".")[0] in PACKAGES and inspect.isfunction(one.call) and not one.owner}
LEFT_OUT = {
    "laws.occupancy_means": "takes the values of a function",
}


def broken(value: Any) -> list[Any]:
    """The value with NaN in it: as the number, in one entry, in all. Empty for what holds no numbers, or whole ones alone."""
    if isinstance(value, bool | str):
        return []
    if isinstance(value, int | float):
        return [np.nan]
    if hasattr(value, "_fields"):
        name = "found" if "found" in value._fields else value._fields[0]
        return [value._replace(**{name: broken(getattr(value, name))[0]})]
    if isinstance(value, list):
        return [[broken(value[0])[0], *value[1:]]]
    if not isinstance(value, np.ndarray) or value.dtype.kind != "f":
        return []
    one = value.copy()
    one.reshape(-1)[value.size // 2] = np.nan
    return [one, np.full_like(value, np.nan)]


def numbers(result: Any) -> list[np.ndarray]:
    if isinstance(result, dict):
        return [each for value in result.values() for each in numbers(value)]
    if isinstance(result, list | tuple):
        return [each for value in result for each in numbers(value)]
    if hasattr(result, "__dataclass_fields__"):
        return numbers(vars(result))
    return [np.asarray(result)]


def spoilt(positional: list[Any], named: dict[str, Any]) -> Any:
    """(argument, call's arguments) for each way to put NaN into one argument."""
    for place, value in enumerate(positional):
        yield from ((place, ([*positional[:place], nan, *positional[place + 1 :]], named)) for nan in broken(value))
    for name, value in named.items():
        yield from ((name, (positional, named | {name: nan})) for nan in broken(value))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", sorted(FUNCTIONS.keys() - LEFT_OUT.keys()))
def test_nan_gets_no_number(name):
    function = FUNCTIONS[name].call
    given = valid(FUNCTIONS[name])
    function(*given[0], **given[1])
    for argument, (positional, named) in spoilt(*given):
        try:
            answer = function(*positional, **named)
        except Exception:  # What an error says is the matter of another test.
            continue
        assert any(each.dtype.kind == "f" and np.isnan(each).any() for each in numbers(answer)), f"{argument!r} NaN answers {answer!r}"


def test_what_is_left_out_is_there():
    assert set(LEFT_OUT) <= set(FUNCTIONS)
    assert len(FUNCTIONS) > 150
