"""Name of the result (label).

Statement. The inequality with explicit constants, in the paper's letters.

Assumptions. A1: ... A2: ...

Symbols. letter: argument's name; ...

Source. arXiv 2412.01951, v2, label, equation.

Printed. Where the formula departs from the print, and why; "as printed" otherwise.
"""

from sharpsim import _checks


def bound(*, n: float, delta: float) -> float:
    """The guarantee: formula, units, range, what each end means; rounds to the safe side. Raises `ValueError` for ..."""
    _checks.count("n", n)
    _checks.in_open_unit("delta", delta)
    raise NotImplementedError


def samples_needed(*, eps: float, delta: float) -> int:
    """The inverse: the least n with `bound(n=n, delta=delta) <= eps`."""
    raise NotImplementedError


def exact(log_probs, prompt_weights, *, n: int, delta: float) -> float:
    """The quantity that the bound bounds, from its law, where that can be computed."""
    raise NotImplementedError


def checks(log_probs, prompt_weights, *, n: int) -> dict[str, float]:
    """Signed slacks of A1, A2, ...: negative where an assumption fails. Never raises."""
    raise NotImplementedError


# One entry each: stem, label, side (upper / lower / identity), constants (exact / fitted), symbol map. See a built module for the type.
STATEMENTS = ()
