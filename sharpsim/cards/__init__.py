"""Sharpening cards: what the theory says about one model, from its policy or from logs of its samples.

Call `card` on a policy (a table, or any sequence policy) for exact numbers. The command `sharpsim card` writes the same cards. A `Card` holds
numbers and texts; it saves them as a page (HTML), a picture (SVG, PNG) and JSON. NumPy and SciPy only; PNG needs matplotlib.
"""

from sharpsim.cards._card import SUFFIXES, Card
from sharpsim.cards._goal import USUAL, Goal
from sharpsim.cards._law import log_table, read_array
from sharpsim.cards._make import card

__all__ = ["Card", "Goal", "SUFFIXES", "USUAL", "card", "log_table", "read_array"]
