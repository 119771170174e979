"""Policy classes Pi, with the optimisations the algorithms call.

Each has `log_size` = log|Pi| in nats (inf for an infinite class) and
`maximum_likelihood(prompts, responses, *, key) -> Fit(policy, info)` and
`least_squares(prompts, first, second, targets, *, beta, key) -> Fit`, the minimum over Pi of the sum of
( beta (log pi(first|x) - log pi(second|x)) - target )^2. Ties between finitely many optima are broken uniformly by `key`.
Lists, products and balls also have `optimistic_least_squares` (XPO's). All are exact; a fit that is not says so in its info.
Networks are a class too, `sharpsim.training.NeuralClass`, a floor above because it trains.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sharpsim.classes._all_tabular import AllTabular
    from sharpsim.classes._counts import Fit
    from sharpsim.classes._finite import FiniteClass
    from sharpsim.classes._linear_softmax import LinearSoftmaxBall
    from sharpsim.classes._product import ProductClass
    from sharpsim.classes._with_reference import WithReference

_HOMES = {"AllTabular": "_all_tabular", "FiniteClass": "_finite", "Fit": "_counts"}
_HOMES |= {"LinearSoftmaxBall": "_linear_softmax", "ProductClass": "_product", "WithReference": "_with_reference"}
__all__ = ["AllTabular", "FiniteClass", "Fit", "LinearSoftmaxBall", "ProductClass", "WithReference"]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(f"sharpsim.classes.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'sharpsim.classes' has no attribute {name!r}")
