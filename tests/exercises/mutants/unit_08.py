"""Wrong solutions of unit 8. Each entry: what is wrong, then pairs of texts: the solution's, and what replaces it."""

MUTANTS = {
    "08.1": [
        ("overflow", "exponent - exponent.max()", "exponent"),
        ("the base forgotten", "np.log(base) + reward / beta", "reward / beta"),
        ("times beta", "reward / beta", "reward * beta"),
        ("the base tilted too", "np.log(base) + reward / beta", "(1 + 1 / beta) * np.log(base) + reward"),
        ("beta forgotten", "reward / beta", "reward"),
        ("sign", "+ reward", "- reward"),
        ("not normalised", "return weights / weights.sum()", "return weights"),
        ("base in place of its logarithm", "np.log(base)", "base"),
    ],
    "08.2": [
        ("one response only", "round(1 / (q * (1 - slack)))", "0"),
        ("ten, as in the example of the errata", "max(1, round(1 / (q * (1 - slack))))", "10"),
        ("1/(1 - g)", "q * (1 - slack)", "1 - slack"),
        ("a hundred times too many", "max(1, round(1 / (q * (1 - slack))))", "min(9999, 100 * round(1 / (q * (1 - slack))))"),
        ("q without the exponent", "** (1 / beta)", "** beta"),
        ("uniform", "np.append(1.0, np.full(K, 1 - slack))", "np.ones(K + 1)"),
        ("others outside the slack", "np.full(K, 1 - slack)", "np.full(K, (1 - slack) * 0.5)"),
        ("more responses than allowed", "max(1, round(1 / (q * (1 - slack))))", "100_000"),
    ],
    "08.3": [
        (
            "the paper's choice",
            "    def excess",
            "    top = np.sort(base)\n    return float((top[-1] / top[-2] - 1) / (2 * np.log(2 * len(base) / delta)))\n\n    def excess",
        ),
        (
            "the bias bound",
            "    def excess",
            "    top = np.sort(base)\n    return float(1 / max(1e-9, np.log(2 * (len(base) - 1) / delta) / np.log(top[-1] / top[-2]) - 1))\n\n    def excess",
        ),
        ("a miss of delta", "- delta / 2", "- delta"),
        ("a miss of delta/4", "- delta / 2", "- delta / 4"),
        ("power 1/beta", "(1 + np.exp(-log_beta))", "np.exp(-log_beta)"),
        ("log beta returned", "float(np.exp(root) * (1 - 1e-9))", "float(abs(root) + 1e-3)"),
        ("1/beta returned", "np.exp(root)", "np.exp(-root)"),
        ("one percent to be safe", "1 - 1e-9", "0.99"),
    ],
}
