"""Wrong solutions of unit 6. Each entry: what is wrong, then pairs of texts: the solution's, and what replaces it."""

MUTANTS = {
    "06.1": [
        ("chance of the secret 1/M", "(1 - 2 / M) ** k", "(1 - 1 / M) ** k"),
        ("a guess among all labels", "1 / (M - hit)", "1 / M"),
        ("M cells", "cells = M - 1", "cells = M", "1 / (M - hit)", "1 / np.maximum(M - hit, 1)"),
        ("the mean of Occ inside", "np.sum(law * (1 - 1 / (M - hit)))", "(1 - 1 / (M - np.sum(law * hit)))"),
        ("every draw hits a new label", "np.sum(law * (1 - 1 / (M - hit)))", "(1 - 1 / max(1, M - k))"),
        ("the paper's bound", "return float((1 - 2 / M) ** k * np.sum(law * (1 - 1 / (M - hit))))", "return 0.25 * (1 - 3 / M) ** (2 * k)"),
        ("one draw too few", "range(k)", "range(k - 1)"),
        ("a guess among the seen labels", "1 - 1 / (M - hit)", "1.0"),
    ],
    "06.2": [
        ("only finding the secret counts", " + (M - 2) / (M * (M - 1) * U)", ""),
        ("only excluding a label counts", "(2 / M) * (1 - 1 / U) + ", ""),
        ("chance of the secret 1/M", "(2 / M)", "(1 / M)"),
        ("U = 1 not set apart", "if U == 1:", "if U == 0:"),
        ("chance of a new label (U-1)/M", "(M - 2) / (M * (M - 1) * U)", "1 / (M * U)"),
        ("at the start, whatever U", "    return (2 / M)", "    U = M\n    return (2 / M)"),
        ("the secret counted among the other labels", "(M - 2) / (M * (M - 1) * U)", "(M - 2) / (M * (M - 1) * (U - 1))"),
    ],
    "06.3": [
        ("always uniform", "unseen[labels] = 0", "pass"),
        ("the smallest unseen label", "return unseen / unseen.sum()", "return np.eye(M)[np.argmax(unseen)]"),
        (
            "the majority of the labels drawn",
            "    unseen = np.ones(M)",
            "    if labels:\n        return np.eye(M)[max(labels, key=labels.count)]\n    unseen = np.ones(M)",
        ),
        ("the secret not recognised", "return np.eye(M)[label]", "pass"),
        ("the last label, not the one recognised", "return np.eye(M)[label]", "return np.eye(M)[labels[-1]]"),
        ("only the last label excluded", "unseen[labels] = 0", "unseen[labels[-1:]] = 0"),
        ("seen labels half as likely", "unseen[labels] = 0", "unseen[labels] = 0.5"),
        (
            "the secret believed seen when a label repeats",
            "    unseen = np.ones(M)",
            "    if len(set(labels)) < len(labels):\n        return np.eye(M)[max(labels, key=labels.count)]\n    unseen = np.ones(M)",
        ),
    ],
}
