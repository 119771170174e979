"""Exact and simulated results on self-improvement of language models by sharpening (Huang et al. 2025, arXiv 2412.01951v2).

Modules and names load on first use, so `import sharpsim` is fast and imports no JAX. Start with `TabularPolicy` (a model given as a table),
`Oracle` (samples from it), `algorithms` (sharpening algorithms), `theory` (the paper's bounds) and `card` (all of it for your own model).
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sharpsim.cards import card
    from sharpsim.oracle import LawOracle, Oracle
    from sharpsim.policies import TabularPolicy

__version__ = "0.2.0"
__all__ = ["LawOracle", "Oracle", "TabularPolicy", "__version__", "card"]

_HOMES = {"card": "cards", "TabularPolicy": "policies", "Oracle": "oracle", "LawOracle": "oracle"}
_MODULES = (
    "algorithms",
    "cards",
    "certified",
    "classes",
    "coverage",
    "decoding",
    "estimators",
    "instances",
    "laws",
    "logs",
    "oracle",
    "policies",
    "rewards",
    "sampling",
    "sharpness",
    "tasks",
    "testing",
    "theory",
    "training",
)


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(f"sharpsim.{_HOMES[name]}"), name)
    if name in _MODULES:
        try:
            return importlib.import_module(f"sharpsim.{name}")
        except ModuleNotFoundError as error:
            # A module that lacks one of its own imports must say so; one that is not there is a missing attribute.
            if error.name != f"sharpsim.{name}":
                raise
    raise AttributeError(f"module 'sharpsim' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*__all__, *_MODULES})
