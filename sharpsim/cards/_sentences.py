"""The three sentences at the top of a card: more samples, likelihood, self-training. In words of who trains or evaluates models."""

from typing import Any

from sharpsim.cards._text import listed, many, percent, points

Content = dict[str, Any]
CLOSE = 0.01
"""A gain within a point of the best counts as the best."""
REACH = 1e6
"""More draws of one prompt than this are out of reach."""
DOES = {
    "best_of_n": "keeping the likeliest of {N}",
    "normalised": "keeping the likeliest per token of {N}",
    "majority": "a majority vote of {N}",
}


def sentences(content: Content) -> list[str]:
    """The three sentences."""
    return [_more_samples(content), _likelihood(content), _training(content)]


def _more_samples(content: Content) -> str:
    curves = {rule: content["curves"][rule] for rule in DOES if content["curves"][rule]}
    if not curves:
        if modes := content.get("on_modes"):
            at = min(15, len(modes["N"]) - 1)
            return (
                f"No response was judged, so this card is about the model's most likely responses: one draw gives one with probability "
                f"{percent(modes['value'][0])}, and the likeliest of {modes['N'][at]} draws is one with probability {percent(modes['value'][at])}."
            )
        return "Whether more samples help cannot be said: no answer in this log is judged."
    one = next(iter(curves.values()))["value"][0]
    if content["gains"] is None:
        return f"One answer is right {percent(one)} of the time; with one draw a prompt, nothing can be said on more samples."
    rule = max(content["gains"], key=lambda name: content["gains"][name]["value"])
    gain, curve = content["gains"][rule], curves[rule]
    at = curve["N"].index(gain["N"])
    what = DOES[rule].format(N=f"{gain['N']:,} answers")
    told = f"one answer is right {percent(one)} of the time, {what} makes it {percent(curve['value'][at])} ({points(gain['value'])}{_interval(gain)})"
    verdict = "More samples help" if gain["value"] > 0 else "More samples do not help"
    if gain["low"] is not None:
        if gain["low"] <= 0 <= gain["high"] and gain["low"] < gain["high"]:
            verdict = "More samples do not measurably help"
        elif gain["high"] < 0:
            verdict = "More samples hurt"
    enough = next(N for N, value in zip(curve["N"], curve["value"], strict=True) if value >= curve["value"][at] - CLOSE)
    reached = (
        f"; {enough} {'are' if enough > 1 else 'is'} enough for all but a point of that"
        if gain["value"] > 2 * CLOSE and enough < gain["N"]
        else ""
    )
    others = [
        f"{DOES[name].format(N='as many')} {percent(other['value'][other['N'].index(content['gains'][name]['N'])])}"
        for name, other in curves.items()
        if name != rule and name in content["gains"]
    ]
    return f"{verdict}: {told}{reached}{f'; {listed(others)}' if others else ''}."


def _interval(found: Content) -> str:
    if found["low"] is None:
        return ", no interval with one prompt"
    if found["high"] - found["low"] < 1e-9:
        return ""
    return f", interval {points(found['low']).rsplit(' ', 1)[0]} to {points(found['high']).rsplit(' ', 1)[0]}"


def _likelihood(content: Content) -> str:
    found = content["likelihood"]
    if not found:
        why = "no response was judged" if content["curves"]["pass"] is None else "the log has no log-probabilities"
        return f"Whether the model's likelihood knows what is right cannot be said: {why}."
    known = found["helped"] + found["hurt"] + found["undecided"]
    split = f"right answers are the likelier ones on {found['helped']} of {known} prompts, wrong ones on {found['hurt']}"
    if found["hurt"]:
        split += ", where it will make the model worse"
    if found["undecided"]:
        split += f"; {found['undecided']} cannot be told"
    heads = {
        "helps": "Likelihood knows something of what is right, so sharpening should help on average",
        "hurts": "Likelihood prefers wrong answers, so sharpening will hurt on average",
        "unclear": "Whether likelihood knows what is right is unclear from these draws",
        "changes nothing": "Likelihood says nothing on what is right, so sharpening changes little",
    }
    return f"{heads[found['says']]}: {split}."


def _training(content: Content) -> str:
    needs, tax = content["needs"], content["tax"]
    parts = []
    if needs:
        exact, theorem = needs["sft_exact"], needs["sft_theorem"][0]
        size = (
            f"about {many(exact['N'])} draws on each of {many(exact['n'])} prompts"
            if exact["n"] is not None
            else "more draws than can be counted"
        )
        if exact["N"] is None or exact["N"] > REACH:
            size = f"about {many(exact['N'] or float('inf'))} draws on each prompt, which is out of reach"
        parts.append(f"Self-training on the likeliest of N would need {size}")
        if theorem["n"] is not None:
            said = "vacuous, at these numbers" if theorem["vacuous"] else "met by these numbers"
            parts.append(f"the guarantee of Theorem 4.1 is {said}")
    else:
        parts.append("What self-training would need cannot be said without log-probabilities")
    if tax:
        change = tax["value"]
        if abs(change) < 5e-4:
            parts.append(f"a fully sharpened model would keep pass@{tax['k']} as it is")
        else:
            lost = points(abs(change)).lstrip("+")
            parts.append(f"a fully sharpened model would {'lose' if change > 0 else 'gain'} {lost} of pass@{tax['k']}")
    return "; ".join(parts) + "."
