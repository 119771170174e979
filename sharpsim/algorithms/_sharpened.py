"""The result type of every sharpening algorithm."""

from collections.abc import Iterator
from typing import Any

import equinox as eqx

from sharpsim._arguments import NON_NEGATIVE, checked
from sharpsim._kind import Is

SAMPLER = Is("a policy, with the method sample", lambda value: callable(getattr(value, "sample", None)))
INFO = Is("a dictionary", lambda value: isinstance(value, dict))


class Sharpened(eqx.Module):
    """A sharpened policy, the number of sample-and-evaluate queries that it took (m), and information on the run.

    `samples_used` is a Python int where the cost is fixed in advance (also when traced or vmapped, where an array could not hold
    n N = 1e11 in 32 bits), an array where it is random (Def D.1). `info` holds arrays. Unpacks as a triple.
    """

    policy: Any
    info: dict[str, Any]
    _static_used: int | None = eqx.field(static=True)
    _traced_used: Any

    @checked(policy=SAMPLER, samples_used=NON_NEGATIVE, info=INFO)
    def __init__(self, policy: Any, samples_used: Any, info: dict[str, Any]):
        self.policy, self.info = policy, info
        self._static_used, self._traced_used = (samples_used, None) if isinstance(samples_used, int) else (None, samples_used)

    @property
    def samples_used(self) -> Any:
        """Samples spent, m."""
        return self._traced_used if self._static_used is None else self._static_used

    def __iter__(self) -> Iterator[Any]:
        return iter((self.policy, self.samples_used, self.info))
