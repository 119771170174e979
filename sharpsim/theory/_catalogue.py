"""Every numbered item of the paper, built or not, and the stem that is its home: what is missing shows.

Statuses are not written here: a run's verdicts give them, and for items without a run (definitions, algorithms) the test named here.
Source: arXiv 2412.01951, v2. Primes are the paper's (the formal versions in its appendices); items marked "ours" are not in the paper.
"""

from dataclasses import dataclass

STEMS = {
    "greedy": "When greedy decoding finds the most likely sequence",
    "best_of_n": "Best of N at inference time: exact law, divergence, win rate",
    "sft": "SFT-Sharpening: risk, bound and samples needed",
    "sft_adaptive": "SFT-Sharpening with adaptive sampling",
    "limits": "What no sample-and-evaluate learner can beat",
    "limits_adaptive": "What no adaptive learner can beat",
    "dpo": "RLHF-Sharpening by DPO",
    "xpo": "RLHF-Sharpening with exploration (XPO)",
    "separation": "Where exploration and structure escape coverage",
    "hardness": "Finding the most likely sequence is NP-hard",
    "representation": "Classes that are not closed under sharpening",
    "inference": "Inference-time sharpening of sequence models",
    "amortise": "SFT-Sharpening of sequence models",
}
"""The stems in the paper's order, each with its subject."""

KINDS = ("definition", "assumption", "lemma", "theorem", "proposition", "algorithm", "example", "figure", "table", "equation")


@dataclass(frozen=True)
class Item:
    """One item: its label, its claim in our words, its home.

    `test` (`file::name`) backs it where no run does; `formal` is the label of the version with constants, whose status it shares.
    """

    label: str
    kind: str
    section: str
    stem: str
    claim: str
    test: str = ""
    formal: str = ""
    ours: bool = False


CATALOGUE: tuple[Item, ...] = (
    Item(
        "Def 3.1",
        "definition",
        "3",
        "sft",
        "Sharpened: on all but an eps of prompts, all but delta of the mass lies on maximisers of the base",
        formal="Def F.1",
        test="tests/test_coefficients.py::test_the_edge_fails",
    ),
    Item(
        "Def 3.2",
        "definition",
        "3",
        "sft",
        "Sample-and-evaluate: n prompts, N base responses each with their likelihoods, cost nN",
        test="tests/test_oracle.py::test_draw_hands_out_samples_and_likelihoods",
    ),
    Item(
        "C_cov",
        "definition",
        "3",
        "sft",
        "Coverage coefficient: mean of 1 over the base mass of the maximisers, with slack and power",
        test="tests/laws/test_against_mpmath.py::test_coverage_coefficients",
    ),
    Item("C_conc", "definition", "4.2", "dpo", "Concentrability: one plus the chi-square divergence of a policy from the base",
         test="tests/test_coefficients.py::test_concentrability_by_hand_and_in_order"),
    Item("C_loss", "definition", "4.2", "dpo", "Moment of the likelihood ratio that bounds the DPO loss",
         test="tests/laws/test_against_mpmath.py::test_coverage_coefficients"),
    Item("SEC", "definition", "App. J", "xpo", "Sequential extrapolation coefficient: how often optimism can be surprised",
         test="tests/theory/test_xpo.py::test_sec_against_every_sequence"),
    Item(
        "Prop 3.1",
        "proposition",
        "3",
        "greedy",
        "Greedy decoding returns the unique mode if its probability exceeds 1/2; at or below it can fail",
    ),
    Item(
        "Thm 3.1",
        "theorem",
        "3.3",
        "limits",
        "Some family forces C log|Pi| / eps^2 samples, up to logarithms, on every learner",
        formal="Thm 3.1'",
    ),
    Item(
        "Assumption 4.1",
        "assumption",
        "4.1",
        "sft",
        "Realisability: the best-of-N law is in the class",
        test="tests/theory/test_sft.py::test_assumptions_have_signed_slacks",
    ),
    Item(
        "Thm 4.1",
        "theorem",
        "4.1",
        "sft",
        "SFT-Sharpening needs C_cov log|Pi| / (delta eps^2) samples, up to logarithms",
        formal="Thm 4.1'",
    ),
    Item("Eq. 4", "equation", "4.2", "dpo", "DPO with the self-reward: least squares on differences of log-ratios",
         test="tests/theory/test_dpo.py::test_exact_law_is_what_dpo_does"),
    Item("Eq. 8", "equation", "4.2", "dpo", "RLHF-Sharpening's target: KL-regularised reward, solved by the tilted base",
         test="tests/laws/test_regularised.py::test_the_target_is_the_maximiser_and_keeps_zero_mass"),
    Item("Lemma 4.1", "lemma", "4.2", "dpo", "The tilted policy's concentrability is at most the coverage coefficient",
         formal="Lemma 4.1'"),
    Item("Assumption 4.2", "assumption", "4.2", "dpo", "Margin: maximisers are more likely than all else by a factor 1 + g_m",
         test="tests/test_coefficients.py::test_unique_maximisers"),
    Item("Thm 4.2", "theorem", "4.2", "dpo", "DPO sharpens with samples polynomial in concentrability, 1/margin, 1/delta, 1/eps",
         formal="Thm 4.2'"),
    Item("Thm 4.3", "theorem", "4.2", "xpo", "XPO sharpens with samples governed by SEC in place of concentrability", formal="Thm J.2"),
    Item("Prop C.1", "proposition", "App. C", "best_of_n", "Best of N lands on a maximiser with probability 1-(1-p)^N"),
    Item(
        "Def D.1",
        "definition",
        "App. D",
        "sft_adaptive",
        "Adaptive framework: responses per prompt are chosen as they come, mean cost counted",
        test="tests/test_oracle.py::test_adaptive_follows_its_law",
    ),
    Item("Thm D.1", "theorem", "App. D", "sft_adaptive", "Adaptive SFT-Sharpening costs 1/eps where the fixed design costs 1/eps^2"),
    Item(
        "Thm D.2", "theorem", "App. D", "limits_adaptive", "Some family forces C log|Pi| / eps on every adaptive learner, up to logarithms"
    ),
    Item("Prop E.1", "proposition", "App. E.1", "hardness", "The most likely sequence of a linear softmax model encodes a maximum cut"),
    Item("Prop E.2", "proposition", "App. E.2", "representation", "A multi-layer linear softmax class without a single sharpened member"),
    Item(
        "Def F.1",
        "definition",
        "App. F",
        "sft",
        "Sharpened with slack: maximisers up to a factor 1 - g",
        test="tests/test_coefficients.py::test_slack_widens_the_set",
    ),
    Item("Lemma F.1", "lemma", "App. F", "sft", "Maximum likelihood over a finite class: squared Hellinger at most 2 log(|Pi|/rho)/n"),
    Item("Lemma F.2", "lemma", "App. F", "xpo", "Elliptic potential for sums of positive semidefinite matrices"),
    Item("Thm 3.1'", "theorem", "App. H", "limits", "The lower bound with slack and power: eps^-(1+1/p)"),
    Item("Lemma H.1", "lemma", "App. H", "limits", "A code of secrets: members of the family that differ on most prompts"),
    Item("Lemma H.3", "lemma", "App. H", "limits", "Unless the secret label is drawn, a prompt's error is at least a constant"),
    Item("Lemma H.4", "lemma", "App. H", "limits_adaptive", "A small error needs order-M draws with constant probability"),
    Item("Thm 4.1'", "theorem", "App. I", "sft", "SFT-Sharpening's risk for every slack at once: statistical error plus uncovered prompts"),
    Item("Lemma I.1", "lemma", "App. I", "sft_adaptive", "The stopping rule: mean stopping time and miss probability"),
    Item("Lemma 4.1'", "lemma", "App. J", "dpo", "Concentrability and loss moment of the tilted policy, with slack"),
    Item("Thm 4.2'", "theorem", "App. J", "dpo", "DPO's regret and risk with slack"),
    Item("Lemma J.1", "lemma", "App. J", "dpo", "Tail of the log-ratio under the base"),
    Item("Lemma J.2", "lemma", "App. J", "dpo", "Fourth moments of the DPO residual"),
    Item("Lemma J.3", "lemma", "App. J", "dpo", "From regret to the mass off the maximisers, by the margin"),
    Item("Assumption J.2", "assumption", "App. J", "dpo", "Margin with slack, outside the approximate maximisers",
         test="tests/theory/test_dpo.py::test_margin_with_slack_needs_the_largest_on_the_left"),
    Item(
        "Algorithm 1",
        "algorithm",
        "App. J",
        "xpo",
        "XPO for sharpening: optimistic least squares on its own responses against base responses",
    ),
    Item("Thm J.1", "theorem", "App. J", "xpo", "XPO's regret in terms of SEC"),
    Item("Thm J.2", "theorem", "App. J", "xpo", "XPO's risk: the regret bound turned into sharpness (formal Thm 4.3)"),
    Item(
        "Thm J.3",
        "theorem",
        "App. J",
        "separation",
        "Linear softmax: XPO's cost is polynomial in d, norms and 1/margin, whatever the coverage",
    ),
    Item("Lemma J.4", "lemma", "App. J", "separation", "Covering number of the linear softmax class",
         test="tests/theory/test_separation.py::test_net_of_the_stated_size_exists"),
    Item("Lemma J.5", "lemma", "App. J", "separation", "SEC of the linear softmax class is at most linear in d, up to logarithms",
         test="tests/theory/test_separation.py::test_sec_of_subclasses_is_below_the_bound"),
    Item("Example J.1", "example", "App. J", "separation", "Sphere packing: coverage exponential in d, exploration polynomial"),
    Item("Figure 1a", "figure", "experiments", "inference", "Lift in accuracy of best of 50 over greedy, models by tasks"),
    Item("Figure 1b", "figure", "experiments", "inference", "Lift over greedy against N on one task"),
    Item("Figure 1c", "figure", "experiments", "inference", "Log-probabilities of correct and incorrect responses"),
    Item("Figure 2a", "figure", "experiments", "inference", "Lift with the length-normalised self-reward"),
    Item("Figure 2b", "figure", "experiments", "inference", "Lift with majority voting"),
    Item("Figure 2c", "figure", "experiments", "inference", "Pass@50: the skyline that coverage allows"),
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
        ours=True,
        test="tests/decoding/test_most_likely.py::test_search_equals_enumeration",
    ),
    Item(
        "Law of stopping",
        "theorem",
        "",
        "sft_adaptive",
        "The exact laws of the stopping time and of the kept response",
        ours=True,
        test="tests/laws/test_against_mpmath.py::test_stopping",
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
    Item("Regret identity", "theorem", "", "xpo", "Regularised regret is beta KL to the tilted policy", ours=True,
         test="tests/theory/test_xpo.py::test_regret_identity"),
    Item("Example J.1'", "example", "", "separation", "Arms hidden in bulk: exploration is needed, and exponentially better", ours=True),
)  # fmt: skip
