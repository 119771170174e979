"""From the typed columns of all files to one table: filters merged, scores judged, draws numbered, repetitions found."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from sharpsim.logs import _values
from sharpsim.logs._samples import cell_codes, codes, repeated
from sharpsim.logs._typed import Columns

NO_ANSWER = frozenset(("", "none", "null", "nan", "<na>", "[invalid]", "[no answer]", "no answer"))
"""Texts, in lower case, that mark a response without an answer."""


def joined(parts: Iterable[Columns]) -> Columns:
    """The parts one after the other; they have the same columns."""
    parts = list(parts)
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def taken(columns: Columns, keep: np.ndarray) -> Columns:
    """The rows in `keep`."""
    return {name: values[keep] for name, values in columns.items()}


def one_filter(columns: Columns, wanted: str | None) -> tuple[Columns, dict[str, int]]:
    """(rows of one filter, rows of each filter): the wanted one, or the one with the fewest draws without correctness and answer.

    Filters that come first win ties. Nothing is done if the log has one filter or none. Raises `ValueError` for a filter that is not there.
    """
    number, names = codes(columns["filter"])
    counts = dict(zip(names, np.bincount(number, minlength=len(names)).tolist(), strict=True))
    if wanted is not None and wanted not in names:
        raise ValueError(f"`filter` must be one of {', '.join(map(repr, names))}; got {wanted!r}.")
    if len(names) < 2:
        return columns, {} if names == [""] else counts
    lacks = (np.isnan(columns["correct"]) & np.isnan(columns["score"])).astype(float) + (columns["answer"] == "") / 2
    shares = np.bincount(number, weights=lacks) / np.bincount(number)
    chosen = names.index(wanted) if wanted is not None else int(shares.argmin())
    return taken(columns, number == chosen), {names[chosen]: counts[names[chosen]]} | counts


def judge_scores(columns: Columns, threshold: float | None) -> str | None:
    """Fill `correct` from `score` where it is missing; return a sentence on what was assumed, or on why it could not be done."""
    score, open_ = columns["score"], np.isnan(columns["correct"])
    values = np.unique(score[open_ & ~np.isnan(score)])
    if not len(values):
        return None
    if threshold is not None:
        columns["correct"] = np.where(open_ & ~np.isnan(score), (score >= threshold).astype(np.float64), columns["correct"])
        return f"A draw is right if its score is at least {threshold:g}."
    if set(values.tolist()) <= {0.0, 1.0}:
        columns["correct"] = np.where(open_, score, columns["correct"])
        return None
    if set(values.tolist()) == {-1.0, 1.0}:
        columns["correct"] = np.where(open_ & ~np.isnan(score), (score > 0).astype(np.float64), columns["correct"])
        return "Scores are -1 and 1; a draw is right if its score is 1."
    return (
        f"Scores take {len(values)} values from {values[0]:g} to {values[-1]:g}, so they do not say which draws are right. "
        "Give a `threshold`: a draw is right if its score is at least that."
    )


def drop_no_answers(columns: Columns) -> dict[str, int]:
    """Make answers such as "[invalid]" and "None" empty, and count them; but not one that is marked as right for some draw."""
    number, texts = codes(columns["answer"])
    marks = [i for i, text in enumerate(texts) if (text and text.strip().lower() in NO_ANSWER) or text.isspace()]
    right = set(np.unique(number[columns["correct"] == 1]).tolist())
    dropped = {}
    for i in marks:
        if i not in right:
            where = number == i
            dropped[texts[i]] = int(where.sum())
            columns["answer"][where] = ""
    return dropped


def number_samples(columns: Columns) -> bool:
    """Number the draws that have no number as they stand, after those that have one; return whether there were any."""
    bare = np.flatnonzero(columns["sample"] == _values.NOWHERE)
    if not len(bare):
        return False
    cell, _, prompt = cell_codes(columns)
    group, _ = codes_of_rows(cell, prompt, columns["seed"])
    largest = np.full(group.max() + 1, -1)
    np.maximum.at(largest, group, np.maximum(columns["sample"], -1))
    mine = group[bare]
    order = np.argsort(mine, kind="stable")
    starts = np.flatnonzero(np.append(True, np.diff(mine[order]) != 0))
    within = np.arange(len(bare)) - np.repeat(starts, np.diff(np.append(starts, len(bare))))
    columns["sample"][bare[order]] = largest[mine[order]] + 1 + within
    return True


def codes_of_rows(*keys: np.ndarray) -> tuple[np.ndarray, int]:
    """(number of each distinct row of `keys`, how many there are)."""
    made = np.zeros(len(keys[0]), dtype=np.int64)
    size = 1
    for key in keys:
        _, number = np.unique(key, return_inverse=True)
        _, made = np.unique(made * (int(number.max()) + 1) + number, return_inverse=True)
        size = int(made.max()) + 1
    return made, size


def same_draws(columns: Columns) -> tuple[np.ndarray, np.ndarray]:
    """Pairs [pairs, 2] of rows that are one draw, the earlier first: those with the same content, and those that contradict each other."""
    pairs = repeated(columns)
    if not len(pairs):
        return pairs, pairs
    first, second = pairs.T
    equal = np.ones(len(pairs), dtype=bool)
    for name in ("log_prob", "tokens", "correct", "answer", "digest"):
        a, b = columns[name][first], columns[name][second]
        equal &= (a == b) | ((a != a) & (b != b))
    return pairs[equal], pairs[~equal]


def spread_of(values: Any) -> list[float]:
    """The distinct numbers among values of a column, missing ones left out."""
    made, _ = _values.real(values)
    return np.unique(made[~np.isnan(made)]).tolist()
