"""The error that the functions of this package raise."""


class LogError(ValueError):
    """A log of samples that cannot be used as given. The message names file, row, column, rule and value."""
