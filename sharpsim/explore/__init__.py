"""The computations behind the explorer page, which applies the exact laws and the bounds to a table that a user types or loads.

Start the page with `python -m sharpsim.explore` (it needs the extra `explore`: `pip install "sharpsim[explore]"`). The functions below
need NumPy and SciPy only. Call them to get the numbers of the page in a script.

- `parse_table`, `read_table`, `parse_weights`: a table of probabilities `[prompts, responses]` from text or from a file.
- `summary`: all numbers of the page for one table and one choice of N, n, delta, rho, beta and log|Pi|.
- `numbers`, `prompt_lines`, `prompt_rows`: the same numbers as the text that the page shows.
- `curves`: mass on the mode and risk along a grid of N.
- `code`: a script that computes and prints the numbers shown.
"""

from sharpsim.explore._code import code
from sharpsim.explore._summary import Curves, Summary, curves, numbers, prompt_lines, prompt_rows, summary
from sharpsim.explore._tables import parse_table, parse_weights, read_table

__all__ = [
    "Curves",
    "Summary",
    "code",
    "curves",
    "numbers",
    "parse_table",
    "parse_weights",
    "prompt_lines",
    "prompt_rows",
    "read_table",
    "summary",
]
