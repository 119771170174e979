"""Text from logs made harmless, and numbers in the words of a card."""

import math
import unicodedata

LONGEST = 80
MINUS = "\u2212"
_HIDDEN = ("Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp")
"""Unicode categories that are written as escapes: control and format characters (marks that turn the direction of writing among them)."""


def shown(text: object, longest: int = LONGEST) -> str:
    """The text on one line: control, format and direction marks as Python's escapes, the middle of a long text left out."""
    whole = str(text)
    cut = whole if len(whole) <= longest else f"{whole[: longest * 2 // 3]} ... {whole[-longest // 4 :]} [{len(whole):,} characters]"
    return "".join(_escape(letter) if unicodedata.category(letter) in _HIDDEN else letter for letter in cut)


def _escape(letter: str) -> str:
    return letter.encode("unicode_escape", "surrogatepass").decode("ascii")


def percent(value: float, digits: int = 1) -> str:
    """A share as a percentage: 41.7%."""
    return f"{100 * value:.{digits}f}%"


def points(value: float) -> str:
    """A difference of two shares, with its sign: +3.2 points."""
    amount = f"{100 * value:+.1f}"
    unit = "point" if amount in ("+1.0", "-1.0") else "points"
    return f"{amount} {unit}".replace("-", MINUS)


def many(count: float) -> str:
    """A count as one says it: 850, 12,000, 3.4 million, 2 billion, 10^24; rounded up, to two or three digits."""
    if not math.isfinite(count):
        return "infinitely many"
    if count < 1000:
        return f"{math.ceil(count)}"
    exponent = math.floor(math.log10(count))
    unit = 10.0 ** (exponent - 1)
    rounded = math.ceil(count / unit * (1 - 1e-12)) * unit
    for size, name in ((1e12, None), (1e9, "billion"), (1e6, "million")):
        if rounded >= size:
            return f"{rounded / 10.0**exponent:.2g}\u00b710^{exponent}" if name is None else f"{rounded / size:.3g} {name}"
    return f"{round(rounded):,}"


def number(value: float, digits: int = 3) -> str:
    """A number to some digits, with a true minus sign."""
    if not math.isfinite(value):
        return "infinite" if value > 0 else "minus infinity" if value < 0 else "not known"
    return f"{value:.{digits}g}".replace("-", MINUS)


def between(low: float | None, high: float | None) -> str:
    """An interval of shares in brackets; empty where it cannot be had."""
    if low is None or high is None:
        return ""
    return f"[{100 * low:.1f}, {100 * high:.1f}]"


def listed(words: list[str]) -> str:
    """a, b and c."""
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]])) if words else ""


def finite(value: float) -> float | None:
    """The number, or None for NaN and infinities, which JSON has not."""
    return value if math.isfinite(value) else None
