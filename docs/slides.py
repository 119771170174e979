"""Write the lectures as slides: `make slides`, or `python docs/slides.py 05` for unit 5 alone.

Each lecture is executed and becomes one page, build/slides/NN-*.html, with its figures inside. The pages need no server and ask the
network for nothing; formulas are drawn by MathJax's file, which is copied beside them. Each heading, each figure and each exercise begins
a slide. Solutions are left out.
"""

import base64
import html
import shutil
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent / "_ext"))

import nbclient
from assets import ROOT, place_mathjax
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin
from notebooks import NEEDS, lectures, notebook
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

OUT = ROOT / "build" / "slides"
TEMPLATE = ROOT / "docs" / "_slides" / "page.html"
# In letters. Longer text goes on to another slide with the same heading; a figure counts as so many.
LONGEST = 900
FIGURE = 700


def _formula(text: str, options: dict[str, Any]) -> str:
    marks = (r"\[", r"\]") if options["display_mode"] else (r"\(", r"\)")
    return marks[0] + html.escape(text, quote=False) + marks[1]


def python(code: str) -> str:
    """Python code with colours, as HTML."""
    return highlight(code, PythonLexer(), HtmlFormatter(cssclass="code", style="a11y-high-contrast-light"))


MARKDOWN = MarkdownIt("commonmark", {"highlight": None}).enable("table")
MARKDOWN.use(dollarmath_plugin, renderer=_formula, double_inline=True)
MARKDOWN.add_render_rule("fence", lambda self, tokens, at, options, env: python(tokens[at].content))


class Deck:
    """The slides of one lecture. A slide is a heading (HTML) and a list of blocks."""

    def __init__(self) -> None:
        self.slides: list[tuple[str, list[str]]] = []
        self.room = 0

    def begin(self, heading: str) -> None:
        """Begin a slide."""
        self.slides.append((heading, []))
        self.room = LONGEST

    def go_on(self) -> None:
        """Begin another slide under the same heading, unless this one is empty."""
        if self.slides[-1][1]:
            self.begin(self.slides[-1][0])

    def add(self, block: str, size: int) -> None:
        """Put a block on the slide, or on the next one where it has no room."""
        if size > self.room:
            self.go_on()
        self.slides[-1][1].append(block)
        self.room -= size


def _blocks(text: str) -> list[list[Any]]:
    """The tokens of Markdown text, one list for each block of the outermost level."""
    blocks, depth = [], 0
    for token in MARKDOWN.parse(text):
        if depth == 0:
            blocks.append([])
        blocks[-1].append(token)
        depth += token.nesting
    return blocks


def add_text(deck: Deck, text: str) -> None:
    """Put Markdown on the slides."""
    folded = False
    for tokens in _blocks(text):
        first = tokens[0]
        if first.type == "html_block":
            folded = (folded or first.content.startswith("<details")) and "</details>" not in first.content
            continue
        if folded:
            continue
        if first.type == "heading_open":
            deck.begin(MARKDOWN.renderer.render(tokens[1:2], MARKDOWN.options, {}))
            continue
        content = next((token.content for token in tokens if token.content), "")
        if content == NEEDS:
            continue
        if content.startswith("**Exercise "):
            deck.begin(html.escape(content.strip("*")))
            continue
        if content.startswith("**Guess before running"):
            deck.go_on()
        shown = MARKDOWN.renderer.render(tokens, MARKDOWN.options, {})
        deck.add(shown, sum(len(token.content) for token in tokens if token.type in ("inline", "fence", "math_block")))


def add_cell(deck: Deck, cell: Any) -> None:
    """Put a code cell on the slides: its code, which the key C shows, and its outputs."""
    code = python(cell.source.split("---\n")[-1]).replace('class="code"', 'class="code cell"', 1)
    printed, figures, stream = [], [], ""
    for output in cell.outputs:
        data = output.get("data", {})
        if output.output_type == "stream":
            stream += output.text
        elif "image/svg+xml" in data:
            figures.append(_figure("image/svg+xml", base64.b64encode(data["image/svg+xml"].encode()).decode(), cell))
        elif "image/png" in data:
            figures.append(_figure("image/png", data["image/png"].replace("\n", ""), cell))
        elif "text/html" in data:
            printed.append((data["text/html"], 300))
        else:
            stream += data.get("text/plain", "") + "\n"
    if stream.strip():
        printed.append((f'<pre class="printed">{html.escape(stream.rstrip())}</pre>', len(stream)))
    if figures or sum(size for _, size in printed) > deck.room:
        deck.go_on()
    deck.slides[-1][1].append(code)
    if figures:
        deck.add("".join(figures), FIGURE)
    for block, size in printed:
        deck.add(block, size)


def _figure(kind: str, data: str, cell: Any) -> str:
    alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
    return f'<img class="figure" src="data:{kind};base64,{data}" alt="{html.escape(alt)}">'


def page(path: Path) -> str:
    """Execute one lecture and return its page of slides."""
    made = notebook(path)
    nbclient.NotebookClient(made, timeout=120, resources={"metadata": {"path": str(ROOT)}}).execute()
    deck = Deck()
    for cell in made.cells:
        if cell.cell_type == "code":
            add_cell(deck, cell)
        else:
            add_text(deck, cell.source)
    sections = []
    for place, (heading, blocks) in enumerate(deck.slides, 1):
        level = 1 if place == 1 else 2
        sections.append(f'<section id="s{place}"><h{level}>{heading}</h{level}>\n' + "\n".join(blocks) + "\n</section>")
    title = path.read_text(encoding="utf-8").split("\n# ", 1)[1].split("\n", 1)[0]
    template = TEMPLATE.read_text(encoding="utf-8")
    colours = HtmlFormatter(style="a11y-high-contrast-light").get_style_defs(".code")
    parts = {"@TITLE@": html.escape(title), "@COLOURS@": colours, "@SLIDES@": "\n".join(sections)}
    for mark, part in parts.items():
        template = template.replace(mark, part)
    return template


def main(units: list[str]) -> int:
    """Write the slides of these units (their two digits), or of all."""
    unknown = set(units) - {path.name[:2] for path in lectures()}
    if unknown:
        print(f"There is no unit {', '.join(sorted(unknown))}. Units are given by two digits, such as 05.", file=sys.stderr)
        return 2
    (OUT / "mathjax").mkdir(parents=True, exist_ok=True)
    shutil.copy(place_mathjax(), OUT / "mathjax")
    for path in lectures():
        if not units or path.name[:2] in units:
            target = OUT / f"{path.stem}.html"
            target.write_text(page(path), encoding="utf-8")
            print(target.relative_to(ROOT), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
