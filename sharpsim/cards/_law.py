"""What is known of a policy without sampling: a table whole, a sequence policy by the certified head of each prompt's distribution."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sharpsim import _checks
from sharpsim._arguments import ANYTHING, PATH, checked
from sharpsim._logspace import normalise
from sharpsim.files import read_npy

TOLERANCE = 1e-9
MAGIC = b"\x93NUMPY"
HEAD = 1000
"""Most responses of a prompt that are kept; what is cut off joins what the search has not found."""


@dataclass(frozen=True)
class Law:
    """Responses of each prompt, likeliest first, `[prompts, k]`, rows padded with log-probability -inf; the mass and bound of all others.

    `correct` and `answers` (labels, -1: no answer) are None where responses were not judged, `lengths` (tokens) where they have none.
    """

    names: tuple[str, ...]
    weights: np.ndarray
    log_probs: np.ndarray
    remaining_mass: np.ndarray
    tail_bound: np.ndarray
    correct: np.ndarray | None
    answers: np.ndarray | None
    lengths: np.ndarray | None
    horizon: int

    @property
    def whole(self) -> bool:
        """Whether nothing is left out, so that every number is exact."""
        return bool((self.remaining_mass == 0).all())


Judge = Callable[[Any, Any], Any]
"""(prompt, response) -> whether it is correct, or a pair (correct, answer); an answer None has no vote."""


def law_of_table(table: Any, *, prompts: Sequence[Any] | None, judge: Any, weights: Any) -> Law:
    """The law of a table `[prompts, responses]` of probabilities or log-probabilities; `judge`: a table of booleans, a `Judge`, or None."""
    log_probs = normalise(log_table("policy", table), np)
    rows, columns = log_probs.shape
    _named(prompts, rows)
    correct = answers = None
    if callable(judge):
        correct, answers = _judged(judge, list(range(rows)) if prompts is None else prompts, [np.arange(columns)] * rows, columns)
    elif judge is not None:
        correct = _booleans(judge, log_probs.shape)
        answers = np.broadcast_to(np.arange(columns), log_probs.shape)
    order = np.argsort(-log_probs, axis=1, kind="stable")
    correct, answers = (None if part is None else np.take_along_axis(part, order, axis=1) for part in (correct, answers))
    return Law(
        names=tuple(f"row {row}" for row in range(rows)) if prompts is None else tuple(map(str, prompts)),
        weights=_weights(weights, rows), log_probs=np.take_along_axis(log_probs, order, axis=1), remaining_mass=np.zeros(rows),
        tail_bound=np.full(rows, -np.inf), correct=correct, answers=answers, lengths=None, horizon=1,
    )  # fmt: skip


def law_of_policy(policy: Any, *, prompts: Any, judge: Judge | None, weights: Any, max_expansions: int) -> Law:
    """The law of a sequence policy on `prompts` [n, ...], from `sharpsim.decoding.head` with that many expansions for each prompt.

    `judge` gets a prompt as given and a response as an int array `[horizon]`, as `policy.log_prob` takes it.
    """
    # Not at the top: the cards of logs and of tables need no JAX.
    from sharpsim.decoding import head

    found = head(policy, prompts, max_expansions=max_expansions)
    width = max(1, min(HEAD, max(len(one.log_probs) for one in found)))
    shape = (len(found), width)
    log_probs, lengths = np.full(shape, -np.inf), np.ones(shape, dtype=np.int64)
    left, edge = np.zeros(len(found)), np.full(len(found), -np.inf)
    responses = []
    for row, one in enumerate(each.first(width) for each in found):
        size = len(one.log_probs)
        log_probs[row, :size] = np.minimum(one.log_probs, 0.0)
        lengths[row, :size] = policy.lengths(one.responses) if size else 1
        responses.append(list(one.responses))
        left[row], edge[row] = one.remaining_mass, one.bound
    correct, answers = (None, None) if judge is None else _judged(judge, prompts, responses, width)
    return Law(
        names=tuple(f"prompt {row + 1}" for row in range(len(found))), weights=_weights(weights, len(found)), log_probs=log_probs,
        remaining_mass=left, tail_bound=edge, correct=correct, answers=answers, lengths=lengths, horizon=int(policy.horizon),
    )  # fmt: skip


def _judged(judge: Judge, prompts: Any, responses: Sequence[Any], width: int) -> tuple[np.ndarray, np.ndarray]:
    correct = np.zeros((len(responses), width), dtype=bool)
    answers = np.full((len(responses), width), -1, dtype=np.int64)
    for row, (prompt, mine) in enumerate(zip(prompts, responses, strict=True)):
        labels: dict[Any, int] = {}
        for column, response in enumerate(mine):
            said = judge(prompt, response)
            right, answer = said if isinstance(said, tuple) else (said, np.asarray(response).tobytes())
            correct[row, column] = bool(right)
            if answer is not None:
                answers[row, column] = labels.setdefault(answer, len(labels))
    return correct, answers


@checked(table=ANYTHING)
def log_table(name: str, table: Any) -> np.ndarray:
    """Log-probabilities, float64 `[prompts, responses]`, of a table of probabilities or of log-probabilities.

    Raises `ValueError` for a table that is not two-dimensional or not of real numbers, NaN, and rows that sum to 1 neither as
    probabilities nor as log-probabilities (within 1e-9; float32: 1e-5).
    """
    given = np.asarray(table)
    if given.ndim != 2 or given.size == 0:
        raise ValueError(f"`{name}` must be a table [prompts, responses]; got shape {given.shape}.")
    if given.dtype.kind not in "fiu":
        raise ValueError(f"`{name}` must hold real numbers; got dtype {given.dtype}.")
    values = given.astype(np.float64)
    if np.isnan(values).any():
        raise ValueError(f"`{name}` must not hold NaN; got NaN in row {int(np.argwhere(np.isnan(values))[0][0])}.")
    tolerance = _checks.ROW_TOLERANCE.get(given.dtype.itemsize, TOLERANCE) if given.dtype.kind == "f" else TOLERANCE
    positive = bool((values >= 0).all())
    with np.errstate(over="ignore", divide="ignore"):
        off_probs = np.abs(values.sum(axis=1) - 1.0) if positive else np.full(len(values), np.inf)
        off_logs = np.abs(np.exp(values).sum(axis=1) - 1.0)
        if off_probs.max() <= tolerance:
            return np.log(values)
    if off_logs.max() <= tolerance:
        return values
    kind, off = ("probabilities", off_probs) if positive else ("log-probabilities", off_logs)
    row = int(off.argmax())
    raise ValueError(f"`{name}` must have rows that sum to 1 within {tolerance:g}; as {kind}, row {row} is off by {off[row]:.3g}.")


@checked(path=PATH)
def read_array(name: str, path: Path) -> np.ndarray:
    """The array of a .npy file; its sizes are read before memory is taken.

    Raises `ValueError`, with the file and the reason, for a file that cannot be read, is cut short or longer than its header says, and for
    arrays of Python objects.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                raise ValueError("it is no .npy file")
            file.seek(0)
            return read_npy(file, path.stat().st_size)
    except (OSError, ValueError, MemoryError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error) or "it needs more memory than there is"
        raise ValueError(f"`{name}` must be an array saved by `numpy.save`; could not read it ({path.name!r}: {reason}).") from error


def _booleans(values: Any, shape: tuple[int, ...]) -> np.ndarray:
    given = np.asarray(values)
    if given.shape != shape:
        raise ValueError(f"`judge` (`--correct`) must have the shape of the table, {shape}; got {given.shape}.")
    if given.dtype.kind not in "biuf" or not np.isin(given, (0, 1)).all():
        raise ValueError(f"`judge` (`--correct`) must hold True or False, or 1 and 0; got dtype {given.dtype} with other values.")
    return given.astype(bool)


def _weights(weights: Any, prompts: int) -> np.ndarray:
    if weights is None:
        return np.full(prompts, 1 / prompts)
    given = np.asarray(weights)
    _checks.prompt_weights(given, prompts, "weights")
    return given.astype(np.float64) / given.astype(np.float64).sum()


def _named(prompts: Sequence[Any] | None, rows: int) -> None:
    if prompts is not None and len(prompts) != rows:
        raise ValueError(f"`prompts` must have one entry for each of the {rows} rows of `policy`; got {len(prompts)}.")
