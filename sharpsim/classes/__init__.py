"""Policy classes Pi: the sets of policies that an algorithm may return, each with the fits that the algorithms call.

Choose one to pass as `policy_class` to an algorithm:

| class | members |
|---|---|
| `FiniteClass` | a list of tables |
| `ProductClass` | one table row per prompt, chosen separately for every prompt |
| `AllTabular` | every table |
| `LinearSoftmaxBall` | linear softmax policies with ||theta|| <= radius |
| `WithReference` | the members of another class; the learner also knows the base policy |
| `sharpsim.training.NeuralClass` | networks of one shape (in `training`, since its fits train) |

Every class has these members:

- `log_size`: log|Pi| in nats, inf for an infinite class.
- `maximum_likelihood(prompts, responses, *, key) -> Fit(policy, info)`.
- `least_squares(prompts, first, second, targets, *, beta, key) -> Fit`: the minimum over Pi of the sum of
  ( beta (log pi(first|x) - log pi(second|x)) - target )^2. (DPO's problem.)

`FiniteClass`, `ProductClass` and `LinearSoftmaxBall` also have `optimistic_least_squares` (XPO's problem). Where several members are
optimal in a finite class, `key` chooses one of them uniformly. A fit is exact unless its `info` says otherwise.

For those who write an algorithm: `choose_among` breaks ties uniformly.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sharpsim.classes._all_tabular import AllTabular
    from sharpsim.classes._counts import Fit, choose_among
    from sharpsim.classes._finite import FiniteClass
    from sharpsim.classes._linear_softmax import LinearSoftmaxBall
    from sharpsim.classes._product import ProductClass
    from sharpsim.classes._with_reference import WithReference

_HOMES = {
    "AllTabular": "_all_tabular",
    "FiniteClass": "_finite",
    "Fit": "_counts",
    "LinearSoftmaxBall": "_linear_softmax",
    "ProductClass": "_product",
    "WithReference": "_with_reference",
    "choose_among": "_counts",
}
__all__ = [
    "AllTabular",
    "FiniteClass",
    "Fit",
    "LinearSoftmaxBall",
    "ProductClass",
    "WithReference",
    "choose_among",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(f"sharpsim.classes.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'sharpsim.classes' has no attribute {name!r}")
