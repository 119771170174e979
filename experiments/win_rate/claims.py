"""Verdicts on the win rate under a wrong reward."""

import numpy as np

from experiments.engine.counting import surprises
from experiments.engine.frame import Table, Verdict


def verdicts(tables: dict[str, Table]) -> list[Verdict]:
    """Both claims on tables; the laws of both rules, their bounds, and where best of N turns; the order sqrt(e) from both sides."""
    room, curve, rows = 1 + 1e-9, tables["curve"], tables[""]
    made = []
    for label, name, claim in (
        ("Reward hacking", "hacking", "proxy's win rate - true one <= N e/(2k): largest ratio"),
        ("Comparator", "comparator", "1 - R(q) >= (1 - E_M)^2/(2M): largest ratio"),
        ("Lift by pairs", "pairs, lower", "accuracy of best of N >= its bound from pairs: largest ratio"),
        ("Lift by pairs (upper)", "pairs, upper", "1 - accuracy >= 1 - its bound from pairs: largest ratio"),
    ):
        mine = tables["tables"].where(claim=name)
        worst, attained = float(max(mine["ratio"].max(), mine["extremal"].max())), float(mine["extremal"].max())
        # Where all draws are kept, nothing is hacked.
        sound = worst <= room and attained > 0.98 and bool((mine["ratio"] >= 0).all()) and bool((mine["ratio"] > 0).any())
        said = f"{claim}, {int(mine['instances'].max())} tables"
        made.append(Verdict(label, said, worst, 1.0, "holds" if sound else "violated", attained, "ratio at the extremal table"))
    wrong = surprises(rows, exact="exact")
    proper = all(bool(((curve[name] >= 0) & (curve[name] <= 1)).all()) for name in ("proxy", "exact", "bound", "lower"))
    for label, rule in (("Best of N by a proxy", "best of N"), ("Best k of N", "best k of N")):
        mine, drawn = curve.where(rule=rule), rows.where(rule=rule)
        ratio = float((mine["exact"] / mine["bound"]).max())
        sound = wrong == 0 and proper and ratio <= room and bool((mine["proxy"] <= mine["exact"] * room).all())
        said = f"1 - R over its bound; {len(drawn)} of {len(drawn)} measured on the law" if wrong == 0 else "measured off the law"
        made.append(Verdict(label, said, ratio, 1.0, "holds" if sound else "violated", ratio, "largest ratio of exact to bound"))
    return [*made, _turns(curve), _chi_square(tables["regularised"], tables["minimax"]), _optimal(tables["minimax"], curve)]


def _turns(curve: Table) -> Verdict:
    """Best of N gets worse beyond its best N; the best k of N does not by more than its rounding of k."""
    rises, falls = [], []
    for share in curve.unique("share"):
        hacked, safe = curve.where(share=share, rule="best of N"), curve.where(share=share, rule="best k of N")
        rises.append(float(hacked["exact"][-1] / hacked["exact"].min()))
        falls.append(float(safe["exact"][-1] / safe["exact"].min()))
    sound = min(rises) > 2 and max(falls) < 1.1
    claim = "1 - R at the largest N over the least: best of N, and best k of N"
    shown = f"{min(rises):.3g} or more; {max(falls):.3g} at most"
    return Verdict("Best of N by a proxy (turn)", claim, shown, "2; 1.1", "reproduced" if sound else "violated")


def _chi_square(rows: Table, guaranteed: Table) -> Verdict:
    """On ranks within its guarantee, and close to it; on values a loss of one half at the best beta."""
    ranks, values, best = (rows.where(rule=name) for name in ("chi-square on ranks", "chi-square on values", "best k of N"))
    ratio, least = float((ranks["exact"] / ranks["bound"]).max()), float(values["exact"].min())
    room = 1 + 1e-9
    # 2 sqrt(e/3) over sqrt(e) is 1.155.
    dearer = float((guaranteed["chi_square"] / guaranteed["best_k_of_n"]).take(np.flatnonzero(guaranteed["error"] <= 1e-3)).min())
    near = bool(np.isclose(ranks["strength"], np.sqrt(3 * ranks["error"]), rtol=1e-6).all()) and bool((values["bound"] == 1).all())
    sound = ratio <= room and bool((best["exact"] <= best["bound"] * room).all()) and least > 0.49 and near and 1.15 < dearer < 1.16
    shown = f"{ratio:.3g} of the bound or less; {least:.3g} or more"
    claim = "chi-square on ranks: 1 - R over e/t + t/3; on values: 1 - R at the best beta"
    return Verdict("Chi-square on ranks", claim, shown, "1; 1/2", "holds" if sound else "violated", ratio, "largest ratio")


def _optimal(rows: Table, curve: Table) -> Verdict:
    small = rows.take(rows["error"] <= 1e-3)
    ratio = float((rows["lower"] / rows["best_k_of_n"]).max())
    meets = float((small["lower"] / small["best_k_of_n"]).min())
    worse = float((small["best_of_n"] / small["best_k_of_n"]).min())
    below = bool((curve["lower"] <= curve["exact"] * (1 + 1e-9)).all())
    sound = ratio <= 1 + 1e-9 and meets > 0.95 and worse > 1.3 and below
    claim = "lower bound over the guarantee of the best k of N, e <= 1e-3; best of N over it"
    return Verdict(
        "Minimax win rate",
        claim,
        f"{meets:.3g} or more; {worse:.3g} or more",
        "1; sqrt 2",
        "reproduced" if sound else "violated",
        ratio,
        "largest ratio",
    )
