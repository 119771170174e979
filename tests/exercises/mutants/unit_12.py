"""Wrong solutions of unit 12. Each entry: what is wrong, then pairs of texts: the solution's, and what replaces it."""

MUTANTS = {
    "12.1": [
        (
            "with replacement",
            "math.comb(total - 1 - i, draws - 1) / math.comb(total, draws)",
            "((total - i) ** draws - (total - i - 1) ** draws) / total**draws",
        ),
        ("worst first", "for i in range(total)", "for i in reversed(range(total))"),
        ("off by one", "math.comb(total - 1 - i, draws - 1)", "math.comb(total - i, draws)"),
        ("ways not divided", " / math.comb(total, draws)", ""),
        ("the first draws only", "math.comb(total - 1 - i, draws - 1) / math.comb(total, draws)", "float(i == 0)"),
        ("uniform", "math.comb(total - 1 - i, draws - 1) / math.comb(total, draws)", "1 / total"),
        (
            "geometric with chance draws/total",
            "math.comb(total - 1 - i, draws - 1) / math.comb(total, draws)",
            "draws / total * (1 - draws / total) ** i",
        ),
    ],
    "12.2": [
        ("the mode is correct", "np.arange(100) >= 1", "np.arange(100) >= 0"),
        ("the tail is correct", "(np.arange(100) >= 1) & (np.arange(100) <= 26)", "np.arange(100) > 26"),
        ("the mode too heavy", "[[0.02], ", "[[2.0], "),
        ("the mode too rare", "[[0.02], np.full", "[[0.004], np.full"),
        ("no tail", "np.full(73, 0.48 / 73)", "np.full(73, 1e-7)"),
        ("equal probabilities", " + 1e-8 * np.arange(100)", ""),
        ("everything correct", "(np.arange(100) >= 1) & (np.arange(100) <= 26)", "np.arange(100) >= 0"),
        ("one correct response", "np.arange(100) <= 26", "np.arange(100) <= 1"),
    ],
    "12.3": [
        ("one correct response only", "range(1, responses - 1)", "range(1, 2)"),
        ("the mode is correct", "correct[1 : 1 + j]", "correct[0 : 1 + j]"),
        ("the tail is correct", "return p / p.sum(), correct", "return p / p.sum(), ~correct"),
        ("uniform", "return p / p.sum(), correct", "return np.full(responses, 1 / responses), correct"),
        ("the first mass tried", "if score > best", "if best < 0"),
        ("the height, acc(1) not taken off", "** N) - c)", "** N))"),
        ("at N = 2", "N = np.arange(1, 200)", "N = np.array([2])", "range(1, responses - 1)", "range(1, 2)"),
    ],
}
