"""The verdicts on rounds of self-training, computed from the rows."""

import numpy as np

from experiments.engine.counting import surprises
from experiments.engine.frame import Table, Verdict

ROOM = 1e-9
"""Relative rounding of a ratio that is attained."""


def judged(tables: dict[str, Table]) -> list[Verdict]:
    """One verdict for each statement; the measured frequencies enter the statement whose law they follow."""
    return [
        _same(tables["closed"], "Rounds on tables", ("fixed", "likelihood"), "accuracy by steps, and by the closed form: difference"),
        _label(tables["label"]),
        _votes(tables),
        *_takeover(tables),
        _same(tables["closed"], "Takeover (one answer)", ("one answer",), "takeover, and a discrete normal law: difference"),
        _parts(tables["parts"]),
        _turns(tables["turns"]),
        _belief(tables["belief"]),
        _blind(tables["blind"]),
        _same(tables["closed"], "Shared rounds", ("shared",), "accuracy by DPO on all pairs, and by the projected reward: difference"),
        _stopping(tables["stopping"], tables["worlds"]),
        _models(tables["models"]),
    ]  # fmt: skip


def _proper(rows: Table, *names: str) -> bool:
    return all(bool(((rows[name] >= 0) & (rows[name] <= 1)).all()) for name in names)


def _word(sound: bool, good: str = "holds") -> str:
    return good if sound else "violated"


def _same(rows: Table, label: str, claims: tuple[str, ...], said: str) -> Verdict:
    """Both ways to each number agree, and the numbers are not all the same."""
    mine = [rows.where(claim=claim) for claim in claims]
    gap = max(float(np.abs(each["stepped"] - each["closed"]).max()) for each in mine)
    spread = min(float(np.ptp(each["stepped"])) for each in mine)
    sound = gap <= ROOM and spread > 1e-3 and all(_proper(each, "stepped", "closed") for each in mine)
    return Verdict(label, said, float(f"{max(gap, ROOM):.1g}"), ROOM, _word(sound))


def _label(rows: Table) -> Verdict:
    ratio = rows["exact"] / rows["bound"]
    worst, first = float(ratio.max()), rows["round"] == 0
    # At first the ratio is the mass of the label.
    starts = bool(np.allclose(ratio[first], rows["mass"][first], rtol=ROOM))
    sound = worst <= 1 + ROOM and worst > 0.99 and starts and _proper(rows, "exact")
    return Verdict("Rounds of one label", "miss over its bound", worst, 1.0, _word(sound), worst, "largest ratio of exact to bound")


def _votes(tables: dict[str, Table]) -> Verdict:
    """Measured accuracies on their law, and curves as rounds must have them."""
    rows, curve, question = tables[""].where(claim="accuracy"), tables["curve"], tables["question"]
    wrong, votes, voted = surprises(rows, exact="exact"), curve.where(reward="vote"), question.where(reward="vote")
    # The answers of one question have all the mass, and only votes have a law of their own.
    whole = [float(voted.where(round=t)["mean"].sum()) for t in voted.unique("round")]
    others = question.take(question["reward"] != "vote")
    sound = bool(np.allclose(whole, 1)) and bool((voted["low"] <= voted["high"]).all()) and _proper(question, "low", "high")
    sound = sound and bool((others["low"] == others["mean"]).all()) and bool((others["high"] == others["mean"]).all())
    # The curves are those of the closed forms; sharpening raises the likelihood, and one answer of k is right at least as often as one.
    for kind in ("fixed", "likelihood"):
        mine = curve.where(reward=kind)
        sound = sound and bool(np.allclose(mine["accuracy"], tables["closed"].where(claim=kind)["stepped"], rtol=ROOM))
        sound = sound and bool((np.diff(mine["log_likelihood"]) >= -ROOM).all())
    sound = sound and bool((curve["pass_at_k"] >= curve["accuracy"] - ROOM).all())
    spread = float(votes["pass_at_k"][0] - votes["pass_at_k"][-1])
    sound = sound and spread > 0 and bool((np.diff(votes["entropy"]) < 0).all()) and bool((votes["deviation"][1:] > 0).all())
    sound = sound and wrong == 0 and _proper(curve, "accuracy", "pass_at_k") and bool((curve["log_likelihood"] <= 0).all())
    said = f"{len(rows) - wrong} of {len(rows)} measured accuracies on the law"
    return Verdict("Rounds of votes", said, float(wrong), 0.0, _word(sound), spread, "fall of pass@k over the rounds")


def _takeover(tables: dict[str, Table]) -> list[Verdict]:
    rows, drawn, three = tables["takeover"], tables[""].where(claim="takeover"), tables["tables"]
    wrong = surprises(drawn, exact="exact")
    ratio = (1 - rows["exact"]) / (1 - rows["bound"])
    # Large steps attain the bound, small ones leave it, and follow the normal law.
    attained, small = float(ratio[rows["beta"] == rows["beta"].min()].min()), rows["beta"] == rows["beta"].max()
    off = float(np.abs(rows["exact"] - rows["normal"])[small].max())
    sound = wrong == 0 and float(ratio.max()) <= 1 + ROOM and attained > 0.99 and off < 0.01 and _proper(rows, "exact", "bound", "normal")
    said = f"P[the initial minority takes over] / P[it wins one vote]: largest; {len(drawn) - wrong} of {len(drawn)} measured on the law"
    worst = float(three["ratio"].max())
    searched = f"three answers, {int(three['instances'].sum())} tables: P[the mode does not take over] / P[it loses one vote]"
    near = float(three.take(three["beta"] == three["beta"].min())["ratio"].min())
    return [
        Verdict("Takeover", said, float(ratio.max()), 1.0, _word(sound), attained, "ratio at the largest steps"),
        Verdict("Takeover (three answers)", searched, worst, 1.0, _word(worst <= 1 + ROOM and near > 0.99, "reproduced")),
    ]


def _parts(rows: Table) -> Verdict:
    names = ("right_modes", "wrong_modes", "flips", "rescues", "sharing")
    gap = float(np.abs(sum(rows[name] for name in names) - rows["total"]).max())
    gap = max(gap, float(np.abs(rows["shared"] - rows["start"] - rows["total"]).max()))
    gap = max(gap, float(np.abs(rows["start"] + rows["right_modes"] + rows["wrong_modes"] - rows["labelled"]).max()))
    gap = max(gap, float(np.abs(rows["labelled"] + rows["flips"] + rows["rescues"] - rows["voted"]).max()))
    signs = all(bool((sign * rows[name] >= -ROOM).all()) for name, sign in zip(names[:4], (1, -1, -1, 1), strict=True))
    later = rows["round"] > 0
    some = all(bool((rows[name][later] != 0).all()) for name in names)
    last = rows["round"] == rows["round"].max()
    # At the end sharing is told apart from the noise of the repeats.
    seen = bool(((rows["shared_low"][last] > rows["voted"][last]) | (rows["shared_high"][last] < rows["voted"][last])).all())
    shown = ", ".join(f"{name.replace('_', ' ')} {float(rows[name][last][0]):+.3f}" for name in names)
    sound = gap <= ROOM and signs and some and seen and _proper(rows, "labelled", "voted", "shared")
    return Verdict("Parts of a fall", "at the last round; they add up, and four have their signs", shown, "signs + - - +", _word(sound))


def _turns(rows: Table) -> Verdict:
    """On tables a world loses more often the less base may be trusted, under either reward."""
    shown, sound = [], _proper(rows, "measured", "lost_measured")
    for reward in rows.unique("reward"):
        mine = rows.where(reward=reward)
        order = np.argsort(-mine["trust"])
        lost, low, high = (mine[f"lost_{name}"][order] for name in ("measured", "low", "high"))
        sound = sound and bool((low[:-1] <= high[1:]).all()) and bool(high[0] < low[-1])
        # What ends below its start has turned.
        sound = sound and bool((mine["lost_hits"] <= mine["hits"]).all()) and bool((mine["hits"] <= mine["trials"]).all())
        sound = sound and bool(np.allclose(mine["lost_hits"], mine["lost_measured"] * mine["trials"], atol=ROOM))
        shown.append(f"{reward} {', '.join(f'{x:.3g}' for x in lost)}")
    trusts = ", ".join(f"{x:g}" for x in sorted(rows.unique("trust"), reverse=True))
    said = f"tables alone: share of worlds that end below their start, key drawn from base^trust, trust {trusts}"
    return Verdict("Parts of a fall (tables)", said, "; ".join(shown), "-", _word(sound, "reproduced"))


def _belief(rows: Table) -> Verdict:
    worst, shared = float(rows["fall"].max()), float(rows["shared_fall"].min())
    sound = worst == 0 and bool((rows["fall"] >= 0).all()) and shared > 1e-3
    said = f"largest fall in a round, {int(rows['instances'].max())} tables and four rewards; with shared parameters"
    return Verdict("Belief", said, f"{worst:.3g}; {shared:.3g} or more", "0; -", _word(sound))


def _blind(rows: Table) -> Verdict:
    gap = float(np.abs(rows["minimax"] / rows["bound"] - 1).max())
    sound = gap <= 1e-6 and bool((rows["bound"] > 0).all()) and _proper(rows, "bound", "minimax")
    slack = float((rows["bound"] / rows["minimax"]).min())
    said = "minimax regret by a linear program over stopping rounds, against (p_T - p)/2: relative difference"
    return Verdict("Blind stopping", said, float(f"{max(gap, 1e-6):.1g}"), 1e-6, _word(sound), slack, "least ratio of bound to minimax")


_MEANS = ("start", "stopped", "end", "best")


def _stopping(rows: Table, worlds: Table) -> Verdict:
    """Belief stops closer to the best round than rules that know nothing of the world; the worlds' rows are those of its row."""
    at = {rule: rows.where(rule=rule) for rule in ("no round", "all rounds", "fixed round", "belief")}
    mean = {rule: float(one["stopped"][0]) for rule, one in at.items()}
    hits = {rule: float(one["measured"][0]) for rule, one in at.items()}
    same = all(abs(float(worlds[name].mean()) - float(at["belief"][name][0])) < ROOM for name in (*_MEANS, "alone"))
    hit = int((worlds["stopped"] >= worlds["best"] - 0.01).sum())
    bounded = all(bool((worlds[name] <= worlds["best"]).all()) for name in _MEANS) and _proper(worlds, *_MEANS, "alone")
    ahead = float(at["belief"]["low"][0]) > max(float(at[rule]["high"][0]) for rule in ("no round", "all rounds"))
    better = mean["belief"] > max(mean["no round"], mean["all rounds"]) and hits["belief"] >= hits["fixed round"]
    # On tables the labels do not hurt: the fall to the end is what the prompts do to one another.
    shared = bool(worlds["alone"].mean() > worlds["start"].mean() > worlds["end"].mean())
    sound = same and shared and hit == int(at["belief"]["hits"][0]) and bounded and ahead and better
    shown = "; ".join(f"{rule} {hits[rule]:.3f}" for rule in at)
    said = f"share of {len(worlds)} worlds within .01 of the best round"
    gained = (mean["belief"] - mean["no round"]) / (float(at["belief"]["best"][0]) - mean["no round"])
    return Verdict("Stopping by belief", said, shown, "-", _word(sound, "reproduced"), gained, "share of the best gain in accuracy")


def _models(rows: Table) -> Verdict:
    """After the last round: did prompts where base preferred a right response gain, and did the others lose?

    No theorem says so where parameters are shared, as the others may learn from the first.
    """
    last, first = (rows.where(round=int(choose(rows["round"]))) for choose in (np.max, np.min))
    up, down = last["right_modes_low"] > 0, last["wrong_modes_high"] < 0
    against = int((last["right_modes_high"] < 0).sum() + (last["wrong_modes_low"] > 0).sum())
    # One answer of k is right at least as often as one; policies get sharper; every mean lies between the ends of its interval.
    ordered = [("low", "accuracy"), ("accuracy", "high"), ("accuracy", "pass_at_k")]
    ordered += [pair for part in ("right_modes", "wrong_modes") for pair in ((f"{part}_low", part), (part, f"{part}_high"))]
    sound = all(bool((rows[less] <= rows[more] + ROOM).all()) for less, more in ordered)
    sound = sound and _proper(rows, "accuracy", "low", "high", "pass_at_k") and bool((rows["log_likelihood"] <= 0).all())
    sound = sound and bool((last["log_likelihood"] > first["log_likelihood"]).all())
    lost = float((first["pass_at_k"] - last["pass_at_k"]).max())
    shown = f"{int(up.sum())} and {int(down.sum())} of {len(last)}, {against} against; pass@k falls by up to {100 * lost:.3g} points"
    word = "violated" if not sound else ("reproduced" if up.any() and down.any() and not against else "vacuous")
    claim = "models trained in rounds: right modes gain, wrong ones lose, intervals over prompts"
    slack = float(last["right_modes"].max())
    return Verdict("Parts of a fall (trained models)", claim, shown, "some, some, none", word, slack, "largest gain of right modes")
