"""Wrong solutions of unit 3. Each entry: what is wrong, then pairs of texts: the solution's, and what replaces it."""

MUTANTS = {
    "03.1": [
        (
            "ties never met: each response a level",
            "inside = reward == level",
            "inside = np.arange(len(base)) == np.flatnonzero(reward == level)[0]",
        ),
        ("ties split evenly", "chance * base[inside] / here", "chance / inside.sum()"),
        ("one draw too few", "(below + here) ** N - below**N", "(below + here) ** max(1, N - 1) - below ** max(1, N - 1)"),
        ("one draw too many", "(below + here) ** N - below**N", "(below + here) ** (N + 1) - below ** (N + 1)"),
        ("the worst of N", "base[reward < level]", "base[reward > level]"),
        ("chance of being seen, normalised", "    return law", "    seen = 1 - (1 - base) ** N\n    return seen / seen.sum()"),
        ("N times base, no power", "(below + here) ** N - below**N", "here"),
        ("base raised to N", "    return law", "    return base**N / np.sum(base**N)"),
        ("the first of equal responses takes all", "chance * base[inside] / here", "chance * (np.arange(inside.sum()) == 0)"),
    ],
    "03.2": [
        ("the paper's sufficient number", "math.log1p(-p)", "-p"),
        ("rounded down", "math.ceil", "math.floor"),
        ("digits of small p lost", "math.log1p(-p)", "math.log(1 - p)"),
        ("on average", "math.log(rho) / math.log1p(-p)", "1 / p"),
        ("probability rho to hit", "math.log(rho)", "math.log1p(-rho)"),
        ("one more to be safe", "return max(1, math.ceil(", "return 1 + max(1, math.ceil("),
        ("logarithm to base 2", "math.log(rho)", "math.log2(rho)"),
    ],
    "03.3": [
        ("uniform", "    base = np.exp(found.x - found.x.max())", "    base = np.ones(atoms)"),
        ("likelier responses have more reward", "    return base / base.sum()\n", "    return np.sort(base / base.sum())\n"),
        ("the wrong order", "    return base / base.sum()\n", "    return (base / base.sum())[::-1]\n"),
        ("one rare best response", "    base = np.exp(found.x - found.x.max())", "    base = np.append(np.ones(atoms - 1), 0.05)"),
        ("powers of two", "    base = np.exp(found.x - found.x.max())", "    base = 2.0 ** -np.arange(atoms)"),
        ("KL(base || best of N)", "kept[held] * np.log(kept[held] / base[held])", "base[held] * np.log(base[held] / kept[held])"),
        ("entropy of the result", "np.log(kept[held] / base[held])", "np.log(1 / kept[held])"),
        ("a random start is left as it is", "found.x", "starts[1]"),
    ],
}
