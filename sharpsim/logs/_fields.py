"""Names that logs give to the columns of a table of samples, and what is read from their values."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from sharpsim.logs import _values

ALIASES: dict[str, tuple[str, ...]] = {
    "model": tuple("model model_name model_id model_path policy checkpoint".split()),
    "task": tuple("task task_name dataset benchmark dataset_name data_source subset".split()),
    "prompt": tuple(
        "prompt question problem query instruction prompt_text input messages prompt_id question_id problem_id task_id doc_id "
        "orig_dset_idx example_id uid idx index id".split()
    ),
    "seed": ("seed", "run", "replicate"),
    "sample": tuple(
        "sample sample_id sample_idx sample_index draw draw_id completion_id completion_idx completion_index attempt trial rollout "
        "rollout_id generation_id generation_idx repeat".split()
    ),
    "log_prob": tuple(
        "log_prob logprob log_probs logprobs cumulative_logprob cumulative_log_prob sum_logprob sum_logprobs sum_log_prob "
        "sequence_logprob sequence_log_prob seq_logprob total_logprob logp log_p log_likelihood loglikelihood token_logprobs "
        "token_log_probs".split()
    ),
    "mean_log_prob": tuple("mean_log_prob mean_logprob avg_log_prob avg_logprob average_logprob normalized_logprob".split()),
    "tokens": tuple(
        "tokens num_tokens n_tokens token_count num_output_tokens output_tokens completion_tokens response_tokens generated_tokens "
        "response_length completion_length output_length length".split()
    ),
    "answer": tuple(
        "answer extracted_answer predicted_answer parsed_answer final_answer model_answer pred prediction extracted parsed".split()
    ),
    "correct": tuple(
        "correct is_correct correctness passed acc accuracy exact_match em success solved resolved verified".split()
    ),
    "score": ("score", "reward", "verifier_score", "grade"),
    "response": tuple("response completion output generation generated_text model_output text raw_output content".split()),
    "target": tuple(
        "target gold gt gts gt_answer ground_truth reference reference_answer expected expected_answer correct_answer solution "
        "label".split()
    ),
    "temperature": ("temperature",),
    "top_p": ("top_p",),
    "step": ("step", "global_step"),
    "digest": ("digest",),
}  # fmt: skip
"""For each column, the names of fields it is taken from: the first that is there."""


def plain_name(name: str) -> str:
    """A field's name in lower case with underscores."""
    return str(name).strip().lower().replace("-", "_").replace(" ", "_")


def find(column: str, names: Iterable[str]) -> str | None:
    """The field of `names` that holds `column`, if one does."""
    known = {plain_name(name): name for name in reversed(list(names))}
    return next((known[alias] for alias in ALIASES[column] if alias in known), None)


def suggestion(column: str, names: Iterable[str]) -> str:
    """The name among `names` that is nearest to one of the column's, as a question; empty if none is near."""
    for name in names:
        if get_close_matches(plain_name(name), ALIASES[column][:5], 1, 0.75):
            return f" Is it {name!r}?"
    return ""


def text_of(value: Any) -> str:
    """A prompt or a response as text: of a chat its turns, of one turn its content, of parts of content their texts."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict) and "content" in value:
        return text_of(value["content"])
    if isinstance(value, dict) and isinstance(value.get("text"), str):
        return value["text"]
    if isinstance(value, list) and value and all(isinstance(one, dict) and ("content" in one or "text" in one) for one in value):
        if len(value) == 1:
            return text_of(value[0])
        return "\n".join((f"{one['role']}: " if "role" in one else "") + text_of(one) for one in value)
    return _values.as_text(value)


def log_prob_of(values: Any) -> tuple[float, int | None]:
    """(log-probability, tokens) of one value: a number, or the log-probabilities of its tokens, which are added.

    (NaN, ...) if a token's is missing, or is a stand-in for minus infinity. Raises `ValueError` for anything else.
    """
    if not isinstance(values, list):
        return float(_values.number(values)), None
    total = 0.0
    for one in values:
        value = one.get("logprob") if isinstance(one, dict) else one
        if value is None or value <= PLACEHOLDER:
            return float("nan"), len(values)
        total += value
    return total, len(values)


PLACEHOLDER = -9999.0
"""What servers write for a token whose log-probability they do not know."""


def agrees(answer: str, target: Any) -> bool:
    """Whether an answer equals the target, or one of several: as text without spaces around, or as a number ("1,000" is "1000.0").

    Of a worked solution that ends in "#### 18" the target is 18.
    """
    if isinstance(target, list | tuple):
        return any(agrees(answer, one) for one in target)
    wanted = _values.as_text(target).rsplit("####", 1)[-1].strip()
    given = answer.strip()
    if given == wanted:
        return given != ""
    try:
        return float(given.replace(",", "")) == float(wanted.replace(",", ""))
    except ValueError:
        return False
