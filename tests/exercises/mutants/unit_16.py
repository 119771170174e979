"""Wrong solutions of unit 16. Each entry: what is wrong, then pairs of texts: the solution's, and what replaces it."""

MUTANTS = {
    "16.1": [
        ("rounded down", "math.ceil(needed - 1e-9)", "math.floor(needed)"),
        ("one more", "math.ceil(needed - 1e-9)", "math.ceil(needed - 1e-9) + 1"),
        ("beta upside down", "beta * (", "1 / beta * ("),
        ("the initial odds forgotten", " - math.log(mass) + math.log1p(-mass)", ""),
        ("probabilities for odds", "math.log(goal) - math.log1p(-goal) - math.log(mass) + math.log1p(-mass)", "math.log(goal) - math.log(mass)"),
        ("only what is missing", "math.log(goal) - math.log1p(-goal)", "-math.log1p(-goal)"),
    ],
    "16.2": [
        ("never starts", "law[rounds] += 0.5", "law[0] += 0.5"),
        ("never stops", "law[0] += 0.5", "law[rounds] += 0.5"),
        ("any round alike", "law[0] += 0.5\n    law[rounds] += 0.5", "law += 1 / (rounds + 1)"),
        ("half way", "law[0] += 0.5\n    law[rounds] += 0.5", "law[rounds // 2] += 1"),
        ("believes the label", "law[0] += 0.5\n    law[rounds] += 0.5", "law[0] += 1 - mass\n    law[rounds] += mass"),
    ],
    "16.3": [
        ("the mode is correct", "return base, 1", "return base, 0"),
        ("a rare one is correct", "return base, 1", "return base, 7"),
        ("no rare ones", "base = np.full(200, 0.71 / 198)\n    base[0], base[1] = 0.17, 0.12", "base = np.array([0.55, 0.45])"),
        ("a mode that is too likely", "0.71 / 198)\n    base[0], base[1] = 0.17, 0.12", "0.27 / 198)\n    base[0], base[1] = 0.6, 0.13"),
        ("a tie", "0.17, 0.12", "0.15, 0.15"),
    ],
}  # fmt: skip
