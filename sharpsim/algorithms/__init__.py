"""The sharpening algorithms: each turns an oracle for a base policy into a sharpened policy.

All have one signature, `(oracle, policy_class, *, .., key) -> Sharpened(policy, samples_used, info)`. An algorithm sees the base policy
only through the oracle, and it never sees the theorem that it is judged by.

| function | procedure | source |
|---|---|---|
| `best_of_n` | answers with the best of N draws; learns nothing | section 3 |
| `sft` | best of N, then maximum likelihood over the class | section 4.1 |
| `sft_adaptive` | the same, with a number of draws that depends on the draws | Appendix D |
| `dpo` | pairs of draws, then the least squares of DPO | section 4.2 |
| `xpo` | DPO in rounds, with optimism | Appendix J |
| `candidate_elimination`, `candidate_elimination_adaptive` | Bayes' rule on the members of the class | the optimal learners of Appendix H |
| `sft_sharpen`, `dpo_sharpen` | `sft` and `dpo` for networks, on prompts that are given | section 4 |

All can be jitted, and vmapped over keys, except the last two, which train networks. `run_rounds` gives the rounds of `xpo` without its
choice of an iterate, with a hook that changes what each fit sees.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sharpsim.algorithms._amortise import dpo_sharpen, sft_sharpen
    from sharpsim.algorithms._best_of_n import BestOfNPolicy, best_of_n
    from sharpsim.algorithms._dpo import dpo
    from sharpsim.algorithms._elimination import candidate_elimination, candidate_elimination_adaptive
    from sharpsim.algorithms._sft import sft, sft_adaptive
    from sharpsim.algorithms._sharpened import Sharpened
    from sharpsim.algorithms._xpo import Rounds as Rounds
    from sharpsim.algorithms._xpo import run_rounds as run_rounds
    from sharpsim.algorithms._xpo import xpo

_HOMES = {
    "BestOfNPolicy": "_best_of_n",
    "Sharpened": "_sharpened",
    "Rounds": "_xpo",
    "best_of_n": "_best_of_n",
    "candidate_elimination": "_elimination",
    "candidate_elimination_adaptive": "_elimination",
    "dpo": "_dpo",
    "dpo_sharpen": "_amortise",
    "run_rounds": "_xpo",
    "sft": "_sft",
    "sft_adaptive": "_sft",
    "sft_sharpen": "_amortise",
    "xpo": "_xpo",
}
# The algorithms and their results: a test runs over them all.
__all__ = [
    "BestOfNPolicy",
    "Sharpened",
    "best_of_n",
    "candidate_elimination",
    "candidate_elimination_adaptive",
    "dpo",
    "dpo_sharpen",
    "sft",
    "sft_adaptive",
    "sft_sharpen",
    "xpo",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(f"sharpsim.algorithms.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'sharpsim.algorithms' has no attribute {name!r}")
