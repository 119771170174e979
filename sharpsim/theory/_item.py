"""The type of an entry of the catalogue (`Item`), the stems with their subjects, and the kinds of items."""

from dataclasses import dataclass

STEMS = {
    "greedy": "When greedy decoding finds the most likely sequence",
    "best_of_n": "Best of N at inference time: exact law, divergence, win rate",
    "sft": "SFT-Sharpening: risk, bound and samples needed",
    "sft_adaptive": "SFT-Sharpening with adaptive sampling",
    "limits": "Lower bounds for every sample-and-evaluate learner",
    "limits_adaptive": "Lower bounds for every adaptive learner",
    "dpo": "RLHF-Sharpening by DPO",
    "xpo": "RLHF-Sharpening with exploration (XPO)",
    "separation": "Where exploration and structure need fewer samples than coverage",
    "hardness": "Finding the most likely sequence is NP-hard",
    "representation": "Classes that are not closed under sharpening",
    "inference": "Inference-time sharpening of sequence models",
    "amortise": "SFT-Sharpening of sequence models",
    "coverage_measures": "Ways to measure coverage, and the draws that each promises",
    "win_rate": "Best of N by a reward that is partly wrong",
    "power_sampling": "Power sampling: inference-time sharpening without training",
    "self_training": "Rounds of self-training, and which part of a fall is sharpening",
}
"""The stems in the paper's order, then later results, each with its subject."""

ITEM_KINDS = ("definition", "assumption", "lemma", "theorem", "proposition", "algorithm", "example", "figure", "table", "equation")


@dataclass(frozen=True)
class Item:
    """One item of the paper: its label, kind and section, the stem that it belongs to, and its claim in our words.

    `test` (`file::name`) is the evidence where no run judges the item. `formal` is the label of the formal version of the same result, with
    constants; the item shares its status. `ours` marks results that are not in the paper.
    """

    label: str
    kind: str
    section: str
    stem: str
    claim: str
    test: str = ""
    formal: str = ""
    ours: bool = False
