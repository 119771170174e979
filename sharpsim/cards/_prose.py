"""The text of a card below its three sentences, as data that the page and the terminal share: tiles, sections, tables."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sharpsim.cards._text import between, many, number, percent, points, shown

Content = dict[str, Any]
PAIRS = 1e9
LISTED = 10
"""Most prompts that are named one by one."""


class Tile(NamedTuple):
    """One number of the row of numbers below the sentences."""

    value: str
    label: str
    note: str


@dataclass(frozen=True)
class Section:
    """A part of the card. `panel` names the drawing that belongs to it."""

    title: str
    panel: str | None = None
    warnings: tuple[str, ...] = ()
    paragraphs: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    head: tuple[str, ...] = ()
    rows: list[tuple[str, ...]] = field(default_factory=list)
    notes: tuple[str, ...] = ()


def title(content: Content) -> str:
    """Model and task, on one line."""
    return " on ".join(shown(content[name]) for name in ("model", "task") if content[name]) or "a policy"


def tiles(content: Content) -> list[Tile]:
    """The main numbers."""
    made = []
    names = {
        "best_of_n": "likeliest of {N}",
        "normalised": "likeliest per token of {N}",
        "majority": "majority vote of {N}",
        "pass": "some of {N} right",
    }
    one = content["curves"]["pass"]
    if one:
        made.append(Tile(percent(one["value"][0]), "one draw", _ends(one, 0)))
    if content["greedy"]:
        made.append(
            Tile(percent(content["greedy"]["value"]), "greedy decoding", between(content["greedy"]["low"], content["greedy"]["high"]))
        )
    for rule, label in names.items():
        curve = content["curves"][rule]
        last = content["draws"]["curves_to"] if content["draws"] else 64
        if curve and last > 1 and last in curve["N"]:
            at = curve["N"].index(last)
            made.append(Tile(percent(curve["value"][at]), label.format(N=last), _ends(curve, at)))
    return made


def sections(content: Content) -> list[Section]:
    """The parts of the card in their order."""
    found = (_accuracy, _likelihood, _coverage, _needs, _tax, _notes)
    return [section for make in found if (section := make(content)) is not None]


def _ends(curve: Content, at: int) -> str:
    low, high = curve["low"][at], curve["high"][at]
    if low is None:
        return "no interval"
    return "" if high - low < 1e-9 else between(low, high)


def _accuracy(content: Content) -> Section | None:
    if not any(content["curves"].values()):
        return Section("How often best of N returns the most likely response", "accuracy") if content.get("on_modes") else None
    sampled = content["kind"] == "samples"
    notes = [
        f"Bands: {percent(content['level'], 0)} intervals over prompts and draws."
        if sampled
        else "Exact; a band is what the search left open.",
        "Pass@N needs someone who knows the right answer; the others do not.",
    ]
    if content["predictions"]:
        notes.append("Dashed: predictions beyond the draws, with the band of their method.")
    return Section("Would more samples help?", "accuracy", notes=(" ".join(notes),))


def _likelihood(content: Content) -> Section | None:
    found = content["likelihood"]
    if not found:
        return None
    within, pooled = found["within"], found["pooled"]
    paragraphs = [
        f"Covariance of correctness and log-probability: {number(within['value'])} nats on the average prompt"
        + (f" [{number(within['low'])}, {number(within['high'])}]" if within["low"] is not None and within["low"] < within["high"] else "")
        + f"; {number(pooled['value'])} nats over all draws in one heap. The first is what decides: above zero, raising the likely answers "
        "raises accuracy. The second also compares easy prompts with hard ones, which no method of sharpening does."
    ]
    rows = [
        (shown(item["prompt"]), number(item["covariance"]), percent(item["one_draw"]), percent(item["sharpened"]))
        for item in found["where_it_hurts"][:LISTED]
    ]
    more = len(found["where_it_hurts"]) - len(rows)
    notes = [f"The {len(rows)} worst of {len(found['where_it_hurts']):,}; all stand in the JSON file."] if more > 0 else []
    if rows:
        notes.append(
            "Named: prompts with a covariance below zero, where the first step of sharpening hurts, and prompts whose likeliest answer is "
            "right less often than a draw, where full sharpening hurts."
        )
    if found["seen_once"]:
        notes.append(
            f"On {found['seen_once']:,} of {len(found['prompts']):,} prompts the likeliest response was drawn once. Likelier ones may be "
            "unseen there: what the card says on full sharpening is then about the likeliest response seen, not about the mode."
        )
    if found.get("by_chance"):
        notes.append(found["by_chance"])
    head = ("where sharpening will hurt", "covariance", "one draw", "likeliest")
    return Section(
        "Does likelihood know what is right?", "covariance", paragraphs=tuple(paragraphs), head=head, rows=rows, notes=tuple(notes)
    )


def _coverage(content: Content) -> Section | None:
    found = content["coverage"]
    if not found:
        return None
    if content["kind"] == "exact":
        same = found["high"] - found["low"] <= 1e-9 * found["high"]
        told = f"is {number(found['low'])}" if same else f"is between {number(found['low'])} and {number(found['high'])}"
        return Section(
            "How many draws until the likeliest response is among them?", "coverage",
            paragraphs=(f"The coverage coefficient C_cov, the mean of 1/probability of the likeliest response, {told}.",),
        )  # fmt: skip
    paragraphs = [
        f"The coverage coefficient C_cov, the mean over prompts of 1/probability of the likeliest response, is at least "
        f"{number(found['lower_bound'])} (confidence {percent(content['level'], 0)})."
    ]
    if found.get("seen") is not None:
        paragraphs.append(f"If the likeliest responses seen are the likeliest there are, it is {many(found['seen'])} on these prompts.")
    return Section(
        "How many draws until the likeliest response is among them?", "coverage",
        warnings=(found["warning"],), paragraphs=tuple(paragraphs), notes=tuple(found.get("notes", ())),
    )  # fmt: skip


def _needs(content: Content) -> Section | None:
    needs = content["needs"]
    if not needs:
        return None
    exact, rows = needs["sft_exact"], []
    rows.append(
        (
            "exact risk, a model that memorises its prompts",
            *(many(exact[name]) if exact[name] else "-" for name in ("n", "N", "samples")),
            "",
        )
    )
    names = {
        "two policies": "Theorem 4.1, a choice between two policies",
        "trained": f"Theorem 4.1, {many(needs['parameters'])} parameters of 16 bits",
    }
    for row in needs["sft_theorem"]:
        asked = (many(row[name]) if row[name] else "-" for name in ("n", "N", "samples"))
        bound = row["bound_at_exact"]
        rows.append((names[row["class"]], *asked, "" if bound is None else f"{number(bound)}{' (vacuous)' if bound >= 1 else ''}"))
    goal = (
        f"Sharpened means: on {percent(1 - needs['eps'], 0)} of the prompts the model gives a likeliest response with probability "
        f"{percent(1 - needs['delta'], 0)} or more; the theorem may fail with probability {percent(needs['rho'], 0)}."
    )
    notes = [
        "Last column: the theorem's bound on the share of prompts unsharpened by the n and N of the first row; at 1 or more it is vacuous.",
        "The exact risk is that of a model that fits each prompt by itself; n prompts are drawn from these, with repetition.",
    ]
    if not needs["whole"]:
        notes.append(
            "The likeliest response of a prompt is taken to be the likeliest one seen: with a likelier one unseen, fewer draws are enough."
        )
    head = ("SFT-Sharpening", "prompts n", "draws N", "n N", "bound at row 1")
    return Section("What would self-training cost?", paragraphs=(goal, _dpo(needs)), head=head, rows=rows, notes=tuple(notes))


def _dpo(needs: Content) -> str:
    dpo = needs["dpo"]
    if dpo["every_beta"]:
        return "DPO: the model is sharpened already in this sense, so every beta does."
    at_most = "" if needs["whole"] else "at most "
    told = f"DPO: the margin between the likeliest and the next response is {at_most}{number(dpo['margin'] or 0)}, least over prompts"
    told += f"; beta must be {'at most ' if dpo['beta'] else ''}{number(dpo['beta'] or 0)} for all prompts to be sharpened"
    if dpo["beta_printed"]:
        told += f" (the paper's rule: {number(dpo['beta_printed'])})"
    if dpo["pairs"]:
        practice = ": out of reach" if dpo["pairs"] > PAIRS else ""
        return f"{told}. Theorem 4.2 asks for {many(dpo['pairs'])} pairs, for a choice between two policies{practice}."
    return f"{told}. Theorem 4.2 is vacuous here: {dpo['why']}."


def _tax(content: Content) -> Section | None:
    tax = content["tax"]
    if not tax:
        return None
    k, loss = tax["k"], points(tax["value"])
    if tax["low"] is not None and tax["high"] - tax["low"] > 1e-9:
        loss += f" [{points(tax['low']).split()[0]}, {points(tax['high']).split()[0]}]"
    told = (
        f"With {k} draws some answer is right on {percent(tax['pass'])} of the prompts. A fully sharpened model gives one answer however "
        f"often it is asked, right on {percent(tax['sharpened'])}. The difference, what pass@{k} loses: {loss}."
    )
    return Section("The sharpening tax", paragraphs=(told,), notes=tuple(tax.get("notes", ())))


def _notes(content: Content) -> Section:
    notes = content["notes"]
    items = [*notes["taken"], *(f"Left out: {item['what']}, since {item['why']}." for item in notes["left_out"]), *notes["methods"]]
    return Section("What was taken for what, and how it was computed", warnings=tuple(notes["warnings"]), items=tuple(items))
