"""Wrong solutions of unit 15. Each entry: what is wrong, then pairs of texts: the solution's, and what replaces it."""

MUTANTS = {
    "15.1": [
        ("zeta left out", "((joint / joint.max()) ** alpha).sum(axis=1)", "(joint.sum(axis=1) / joint.max()) ** alpha"),
        ("base", "** alpha", "** 1.0"),
        ("the inverse power", "** alpha", "** (1 / alpha)"),
        ("the second token's law", "sum(axis=1)", "sum(axis=0)"),
        ("zeta of the next token alone", "((joint / joint.max()) ** alpha).sum(axis=1)",
         "joint.sum(axis=1) * ((joint / joint.max()) ** (alpha - 1)).sum(axis=1)"),
        ("underflows at large alpha", "joint / joint.max()", "joint"),
    ],
    "15.2": [
        ("first tokens equally likely", "odds ** (1 / alpha) / (1 + odds ** (1 / alpha))", "0.5"),
        ("both are spread", "joint[0] = 0\n", "joint[0] = certain / columns\n", "joint[0, 0] = certain", "joint[0, 0] += 0"),
        ("the odds upside down", "columns ** ((1 - alpha) / 2)", "columns ** ((alpha - 1) / 2)"),
        ("the odds not lowered", "odds ** (1 / alpha) / (1 + odds ** (1 / alpha))", "odds / (1 + odds)"),
        ("all of the odds", "(1 - alpha) / 2", "1 - alpha"),
    ],
    "15.3": [
        ("the plug-in", "return size * np.log(samples.mean(axis=1)) - (size - 1) * np.log(without_one).mean(axis=1)",
         "return np.log(samples.mean(axis=1))"),
        ("a constant that knows one law", "return size * np.log(samples.mean(axis=1)) - (size - 1) * np.log(without_one).mean(axis=1)",
         "return np.full(len(samples), np.log(2 - 1 / samples.max()))"),
        ("the mean of the logarithms", "size * np.log(samples.mean(axis=1)) - (size - 1) * np.log(without_one).mean(axis=1)",
         "np.log(samples).mean(axis=1)"),
        ("one too many left out", "samples) / (size - 1)", "samples) / size"),
        ("weights of another jackknife", "size * np.log(samples.mean(axis=1)) - (size - 1)", "2 * np.log(samples.mean(axis=1)) - 1"),
        ("corrected twice", "size * np.log(samples.mean(axis=1)) - (size - 1) * np.log(without_one).mean(axis=1)",
         "(2 * size - 1) * np.log(samples.mean(axis=1)) - 2 * (size - 1) * np.log(without_one).mean(axis=1)"),
    ],
}  # fmt: skip
