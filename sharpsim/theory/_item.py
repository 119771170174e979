"""What an item of the catalogue is: its stem, its kind, its claim in our words, what backs it."""

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

ITEM_KINDS = ("definition", "assumption", "lemma", "theorem", "proposition", "algorithm", "example", "figure", "table", "equation")


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
