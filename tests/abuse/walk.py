"""Calls every public function with one wrong argument at a time and says what became of it.

`python -m tests.abuse.walk [PACKAGE ...]` walks whole packages and prints the table; each call runs under a limit of time.
"""

import inspect
import json
import os
import queue
import re
import resource
import signal
import subprocess
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple

import jax
import numpy as np

from tests.abuse import valid_outer, valid_policies
from tests.abuse.surface import Entry, surface
from tests.abuse.valid import valid

LIMIT = 10
"""Seconds of CPU that a call may take; a process that says nothing for `SILENCE` seconds is ended."""
SILENCE = 120
MEMORY = 6 * 2**30
"""Bytes that the process of the calls may hold."""
END = "end"
GOOD = ("clear", "fine")
VERDICTS = (*GOOD, "accepted", "obscure", "nan", "hang", "invalid")
"""A refusal that names the argument, an answer; and what should not be: nonsense accepted, another error, NaN, no answer in time."""

PACKAGES = tuple(dict.fromkeys(entry.package for entry in surface()))
"""Every package: in none is anything obscure, silent or slow."""

NONSENSE: dict[str, Any] = {
    "none": None, "text": "abc", "nan": float("nan"), "inf": float("inf"), "-inf": float("-inf"), "-1": -1, "0": 0, "0.": 0.0, "1": 1,
    "1.5": 1.5, "huge": 10**400, "2**63": 2**63, "2**31": 2**31, "1e300": 1e300, "tiny": 5e-324, "complex": 1 + 1j, "true": True,
    "[]": [],
    "empty": np.zeros(0), "rank": np.zeros((2, 2, 2, 2)), "objects": np.array([None, "a"], dtype=object), "nans": np.full((2, 3), np.nan),
    "-infs": np.full((2, 3), -np.inf), "texts": ["a", "b"], "rows": np.log([[0.5, 0.3, 0.1], [0.2, 0.2, 0.2]]), "dict": {},
    "object": object(),
}  # fmt: skip
"""Values that are wrong for most arguments, whatever they are."""


def nonsense(value: Any) -> dict[str, Any]:
    """`NONSENSE`, and for an array its own spoilt forms."""
    spoilt = dict(NONSENSE)
    if hasattr(value, "dtype") and hasattr(value, "shape") and value.shape and value.dtype.kind in "fiub":
        array = np.asarray(value)
        with_nan = array.astype(float)
        with_nan.flat[0] = np.nan
        spoilt |= {"a NaN": with_nan, "short": array[:-1], "long": np.concatenate([array, array[:1]]), "as complex": array.astype(complex)}
        spoilt |= {
            "as objects": array.astype(object),
            "as text": array.astype(str),
            "times 3": array * 3.0,
            "all NaN": np.full(array.shape, np.nan),
        }
        spoilt |= {"all -inf": np.full(array.shape, -np.inf), "minus 9": array - 9.0}
    return spoilt


NEVER = ("nan", "nans", "complex", "as complex", "objects", "texts", "as text", "text", "a NaN", "all NaN", "object")
"""What no number, count or table may be: an answer to these is counted as nonsense accepted."""


EXTREME = ("inf", "-inf", "0", "0.", "1", "1.5", "2**63", "2**31", "1e300", "tiny", "minus 9", "times 3")
"""What may be right by itself and wrong beside the other arguments: the refusal may name one of those."""


class Outcome(NamedTuple):
    """What became of one call: `fine`, `clear`, `obscure`, `nan`, `hang` or `accepted`, and what it said."""

    function: str
    argument: str
    value: str
    verdict: str
    said: str = ""


def has_nan(value: Any) -> bool:
    """Whether any number in a result, however nested, is NaN."""
    for leaf in jax.tree.leaves(value):
        try:
            if np.isnan(np.asarray(leaf, dtype=complex)).any():
                return True
        except (TypeError, ValueError, OverflowError):
            continue
    return False


class TooLong(BaseException):
    """Raised in a call that takes longer than the limit; no `except Exception` stops it."""


def _stop(*_: Any) -> None:
    raise TooLong


def attempt(entry: Entry, argument: str, label: str, positional: list[Any], named: dict[str, Any], usual_nan: bool, free: bool) -> Outcome:
    """One call, classified."""
    signal.signal(signal.SIGPROF, _stop)
    signal.setitimer(signal.ITIMER_PROF, LIMIT)
    try:
        found = entry.call(*positional, **named)
        if not usual_nan and has_nan(found):
            return Outcome(entry.name, argument, label, "nan")
        return Outcome(entry.name, argument, label, "accepted" if label in NEVER and not free else "fine")
    except SAYS.get(entry.name, ()) as error:
        return Outcome(entry.name, argument, label, "clear", f"{type(error).__name__}: {error}"[:160])
    except (ValueError, TypeError) as error:
        said = str(error)
        quoted = re.findall(r"`([^`]*)`", said)
        asked = {argument} if label not in EXTREME else {*inspect.signature(entry.call).parameters, *named}
        clear = any(re.search(rf"\b{re.escape(name)}\b", part) for name in asked for part in quoted) or "assumption `" in said
        return Outcome(entry.name, argument, label, "clear" if clear else "obscure", f"{type(error).__name__}: {said[:160]}")
    except TooLong:
        return Outcome(entry.name, argument, label, "hang")
    except SystemExit as ended:
        # A command has said on standard error what is wrong.
        return Outcome(entry.name, argument, label, "clear" if ended.code == 2 else "obscure", f"exit status {ended.code}")
    except MemoryError as error:
        return Outcome(entry.name, argument, label, "hang", f"memory: {error}"[:160])
    except Exception as error:
        return Outcome(entry.name, argument, label, "obscure", f"{type(error).__name__}: {error}"[:160])
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


FREE = ("key", "rng", "bound", "names", "ties", "law", "kept", "policy", "slacks", "evidence", "base", "reference", "policy_class", "self")
"""Arguments that are objects, functions or text: nothing is wrong for all of them."""
FREE_IN = {
    "estimators.Draws": ("log_probs", "tokens"),
    "estimators.Draws.of_rows": ("prompt", "log_probs", "tokens"),
    "estimators.Draws.of_table": ("log_probs", "tokens"),
    "estimators.two_stage_interval": ("groups",),
    "estimators.paired_interval": ("groups",),
    "instances.max_cut_features": ("prompt",),
    "Oracle": ("prompts", "reward"),
    "LawOracle": ("prompts", "reward"),
    **valid_outer.FREE_IN,
    **valid_policies.FREE_IN,
    **{f"classes.{name}.maximiser_votes": ("observed",) for name in ("AllTabular", "FiniteClass", "ProductClass")},
}
"""The same by function: names, and numbers that may be NaN, which the docstring explains."""
SAYS = valid_outer.SAYS | valid_policies.SAYS
NAN_SAID = (
    "estimators.two_stage_interval", "estimators.paired_interval", "estimators.crossed_interval", "estimators.interval",
    "sampling.Batch", "tasks.Draws.choice", "tasks.Draws.shuffled",
)  # fmt: skip
"""Functions whose docstring says which results are NaN, and why: "not available with one prompt". Draws are of anything, NaN too."""


def cases(entry: Entry, sample: int | None = None):
    """(argument, label, positional, named) of every wrong call; with `sample`, so many values for each argument, never the same twice."""
    positional, named = valid(entry)
    names = [name for name, p in inspect.signature(entry.call).parameters.items() if p.kind <= p.POSITIONAL_OR_KEYWORD]
    for argument in [*names, *named]:
        if argument == "self":
            continue
        good = positional[names.index(argument)] if argument in names else named[argument]
        values = list(nonsense(good).items())
        if sample is not None:
            start = sum(map(ord, entry.name + argument))
            values = [values[(start + 5 * i) % len(values)] for i in range(sample)]
        for label, bad in values:
            if bad is good:
                continue
            spoilt, spoilt_named = list(positional), dict(named)
            if argument in names:
                spoilt[names.index(argument)] = bad
            else:
                spoilt_named[argument] = bad
            yield argument, label, spoilt, spoilt_named


def walk(packages: Sequence[str] = PACKAGES, sample: int | None = None) -> Iterator[tuple[str, Callable[[], Outcome]]]:
    """All wrong calls, not yet made, each with its name; a valid call that fails or cannot be built gives an outcome `invalid`."""
    for entry in surface():
        if entry.package not in packages:
            continue
        try:
            positional, named = valid(entry)
            usual_nan = has_nan(entry.call(*positional, **named)) or entry.name in NAN_SAID
        except SAYS.get(entry.name, ()):
            usual_nan = False
        except Exception as error:
            outcome = Outcome(entry.name, "", "", "invalid", f"{type(error).__name__}: {error}"[:200])
            yield entry.name, lambda outcome=outcome: outcome
            continue
        for argument, label, spoilt, spoilt_named in cases(entry, sample):
            free = argument in (*FREE, *FREE_IN.get(entry.name, ()))
            yield f"{entry.name} {argument} {label}", partial(attempt, entry, argument, label, spoilt, spoilt_named, usual_nan, free)


def child(skip: int, sample: int | None, packages: Sequence[str]) -> None:
    """Make the calls after the first `skip`, and print each call's name before it and its outcome after it, one line of JSON each."""
    jax.config.update("jax_enable_x64", True)
    # A function that is not jitted compiles its loops again in every call; what was compiled before is read.
    jax.config.update("jax_compilation_cache_dir", str(Path(__file__).resolve().parents[2] / "build" / "jax"))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
    warnings.simplefilter("ignore")
    # What a call may take beyond what the libraries hold.
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    # Files whose names are nonsense.
    os.chdir(valid_policies.FOLDER)
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for i, (name, call) in enumerate(walk(packages, sample)):
        if i >= skip:
            print(json.dumps(name), file=out, flush=True)
            print(json.dumps(call()), file=out, flush=True)
    print(json.dumps(END), file=out, flush=True)


def outcomes(packages: Sequence[str] = PACKAGES, sample: int | None = None) -> Iterator[Outcome]:
    """The outcomes of all wrong calls, made in a process of their own, which is replaced when it hangs or dies."""
    skip = 0
    while True:
        command = [sys.executable, "-m", "tests.abuse.walk", "--child", str(skip), str(sample or 0), *packages]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
            lines: queue.Queue[str] = queue.Queue()
            Thread(target=lambda process=process, lines=lines: [*map(lines.put, process.stdout or ()), lines.put("")], daemon=True).start()
            begun = ""
            while True:
                try:
                    line = lines.get(timeout=SILENCE)
                except queue.Empty:
                    line = ""
                    process.kill()
                if not line:
                    break
                said = json.loads(line)
                if said == END:
                    return
                if isinstance(said, str):
                    begun = said
                    continue
                begun, skip = "", skip + 1
                yield Outcome(*said)
        if not begun:
            raise RuntimeError("the process of the calls died before it made one: is its memory too small to start?")
        function, argument, value = begun.split(" ", 2)
        skip += 1
        yield Outcome(function, argument, value, "hang", "the process had to be ended")


def main(arguments: list[str]) -> None:
    """Print all outcomes that are not as they should be, then how many of each kind every package has."""
    started = time.time()
    where = {entry.name: entry.package for entry in surface()}
    table: dict[str, Counter[str]] = {}
    for outcome in outcomes(arguments or PACKAGES):
        table.setdefault(where[outcome.function], Counter())[outcome.verdict] += 1
        if outcome.verdict not in GOOD:
            print(*outcome, flush=True)
    for package, counts in [*sorted(table.items()), ("total", sum(table.values(), Counter()))]:
        print(package.ljust(24), *(f"{verdict} {counts[verdict]:5}" for verdict in VERDICTS))
    print(f"{time.time() - started:.0f} s")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(int(sys.argv[2]), int(sys.argv[3]) or None, sys.argv[4:])
    else:
        main(sys.argv[1:])
