"""Reads logs of sampled answers in the layouts that people have into one table, with a record of what was taken for what."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from sharpsim._arguments import NON_NEGATIVE, REAL, SHARE, checked
from sharpsim._kind import Is
from sharpsim.logs import _assembly
from sharpsim.logs._alike import check_alike
from sharpsim.logs._block import Block
from sharpsim.logs._blocks import blocks
from sharpsim.logs._errors import LogError
from sharpsim.logs._layout_openai import is_request
from sharpsim.logs._layouts import FORMATS, checked_format, detected, layout_of
from sharpsim.logs._reading import LISTED, FileReading, Reading, Skipped, sizes_of
from sharpsim.logs._samples import COLUMNS, SampleTable, repetition
from sharpsim.logs._sources import PATHS, Source, expand, open_source
from sharpsim.logs._typed import Columns, Typer

_SHOWN_AS = {"step": "model", "mean_log_prob": "log_prob"}
FALSE_ALARM = 1e-6
"""Probability of a warning that draws are too alike, if they are not."""
Progress = Callable[[int, float | None], None]
"""Called now and then with the rows read so far and the share of the current file (None for standard input)."""

FIELDS = Is(
    "a mapping of names of columns to names of fields",
    lambda value: isinstance(value, Mapping) and all(isinstance(text, str) for pair in value.items() for text in pair),
)


@checked(paths=PATHS, temperature=NON_NEGATIVE, top_p=SHARE, fields=FIELDS, threshold=REAL)
def read_logs(
    paths: Sequence[str | Path] | str | Path,
    format: str = "auto",
    skip_bad: bool = False,
    progress: Progress | None = None,
    *,
    temperature: float | None = None,
    top_p: float | None = None,
    fields: Mapping[str, str] | None = None,
    filter: str | None = None,
    pattern: str | None = None,
    threshold: float | None = None,
) -> tuple[SampleTable, Reading]:
    """Read logs into one table. The kind of each file and its layout are told from its content.

    Args:
        paths: files, patterns such as `runs/*.jsonl`, folders, or "-" for standard input: CSV, JSONL, JSON or Parquet, gzip or not.
        format: the layout of every file, one of `FORMATS`; "auto" finds it out for each file.
        skip_bad: leave out lines that cannot be read or break a rule, and count them; otherwise the first one raises.
        progress: called with (rows so far, share of the current file).
        temperature, top_p: at which the draws were made, where the log does not say.
        fields: for a column, the field to take it from, such as {"correct": "accuracy_reward"}; of logs with one row for each draw.
        filter: of lm-evaluation-harness logs, the filter whose answers are used.
        pattern: regular expression that finds the answer in a response (the first group of the last match).
        threshold: a draw is right if its score is at least this.

    Returns:
        The table, and the record of what was found: `Reading`.

    Raises:
        LogError: names file, line, column, rule and value for what cannot be read; both lines where two contradict each other.
    """
    given = {"temperature": temperature, "top_p": top_p}
    reader = _Reader(checked_format(format), skip_bad, progress, fields or {}, filter, _compiled(pattern), threshold, given)
    for name in expand(paths):
        reader.read(open_source(name))
    return reader.finish()


@dataclass
class _Reader:
    format: str
    skip_bad: bool
    progress: Progress | None
    fields: Mapping[str, str]
    filter: str | None
    pattern: re.Pattern[str] | None
    threshold: float | None
    given: dict[str, float | None]
    files: list[FileReading] = field(default_factory=list)
    parts: list[Columns] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    skipped_rows: int = 0
    filters: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    recorded: dict[str, set[float]] = field(default_factory=lambda: {"temperature": set(), "top_p": set()})
    requests: dict[str, dict[str, Any]] = field(default_factory=dict)
    rows: int = 0

    def read(self, source: Source) -> None:
        """Read one file."""
        try:
            self._read(source)
        finally:
            source.close()

    def _read(self, source: Source) -> None:
        unit = "row" if source.kind == "parquet" else "line"
        layout, typer, parts = None, Typer(self.pattern), []
        for block in blocks(source):
            if not len(block):
                self._faults(source.name, unit, block.faults)
                continue
            if layout is None:
                name = detected(block) if self.format == "auto" else self.format
                layout = layout_of(name, source, block, fields=self.fields, requests=self.requests)
            self._keep_requests(block)
            raw, lines, faults = layout.columns(block)
            columns, more = typer.columns(raw, len(lines))
            bad = [(int(lines[row]), reason) for row, reason in (*faults, *more)]
            self._faults(source.name, unit, sorted([*block.faults, *bad], key=lambda fault: fault[0]))
            columns |= {"file": np.full(len(lines), len(self.files), dtype=np.int32), "line": lines}
            keep = np.ones(len(lines), dtype=bool)
            keep[[row for row, _ in (*faults, *more)]] = False
            parts.append(columns if keep.all() else _assembly.taken(columns, keep))
            self._settings(raw)
            self.rows += len(lines)
            if self.progress is not None:
                self.progress(self.rows, source.fraction)
        self._close(source, layout, typer, parts)

    def _close(self, source: Source, layout: Any, typer: Typer, parts: list[Columns]) -> None:
        if layout is None:
            self.warnings.append(f"{source.name} has no rows.")
            return
        rows = 0
        if parts and any(len(part["line"]) for part in parts):
            try:
                columns, filters = _assembly.one_filter(_assembly.joined(parts), self.filter)
            except ValueError as error:
                raise LogError(f"{source.name}: {error}") from None
            self.filters = filters | self.filters
            del columns["filter"]
            self.parts.append(columns)
            rows = len(columns["line"])
        origins = {name: origin for name, origin in layout.fields.items() if name not in typer.origins} | typer.origins
        if "score" in origins:
            origins = origins | {"correct": origins.get("correct", origins["score"])}
        origins = {_SHOWN_AS.get(name, name): origin for name, origin in origins.items() if name != "score"}
        self.files.append(FileReading(source.name, layout.name, self.format == "auto", rows, origins))
        self.notes += [f"{source.name}: {note}" for note in layout.notes]
        if failed := getattr(layout, "failed", 0):
            self.notes.append(f"{source.name}: {failed} requests failed and gave no draws.")

    def _faults(self, name: str, unit: str, faults: list[tuple[int, str]]) -> None:
        if faults and not self.skip_bad:
            line, reason = faults[0]
            raise LogError(f"{name}, {unit} {line}: {reason}.", what=reason)
        for line, reason in dict(reversed(faults)).items():
            self.skipped_rows += 1
            if len(self.skipped) < LISTED:
                self.skipped.append(Skipped(name, line, reason, unit))

    def _keep_requests(self, block: Block) -> None:
        self.requests |= {str(one["custom_id"]): one["body"] for one in block.records or [] if "custom_id" in one and is_request(one)}

    def _settings(self, raw: dict[str, Any]) -> None:
        for name, known in self.recorded.items():
            if raw.get(name) is not None:
                known.update(_assembly.spread_of(raw[name]))

    def finish(self) -> tuple[SampleTable, Reading]:
        """The table of all files, and the record."""
        if not self.parts:
            raise self._nothing()
        columns = _assembly.joined(self.parts)
        self.parts.clear()
        if sentence := _assembly.judge_scores(columns, self.threshold):
            self.notes.append(sentence)
        no_answer = _assembly.drop_no_answers(columns)
        if _assembly.number_samples(columns):
            self.notes.append("The log does not number the draws of a prompt; they are numbered as they stand.")
        columns, repeated = self._without_repetitions(columns)
        table = SampleTable(**{name: columns[name] for name in COLUMNS})
        self._say_settings()
        if len(nameless := [file.name for file in self.files if "model" not in file.fields]) > 1:
            self.notes.append(f"{len(nameless)} files name no model; draws of one prompt and task in them are taken as draws of one model.")
        if all(value in (None, 1) for value in self.given.values()) and not any(len(known) > 1 for known in self.recorded.values()):
            self.warnings += check_alike(table, false_alarm=FALSE_ALARM)
        return table, Reading(
            files=tuple(self.files), **sizes_of(table), no_answer=no_answer, skipped=tuple(self.skipped), skipped_rows=self.skipped_rows,
            repeated=repeated, filters=self.filters, temperature=self.given["temperature"], top_p=self.given["top_p"],
            notes=tuple(dict.fromkeys(self.notes)), warnings=tuple(self.warnings),
        )  # fmt: skip

    def _nothing(self) -> LogError:
        said = list(self.warnings)
        said += [f"{file.name} gave no rows as a log of the format {file.format} ({FORMATS[file.format]})." for file in self.files]
        said += [note for note in self.notes if "failed" in note]
        said += [f"{self.skipped_rows} lines were skipped."] if self.skipped_rows else []
        return LogError(" ".join(said))

    def _without_repetitions(self, columns: Columns) -> tuple[Columns, int]:
        equal, other = _assembly.same_draws(columns)
        if len(other) and not self.skip_bad:
            first, second = (int(row) for row in other[0])
            where = [self._place(columns, row) for row in (second, first)]
            raise LogError(f"{where[0]}: {repetition(first, second, columns).what} stands in {where[1]} too, with another content.")
        drop = np.unique(np.concatenate([equal[:, 1], other[:, 1]])).astype(np.int64)
        for first, second in other[: max(0, LISTED - len(self.skipped))].tolist():
            name, line = self.files[columns["file"][second]].name, int(columns["line"][second])
            self.skipped.append(Skipped(name, line, f"contradicts {self._place(columns, first)}"))
        self.skipped_rows += len(other)
        if not len(drop):
            return columns, 0
        keep = np.ones(len(columns["line"]), dtype=bool)
        keep[drop] = False
        return _assembly.taken(columns, keep), len(equal)

    def _place(self, columns: Columns, row: int) -> str:
        return f"{self.files[columns['file'][row]].name}, line {int(columns['line'][row])}"

    def _say_settings(self) -> None:
        for name, known in self.recorded.items():
            if self.given[name] is None and len(known) == 1:
                self.given[name] = next(iter(known))
            elif len(known) > 1:
                self.warnings.append(f"The draws were made at several values of {name}: {', '.join(f'{v:g}' for v in sorted(known))}.")
        if any(self.given[name] not in (None, 1) for name in self.given):
            said = ", ".join(f"{name} {value:g}" for name, value in self.given.items() if value is not None)
            self.notes.append(f"The draws were made at {said}: `log_prob` is of another policy than the one that drew them.")


def _compiled(pattern: str | None) -> re.Pattern[str] | None:
    try:
        return None if pattern is None else re.compile(pattern)
    except re.error as error:
        raise LogError(f"`pattern` must be a regular expression; got {pattern!r} ({error}).") from error
