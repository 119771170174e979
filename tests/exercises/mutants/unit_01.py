"""Wrong solutions of unit 1. Each entry: what is wrong, then pairs of texts: the solution's, and what replaces it."""

MUTANTS = {
    "01.1": [
        ("equality passes", "mass <= 1 - delta + 1e-9", "mass < 1 - delta - 1e-9"),
        ("the policy's own mode", "top = base.max", "top = policy.max", "base >= (1", "policy >= (1"),
        ("prompts counted evenly", "np.sum(weights[mass <= 1 - delta + 1e-9])", "np.mean(mass <= 1 - delta + 1e-9)"),
        ("slack taken off, not multiplied", "(1 - slack) * top", "top - slack"),
        ("the fraction that is sharpened", "weights[mass <= ", "weights[mass > "),
        ("slack ignored", "(1 - slack) * top", "top"),
        ("base's own mass", "np.sum(policy * near", "np.sum(base * near"),
        ("one maximiser only", "np.sum(policy * near, axis=1)", "policy[np.arange(len(base)), base.argmax(axis=1)]"),
    ],
    "01.2": [
        ("the rare response is not rare enough", "np.exp(-20 / delta)", "0.3"),
        ("the policy spends all of delta: the edge fails", "1 - delta / 2, 0.0, delta / 2", "1 - delta, 0.0, delta"),
        ("the rest goes to the second response", "0.0, delta / 2])", "delta / 2, 0.0])"),
        ("a point mass, always more likely", "np.array([1 - delta / 2, 0.0, delta / 2])", "np.array([1.0, 0.0, 0.0])"),
        ("two equal modes", "np.array([0.51, 0.49, tiny]) / (1 + tiny)", "np.array([0.5, 0.5, tiny]) / (1 + tiny)"),
        ("base with a zero", "return base, np", "base = np.array([0.6, 0.4, 0.0])\n    return base, np"),
        ("not normalised", "return base, np.array([1 - delta / 2", "return base, np.array([1 - delta / 4"),
    ],
    "01.3": [
        ("budget ignored", "return tilted(root_scalar", "return tilted(largest)\n    return tilted(root_scalar"),
        ("the base itself", "if divergence(largest) <= budget:", "return base\n    if divergence(largest) <= budget:"),
        ("half of the budget", "divergence(power) - budget", "divergence(power) - budget / 2"),
        (
            "the KL divergence the other way round",
            "np.sum(law[held] * np.log(law[held] / base[held]))",
            "np.sum(base[held] * np.log(base[held] / law[held]))",
        ),
        (
            "a mixture with the mode",
            "weights = np.exp(scaled - scaled.max())",
            "weights = base / power + (1 - 1 / power) * (base == base.max())",
        ),
        ("always the square", "return tilted(root_scalar", "return tilted(2.0)\n    return tilted(root_scalar"),
    ],
}
