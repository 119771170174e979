"""The error that the functions of this package raise."""

from typing import Any


class LogError(ValueError):
    """A log of samples that cannot be used as given. The message names the file and the line, or the row, with column, rule and value.

    `rows` holds the numbers (from 0) of the rows at fault in the table at hand, and `what` the message without them.
    """

    def __init__(self, message: str, *, rows: tuple[int, ...] = (), what: str = ""):
        super().__init__(message)
        self.rows = rows
        self.what = what or message


def refuse(row: int, column: str, rule: str, value: Any) -> LogError:
    """The refusal of one value; `row` counts from 0 here and from 1 for the reader."""
    what = f"`{column}` must be {rule}; got {shown(value)}."
    return LogError(f"row {row + 1}, {what}", rows=(row,), what=what)


def shown(value: Any, longest: int = 80) -> str:
    """`repr` of a value in at most `longest` characters: values come from logs and may be of any length."""
    text = repr(value)
    return text if len(text) <= longest else f"{text[: longest - 4]}...{text[-1]}"
