"""Verdicts over all trained models and tasks: exact bands, saturation, greedy decoding, and theory's predictions of the lift."""

import functools

import numpy as np

from experiments.engine.frame import Table, Verdict
from sharpsim.estimators import allowed_deviation, clopper_pearson


def zoo_verdicts(tables: dict[str, Table]) -> list[Verdict]:
    """Exact bands against draws, pass@N as the skyline, Game of 24, saturation against coverage, and the covariance as predictor."""
    cells, loglik, theory = tables["cells"], tables["cells-loglik"], tables["cells-theory"]
    return [
        _exact(cells),
        _skyline(cells),
        _greedy(cells),
        _greedy_and_mode(tables["words"]),
        _game(cells, loglik),
        _saturation(theory),
        _signs("gain over one draw", theory, "gain"),
        _signs("lift over greedy", theory, "lift"),
        _prompts(theory),
        _pairs(tables["cells-pairs"]),
    ]


FALSE_ALARM = 1e-6


@functools.cache
def _allowed(outcomes: int, variance: float) -> float:
    """What chance allows the mean of `outcomes` independent outcomes of one variance; cached, as rows are judged again and again."""
    return allowed_deviation(np.array([variance]), span=1.0, trials=outcomes, false_alarm=FALSE_ALARM)


def _exact(cells: Table) -> Verdict:
    rows = cells.take(np.isfinite(cells["exact_lower"]))
    # Any value of the band may be the truth: the largest variance of the outcomes of a cell's prompts that have it as their mean.
    middle = np.clip(0.5, rows["exact_lower"], rows["exact_upper"])
    off = np.maximum(rows["exact_lower"] - rows["accuracy"], rows["accuracy"] - rows["exact_upper"])
    trials = rows["seeds"] * (rows["draws"] // rows["N"])
    allowed = np.array(list(map(_allowed, (rows["prompts"] * trials).tolist(), (middle * (1 - middle)).tolist())))
    inside = off <= allowed
    narrow = rows["exact_upper"] - rows["exact_lower"] < 0.02
    return Verdict(
        "Figure 3 (exact)", "literal accuracy of all models and tasks lies on the exact band",
        f"{int(inside.sum())} of {len(inside)} points; {int(narrow.sum())} bands narrower than 2 points",
        "every point, false alarm 1e-6",
        "reproduced" if inside.all() else "violated",
        slack=float((allowed - off).min()), slack_kind="least distance to what chance allows, as accuracy",
    )  # fmt: skip


def _largest(cells: Table, rule: str) -> Table:
    own = cells.where(rule=rule)
    return own.where(N=int(own["N"].max()))


def _skyline(cells: Table) -> Verdict:
    sky = {(row["model"], row["task"]): row["accuracy"] for row in _largest(cells, "pass@N").rows()}
    gaps = [sky[row["model"], row["task"]] - row["accuracy"] for rule in ("best of N", "majority") for row in _largest(cells, rule).rows()]
    return Verdict(
        "Figure 2c", "pass@50, which needs the answer key, is above every rule without it",
        f"{sum(gap >= -1e-9 for gap in gaps)} of {len(gaps)}",
        "all", "reproduced" if min(gaps) >= -1e-9 else "violated", slack=100 * min(gaps), slack_kind="points, least distance",
    )  # fmt: skip


def _greedy(cells: Table) -> Verdict:
    """The heat map of greedy's accuracy: is greedy the stronger baseline, and do the cells tell easy tasks from hard ones?"""
    one = cells.where(rule="best of N", N=1)
    above, below = int((one["lift_high"] < 0).sum()), int((one["lift_low"] > 0).sum())
    least, most = float(one["greedy"].min()), float(one["greedy"].max())
    return Verdict(
        "Figure 2d", "greedy decoding is more accurate than one draw; its accuracy ranges over the tasks by at least 50 points",
        f"{above} of {len(one)} cells ({below} against); {100 * least:.3g}% to {100 * most:.3g}%", "more cells for than against",
        "reproduced" if above > below and most - least >= 0.5 else "vacuous",
        slack=100 * float((one["greedy"] - one["accuracy"]).min()), slack_kind="points above one draw, least cell",
    )  # fmt: skip


def _greedy_and_mode(words: Table) -> Verdict:
    """Two decoders that return the same response on all but a share of the prompts differ in accuracy by at most that share."""
    apart = abs(float(words["greedy_correct"].mean()) - float(words["mode_correct"].mean()))
    share = float((~words["greedy_is_mode"]).mean())
    return Verdict(
        "Figure 2d (exact mode)", "greedy's accuracy differs from the exact mode's by at most the share of words where the two differ",
        f"{100 * apart:.3g} points", f"{100 * share:.3g} points", "holds" if apart <= share + 1e-12 else "violated",
        slack=100 * (share - apart), slack_kind="points of room",
    )  # fmt: skip


def _game(cells: Table, loglik: Table) -> Verdict:
    names = [str(name) for name in cells.unique("task") if str(name).startswith("game of 24")]
    best = _largest(cells, "best of N")
    shown = {name: best.where(task=name)["lift_points"] for name in names}
    most = {name: float(values.max()) for name, values in shown.items()}
    rises = all(
        loglik.where(task=name, model=model)["mean"][-1] > loglik.where(task=name, model=model)["greedy"][-1]
        for name in names for model in ("transformer S", "transformer L")
    )  # fmt: skip
    return Verdict(
        "Figure 5", "Game of 24: best of 50 lifts accuracy over greedy and passes its log-probability (transformers)",
        ", ".join(f"{name}: up to {value:+.1f} points" for name, value in most.items()), "some lift, all log-probabilities",
        "reproduced" if max(most.values()) > 0 and rises else "violated",
        slack=max(most.values()), slack_kind="points, largest lift",
    )  # fmt: skip


def _saturation(theory: Table) -> Verdict:
    rows = theory.take(~np.isnan(theory["saturation"]))
    at = rows["saturation"]
    finite = np.isfinite(at)
    logs = np.log(rows["coverage_high"][finite]), np.log(at[finite])
    from scipy.stats import spearmanr

    rank, chance = map(float, tuple(spearmanr(*logs))) if finite.sum() > 2 else (float("nan"), 1.0)
    told = f"rank correlation with C_cov {rank:.2f}" if finite.sum() > 2 else "too few cells"
    within = int((at <= 20).sum())
    return Verdict(
        "Figure 4 (saturation, all models)", "90% of the rise by N = 20 (paper: 10 to 20), later where coverage is larger",
        f"{within} of {len(at)} cells by N = 20; {told}", "correlation above 0 at 1e-3",
        "reproduced" if rank > 0 and chance < 1e-3 else "vacuous", slack=None if np.isnan(rank) else rank, slack_kind="rank correlation",
    )  # fmt: skip


def _signs(claim: str, theory: Table, name: str) -> Verdict:
    sure = ((theory["cov_low"] > 0) | (theory["cov_high"] < 0)) & ((theory[f"{name}_low"] > 0) | (theory[f"{name}_high"] < 0))
    rows = theory.take(sure)
    agree = int((np.sign(rows["covariance"]) == np.sign(rows[name])).sum())
    ups = int((rows[name] > 0).sum())
    always = max(ups, len(rows) - ups) / max(len(rows), 1)
    low = float(clopper_pearson(agree, max(len(rows), 1), 0.95)[0])
    return Verdict(
        f"Lift predictor ({claim})", f"the sign of Cov(correct, log pi) is that of the {claim}",
        f"{agree} of {len(rows)} cells with certain signs",
        f"more often than {always:.3g}, one guess for all",
        "reproduced" if low > always else "vacuous", slack=low - always, slack_kind="lower end less one guess for all",
    )  # fmt: skip


def _prompts(theory: Table) -> Verdict:
    told, agree = int(theory["told"].sum()), int(theory["agree"].sum())
    low = float(clopper_pearson(agree, max(told, 1), 0.95)[0])
    return Verdict(
        "Lift predictor (prompts)", "prompt by prompt, the covariance has the sign of the certified gain", f"{agree} of {told} prompts",
        "more often than 1/2", "reproduced" if low > 0.5 else "vacuous", slack=low - 0.5, slack_kind="lower end less 1/2",
    )  # fmt: skip


def _pairs(rows: Table) -> Verdict:
    """What two numbers of each prompt explain of the gains of all cells, at the largest N; every accuracy is within its bounds."""
    last = rows.where(N=int(rows["N"].max()))
    left = float(((last["gain"] - last["predicted"]) ** 2).sum())
    explained = 1 - left / max(float(((last["gain"] - last["gain"].mean()) ** 2).sum()), 1e-300)
    inside = bool((rows["room"] >= -1e-9).all())
    ordered = bool(((rows["lower"] <= rows["predicted"] + 1e-6) & (rows["predicted"] <= rows["upper"] + 1e-6)).all())
    typical = float(np.median(np.abs(last["gain"] - last["predicted"])))
    shown = f"{100 * explained:.3g}% of the variance over {len(last)} cells, {typical:.2g} points off at the median"
    sound = inside and ordered and bool((last["low"] <= last["high"]).all())
    return Verdict(
        "Lift by pairs (trained models)", "the gain of best of 50 over one draw from one draw's accuracy and pairs, of other draws",
        shown if sound else "an accuracy outside its bounds", "half of the variance",
        "violated" if not sound else ("reproduced" if explained > 0.5 else "vacuous"), slack=explained, slack_kind="share explained",
    )  # fmt: skip
