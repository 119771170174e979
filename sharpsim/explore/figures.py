"""The figures and tables of the explorer page, as HTML text.

The figures are SVG with a description for screen readers. They need Matplotlib.
"""

import html
import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sharpsim import _checks
from sharpsim._arguments import LABEL, POSITIVE, checked, count
from sharpsim._kind import Is
from sharpsim.explore._summary import Curves, Summary

ROWS = Is(
    "a sequence of mappings, at least one",
    lambda value: isinstance(value, (list, tuple)) and len(value) > 0 and all(isinstance(row, Mapping) for row in value),
)

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")
SIZE = count(1, 10**15)
LONGEST = 40
"""Largest number of responses that the bar chart shows, likeliest first."""


@checked(N=SIZE)
def mode_figure(found: Summary, along: Curves, *, N: float) -> str:
    """Mass on the mode of best of N against N: exact (lines) and Prop C.1 (dashes), for the heaviest prompts."""
    figure, axes = _axes()
    heaviest = np.argsort(-found.weights, kind="stable")[: len(COLOURS)]
    for colour, x in zip(COLOURS, sorted(heaviest), strict=False):
        axes.semilogx(along.N, along.kept_mass[:, x], color=colour, lw=2, label=f"prompt {x + 1}")
        axes.semilogx(along.N, along.kept_bound[:, x], color=colour, lw=1, ls="--")
    _mark(axes, N)
    axes.set(xlabel="N, draws for each prompt", ylabel="mass on the mode", ylim=(0, 1.03))
    axes.legend(frameon=False, fontsize=8, title="line: exact, dashes: Prop C.1", title_fontsize=8)
    return _svg(figure, f"Mass on the mode of best of N against N. At N = {N:g} the mean over prompts is {found.mean_kept_mass:.4g}.")


@checked(N=SIZE, n=SIZE)
def risk_figure(found: Summary, along: Curves, *, N: float, n: float) -> str:
    """Exact risk of SFT-Sharpening against N at fixed n, with the bound of Theorem 4.1'. The region at or above 1 is shaded."""
    figure, axes = _axes()
    shown = np.isfinite(along.bound)
    axes.loglog(along.N, np.where(along.risk > 0, along.risk, np.nan), color=COLOURS[0], lw=2, label="exact, class of all tables")
    axes.loglog(along.N[shown], along.bound[shown], color=COLOURS[1], lw=1.5, ls="--", label="Theorem 4.1', class of size |Π|")
    bottom = min(1e-2, max(1e-12, float(along.risk.min())) / 2)
    top = max(10.0, 2 * float(along.bound[shown].max())) if shown.any() else 10.0
    axes.axhspan(1, top, color="0.9", zorder=0)
    axes.text(along.N[-1], 1.15, "vacuous: at or above 1", fontsize=8, color="0.35", ha="right")
    _mark(axes, N)
    axes.set(xlabel=f"N, draws for each of n = {n:g} prompts", ylabel="share of prompts not sharpened", ylim=(bottom, top))
    axes.legend(frameon=False, fontsize=8)
    vacuous = ", which is vacuous" if found.bound >= 1 else ""
    return _svg(figure, f"Risk against N. At N = {N:g} the exact risk is {found.risk:.4g}; the bound is {found.bound:.4g}{vacuous}.")


@checked(prompt=LABEL, N=SIZE, beta=POSITIVE)
def law_figure(found: Summary, prompt: int, *, N: float, beta: float) -> str:
    """The three laws at one prompt: base, best of N and pi_beta, response by response, likeliest first."""
    _checks.indices("prompt", prompt, len(found.base))
    figure, axes = _axes()
    order = np.argsort(-found.base[prompt], kind="stable")[:LONGEST]
    places = np.arange(len(order))
    laws = (("base", found.base), (f"best of {N:g}", found.law), (f"tilted, β = {beta:g}", found.tilted))
    for i, (name, law) in enumerate(laws):
        axes.bar(places + 0.27 * (i - 1), law[prompt][order], width=0.25, color=COLOURS[i], label=name)
    axes.set(xlabel=f"response of prompt {prompt + 1}, likeliest first", ylabel="probability", ylim=(0, 1.03))
    axes.set_xticks(places, [str(y + 1) for y in order], fontsize=8 if len(order) <= 20 else 5)
    axes.legend(frameon=False, fontsize=8)
    masses = f"base {found.mode_mass[prompt]:.4g}, best of N {found.kept_mass[prompt]:.4g}, pi_beta {1 - found.tilted_miss[prompt]:.4g}"
    return _svg(figure, f"Three laws at prompt {prompt + 1}. Mass on the mode: {masses}.")


@checked(rows=ROWS)
def html_table(rows: Sequence[Mapping[str, str]], caption: str) -> str:
    """An HTML table with one column for each key of the first row. All text is escaped."""
    cell = 'style="padding:0.15em 0.9em 0.15em 0;text-align:left;white-space:nowrap"'
    head = "".join(f'<th scope="col" {cell}>{html.escape(name)}</th>' for name in rows[0])
    body = "".join("<tr>" + "".join(f"<td {cell}>{html.escape(value)}</td>" for value in row.values()) + "</tr>" for row in rows)
    title = f'<caption style="text-align:left;font-weight:600">{html.escape(caption)}</caption>'
    table = f"<table>{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f'<div style="overflow-x:auto;font-variant-numeric:tabular-nums" tabindex="0">{table}</div>'


def side_by_side(*drawings: str) -> str:
    """Figures beside each other, or below each other where the page is narrow."""
    return f'<div style="display:flex;flex-wrap:wrap;gap:1rem">{"".join(drawings)}</div>'


@checked
def refusal(message: str) -> str:
    """A message of the library as an alert. Where it gives a position, a note says that the library counts from 0."""
    note = " (The library counts rows and entries from 0.)" if re.search(r"\brow \d| at \(", message) else ""
    box = "border:2px solid #b00020;border-radius:4px;padding:0.6em 1em"
    return f'<div role="alert" style="{box}"><strong>Not accepted.</strong> {html.escape(message + note)}</div>'


def _axes() -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.2, 3.3), layout="constrained")
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _mark(axes: Any, N: float) -> None:
    axes.axvline(N, color="0.3", lw=0.8, ls=":")


def _svg(figure: Any, description: str) -> str:
    content = io.StringIO()
    figure.savefig(content, format="svg", metadata={"Date": None})
    drawing = content.getvalue()
    drawing = drawing[drawing.index("<svg") :].replace("<svg ", '<svg style="max-width:100%;height:auto" ', 1)
    look = "background:white;flex:1 1 20rem;max-width:32rem"
    return f'<div role="img" aria-label="{html.escape(description, quote=True)}" style="{look}">{drawing}</div>'
