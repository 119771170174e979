"""The verdicts on power sampling, computed from the rows."""

import numpy as np

from experiments.engine.counting import enough_cover, surprises
from experiments.engine.fits import power_law
from experiments.engine.frame import Table, Verdict

ROOM = 1e-9
"""Relative rounding of a ratio that is attained."""
FROM = 64
"""Rollouts from which on orders of biases are fitted."""
NOISE = 3e-11


def judged(tables: dict[str, Table]) -> list[Verdict]:
    """One verdict or more for each statement."""
    kernels, curve = tables["kernels"], tables["curve"]
    return [
        _next_token(tables["temperature"]), *_temperature(tables["temperature"], tables["trees"]),
        *_independent(kernels, curve, tables["trees"]), _mended(kernels, tables[""]), _lengths(kernels), *_truncated(kernels, curve),
        *_resampling(curve, tables["trees"], tables["temperature"]), *_rollouts(tables["bias"], curve), *_particles(tables["particles"]),
    ]  # fmt: skip


def _word(sound: bool, word: str = "holds") -> str:
    return word if sound else "violated"


def _next_token(rows: Table) -> Verdict:
    off = float(rows["off"].max())
    said = f"product over tokens against pi^alpha, and zeta by a transfer matrix: largest difference, {len(rows)} laws"
    return Verdict("Next token", said, off, 1e-11, _word(rows["off"].min() >= 0 and off <= 1e-11, "reproduced"))


def _tree(trees: Table, name: str) -> tuple[float, float, bool]:
    """The largest ratio of exact to bound, that at the instance which attains it, and whether both are as they should be."""
    mine = trees.where(claim=name)
    worst, attained = float(mine["ratio"].max()), float(mine["extremal"].max())
    return max(worst, attained), attained, 0 < worst <= 1 + ROOM and 0.98 < attained <= 1 + ROOM


def _temperature(rows: Table, trees: Table) -> list[Verdict]:
    most, attained, sound = _tree(trees, "temperature")
    sharp = rows.take(rows["alpha"] > 1)
    plain = rows.take(rows["alpha"] == 1)
    within = bool((sharp["variation"] <= sharp["bound"]).all() and (sharp["variation"] > 0).all() and (sharp["bound"] < 1).all())
    same = bool((plain["variation"] == 0).all() and (plain["bound"] == 0).all()) and len(plain) > 0
    shown = f"largest ratio {most:.3g}; total variation up to {sharp['variation'].max():.3g}"
    claim = "total variation of low temperature to pi^alpha over tanh(D/4)"
    top = [one.take(one["alpha"] == one["alpha"].max()) for one in _each(rows, "instance")]
    kept = np.array([float(one["mode_tempered"][0] / one["mode"][0]) for one in top])
    longer = np.array([float(one["length_tempered"][0] - one["length"][0]) for one in top])
    inside = all(bool(((rows[name] >= 0) & (rows[name] <= 1 + ROOM)).all()) for name in ("mode", "mode_tempered"))
    listed = bool(((rows["left_out"] >= 0) & (rows["left_out"] < 0.2)).all()) and bool((rows["length"] >= 1).all())
    even = bool((np.abs(plain["mode"] / plain["mode_tempered"] - 1) < ROOM).all())
    even = even and bool((np.abs(plain["length"] / plain["length_tempered"] - 1) < ROOM).all())
    lost = "mass of the mode of pi^alpha under low temperature over its mass, at the largest power; tokens more than pi^alpha has"
    found = f"{kept.min():.2g} to {kept.max():.3g}; {longer.min():.2g} to {longer.max():.2g}"
    loses = inside and listed and even and kept.min() < 0.5 and longer.max() > 0.1
    return [
        Verdict("Token temperature", claim, shown, "1", _word(sound and within and same), attained, "ratio at the extremal instance"),
        Verdict("Token temperature (mode)", lost, found, "below 1/2 once; above 0.1 once", _word(bool(loses), "reproduced")),
    ]


def _independent(kernels: Table, curve: Table, trees: Table) -> list[Verdict]:
    mine = kernels.where(kernel="independent", suffix="base")
    most, attained, sound = _tree(trees, "independent")
    off = float(np.abs(mine["gap"] / mine["known_gap"] - 1).max())
    above = float((mine["known_gap"] / mine["least_gap"]).min())
    points = curve.where(method="independent", suffix="base")
    within = bool((points["variation"] <= points["bound"] + 1e-12).all()) and bool((points["bound"] <= 1).all())
    hot = kernels.where(kernel="independent", suffix="tempered")
    likely = bool(((kernels["acceptance"] >= 0) & (kernels["acceptance"] <= 1 + ROOM)).all())
    paid = likely and bool(((kernels["calls"] > 0) & (kernels["needed"] > 0)).all())
    for one in _each(points, "instance", "alpha"):
        # Each step costs what the draw at the start does.
        each = float(mine.where(instance=one["instance"][0], alpha=one["alpha"][0])["calls"][0])
        paid = paid and bool((np.abs(one["calls"] / ((one["size"] + 1) * each) - 1) < 1e-9).all())
    gaps, calls = mine["gap"] / hot["gap"], hot["needed"] / mine["needed"]
    claim = "gap with proposals of base over that with proposals at temperature 1/alpha; calls to within eps, the other way round"
    shown = f"{gaps.min():.3g} to {gaps.max():.3g}; {calls.min():.3g} to {calls.max():.3g}"
    return [
        Verdict(
            "Independent proposals", "total variation over (1 - g)^(t+1): largest ratio; g against the eigenvalue; g over P*",
            f"{most:.3g}; off by {off:.1g}; {above:.3g} or more", "1; 0; 1",
            _word(sound and within and paid and off <= 1e-8 and above >= 1 - ROOM), attained, "ratio at the extremal instance",
        ),
        Verdict("Independent proposals (temperature)", claim, shown, "above 10 somewhere; above 1 somewhere",
                _word(gaps.max() > 10 and calls.max() > 1 and min(gaps.min(), calls.min()) > 0, "reproduced")),
    ]  # fmt: skip


EXACT = ("independent", "blocks, mended", "blocks, fixed cuts")


def _mended(kernels: Table, drawn: Table) -> Verdict:
    mine = kernels.take(np.isin(kernels["kernel"], EXACT))
    off, wrong = float(max(mine["off"].max(), mine["bias"].max(), mine["predicted"].max())), surprises(drawn, exact="exact")
    quiet = drawn.take(np.isin(drawn["kernel"], EXACT) & (drawn["suffix"] == "base"))
    steady = bool((quiet["left"] < 1e-4).all()) and len(quiet) > 0 and bool((drawn["left"] >= 0).all())
    sound = mine["off"].min() >= 0 and off <= 1e-12 and wrong == 0 and steady and bool((mine["reversible"] == 1).all())
    claim = "stationary law against pi^alpha, by elimination; long chains drawn on the law"
    shown = f"off by {off:.1g} in {len(mine)} kernels; {len(drawn) - wrong} of {len(drawn)} frequencies"
    return Verdict("Block resampling", claim, shown, "0; all", _word(sound, "reproduced"))


def _lengths(kernels: Table) -> Verdict:
    mine = kernels.where(kernel="blocks, no length")
    off = float(max(mine["off"].max(), np.abs(mine["bias"] - mine["predicted"]).max()))
    sound = mine["off"].min() >= 0 and off <= 1e-12 and mine["bias"].min() > 0 and bool((mine["reversible"] == 1).all())
    claim = "without the length: stationary law against |y| pi^alpha; its total variation to pi^alpha"
    shown = f"off by {off:.1g}; {mine['bias'].min():.3g} to {mine['bias'].max():.3g}"
    return Verdict("Block resampling (no length)", claim, shown, "0; above 0", _word(bool(sound), "reproduced"))


def _truncated(kernels: Table, curve: Table) -> list[Verdict]:
    mine = kernels.where(kernel="truncated")
    off = float(max(mine["off"].max(), np.abs(mine["bias"] - mine["predicted"]).max()))
    # Where pi^alpha itself is nearly all on the shortest responses, little is lost.
    far = mine.take(mine["bias"] > 0.5)
    never = len(far) > 0 and bool(np.isinf(far["needed"]).all()) and bool((far["least"] > 0).all())
    sound = mine["off"].min() >= 0 and off <= 1e-12 and mine["bias"].min() >= 0 and never and bool((mine["reversible"] == 0).all())
    parts = curve.where(method="published")
    proper = bool(((parts["unfinished"] >= 0) & (parts["unfinished"] <= parts["variation"] + ROOM) & (parts["variation"] <= 1)).all())
    each = _each(parts, "instance", "alpha")
    ends = np.array([float(one["variation"][one["size"].argmax()]) for one in each])
    turns = np.array([float(one["variation"].min()) for one in each]) / ends
    lost = np.array([float(one["unfinished"][one["size"].argmax()]) for one in each])
    claim = "stationary law against p^alpha on the shortest prefixes; its total variation to pi^alpha; the least on the way"
    shown = f"off by {off:.1g}; {mine['bias'].min():.3g} to {mine['bias'].max():.3g}; {mine['least'].min():.3g} or more"
    whole = "the whole algorithm: total variation at the most steps; the least over that; share returned unfinished"
    ended = f"{ends.min():.3g} to {ends.max():.3g}; {turns.min():.2g} to {turns.max():.2g}; {lost.min():.2g} to {lost.max():.2g}"
    biased = proper and ends.max() > 0.1 and turns.min() < 0.9 and lost.max() > 0.01
    return [
        Verdict("Truncated proposals", claim, shown, "0; above 0; above 0", _word(bool(sound), "reproduced")),
        Verdict("Truncated proposals (published)", whole, ended, "above 0.1 once; below 1 once; above 0 once", _word(biased, "reproduced")),
    ]


def _resampling(curve: Table, trees: Table, temperature: Table) -> list[Verdict]:
    most, attained, sound = _tree(trees, "resampling")
    mine = curve.where(method="importance resampling")
    within = bool((mine["variation"] <= mine["bound"] + 1e-12).all()) and bool(((mine["bound"] >= 0) & (mine["bound"] <= 1)).all())
    fall = [float(one["variation"][-1] / one["variation"][0]) for one in _each(mine, "instance", "alpha")]
    off = []
    for one in _each(curve.where(method="best of N"), "instance", "alpha"):
        at = temperature.where(instance=one["instance"][0], alpha=one["alpha"][0])
        off.append(abs(float(one["variation"][-1]) - (1 - float(at["mode"][0]))) if len(at) else 1.0)
    claim = "total variation over E_pi[(w-1)_+/(N-1+w)]: largest ratio; the last over the first"
    return [
        Verdict(
            "Importance resampling", claim, f"{most:.3g}; {max(fall):.3g} or less", "1; below 1", _word(sound and within and max(fall) < 1),
            attained, "ratio at the extremal instance",
        ),
        Verdict(
            "Importance resampling (best of N beside)", "total variation of best of N at the most draws, against 1 - pi^alpha(mode)",
            f"off by {max(off):.2g}", "0", _word(max(off) < 1e-3, "reproduced"),
        ),
    ]  # fmt: skip


def _each(rows: Table, *names: str) -> list[Table]:
    """The rows of each combination of values."""
    parts = [rows]
    for name in names:
        parts = [part.where(**{name: value}) for part in parts for value in part.unique(name)]
    return [part for part in parts if len(part)]


def _rollouts(rows: Table, curve: Table) -> list[Verdict]:
    down = rows.where(estimator="plug-in", of="log zeta")
    signs = bool((down["bias"] < 0).all()) and bool((rows.where(of="next token")["bias"] >= 0).all())
    made = []
    for name, order in (("plug-in", -1.0), ("jackknife", -2.0)):
        for of in ("log zeta", "next token"):
            parts = [(one["rollouts"], np.abs(one["bias"])) for one in _each(rows.where(estimator=name, of=of), "instance", "alpha")]
            made.append(_orders(f"{name}, {of}", f"the bias of {of}", parts, order, signs))
    answers = [(one["size"], one["variation"]) for one in _each(curve.where(method="rollouts"), "instance", "alpha")]
    dearer = all(bool((np.diff(one["calls"]) > 0).all()) for one in _each(curve.where(method="rollouts"), "instance", "alpha"))
    return [*made, _orders("answers", "the total variation of answers to pi^alpha", answers, -1.0, dearer)]


def _orders(name: str, what: str, parts: list[tuple[np.ndarray, np.ndarray]], order: float, sound: bool) -> Verdict:
    """Fitted exponents of K, each with its interval, from `FROM` rollouts on; below `NOISE` a bias is its own rounding.

    A law with fewer than three such points is left out, and at least half of the laws must be fitted.
    """
    fits = []
    for rollouts, values in parts:
        many = (rollouts >= FROM) & (values > NOISE)
        if many.sum() >= 3:
            fits.append(power_law(rollouts[many], values[many]))
    if 2 * len(fits) < len(parts):
        return Verdict(f"Rollout estimates ({name})", f"exponent in K of {what}", f"{len(fits)} of {len(parts)} fitted", order, "violated")
    found = np.array([fit.exponent for fit in fits])
    widest = max(fits, key=lambda fit: fit.high - fit.low)
    shown = f"{found.min():.3f} to {found.max():.3f}; widest interval [{widest.low:.3f}, {widest.high:.3f}]"
    claim = f"exponent in K of {what}, {len(fits)} laws, over {min(fit.decades for fit in fits):.1f} decades or more"
    right = sound and bool((np.abs(found - order) < -0.1 * order).all())
    return Verdict(f"Rollout estimates ({name})", claim, shown, order, _word(right, "fitted exponent"))


def _particles(rows: Table) -> list[Verdict]:
    inside = (rows["normaliser_low"] <= 1) & (rows["normaliser_high"] >= 1)
    near = bool(((rows["normaliser"] >= rows["normaliser_low"]) & (rows["normaliser"] <= rows["normaliser_high"])).all())
    off = float(np.abs(rows["normaliser"] - 1).max())
    falls, apart, dearer = [], [], []
    for one in _each(rows, "instance", "alpha", "suffix"):
        few, many = one["particles"].argmin(), one["particles"].argmax()
        falls.append(bool(one["variation"][many] < one["variation"][few]))
        apart.append(bool(one["variation_high"][many] < one["variation_low"][few]))
        # More particles sample more tokens.
        dearer.append(bool((np.diff(one["calls"]) > 0).all()))
    return [
        Verdict(
            "Sequential Monte Carlo", "mean of the normaliser over Z: largest distance from 1; 95% intervals that hold 1",
            f"{off:.2g}; {int(inside.sum())} of {len(rows)}", "0; all but chance",
            _word(enough_cover(inside) and near and off < 0.5, "reproduced"),
        ),
        Verdict(
            "Sequential Monte Carlo (law)", "total variation is smaller with the most particles than with the fewest; with intervals apart",
            f"{sum(falls)} of {len(falls)}; {sum(apart)}", "all; half",
            _word(all(falls) and all(dearer) and 2 * sum(apart) >= len(apart), "reproduced"),
        ),
    ]  # fmt: skip
