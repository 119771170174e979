"""Wrong solutions of unit 5. Each entry: what is wrong, then pairs of texts: the solution's, and what replaces it."""

MUTANTS = {
    "05.1": [
        ("log(1/delta), as printed", "math.log(2 / delta)", "math.log(1 / delta)"),
        ("rho forgotten", " + math.log(1 / rho)", ""),
        ("log|Pi| over rho", "log_class_size + math.log(1 / rho)", "log_class_size / rho"),
        ("half of the constant", "12 + 8", "6 + 4"),
        ("delta forgotten", "/ (delta * n)", "/ n"),
        ("n and N exchanged", "delta * n)", "delta * N)", "log(2 / delta) / N", "log(2 / delta) / n"),
        ("draws of all prompts together", "/ N\n", "/ (n * N)\n"),
        ("the terms exchanged", "return prompts, responses", "return responses, prompts"),
    ],
    "05.2": [
        ("square root forgotten", "math.sqrt(r)", "r"),
        ("square forgotten", "** 2", "** 1"),
        ("the value at a = 1", "return (1 - math.sqrt(r)) ** 2", "return 2 - 2 * math.sqrt(r)"),
        ("the value at a = 1/2", "return (1 - math.sqrt(r)) ** 2", "return 4 - 2 * math.sqrt(r) - 2 * math.sqrt(2 - r)"),
        ("half, as for the distance with the factor 1/2", "return (", "return 0.5 * ("),
        ("a safe constant that is not the largest", "** 2", "** 2 / 1.001"),
        ("r = 1/2 whatever r", "math.sqrt(r)", "math.sqrt(0.5)"),
        ("total variation", "return (1 - math.sqrt(r)) ** 2", "return (1 - r) ** 2 / 4"),
    ],
    "05.3": [
        ("all on prompts", "range(1, m + 1)", "range(1, 2)"),
        ("all on one prompt", "range(1, m + 1)", "range(m, m + 1)"),
        ("square roots", "range(1, m + 1)", "range(int(m**0.5), int(m**0.5) + 1)"),
        ("N = C_cov", "range(1, m + 1)", "[min(m, int(np.ceil(np.sum(weights / p))))]"),
        ("budget exceeded", "(m // N, N)", "(-(-m // N), N)"),
        ("a prompt that is never drawn counts as sharpened", "np.where(count == 0, 1.0, fails)", "np.where(count == 0, 0.0, fails)"),
        ("the chance that N draws miss, prompts ignored", "return total", "return float(np.sum(weights * (1 - p) ** N))"),
        (
            "N from the worst prompt, miss at most delta/2",
            "range(1, m + 1)",
            "[min(m, int(np.ceil(np.log(delta / 2) / np.log(1 - p.min()))))]",
        ),
    ],
}
