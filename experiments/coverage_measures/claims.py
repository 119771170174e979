"""The verdicts on the measures of coverage, computed from the rows."""

import numpy as np

from experiments.engine.counting import surprises
from experiments.engine.fits import power_law
from experiments.engine.frame import Table, Verdict

ROOM = 1e-9
"""Relative rounding of a ratio that is attained."""


def judged(tables: dict[str, Table]) -> list[Verdict]:
    """One verdict for each statement; the measured frequencies enter the statement whose law they follow."""
    return [*_measures(tables["measures"]), *_best_of_n(tables["curve"]), *_heavy(tables[""]), *_sampling(tables), _needs(tables["needs"])]


def _probabilities(rows: Table, *names: str) -> bool:
    return all(bool(((rows[name] >= 0) & (rows[name] <= 1)).all()) for name in names)


def _measures(rows: Table) -> list[Verdict]:
    random, extremal = rows.where(pairs="random"), rows.where(pairs="extremal")
    made = []
    for label, claim, names in (
        ("Coverage measures", "E_M <= Cov_M <= ICov_M/M <= C_pi/M", ("excess_to_tail", "tail_to_integrated", "integrated_to_mean")),
        ("Coverage measures (reverse)", "Cov_M <= 2 E_{M/2}", ("tail_to_half",)),
    ):
        worst = max(float(rows[name].max()) for name in names)
        # An inequality that is nowhere attained would have no sharp constant.
        attained = min(float(extremal[name].max()) for name in names)
        sound = worst <= 1 + ROOM and attained > 0.99
        said = f"{claim}: largest ratio, {int(random['instances'].max())} random pairs"
        made.append(Verdict(label, said, worst, 1.0, "holds" if sound else "violated", attained, "ratio at the extremal pair"))
    return made


def _best_of_n(rows: Table) -> list[Verdict]:
    label = "Best of N by coverage"
    rows = rows.take(rows["exact"] > 1e-300)
    above, below = float((rows["exact"] / rows["bound"]).max()), float((rows["lower"] / rows["exact"]).max())
    mean = float((rows["exact"] / rows["mean_bound"]).max())
    loosest = float((rows["bound"] / rows["exact"]).max())
    informative = float((rows["mean_bound"] < 1).mean())
    proper = _probabilities(rows, "exact", "bound", "lower", "mean_bound")

    def word(ratio: float) -> str:
        return "holds" if ratio <= 1 + ROOM and proper else "violated"

    return [
        Verdict(
            f"{label} (profile)", "miss <= P[P* < a] + (1-a)^N: largest ratio", above, 1.0, word(above), loosest, "largest bound over exact"
        ),
        Verdict(f"{label} (profile, below)", "miss >= P[P* <= a] (1-a)^N: largest ratio", below, 1.0, word(below)),
        Verdict(
            f"{label} (mean)", "miss <= (C-1)/(v-1) (1-1/v)^N: largest ratio", mean, 1.0, word(mean), informative, "share below 1"
        ),
    ]  # fmt: skip


def _heavy(rows: Table) -> list[Verdict]:
    wrong, above = surprises(rows, exact="exact"), max(float((rows["exact"] / rows[name]).max()) for name in ("bound", "mean_bound"))
    lawful = wrong == 0 and above <= 1 + ROOM and _probabilities(rows, "bound", "mean_bound")
    claim, seen = "measured misses on the exact law, which is below both bounds", f"{len(rows) - wrong} of {len(rows)} points"
    return [Verdict("Heavy tails", claim, seen, "all", "reproduced" if lawful else "violated"), *_exponents(rows)]


def _exponents(rows: Table) -> list[Verdict]:
    """The measured miss as a power of N, where at least ten misses were counted; three such points make a fit."""
    made, known = [], bool((np.isinf(rows["coverage"]) == (rows["a"] <= 1)).all())
    for a in rows.unique("a"):
        tail = rows.take((rows["a"] == a) & (rows["draws"] >= 100) & (rows["hits"] >= 10))
        if len(tail) < 3:
            continue
        fit, cover = power_law(tail["draws"], tail["measured"]), float(tail["coverage"][0])
        exact = power_law(tail["draws"], tail["exact"]).exponent
        claim = f"the miss falls as N^-a, with Cbar_cov {'infinite' if np.isinf(cover) else format(cover, '.3g')}"
        sound = fit.low <= exact <= fit.high and abs(exact + a) < 0.1 and known and cover > 1
        made.append(Verdict(f"Heavy tails (a = {a:g})", claim, str(fit), -a, "fitted exponent" if sound else "violated"))
    return made


def _sampling(tables: dict[str, Table]) -> list[Verdict]:
    rejection, normaliser = tables["rejection"], tables["normaliser"]
    wrong, most = surprises(rejection, exact="mode_exact"), float((rejection["exact"] / rejection["bound"]).max())
    drawn = wrong == 0 and most <= 1 + ROOM and _probabilities(rejection, "exact", "bound")
    failed, unlike = float((normaliser["promised_exact"] / normaliser["delta"]).max()), surprises(normaliser, exact="exact")
    kept = failed <= 1 and unlike == 0 and _probabilities(normaliser, "promised_exact", "delta")
    return [
        Verdict(
            "Rejection sampling",
            "total variation over E_M + (1 - A_M/M)^N; draws on the exact law",
            f"largest ratio {most:.3g}, {len(rejection) - wrong} of {len(rejection)} points",
            "1, all",
            "holds" if drawn else "violated",
            most,
            "largest ratio of exact to bound",
        ),
        Verdict(
            "Normaliser",
            "failure at the promised draws over delta; draws on the exact law",
            f"{failed:.2g}, {len(normaliser) - unlike} of {len(normaliser)} points",
            "1, all",
            "holds" if kept else "violated",
            failed,
            "largest ratio to delta",
        ),
        _constants(normaliser),
    ]


def _constants(rows: Table) -> Verdict:
    """What the orders of magnitude hide: counting takes (1-P)/(P eps^2) times a constant, sampling log(1/eps)/P."""
    from scipy.stats import norm

    mass, eps, delta = rows["mass"], rows["eps"], rows["delta"]
    normal = norm.isf(delta / 2) ** 2 * (1 - mass) / (mass * eps**2)
    counting, rate = rows["plain"] / normal, -np.log1p(-mass)
    # The least whole number of draws.
    least = (rows["sampling"] * rate >= np.log(1 / eps) * (1 - ROOM)) & ((rows["sampling"] - 1) * rate < np.log(1 / eps))
    sound = bool((np.abs(counting - 1) < 0.15).all() and least.all())
    harder = float((rows["plain"] / rows["sampling"]).min())
    return Verdict(
        "Normaliser (constant)",
        "a plain mean needs z^2 (1-P)/(P eps^2) draws, z the normal quantile at delta/2",
        f"{counting.min():.3g} to {counting.max():.3g} times that",
        "1",
        "reproduced" if sound else "violated",
        harder,
        "least ratio of counting to sampling",
    )


def _needs(rows: Table) -> Verdict:
    """Of every task whose need is known, the least promise over the need."""
    exact = {(row["instance"], row["aim"]): row["draws"] for row in rows.where(measure="exact").rows()}
    ratios = [
        row["draws"] / exact[row["instance"], row["aim"]]
        for row in rows.rows()
        if row["measure"] != "exact" and (row["instance"], row["aim"]) in exact
    ]
    least, negligible = min(ratios), bool((rows["left_out"] >= 0).all() and (rows["left_out"] < 0.01).all())
    sound = least >= 1 and negligible and bool((rows["draws"] >= 1).all())
    claim = "no measure promises fewer draws than are needed: least ratio"
    return Verdict("Coverage measures (needs)", claim, least, 1.0, "holds" if sound else "violated", max(ratios), "largest ratio")
