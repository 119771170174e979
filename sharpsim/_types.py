"""The array types of the public signatures. An array is whatever has an array namespace: NumPy's or JAX's."""

from typing import Any

from jaxtyping import Float, Int

LogTable = Float[Any, "prompts responses"]
"""Natural log-probabilities of each response given each prompt."""

LogRow = Float[Any, " responses"]
"""Natural log-probabilities of the responses to one prompt."""

PromptWeights = Float[Any, " prompts"]
"""The prompt distribution mu."""

Answers = Int[Any, "prompts responses"]
"""The final answer of each response, as an integer label."""
