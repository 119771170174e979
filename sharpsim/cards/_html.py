"""A card as one HTML page that asks nothing of the network: drawings inline, no script, light and dark, from a phone to a screen."""

from html import escape
from typing import Any

from sharpsim.cards._panels import RULES, panels
from sharpsim.cards._prose import Section, sections, tiles, title
from sharpsim.cards._svg import FONT, NARROW, WIDE, colours_css, drawing

Content = dict[str, Any]
ROWS = 130
CSS = """
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:17px/1.55 FONT;overflow-wrap:anywhere}
main{max-width:58rem;margin:0 auto;padding:1.2rem 1rem 4rem}
h1{font-size:clamp(1.5rem,5vw,2.2rem);line-height:1.2;margin:.2rem 0 .4rem}
h2{font-size:1.25rem;line-height:1.3;margin:2.6rem 0 .6rem}
p{margin:.5rem 0}
.kind{color:var(--quiet);font-size:.92rem;margin:0}
.sentences{list-style:none;margin:1.2rem 0 0;padding:0}
.sentences li{border-left:4px solid var(--best_of_n);padding:.15rem 0 .15rem .9rem;margin:.75rem 0;font-size:1.08rem}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(8rem,1fr));gap:.7rem;margin:1.6rem 0 0;padding:0;list-style:none}
.tiles li{border:1px solid var(--rule);border-radius:.6rem;padding:.6rem .8rem}
.tiles b{display:block;font-size:1.5rem;line-height:1.25;font-weight:650;white-space:nowrap}
.tiles span{color:var(--quiet);font-size:.86rem;line-height:1.35;display:block}
svg{display:block;width:100%;height:auto}
svg.narrow{display:none}
figure{margin:.4rem 0 0}
figcaption,.note{color:var(--quiet);font-size:.9rem;line-height:1.5}
.scroll{overflow-x:auto}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.92rem;width:100%}
th,td{text-align:right;padding:.32rem .7rem;white-space:nowrap;border-bottom:1px solid var(--rule);vertical-align:top;overflow-wrap:normal}
th:first-child,td:first-child{text-align:left;padding-left:0}
th:first-child,td.text{white-space:normal;overflow-wrap:anywhere;min-width:9rem}
th{color:var(--quiet);font-weight:600}
details{margin:.7rem 0}
summary{cursor:pointer;color:var(--quiet)}
summary:focus-visible,.scroll:focus-visible{outline:2px solid var(--best_of_n);outline-offset:3px}
ul.plain{padding-left:1.1rem;margin:.4rem 0}
.warning{border-left:4px solid var(--pass);padding:.1rem 0 .1rem .9rem;margin:.7rem 0}
hr{border:0;border-top:3px double var(--rule);margin:3.5rem 0 2rem}
footer{color:var(--quiet);font-size:.86rem;margin-top:3rem}
bdi{unicode-bidi:isolate}
@media(max-width:640px){body{font-size:16px}th,td{padding:.32rem .4rem}svg.wide{display:none}svg.narrow{display:block}}
@media print{svg.narrow{display:none}svg.wide{display:block}}
""".replace("FONT", FONT)


def page(contents: list[Content]) -> str:
    """The whole page, one card after the other."""
    name = title(contents[0]) if len(contents) == 1 else f"{len(contents)} models and tasks"
    several = _list_of(contents) if len(contents) > 1 else ""
    bodies = "<hr>".join(_card(content, f"c{number}") for number, content in enumerate(contents))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>Sharpening card: {escape(name)}</title><style>{colours_css()}{CSS}</style></head>\n<body><main>{several}{bodies}"
        f"<footer>Made by sharpsim {escape(contents[0]['sharpsim'])}. The same numbers stand in the JSON file beside this page.</footer>"
        "</main></body></html>\n"
    )


def _list_of(contents: list[Content]) -> str:
    links = "".join(f'<li><a href="#c{i}" style="color:inherit">{_isolated(title(content))}</a></li>' for i, content in enumerate(contents))
    return f'<nav aria-label="Cards on this page"><p class="kind">Cards on this page</p><ul class="plain">{links}</ul></nav>'


def _card(content: Content, label: str) -> str:
    said = "".join(f"<li>{escape(sentence)}</li>" for sentence in content["sentences"])
    boxes = "".join(
        f"<li><b>{escape(tile.value)}</b><span>{escape(tile.label)}</span><span>{escape(tile.note)}</span></li>" for tile in tiles(content)
    )
    drawn = {panel.name: panel for panel in panels(content)}
    parts = []
    for section in sections(content):
        figure = drawn.get(section.panel or "")
        parts.append(_section(section, "" if figure is None else _figure(figure, f"{label}-{figure.name}")))
        if section.panel == "accuracy":
            parts.append(_curves(content))
    return (
        f'<article id="{label}"><p class="kind">Sharpening card</p><h1>{_isolated(title(content))}</h1>'
        f'<p class="kind">{escape(content["basis"])}</p><ul class="sentences">{said}</ul><ul class="tiles">{boxes}</ul>'
        f"{''.join(parts)}</article>"
    )


def _section(section: Section, figure: str) -> str:
    warnings = "".join(f'<p class="warning">{escape(text)}</p>' for text in section.warnings)
    prose = "".join(f"<p>{escape(text)}</p>" for text in section.paragraphs)
    items = f'<ul class="plain">{"".join(f"<li>{_isolated(text)}</li>" for text in section.items)}</ul>' if section.items else ""
    table = _table(section.head, section.rows, section.title) if section.rows else ""
    notes = "".join(f'<p class="note">{escape(text)}</p>' for text in section.notes)
    return f"<section><h2>{escape(section.title)}</h2>{figure}{warnings}{prose}{items}{table}{notes}</section>"


def _figure(panel: Any, label: str) -> str:
    both = drawing(panel, WIDE, label=f"{label}-w", style="wide") + drawing(panel, NARROW, label=f"{label}-n", style="narrow")
    return f"<figure>{both}</figure>"


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]], caption: str) -> str:
    top = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    body = "".join(
        "<tr>" + "".join(f"<td{' class=text' if i == 0 else ''}>{_isolated(cell)}</td>" for i, cell in enumerate(row)) + "</tr>"
        for row in rows
    )
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(caption)}">'
        f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _curves(content: Content) -> str:
    """The numbers of the drawing of accuracy, folded away: of more than `ROWS` N some, as all stand in the JSON file."""
    curves = {name: curve for name, curve in content["curves"].items() if curve}
    if not curves:
        return ""
    sizes = sorted(
        {N for curve in curves.values() for N in curve["N"]} | {N for ahead in content["predictions"].values() for N in ahead["N"]}
    )
    if len(sizes) > ROWS:
        sizes = [N for at, N in enumerate(sizes) if N <= ROWS // 2 or N & (N - 1) == 0 or N % 100 == 0 or at == len(sizes) - 1]
    head = ("N", *(RULES[name].replace(" (pass@N)", "") for name in curves))
    rows = []
    for N in sizes:
        cells = [_cell(curve, N) or _cell(content["predictions"].get(name), N, "~") or "" for name, curve in curves.items()]
        rows.append((f"{N:,}", *cells))
    told = "in %, interval in brackets" + ("; ~ is a prediction" if content["predictions"] else "")
    return f"<details><summary>Numbers of this drawing ({told})</summary>{_table(head, rows, 'Accuracy against N')}</details>"


def _cell(curve: Content | None, N: int, sign: str = "") -> str | None:
    if not curve or N not in curve["N"]:
        return None
    at = curve["N"].index(N)
    low, value, high = (curve[name][at] for name in ("low", "value", "high"))
    if value is None:
        return None
    ends = "" if low is None or high is None or high - low < 1e-9 else f" [{100 * low:.1f}, {100 * high:.1f}]"
    return f"{sign}{100 * value:.1f}{ends}"


def _isolated(text: str) -> str:
    """Escaped, and kept from turning the direction of the text around it."""
    return f"<bdi>{escape(text)}</bdi>"
