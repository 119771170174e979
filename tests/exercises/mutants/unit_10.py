"""Wrong solutions of unit 10. Each entry: what is wrong, then pairs of texts: the solution's, and what replaces it."""

MUTANTS = {
    "10.1": [
        ("exponent 1/d", "np.exp(-2 / d)", "np.exp(-1 / d)"),
        ("2^d", "np.log1p(np.exp(-2 / d))", "np.log(2)"),
        ("2^d/e", "d * np.log1p(np.exp(-2 / d))", "d * np.log(2) - 1"),
        ("features not divided by sqrt d", "np.exp(-2 / d)", "np.exp(-2)"),
        ("divided by sqrt d once", "np.exp(-2 / d)", "np.exp(-2 / np.sqrt(d))"),
        ("the probability of the mode", "d * np.log1p", "-d * np.log1p"),
        ("sign", "np.exp(-2 / d)", "np.exp(2 / d)"),
    ],
    "10.2": [
        ("the best of the seen", "    rows = ", "    return int(seen[np.argmax(log_probs)])\n    rows = "),
        ("the constant not removed", "log_probs[1:] - log_probs[0]", "log_probs[1:]"),
        ("features not differenced", "features[seen[1:]] - features[seen[0]]", "features[seen[1:]]"),
        ("the least likely", "np.argmax(features @ theta)", "np.argmin(features @ theta)"),
        ("probabilities in place of logarithms", "log_probs[1:] - log_probs[0]", "np.exp(log_probs[1:]) - np.exp(log_probs[0])"),
        ("the longest feature", "features @ theta", "np.linalg.norm(features, axis=1)"),
        ("sign of the differences", "log_probs[1:] - log_probs[0]", "log_probs[0] - log_probs[1:]"),
        ("normalised features", "np.argmax(features @ theta)", "np.argmax(features @ theta / np.linalg.norm(features, axis=1))"),
    ],
    "10.3": [
        ("the first d + 1", "return np.array(found)", "return np.arange(d + 1)"),
        (
            "the worst",
            "least > best",
            "-least > best",
            "best, found = -1.0",
            "best, found = -np.inf",
            "best, found = least",
            "best, found = -least",
        ),
        (
            "the largest singular value, worst reference",
            "compute_uv=False)[-1]",
            "compute_uv=False)[0] * -1",
            "best, found = -1.0",
            "best, found = -np.inf",
        ),
        ("an index repeated", "return np.array(found)", "return np.array([found[1], *found[1:]])"),
        ("one too few", "return np.array(found)", "return np.array(found[1:])"),
        ("the shortest features", "return np.array(found)", "return np.argsort(np.linalg.norm(features, axis=1))[: d + 1]"),
        (
            "responses near the first",
            "return np.array(found)",
            "return np.argsort(np.linalg.norm(features - features[0], axis=1))[: d + 1]",
        ),
    ],
}
