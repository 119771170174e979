"""The pages of statements, of errata and of what is vacuous, made from the code and the committed rows."""

import ast
import math
import pprint
import re
from typing import Any

import atlas_page
import facts
from api_pages import public_names
from docstrings import assumptions, joined, reflowed, sections, summary
from pages import DOCS, ROOT, Writer, escaped, fence, spoken, table, with_formulas
from source_pages import Sources

NUMBERED = ("definition", "assumption", "lemma", "theorem", "proposition", "algorithm", "example")
SIDES = {"upper": "an upper bound", "lower": "a lower bound", "identity": "an identity"}


def write_all(writer: Writer, sources: Sources) -> None:
    """Write one page for each stem, their index, the errata, what is vacuous, and the atlas."""
    for stem in facts.STEMS:
        writer.write(f"statements/{stem}.md", stem_page(stem, sources))
    writer.write("statements/index.md", index())
    writer.write("statements/errata.md", errata_page(sources))
    writer.write("statements/vacuous.md", vacuous_page())
    writer.write("statements/atlas.md", atlas_page.page())


def anchor(label: str) -> str:
    """A label of the paper as the name of a place in a page: primes become words."""
    return re.sub(r"[^a-z0-9]+", "-", label.lower().replace("'", "-prime").replace("*", "-star")).strip("-")


def index() -> str:
    """The list of all stems, with the state of each item."""
    counted = len(facts.CATALOGUE)
    lines = [
        "# Statements",
        f"All {counted} items of the catalogue, on one page for each result: the statement with its constants, its assumptions, where it "
        "departs from the print, and what the committed run found. These pages are made from the code and from the committed rows; nothing "
        "on them is typed a second time.",
    ]
    rows = []
    for stem, subject in facts.STEMS.items():
        labels = ", ".join(escaped(item.label) for item in facts.items(stem))
        words = dict.fromkeys(v.verdict for v in facts.verdicts(stem) if not facts.shows_erratum(v))
        rows.append((f"[{escaped(subject)}]({stem}.md)", labels, ", ".join(words)))
    lines.append(table(("result", "items", "found by the committed run"), rows))
    toc = "\n".join([*facts.STEMS, "errata", "vacuous", "atlas"])
    lines.append(fence("toctree", toc, hidden=""))
    return "\n\n".join(lines) + "\n"


def stem_page(stem: str, sources: Sources) -> str:
    """The page of one stem."""
    told = sections(facts.module(stem).__doc__ or "")
    found = facts.verdicts(stem)
    lines = [f"# {escaped(facts.STEMS[stem])}", *(escaped(joined(part)) for part in told[""].split("\n\n"))]
    drawings = facts.figures(stem)
    if drawings:
        lines.append(_figure(*drawings[0]))
    if "Statement" in told:
        lines += [
            "## The statement with its constants",
            fence("code-block", _narrow(reflowed(told["Statement"])), title="text", **{"class": "statement"}),
        ]
    if told.get("Assumptions"):
        lines += ["## Assumptions", "\n".join(f"- {_text(line)}" for line in assumptions(told["Assumptions"]))]
    lines += _symbols(stem, told.get("Symbols", ""))
    if told.get("Printed"):
        lines += ["## Where the print differs", escaped(joined(told["Printed"]))]
    if told.get("Notes"):
        lines += ["## Notes", *(escaped(joined(part)) for part in told["Notes"].split("\n\n"))]
    proof = DOCS / "proofs" / f"{stem}.md"
    if proof.exists():
        lines += ["## Why it is true", proof.read_text().strip()]
    lines += _evaluated(stem)
    lines += ["## Item by item", *(_item(item, found, sources) for item in facts.items(stem))]
    lines += _other(stem, found)
    if drawings[1:]:
        lines += ["## More figures", *(_figure(*drawing) for drawing in drawings[1:])]
    lines += _errata_here(stem)
    lines += ["## Where it lives", _places(stem, sources)]
    if told.get("Source"):
        lines += ["## Source", escaped(joined(told["Source"]))]
    lines += ["To cite:", fence("code-block", facts.bibtex(), title="bibtex")]
    return "\n\n".join(lines) + "\n"


def _text(text: str) -> str:
    """Escaped text that keeps its bold start."""
    bold = re.match(r"\*\*(A\d+)\*\*(.*)", text, re.DOTALL)
    return f"**{bold[1]}**{escaped(bold[2])}" if bold else escaped(text)


def _narrow(text: str) -> str:
    """Text whose columns of names at the right margin stand close to the formula."""
    return "\n".join(line[: len(line) - len(line.lstrip())] + re.sub(r" {3,}", "   ", line.lstrip()) for line in text.split("\n"))


def _figure(path: Any, caption: str) -> str:
    return fence("figure", with_formulas(caption), title=f"../../figures/out/{path.name}", alt=spoken(caption))


def _symbols(stem: str, text: str) -> list[str]:
    letters: dict[str, str] = {}
    for statement in facts.module(stem).STATEMENTS:
        letters.update(statement.symbols)
    lines = ["## Symbols"] if text or letters else []
    if letters:
        lines.append(table(("in the paper", "argument here"), [(escaped(letter), f"`{name}`") for letter, name in letters.items()]))
    if text:
        lines.append(escaped(joined(text)))
    return lines


def _evaluated(stem: str) -> list[str]:
    """The snippet of a stem with what its last line gives; the build fails where the snippet does."""
    path = DOCS / "snippets" / f"{stem}.py"
    code = path.read_text()
    tree = ast.parse(code)
    # The first line says to a reader of the file what it is for.
    shown = "\n".join(code.split("\n")[1:]).strip() if ast.get_docstring(tree) else code.strip()
    last = tree.body.pop()
    assert isinstance(last, ast.Expr), f"{path.name} must end with an expression"
    space: dict[str, Any] = {}
    exec(compile(tree, path.name, "exec"), space)
    value = eval(compile(ast.Expression(last.value), path.name, "eval"), space)
    output = pprint.pformat(_plain(value), width=90, sort_dicts=False)
    return [
        "## Evaluate it",
        fence("code-block", shown, title="python"),
        "The build of this page ran these lines and got:",
        fence("code-block", output, title="text"),
    ]


def _plain(value: Any) -> Any:
    """A value with its numbers as Python's own, so that NumPy's type names do not stand between reader and number."""
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, tuple) and not hasattr(value, "_fields"):
        return tuple(_plain(one) for one in value)
    return value.item() if hasattr(value, "item") and getattr(value, "ndim", 1) == 0 else value


def _item(item: Any, found: list[Any], sources: Sources) -> str:
    lines = [f"({item.stem}-{anchor(item.label)})=", f"### {escaped(item.label)}"]
    where = "ours" if item.ours else f"the paper's {escaped(item.label)}" + (f", section {escaped(item.section)}" if item.section else "")
    where = where.replace("section App.", "App.").replace("section experiments", "its experiments")
    if item.kind in NUMBERED:
        lines.append(fence(f"prf:{item.kind}", escaped(item.claim), title=where, label=f"{item.kind}-{item.stem}-{anchor(item.label)}"))
    else:
        lines.append(f"{escaped(item.claim)} ({where}).")
    formal = next((other for other in facts.CATALOGUE if other.label == item.formal), None)
    for statement in facts.module(item.stem).STATEMENTS:
        if statement.label == item.label or (statement.label == item.formal and formal is None):
            exact = "with the constants given here" if statement.constants == "exact" else "with fitted constants"
            lines.append(f"As code: {escaped(statement.claim)}; {SIDES[statement.side]}, {exact}.")
    if formal is not None:
        page = (
            f"{formal.stem}.md#{formal.stem}-{anchor(formal.label)}" if formal.stem != item.stem else f"#{item.stem}-{anchor(formal.label)}"
        )
        lines.append(f"The version with constants is [{escaped(item.formal)}]({page}).")
    judged = facts.judged(item, found)
    if judged:
        lines.append(_verdicts(judged))
    if item.test:
        lines.append(f"Tested by {sources.link(item.test, item.test.split('::')[1])} in `{item.test.split('::')[0]}`.")
    if not judged and not item.test and not item.formal:
        lines.append("No committed run and no named test judges this item yet.")
    return "\n\n".join(lines)


def _verdicts(found: list[Any]) -> str:
    head = ("what was compared", "measured", "expected", "verdict", "slack")
    return table(head, [(_claim(v), escaped(str(v.measured)), escaped(str(v.bound)), f"**{v.verdict}**", _slack(v)) for v in found])


def _claim(verdict: Any) -> str:
    _, _, part = verdict.label.partition(" (")
    return escaped(verdict.claim + (f" ({part}" if part else ""))


def _slack(verdict: Any) -> str:
    if verdict.slack is None or math.isnan(verdict.slack):
        return "–"
    return f"{verdict.slack:.3g}" + (f" ({escaped(verdict.slack_kind)})" if verdict.slack_kind else "")


def _other(stem: str, found: list[Any]) -> list[str]:
    seen = [v for item in facts.items(stem) for v in facts.judged(item, found)]
    others = [v for v in found if v not in seen and not facts.shows_erratum(v)]
    if not others:
        return []
    head = ("label", "what was compared", "measured", "expected", "verdict", "slack")
    rows = [(escaped(v.label), escaped(v.claim), *map(escaped, (str(v.measured), str(v.bound), v.verdict)), _slack(v)) for v in others]
    return ["## Also measured", table(head, rows)]


def _errata_here(stem: str) -> list[str]:
    here = [one for one in facts.ERRATA if one.stem == stem]
    if not here:
        return []
    rows = [(f"[{escaped(one.place)}](errata.md)", escaped(one.printed), escaped(one.corrected), one.kind) for one in here]
    return ["## Errata", table(("place", "as printed", "should be", "kind"), rows)]


def _places(stem: str, sources: Sources) -> str:
    places = facts.places_of(stem)
    lines = [
        f"- Functions: [API of `sharpsim.theory.{stem}`](/api/sharpsim.theory.{stem}.rst), source {sources.link(places['theory'])}",
        *(f"    - {{py:obj}}`~sharpsim.theory.{stem}.{name}`: {escaped(summary(doc))}" for name, doc in _functions(stem)),
        f"- Experiment: {', '.join(sources.link(path) for path in facts.experiment_files(stem))}, setting `{facts.setting(stem)}`",
        f"- Test: {sources.link(places['test'])}",
        f"- Verdicts: {sources.link(f'experiments/rows/{stem}-verdicts.csv')}",
    ]
    drawing = ROOT / "figures" / f"{stem}.py"
    lines.append(f"- Drawing: {sources.link(f'figures/{stem}.py' if drawing.exists() else f'figures/{stem}/__init__.py')}")
    return "\n".join(lines)


def _functions(stem: str) -> list[tuple[str, str | None]]:
    module = facts.module(stem)
    found = [(name, getattr(module, name)) for name in public_names(f"sharpsim.theory.{stem}")]
    return [(name, one.__doc__) for name, one in found if callable(one) and not isinstance(one, type)]


def errata_page(sources: Sources) -> str:
    """Every departure of the print from what the proofs give, with the number or the test that shows it."""
    false = sum(one.kind == "false by number" for one in facts.ERRATA)
    lines = [
        "# Errata",
        f"The copy at hand of the paper (arXiv 2412.01951, version 2) reads differently from what its proofs give in {len(facts.ERRATA)} "
        f"places. {false} of them are false by number: a computed value contradicts the formula as printed. The others are slips of a "
        "sign, an index or a word. The number that shows each stands in a verdict of the committed run, or in the test printed below it.",
    ]
    for one in facts.ERRATA:
        lines += [f"## {escaped(one.place)}", f"*{one.kind.capitalize()}*, on the page [{escaped(facts.STEMS[one.stem])}]({one.stem}.md)."]
        lines.append(table(("as printed", "should be"), [(escaped(one.printed), escaped(one.corrected))]))
        shown = [v for v in facts.verdicts(one.stem) if v.label == one.place and facts.shows_erratum(v)]
        if shown:
            head = ("what was compared", "measured", "as printed", "verdict")
            lines.append(table(head, [(escaped(v.claim), escaped(str(v.measured)), escaped(str(v.bound)), "erratum shown") for v in shown]))
        if one.test and facts.test_exists(one.test):
            file, name = one.test.split("::")
            lines.append(f"Shown by a test in {sources.link(file)}:")
            lines.append(fence("literalinclude", "", title=f"../../{file}", pyobject=name, language="python"))
    return "\n\n".join(lines) + "\n"


def vacuous_page() -> str:
    """What is vacuous, from the verdicts, below the prose of docs/vacuous.inc."""
    prose = (DOCS / "_ext" / "vacuous.txt").read_text().strip()
    rows = []
    for stem in facts.STEMS:
        for v in facts.verdicts(stem):
            if v.verdict == "vacuous":
                cells = (escaped(v.claim), escaped(str(v.measured)), escaped(str(v.bound)), _slack(v))
                rows.append((f"[{escaped(v.label)}]({stem}.md)", *cells))
    head = ("result", "what was compared", "measured", "would have to be", "slack")
    return f"{prose}\n\n## What the committed runs found vacuous\n\n{table(head, rows)}\n"
