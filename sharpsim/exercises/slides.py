"""Figures of the lectures: `svg(figure)` shows a Matplotlib figure as SVG, in a notebook and on a slide, with text that stays text."""

import io
from typing import Any

from sharpsim._arguments import checked
from sharpsim._kind import Is


class Svg:
    """An SVG image that notebooks display; `text` is the file's content."""

    @checked
    def __init__(self, text: str) -> None:
        self.text = text

    def _repr_svg_(self) -> str:
        return self.text


@checked(figure=Is("a Matplotlib figure", lambda value: hasattr(value, "savefig")))
def svg(figure: Any) -> Svg:
    """The Matplotlib figure as SVG. The figure is closed, so that a notebook does not show it twice."""
    import matplotlib
    from matplotlib import pyplot

    content = io.StringIO()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "sharpsim"}):
        figure.savefig(content, format="svg", bbox_inches="tight", metadata={"Date": None})
    pyplot.close(figure)
    return Svg(content.getvalue())
