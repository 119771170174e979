"""Wrong solutions of unit 14. Each entry: what is wrong, then pairs of texts: the solution's, and what replaces it."""

MUTANTS = {
    "14.1": [
        ("best of N whatever k", "for count in range(kept)", "kept = 1\n    for count in range(kept)"),
        ("the k-th best alone", "(kept - count) / kept", "1"),
        ("the best k - 1", "range(kept)", "range(max(1, kept - 1))", "(kept - count) / kept", "(max(1, kept - 1) - count) / max(1, kept - 1)"),
        ("all responses alike", "np.append(1.0, np.maximum(1 - np.cumsum(base), 0))", "np.linspace(1, 0, len(base) + 1)"),
        ("binomial coefficients left out", "(draws - count) / (count + 1) * above", "above"),
        ("the worst first is taken for the best first", "return np.diff(at_most)", "return np.diff(at_most)[::-1]"),
        ("a draw too many", "** draws", "** (draws + 1)"),
    ],
    "14.2": [
        ("the rare response is not worst", "np.append(0.0, ranks)", "np.append(200.5, ranks)"),
        ("not rare", "1e-4 / draws", "1 / draws"),
        ("the proxy ranks it in the middle", "np.append(others + 1.0, ranks)", "np.append(others / 2, ranks)"),
        ("no error", "np.append(0.0, ranks)", "np.append(others + 1.0, ranks)"),
        ("the two rewards exchanged", "np.append(0.0, ranks), np.append(others + 1.0, ranks)",
         "np.append(others + 1.0, ranks), np.append(0.0, ranks)"),
        ("all the others tie in truth", "np.append(0.0, ranks)", "np.append(0.0, 0 * ranks + 1)"),
    ],
    "14.3": [
        ("the top alone", "return min(widths, key=loss)", "return widths[0]"),
        ("base", "return min(widths, key=loss)", "return widths[-1]"),
        ("the adversary forgotten", "np.sort(order[:wrong]), np.sort(order[wrong:])", "np.arange(cells)"),
        ("the bottom cells", ">= cells - width", "< width"),
        ("twice as wide", "return min(widths, key=loss)", "return widths[min(cells, 2 * int((min(widths, key=loss) > 0).sum())) - 1]"),
        ("all cells but the top", "return min(widths, key=loss)", "return np.where(np.arange(cells) < cells - 1, 1 / (cells - 1), 0.0)"),
    ],
}  # fmt: skip
