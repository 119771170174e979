"""Draws of many prompts, each with its own number of draws, as flat columns."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from sharpsim._arguments import FLAG, arrays, checked, count
from sharpsim._kind import Kind
from sharpsim.estimators._kinds import LABELS, TRUTHS, WHOLE

_LOG_PROBS = Kind("finite and at most 0, or NaN where not known", lambda x: (x != x) | ((x <= 0) & (x > -np.inf)))
_TOKENS = Kind("finite and at least 0, or NaN where not known", lambda x: (x != x) | ((x >= 0) & (x < np.inf)))


def _columns(*axes: str) -> dict[str, Kind]:
    given = {"correct": TRUTHS, "log_probs": _LOG_PROBS, "tokens": _TOKENS, "answers": WHOLE}
    return {name: arrays(kind, *axes) for name, kind in given.items()}


@checked(counts=arrays(count(), "prompts"), **_columns("draws"))
@dataclass(frozen=True)
class Draws:
    """Logged draws, the rows of a prompt one after the other. Only `correct` must be there; the other columns serve what uses them.

    Args:
        counts: number of draws of each prompt, `[prompts]`, each at least 1.
        correct: whether the draw is correct, `[rows]`; rows = sum of `counts`.
        log_probs: log pi(response | prompt), nats, at most 0; NaN where it is not known.
        tokens: length of the response; NaN or 0 where it is not known.
        answers: whole number for each answer; draws of one prompt with equal numbers vote together. Below 0: no vote.

    Raises `ValueError` for columns of other lengths, counts below 1, log-probabilities above 0 or infinite.
    """

    counts: np.ndarray
    correct: np.ndarray
    log_probs: np.ndarray | None = None
    tokens: np.ndarray | None = None
    answers: np.ndarray | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "counts", np.asarray(self.counts).astype(np.int64))
        types = {"correct": bool, "log_probs": float, "tokens": float, "answers": np.int64}
        for name, kind in types.items():
            if (given := getattr(self, name)) is not None:
                column = np.asarray(given)
                if column.shape != (self.rows,):
                    raise ValueError(f"`{name}` must have one entry for each of the {self.rows} draws in `counts`; got {column.shape}.")
                object.__setattr__(self, name, column.astype(kind))

    @classmethod
    @checked(prompt=arrays(LABELS, "draws"), **_columns("draws"))
    def of_rows(cls, prompt: Any, correct: Any, *, log_probs: Any = None, tokens: Any = None, answers: Any = None) -> "Draws":
        """From rows in any order: `prompt` holds a whole number or a name for each row. Prompts come in ascending order."""
        labels = np.asarray(prompt)
        _, numbers, counts = np.unique(labels, return_inverse=True, return_counts=True)
        order = np.argsort(numbers, kind="stable")
        columns = (None if column is None else np.asarray(column)[order] for column in (correct, log_probs, tokens, answers))
        return cls(counts, *columns)  # type: ignore[arg-type]

    @classmethod
    @checked(**_columns("prompts", "draws"))
    def of_table(cls, correct: Any, *, log_probs: Any = None, tokens: Any = None, answers: Any = None) -> "Draws":
        """From arrays `[prompts, draws]`, as many draws for every prompt."""
        shape = np.shape(correct)
        columns = (None if column is None else np.asarray(column).reshape(-1) for column in (correct, log_probs, tokens, answers))
        return cls(np.full(shape[0], shape[1]), *columns)  # type: ignore[arg-type]

    @property
    def prompts(self) -> int:
        """Number of prompts."""
        return len(self.counts)

    @property
    def rows(self) -> int:
        """Number of draws of all prompts together."""
        return int(self.counts.sum())

    @property
    def starts(self) -> np.ndarray:
        """First row of each prompt, `[prompts]`."""
        return np.cumsum(self.counts) - self.counts

    @property
    def prompt(self) -> np.ndarray:
        """Number of each row's prompt, `[rows]`."""
        return np.repeat(np.arange(self.prompts), self.counts)

    @property
    def successes(self) -> np.ndarray:
        """Number of correct draws of each prompt, `[prompts]`."""
        return np.add.reduceat(self.correct.astype(np.int64), self.starts)

    @checked(kept=arrays(FLAG, "draws"))
    def only(self, kept: np.ndarray) -> "Draws":
        """The rows for which `kept`, `[rows]`, is true. Prompts of which none is kept are gone. Raises `ValueError` if no row is."""
        kept = np.asarray(kept)
        if kept.shape != (self.rows,) or not kept.any():
            raise ValueError(f"`kept` must be true for at least one of the {self.rows} draws; got {kept.sum()} of {len(kept)}.")
        counts = np.bincount(self.prompt[kept], minlength=self.prompts)
        columns = (self.correct, self.log_probs, self.tokens, self.answers)
        return Draws(counts[counts > 0], *(None if column is None else column[kept] for column in columns))  # type: ignore[arg-type]
