"""Wrong solutions of unit 7. Each entry: what is wrong, then pairs of texts: the solution's, and what replaces it."""

MUTANTS = {
    "07.1": [
        ("ties go on", "k * p < stop", "k * p <= stop"),
        ("the first draw not counted", "total, k = 1.0, 1", "total, k = 0.0, 1"),
        ("the first draw counted twice", "total, k = 1.0, 1", "total, k = 2.0, 1"),
        ("power k - 1", "** k", "** (k - 1) if k > 1 else p[p < stop].sum()"),
        ("no power", "p[k * p < stop].sum() ** k", "p[k * p < stop].sum()"),
        ("stops at the first response below", "p[k * p < stop].sum() ** k", "float(k * p.max() < stop)"),
        ("the lower bound", "    total, k = 1.0, 1", "    return max(1.0, stop / p.max())\n    total, k = 1.0, 1"),
        ("threshold at k - 1", "k * p < stop", "(k - 1) * p < stop"),
    ],
    "07.2": [
        ("too few responses", "np.full(1000, 1 / 1000)", "np.full(20, 1 / 20)"),
        ("one response", "np.full(1000, 1 / 1000)", "np.ones(1)"),
        ("a mode and a flat rest", "np.full(1000, 1 / 1000)", "np.append(0.1, np.full(900, 0.001))"),
        ("two modes and a flat rest", "np.full(1000, 1 / 1000)", "np.append([0.05, 0.05], np.full(900, 0.001))"),
        ("geometric", "np.full(1000, 1 / 1000)", "0.5 ** np.arange(1, 31) / np.sum(0.5 ** np.arange(1, 31))"),
        ("too many responses", "np.full(1000, 1 / 1000)", "np.full(2000, 1 / 2000)"),
        ("nearly uniform: the mode is unique", "np.full(1000, 1 / 1000)", "np.append(1.2, np.ones(50)) / 51.2"),
    ],
    "07.3": [
        ("the lemma's s", "    log_p = ", "    return math.log(1 / miss)\n    log_p = "),
        ("the lemma's s with its factor 2", "    log_p = ", "    return math.log(2 / miss)\n    log_p = "),
        ("half of the miss", "<= miss", "<= miss / 2"),
        ("twice the miss", "<= miss", "<= 2 * miss"),
        ("the other end of the bracket, one step early", "return high", "return low * 0.999"),
        ("too few steps", "range(40)", "range(2)"),
        (
            "the lemma's exponent without rounding up",
            "    log_p = ",
            "    return p.max() * math.log(miss) / math.log(1 - p.max())\n    log_p = ",
        ),
    ],
}
