"""What every sharpening algorithm returns."""

from typing import Any, NamedTuple


class Sharpened(NamedTuple):
    """A sharpened policy, the samples it took (sample-and-evaluate queries, m) and what the algorithm has to say of itself.

    `samples_used` is a Python int where the cost is fixed in advance, an array where it is random (Def D.1). `info` holds arrays.
    """

    policy: Any
    samples_used: Any
    info: dict[str, Any]
