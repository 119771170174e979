"""What was found in logs: which files in which format, which field was taken for what, what is missing, skipped or merged."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from sharpsim.logs._samples import GREEDY, SampleTable, table_codes

LISTED = 20
"""Skipped lines that are named; the others are counted."""


@dataclass(frozen=True)
class FileReading:
    """One file: its name, the format it was read as, whether that was found from its content, and rows of the table it gave.

    `fields` says for each column of the table which field of the log it was taken from; a column that is not there was missing.
    """

    name: str
    format: str
    detected: bool
    rows: int
    fields: Mapping[str, str]


@dataclass(frozen=True)
class Skipped:
    """A line that was left out, and why. `line` counts lines of the file from 1, or rows where the file has no lines (`unit`)."""

    file: str
    line: int
    reason: str
    unit: str = "line"

    def __str__(self) -> str:
        return f"{self.file}, {self.unit} {self.line}: {self.reason}"


@dataclass(frozen=True)
class Reading:
    """The record of `read_logs`: what was taken for what. Counts are of the table; `greedy` rows are not counted as draws.

    Attributes:
        files: one entry for each file, in the order read.
        rows, prompts, models, tasks: sizes of the table; a prompt counts once for each (model, task) it stands in.
        draws: (least, median, largest) number of draws of a prompt; zeros if there is none.
        greedy: rows that are greedy decodings.
        missing: for each column that lacks values, in how many rows; `answer` counts rows that give no answer.
        no_answer: texts that were taken for no answer, with their counts, such as "[invalid]".
        skipped, skipped_rows: lines left out (the first `LISTED` of them, and how many).
        repeated: rows left out because the same draw stood in the logs already, with the same content.
        filters: of lm-evaluation-harness logs, the filter that was used and those merged with it, with their rows.
        temperature, top_p: at which the draws were made; None if neither the log nor the caller says.
        notes: sentences on what was assumed.
        warnings: sentences on what is probably wrong.
    """

    files: tuple[FileReading, ...]
    rows: int
    prompts: int
    models: tuple[str, ...]
    tasks: tuple[str, ...]
    draws: tuple[int, float, int]
    greedy: int
    missing: Mapping[str, int]
    no_answer: Mapping[str, int] = field(default_factory=dict)
    skipped: tuple[Skipped, ...] = ()
    skipped_rows: int = 0
    repeated: int = 0
    filters: Mapping[str, int] = field(default_factory=dict)
    temperature: float | None = None
    top_p: float | None = None
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def own_policy(self) -> bool | None:
        """Whether the draws come from the policy that `log_prob` is of: temperature 1 and top-p 1. None if that is not known."""
        known = [value for value in (self.temperature, self.top_p) if value is not None]
        return None if not known else all(value == 1 for value in known)

    def as_dict(self) -> dict[str, Any]:
        """The record in the types of JSON."""
        return asdict(self) | {"own_policy": self.own_policy}

    def lines(self) -> list[str]:
        """The record as lines of text for a terminal. Text of logs is escaped, so that it cannot control the terminal."""
        least, median, largest = self.draws
        made = [
            f"{_plain(file.name)}: {file.rows} rows, format {file.format}{' (found from content)' if file.detected else ''}; "
            + ", ".join(f"{column} from {_plain(origin)}" for column, origin in file.fields.items())
            for file in self.files
        ]
        made.append(
            f"{self.rows} rows, {self.prompts} prompts, draws per prompt {least} to {largest} (median {median:g}), {self.greedy} greedy"
        )
        if self.missing:
            made.append("missing: " + ", ".join(f"{name} in {count} rows" for name, count in self.missing.items()))
        if self.no_answer:
            made.append("taken for no answer: " + ", ".join(f"{text!r} in {count} rows" for text, count in self.no_answer.items()))
        if self.skipped_rows:
            made.append(f"skipped: {self.skipped_rows} lines")
            made += [f"  {_plain(str(one))}" for one in self.skipped]
        if self.repeated:
            made.append(f"left out: {self.repeated} rows that stood in the logs already")
        made += [f"note: {_plain(text)}" for text in self.notes]
        return made + [f"warning: {_plain(text)}" for text in self.warnings]


def _plain(text: str) -> str:
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def sizes_of(table: SampleTable) -> dict[str, Any]:
    """The attributes of `Reading` that are counts of the table."""
    cell, _, prompt = table_codes(table)
    drawn = table.sample != GREEDY
    _, number = np.unique(cell * (prompt.max() + 1) + prompt, return_inverse=True)
    counts = np.bincount(number, weights=drawn).astype(np.int64)
    some = counts[counts > 0]
    empty = {
        "log_prob": np.isnan(table.log_prob),
        "tokens": np.isnan(table.tokens),
        "answer": table.answer == "",
        "correct": np.isnan(table.correct),
    }
    return {
        "rows": len(table),
        "prompts": len(counts),
        "models": tuple(dict.fromkeys(table.model.tolist())),
        "tasks": tuple(dict.fromkeys(table.task.tolist())),
        "draws": (int(some.min()), float(np.median(some)), int(some.max())) if len(some) else (0, 0.0, 0),
        "greedy": int((~drawn).sum()),
        "missing": {name: int(where.sum()) for name, where in empty.items() if where.any()},
    }
