"""Wrong solutions of unit 11. Each entry: what is wrong, then pairs of texts: the solution's, and what replaces it."""

MUTANTS = {
    "11.1": [
        ("each edge counted twice", " // 2)", ")"),
        ("the smallest cut", "return max(cuts), cuts.count(max(cuts))", "return min(cuts), cuts.count(min(cuts))"),
        ("complements counted once", "cuts.count(max(cuts))", "cuts.count(max(cuts)) // 2"),
        ("edges inside the sides", "!= y[None, :]", "== y[None, :]"),
        ("S in place of the cut", "return max(cuts)", "return 2 * max(cuts) - int(adjacency.sum()) // 2"),
        ("all endings counted", "cuts.count(max(cuts))", "4 * cuts.count(max(cuts))"),
        ("all edges", "return max(cuts)", "return int(adjacency.sum()) // 2"),
    ],
    "11.2": [
        ("a fixed norm", ">= mass", ">= 0"),
        ("only theta_1 grows", "np.array([size, -size]), np.array([size, -size])", "np.array([size, -size]), np.zeros(2)"),
        ("only theta_2 grows", "np.array([size, -size]), np.array([size, -size])", "np.zeros(2), np.array([size, -size])"),
        (
            "along e_1 only",
            "np.array([size, -size]), np.array([size, -size])",
            "np.array([size, 0]), np.array([size, 0])",
            ">= mass",
            ">= mass * 1",
        ),
        ("the wrong sign", "np.array([size, -size]), np.array", "np.array([-size, size]), np.array"),
        ("all others forgotten", "(2 + (n - 2) * ratio) * (1 + (n - 1) * ratio)", "(2 + ratio) * (1 + ratio)"),
        ("the second factor forgotten", " * (1 + (n - 1) * ratio)", ""),
        ("beyond the allowed entries", "size = vocabulary, 1.0", "size = vocabulary, 5000.0"),
    ],
    "11.3": [
        ("the maximum cut itself", "np.arange(n) % 2 == 0", "np.arange(n) < half"),
        ("the complete graph", "adjacency[:half, half:] = adjacency[half:, :half] = 1", "adjacency[:] = 1 - np.eye(n)"),
        ("no cut", "np.arange(n) % 2 == 0", "np.arange(n) < n"),
        (
            "a cycle",
            "adjacency[:half, half:] = adjacency[half:, :half] = 1",
            "adjacency += np.roll(np.eye(n), 1, axis=0) + np.roll(np.eye(n), -1, axis=0)",
        ),
        ("sides split unevenly", "np.arange(n) % 2 == 0", "np.arange(n) % half == 0"),
        ("edges in one direction", "adjacency[:half, half:] = adjacency[half:, :half] = 1", "adjacency[:half, half:] = 1"),
        ("no edge", "adjacency[:half, half:] = adjacency[half:, :half] = 1", "pass"),
        (
            "a perfect matching",
            "adjacency[:half, half:] = adjacency[half:, :half] = 1",
            "adjacency[:half, half:] = adjacency[half:, :half] = np.eye(half)",
        ),
    ],
}
