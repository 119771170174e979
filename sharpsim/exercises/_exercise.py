"""What an exercise is, and how an answer to it is judged.

A check is a property test without a framework: the instances come from a generator with a fixed seed, in order of size, so that the first
instance that fails is the smallest one that was tried.
"""

import copy
import traceback
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from sharpsim._arguments import checked

SEED = 20241202


class Wrong(Exception):
    """Raised by a judge when an answer is wrong; its text is shown to the student."""


@dataclass(frozen=True)
class Exercise:
    """One exercise. `function` is the name that stub, solution and answer share.

    `cases(rng)` yields the instances as keyword arguments of that function, from small to large. `judge(answer, **case)` raises `Wrong`.
    `kind` is "easy", "proof" or "open".
    """

    number: str
    kind: str
    title: str
    function: str
    cases: Callable[[np.random.Generator], Iterator[dict[str, Any]]]
    judge: Callable[..., None]


@dataclass(frozen=True)
class Outcome:
    """Whether an answer passed, after how many instances, what was wrong, and the smallest instance on which it was wrong."""

    passed: bool
    instances: int
    message: str = ""
    instance: str = ""


@checked
def run(exercise: Exercise, function: Callable[..., Any], *, before: Callable[[str], None] | None = None) -> Outcome:
    """Judge `function` on the instances of `exercise`, and stop at the first that fails.

    `before` is called with the text of each instance before the function sees it. The function receives copies, so that it cannot change
    the instance. An exception in it is an outcome, not an error: nothing is raised here for a wrong answer.
    """
    count = 0
    for case in exercise.cases(np.random.default_rng(SEED)):
        count += 1
        shown = describe(case)
        if before is not None:
            before(shown)
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                answer = function(**copy.deepcopy(case))
        except NotImplementedError:
            return Outcome(False, count, f"`{exercise.function}` is still a stub: it raises NotImplementedError. Replace that line.", shown)
        except (Exception, SystemExit) as error:
            return Outcome(False, count, f"your code raised {type(error).__name__}: {error} ({_place(error)})", shown)
        try:
            with np.errstate(all="ignore"):
                exercise.judge(answer, **case)
        except Wrong as wrong:
            return Outcome(False, count, str(wrong), shown)
    return Outcome(True, count)


def describe(case: dict[str, Any]) -> str:
    """The instance as lines `name = value`, one for each argument."""
    return "\n".join(f"{name} = {_value(value)}" for name, value in case.items())


def _value(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return np.array2string(value, precision=12, separator=", ", threshold=200).replace("\n", "\n    ")
    if isinstance(value, float):
        return f"{value:.10g}"
    return repr(value)


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f"line {frames[-1].lineno} of {frames[-1].filename}" if len(frames) > 1 else "when it was called: compare its arguments"
