"""Writes `paper_repro.md`: the table of results, then every item of the paper with the status that the committed rows give it."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from experiments.engine.certified import certificate_of, hunted, is_printed, proved_of
from experiments.engine.rows import ROOT, Places, place_of
from experiments.engine.verdicts import ERRATUM, Verdict, read_verdicts
from sharpsim.files import write_whole
from sharpsim.theory import CATALOGUE, ERRATA, STEMS, Erratum, Item

NOT_BUILT = "not built yet"
_INTRO = """# The paper, item by item

Every definition, assumption, lemma, theorem, proposition, algorithm, example, figure and table of *Self-Improvement in Language Models:
The Sharpening Mechanism* (arXiv 2412.01951, v2), and what was found of it here. `make report` writes this page from the committed rows.
No status is typed by hand: it is the verdict of the run at default scale, or of a full run where the default scale does not judge the
item, or it says that a named test covers the item.

- *reproduced*: the numbers or curves of the statement came out.
- *bound holds*: the bound held on every instance that was measured. The slack says how loose it is.
- *vacuous*: the statement is true but says nothing at the sizes that were run.
- *fitted exponent*: a rate, measured.
- *erratum shown*: the formula is false as printed, and a computed number contradicts it. These stand in the table of errata.
- *certified*: decided by ball arithmetic, without a tolerance, on instances that are exact fractions. Each of them is a proof, two disjoint
  intervals, or an equality of rationals; *vacuous* there means that the bound said nothing at the instance.
"""


def write_report() -> list[Path]:
    """Write the page; return the files written."""
    page = ROOT / "paper_repro.md"
    write_whole(page, paper_report())
    return [page]


def results_table() -> str:
    """The table of results: for each its subject, what the run found, and links to its four places."""
    verdicts = committed_verdicts()
    lines = ["| result | in the paper | found | theory | experiment | figure | test |", "|---|---|---|---|---|---|---|"]
    for stem, subject in STEMS.items():
        labels = ", ".join(item.label for item in CATALOGUE if item.stem == stem and not item.ours and item.kind != "definition")
        found = status_of([verdict for verdict in verdicts if verdict.stem == stem], brief=True) or NOT_BUILT
        cells = (subject, labels, found, *(_link(name, path) for name, path in places_of(stem).items()))
        lines.append(_row(*cells))
    return "\n".join(lines)


def paper_report() -> str:
    """The text of `paper_repro.md`."""
    verdicts, judged = committed_verdicts(), hunted()
    head = ["| item | claim | status | certified | where |", "|---|---|---|---|---|"]
    lines = [_INTRO, "## Results\n", results_table(), "\n## Items\n", *head]
    lines += [_item_row(item, verdicts, judged) for item in CATALOGUE if not item.ours]
    lines += ["", "## Beyond the paper", "", *head]
    lines += [_item_row(item, verdicts, judged) for item in CATALOGUE if item.ours]
    known = {item.label for item in CATALOGUE} | {erratum.place for erratum in ERRATA}
    for verdict in verdicts:
        if item_label(verdict) not in known and verdict.expected != ERRATUM:
            lines.append(_row(verdict.label, escaped(verdict.claim), status_of([verdict]) or "", "", _links(verdict.stem)))
    lines += ["", *certified_table(judged)]
    lines += ["", "## Errata", "", "Against the text of version 2 that was at hand. *False by number*: a computed value contradicts it."]
    lines += ["", "| place | as printed | should be | kind | shown by |", "|---|---|---|---|---|"]
    for erratum in ERRATA:
        texts = (escaped(text) for text in (erratum.place, erratum.printed, erratum.corrected))
        lines.append(_row(*texts, erratum.kind, _shown_by(erratum, verdicts, judged)))
    return "\n".join(lines) + "\n"


def committed_verdicts() -> list[Verdict]:
    """The verdicts of the committed run at default scale; of committed full runs those that it does not give, or gives otherwise.

    The latter are labelled "(full run)".
    """
    places = Places.reference()
    found: list[Verdict] = []
    for stem in STEMS:
        own = read_verdicts(stem, places)
        judged = {verdict.label: verdict.verdict for verdict in own}
        found += own
        for verdict in read_verdicts(stem, places.full):
            if verdict.label not in judged:
                found.append(verdict)
            elif judged[verdict.label] != verdict.verdict:
                found.append(replace(verdict, label=f"{verdict.label} (full run)"))
    return found


def item_label(verdict: Verdict) -> str:
    """The catalogue's label of a verdict: "Prop C.1 (KL)" speaks of Prop C.1."""
    return verdict.label.split(" (")[0]


def status_of(verdicts: Iterable[Verdict], *, brief: bool = False) -> str:
    """The status that several verdicts give together; empty for none. Verdicts on errata of the paper are left out."""
    sound = [verdict for verdict in verdicts if verdict.expected != ERRATUM]
    said = []
    for word in dict.fromkeys(verdict.verdict for verdict in sound):
        same = [verdict for verdict in sound if verdict.verdict == word]
        if word == "violated":
            said.append("**violated**")
        elif word == "holds":
            said.append("bound holds" + ("" if brief else _slacks(same)))
        elif word == "fitted exponent" and not brief:
            said.append(_exponents(same))
        else:
            said.append(word)
    return "; ".join(said)


def _exponents(verdicts: list[Verdict]) -> str:
    # A column of a table holds one exponent. Several are counted: each has a row of its own in the stem's verdicts.
    if len(verdicts) == 1:
        return f"fitted exponent {escaped(str(verdicts[0].measured))} (expected {escaped(str(verdicts[0].bound))})"
    return f"{len(verdicts)} fitted exponents, each in its expected range"


def _slacks(verdicts: list[Verdict]) -> str:
    ranges: dict[str, list[float]] = {}
    for verdict in verdicts:
        if verdict.slack is not None:
            ranges.setdefault(verdict.slack_kind, []).append(verdict.slack)
    text = ""
    for kind, values in ranges.items():
        span = f"{min(values):.3g}" if min(values) == max(values) else f"{min(values):.3g} to {max(values):.3g}"
        text += f", slack {span}" + (f" ({escaped(kind)})" if kind else "")
    return text


def _item_row(item: Item, verdicts: list[Verdict], judged: list[dict[str, str]]) -> str:
    found = status_of(v for v in verdicts if item_label(v) in (item.label, item.formal or item.label))
    formal = next((other for other in CATALOGUE if other.label == item.formal), item)
    test = item.test or formal.test
    status = found or ("reproduced" if test else NOT_BUILT)
    where = _links(item.stem) if found else ""
    if test:
        where = " · ".join(filter(None, [where, _link("its test", test.split("::")[0])]))
    return _row(item.label, escaped(item.claim), status, proved_of((item.label, item.formal or item.label), judged), where)


def _shown_by(erratum: Erratum, verdicts: list[Verdict], judged: list[dict[str, str]]) -> str:
    shown = [_link(erratum.test.split("::")[1], erratum.test.split("::")[0])] if erratum.test else []
    if any(verdict.label == erratum.place and verdict.expected == ERRATUM == verdict.verdict for verdict in verdicts):
        shown.append(_links(erratum.stem))
    if certificate := certificate_of(erratum.place, judged):
        shown.append(_link("certificate", certificate))
    return " · ".join(shown) or "not shown yet"


def certified_table(judged: list[dict[str, str]]) -> list[str]:
    """The section of the statements that ball arithmetic decided, by the rows of the hunt."""
    lines = [
        "## Certified statements",
        "",
        "`python -m sharpsim.certified hunt` judges each on generated instances: masses down to 1e-300, ties, zeros, N up to 10^12, rows",
        "of up to 10^4 responses. *Equal*: both sides are one rational, or one expression. *Ratio*: the largest of left to right among the",
        "proved. *Scaled*: the verdict at one instance where 0.7 (1.3) times the bound is put to the test.",
        "",
    ]
    names = ("instances", "proved", "attained", "vacuous", "undecided", "refuted")
    lines += [f"| statement | claim | {' | '.join(names).replace('attained', 'equal')} | ratio | scaled |", "|" + "---|" * 10]
    for row in (row for row in judged if not is_printed(row)):
        counts = (f"{int(row[name]):,}" for name in names)
        lines.append(_row(escaped(row["label"]), escaped(row["claim"]), *counts, f"{float(row['largest_ratio']):.4g}", row["scaled"]))
    return lines


def places_of(stem: str) -> dict[str, str]:
    """The four places of a stem, relative to the repository's root; empty text for a place that does not exist."""
    drawings = sorted((ROOT / "figures" / "out").glob(f"{stem}.png")) + sorted((ROOT / "figures" / "out").glob(f"{stem}-*.png"))
    places = {
        "theory": f"sharpsim/theory/{stem}.py",
        "experiment": place_of("experiments", stem),
        "figure": f"figures/out/{drawings[0].name}" if drawings else place_of("figures", stem),
        "test": f"tests/theory/test_{stem}.py",
    }
    return {name: path if (ROOT / path).exists() else "" for name, path in places.items()}


def _links(stem: str) -> str:
    return " · ".join(_link(name, path) for name, path in places_of(stem).items() if path)


def _link(name: str, path: str) -> str:
    return f"[{name}]({path})" if path else ""


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def escaped(text: str) -> str:
    """Text as a Markdown table shows it: bars and stars are the paper's, not Markdown's."""
    for letter in "|*<":
        text = text.replace(letter, "\\" + letter)
    return text
