"""Sharpening cards: what the theory says about one model, from its policy or from logs of its samples.

Call `card` on a policy (a table, or any sequence policy) for exact numbers, `card_of_logs` on a table of samples for estimates. The command
`sharpsim card` writes the same cards. A `Card` holds numbers and texts; it saves them as a page (HTML), a picture (SVG, PNG) and JSON.
NumPy and SciPy only; PNG needs matplotlib.
"""

from sharpsim.cards._card import SUFFIXES, Card, check_ending
from sharpsim.cards._goal import USUAL, Goal
from sharpsim.cards._law import log_table, read_array
from sharpsim.cards._make import card, card_of_logs

__all__ = ["Card", "Goal", "SUFFIXES", "USUAL", "card", "card_of_logs", "check_ending", "log_table", "read_array"]
