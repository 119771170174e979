"""Wrong solutions of unit 2. Each entry: what is wrong, then pairs of texts: the solution's, and what replaces it."""

MUTANTS = {
    "02.1": [
        ("the mode starts like greedy", "np.unravel_index(np.argmax(joint), joint.shape)", "(start, np.argmax(joint[start]))"),
        ("greedy's second token from the mode's row", "(start, int(np.argmax(second[start])))", "(start, int(np.argmax(second[mode[0]])))"),
        ("sum for product", "first[:, None] * second", "first[:, None] + second"),
        ("rows and columns exchanged", "first[:, None] * second", "first[None, :] * second"),
        ("second row of the transposed table", "np.argmax(second[start])", "np.argmax(second[:, start])"),
        ("the likeliest second token of all", "np.argmax(joint), joint", "np.argmax(second), joint"),
        ("greedy by marginals", "np.argmax(second[start])", "np.argmax(first @ second)"),
        ("the larger of equal tokens", "int(np.argmax(first))", "len(first) - 1 - int(np.argmax(first[::-1]))"),
    ],
    "02.2": [
        ("the paper's two tokens, good above 1/3 only", "math.floor((1 - q) / q) + 2", "2"),
        ("one token too few: ties at 1/q whole", "math.floor((1 - q) / q) + 2", "max(2, math.floor((1 - q) / q))"),
        ("greedy starts with the mode", "1 - q, q\n", "q, 1 - q\n"),
        (
            "certain after both",
            "second = np.full((size, size), 1 / size)",
            "second = np.full((size, size), 1 / size)\n    second[0] = np.eye(size)[0]",
        ),
        ("the rest of the first token spread evenly", "first[0], first[1] = 1 - q, q", "first[:] = (1 - q) / (size - 1)\n    first[1] = q"),
        ("uniform after both", "second[1, 0] = 1", "second[1] = 1 / size"),
        ("a tie for the first token", "first[0], first[1] = 1 - q, q", "first[:2] = 1 / 2"),
        ("not normalised", "first[0], first[1] = 1 - q, q", "first[0], first[1] = 1, q"),
    ],
    "02.3": [
        ("strict lead of greedy's first token by far", "table[:2] = 1 / 2", "table[:2] = 0.7, 0.3"),
        (
            "uniform at the last token only",
            "table[1] = 0",
            "table[:] = 0\n            table[..., 0] = 1\n            if depth == horizon - 1:\n                table[0] = 1 / vocabulary\n            table[1] = 0",
        ),
        (
            "first token uniform over all",
            "table[:2] = 1 / 2",
            "table[:] = 1 / vocabulary\n            table[0] *= 2\n            table[1:] *= (1 - table[0]) / table[1:].sum()",
        ),
        ("greedy finds the mode", "table[:2] = 1 / 2", "table[:2] = 0.4, 0.6"),
        ("uniform everywhere", "table[1, ..., 0] = 1", "table[1] = 1 / vocabulary"),
        (
            "two tokens, whatever the vocabulary",
            "table[1] = 0\n",
            "table[:] = 0\n            table[..., :2] = 1 / 2\n            table[1] = 0\n",
        ),
        ("not normalised after token 1", "table[1] = 0\n", ""),
    ],
}
