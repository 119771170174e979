"""Wrong solutions of unit 13. Each entry: what is wrong, then pairs of texts: the solution's, and what replaces it."""

MUTANTS = {
    "13.1": [
        ("the tail under the base", "np.sum(target[ratio", "np.sum(base[ratio"),
        ("the edge left out", "ratio >= cut * (1 - 1e-12)", "ratio > cut * (1 + 1e-12)"),
        ("excess without the positive part", "np.maximum(target - cut * base, 0)", "target - cut * base"),
        ("excess of the tail alone, uncut", "target - cut * base, 0", "target * (ratio >= cut), 0"),
        ("integrated under the base", "target * np.minimum(ratio, cut)", "base * np.minimum(ratio, cut)"),
        ("integrated without the cut", "np.minimum(ratio, cut)", "np.where(np.isinf(ratio), cut, ratio)"),
        ("infinite ratios left out", "np.full_like(target, np.inf)", "np.zeros_like(target)"),
    ],
    "13.2": [
        ("a ratio twice the cut", "np.array([1 / cut, 1 - 1 / cut])", "np.array([0.5 / cut, 1 - 0.5 / cut])"),
        ("a ratio below the cut", "np.array([1 / cut, 1 - 1 / cut])", "np.array([1.01 / cut, 1 - 1.01 / cut])"),
        ("no mass in the tail", "np.array([1.0, 0.0])", "np.array([1 / cut, 1 - 1 / cut])"),
        ("the other way round", "np.array([1.0, 0.0])", "np.array([0.0, 1.0])"),
        ("some mass between c M and M", "np.array([1.0, 0.0]), np.array([1 / cut, 1 - 1 / cut])",
         "np.array([0.5, 0.5, 0.0]), np.array([0.5, 0.6, 0.0]) / cut + np.array([0.0, 0.0, 1 - 1.1 / cut])"),
    ],
    "13.3": [
        ("the exact cut alone", "np.geomspace(0.2, float(np.max(target / base)), 2000)", "[float(np.max(target / base))]"),
        ("a cut of one", "np.geomspace(0.2, float(np.max(target / base)), 2000)", "[1.0]"),
        ("one draw too few", "best = (float(cut), high)", "best = (float(cut), max(1, high - 1))"),
        ("the last draw taken for a draw of base", "refused ** (draws - 1) * (base - taken)", "refused**draws * base"),
        ("total variation without the half", "sum() / 2)", "sum())"),
        ("draws that are not kept", "(1 - refused**draws) * taken / taken.sum()", "taken / taken.sum()"),
        ("half the accuracy", "<= eps", "<= 2 * eps"),
    ],
}  # fmt: skip
