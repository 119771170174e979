"""Wrong solutions of unit 9. Each entry: what is wrong, then pairs of texts: the solution's, and what replaces it."""

MUTANTS = {
    "09.1": [
        (
            "KL the other way round",
            "np.sum(policy * (np.log(policy) - log_best))",
            "np.sum(np.exp(log_best) * (log_best - np.log(policy)))",
        ),
        ("beta forgotten", "beta * np.sum", "np.sum"),
        ("divided by beta", "beta * np.sum", "1 / beta * np.sum"),
        ("KL from the base", "np.log(policy) - log_best", "np.log(policy) - np.log(base)"),
        (
            "without the KL term of J",
            "beta * np.sum(policy * (np.log(policy) - log_best))",
            "np.sum(np.exp(log_best) * reward) - np.sum(policy * reward)",
        ),
        ("sign", "float(beta", "-float(beta"),
        ("normaliser forgotten", " - np.log(np.sum(np.exp(exponent - exponent.max())))", ""),
        ("base forgotten in pi_beta", "np.log(base) + reward / beta", "reward / beta"),
    ],
    "09.2": [
        ("the same direction each time", "step[t, t]", "step[0, 0]"),
        ("spread over all directions", "step[t, t] = K", "step += K / d * np.eye(d)"),
        ("half of the trace", "step[t, t] = K", "step[t, t] = K / 2"),
        ("more than the trace", "step[t, t] = K", "step[t, t] = 2 * K"),
        ("the diagonal, all of it", "step[t, t] = K", "step[:] = K / d"),
        ("trace K by cancelling signs", "step[t, t] = K", "step[t, t] = 2 * K\n        step[t - 1, t - 1] -= K"),
        ("directions in pairs", "step[t, t]", "step[t // 2, t // 2]"),
    ],
    "09.3": [
        (
            "one query for each arm",
            "range(arms - 1)",
            "range(arms)",
            "max(seen) > 1.5 * min(seen)",
            "seen[-1] == seen[-1]",
            "return arms - 1",
            "return 0",
        ),
        ("the largest seen, whatever it is", "if max(seen) > 1.5 * min(seen):", "if True:"),
        ("an absolute threshold", "max(seen) > 1.5 * min(seen)", "max(seen) > 0.15"),
        ("no query at all", "    seen = ", "    return 0\n    seen = "),
        ("the least likely arm", "np.argmax(seen)", "np.argmin(seen)"),
        ("half of the arms", "range(arms - 1)", "range(arms // 2 + 1)", "return arms - 1", "return arms // 2 + 1"),
        ("stops when nothing stands out among the first two", "range(arms - 1)", "range(2)"),
    ],
}
