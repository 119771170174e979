"""The hunt: every statement on many generated instances, in chunks that a journal keeps, so that a run goes on where it stopped.

The journal holds one line of JSON for each chunk: the counts of verdicts, the sharpest ratio, and what was refuted or undecided.
"""

import csv
import json
import os
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from flint import fmpq

from sharpsim.certified._certificate import certificate
from sharpsim.certified._draws import Draws
from sharpsim.certified._statement import PROVED, REFUTED, UNDECIDED, WORDS, Statement, judge, ratio
from sharpsim.certified._statements import STATEMENTS

CHUNK = 500
"""Instances of one chunk."""
KEPT = 3
"""Certificates of refuted and of undecided instances that a chunk keeps."""
COLUMNS = (
    "statement",
    "label",
    "claim",
    "version",
    "instances",
    *WORDS,
    "attained",
    "largest_ratio",
    "bits",
    "scaled",
    "extremal",
    "microseconds",
)


def chunk(name: str, number: int, size: int = CHUNK) -> dict[str, Any]:
    """The line of one chunk: `size` instances of a statement, drawn from seeds that name statement, version, chunk and place."""
    statement, counts, kept = STATEMENTS[name], Counter(), []
    largest, bits, attained, begun = 0.0, 0, 0, time.process_time()
    for place in range(size):
        try:
            instance = statement.draw(Draws(f"{name}/{statement.version}/{number}/{place}"))
            if not statement.domain(**instance):
                counts["outside"] += 1
                continue
            verdict = judge(statement, instance)
        except ArithmeticError:
            # An assumption, or a comparison within a side, that the highest precision leaves open.
            counts[UNDECIDED] += 1
            continue
        counts[verdict.word] += 1
        attained += verdict.attained
        bits = max(bits, verdict.bits)
        if verdict.word in (REFUTED, UNDECIDED) and len(kept) < KEPT and not statement.printed:
            kept.append(certificate(statement, instance, verdict))
        if verdict.word == PROVED:
            largest = max(largest, ratio(verdict)) if ratio(verdict) == ratio(verdict) else largest
    line = {"statement": name, "version": statement.version, "chunk": number, "instances": size, **{word: counts[word] for word in WORDS}}
    seconds = time.process_time() - begun
    return line | {
        "outside": counts["outside"],
        "attained": attained,
        "largest_ratio": largest,
        "bits": bits,
        "seconds": seconds,
        "kept": kept,
    }


def read(path: Path) -> list[dict[str, Any]]:
    """The whole lines of a journal; a last line that was cut off is left out."""
    lines = path.read_text().split("\n")[:-1] if path.exists() else []
    return [json.loads(line) for line in lines]


def hunt(path: Path, *, instances: int, names: Iterable[str] = STATEMENTS, processes: int = 1) -> list[dict[str, Any]]:
    """Judge at least `instances` instances of each statement, going on from the journal at `path`; return the rows."""
    known = {(line["statement"], line["version"], line["chunk"]) for line in read(path)}
    wanted = [(name, number) for number in range(-(-instances // CHUNK)) for name in names]
    todo = [(name, number) for name, number in wanted if (name, STATEMENTS[name].version, number) not in known]
    if path.exists():
        # What was cut off is written again.
        path.write_text("".join(json.dumps(line) + "\n" for line in read(path)))
    with path.open("a") as journal:
        for line in _lines(todo, processes):
            journal.write(json.dumps(line) + "\n")
            journal.flush()
            os.fsync(journal.fileno())
    return rows(read(path))


def _lines(todo: Sequence[tuple[str, int]], processes: int) -> Iterable[dict[str, Any]]:
    if processes == 1:
        yield from (chunk(*one) for one in todo)
        return
    with ProcessPoolExecutor(processes) as pool:
        try:
            # As they come: one large instance must not hold the others back.
            for done in as_completed([pool.submit(chunk, *one) for one in todo]):
                yield done.result()
        finally:
            pool.shutdown(cancel_futures=True)


def rows(lines: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row for each statement: sums over its chunks, the verdict of its extremal instance, and that of the bound scaled there."""
    found = []
    lines = list(lines)
    for name, statement in STATEMENTS.items():
        mine = [line for line in lines if (line["statement"], line["version"]) == (name, statement.version)]
        judged = sum(line[word] for line in mine for word in WORDS)
        if judged:
            row = {word: sum(line[word] for line in mine) for word in (*WORDS, "attained")}
            row |= {
                "statement": name,
                "label": statement.label,
                "claim": statement.claim,
                "version": statement.version,
                "instances": judged,
            }
            row |= {"largest_ratio": _largest(statement, mine), "bits": max(line["bits"] for line in mine)}
            row |= {"extremal": judge(statement, statement.extremal).word, "scaled": scaled(statement).word}
            found.append(row | {"microseconds": round(1e6 * sum(line["seconds"] for line in mine) / judged)})
    return found


def _largest(statement: Statement, lines: Iterable[dict[str, Any]]) -> float:
    extremal = judge(statement, statement.extremal)
    values = [line["largest_ratio"] for line in lines] + ([ratio(extremal)] if extremal.word == PROVED else [])
    return round(max(values), 6)


def scaled(statement: Statement) -> Any:
    """The verdict of the extremal instance with the bound times 0.7, or 1.3 for a lower bound: refuted where the constant is sharp."""
    return judge(statement, statement.extremal, scale=fmpq(13, 10) if statement.bound == "left" else fmpq(7, 10))


def write(path: Path, found: Iterable[dict[str, Any]]) -> None:
    """The rows as CSV."""
    with path.open("w", newline="") as file:
        table: Any = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        table.writeheader()
        table.writerows(found)
