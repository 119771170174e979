"""Data sets of repeated sampling: one record for each question, with the list of its samples and the list of their verdicts."""

from collections.abc import Iterator
from typing import Any

from sharpsim.logs._fields import ALIASES, find, log_prob_of, text_of
from sharpsim.logs._layout_nested import Draw, Nested, first, spread

SAMPLES = tuple(
    "samples responses completions generations outputs predictions model_outputs generated_texts response completion output".split()
)
LISTS: dict[str, tuple[str, ...]] = {
    "correct": tuple(
        "is_corrects corrects correct is_correct correctness passed passes accs acc exact_match results labels scores rewards score".split()
    ),
    "answer": tuple("answers extracted_answers predicted_answers preds pred predictions answer extracted parsed_answers".split()),
    "log_prob": tuple(
        "log_probs logprobs cumulative_logprobs cumulative_logprob sum_logprobs log_prob logprob sequence_logprobs token_logprobs".split()
    ),
    "tokens": tuple("tokens num_tokens n_tokens token_counts completion_tokens lengths response_lengths".split()),
}


def is_lists(record: dict[str, Any]) -> bool:
    """Whether a record has a list of samples, or a list of verdicts."""
    return any(isinstance(record.get(name), list) for name in SAMPLES if not _is_turns(record.get(name))) or any(
        _is_verdicts(record.get(name)) for name in LISTS["correct"]
    )


def _is_turns(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, dict) and "content" in one and "role" in one for one in value)


def _is_verdicts(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, bool | int | float) or one is None for one in value)


class Lists(Nested):
    """A question and its samples."""

    name = "lists"

    def draws(self, record: dict[str, Any]) -> Iterator[Draw]:
        samples = first(record, SAMPLES, lambda value: isinstance(value, list))
        texts = record[samples] if samples else None
        if texts and isinstance(texts[0], dict) and not _is_turns(texts):
            yield from self._of_objects(record, texts, str(samples))
            return
        given = {
            column: name
            for column, names in LISTS.items()
            if (name := first(record, tuple(one for one in names if one != samples), lambda value: isinstance(value, list)))
        }
        if texts is None and "correct" not in given:
            raise ValueError(f"there must be a list of samples or of verdicts; the fields are {', '.join(record)}")
        count = len(texts) if texts is not None else len(record[given["correct"]])
        columns = {column: spread(record[name], count, name) for column, name in given.items()}
        shared = self._shared(record)
        self.fields |= {column: f"{name}[]" for column, name in given.items()} | ({"response": f"{samples}[]"} if samples else {})
        for i in range(count):
            draw = shared | {column: values[i] for column, values in columns.items()}
            if texts is not None:
                draw["response"] = None if texts[i] is None else text_of(texts[i])
            yield _summed(draw)

    def _of_objects(self, record: dict[str, Any], samples: list[dict[str, Any]], key: str) -> Iterator[Draw]:
        shared = self._shared(record)
        for one in samples:
            draw = dict(shared)
            for column in ("response", "answer", "correct", "score", "log_prob", "tokens", "sample", "seed"):
                if (name := find(column, one)) is not None:
                    draw[column] = text_of(one[name]) if column == "response" and one[name] is not None else one[name]
                    self.fields.setdefault(column, f"{key}[].{name}")
            yield _summed(draw)

    def _shared(self, record: dict[str, Any]) -> Draw:
        """What all draws of the record have in common."""
        made: Draw = {}
        plain = {name: value for name, value in record.items() if not isinstance(value, list) or _is_turns(value)}
        for column in ("prompt", "model", "task", "seed", "target", "temperature", "top_p"):
            if (name := find(column, plain)) is not None:
                made[column] = text_of(record[name]) if column == "prompt" else record[name]
                self.fields.setdefault(column, name)
        # Several right answers.
        if "target" not in made and (name := first(record, ALIASES["target"])) is not None:
            made["target"] = record[name]
            self.fields.setdefault("target", name)
        if "prompt" not in made:
            raise ValueError(
                f"`prompt` must be there, as one of {', '.join(ALIASES['prompt'][:5])}, ...; the fields are {', '.join(record)}"
            )
        # One answer for the whole record is the right one.
        if "target" not in made and isinstance(record.get("answer"), str | int | float):
            made["target"] = record["answer"]
            self.fields.setdefault("target", "answer")
        return made


def _summed(draw: Draw) -> Draw:
    if isinstance(draw.get("log_prob"), list):
        draw["log_prob"], count = log_prob_of(draw["log_prob"])
        draw.setdefault("tokens", count)
    return draw
