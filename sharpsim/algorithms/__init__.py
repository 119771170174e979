"""The sharpening algorithms, one signature: `(oracle, policy_class, *, .., key) -> Sharpened(policy, samples_used, info)`.

An algorithm sees the base policy only through the oracle, and never the theorem it is judged by. All can be jitted, and vmapped
over keys. `sft_sharpen` and `dpo_sharpen` are `sft` and `dpo` for networks, on prompts given: they train, and are not jitted.
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
    from sharpsim.algorithms._xpo import xpo

_HOMES = {
    "BestOfNPolicy": "_best_of_n",
    "Sharpened": "_sharpened",
    "best_of_n": "_best_of_n",
    "candidate_elimination": "_elimination",
    "candidate_elimination_adaptive": "_elimination",
    "dpo": "_dpo",
    "dpo_sharpen": "_amortise",
    "sft": "_sft",
    "sft_adaptive": "_sft",
    "sft_sharpen": "_amortise",
    "xpo": "_xpo",
}
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
