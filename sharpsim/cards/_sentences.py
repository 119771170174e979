"""The three sentences at the top of a card: more samples, likelihood, self-training. In words of who trains or evaluates models."""

from typing import Any

from sharpsim.cards._text import listed, many, percent, points

Content = dict[str, Any]
CLOSE = 0.01
"""A gain within a point of the best counts as the best."""
MODEL = {"full sharpening": "a fully sharpened model", "keeping it": "a model that always gives the likeliest answer seen"}
FEW = 16
REACH = 1e6
"""More draws of one prompt than this are out of reach."""
DOES = {
    "best_of_n": "the likeliest",
    "normalised": "the likeliest per token",
    "majority": "a majority vote",
}


def sentences(content: Content) -> list[str]:
    """The three sentences."""
    return [_more_samples(content), _likelihood(content), _training(content)]


def _more_samples(content: Content) -> str:
    curves = {rule: content["curves"][rule] for rule in DOES if content["curves"][rule]}
    if not curves:
        return _unjudged(content)
    one = next(iter(curves.values()))["value"][0]
    if content["gains"] is None:
        return f"One answer is right {percent(one)} of the time; with one draw a prompt, nothing can be said on more samples."
    rule = max(content["gains"], key=lambda name: content["gains"][name]["value"])
    gain, curve = content["gains"][rule], curves[rule]
    at = curve["N"].index(gain["N"])
    told = (
        f"{_verdict(gain, content['kind'])}: one answer is right {percent(one)} of the time, {DOES[rule]} of {gain['N']:,} answers "
        f"{percent(curve['value'][at])} ({points(gain['value'])}{_interval(gain)})"
    )
    enough = next(N for N, value in zip(curve["N"], curve["value"], strict=True) if value >= curve["value"][at] - CLOSE)
    if gain["value"] > 2 * CLOSE and enough < gain["N"]:
        told += f"; {enough:,} answers give all but a point of that"
    others = [
        f"{DOES[name]} {'gives ' if number == 0 else ''}{percent(_at(curves[name], content['gains'][name]['N']))}"
        for number, name in enumerate(name for name in curves if name != rule and name in content["gains"])
    ]
    told = f"{told}; {listed(others)}" if others else told
    if content["greedy"]:
        over = gain.get("over_greedy")
        than = f": {points(over['value'])}{_interval(over)}" if over else ""
        told += f"; against greedy decoding with {percent(content['greedy']['value'])}{than}"
    return f"{told}."


def _at(curve: Content, N: int) -> float:
    return curve["value"][curve["N"].index(N)]


def _verdict(gain: Content, kind: str) -> str:
    low, high = gain["low"], gain["high"]
    if low is not None and low <= 0 <= high and low < high:
        if kind == "exact":
            return "The search left open whether more samples help (`max_expansions` sets how far it goes)"
        return "More samples do not measurably help"
    if gain["value"] > 0:
        over = gain.get("over_greedy")
        doubt = over and over["low"] is not None and over["low"] <= 0
        return "More samples help, but not measurably over greedy decoding" if doubt else "More samples help"
    return "More samples hurt" if gain["value"] < 0 and low is not None else "More samples do not help"


def _unjudged(content: Content) -> str:
    modes = content.get("on_modes")
    if not modes:
        return "Whether more samples help cannot be said: no answer in this log is judged."
    return (
        f"No response was judged, so this card is about the model's most likely responses: one draw is one with probability "
        f"{percent(modes['value'][0])}, the likeliest of {FEW} draws with probability {percent(modes['value'][modes['N'].index(FEW)])}."
    )


def _interval(found: Content) -> str:
    if found["low"] is None:
        return ", interval not available with one prompt"
    if found["high"] - found["low"] < 1e-9:
        return ""
    return f", interval {points(found['low']).rsplit(' ', 1)[0]} to {points(found['high']).rsplit(' ', 1)[0]}"


def _likelihood(content: Content) -> str:
    found = content["likelihood"]
    if not found:
        why = "no response was judged" if content["curves"]["pass"] is None else "the log has no log-probabilities"
        return f"Whether the model's likelihood knows what is right cannot be said: {why}."
    known = found["helped"] + found["hurt"] + found["undecided"]
    split = f"right answers are the likelier ones on {found['helped']:,} of {known:,} prompts, wrong ones on {found['hurt']:,}"
    if found["hurt"]:
        split += ", where already a little sharpening hurts"
    if found["undecided"]:
        split += f"; {found['undecided']:,} cannot be told"
    if found["lost"]:
        seen = " seen" if content["kind"] == "samples" else ""
        split += f"; on {found['lost']:,} the likeliest answer{seen} is wrong though others are right, and {loser(content)} loses them"
    heads = {
        "helps": "Likelihood knows something of what is right, so sharpening should help on average",
        "hurts": "Likelihood prefers wrong answers, so sharpening will hurt on average",
        "unclear": "Whether likelihood knows what is right is unclear from these draws",
        "changes nothing": "Likelihood says nothing on what is right, so sharpening changes little",
    }
    return f"{heads[found['says']]}: {split}."


def loser(content: Content) -> str:
    """What full sharpening is called. Where most likeliest draws came once, the mode is unknown: the likeliest draw is spoken of."""
    found = content["likelihood"]
    return "keeping it" if found and 2 * found["seen_once"] > len(found["prompts"]) else "full sharpening"


def _training(content: Content) -> str:
    needs, tax = content["needs"], content["tax"]
    parts = []
    if needs:
        exact, theorem = needs["sft_exact"], needs["sft_theorem"][0]
        size = (
            f"about {many(exact['N'])} draws for each of {many(exact['n'])} training prompts"
            if exact["n"] is not None
            else "more draws than can be counted"
        )
        if exact["N"] is None or exact["N"] > REACH:
            size = f"about {many(exact['N'] or float('inf'))} draws on each prompt, which is out of reach"
        parts.append(f"Self-training on the likeliest of N would need {size}")
        if theorem["n"] is not None:
            bound = theorem["bound_at_exact"]
            promise = "the guarantee of Theorem 4.1 is vacuous at these numbers"
            if bound is not None and bound < 1:
                promise = f"Theorem 4.1 then promises at most {percent(bound, 0)} of prompts unsharpened (for a choice of two policies)"
            parts.append(promise)
    else:
        parts.append("What self-training would need cannot be said without log-probabilities")
    if tax:
        change, open_ends = tax["value"], tax["low"] is not None and tax["low"] < 0 < tax["high"]
        if open_ends and content["kind"] == "exact":
            parts.append(f"what a fully sharpened model would lose of pass@{tax['k']} is left open by the search")
        elif abs(change) < 5e-4:
            parts.append(f"a fully sharpened model would keep pass@{tax['k']} as it is")
        else:
            lost = points(abs(change)).lstrip("+")
            parts.append(f"{MODEL[loser(content)]} would {'lose' if change > 0 else 'gain'} {lost} of pass@{tax['k']}")
    return "; ".join(parts) + "."
