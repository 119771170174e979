"""From raw values of a block to typed columns: numbers read, answers found and judged, texts of responses reduced to a digest."""

import re
from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

import numpy as np

from sharpsim.logs import _values
from sharpsim.logs._errors import shown
from sharpsim.logs._fields import agrees
from sharpsim.logs._samples import COLUMNS, DEFAULTS, GREEDY, READ, broken

LONGEST_ANSWER = 100
"""Characters of a response that may be taken for an answer as a whole."""
Columns = dict[str, Any]
RowFaults = list[tuple[int, str]]
"""(row of the block, reason)."""


class Typer:
    """Makes typed columns of the blocks of one file. `origins` says what `answer` and `correct` come from if from no field of their own.

    Without a field for answers and without a `pattern`, the whole response is the answer if the first responses are single lines of at most
    `LONGEST_ANSWER` characters; longer ones are reasoning, which no two draws share, and there is then no answer.
    """

    def __init__(self, pattern: re.Pattern[str] | None):
        self.pattern = pattern
        self.origins: dict[str, str] = {}
        self._short: bool | None = None

    def columns(self, raw: dict[str, Any], count: int) -> tuple[Columns, RowFaults]:
        """The columns of a table of samples, `filter`, and `score` (a number that says how right a draw is), and the rows at fault.

        A sample without a number is `NOWHERE`.
        """
        self._find_answers(raw)
        faults: RowFaults = []
        made: Columns = {}
        for name in (*COLUMNS, "score", "filter"):
            made[name] = _column(name, raw.get(name), count, faults)
        if raw.get("response") is not None and raw.get("digest") is None:
            made["digest"] = digests(raw["response"])
        if raw.get("target") is not None and np.isnan(made["correct"]).all() and np.isnan(made["score"]).all():
            looked = [answer is not None for answer in _values.as_list(raw["answer"])] if raw.get("answer") is not None else [False] * count
            made["score"] = np.where(looked, _judged(made["answer"], raw["target"]), np.nan)
            if any(looked):
                self.origins["correct"] = "`answer` equal to the target"
        if raw.get("temperature") is not None:
            cold = np.array([value in (0, "0", "0.0") and value is not False for value in _values.as_list(raw["temperature"])])
            made["sample"][cold & (made["sample"] == _values.NOWHERE)] = GREEDY
        numbered = made | {"sample": np.where(made["sample"] == _values.NOWHERE, 0, made["sample"])}
        for name, bad, rule in broken(numbered):
            faults += [
                (int(row), f"`{name}` must be {rule}; got {shown(made[name][row : row + 1].tolist()[0])}") for row in np.flatnonzero(bad)
            ]
        return made, faults

    def _find_answers(self, raw: dict[str, Any]) -> None:
        responses = raw.get("response")
        if responses is None:
            return
        if self.pattern is not None:
            self.origins["answer"] = "the response, by the pattern"
            raw["answer"] = [found(self.pattern, text) for text in responses]
        elif raw.get("answer") is None:
            if self._short is None:
                self._short = all(_is_short(text) for text in responses)
            if self._short:
                self.origins["answer"] = "the whole response"
                raw["answer"] = [text.strip() if text and _is_short(text) else "" for text in responses]


def _column(name: str, values: Any, count: int, faults: RowFaults) -> np.ndarray:
    read = READ.get(name, _values.score if name == "score" else _values.text)
    default = DEFAULTS.get(name, "" if name == "filter" else _values.NOWHERE if name == "sample" else np.nan)
    if values is None:
        return np.full(count, default, dtype=object if isinstance(default, str) else np.int64 if isinstance(default, int) else np.float64)
    made, bad = read(values)
    faults += [(row, f"`{name}` must be {rule}; got {shown(values[row])}") for row, rule in bad]
    if name in ("model", "task"):
        made[made == ""] = default
    elif made.dtype.kind == "i" and name != "sample":
        made[made == _values.NOWHERE] = default
    return made


def found(pattern: re.Pattern[str], text: str | None) -> str:
    """The answer that the last match of a pattern gives: its first group, or the whole match if it has no group. Empty if there is none."""
    last = None
    for match in pattern.finditer(text or ""):
        last = match
    return "" if last is None else (last.group(1 if pattern.groups else 0) or "").strip()


def digests(texts: Sequence[str | None]) -> np.ndarray:
    """A number of 64 bits for each text, 0 for None: equal for equal texts, and for others only by a chance of 2^-64 a pair."""
    made = (
        0 if text is None else int.from_bytes(blake2b(text.encode(errors="surrogatepass"), digest_size=8).digest(), signed=True) or 1
        for text in texts
    )
    return np.fromiter(made, np.int64, len(texts))


def _is_short(text: str | None) -> bool:
    return text is None or (len(text) <= LONGEST_ANSWER and "\n" not in text.strip())


def _judged(answers: np.ndarray, targets: Any) -> np.ndarray:
    """1.0 or 0.0 for each answer; NaN where there is no target. A response without an answer is wrong."""
    known: dict[tuple[str, str], float] = {}
    made = np.empty(len(answers))
    for row, (answer, target) in enumerate(zip(answers.tolist(), _values.as_list(targets), strict=True)):
        key = (answer, target if isinstance(target, str) else repr(target))
        if key not in known:
            known[key] = np.nan if target is None or target == "" or target != target else float(agrees(answer, target))
        made[row] = known[key]
    return made
