"""Logs with one row for each draw: this package's own tables, completion tables of TRL, rollout dumps of verl, and tables like them."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from sharpsim.logs import _values
from sharpsim.logs._block import Block
from sharpsim.logs._errors import LogError, shown
from sharpsim.logs._fields import ALIASES, find, log_prob_of, plain_name, suggestion, text_of

_REWARD = ("accuracy", "correct", "acc", "exact", "solve", "match", "verif")
"""Parts of the name of a reward that says whether the answer is right."""


class Flat:
    """One row, one draw. `fields` says which field each column is taken from; `notes` what was assumed."""

    def __init__(self, name: str, block: Block, overrides: Mapping[str, str]):
        self.name = name
        self.notes: list[str] = []
        names = block.names
        found = {column: find(column, names) for column in ALIASES}
        if missing := [field for field in overrides.values() if field not in names]:
            raise LogError(f"`fields` must name fields of the log; there is no {missing[0]!r} among {_listed(names)}.")
        self.fields: dict[str, str] = {column: field for column, field in found.items() if field is not None}
        if name == "trl":
            self._take_reward(names)
        self._settle(block)
        self.fields |= dict(overrides)
        if "prompt" not in self.fields:
            raise LogError(
                f"column `prompt` must be there; the fields are {_listed(names)}.{suggestion('prompt', names)} "
                "Name it with `fields`: prompt=NAME."
            )
        if not {"log_prob", "mean_log_prob", "answer", "correct", "score", "response"} & self.fields.keys():
            raise LogError(
                "a log must have at least one of `correct`, `answer`, `log_prob`, or the text of the responses; the fields are "
                f"{_listed(names)}.{suggestion('correct', names) or suggestion('log_prob', names)} Name it with `fields`: correct=NAME."
            )

    def columns(self, block: Block) -> tuple[dict[str, Any], np.ndarray, list[tuple[int, str]]]:
        """Raw values of the columns, the line of each row, and the faults (row, reason) of this block."""
        made = dict(zip(self.fields, block.values(list(self.fields.values())), strict=True))
        faults: list[tuple[int, str]] = []
        for column in ("prompt", "response"):
            if column in made:
                made[column] = _texts(_values.as_list(made[column]), column)
        if "answer" in made:
            # Nothing found in a response is an answer that is not there; in other layouts it may be that nobody looked.
            made["answer"] = ["" if v is None else v for v in _values.as_list(made["answer"])]
        if "step" in made:
            steps = [_values.as_text(v) for v in _values.as_list(made.pop("step"))]
            if "model" not in made:
                made["model"] = [f"step {step}" if step else "model" for step in steps]
        if "log_prob" in made and list in set(map(type, made["log_prob"])):
            _add_up(made, faults)
        if "mean_log_prob" in made:
            _scale_up(made)
        return made, block.lines, faults

    def _take_reward(self, names: list[str]) -> None:
        """TRL names its reward columns after the functions that gave them."""
        known = {*self.fields.values()}
        rewards = [name for name in names if "reward" in plain_name(name) and name not in known]
        telling = [name for name in rewards if any(part in plain_name(name) for part in _REWARD)]
        chosen = telling[:1] or (rewards if len(rewards) == 1 else [])
        if chosen and not {"correct", "score"} & self.fields.keys():
            self.fields["score"] = chosen[0]
        elif rewards and not {"correct", "score"} & self.fields.keys():
            self.notes.append(
                f"several rewards and no sign which says right or wrong: {_listed(rewards)}. Name it with `fields`: correct=NAME."
            )

    def _settle(self, block: Block) -> None:
        """Names that mean one thing here and another there."""
        fields = self.fields
        others = [name for name in block.names if plain_name(name) in ALIASES["answer"][1:]]
        if self.name in ("trl", "verl") and plain_name(fields.get("answer", "")) == "answer" and "target" not in fields:
            fields["target"] = fields.pop("answer")
            if others:
                fields["answer"] = others[0]
        elif others and plain_name(fields["answer"]) == "answer" and "target" not in fields:
            fields["target"], fields["answer"] = fields["answer"], others[0]
            self.notes.append(f"`answer` is taken from {others[0]!r}, and the field 'answer' for the right one.")
        if "sample" in fields and plain_name(fields["sample"]) != "sample" and _values.whole(block.values([fields["sample"]])[0])[1]:
            self.notes.append(f"{fields['sample']!r} holds no whole numbers; the draws of a prompt are numbered as they stand.")
            del fields["sample"]
        if "correct" in fields:
            fields.pop("score", None)
        if "log_prob" in fields:
            fields.pop("mean_log_prob", None)


def _texts(values: list[Any], column: str) -> list[Any]:
    """A response that is not there stays None: it is not an empty one."""
    kinds = set(map(type, values))
    return values if kinds == {str} else [None if v is None and column == "response" else text_of(v) for v in values]


def _add_up(made: dict[str, Any], faults: list[tuple[int, str]]) -> None:
    """Lists of log-probabilities of tokens become their sums, and their numbers the tokens where nothing else says them."""
    sums, counts = [], []
    for row, value in enumerate(made["log_prob"]):
        try:
            total, count = log_prob_of(value)
        except (TypeError, ValueError):
            total, count = float("nan"), None
            faults.append((row, f"`log_prob` must be a number or a list of numbers; got {shown(value)}"))
        sums.append(total)
        counts.append(count)
    made["log_prob"] = sums
    made.setdefault("tokens", counts)


def _scale_up(made: dict[str, Any]) -> None:
    """A mean over the tokens becomes the sum, where the number of tokens is there."""
    means, bad = _values.real(made.pop("mean_log_prob"))
    tokens, worse = _values.real(made.get("tokens", [None] * len(means)))
    if not bad and not worse:
        made["log_prob"] = means * tokens


def _listed(names: list[str]) -> str:
    return ", ".join(shown(name, 40) for name in names[:30]) + (", ..." if len(names) > 30 else "") or "none"
