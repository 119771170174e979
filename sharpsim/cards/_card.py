"""The card itself: its numbers as data, and the files that show them."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sharpsim._arguments import PATH, checked
from sharpsim.cards._html import page
from sharpsim.cards._sheet import sheet
from sharpsim.cards._terminal import plain
from sharpsim.files import write_whole

Content = dict[str, Any]
SUFFIXES = (".html", ".svg", ".png", ".json")


@dataclass(frozen=True)
class Card:
    """What the theory says on one or several models and tasks: one dictionary of plain numbers and texts for each, in `contents`.

    | key | |
    |---|---|
    | `sentences` | the three sentences |
    | `kind` | "samples", estimated from draws; or "exact", from a policy |
    | `curves` | `best_of_n`, `normalised`, `majority`, `pass`: lists `N`, `value`, `low`, `high`; None for a curve that cannot be had |
    | `predictions` | the same beyond the draws |
    | `coverage`, `likelihood`, `needs`, `tax` | the sections; None where they cannot be had |
    | `notes` | `taken`, `left_out`, `warnings`, `methods` |

    Accuracies are shares in [0, 1]; None stands for an end that an interval has not ("not available with one prompt").
    """

    contents: tuple[Content, ...]

    @property
    def sentences(self) -> list[str]:
        """The three sentences of the first model and task."""
        return self.contents[0]["sentences"]

    @property
    def curves(self) -> Content:
        """The curves of the first model and task."""
        return self.contents[0]["curves"]

    def __str__(self) -> str:
        return "\n".join(plain(content) for content in self.contents)

    def _repr_html_(self) -> str:
        """In a notebook the page is shown in a frame, so that its style stays its own."""
        from html import escape

        return f'<iframe srcdoc="{escape(self.html())}" style="width:100%;height:720px;border:0" title="Sharpening card"></iframe>'

    def html(self) -> str:
        """The page: self-contained, without a script."""
        return page(list(self.contents))

    def svg(self) -> str:
        """Sentences and drawings of the first model and task as one SVG."""
        return sheet(self.contents[0])

    def json(self) -> str:
        """The first model and task's numbers at top level; those of the others, with the same keys, in the list `more`."""
        first, *others = self.contents
        # ASCII alone, and no "<": the text of a log stays data wherever the file is pasted.
        return json.dumps(first | {"more": others}, allow_nan=False, indent=1).replace("<", "\\u003c") + "\n"

    @checked(out=PATH)
    def save(self, out: str | Path) -> list[Path]:
        """Write the card to `out`, which ends in .html, .svg, .png or .json, and the JSON file beside it; returns the paths.

        PNG needs matplotlib. Raises `ValueError` for another ending, `OSError` where the place cannot be written.
        """
        path = Path(out)
        check_ending(path)
        beside = path.with_suffix(".json")
        if path.suffix == ".html":
            write_whole(path, self.html().encode())
        elif path.suffix == ".svg":
            write_whole(path, self.svg().encode())
        elif path.suffix == ".png":
            from sharpsim.cards._png import png

            write_whole(path, png(self.contents[0]))
        write_whole(beside, self.json().encode())
        return list(dict.fromkeys((path, beside)))


@checked
def check_ending(path: Path) -> None:
    """Refuse a file name whose ending no card has, and PNG where matplotlib is not installed."""
    if path.suffix not in SUFFIXES:
        raise ValueError(f"`out` must end in {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}; got {path.name!r}.")
    if path.suffix == ".png":
        from importlib.util import find_spec

        if find_spec("matplotlib") is None:
            raise ValueError("`out` as PNG needs matplotlib: `pip install sharpsim[reproduce]`, or give a name that ends in .svg.")
