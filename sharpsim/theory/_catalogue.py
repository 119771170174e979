"""The catalogue: every numbered item of the paper and each panel of its figures, built or not, with the stem that it belongs to.

The report `paper_repro.md` has one row for each item, so an item that is not built yet shows there. The status of an item is not written
here. It comes from the verdicts of a run, matched by label: a verdict labelled "Figure 3" or "Figure 3 (greedy)" belongs to the item
"Figure 3". For items without a run (definitions, algorithms) the test named by the item stands in.
Source: arXiv 2412.01951, v2. Primes are the paper's (the formal versions in its appendices); items marked "ours" are not in the paper.
"""

from sharpsim.theory._item import Item
from sharpsim.theory._items import TEXT

CATALOGUE: tuple[Item, ...] = (
    *TEXT,
    Item("Figure 1a", "figure", "experiments", "inference", "Lift in accuracy of best of 50 over greedy, models by tasks"),
    Item("Figure 1b", "figure", "experiments", "inference", "Lift over greedy against N on one task"),
    Item("Figure 1c", "figure", "experiments", "inference", "Log-probabilities of correct and incorrect responses"),
    Item("Figure 2a", "figure", "experiments", "inference", "Lift with the length-normalised self-reward"),
    Item("Figure 2b", "figure", "experiments", "inference", "Lift with majority voting"),
    Item("Figure 2c", "figure", "experiments", "inference", "Pass@50: whether one of 50 draws is correct, the most that coverage allows"),
    Item("Figure 2d", "figure", "experiments", "inference", "Accuracy of greedy decoding"),
    Item("Figure 3", "figure", "experiments", "inference", "Lift over greedy against N, task by task"),
    Item("Figure 4", "figure", "experiments", "inference", "Mean sequence log-likelihood against N, with the greedy baseline"),
    Item("Figure 5", "figure", "experiments", "inference", "Lift and log-likelihood against N on Game of 24"),
    Item("Figure 6", "figure", "experiments", "inference", "Log-probability distributions given correct and incorrect, task by task"),
    Item("Figure 7", "figure", "experiments", "amortise", "SFT-Sharpening: lift in accuracy over training"),
    Item("Figure 8", "figure", "experiments", "amortise", "SFT-Sharpening: lift in log-likelihood over training"),
    Item("Figure 9", "figure", "experiments", "amortise", "SFT-Sharpening at N of 10, 25 and 50"),
    Item("Table 1", "table", "experiments", "amortise", "SFT-Sharpening at N = 50: lifts over greedy in accuracy and log-likelihood"),
    Item("Table 2", "table", "experiments", "amortise", "Hyperparameters of the fine-tuning runs"),
    Item(
        "Law of best of N",
        "theorem",
        "",
        "best_of_n",
        "The exact law of best of N with ties, at a cost that does not grow with N",
        ours=True,
    ),
    Item(
        "Search",
        "theorem",
        "",
        "inference",
        "Best-first search finds the mode in at most H/P* expansions",
        test="tests/decoding/test_most_likely.py::test_search_equals_enumeration",
        ours=True,
    ),
    Item(
        "Law of stopping",
        "theorem",
        "",
        "sft_adaptive",
        "The exact laws of the stopping time and of the kept response",
        test="tests/laws/test_against_mpmath.py::test_stopping",
        ours=True,
    ),
    Item("Minimax risk", "theorem", "", "limits", "The exact minimax risk of the hard family, and the samples it needs", ours=True),
    Item(
        "Adaptive optimum",
        "theorem",
        "",
        "limits_adaptive",
        "The exact least mean cost of an adaptive learner on the hard family",
        ours=True,
    ),
    Item(
        "Regret identity",
        "theorem",
        "",
        "xpo",
        "Regularised regret is beta KL to the tilted policy",
        test="tests/theory/test_xpo.py::test_regret_identity",
        ours=True,
    ),
    Item(
        "Likelihood ceiling", "theorem", "", "amortise", "No policy's mean log-likelihood under base exceeds that of the modes", ours=True
    ),
    Item(
        "Shortfall",
        "theorem",
        "",
        "amortise",
        "The share of prompts that can be unsharpened, given the shortfall in log-likelihood",
        ours=True,
    ),
    Item(
        "Example J.1'",
        "example",
        "",
        "separation",
        "Rare arms among many other responses: exploration is needed, and takes exponentially fewer samples",
        ours=True,
    ),
    Item("Coverage measures", "theorem", "", "coverage_measures", "E_M, Cov_M, ICov_M and chi-square of one pair, in order", ours=True),
    Item(
        "Best of N by coverage", "theorem", "", "coverage_measures", "The profile bounds the miss of best of N from both sides", ours=True
    ),
    Item("Rejection sampling", "theorem", "", "coverage_measures", "Its exact law, and the draws that E_M promises", ours=True),
    Item("Normaliser", "theorem", "", "coverage_measures", "A median of truncated means: the draws that ICov_M promises", ours=True),
    Item("Heavy tails", "theorem", "", "coverage_measures", "Infinite C_cov, and a miss that falls as a power of N", ours=True),
    Item("Reward hacking", "theorem", "", "win_rate", "What the proxy sees exceeds the true win rate by at most D e/2", ours=True),
    Item("Comparator", "theorem", "", "win_rate", "No comparator with E_M beyond M wins more than 1 - (1 - E_M)^2/(2M)", ours=True),
    Item("Best of N by a proxy", "theorem", "", "win_rate", "Its win rate, which turns at N of order e^(-1/2)", ours=True),
    Item("Best k of N", "theorem", "", "win_rate", "A random one of the best k of N, which does not turn", ours=True),
    Item("Minimax win rate", "theorem", "", "win_rate", "No rule loses less than about sqrt(e) in all worlds", ours=True),
    Item("Chi-square on ranks", "theorem", "", "win_rate", "Chi-square regularisation is safe on ranks, and not on values", ours=True),
    Item(
        "Lift by pairs",
        "theorem",
        "",
        "win_rate",
        "The accuracy of best of N from one draw's and from pairs that are ranked wrongly",
        ours=True,
    ),
    Item("Next token", "theorem", "", "power_sampling", "The exact next-token law of pi^alpha, by zeta", ours=True),
    Item("Token temperature", "theorem", "", "power_sampling", "Its distance to pi^alpha, exactly, and a sharp bound", ours=True),
    Item("Independent proposals", "theorem", "", "power_sampling", "Mix at least as fast as best of N finds the mode", ours=True),
    Item("Block resampling", "theorem", "", "power_sampling", "Exact with the length in the acceptance, biased by it without", ours=True),
    Item("Truncated proposals", "theorem", "", "power_sampling", "The published variant ends on the shortest prefixes", ours=True),
    Item("Importance resampling", "theorem", "", "power_sampling", "Its exact law, and a bound of order 1/N", ours=True),
    Item("Rollout estimates", "theorem", "", "power_sampling", "Plug-in bias of order 1/K, jackknife 1/K^2, measured", ours=True),
    Item(
        "Sequential Monte Carlo", "algorithm", "", "power_sampling", "Unbiased normaliser, bias of the law at finite particles", ours=True
    ),
    Item("Rounds on tables", "theorem", "", "self_training", "Closed forms of rounds of a fixed reward and of the likelihood", ours=True),
    Item("Rounds of one label", "theorem", "", "self_training", "The miss after t rounds is at most ((1-p)/p) e^(-t/beta)", ours=True),
    Item("Rounds of votes", "theorem", "", "self_training", "The exact law of rounds whose labels are votes of N answers", ours=True),
    Item("Takeover", "theorem", "", "self_training", "Rounds of votes are lost no more often than one vote, two answers", ours=True),
    Item("Parts of a fall", "theorem", "", "self_training", "Right and wrong modes, flips, rescues and sharing add up", ours=True),
    Item("Belief", "theorem", "", "self_training", "The accuracy that base expects never falls on tables", ours=True),
    Item("Blind stopping", "theorem", "", "self_training", "What no stopping rule without labels can avoid losing", ours=True),
    Item("Shared rounds", "theorem", "", "self_training", "A round on a linear softmax class has the projected reward", ours=True),
    Item("Stopping by belief", "algorithm", "", "self_training", "Stop where the accuracy that base expects is largest", ours=True),
)
