"""The captions of `inference`, one for each part, apart from the drawings because four modules use them."""

CAPTIONS = {
    "": "Accuracy against the number of draws $N$ for four ways to answer (left), and lift of best of $N$ over greedy decoding for "
    "three ranges of word length (right) (the paper's Figures 1b and 3). Black lines with bands are the exact law, from everything "
    "that the search did not find being wrong to all of it being right; dots are literal draws with 95% intervals over seeds for these "
    "words. Best of $N$ passes greedy at about $N = 10$ and ends at the exact mode; pass@$N$ needs the answer key.",
    "loglik": "The mean log-probability of what best of $N$ keeps, against $N$ (the paper's Figure 4); dashed lines are greedy decoding. "
    "Black lines with bands are the exact law, where what the search did not find lies between a floor and its certified bound; "
    "dots are literal draws with 95% intervals over seeds, for these words. The log-probability rises with $N$, passes greedy's by "
    "$N = 10$ and saturates.",
    "histogram": "The distribution of the log-probability of correct and of incorrect draws (the paper's Figures 1c and 6). Bars "
    "and dots are literal draws with exact binomial 95% intervals over draws; black lines are exact among what the search found, "
    "so they lack part of the left tail. Correct answers are the likely ones, so log-probability is a reward worth sharpening.",
    "coverage": "The fraction of words whose mode has probability below $1/N$ (left), and the prefixes that the search expands to "
    r"prove the mode (right). All numbers are exact for these words; dashed lines are the bounds $C_\mathrm{cov}/N$ and $H/P^*$. "
    "Coverage decides how many words $N$ draws reach, and what exact search costs.",
    "greedy": "How often greedy decoding finds the mode, and the accuracy of both, in tenths of the mode's probability $P^*$. Modes are "
    "proven by search; intervals are exact binomial 95% intervals over words. Greedy never misses a mode above $1/2$ (Proposition "
    "3.1); below, it misses more often the less likely the mode is.",
    "heat": "Relative lift over greedy decoding or accuracy in per cent, for each model and task (the paper's Figures 1a, 2a, 2b, 2c and "
    "2d). All numbers are measured; a bold lift has a 95% interval over prompts and draws that "
    "excludes 0. Whether inference-time sharpening helps depends on the pair of model and task.",
    "cells-curves": "Lift of best of $N$ over greedy decoding against $N$, a panel for each task (the paper's Figures 1b and 3). "
    "Coloured lines are measured, smaller $N$ by subsampling the draws, with 95% bands over prompts and draws; "
    "thin black lines bound the exact law where it is known to 10 points. A line that ends above 0 is a pair of model and task "
    "that inference-time sharpening helps.",
    "cells-loglik": "The mean log-probability of what best of $N$ keeps against $N$, a panel for each task (the paper's Figure "
    "4); dashed lines are greedy decoding in its model's colour. Coloured lines are measured, smaller $N$ by subsampling the "
    "draws, with 95% bands over prompts and draws; thin black lines bound the exact law where it is known to 1 "
    "nat. Best of $N$ raises the log-probability until the mode is among most draws.",
    "cells-histogram": "The distribution of the log-probability of correct and of incorrect draws, for the model with the best "
    "greedy accuracy (the paper's Figures 1c and 6). All is measured, with binomial 95% intervals over draws; the 0.2% least "
    "likely draws are left out. Log-probability is worth sharpening where correct draws lie to the right of incorrect ones.",
    "cells-24": "The Game of 24: lift of best of $N$ over greedy decoding (left) and the mean log-probability that it reaches "
    "(right), a row for each level (the paper's Figure 5). Coloured lines are measured, smaller $N$ by subsampling the draws, "
    "with 95% bands over prompts and draws; thin black lines bound the exact law where it is known to 10 points "
    "or 1 nat, and dashed lines are greedy. A line on the left that ends above 0 is a model that inference-time sharpening helps.",
    "cells-theory": "The number of draws that brings 90% of the rise in log-probability against coverage (left), and the gain of "
    "best of $N$ over one draw against the covariance of correctness and log-probability (right). One dot is a model on a task: "
    r"on the left it is exact, on prompts whose mode is proven, at the upper end of $C_\mathrm{cov}$; on the right it is measured "
    "with 95% intervals over prompts and draws. $N$ saturates where coverage says, and best of $N$ helps where correctness and "
    "log-probability go together.",
    "cells-pairs": "The gain of best of $N$ over one draw, measured and predicted from two numbers of each prompt: one draw's accuracy and "
    "how often a wrong draw is more likely than a right one. They were estimated on other draws; dots are measured, with "
    "95% intervals over draws for these prompts, grey bars and bands are the exact bounds on what the two numbers allow, "
    "and lines the prediction. At $N = 2$ the two numbers fix the gain; at larger $N$ the prediction assumes a smooth "
    "trade-off between right and wrong ranks.",
    "cells-profile": "The fraction of prompts whose mode has probability below $1/N$, a panel for each task. Solid lines are "
    "exact, shaded where the mode of some prompts is not proven (from the search's bound to the best response known); dashed "
    r"lines are the bound $C_\mathrm{cov}/N$. The profile shows how many draws a prompt needs before its mode is likely to be "
    "among them.",
    "paper": "The paper's own results for each model and task, in per cent (Huang et al., arXiv 2412.01951v2, Figures 1a, 2a, 2b and 2d). "
    "The numbers were read off its figures, and no run here made them; it used 256 prompts a cell (fewer for MMLU) and 10 seeds. "
    "Best of 50 lifts more than half of the pairs, some of them by much, and loses on others.",
}
