"""Tools to test bounds and samplers, the paper's and your own.

It has Hypothesis strategies that generate policies, prompt weights and sequence policies; `assert_bound`, the check that the project's own
bounds pass; and statistical assertions with a stated false-alarm rate. Needs `pip install "sharpsim[test]"`.
"""

try:
    import hypothesis as _hypothesis  # noqa: F401
except ImportError as error:
    raise ImportError('sharpsim.testing needs Hypothesis: pip install "sharpsim[test]".') from error

from sharpsim.testing._report import BoundReport
from sharpsim.testing._sandwich import assert_bound
from sharpsim.testing._statistics import binomial_interval, multinomial_test, sample_size_to_see
from sharpsim.testing._strategies import log_prob_tables, policies_with_margin, prompt_weights, sequence_conditionals

__all__ = [
    "BoundReport",
    "assert_bound",
    "binomial_interval",
    "log_prob_tables",
    "multinomial_test",
    "policies_with_margin",
    "prompt_weights",
    "sample_size_to_see",
    "sequence_conditionals",
]
