"""Wrong solutions of unit 4. Each entry: what is wrong, then pairs of texts: the solution's, and what replaces it."""

MUTANTS = {
    "04.1": [
        ("the inverse of the mean", "np.sum(weights / mass)", "1 / np.sum(weights * mass)"),
        ("one maximiser only: the mode coverage", "np.sum(base * near, axis=1)", "base.max(axis=1)"),
        ("prompts counted evenly", "np.sum(weights / mass)", "np.mean(1 / mass)"),
        ("slack ignored", "(1 - slack) *", "1 *"),
        ("slack taken off, not multiplied", "(1 - slack) * base.max(axis=1, keepdims=True)", "base.max(axis=1, keepdims=True) - slack"),
        (
            "the mode of all prompts together",
            "base.max(axis=1, keepdims=True)",
            "base.max()",
            "base * near, axis=1)",
            "base * near, axis=1) + 1e-12",
        ),
        ("the mean mass", "weights / mass", "weights * mass"),
        ("size of the set", "base * near", "near"),
    ],
    "04.2": [
        ("Markov's own share, C/N, exceeds the budget", "(C - 1) / (N - 1)", "C / N"),
        ("all prompts alike", "np.array([1.0, 1 / N])", "np.array([1 / C, 1 / C])"),
        ("C - 1 over N", "(C - 1) / (N - 1)", "(C - 1) / N"),
        ("easy prompts at one half", "np.array([1.0, 1 / N])", "np.array([0.5, 1 / N])", "(C - 1) / (N - 1)", "max(0, (C - 2) / (N - 2))"),
        ("prompts harder than needed", "1 / N]", "1 / (2 * N)]", "(N - 1)", "(2 * N - 1)"),
        ("weights the other way round", "[1 - share, share]", "[share, 1 - share]"),
        ("prompts just covered", "1 / N]", "1.001 / N]"),
    ],
    "04.3": [
        (
            "all prompts alike",
            "    share = (C - 1) / (v - 1)\n    return",
            "    return np.array([1 / C]), np.array([1.0])\n    share = 1\n    return",
        ),
        ("hard prompts at 1/(100 N)", "max(C, N)", "100 * max(C, N)"),
        ("hard prompts at 1/(2C)", "max(C, N)", "2 * C"),
        ("hard prompts at 1/(2N)", "max(C, N)", "max(C, 2 * N)"),
        ("hard prompts at 2/N", "max(C, N)", "max(C, N / 2)"),
        ("budget exceeded", "share = (C - 1) / (v - 1)", "share = C / v"),
        ("hard prompts without limit", "max(C, N)", "1e9"),
    ],
}
