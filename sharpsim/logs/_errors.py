"""The error of this room."""


class LogError(ValueError):
    """A log of samples that cannot be used as given; the message names file, row, column, rule and value."""
