"""Training of policies from pairs of prompt and response; the class of all networks of one shape.

Needs `pip install "sharpsim[train]"` (optax).
Importing this package imports neither JAX nor optax; naming one of its members does.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sharpsim.training._fit import Pairs, fit, mean_loss, negative_log_likelihood
    from sharpsim.training._low_rank import LowRankPolicy
    from sharpsim.training._minimise import Schedule, Trained, TrainingDiverged, TrainingLog, minimise
    from sharpsim.training._neural_class import Comparisons, NeuralClass

_HOME = {
    "Comparisons": "_neural_class",
    "LowRankPolicy": "_low_rank",
    "NeuralClass": "_neural_class",
    "Pairs": "_fit",
    "Schedule": "_minimise",
    "Trained": "_minimise",
    "TrainingDiverged": "_minimise",
    "TrainingLog": "_minimise",
    "fit": "_fit",
    "mean_loss": "_fit",
    "minimise": "_minimise",
    "negative_log_likelihood": "_fit",
}

__all__ = [
    "Comparisons",
    "LowRankPolicy",
    "NeuralClass",
    "Pairs",
    "Schedule",
    "Trained",
    "TrainingDiverged",
    "TrainingLog",
    "fit",
    "mean_loss",
    "minimise",
    "negative_log_likelihood",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
